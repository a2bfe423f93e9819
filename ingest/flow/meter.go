package flow

import (
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ontology/ipfix"
)

// thingInterface begins the paths of interfaces that sFlow counts at, and
// classInterface is their class.
const thingInterface = "interface"

var classInterface = rdf.IRI("https://w3id.org/nettwin/sflow/Interface")

// meterValue is one value of a counter sample.
type meterValue struct {
	term    rdf.Term
	value   rdf.Term
	counter bool
}

// readMeters reads the fields of a structure; those behind its end are not
// there, and of numbers all ones mean that the agent does not count (sFlow
// Version 5 §5).
func readMeters(fields []ipfix.MeterField, body []byte, to []meterValue) []meterValue {
	for _, f := range fields {
		if f.Offset+f.Octets > len(body) {
			continue
		}
		v := meterValue{term: f.Term, counter: f.Reading == ipfix.Count}
		if f.Reading == ipfix.Opaque {
			x := xdr{b: body[f.Offset:]}
			text := x.opaque()
			if x.short || len(text) == 0 || len(text) > maxKeyBytes || !utf8.Valid(text) {
				continue
			}
			v.value = rdf.String(string(text))
			to = append(to, v)
			continue
		}
		octets := body[f.Offset : f.Offset+f.Octets]
		if ones(octets) {
			continue
		}
		n, ok := ipfix.Number(octets)
		if !ok {
			continue
		}
		if v.value = integer(n / f.Per); f.Reading == ipfix.Bit {
			v.value = rdf.String(f.Words[n>>f.Bit&1])
		}
		to = append(to, v)
	}
	return to
}

func ones(b []byte) bool {
	for _, c := range b {
		if c != 0xFF {
			return false
		}
	}
	return true
}

// meters are the latest values of a device's interfaces, by ifIndex.
type meters struct {
	interfaces map[uint32]map[rdf.Term]meterValue
	fresh      map[uint32]bool // told in this window
	dropped    int             // samples beyond maxMeters, in this window
}

// take notes what a counter sample said.
func (ms *meters) take(index uint32, values []meterValue) {
	if ms.interfaces == nil {
		ms.interfaces, ms.fresh = map[uint32]map[rdf.Term]meterValue{}, map[uint32]bool{}
	}
	latest := ms.interfaces[index]
	if latest == nil {
		if len(ms.interfaces) >= maxMeters {
			ms.dropped++
			return
		}
		latest = map[rdf.Term]meterValue{}
		ms.interfaces[index] = latest
	}
	ms.fresh[index] = true
	for _, v := range values {
		latest[v.term] = v
	}
}

// facts states the interfaces that were told of in the window, or all that are
// known.
func (ms *meters) facts(s *ingest.Sample, all bool) {
	for _, index := range slices.Sorted(maps.Keys(ms.interfaces)) {
		if !all && !ms.fresh[index] {
			continue
		}
		thing := thingInterface + "/" + strconv.FormatUint(uint64(index), 10)
		s.Facts = append(s.Facts, ingest.Fact{Thing: thing, P: rdf.IRI(rdf.RDFType), O: classInterface})
		latest := ms.interfaces[index]
		for _, term := range slices.SortedFunc(maps.Keys(latest), rdf.Compare) {
			v := latest[term]
			s.Facts = append(s.Facts, ingest.Fact{Thing: thing, P: v.term, O: v.value, Counter: v.counter})
		}
	}
}

// next begins another window.
func (ms *meters) next() {
	clear(ms.fresh)
	ms.dropped = 0
}
