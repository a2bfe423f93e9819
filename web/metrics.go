package web

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nettwin/graph"
	"nettwin/ingest"
	"nettwin/reasoning/rules"
)

// Metrics are the twin's numbers for Prometheus. Names end in their unit.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	queries  *prometheus.HistogramVec
	rows     *prometheus.CounterVec
}

// NewMetrics registers the numbers of requests, queries and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nettwin_http_request_seconds", Help: "Time of HTTP requests.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"route", "method", "code"}),
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nettwin_query_seconds", Help: "Time of queries, updates and data requests, answers included.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"kind", "outcome"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nettwin_query_rows_total", Help: "Rows and triples delivered, quads changed.",
		}, []string{"kind"}),
	}
	m.registry.MustRegister(m.requests, m.queries, m.rows,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Register adds the numbers of another part, such as a listener's.
func (m *Metrics) Register(numbers prometheus.Collector) { m.registry.MustRegister(numbers) }

// ObserveQuery has the form of protocol.Options.Observe.
func (m *Metrics) ObserveQuery(kind string, took time.Duration, rows int, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "error"
	}
	m.queries.WithLabelValues(kind, outcome).Observe(took.Seconds())
	m.rows.WithLabelValues(kind).Add(float64(rows))
}

// WatchStore adds gauges of a store.
func (m *Metrics) WatchStore(info func() graph.Info) {
	gauge := func(name, help string, value func(graph.Info) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(info()) }))
	}
	gauge("nettwin_store_quads", "Quads on the main branch.", func(i graph.Info) float64 { return float64(i.Quads) })
	gauge("nettwin_store_terms", "Terms in the dictionary.", func(i graph.Info) float64 { return float64(i.Terms) })
	gauge("nettwin_store_head_seq", "Newest commit.", func(i graph.Info) float64 { return float64(i.Head) })
	gauge("nettwin_store_size_bytes", "Size on disk.", func(i graph.Info) float64 { return float64(i.SizeBytes) })
}

// WatchRules adds gauges of each rule's last run.
func (m *Metrics) WatchRules(status func() []rules.Status) {
	m.registry.MustRegister(&ruleCollector{status,
		prometheus.NewDesc("nettwin_rule_derivations", "Derivations of a rule.", []string{"rule"}, nil),
		prometheus.NewDesc("nettwin_rule_last_run_seconds", "Time of a rule's last run.", []string{"rule"}, nil),
		prometheus.NewDesc("nettwin_rule_failed", "1 if a rule's last run failed.", []string{"rule"}, nil)})
}

type ruleCollector struct {
	status                   func() []rules.Status
	derivations, took, faild *prometheus.Desc
}

func (c *ruleCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.derivations
	ch <- c.took
	ch <- c.faild
}

func (c *ruleCollector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.status() {
		failed := 0.0
		if s.Error != "" {
			failed = 1
		}
		ch <- prometheus.MustNewConstMetric(c.derivations, prometheus.GaugeValue, float64(s.Derivations), s.Rule)
		ch <- prometheus.MustNewConstMetric(c.took, prometheus.GaugeValue, s.Duration.Seconds(), s.Rule)
		ch <- prometheus.MustNewConstMetric(c.faild, prometheus.GaugeValue, failed, s.Rule)
	}
}

// WatchSources adds the number of sources by state, and what each is asked.
func (m *Metrics) WatchSources(status func() []ingest.TargetStatus) {
	source := []string{"device", "collector"}
	m.registry.MustRegister(&sourceCollector{status,
		prometheus.NewDesc("nettwin_sources", "Sources by state.", []string{"state"}, nil),
		prometheus.NewDesc("nettwin_source_requests_total", "Requests to a device.", source, nil),
		prometheus.NewDesc("nettwin_source_bytes_total", "Bytes of a device's answers.", source, nil),
		prometheus.NewDesc("nettwin_source_contact_timestamp_seconds", "When a device answered for the last time.", source, nil),
		prometheus.NewDesc("nettwin_source_saved_requests_total", "Requests that a device was spared because nobody needs what they ask for; only of parts that were read once.", source, nil),
		prometheus.NewDesc("nettwin_source_saved_bytes_total", "Bytes of answers that were spared so.", source, nil),
		prometheus.NewDesc("nettwin_source_clock_ahead_seconds", "How far a device's clock is ahead of ours; negative: behind.", source, nil),
		prometheus.NewDesc("nettwin_source_needs", "Needs that a device is read for.", source, nil),
	})
}

type sourceCollector struct {
	status                          func() []ingest.TargetStatus
	count, requests, bytes, contact *prometheus.Desc

	savedRequests, savedBytes, clock, needs *prometheus.Desc
}

func (c *sourceCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.count
	ch <- c.requests
	ch <- c.bytes
	ch <- c.contact
	ch <- c.savedRequests
	ch <- c.savedBytes
	ch <- c.clock
	ch <- c.needs
}

func (c *sourceCollector) Collect(ch chan<- prometheus.Metric) {
	states := map[string]int{}
	seen := map[[2]string]bool{}
	for _, s := range c.status() {
		states[string(s.State)]++
		source := [2]string{cmp.Or(s.Device, s.Address), s.Collector}
		if seen[source] { // two addresses of one device
			continue
		}
		seen[source] = true
		ch <- prometheus.MustNewConstMetric(c.requests, prometheus.CounterValue, float64(s.Requests), source[:]...)
		ch <- prometheus.MustNewConstMetric(c.bytes, prometheus.CounterValue, float64(s.Bytes), source[:]...)
		if s.ClockAhead != nil {
			ch <- prometheus.MustNewConstMetric(c.clock, prometheus.GaugeValue, *s.ClockAhead, source[:]...)
		}
		if s.Economy != nil {
			asked := map[string]bool{}
			for _, r := range s.Reads {
				for _, who := range r.For {
					asked[who] = true
				}
			}
			ch <- prometheus.MustNewConstMetric(c.savedRequests, prometheus.CounterValue, float64(s.SavedRequests), source[:]...)
			ch <- prometheus.MustNewConstMetric(c.savedBytes, prometheus.CounterValue, float64(s.SavedBytes), source[:]...)
			ch <- prometheus.MustNewConstMetric(c.needs, prometheus.GaugeValue, float64(len(asked)), source[:]...)
		}
		if !s.LastContact.IsZero() {
			ch <- prometheus.MustNewConstMetric(c.contact, prometheus.GaugeValue, float64(s.LastContact.Unix()), source[:]...)
		}
	}
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(n), state)
	}
}

// Handler serves the numbers.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *Metrics) observeRequest(route, method string, code int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(code)).Observe(took.Seconds())
}
