package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/naming"
	"nettwin/ontology/ipfix"
)

// Things of the source graph.
const (
	thingFlow      = "flow"
	thingRemainder = "remainder"
)

// classRecord is the class of stated conversations (RFC 7011 §2, Flow Record).
var classRecord = rdf.IRI(ipfix.NS + "FlowRecord")

// writer makes samples.
type writer struct {
	tables           *ipfix.Tables
	start, end       *ipfix.Element
	size, population *ipfix.Element
	flows            rdf.Term // how many conversations the remainder has
}

func newWriter(t *ipfix.Tables) *writer {
	return &writer{tables: t, start: t.First(ipfix.Start, ipfix.NoDetail), end: t.First(ipfix.End, ipfix.NoDetail),
		size: t.First(ipfix.Sampling, ipfix.Size), population: t.First(ipfix.Sampling, ipfix.Population),
		flows: rdf.IRI(ipfix.NS + "remainderFlowCount")}
}

// path names the thing of a conversation by the values of its key, in the
// order of the slots.
func (w *writer) path(key string) string {
	values, types := splitKey(key, w.tables.Keys())
	parts := make([]string, len(values))
	for i, v := range values {
		if v == nil {
			continue
		}
		if term, err := w.tables.Stated(i, types[i]).Value(v); err == nil {
			parts[i] = strings.ReplaceAll(naming.EncodeSegment(term.Value()), "~", "%7E")
		}
	}
	return thingFlow + "/" + strings.Join(parts, "~")
}

// sample says what a device told in the window. whole is false as long as
// conversations that the graph holds from before may still go on.
func (w *writer) sample(dev *device, stated []*conversation, whole bool) *ingest.Sample {
	s := &ingest.Sample{Collector: collectorName, Device: dev.name, Started: dev.first, Ended: dev.latest,
		Raw: dev.raw, Transport: transport(dev.exporters), Instruction: "NetFlow, IPFIX and sFlow messages",
		Unmapped: dev.unmapped, Warnings: dev.warnings}
	if s.Started.IsZero() {
		s.Started = s.Ended
	}
	if whole {
		s.Complete = []string{thingFlow}
		s.Expired = s.Complete
	}
	if dev.rawDropped > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("flow: %d datagrams that opened conversations are not kept as raw items", dev.rawDropped))
	}
	for _, c := range stated {
		w.conversation(s, c)
	}
	if dev.meters.dropped > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("flow: %d counter samples are of interfaces beyond the first %d and not kept", dev.meters.dropped, maxMeters))
	}
	dev.meters.facts(s, dev.owed)
	w.counters(s, thingRemainder, dev.rest.window, dev.rest.total, true)
	s.Facts = append(s.Facts, ingest.Fact{Thing: thingRemainder, P: w.flows, O: integer(uint64(dev.rest.flows)), Counter: true})
	return s
}

func (w *writer) conversation(s *ingest.Sample, c *conversation) {
	state := func(p, o rdf.Term) { s.Facts = append(s.Facts, ingest.Fact{Thing: c.path, P: p, O: o}) }
	state(rdf.IRI(rdf.RDFType), classRecord)
	values, types := splitKey(c.key, w.tables.Keys())
	for i, v := range values {
		if v == nil {
			continue
		}
		e := w.tables.Stated(i, types[i])
		if term, err := e.Value(v); err == nil {
			state(e.Term, term)
		}
	}
	if c.sampling.sampled() && w.size != nil && w.population != nil {
		state(w.size.Term, integer(c.sampling.size))
		state(w.population.Term, integer(c.sampling.population))
	}
	w.counters(s, c.path, c.window, c.total, c.reverse)
	w.time(s, c.path, w.start, c.start)
	w.time(s, c.path, w.end, c.end)
}

func (w *writer) counters(s *ingest.Sample, thing string, window, total [maxCounters]tally, reverse bool) {
	count := func(p rdf.Term, n uint64) {
		s.Facts = append(s.Facts, ingest.Fact{Thing: thing, P: p, O: integer(n), Counter: true})
	}
	for i, slot := range w.tables.Slots()[w.tables.Keys():] {
		count(slot.Delta.Term, window[i].forward)
		count(slot.Total.Term, total[i].forward)
		if reverse && (thing != thingRemainder || total[i].reverse > 0) {
			count(slot.Delta.Reverse(), window[i].reverse)
			count(slot.Total.Reverse(), total[i].reverse)
		}
	}
}

func (w *writer) time(s *ingest.Sample, thing string, e *ipfix.Element, at time.Time) {
	if e != nil && !at.IsZero() {
		s.Facts = append(s.Facts, ingest.Fact{Thing: thing, P: e.Term, O: ipfix.DateTime(at), Counter: true})
	}
}

func integer(n uint64) rdf.Term { return rdf.Literal(strconv.FormatUint(n, 10), rdf.XSDInteger) }

// transport names who sent in the window.
func transport(from map[domainID]bool) string {
	var names []string
	for id := range from {
		names = append(names, fmt.Sprintf("%s %s domain %d", versionName(id.Version), id.Address, id.Number))
	}
	slices.SortFunc(names, cmp.Compare)
	const most = 4
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

func versionName(version uint16) string {
	switch version {
	case versionIPFIX:
		return "IPFIX"
	case versionSFlow:
		return "sFlow v5"
	}
	return "NetFlow v" + strconv.Itoa(int(version))
}
