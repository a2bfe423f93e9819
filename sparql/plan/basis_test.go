package plan_test

import (
	"fmt"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/sparql/plan"
)

// Goal: a plan outlives commits that do not matter to it, and no others.
// Method: plans of queries over the small network, asked after a commit each:
// of what they do not read, of little and of much that they read, of a term and
// of a graph that were not there.
func TestHolds(t *testing.T) {
	quads := func(n int, p string, g rdf.Term) (out []rdf.Quad) {
		for i := range n {
			out = append(out, rdf.Quad{S: rdf.IRI(fmt.Sprint(ns, "new", i)), P: rdf.IRI(ns + p), O: rdf.IRI(fmt.Sprint(ns, "value", i)), G: g})
		}
		return out
	}
	const join = "SELECT * { ?d :has ?i . ?i :status ?s }"
	for _, c := range []struct {
		query string
		adds  []rdf.Quad
		holds bool
	}{
		{join, quads(5000, "other", rdf.Term{}), true},
		{join, quads(300, "has", rdf.Term{}), true},
		{join, quads(5000, "has", rdf.Term{}), false},
		{"SELECT * { ?d :unheard ?i }", quads(10, "other", rdf.Term{}), true},
		{"SELECT * { ?d :unheard ?i }", quads(1, "unheard", rdf.Term{}), false},
		{"SELECT * { ?d :has :new0 }", quads(1, "has", rdf.Term{}), false},
		{"SELECT (COUNT(*) AS ?n) { ?d :has ?i }", quads(1, "has", rdf.Term{}), false},
		{"SELECT (COUNT(*) AS ?n) { ?d :has ?i }", quads(1, "other", rdf.Term{}), true},
		{"SELECT * { GRAPH :fresh { ?a ?b ?c } }", quads(1, "other", rdf.IRI(ns+"fresh")), false},
		{"SELECT * FROM :fresh { ?a ?b ?c }", quads(1, "other", rdf.IRI(ns+"fresh")), false},
		{"SELECT * { ?d :unheard+ ?i }", quads(1, "unheard", rdf.Term{}), false},
	} {
		store := mem.New(mem.Options{})
		commit := func(quads []rdf.Quad) graph.Snapshot {
			if _, err := store.Commit(t.Context(), &graph.Batch{Adds: quads}); err != nil {
				t.Fatal(err)
			}
			snap, err := store.Snapshot(graph.At{})
			if err != nil {
				t.Fatal(err)
			}
			return snap
		}
		p, err := plan.Make(t.Context(), translate(t, c.query), commit(network()), plan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		holds, err := p.Holds(commit(c.adds))
		if err != nil || holds != c.holds {
			t.Errorf("%s after %d quads: %t, %v", c.query, len(c.adds), holds, err)
		}
	}
}
