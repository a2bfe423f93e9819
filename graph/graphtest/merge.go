package graphtest

import (
	"errors"
	"fmt"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

func testMerge(t *testing.T, open func(t *testing.T) graph.Store) {
	t.Run("clean", func(t *testing.T) { testCleanMerge(t, opened(t, open)) })
	t.Run("conflict", func(t *testing.T) { testMergeConflict(t, open) })
	t.Run("siblings", func(t *testing.T) { testMergeSiblings(t, opened(t, open)) })
}

// Goal: Merge brings the changes of a branch as one commit and leaves both
// branches. Method: adds and deletes on both sides, some the same; merge twice.
func testCleanMerge(t *testing.T, s graph.Store) {
	a, b, c := q("a", "p", "o", ""), q("b", "p", "o", ""), q("c", "p", "o", "")
	d, e, f := q("d", "p", "o", ""), q("e", "p", "o", "g"), q("f", "p", "o", "")
	add(t, s, "", a, b, c)
	if _, err := s.Fork(ctx, "x", graph.At{}); err != nil {
		t.Fatal(err)
	}
	commit(t, s, &graph.Batch{Branch: "x", Deletes: []rdf.Quad{a, c}, Adds: []rdf.Quad{d, e, f}})
	remove(t, s, "x", f)
	commit(t, s, &graph.Batch{Deletes: []rdf.Quad{c}, Adds: []rdf.Quad{e}})
	got, err := s.Merge(ctx, "x", "", "what if")
	want := graph.Commit{Seq: 5, Parent: 4, Branch: "main", Time: got.Time, Adds: 1, Deletes: 1, Note: "what if", Effective: true}
	if err != nil || got != want {
		t.Fatalf("merge %+v, %v; want %+v", got, err, want)
	}
	wantQuads(t, "main after merge", at(t, s, graph.At{}), b, d, e)
	wantQuads(t, "x after merge", at(t, s, graph.At{Branch: "x"}), b, d, e)
	again, err := s.Merge(ctx, "x", graph.Main, "again")
	if err != nil || again.Effective || again.Seq != 5 {
		t.Errorf("second merge %+v, %v", again, err)
	}
	if self, err := s.Merge(ctx, "x", "x", ""); err != nil || self.Effective {
		t.Errorf("merge into itself %+v, %v", self, err)
	}
	if _, err := s.Merge(ctx, "none", "", ""); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("merge of an absent branch: %v", err)
	}
	if _, err := s.Merge(ctx, "x", "none", ""); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("merge into an absent branch: %v", err)
	}
}

// Goal: a quad changed in opposite directions is a conflict, reported and
// nothing written. Method: one side adds what the other adds and deletes
// again, and the mirror of it; then more conflicts than are listed.
func testMergeConflict(t *testing.T, open func(t *testing.T) graph.Store) {
	s := opened(t, open)
	old, fresh := q("old", "p", "o", ""), q("new", "p", "o", "")
	add(t, s, "", old)
	if _, err := s.Fork(ctx, "x", graph.At{}); err != nil {
		t.Fatal(err)
	}
	commit(t, s, &graph.Batch{Branch: "x", Deletes: []rdf.Quad{old}, Adds: []rdf.Quad{fresh}})
	commit(t, s, &graph.Batch{Deletes: []rdf.Quad{old}, Adds: []rdf.Quad{fresh}})
	commit(t, s, &graph.Batch{Deletes: []rdf.Quad{fresh}, Adds: []rdf.Quad{old}})
	before := s.Info().Head
	_, err := s.Merge(ctx, "x", "", "")
	var conflict *graph.MergeConflictError
	if !errors.As(err, &conflict) || conflict.Total != 2 || len(conflict.Quads) != 2 {
		t.Fatalf("merge: %v, want a conflict of 2 quads", err)
	}
	if compareIn(graph.SPOG, conflict.Quads[0], conflict.Quads[1]) >= 0 {
		t.Error("conflicting quads are not sorted")
	}
	if s.Info().Head != before {
		t.Error("a conflict made a commit")
	}
	wantQuads(t, "main after the conflict", at(t, s, graph.At{}), old)

	many := opened(t, open)
	var quads []rdf.Quad
	for i := range graph.MaxReportedConflicts + 5 {
		quads = append(quads, q(fmt.Sprintf("s%d", i), "p", "o", ""))
	}
	if _, err := many.Fork(ctx, "x", graph.At{}); err != nil {
		t.Fatal(err)
	}
	add(t, many, "x", quads...)
	add(t, many, "", quads...)
	remove(t, many, "", quads...)
	_, err = many.Merge(ctx, "x", "", "")
	if !errors.As(err, &conflict) || conflict.Total != len(quads) || len(conflict.Quads) != graph.MaxReportedConflicts {
		t.Errorf("merge: %v, want a conflict of %d quads, %d listed", err, len(quads), graph.MaxReportedConflicts)
	}
}

// Goal: branches that forked from the same branch at different commits merge
// by their common ancestor. Method: two siblings, a fork of a fork.
func testMergeSiblings(t *testing.T, s graph.Store) {
	a, b, c, d := q("a", "p", "o", ""), q("b", "p", "o", ""), q("c", "p", "o", ""), q("d", "p", "o", "")
	add(t, s, "", a)
	add(t, s, "", b)
	for name, from := range map[string]graph.At{"one": {Seq: 1}, "two": {Seq: 2}} {
		if _, err := s.Fork(ctx, name, from); err != nil {
			t.Fatal(err)
		}
	}
	add(t, s, "one", c)
	if _, err := s.Fork(ctx, "three", graph.At{Branch: "one"}); err != nil {
		t.Fatal(err)
	}
	remove(t, s, "three", a)
	add(t, s, "two", d)
	if _, err := s.Merge(ctx, "three", "two", ""); err != nil {
		t.Fatal(err)
	}
	wantQuads(t, "two", at(t, s, graph.At{Branch: "two"}), b, c, d)
	if _, err := s.Merge(ctx, "two", "one", ""); err != nil {
		t.Fatal(err)
	}
	wantQuads(t, "one", at(t, s, graph.At{Branch: "one"}), b, c, d)
}
