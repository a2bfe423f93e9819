package graphtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

func testBranches(t *testing.T, open func(t *testing.T) graph.Store) {
	t.Run("independent", func(t *testing.T) { testIndependent(t, opened(t, open)) })
	t.Run("names", func(t *testing.T) { testNames(t, opened(t, open)) })
	t.Run("dropped", func(t *testing.T) { testDropped(t, opened(t, open)) })
	t.Run("many", func(t *testing.T) { testManyBranches(t, opened(t, open)) })
	t.Run("diff", func(t *testing.T) { testDiff(t, open) })
}

// Goal: branches are written independently and listed, Main first. Method:
// forks of the empty store, of main, of a fork and of a past commit.
func testIndependent(t *testing.T, s graph.Store) {
	fork := func(name string, a graph.At, want graph.Branch) {
		t.Helper()
		if got, err := s.Fork(ctx, name, a); err != nil || got != want {
			t.Fatalf("fork %s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	fork("zero", graph.At{}, graph.Branch{Name: "zero", Parent: "main"})
	add(t, s, "", q("a", "p", "o", ""))
	add(t, s, "", q("b", "p", "o", ""))
	fork("x", graph.At{}, graph.Branch{Name: "x", Base: 2, Head: 2, Parent: "main"})
	fork("past", graph.At{Seq: 1}, graph.Branch{Name: "past", Base: 1, Head: 1, Parent: "main"})
	add(t, s, "x", q("c", "p", "o", ""))
	remove(t, s, "past", q("a", "p", "o", ""))
	fork("y", graph.At{Branch: "x"}, graph.Branch{Name: "y", Base: 3, Head: 3, Parent: "x"})
	fork("Y", graph.At{Branch: "x", Seq: 1}, graph.Branch{Name: "Y", Base: 1, Head: 1, Parent: "x"})
	add(t, s, "y", q("d", "p", "o", ""))
	add(t, s, "zero", q("z", "p", "o", ""))
	wantQuads(t, "main", at(t, s, graph.At{}), q("a", "p", "o", ""), q("b", "p", "o", ""))
	wantQuads(t, "x", at(t, s, graph.At{Branch: "x"}), q("a", "p", "o", ""), q("b", "p", "o", ""), q("c", "p", "o", ""))
	wantQuads(t, "y", at(t, s, graph.At{Branch: "y"}), q("a", "p", "o", ""), q("b", "p", "o", ""), q("c", "p", "o", ""), q("d", "p", "o", ""))
	wantQuads(t, "Y", at(t, s, graph.At{Branch: "Y"}), q("a", "p", "o", ""))
	wantQuads(t, "past", at(t, s, graph.At{Branch: "past"}))
	wantQuads(t, "zero", at(t, s, graph.At{Branch: "zero"}), q("z", "p", "o", ""))
	list, err := s.Branches()
	if err != nil {
		t.Fatal(err)
	}
	want := []graph.Branch{
		{Name: "main", Head: 2},
		{Name: "Y", Base: 1, Head: 1, Parent: "x"},
		{Name: "past", Base: 1, Head: 4, Parent: "main"},
		{Name: "x", Base: 2, Head: 3, Parent: "main"},
		{Name: "y", Base: 3, Head: 5, Parent: "x"},
		{Name: "zero", Head: 6, Parent: "main"},
	}
	if !slices.Equal(list, want) {
		t.Errorf("branches\n got %+v\nwant %+v", list, want)
	}
}

// Goal: names are checked. Method: names on both sides of each rule.
func testNames(t *testing.T, s graph.Store) {
	for _, name := range []string{"a", "A-z_0.9", "0", "_", strings.Repeat("n", 100)} {
		if _, err := s.Fork(ctx, name, graph.At{}); err != nil {
			t.Errorf("fork %q: %v", name, err)
		}
	}
	for _, name := range []string{"", ".", ".a", "-a", "a b", "a/b", "é", "a\n", strings.Repeat("n", 101)} {
		if _, err := s.Fork(ctx, name, graph.At{}); !errors.Is(err, graph.ErrBadBranchName) {
			t.Errorf("fork %q: %v", name, err)
		}
	}
	for _, name := range []string{"a", graph.Main} {
		if _, err := s.Fork(ctx, name, graph.At{}); !errors.Is(err, graph.ErrBranchExists) {
			t.Errorf("fork onto %q: %v", name, err)
		}
	}
	if _, err := s.Fork(ctx, "new", graph.At{Branch: "none"}); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("fork of an absent branch: %v", err)
	}
	if _, err := s.Fork(ctx, "new", graph.At{Seq: 7}); !errors.Is(err, graph.ErrNoVersion) {
		t.Errorf("fork of an absent version: %v", err)
	}
}

// Goal: Drop removes a branch, leaves forks of it and open snapshots whole,
// and frees its name. Method: drop the middle of a chain, then make it again.
func testDropped(t *testing.T, s graph.Store) {
	add(t, s, "", q("a", "p", "o", ""))
	for _, step := range [][2]string{{"b", "main"}, {"c", "b"}} {
		if _, err := s.Fork(ctx, step[0], graph.At{Branch: step[1]}); err != nil {
			t.Fatal(err)
		}
		add(t, s, step[0], q(step[0], "p", "o", ""))
	}
	after := add(t, s, "b", q("late", "p", "o", ""))
	snap := snapshot(t, s, graph.At{Branch: "b"})
	defer snap.Close()
	if err := s.Drop(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	wantQuads(t, "open snapshot", contents(t, snap), q("a", "p", "o", ""), q("b", "p", "o", ""), q("late", "p", "o", ""))
	wantQuads(t, "c", at(t, s, graph.At{Branch: "c"}), q("a", "p", "o", ""), q("b", "p", "o", ""), q("c", "p", "o", ""))
	wantQuads(t, "c at its base", at(t, s, graph.At{Branch: "c", Seq: 2}), q("a", "p", "o", ""), q("b", "p", "o", ""))
	if _, err := s.Snapshot(graph.At{Branch: "b"}); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("snapshot of a dropped branch: %v", err)
	}
	if _, err := s.Commit(ctx, &graph.Batch{Branch: "b", Adds: []rdf.Quad{q("x", "p", "o", "")}}); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("commit on a dropped branch: %v", err)
	}
	if err := s.Drop(ctx, "b"); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("second drop: %v", err)
	}
	for _, main := range []string{graph.Main, ""} {
		if err := s.Drop(ctx, main); !errors.Is(err, graph.ErrMainBranch) {
			t.Errorf("drop of %q: %v", main, err)
		}
	}
	if _, err := s.Fork(ctx, "b", graph.At{}); err != nil {
		t.Fatalf("fork onto a freed name: %v", err)
	}
	wantQuads(t, "new b", at(t, s, graph.At{Branch: "b"}), q("a", "p", "o", ""))
	if _, err := s.Snapshot(graph.At{Branch: "b", Seq: after.Seq}); !errors.Is(err, graph.ErrNoVersion) {
		t.Errorf("commit of the old branch on the new: %v", err)
	}
}

// Goal: hundreds of branches cost little and stay apart. Method: 200 forks of
// a store of 2,000 quads, one commit each, half dropped.
func testManyBranches(t *testing.T, s graph.Store) {
	add(t, s, "", mixed(2000, 5)...)
	const n = 200
	for i := range n {
		name := fmt.Sprintf("b%d", i)
		if _, err := s.Fork(ctx, name, graph.At{}); err != nil {
			t.Fatal(err)
		}
		add(t, s, name, q(name, "only", "here", ""))
	}
	for i := range n / 2 {
		if err := s.Drop(ctx, fmt.Sprintf("b%d", i*2)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n / 2 {
		snap := snapshot(t, s, graph.At{Branch: fmt.Sprintf("b%d", i*2+1)})
		if count, err := snap.Count(graph.Pattern{}); err != nil || count != 2001 {
			t.Errorf("branch %d has %d quads, %v", i*2+1, count, err)
		}
		snap.Close()
	}
}

// Goal: Diff yields exactly what turns one version into another, deletes
// first, and stops when told. Method: two commits apart, both directions.
func testDiff(t *testing.T, open func(t *testing.T) graph.Store) {
	s := opened(t, open)
	quads := mixed(1500, 9)
	add(t, s, "", quads[:1000]...)
	commit(t, s, &graph.Batch{Deletes: quads[:200], Adds: quads[1000:]})
	commit(t, s, &graph.Batch{Adds: quads[:100]})
	from, to := snapshot(t, s, graph.At{Seq: 1}), snapshot(t, s, graph.At{})
	defer from.Close()
	defer to.Close()
	forward := diff(t, s, from, to)
	deletes, adds := splitChanges(t, to, forward)
	if !sameQuads(deletes, quads[100:200]) || !sameQuads(adds, quads[1000:]) {
		t.Errorf("diff has %d deletes and %d adds, want 100 and 500", len(deletes), len(adds))
	}
	deletes, adds = splitChanges(t, to, diff(t, s, to, from))
	if !sameQuads(adds, quads[100:200]) || !sameQuads(deletes, quads[1000:]) {
		t.Errorf("diff backward has %d deletes and %d adds, want 500 and 100", len(deletes), len(adds))
	}
	if same := diff(t, s, to, to); len(same) > 0 {
		t.Errorf("diff of a version with itself: %v", same)
	}
	for _, stop := range []int{1, 100, 101, 600} {
		n := 0
		err := s.Diff(ctx, from, to, func(graph.Change) bool { n++; return n < stop })
		if err != nil || n != stop {
			t.Errorf("diff stopped at %d: %d changes, %v", stop, n, err)
		}
	}
	other := opened(t, open)
	foreign := snapshot(t, other, graph.At{})
	defer foreign.Close()
	if err := s.Diff(ctx, from, foreign, func(graph.Change) bool { return true }); err == nil {
		t.Error("diff with a snapshot of another store succeeds")
	}
}

func diff(t *testing.T, s graph.Store, from, to graph.Snapshot) (out []graph.Change) {
	t.Helper()
	err := s.Diff(ctx, from, to, func(c graph.Change) bool {
		out = append(out, c)
		return true
	})
	if err != nil {
		t.Fatalf("diff: %v", err)
	}
	return out
}
