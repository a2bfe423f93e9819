package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ingest/mdt"
	"nettwin/ingest/syslog"
	"nettwin/ingest/trap"
	"nettwin/ingest/udpnotif"
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
		"datagram": s.Datagrams, "datagram-dropped": s.Dropped, "datagram-kernel-dropped": s.Kernel, "datagram-unknown": s.Unknown, "record": s.Records, "decode-error": errors,
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
		collectEvents(ch, trap.Collector, l.Address().String(), s.Received, s.Kernel, s.QueueFull, s.Refused, s.Senders, s.Events)
	}
	for _, l := range m.in.messages {
		s := l.Stats()
		collectEvents(ch, syslog.Collector, l.Address().String(), s.Received, s.Kernel, s.QueueFull, s.Refused, s.Senders, s.Events)
	}
}

func collectEvents(ch chan<- prometheus.Metric, collector, at string, received, kernel, full uint64, refused map[string]uint64, senders ingest.SenderStats, events ingest.EventStats) {
	count := func(desc *prometheus.Desc, n uint64, outcome string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), collector, at, outcome)
	}
	all := uint64(0)
	for _, n := range refused {
		all += n
	}
	count(eventDatagrams, received, "received")
	count(eventDatagrams, kernel, "kernel-dropped")
	count(eventDatagrams, full, "queue-full")
	count(eventDatagrams, all, "refused")
	count(eventDatagrams, senders.Unknown, "unknown-sender")
	count(eventDatagrams, senders.Limited, "limited")
	count(eventOutcomes, events.Added, "added")
	count(eventOutcomes, events.Folded, "folded")
	count(eventOutcomes, events.Dropped, "dropped")
	count(eventOutcomes, events.Failed, "failed")
}

// pushMetrics are the counts of the listeners of pushed YANG data, and of what
// merges it.
type pushMetrics struct{ in *intake }

var (
	pushEvents = prometheus.NewDesc("nettwin_push_events_total",
		"What a listener of pushed YANG data counted: datagrams, messages, and what was lost, by event.", []string{"collector", "listener", "event"}, nil)
	pushMerged = prometheus.NewDesc("nettwin_push_merged_total",
		"What became of pushed YANG data that was merged to samples, by event.", []string{"collector", "event"}, nil)
)

// Describe implements prometheus.Collector.
func (m pushMetrics) Describe(ch chan<- *prometheus.Desc) { ch <- pushEvents; ch <- pushMerged }

// Collect implements prometheus.Collector.
func (m pushMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, p := range m.in.pushed {
		for _, l := range p.listeners {
			for event, n := range l.count() {
				ch <- prometheus.MustNewConstMetric(pushEvents, prometheus.CounterValue, float64(n), p.collector, l.at, event)
			}
		}
		s := p.intake.Stats()
		for event, n := range map[string]uint64{"message": s.Messages, "damaged": s.Damaged, "refused": s.Refused,
			"sample": s.Samples, "sample-error": s.SampleErrors} {
			ch <- prometheus.MustNewConstMetric(pushMerged, prometheus.CounterValue, float64(n), p.collector, event)
		}
	}
}

func udpnotifEvents(s udpnotif.Stats) map[string]uint64 {
	return map[string]uint64{"datagram": s.Datagrams, "datagram-dropped": s.Dropped, "datagram-kernel-dropped": s.Kernel,
		"datagram-unknown": s.Senders.Unknown, "datagram-limited": s.Senders.Limited,
		"damaged": s.Damaged, "message": s.Messages, "message-lost": s.Lost}
}

func mdtEvents(s mdt.Stats) map[string]uint64 {
	return map[string]uint64{"datagram": s.Datagrams, "message": s.Messages, "row": s.Rows, "damaged": s.Damaged, "datagram-dropped": s.Dropped, "datagram-kernel-dropped": s.Kernel,
		"unknown": s.Senders.Unknown, "limited": s.Senders.Limited, "connection-refused": s.Refused}
}
