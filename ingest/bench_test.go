package ingest

import (
	"fmt"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
	"nettwin/naming/items"
)

// benchFacts are those of a switch of 24 interfaces, 42 facts each, of which 20
// are counters that stand at n.
func benchFacts(n int) []Fact {
	var facts []Fact
	for i := range 24 {
		thing := fmt.Sprint("ifTable/", i+1)
		facts = append(facts, Fact{Thing: thing, P: rdfType, O: prop("IF-MIB/ifEntry")})
		for p := range 21 {
			facts = append(facts, fact(thing, fmt.Sprint("IF-MIB/ifState", p), fmt.Sprint("state ", i*p)))
		}
		for p := range 20 {
			facts = append(facts, counter(thing, fmt.Sprint("IF-MIB/ifCounter", p), fmt.Sprint(n*1000+i*p)))
		}
	}
	return facts
}

// BenchmarkCompare compares a sample of a thousand facts with what the graph
// holds: nothing, the same, and the same but for counters.
func BenchmarkCompare(b *testing.B) {
	store := mem.New(mem.Options{Base: testBase})
	defer store.Close()
	kept, err := items.Open("items", items.Options{FS: vfs.NewMem()})
	if err != nil {
		b.Fatal(err)
	}
	defer kept.Close()
	pipeline, err := NewPipeline(Options{Store: store, Items: kept, Base: testBase, Knowledge: shipped()})
	if err != nil {
		b.Fatal(err)
	}
	sample := func(device string, facts []Fact) *Sample {
		return &Sample{Collector: "snmp", Device: device, Started: time.Now(), Ended: time.Now(), Facts: facts, Complete: []string{"ifTable"}}
	}
	if _, err := pipeline.Apply(b.Context(), sample("r1", benchFacts(1))); err != nil {
		b.Fatal(err)
	}
	snap, err := store.Snapshot(graph.At{})
	if err != nil {
		b.Fatal(err)
	}
	defer snap.Close()
	for _, c := range []struct {
		name, graph string
		facts       []Fact
	}{{"first", "r2", benchFacts(1)}, {"same", "r1", benchFacts(1)}, {"counters", "r1", benchFacts(2)}} {
		b.Run("op="+c.name, func(b *testing.B) {
			s := sample(c.graph, c.facts)
			g := rdf.IRI(testBase + "graph/source/snmp/" + c.graph)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := compare(b.Context(), snap, g, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
