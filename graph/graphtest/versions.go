package graphtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"nettwin/graph"
)

// Goal: At finds versions by commit and by instant, and refuses those that are
// not there. Method: five commits on main, two on a fork of the third.
func testVersions(t *testing.T, open func(t *testing.T) graph.Store) {
	s := opened(t, open)
	wantQuads(t, "empty store", at(t, s, graph.At{}))
	var commits []graph.Commit
	for i := range 5 {
		commits = append(commits, add(t, s, "", q(fmt.Sprintf("s%d", i), "p", "o", "")))
	}
	if _, err := s.Fork(ctx, "fork", graph.At{Seq: 3}); err != nil {
		t.Fatal(err)
	}
	onFork := []graph.Commit{
		add(t, s, "fork", q("f1", "p", "o", "")), remove(t, s, "fork", q("s0", "p", "o", "")),
	}
	size := func(want int, a graph.At) {
		t.Helper()
		if got := len(at(t, s, a)); got != want {
			t.Errorf("%+v has %d quads, want %d", a, got, want)
		}
	}
	for i, c := range commits {
		size(i+1, graph.At{Seq: c.Seq})
		size(i+1, graph.At{Branch: graph.Main, Time: c.Time})
		size(i, graph.At{Time: c.Time.Add(-1)})
	}
	size(5, graph.At{})
	size(3, graph.At{Branch: "fork", Seq: 3})
	size(2, graph.At{Branch: "fork", Seq: 2})
	size(4, graph.At{Branch: "fork", Seq: onFork[0].Seq})
	size(3, graph.At{Branch: "fork"})
	size(3, graph.At{Branch: "fork", Time: commits[4].Time})
	size(2, graph.At{Branch: "fork", Time: commits[1].Time})
	size(4, graph.At{Branch: "fork", Time: onFork[0].Time})
	size(5, graph.At{Time: onFork[0].Time})
	checkNoVersion(t, s, onFork)
	checkStableInstant(t, s, onFork[1].Time)
}

func checkNoVersion(t *testing.T, s graph.Store, onFork []graph.Commit) {
	t.Helper()
	created := s.Info().Created
	for _, a := range []graph.At{
		{Seq: 99}, {Seq: onFork[0].Seq}, {Branch: "fork", Seq: 4}, {Branch: "fork", Seq: 5},
		{Time: created.Add(-time.Hour)}, {Time: onFork[1].Time.AddDate(100, 0, 0)},
	} {
		if _, err := s.Snapshot(a); !errors.Is(err, graph.ErrNoVersion) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if _, err := s.Snapshot(graph.At{Branch: "none"}); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("absent branch: %v", err)
	}
	if _, err := s.Snapshot(graph.At{Seq: 1, Time: onFork[0].Time}); err == nil {
		t.Error("both commit and instant are accepted")
	}
}

// checkStableInstant: once an instant was answered, no later commit is dated
// at or before it.
func checkStableInstant(t *testing.T, s graph.Store, instant time.Time) {
	t.Helper()
	if _, err := s.Snapshot(graph.At{Time: instant}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		c := add(t, s, "", q(fmt.Sprintf("later%d", i), "p", "o", ""))
		if !c.Time.After(instant) {
			t.Errorf("commit at %v, not after %v", c.Time, instant)
		}
		instant = c.Time
	}
}
