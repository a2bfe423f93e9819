package graphtest

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// state is a version of the model: the quads that it holds.
type state map[rdf.Quad]bool

// modelCommit is a commit of the model.
type modelCommit struct {
	seq     graph.CommitSeq
	time    time.Time
	state   state
	deletes []rdf.Quad
	adds    []rdf.Quad
}

// modelBranch holds the commits of a branch, its ancestors' first.
type modelBranch struct {
	base    graph.CommitSeq
	parent  string
	commits []*modelCommit
}

func (b *modelBranch) head() *modelCommit {
	if n := len(b.commits); n > 0 {
		return b.commits[n-1]
	}
	return &modelCommit{state: state{}}
}

// model is the naive store: maps and copies.
type model struct {
	store    graph.Store
	seq      graph.CommitSeq
	branches map[string]*modelBranch
	reopen   func(graph.Store) graph.Store // nil: the engine does not reopen
}

// Model compares a store with maps over random batches, forks, merges, drops,
// past versions and feeds.
func Model(t *testing.T, open func(t *testing.T) graph.Store) {
	runModel(t, func() graph.Store { return open(t) }, nil)
}

func runModel(t *testing.T, open func() graph.Store, reopen func(graph.Store) graph.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{store: open(), branches: map[string]*modelBranch{graph.Main: {}}, reopen: reopen}
		defer func() { m.store.Close() }()
		actions := map[string]func(*rapid.T){
			"commit": m.commit, "commit2": m.commit, "commit3": m.commit, "clear": m.clear, "conflict": m.conflict,
			"fork": m.fork, "drop": m.drop, "merge": m.merge, "past": m.past, "feed": m.feed, "diff": m.diff,
			"": m.check,
		}
		if reopen != nil {
			actions["reopen"] = func(*rapid.T) { m.store = m.reopen(m.store) }
		}
		rt.Repeat(actions)
	})
}

func drawTerm(t *rapid.T, label string) rdf.Term {
	return rapid.SampledFrom([]rdf.Term{
		ex("a"), ex("b"), ex("c"), rdf.BNode("x"), rdf.BNode("a"),
		rdf.Literal("1", rdf.XSDInteger), rdf.Literal("01", rdf.XSDInteger), rdf.String("s"),
		rdf.String("a longer string"), rdf.LangString("s", "en"), rdf.LangString("s", "EN"),
		rdf.Literal("s", "https://example.org/en"), rdf.Literal("en", rdf.XSDBoolean),
		rdf.DirLangString("s", "en", rdf.LeftToRight), tripleOf(ex("a")), tripleOf(tripleOf(rdf.BNode("x"))),
	}).Draw(t, label)
}

func drawQuad(t *rapid.T) rdf.Quad {
	quad := rdf.Quad{
		S: rapid.SampledFrom([]rdf.Term{ex("a"), ex("b"), ex("c"), rdf.BNode("x")}).Draw(t, "s"),
		P: rapid.SampledFrom([]rdf.Term{ex("p"), ex("q")}).Draw(t, "p"),
		O: drawTerm(t, "o"),
	}
	quad.G = rapid.SampledFrom([]rdf.Term{{}, ex("g"), rdf.BNode("x")}).Draw(t, "g")
	return quad
}

func (m *model) drawBranch(t *rapid.T, label string) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(m.branches))).Draw(t, label)
}

func (m *model) commit(t *rapid.T) {
	quads := rapid.SliceOfN(rapid.Custom(drawQuad), 0, 8)
	m.apply(t, &graph.Batch{
		Branch: m.drawBranch(t, "branch"), Deletes: quads.Draw(t, "deletes"), Adds: quads.Draw(t, "adds"),
		Note: "model",
	})
}

func (m *model) clear(t *rapid.T) {
	b := &graph.Batch{Branch: m.drawBranch(t, "branch"), ClearAll: rapid.Bool().Draw(t, "all")}
	if !b.ClearAll {
		b.ClearGraphs = rapid.SliceOfN(rapid.SampledFrom([]rdf.Term{{}, ex("g"), rdf.BNode("x"), ex("none")}), 1, 2).Draw(t, "graphs")
	}
	b.Adds = rapid.SliceOfN(rapid.Custom(drawQuad), 0, 3).Draw(t, "adds")
	m.apply(t, b)
}

// apply gives a batch to both and compares the outcome.
func (m *model) apply(t *rapid.T, b *graph.Batch) {
	l := m.branches[b.Branch]
	old := l.head()
	next := maps.Clone(old.state)
	for quad := range old.state {
		if b.ClearAll || slices.Contains(b.ClearGraphs, quad.G) {
			delete(next, quad)
		}
	}
	for _, quad := range b.Deletes {
		delete(next, quad)
	}
	for _, quad := range b.Adds {
		next[quad] = true
	}
	if rapid.Bool().Draw(t, "expect") {
		seq := old.seq
		b.Expected = &seq
	}
	got, err := m.store.Commit(ctx, b)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	m.record(t, b.Branch, next, got, b.Note)
}

// record adds the version that a commit or merge made, if it changed anything.
func (m *model) record(t *rapid.T, branch string, next state, got graph.Commit, note string) {
	l := m.branches[branch]
	old := l.head()
	c := &modelCommit{seq: m.seq + 1, time: got.Time, state: next}
	for quad := range old.state {
		if !next[quad] {
			c.deletes = append(c.deletes, quad)
		}
	}
	for quad := range next {
		if !old.state[quad] {
			c.adds = append(c.adds, quad)
		}
	}
	if len(c.adds)+len(c.deletes) == 0 {
		if got.Effective || got.Seq != old.seq || got.Adds != 0 || got.Deletes != 0 {
			t.Fatalf("a batch without effect returned %+v, newest is %d", got, old.seq)
		}
		return
	}
	want := graph.Commit{
		Seq: c.seq, Parent: old.seq, Branch: branch, Time: got.Time, Note: note, Effective: true,
		Adds: uint64(len(c.adds)), Deletes: uint64(len(c.deletes)),
	}
	if got != want {
		t.Fatalf("commit %+v, want %+v", got, want)
	}
	if !got.Time.After(old.time) || got.Time.Location() != time.UTC {
		t.Fatalf("commit at %v after %v: want later, in UTC", got.Time, old.time)
	}
	m.seq++
	l.commits = append(l.commits, c)
}

func (m *model) conflict(t *rapid.T) {
	branch := m.drawBranch(t, "branch")
	wrong := m.branches[branch].head().seq + graph.CommitSeq(rapid.IntRange(1, 3).Draw(t, "off"))
	_, err := m.store.Commit(ctx, &graph.Batch{Branch: branch, Expected: &wrong, Adds: []rdf.Quad{drawQuad(t)}})
	if !errors.Is(err, graph.ErrConflict) {
		t.Fatalf("commit expecting %d: %v, want a conflict", wrong, err)
	}
}

func (m *model) fork(t *rapid.T) {
	from := m.drawBranch(t, "from")
	name := rapid.SampledFrom([]string{"b1", "b2", "b3"}).Draw(t, "name")
	l := m.branches[from]
	at := graph.At{Branch: from}
	n := len(l.commits)
	if n > 0 && rapid.Bool().Draw(t, "past") {
		n = rapid.IntRange(1, n).Draw(t, "version")
		at.Seq = l.commits[n-1].seq
	}
	got, err := m.store.Fork(ctx, name, at)
	if m.branches[name] != nil {
		if !errors.Is(err, graph.ErrBranchExists) {
			t.Fatalf("fork onto a name that is taken: %v", err)
		}
		return
	}
	next := &modelBranch{parent: from, commits: slices.Clone(l.commits[:n])}
	next.base = next.head().seq
	want := graph.Branch{Name: name, Base: next.base, Head: next.base, Parent: from}
	if err != nil || got != want {
		t.Fatalf("fork: %+v, %v; want %+v", got, err, want)
	}
	m.branches[name] = next
}

func (m *model) drop(t *rapid.T) {
	name := rapid.SampledFrom([]string{"b1", "b2", "b3", graph.Main}).Draw(t, "name")
	err := m.store.Drop(ctx, name)
	switch {
	case name == graph.Main:
		if !errors.Is(err, graph.ErrMainBranch) {
			t.Fatalf("drop of main: %v", err)
		}
	case m.branches[name] == nil:
		if !errors.Is(err, graph.ErrNoBranch) {
			t.Fatalf("drop of an absent branch: %v", err)
		}
	case err != nil:
		t.Fatalf("drop: %v", err)
	default:
		delete(m.branches, name)
	}
}

// last returns, per quad changed in commits, whether its last change was an add.
func last(commits []*modelCommit) map[rdf.Quad]bool {
	out := map[rdf.Quad]bool{}
	for _, c := range commits {
		for _, quad := range c.deletes {
			out[quad] = false
		}
		for _, quad := range c.adds {
			out[quad] = true
		}
	}
	return out
}

func (m *model) merge(t *rapid.T) {
	from, into := m.drawBranch(t, "from"), m.drawBranch(t, "into")
	a, b := m.branches[from], m.branches[into]
	common := 0
	for common < min(len(a.commits), len(b.commits)) && a.commits[common] == b.commits[common] {
		common++
	}
	mine, theirs := last(a.commits[common:]), last(b.commits[common:])
	conflicts := 0
	next := maps.Clone(b.head().state)
	base := state{}
	if common > 0 {
		base = a.commits[common-1].state
	}
	for quad, added := range mine {
		if other, both := theirs[quad]; both && other != added {
			conflicts++
		}
		if base[quad] == added {
			continue
		}
		if added {
			next[quad] = true
		} else {
			delete(next, quad)
		}
	}
	got, err := m.store.Merge(ctx, from, into, "merged")
	if conflicts > 0 {
		var conflict *graph.MergeConflictError
		if !errors.As(err, &conflict) || conflict.Total != conflicts {
			t.Fatalf("merge: %v, want a conflict of %d quads", err, conflicts)
		}
		return
	}
	if err != nil {
		t.Fatalf("merge: %v", err)
	}
	m.record(t, into, next, got, "merged")
}

func (m *model) past(t *rapid.T) {
	branch := m.drawBranch(t, "branch")
	l := m.branches[branch]
	if len(l.commits) == 0 {
		return
	}
	c := rapid.SampledFrom(l.commits).Draw(t, "commit")
	at := graph.At{Branch: branch, Seq: c.seq}
	if rapid.Bool().Draw(t, "by time") {
		at = graph.At{Branch: branch, Time: c.time}
	}
	m.compare(t, at, c)
	if _, err := m.store.Snapshot(graph.At{Branch: branch, Seq: m.seq + 1}); !errors.Is(err, graph.ErrNoVersion) {
		t.Fatalf("snapshot of a future commit: %v", err)
	}
}

func (m *model) compare(t *rapid.T, at graph.At, c *modelCommit) {
	snap, err := m.store.Snapshot(at)
	if err != nil {
		t.Fatalf("snapshot %+v: %v", at, err)
	}
	defer snap.Close()
	if got := snap.Commit().Seq; got != c.seq {
		t.Fatalf("snapshot %+v is commit %d, want %d", at, got, c.seq)
	}
	got := state{}
	for quad, err := range graph.ExportQuads(ctx, snap, graph.Pattern{}) {
		if err != nil {
			t.Fatalf("export: %v", err)
		}
		got[quad] = true
	}
	if !maps.Equal(got, c.state) {
		t.Fatalf("snapshot %+v:\n got %v\nwant %v", at, got, c.state)
	}
	n, err := snap.Count(graph.Pattern{})
	if err != nil || n != uint64(len(c.state)) {
		t.Fatalf("count = %d, %v; want %d", n, err, len(c.state))
	}
	if v, ok := snap.(interface{ Verify() error }); ok {
		if err := v.Verify(); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

func (m *model) feed(t *rapid.T) {
	branch := m.drawBranch(t, "branch")
	l := m.branches[branch]
	from := rapid.IntRange(0, len(l.commits)).Draw(t, "from")
	after := graph.CommitSeq(0)
	if from > 0 {
		after = l.commits[from-1].seq
	}
	f, err := m.store.Feed(branch, after)
	if err != nil {
		t.Fatalf("feed: %v", err)
	}
	defer f.Close()
	snap, err := m.store.Snapshot(graph.At{Branch: branch})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	for _, c := range l.commits[from:] {
		got, err := f.Next(ctx)
		if err != nil {
			t.Fatalf("feed: %v", err)
		}
		if got.Commit.Seq != c.seq {
			t.Fatalf("feed gave commit %d, want %d", got.Commit.Seq, c.seq)
		}
		deletes, adds := splitChanges(t, snap, got.Changes)
		if !sameQuads(deletes, c.deletes) || !sameQuads(adds, c.adds) {
			t.Fatalf("feed, commit %d: deletes %v adds %v; want %v and %v", c.seq, deletes, adds, c.deletes, c.adds)
		}
	}
}

func (m *model) diff(t *rapid.T) {
	l1, l2 := m.drawBranch(t, "a"), m.drawBranch(t, "b")
	a, b := m.branches[l1].head(), m.branches[l2].head()
	from, err := m.store.Snapshot(graph.At{Branch: l1})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := m.store.Snapshot(graph.At{Branch: l2})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	var changes []graph.Change
	err = m.store.Diff(ctx, from, to, func(c graph.Change) bool {
		changes = append(changes, c)
		return true
	})
	if err != nil {
		t.Fatalf("diff: %v", err)
	}
	deletes, adds := splitChanges(t, to, changes)
	var wantDeletes, wantAdds []rdf.Quad
	for quad := range a.state {
		if !b.state[quad] {
			wantDeletes = append(wantDeletes, quad)
		}
	}
	for quad := range b.state {
		if !a.state[quad] {
			wantAdds = append(wantAdds, quad)
		}
	}
	if !sameQuads(deletes, wantDeletes) || !sameQuads(adds, wantAdds) {
		t.Fatalf("diff: deletes %v adds %v; want %v and %v", deletes, adds, wantDeletes, wantAdds)
	}
}

type fataler interface{ Fatalf(string, ...any) }

// splitChanges resolves changes and checks their order: deletes first, each
// half sorted by SPOG.
func splitChanges(t fataler, r graph.TermReader, changes []graph.Change) (deletes, adds []rdf.Quad) {
	for i, c := range changes {
		if i > 0 {
			p := changes[i-1]
			if c.Delete && !p.Delete || c.Delete == p.Delete && compareIn(graph.SPOG, p.Quad, c.Quad) >= 0 {
				t.Fatalf("change %d is out of order", i)
			}
		}
		quad, err := graph.Resolve(r, c.Quad)
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		if c.Delete {
			deletes = append(deletes, quad)
		} else {
			adds = append(adds, quad)
		}
	}
	return deletes, adds
}

func sameQuads(a, b []rdf.Quad) bool {
	count := map[rdf.Quad]int{}
	for _, quad := range a {
		count[quad]++
	}
	for _, quad := range b {
		count[quad]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// check compares all heads and the list of branches after each step.
func (m *model) check(t *rapid.T) {
	list, err := m.store.Branches()
	if err != nil {
		t.Fatalf("branches: %v", err)
	}
	var want []graph.Branch
	for name, l := range m.branches {
		want = append(want, graph.Branch{Name: name, Base: l.base, Head: l.head().seq, Parent: l.parent})
		m.compare(t, graph.At{Branch: name}, l.head())
	}
	slices.SortFunc(want, func(a, b graph.Branch) int { return compareNames(a.Name, b.Name) })
	if !slices.Equal(list, want) {
		t.Fatalf("branches %+v, want %+v", list, want)
	}
	info := m.store.Info()
	if main := m.branches[graph.Main].head(); info.Quads != uint64(len(main.state)) || info.Head != main.seq {
		t.Fatalf("info %+v, want %d quads at commit %d", info, len(main.state), main.seq)
	}
}

func compareNames(a, b string) int {
	rank := func(name string) string {
		if name == graph.Main {
			return ""
		}
		return name
	}
	switch ra, rb := rank(a), rank(b); {
	case ra < rb:
		return -1
	case ra > rb:
		return 1
	}
	return 0
}
