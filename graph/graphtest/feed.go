package graphtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

func testFeed(t *testing.T, open func(t *testing.T) graph.Store) {
	t.Run("history", func(t *testing.T) { testFeedHistory(t, opened(t, open)) })
	t.Run("waiting", func(t *testing.T) { testFeedWaits(t, opened(t, open)) })
	t.Run("ends", func(t *testing.T) { testFeedEnds(t, open) })
}

// Goal: a feed delivers each commit of its branch once, in order, with its
// effective changes, from any commit seen. Method: main and a fork, resumed
// after each commit.
func testFeedHistory(t *testing.T, s graph.Store) {
	a, b, c := q("a", "p", "o", ""), q("b", "p", "o", "g"), q("c", "p", "o", "")
	commits := []graph.Commit{
		add(t, s, "", a, b),
		commit(t, s, &graph.Batch{Deletes: []rdf.Quad{a}, Adds: []rdf.Quad{c, b}, Note: "second"}),
	}
	if _, err := s.Fork(ctx, "fork", graph.At{}); err != nil {
		t.Fatal(err)
	}
	onFork := add(t, s, "fork", a)
	commits = append(commits, remove(t, s, "", c))
	wantFeed(t, s, "", 0, commits, [][2]int{{0, 2}, {1, 1}, {1, 0}})
	wantFeed(t, s, graph.Main, commits[0].Seq, commits[1:], [][2]int{{1, 1}, {1, 0}})
	wantFeed(t, s, "", commits[2].Seq, nil, nil)
	wantFeed(t, s, "fork", 0, []graph.Commit{commits[0], commits[1], onFork}, [][2]int{{0, 2}, {1, 1}, {0, 1}})
	wantFeed(t, s, "fork", commits[1].Seq, []graph.Commit{onFork}, [][2]int{{0, 1}})
	for _, after := range []graph.CommitSeq{99, onFork.Seq} {
		if _, err := s.Feed("", after); !errors.Is(err, graph.ErrNoVersion) {
			t.Errorf("feed of main after commit %d: %v", after, err)
		}
	}
	if _, err := s.Feed("none", 0); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("feed of an absent branch: %v", err)
	}
}

// wantFeed reads a feed; sizes are the deletes and adds of each commit.
func wantFeed(t *testing.T, s graph.Store, branch string, after graph.CommitSeq, commits []graph.Commit, sizes [][2]int) {
	t.Helper()
	f, err := s.Feed(branch, after)
	if err != nil {
		t.Fatalf("feed: %v", err)
	}
	defer f.Close()
	snap := snapshot(t, s, graph.At{})
	defer snap.Close()
	for i, want := range commits {
		got, err := f.Next(ctx)
		if err != nil || got.Commit != want {
			t.Fatalf("feed of %q after %d: %+v, %v; want %+v", branch, after, got.Commit, err, want)
		}
		deletes, adds := splitChanges(t, snap, got.Changes)
		if size := [2]int{len(deletes), len(adds)}; size != sizes[i] {
			t.Errorf("commit %d has %v deletes and adds, want %v", want.Seq, size, sizes[i])
		}
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if got, err := f.Next(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("feed at its end: %+v, %v", got, err)
	}
}

// Goal: Next waits for commits and misses none. Method: a reader that runs
// ahead of a writer of 200 commits on two branches.
func testFeedWaits(t *testing.T, s graph.Store) {
	add(t, s, "", q("start", "p", "o", ""))
	if _, err := s.Fork(ctx, "other", graph.At{}); err != nil {
		t.Fatal(err)
	}
	f, err := s.Feed("", 1)
	if err != nil {
		t.Fatal(err)
	}
	const n = 100
	got := make(chan error, 1)
	go func() {
		defer f.Close()
		for i := range n {
			c, err := f.Next(ctx)
			if err == nil && (len(c.Changes) != i+1 || c.Commit.Branch != graph.Main) {
				err = fmt.Errorf("commit %d on %q has %d changes, want %d", c.Commit.Seq, c.Commit.Branch, len(c.Changes), i+1)
			}
			if err != nil {
				got <- err
				return
			}
		}
		got <- nil
	}()
	for i := range n {
		var quads []rdf.Quad
		for j := range i + 1 {
			quads = append(quads, q(fmt.Sprintf("s%d", i), "p", fmt.Sprintf("o%d", j), ""))
		}
		add(t, s, "", quads...)
		add(t, s, "other", quads[0])
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// Goal: a waiting feed ends when its branch is dropped, when it is closed and
// when the store is. Method: each while Next waits.
func testFeedEnds(t *testing.T, open func(t *testing.T) graph.Store) {
	ends := map[string]struct {
		end  func(s graph.Store, f graph.Feed) error
		want error
	}{
		"drop":  {func(s graph.Store, _ graph.Feed) error { return s.Drop(ctx, "b") }, graph.ErrNoBranch},
		"feed":  {func(_ graph.Store, f graph.Feed) error { return f.Close() }, graph.ErrClosed},
		"store": {func(s graph.Store, _ graph.Feed) error { return s.Close() }, graph.ErrClosed},
	}
	for name, e := range ends {
		s := opened(t, open)
		if _, err := s.Fork(ctx, "b", graph.At{}); err != nil {
			t.Fatal(err)
		}
		f, err := s.Feed("b", 0)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan error, 1)
		go func() {
			_, err := f.Next(ctx)
			got <- err
		}()
		if err := e.end(s, f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := <-got; !errors.Is(err, e.want) {
			t.Errorf("waiting feed, %s: %v, want %v", name, err, e.want)
		}
		for range 2 {
			if err := f.Close(); err != nil {
				t.Errorf("%s: close: %v", name, err)
			}
		}
	}
}
