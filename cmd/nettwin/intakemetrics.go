package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ingest/syslog"
	"nettwin/ingest/trap"
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

// eventMetrics are the counts of the listeners of traps and messages.
type eventMetrics struct{ in *intake }

var (
	eventDatagrams = prometheus.NewDesc("nettwin_event_datagrams_total",
		"Datagrams that a listener of events took or refused, by outcome.", []string{"collector", "listener", "outcome"}, nil)
	eventOutcomes = prometheus.NewDesc("nettwin_events_total",
		"Events that devices told, by what became of them.", []string{"collector", "listener", "outcome"}, nil)
)

// Describe implements prometheus.Collector.
func (m eventMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- eventDatagrams; ch <- eventOutcomes }

// Collect implements prometheus.Collector.
func (m eventMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, l := range m.in.traps {
		s := l.Stats()
		collectEvents(ch, trap.Collector, l.Address().String(), s.Received, s.QueueFull, s.Refused, s.Senders, s.Events)
	}
	for _, l := range m.in.messages {
		s := l.Stats()
		collectEvents(ch, syslog.Collector, l.Address().String(), s.Received, s.QueueFull, s.Refused, s.Senders, s.Events)
	}
}

func collectEvents(ch chan<- prometheus.Metric, collector, at string, received, full uint64, refused map[string]uint64, senders ingest.SenderStats, events ingest.EventStats) {
	count := func(desc *prometheus.Desc, n uint64, outcome string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), collector, at, outcome)
	}
	all := uint64(0)
	for _, n := range refused {
		all += n
	}
	count(eventDatagrams, received, "received")
	count(eventDatagrams, full, "queue-full")
	count(eventDatagrams, all, "refused")
	count(eventDatagrams, senders.Unknown, "unknown-sender")
	count(eventDatagrams, senders.Limited, "limited")
	count(eventOutcomes, events.Added, "added")
	count(eventOutcomes, events.Folded, "folded")
	count(eventOutcomes, events.Dropped, "dropped")
	count(eventOutcomes, events.Failed, "failed")
}
