package telemetry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ontology/yang"
)

// property is one property of one thing.
type property struct {
	thing string
	p     rdf.Term
}

// values are the facts of a property that one message said.
type values struct {
	message uint64
	facts   []ingest.Fact
}

// window is what a device pushed since its last sample.
type window struct {
	device       string
	said         map[property]*values
	order        []property // as they were first said
	complete     []string
	gone         []ingest.Gone
	raw          []ingest.RawItem
	rawBytes     int
	rawDropped   int
	transport    string
	first, last  time.Time
	opened       time.Time // of the machine
	unmapped     int
	warnings     []string
	moreWarnings int
	messages     uint64
	facts        int
}

func newWindow(device string, opened time.Time) *window {
	return &window{device: device, said: map[property]*values{}, opened: opened}
}

// empty tells whether there is nothing to say.
func (w *window) empty() bool { return w.messages == 0 }

// take merges a message in; false if it has no room. measures tells which
// properties move while nothing changes.
func (w *window) take(m Message, number uint64, c content, limit int, measures func(string) bool) bool {
	var fresh []ingest.Fact
	gone := 0
	parts := make([][]ingest.Fact, len(c.pushes))
	for i, p := range c.pushes {
		if p.Gone != nil {
			gone++
		}
		if p.Tree == nil {
			continue
		}
		start := len(fresh)
		p.Tree.Facts(func(f yang.Fact) bool {
			fresh = append(fresh, ingest.Fact{Thing: f.Thing, P: f.P, O: f.O, Ref: f.Ref, Counter: f.Counter || measures(f.P.Value())})
			return w.facts+len(fresh) <= limit
		})
		parts[i] = fresh[start:len(fresh):len(fresh)]
	}
	if w.facts+len(fresh) > limit || len(w.gone)+len(w.complete)+gone > maxGone {
		return false
	}
	for i, p := range c.pushes {
		if p.Gone != nil {
			w.delete(p.Gone)
		}
		if p.Incomplete {
			w.warn("the device says that it left out changes: read it to be sure")
		}
		for _, f := range parts[i] {
			w.say(f, number)
		}
	}
	w.note(m, c)
	return true
}

// say states a fact; what an earlier message said of the property is
// forgotten.
func (w *window) say(f ingest.Fact, number uint64) {
	key := property{f.Thing, f.P}
	v := w.said[key]
	if v == nil {
		v = &values{}
		w.said[key] = v
		w.order = append(w.order, key)
	}
	if v.message != number {
		w.facts -= len(v.facts)
		v.message, v.facts = number, v.facts[:0]
	}
	v.facts = append(v.facts, f)
	w.facts++
}

// delete notes what is gone, and forgets what the window said of it.
func (w *window) delete(g *yang.Gone) {
	if g.Path != "" && !slices.Contains(w.complete, g.Path) {
		w.complete = append(w.complete, g.Path)
	}
	left := ingest.Gone{Thing: g.Owner, Property: g.Property, Value: g.Value}
	if g.Property != "" && !slices.Contains(w.gone, left) {
		w.gone = append(w.gone, left)
	}
	w.order = slices.DeleteFunc(w.order, func(key property) bool {
		under := g.Path != "" && (key.thing == g.Path || strings.HasPrefix(key.thing, g.Path+"/"))
		rest, of := strings.CutPrefix(key.p.Value(), g.Property)
		of = of && g.Property != "" && key.thing == g.Owner && (rest == "" || rest[0] == '/' || rest[0] == '#')
		if !under && (!of || !g.Value.IsZero()) {
			return false
		}
		w.facts -= len(w.said[key].facts)
		delete(w.said, key)
		return true
	})
}

// note keeps what a sample says beside facts.
func (w *window) note(m Message, c content) {
	if w.first.IsZero() {
		w.first = m.Received
	}
	w.last, w.transport = m.Received, m.Transport
	w.messages++
	w.unmapped += c.unknown
	for _, p := range c.problem {
		w.warn(p.String())
	}
	if len(m.Raw) == 0 { // the message came with an earlier part
		return
	}
	if len(w.raw) >= maxRawItems || w.rawBytes+len(m.Raw) > maxRawBytes {
		w.rawDropped++
		return
	}
	w.rawBytes += len(m.Raw)
	w.raw = append(w.raw, ingest.RawItem{Label: m.Label, Bytes: m.Raw})
}

func (w *window) warn(text string) {
	switch {
	case slices.Contains(w.warnings, text):
	case len(w.warnings) < maxWarnings:
		w.warnings = append(w.warnings, text)
	default:
		w.moreWarnings++
	}
}

// sample is what the window says.
func (w *window) sample(collector, instruction string) *ingest.Sample {
	s := &ingest.Sample{Collector: collector, Device: w.device, Started: w.first, Ended: w.last, Raw: w.raw, Complete: w.complete,
		Gone: w.gone, Unsolicited: true, Transport: w.transport, Instruction: instruction, Unmapped: w.unmapped, Warnings: w.warnings}
	for _, key := range w.order {
		s.Facts = append(s.Facts, w.said[key].facts...)
	}
	if w.moreWarnings > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("and %d warnings more", w.moreWarnings))
	}
	if w.rawDropped > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%d messages are not kept as raw items", w.rawDropped))
	}
	return s
}

// follow merges a later window in.
func (w *window) follow(later *window) {
	for _, path := range later.complete {
		w.delete(&yang.Gone{Path: path})
	}
	for _, g := range later.gone {
		w.delete(&yang.Gone{Owner: g.Thing, Property: g.Property, Value: g.Value})
	}
	for _, key := range later.order {
		for _, f := range later.said[key].facts {
			w.say(f, later.said[key].message)
		}
	}
	w.last, w.transport = later.last, later.transport
	w.messages += later.messages
	w.unmapped += later.unmapped
	for _, text := range later.warnings {
		w.warn(text)
	}
	w.moreWarnings += later.moreWarnings
	w.rawDropped += later.rawDropped + len(later.raw)
}
