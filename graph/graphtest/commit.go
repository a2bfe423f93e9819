package graphtest

import (
	"context"
	"errors"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

func testCommit(t *testing.T, open func(t *testing.T) graph.Store) {
	t.Run("effective", func(t *testing.T) { testEffective(t, opened(t, open)) })
	t.Run("clear", func(t *testing.T) { testClear(t, opened(t, open)) })
	t.Run("expected", func(t *testing.T) { testExpected(t, opened(t, open)) })
	t.Run("bad", func(t *testing.T) { testBadQuads(t, opened(t, open)) })
	t.Run("canceled", func(t *testing.T) { testCanceled(t, opened(t, open)) })
}

// Goal: commits count effective changes only, number and date themselves, and
// deletes go before adds. Method: batches that repeat, cancel out and miss.
func testEffective(t *testing.T, s graph.Store) {
	a, b, c := q("a", "p", "o", ""), q("b", "p", "o", "g"), q("c", "p", "o", "")
	if got := commit(t, s, &graph.Batch{}); got != (graph.Commit{}) {
		t.Errorf("empty batch on an empty store: %+v", got)
	}
	if got := remove(t, s, "", a); got.Effective || got.Seq != 0 {
		t.Errorf("delete from an empty store: %+v", got)
	}
	first := commit(t, s, &graph.Batch{Adds: []rdf.Quad{a, b, a}, Note: "first"})
	want := graph.Commit{Seq: 1, Branch: graph.Main, Time: first.Time, Adds: 2, Note: "first", Effective: true}
	if first != want {
		t.Errorf("commit %+v, want %+v", first, want)
	}
	again := commit(t, s, &graph.Batch{Adds: []rdf.Quad{a}, Deletes: []rdf.Quad{c}, Note: "again"})
	want.Adds, want.Effective = 0, false
	if again != want {
		t.Errorf("batch without effect: %+v, want %+v", again, want)
	}
	both := commit(t, s, &graph.Batch{Adds: []rdf.Quad{a, c}, Deletes: []rdf.Quad{c, a, b, b}})
	if both.Seq != 2 || both.Parent != 1 || both.Adds != 1 || both.Deletes != 1 || !both.Time.After(first.Time) {
		t.Errorf("deletes before adds: %+v", both)
	}
	wantQuads(t, "after deletes and adds", at(t, s, graph.At{}), a, c)
	snap := snapshot(t, s, graph.At{})
	defer snap.Close()
	if snap.Commit() != both {
		t.Errorf("snapshot's commit %+v, want %+v", snap.Commit(), both)
	}
}

// Goal: ClearGraphs and ClearAll empty what they name before the rest of the
// batch applies. Method: three graphs, cleared singly, twice, by unknown name.
func testClear(t *testing.T, s graph.Store) {
	d, g, h := q("a", "p", "o", ""), q("a", "p", "o", "g"), q("a", "p", "o", "h")
	d2, h2 := q("b", "p", "o", ""), q("b", "p", "o", "h")
	add(t, s, "", d, d2, g, h)
	c := commit(t, s, &graph.Batch{ClearGraphs: []rdf.Term{{}, ex("g"), ex("unknown"), {}}, Adds: []rdf.Quad{d}})
	if c.Deletes != 2 || c.Adds != 0 {
		t.Errorf("clear of default graph and g: %+v", c)
	}
	wantQuads(t, "after clear", at(t, s, graph.At{}), d, h)
	c = commit(t, s, &graph.Batch{ClearGraphs: []rdf.Term{ex("unknown")}})
	if c.Effective {
		t.Errorf("clear of an unknown graph: %+v", c)
	}
	c = commit(t, s, &graph.Batch{ClearAll: true, Deletes: []rdf.Quad{g}, Adds: []rdf.Quad{h2}})
	if c.Deletes != 2 || c.Adds != 1 {
		t.Errorf("clear of all: %+v", c)
	}
	wantQuads(t, "after clear of all", at(t, s, graph.At{}), h2)
	if _, err := s.Commit(ctx, &graph.Batch{ClearGraphs: []rdf.Term{rdf.String("g")}}); !errors.Is(err, graph.ErrBadQuad) {
		t.Errorf("clear of a literal: %v", err)
	}
}

// Goal: Expected must be the branch's newest commit. Method: right, wrong and
// zero expectations on two branches.
func testExpected(t *testing.T, s graph.Store) {
	expect := func(branch string, seq graph.CommitSeq, name string) error {
		_, err := s.Commit(ctx, &graph.Batch{Branch: branch, Expected: &seq, Adds: []rdf.Quad{q(name, "p", "o", "")}})
		return err
	}
	if err := expect("", 1, "a"); !errors.Is(err, graph.ErrConflict) {
		t.Errorf("expecting 1 of an empty store: %v", err)
	}
	if err := expect("", 0, "a"); err != nil {
		t.Errorf("expecting 0 of an empty store: %v", err)
	}
	if _, err := s.Fork(ctx, "b", graph.At{}); err != nil {
		t.Fatal(err)
	}
	if err := expect("b", 1, "b"); err != nil {
		t.Errorf("expecting the fork's base: %v", err)
	}
	if err := expect("", 2, "c"); !errors.Is(err, graph.ErrConflict) {
		t.Errorf("expecting the other branch's commit: %v", err)
	}
	if err := expect(graph.Main, 1, "c"); err != nil {
		t.Errorf("expecting main's commit: %v", err)
	}
	if err := expect("none", 1, "c"); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("commit on an absent branch: %v", err)
	}
	wantQuads(t, "main", at(t, s, graph.At{}), q("a", "p", "o", ""), q("c", "p", "o", ""))
}

// Goal: quads that are not RDF are refused and the batch with them. Method:
// each position with each kind that it does not take, in adds and deletes.
func testBadQuads(t *testing.T, s graph.Store) {
	good := q("a", "p", "o", "g")
	bad := map[string]rdf.Quad{
		"literal subject":     {S: rdf.String("a"), P: good.P, O: good.O},
		"no subject":          {P: good.P, O: good.O},
		"literal predicate":   {S: good.S, P: rdf.String("p"), O: good.O},
		"blank predicate":     {S: good.S, P: rdf.BNode("p"), O: good.O},
		"no predicate":        {S: good.S, O: good.O},
		"no object":           {S: good.S, P: good.P},
		"literal as graph":    {S: good.S, P: good.P, O: good.O, G: rdf.String("g")},
		"nothing but a graph": {G: good.G},
		"triple as subject":   {S: tripleOf(good.O), P: good.P, O: good.O},
		"triple as predicate": {S: good.S, P: tripleOf(good.O), O: good.O},
		"triple as graph":     {S: good.S, P: good.P, O: good.O, G: tripleOf(good.O)},
		"no triple of RDF":    {S: good.S, P: good.P, O: rdf.TripleTerm(rdf.Triple{S: rdf.String("s"), P: good.P, O: good.O})},
	}
	for name, quad := range bad {
		for _, b := range []*graph.Batch{{Adds: []rdf.Quad{good, quad}}, {Deletes: []rdf.Quad{quad}, Adds: []rdf.Quad{good}}} {
			if _, err := s.Commit(ctx, b); !errors.Is(err, graph.ErrBadQuad) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	wantQuads(t, "after refused batches", at(t, s, graph.At{}))
	blank := rdf.Quad{S: rdf.BNode("s"), P: ex("p"), O: rdf.BNode("o"), G: rdf.BNode("g")}
	add(t, s, "", blank)
	wantQuads(t, "blank nodes", at(t, s, graph.At{}), blank)
}

// Goal: a canceled context stops methods that take one. Method: each.
func testCanceled(t *testing.T, s graph.Store) {
	add(t, s, "", q("a", "p", "o", ""))
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := s.Commit(canceled, &graph.Batch{Adds: []rdf.Quad{q("b", "p", "o", "")}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Fork(canceled, "b", graph.At{}); !errors.Is(err, context.Canceled) {
		t.Errorf("fork: %v", err)
	}
	if _, err := s.Merge(canceled, graph.Main, graph.Main, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("merge: %v", err)
	}
	f, err := s.Feed("", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Next(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("feed: %v", err)
	}
	snap := snapshot(t, s, graph.At{})
	defer snap.Close()
	if err := s.Diff(canceled, snap, snap, func(graph.Change) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("diff: %v", err)
	}
	wantQuads(t, "after canceled calls", at(t, s, graph.At{}), q("a", "p", "o", ""))
}
