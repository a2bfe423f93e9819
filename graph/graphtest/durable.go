package graphtest

import (
	"fmt"
	"slices"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// RunDurable tests an engine that keeps what it was given. open opens the
// store in dir, making it if there is none; dir is a name of the engine's own
// for a place that is empty before the first time.
func RunDurable(t *testing.T, open func(t *testing.T, dir string) graph.Store) {
	t.Run("reopen", func(t *testing.T) { testReopen(t, open) })
	t.Run("history", func(t *testing.T) { testDurableHistory(t, open) })
	t.Run("model", func(t *testing.T) { testDurableModel(t, open) })
}

// Goal: versions, branches, terms, times and the feed are the same after the
// store was closed and opened. Method: nasty terms, forks, a drop and a merge;
// compare everything before and after, then go on writing.
func testReopen(t *testing.T, open func(t *testing.T, dir string) graph.Store) {
	s := open(t, "reopen")
	var quads []rdf.Quad
	for _, term := range nasty {
		quads = append(quads, rdf.Quad{S: ex("s"), P: ex("p"), O: term})
	}
	commit(t, s, &graph.Batch{Adds: quads, Note: "all kinds of terms"})
	add(t, s, "", mixed(500, 3)...)
	for name, from := range map[string]graph.At{"b": {Seq: 1}, "gone": {}, "empty": {Seq: 2}} {
		if _, err := s.Fork(ctx, name, from); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, s, &graph.Batch{Branch: "b", ClearAll: true, Adds: []rdf.Quad{q("b", "p", "o", "g")}})
	add(t, s, "gone", q("gone", "p", "o", ""))
	if _, err := s.Fork(ctx, "child", graph.At{Branch: "gone"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Drop(ctx, "gone"); err != nil {
		t.Fatal(err)
	}
	commit(t, s, &graph.Batch{Deletes: quads[:5]})
	if _, err := s.Merge(ctx, "child", "", "merged"); err != nil {
		t.Fatal(err)
	}
	before := describe(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, "reopen")
	after := describe(t, s)
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			t.Fatalf("before and after closing:\n%s\n%s", before[i], after[i])
		}
	}
	if len(before) != len(after) {
		t.Fatalf("%d lines before closing, %d after", len(before), len(after))
	}
	c := add(t, s, "", q("next", "p", "o", ""))
	if c.Seq != 7 || c.Adds != 1 {
		t.Errorf("first commit after opening: %+v", c)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// describe tells all that a reader can see, a line each.
func describe(t *testing.T, s graph.Store) []string {
	t.Helper()
	info := s.Info()
	info.SizeBytes = 0 // compaction goes on behind
	out := []string{fmt.Sprintf("%+v", info)}
	branches, err := s.Branches()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range branches {
		out = append(out, fmt.Sprintf("%+v", b))
		for seq := graph.CommitSeq(1); seq <= 10; seq++ {
			snap, err := s.Snapshot(graph.At{Branch: b.Name, Seq: seq})
			if err != nil {
				out = append(out, err.Error())
				continue
			}
			out = append(out, fmt.Sprintf("%+v %q", snap.Commit(), contents(t, snap)))
			snap.Close()
		}
		out = append(out, describeFeed(t, s, b)...)
	}
	return out
}

func describeFeed(t *testing.T, s graph.Store, b graph.Branch) (out []string) {
	t.Helper()
	if b.Head == 0 {
		return nil
	}
	f, err := s.Feed(b.Name, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		c, err := f.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%+v", c))
		if c.Commit.Seq == b.Head {
			return out
		}
	}
}

// Goal: long histories can be read at every version, also those whose indexes
// an engine let go. Method: 150 commits of 300 changes, forks of old versions,
// read in a scattered order before and after opening again.
func testDurableHistory(t *testing.T, open func(t *testing.T, dir string) graph.Store) {
	const commits, size = 150, 300
	s := open(t, "history")
	quads := mixed(size*3, 17)
	sizes := []uint64{0}
	for i := range commits {
		from, to := i*37%len(quads), (i*37+size)%len(quads)
		part := slices.Clone(quads[from:min(from+size, len(quads))])
		b := &graph.Batch{Adds: part, Deletes: quads[to:min(to+size/2, len(quads))]}
		b.Adds = append(b.Adds, q(fmt.Sprintf("mark%d", i), "p", "o", ""))
		commit(t, s, b)
		sizes = append(sizes, s.Info().Quads)
	}
	for range 2 {
		for i := range commits {
			seq := (i*53)%commits + 1
			snap := snapshot(t, s, graph.At{Seq: graph.CommitSeq(seq)})
			if n, err := snap.Count(graph.Pattern{}); n != sizes[seq] || err != nil {
				t.Fatalf("commit %d has %d quads, %v; want %d", seq, n, err, sizes[seq])
			}
			p := graph.Pattern{}
			p[graph.S], _ = graph.ID(snap, ex(fmt.Sprintf("mark%d", seq-1)))
			if n, err := snap.Count(p); n != 1 || err != nil {
				t.Fatalf("commit %d lacks its mark: %d, %v", seq, n, err)
			}
			snap.Close()
		}
		wantFeedSizes(t, s, sizes)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, "history")
	}
	if _, err := s.Fork(ctx, "old", graph.At{Seq: 10}); err != nil {
		t.Fatal(err)
	}
	add(t, s, "old", q("on old", "p", "o", ""))
	s.Close()
	s = open(t, "history")
	defer s.Close()
	old := snapshot(t, s, graph.At{Branch: "old"})
	defer old.Close()
	if n, err := old.Count(graph.Pattern{}); n != sizes[10]+1 || err != nil {
		t.Fatalf("fork of commit 10 has %d quads, %v; want %d", n, err, sizes[10]+1)
	}
}

func wantFeedSizes(t *testing.T, s graph.Store, sizes []uint64) {
	t.Helper()
	f, err := s.Feed("", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	have := uint64(0)
	for seq := 1; seq < len(sizes); seq++ {
		c, err := f.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		have += c.Commit.Adds - c.Commit.Deletes
		if uint64(len(c.Changes)) != c.Commit.Adds+c.Commit.Deletes || have != sizes[seq] {
			t.Fatalf("feed, commit %d: %d changes, %d quads; want %d", seq, len(c.Changes), have, sizes[seq])
		}
	}
}

// Goal and method as Model, with closing and opening again as one more action.
func testDurableModel(t *testing.T, open func(t *testing.T, dir string) graph.Store) {
	n := 0
	name := func() string { return fmt.Sprintf("model%d", n) }
	runModel(t, func() graph.Store {
		n++
		return open(t, name())
	}, func(s graph.Store) graph.Store {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		return open(t, name())
	})
}
