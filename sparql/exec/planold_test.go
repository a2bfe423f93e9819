package exec_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/sparql/exec"
	"nettwin/sparql/plan"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

// Goal: a plan that still holds for a later version gives the right answer
// there. Method: generated queries, planned on a part of the generated data;
// then the rest is added and some of the part removed; where the plan holds, it
// is run and compared with ref.
func TestOldPlans(t *testing.T) {
	held := 0
	for seed := range uint64(cases(500)) {
		g := sparqltest.GenerateCase(seed)
		q, err := translate(g.Query(), "")
		if err != nil {
			continue
		}
		random := rand.New(rand.NewPCG(seed, 1))
		first, second := &graph.Batch{}, &graph.Batch{}
		for _, quad := range g.Data {
			switch random.IntN(10) {
			case 0:
				second.Adds = append(second.Adds, quad)
			case 1:
				second.Deletes = append(second.Deletes, quad)
				fallthrough
			default:
				first.Adds = append(first.Adds, quad)
			}
		}
		second.Adds = append(second.Adds, rdf.Quad{S: rdf.IRI("urn:a"), P: rdf.IRI("urn:b"), O: rdf.IRI("urn:c")})
		store := mem.New(mem.Options{})
		version := func(b *graph.Batch) graph.Snapshot {
			if _, err := store.Commit(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			snap, err := store.Snapshot(graph.At{})
			if err != nil {
				t.Fatal(err)
			}
			return snap
		}
		before := version(first)
		opt := exec.Options{Now: testTime, Delegate: ref.NewDelegate(q, before, ref.Options{Now: testTime})}
		p, err := exec.Plan(t.Context(), q, before, opt)
		if errors.Is(err, plan.ErrNotCovered) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		after := version(second)
		if ok, err := p.Holds(after); err != nil || !ok {
			continue
		}
		want, err := answer(t.Context(), func() (*results.Result, error) { return ref.Query(t.Context(), q, after, ref.Options{Now: testTime}) })
		if err != nil {
			continue // too large for the oracle
		}
		held++
		opt.Plan, opt.Delegate = p, ref.NewDelegate(q, after, ref.Options{Now: testTime})
		got, err := answer(t.Context(), func() (*results.Result, error) { return exec.Query(t.Context(), q, after, opt) })
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if d := sparqltest.CompareAnswers(want, got, false); d != "" {
			t.Fatalf("seed %d:\n%s\n%s\n%s", seed, g.Query(), p.String(), d)
		}
	}
	if t.Logf("%d plans held", held); held < cases(500)/4 {
		t.Errorf("only %d plans held", held)
	}
}
