package ontology_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/reasoning/rules"
)

// BenchmarkLinkDown measures the time from the commit of a link that goes down
// or comes up to all derived facts, in the demo network with its services,
// intended state and as many flows as the name says, as sources tell them. The
// reading of the devices is not in it.
func BenchmarkLinkDown(b *testing.B) {
	for _, flows := range []int{0, 2000} {
		b.Run(fmt.Sprintf("op/flows=%d", flows), func(b *testing.B) {
			n := newTwinOf(b)
			n.addFlows(0, flows)
			n.addFlows(flows, flows/20)
			var slowest time.Duration
			var ruleTime string
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				oper := 2 - i%2
				n.agents.set(b, "r3", "eth2", 1, oper)
				n.agents.set(b, "r4", "eth1", 1, oper)
				delta := n.commit()
				start := time.Now()
				b.StartTimer()
				if err := n.engine.Apply(context.Background(), delta); err != nil {
					b.Fatal(err)
				}
				if took := time.Since(start); took > slowest {
					slowest = took
				}
				b.StopTimer()
				ruleTime = n.slowestSince(start, 8)
				b.StartTimer()
			}
			b.ReportMetric(float64(slowest.Milliseconds()), "worst-ms")
			b.Log(ruleTime)
		})
	}
}

// addFlows adds flows, numbered from, that r1 saw at lan0, of Voice and of
// nobody.
func (n *twinOf) addFlows(from, count int) {
	n.tb.Helper()
	g := rdf.IRI(n.base + "graph/source/flow/r1")
	const ipfix = "https://w3id.org/nettwin/ipfix/"
	batch, delta := &graph.Batch{}, &rules.Delta{}
	say := func(s, p, o rdf.Term) { batch.Adds = append(batch.Adds, rdf.Quad{S: s, P: p, O: o, G: g}) }
	say(g, rdf.IRI("https://w3id.org/nettwin/ns#describes"), rdf.IRI(n.base+"id/device/r1"))
	number := func(v int) rdf.Term { return rdf.Literal(fmt.Sprint(v), rdf.XSDInteger) }
	for i := from; i < from+count; i++ {
		row := rdf.IRI(fmt.Sprintf("%s/flow/%d", g.Value(), i))
		say(row, rdf.IRI(rdf.RDFType), rdf.IRI(ipfix+"FlowRecord"))
		say(row, rdf.IRI(ipfix+"sourceIPv4Address"), rdf.String(fmt.Sprintf("198.18.101.%d", i%250)))
		say(row, rdf.IRI(ipfix+"destinationIPv4Address"), rdf.String(fmt.Sprintf("198.18.%d.%d", 105+i%2, i%240)))
		say(row, rdf.IRI(ipfix+"protocolIdentifier"), number(17))
		say(row, rdf.IRI(ipfix+"sourceTransportPort"), number(1024+i))
		say(row, rdf.IRI(ipfix+"destinationTransportPort"), number(5060+i%3))
		say(row, rdf.IRI(ipfix+"ingressInterface"), number(3))
	}
	for _, q := range batch.Adds {
		delta.Add(q)
	}
	if _, err := n.store.Commit(context.Background(), batch); err != nil {
		n.tb.Fatal(err)
	}
	start := time.Now()
	if err := n.engine.Apply(context.Background(), delta); err != nil {
		n.tb.Fatal(err)
	}
	n.tb.Logf("%d flows more: rules ran %v; %s", count, time.Since(start).Round(time.Millisecond), n.slowestSince(start, 8))
}
