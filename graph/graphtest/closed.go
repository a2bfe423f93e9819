package graphtest

import (
	"errors"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Goal: what is closed refuses with ErrClosed, and closes twice. Method: every
// method of a closed snapshot and of a closed store.
func testClosed(t *testing.T, open func(t *testing.T) graph.Store) {
	s := open(t)
	add(t, s, "", q("a", "p", "o", ""))
	kept := snapshot(t, s, graph.At{})
	cursor, err := kept.Scan(graph.Pattern{}, graph.SPOG)
	if err != nil {
		t.Fatal(err)
	}
	snap := snapshot(t, s, graph.At{})
	for range 2 {
		if err := snap.Close(); err != nil {
			t.Errorf("close snapshot: %v", err)
		}
	}
	wantClosed(t, snap)
	if _, err := graph.TermOf(kept, graph.DefaultGraph); err != nil {
		t.Errorf("another snapshot of the same version: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	}
	wantClosed(t, kept)
	if _, err := cursor.Next(ctx); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("next: %v", err)
	}
	if err := cursor.Close(); err != nil {
		t.Errorf("close cursor: %v", err)
	}
	_, errSnapshot := s.Snapshot(graph.At{})
	_, errCommit := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{q("b", "p", "o", "")}})
	_, errFork := s.Fork(ctx, "b", graph.At{})
	_, errBranches := s.Branches()
	_, errMerge := s.Merge(ctx, "main", "main", "")
	_, errFeed := s.Feed("", 0)
	for name, err := range map[string]error{
		"snapshot": errSnapshot, "commit": errCommit, "fork": errFork, "branches": errBranches,
		"merge": errMerge, "feed": errFeed, "drop": s.Drop(ctx, "b"),
		"diff": s.Diff(ctx, kept, kept, func(graph.Change) bool { return true }),
	} {
		if !errors.Is(err, graph.ErrClosed) {
			t.Errorf("%s on a closed store: %v", name, err)
		}
	}
	if err := kept.Close(); err != nil {
		t.Errorf("close snapshot after the store: %v", err)
	}
}

func wantClosed(t *testing.T, snap graph.Snapshot) {
	t.Helper()
	_, errScan := snap.Scan(graph.Pattern{}, graph.SPOG)
	_, errCount := snap.Count(graph.Pattern{})
	_, errID := graph.ID(snap, ex("a"))
	_, errTerm := graph.TermOf(snap, graph.DefaultGraph)
	for name, err := range map[string]error{"scan": errScan, "count": errCount, "ids": errID, "terms": errTerm} {
		if !errors.Is(err, graph.ErrClosed) {
			t.Errorf("%s on a closed snapshot: %v", name, err)
		}
	}
}
