package ontology_test

import (
	"context"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/reasoning/rules"
)

// demoIntents are three intents about the demo network, stored as an intent's
// keeper stores them: parts with IRIs of their own, lists written out.
const demoIntents = `
GRAPH <graph/intended> {
  <id/intent/reach> a twin:Intent, icm:Intent ; log:allOf <id/intent/reach/1> .
  <id/intent/reach/1> a icm:DeliveryExpectation ; icm:deliveryType twin:ReachableService ; icm:target <id/intent/reach/2> .
  <id/intent/reach/2> a icm:Target ; rdfs:member <id/service/voice> .

  <id/intent/up> a twin:Intent, icm:Intent ; log:allOf <id/intent/up/1> .
  <id/intent/up/1> a icm:DeliveryExpectation ; icm:deliveryType twin:UpInterface ; icm:target <id/intent/up/2> .
  <id/intent/up/2> a icm:Target ; rdfs:member <id/interface/r1/lan0> .

  <id/intent/ways> a twin:Intent, icm:Intent ; log:allOf <id/intent/ways/1> .
  <id/intent/ways/1> a icm:PropertyExpectation ; icm:target <id/intent/ways/2> ; quan:atLeast <id/intent/ways/3> .
  <id/intent/ways/2> a icm:Target ; rdfs:member <id/service/storage> .
  <id/intent/ways/3> rdf:first <id/intent/ways/4> ; rdf:rest <id/intent/ways/5> .
  <id/intent/ways/5> rdf:first <id/intent/ways/6> ; rdf:rest rdf:nil .
  <id/intent/ways/4> met:lastValue <id/intent/ways/7> .
  <id/intent/ways/7> rdf:first twin:disjointPaths ; rdf:rest rdf:nil .
  <id/intent/ways/6> rdf:value 2 .
}
`

// Goal: what intents come to follows the network: reachability, an interface,
// ways without a common cable; each reason leads to what devices said. Method:
// the demo network at rest, with r1 lan0 disabled, with r3-r4 cut as recorded,
// and whole again; what must be said follows from fixtures/README.md.
func TestIntentStates(t *testing.T) {
	n := newTwinOf(t)
	quads, err := rdf.ReadAll(strings.NewReader(intentPrefixes+demoIntents), rdf.TriG, rdf.ReaderOptions{Base: n.base})
	if err != nil {
		t.Fatal(err)
	}
	n.add(quads)
	var delta rules.Delta
	for _, q := range quads {
		delta.Add(q)
	}
	if err := n.engine.Apply(context.Background(), &delta); err != nil {
		t.Fatal(err)
	}
	check := func(state string, states, reasons []string) {
		t.Helper()
		compare(t, state+": states", n.rows("SELECT ?i ?s { GRAPH <graph/derived> { ?i twin:intentState ?s } }"), states)
		compare(t, state+": reasons", n.rows("SELECT ?i ?r { GRAPH <graph/derived> { ?i twin:reason ?r } }"), reasons)
	}
	well := []string{"id/intent/reach Compliant", "id/intent/up Compliant", "id/intent/ways Compliant"}
	check("at rest", well, nil)

	n.follow(func(a agents) { a.set(t, "r1", "lan0", 2, 2) })
	cut, down := "service Voice is cut: site 1 is attached nowhere", "r1 lan0 is disabled"
	check("r1 lan0 disabled", []string{"id/intent/reach Degraded", "id/intent/up Degraded", "id/intent/ways Compliant"},
		[]string{"id/intent/reach " + cut, "id/intent/up " + down})
	n.explained(t, "id/intent/reach", cut, "interface-attributes", "r1")
	n.explained(t, "id/intent/up", down, "interface-attributes", "r1")

	n.follow(func(a agents) {
		a.set(t, "r1", "lan0", 1, 1)
		a.set(t, "r3", "eth2", 1, 2)
		a.set(t, "r4", "eth1", 1, 2)
	})
	one := "service Storage has 1 way without a common cable, at least 2 asked for"
	check("r3-r4 cut", []string{"id/intent/reach Compliant", "id/intent/up Compliant", "id/intent/ways Degraded"}, []string{"id/intent/ways " + one})
	n.explained(t, "id/intent/ways", one, "service-paths", "r5")

	n.follow(func(a agents) { a.set(t, "r3", "eth2", 1, 1); a.set(t, "r4", "eth1", 1, 1) })
	check("whole again", well, nil)
}

// explained demands that the explanation of an intent's reason passes a rule
// and ends at what a device said.
func (n *twinOf) explained(t *testing.T, intent, reason, rule, device string) {
	t.Helper()
	passed, ended := n.explain(t, rdf.Quad{S: rdf.IRI(n.base + intent), P: rdf.IRI("https://w3id.org/nettwin/ns#reason"), O: rdf.String(reason)})
	if !passed[rule] || !ended[device] {
		t.Errorf("%s %q: explained by %v from %v, expected rule %s and device %s among them", intent, reason, passed, ended, rule, device)
	}
}

// explain returns the rules that the explanation of a fact passes and the
// devices at which it ends.
func (n *twinOf) explain(t *testing.T, fact rdf.Quad) (passed, ended map[string]bool) {
	t.Helper()
	snapshot, err := n.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	x := rules.Explainer{Source: snapshot, Derived: n.base + "graph/derived", Provenance: n.base + "graph/provenance"}
	tree, err := x.Explain(context.Background(), fact)
	if err != nil {
		t.Fatal(err)
	}
	passed, ended = map[string]bool{}, map[string]bool{}
	var walk func(*rules.Explanation)
	walk = func(e *rules.Explanation) {
		if e.Source != nil {
			ended[e.Source.Device] = true
		}
		for _, why := range e.Because {
			passed[why.Name] = true
			for _, p := range why.Premises {
				walk(p)
			}
		}
	}
	walk(tree)
	return passed, ended
}
