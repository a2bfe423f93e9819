package protocol

import (
	"testing"

	"nettwin/graph"
	"nettwin/sparql"
)

// Goal: a plan outlives a commit that does not matter to it, and only such.
// Method: keep a plan for one version and ask for it at later ones.
func TestPlanOutlivesCommit(t *testing.T) {
	e := newEndpoint(t, Options{})
	e.do("PUT", "/data", "application/trig", sample)
	snapshot := func() graph.Snapshot {
		snap, err := e.opt.Store.Snapshot(graph.At{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { snap.Close() }) //nolint:errcheck // in memory
		return snap
	}
	q, err := sparql.Parse("SELECT * { ?s <http://x/later> ?o }", "")
	if err != nil {
		t.Fatal(err)
	}
	first := snapshot()
	none, keep := e.plan("key", first, 10)
	made, err := q.Plan(t.Context(), first, sparql.Options{})
	if err != nil || none != nil {
		t.Fatal(none, err)
	}
	keep(made)
	if found, keep := e.plan("key", first, 10); found != made || keep != nil {
		t.Error("not found at the version that it was made for")
	}
	e.do("POST", "/update", typeUpdate, "INSERT DATA { <http://x/n> <http://x/other> 3 }")
	if found, _ := e.plan("key", snapshot(), 10); found != made {
		t.Error("not found after a commit that does not matter")
	}
	e.do("POST", "/update", typeUpdate, "INSERT DATA { <http://x/n> <http://x/later> 3 }")
	if found, keep := e.plan("key", snapshot(), 10); found != nil || keep == nil {
		t.Error("found after a commit that matters")
	}
}
