package graphtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// testLoad tests the loads of an engine that has them.
func testLoad(t *testing.T, open func(t *testing.T) graph.Store) {
	if _, ok := opened(t, open).(graph.Loader); !ok {
		t.Skip("the engine has no loads")
	}
	for name, run := range map[string]func(*testing.T, graph.Loader){
		"effect": testLoadEffect, "clear": testLoadClear, "undone": testLoadUndone, "writers": testLoadWriters, "terms": testLoadTerms,
	} {
		t.Run(name, func(t *testing.T) { run(t, opened(t, open).(graph.Loader)) })
	}
}

// load makes a commit of quads, given in pieces by several goroutines.
func load(t testing.TB, s graph.Loader, o graph.LoadOptions, quads ...rdf.Quad) graph.Commit {
	t.Helper()
	l, err := s.Load(ctx, o)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	var adding sync.WaitGroup
	for piece := range slices.Chunk(quads, 37) {
		adding.Go(func() {
			if err := l.Add(ctx, piece); err != nil {
				t.Errorf("add: %v", err)
			}
		})
	}
	adding.Wait()
	c, err := l.Commit(ctx)
	if err != nil {
		t.Fatalf("commit of a load: %v", err)
	}
	if err := l.Abort(); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	return c
}

// Goal: a load is one commit whose effective changes, feed, past and branches
// are those of a commit of the same quads. Method: an empty one, one with
// repetitions, one with what is there, one on a branch, compared with what
// Commit says of the same.
func testLoadEffect(t *testing.T, s graph.Loader) {
	if c := load(t, s, graph.LoadOptions{}); c.Seq != 0 || c.Effective {
		t.Errorf("a load of nothing made %+v", c)
	}
	first := mixed(300, 1)
	c := load(t, s, graph.LoadOptions{Note: "first"}, append(first, first[:100]...)...)
	want := uint64(len(contents(t, snapshot(t, s, graph.At{}))))
	if c.Seq != 1 || c.Adds != want || c.Deletes != 0 || !c.Effective || c.Note != "first" || want < 100 {
		t.Errorf("a load of %d quads made %+v", want, c)
	}
	if c := load(t, s, graph.LoadOptions{}, first...); c.Seq != 1 || c.Effective || c.Adds != 0 {
		t.Errorf("a second load of the same made %+v", c)
	}
	if _, err := s.Fork(ctx, "b", graph.At{}); err != nil {
		t.Fatal(err)
	}
	add(t, s, "", q("new", "p", "o", ""))
	remove(t, s, "", first[0])
	more := append(mixed(300, 2), first...)
	c = load(t, s, graph.LoadOptions{Branch: "b"}, more...)
	other := commit(t, s, &graph.Batch{Adds: more})
	if c.Parent != 1 || c.Branch != "b" || c.Adds+1 != other.Adds {
		t.Errorf("the load on a branch made %+v, a commit of the same on Main %+v", c, other)
	}
	if n := len(contents(t, snapshot(t, s, graph.At{Branch: "b"}))); uint64(n) != want+c.Adds {
		t.Errorf("the branch has %d quads, expected %d", n, want+c.Adds)
	}
	if got := contents(t, snapshot(t, s, graph.At{Seq: 1})); uint64(len(got)) != want {
		t.Errorf("as of the first load there are %d quads, expected %d", len(got), want)
	}
	f, err := s.Feed("b", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, want := range []uint64{want, c.Adds} {
		got, err := f.Next(ctx)
		if err != nil || uint64(len(got.Changes)) != want || got.Commit.Adds != want {
			t.Fatalf("the feed has %+v with %d changes (%v), expected %d", got.Commit, len(got.Changes), err, want)
		}
		if !slices.IsSortedFunc(got.Changes, func(a, b graph.Change) int { return slices.Compare(a.Quad[:], b.Quad[:]) }) {
			t.Error("the changes of a load are not sorted")
		}
	}
	merged, err := s.Merge(ctx, "b", "", "merge of a load")
	if err != nil || merged.Effective {
		t.Errorf("merge of what Main has already: %+v, %v", merged, err)
	}
}

// Goal: a load empties graphs first, and changes only what differs. Method:
// replace one graph, then all; compare counts and contents.
func testLoadClear(t *testing.T, s graph.Loader) {
	add(t, s, "", q("a", "p", "o", ""), q("b", "p", "o", ""), q("a", "p", "o", "g"), q("b", "p", "o", "g"), q("a", "p", "o", "h"))
	c := load(t, s, graph.LoadOptions{ClearGraphs: []graph.Term{ex("g"), ex("unknown")}}, q("b", "p", "o", "g"), q("c", "p", "o", "g"))
	if c.Adds != 1 || c.Deletes != 1 {
		t.Errorf("replacing a graph made %+v", c)
	}
	if n := len(contents(t, snapshot(t, s, graph.At{}))); n != 5 {
		t.Errorf("%d quads are there after it", n)
	}
	c = load(t, s, graph.LoadOptions{ClearGraphs: []graph.Term{{}}})
	if c.Adds != 0 || c.Deletes != 2 {
		t.Errorf("emptying the default graph made %+v", c)
	}
	c = load(t, s, graph.LoadOptions{ClearAll: true}, q("c", "p", "o", "g"), q("d", "p", "o", ""))
	if c.Adds != 1 || c.Deletes != 2 {
		t.Errorf("replacing all made %+v", c)
	}
	if got := contents(t, snapshot(t, s, graph.At{})); len(got) != 2 {
		t.Errorf("replacing all left %v", got)
	}
	if got := contents(t, snapshot(t, s, graph.At{Seq: 2})); len(got) != 5 {
		t.Errorf("as of the first replacement there are %d quads", len(got))
	}
}

// Goal: nothing of a load is there before its commit, after its abort or after
// an error, and a conflict is told. Method: loads that end each way.
func testLoadUndone(t *testing.T, s graph.Loader) {
	add(t, s, "", q("a", "p", "o", ""))
	empty := func(when string) {
		t.Helper()
		if n := len(contents(t, snapshot(t, s, graph.At{}))); n != 1 || s.Info().Head != 1 {
			t.Errorf("%s there are %d quads and %d commits", when, n, s.Info().Head)
		}
	}
	begin := func(o graph.LoadOptions) graph.Load {
		t.Helper()
		l, err := s.Load(ctx, o)
		if err == nil {
			err = l.Add(ctx, mixed(200, 5))
		}
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := begin(graph.LoadOptions{})
	empty("before the commit of a load")
	if err := errors.Join(l.Abort(), l.Abort()); err != nil {
		t.Error(err)
	}
	if _, err := l.Commit(ctx); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("commit after abort: %v", err)
	}
	if err := l.Add(ctx, mixed(1, 1)); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("add after abort: %v", err)
	}
	l, err := s.Load(ctx, graph.LoadOptions{})
	if err == nil {
		err = l.Abort()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Add(ctx, mixed(1, 1)); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("first add after abort: %v", err)
	}
	empty("after an abort")
	l = begin(graph.LoadOptions{})
	bad := q("a", "p", "o", "")
	bad.P = rdf.BNode("p")
	if err := l.Add(ctx, []rdf.Quad{q("fine", "p", "o", ""), bad}); !errors.Is(err, graph.ErrBadQuad) {
		t.Errorf("add of what is no quad: %v", err)
	}
	if _, err := l.Commit(ctx); !errors.Is(err, graph.ErrBadQuad) {
		t.Errorf("commit after that: %v", err)
	}
	if err := l.Abort(); err != nil {
		t.Error(err)
	}
	empty("after a bad quad")
	seq := graph.CommitSeq(7)
	l = begin(graph.LoadOptions{Expected: &seq})
	if _, err := l.Commit(ctx); !errors.Is(err, graph.ErrConflict) {
		t.Errorf("commit of a load on another version: %v", err)
	}
	if err := l.Abort(); err != nil {
		t.Error(err)
	}
	empty("after a conflict")
	if _, err := s.Load(ctx, graph.LoadOptions{Branch: "none"}); !errors.Is(err, graph.ErrNoBranch) {
		t.Errorf("load to no branch: %v", err)
	}
}

// Goal: writers go on while a load is under way, and what they did counts when
// the load is committed. Method: quads that the load adds too are added and
// deleted by commits between; with terms that both bring.
func testLoadWriters(t *testing.T, s graph.Loader) {
	add(t, s, "", q("old", "p", "o", ""), q("gone", "p", "o", ""))
	l, err := s.Load(ctx, graph.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Add(ctx, []rdf.Quad{q("old", "p", "o", ""), q("gone", "p", "o", ""), q("both", "p2", "o2", "g2"), q("mine", "p3", "o", "g2")}); err != nil {
		t.Fatal(err)
	}
	c := commit(t, s, &graph.Batch{Adds: []rdf.Quad{q("both", "p2", "o2", "g2"), q("z", "p3", "theirs", "")}, Deletes: []rdf.Quad{q("gone", "p", "o", "")}})
	if c.Adds != 2 || c.Deletes != 1 {
		t.Errorf("the commit between made %+v", c)
	}
	c, err = l.Commit(ctx)
	if err != nil || c.Adds != 2 || c.Deletes != 0 || c.Parent != 2 {
		t.Errorf("the load made %+v, %v", c, err)
	}
	got := contents(t, snapshot(t, s, graph.At{}))
	add(t, s, "", q("after", "p3", "o2", "g2"))
	if n := len(contents(t, snapshot(t, s, graph.At{}))); len(got) != 5 || n != 6 {
		t.Errorf("there are %v, then %d", got, n)
	}
	snap := snapshot(t, s, graph.At{})
	for _, term := range []rdf.Term{ex("both"), ex("mine"), ex("theirs"), ex("p3"), ex("g2")} {
		id, err := graph.ID(snap, term)
		if err != nil || id == graph.None {
			t.Errorf("%v has no id: %v", term, err)
		}
	}
}

// Goal: all kinds of terms come back from a load as they were, whether the
// store has seen them or not. Method: the nasty terms, loaded twice.
func testLoadTerms(t *testing.T, s graph.Loader) {
	var quads []rdf.Quad
	for i, term := range nasty {
		quads = append(quads, rdf.Quad{S: ex("s"), P: ex("p"), O: term, G: ex(fmt.Sprint("g", i%3))})
	}
	load(t, s, graph.LoadOptions{}, quads[:len(quads)/2]...)
	load(t, s, graph.LoadOptions{}, quads...)
	var want []string
	for _, quad := range quads {
		want = append(want, show(quad))
	}
	slices.Sort(want)
	if got := contents(t, snapshot(t, s, graph.At{})); !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("terms come back as\n%q\nexpected\n%q", got, want)
	}
}
