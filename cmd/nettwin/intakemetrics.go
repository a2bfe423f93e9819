package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"nettwin/ingest/flow"
)

// flowMetrics are flow listeners' counts for Prometheus.
type flowMetrics []*flow.Collector

var (
	flowEvents = prometheus.NewDesc("nettwin_flow_events_total",
		"What a listener of flow exports counted: datagrams, records, and what was lost, by event.", []string{"listener", "event"}, nil)
	flowState = prometheus.NewDesc("nettwin_flow_state",
		"What a listener of flow exports holds now.", []string{"listener", "what"}, nil)
)

// Describe implements prometheus.Collector.
func (m flowMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- flowEvents; ch <- flowState }

// Collect implements prometheus.Collector.
func (m flowMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, c := range m {
		collectFlow(ch, c.Address().String(), c.Stats())
	}
}

func collectFlow(ch chan<- prometheus.Metric, at string, s flow.Stats) {
	var errors uint64
	for _, n := range s.Errors {
		errors += n
	}
	for event, n := range map[string]uint64{
		"datagram": s.Datagrams, "datagram-dropped": s.Dropped, "datagram-unknown": s.Unknown, "record": s.Records, "decode-error": errors,
		"template": s.TemplatesReceived, "set-lost": s.SetsLost, "sequence-lost": s.SequenceLost, "sample": s.Samples, "sample-error": s.SampleErrors,
	} {
		ch <- prometheus.MustNewConstMetric(flowEvents, prometheus.CounterValue, float64(n), at, event)
	}
	for what, n := range map[string]int{"queued-datagrams": s.Queued, "domains": s.Domains, "templates": s.Templates, "conversations": s.Conversations} {
		ch <- prometheus.MustNewConstMetric(flowState, prometheus.GaugeValue, float64(n), at, what)
	}
}
