package runs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/twindata"
	"nettwin/graph/vfs"
)

var (
	ctx  = context.Background()
	salt = []byte("salt")
)

func compareQuads(a, b graph.Quad) int { return slices.Compare(a[:], b[:]) }

func newFiles(fs vfs.FS) *Files {
	return &Files{FS: fs, Salt: salt, Cache: cache.New(1 << 20), Name: func(n uint64) string { return fmt.Sprintf("seg-%06d", n) }}
}

// model is a set of quads beside a cell.
type model struct {
	line  *line
	quads map[graph.Quad]bool
	seq   graph.CommitSeq
}

// change commits random effective adds and deletes to both.
func (m *model) change(t *testing.T, r *rand.Rand, universe []graph.Quad, n int) {
	t.Helper()
	var adds, deletes []graph.Quad
	touched := map[graph.Quad]bool{}
	at := r.IntN(len(universe))
	for range n {
		q := universe[(at+r.IntN(3*n))%len(universe)] // neighbours, as in life
		if touched[q] {
			continue
		}
		touched[q] = true
		if m.quads[q] {
			deletes = append(deletes, q)
			delete(m.quads, q)
		} else {
			adds = append(adds, q)
			m.quads[q] = true
		}
	}
	slices.SortFunc(adds, compareQuads)
	slices.SortFunc(deletes, compareQuads)
	m.seq++
	if err := m.line.append(NewRun(m.seq, m.seq, adds, deletes)); err != nil {
		t.Fatal(err)
	}
}

// rows are the model's quads that match p, sorted by o.
func (m *model) rows(p graph.Pattern, o graph.Order) []Key {
	var out []Key
	for q := range m.quads {
		if p.Matches(q) {
			out = append(out, toKey(o, q))
		}
	}
	slices.SortFunc(out, func(a, b Key) int { return compare(&a, &b) })
	return out
}

// pattern fixes some positions of a quad, which may be absent.
func pattern(r *rand.Rand, universe []graph.Quad) (p graph.Pattern) {
	q := universe[r.IntN(len(universe))]
	for i := range p {
		if r.IntN(3) == 0 {
			p[i] = q[i]
		}
	}
	return p
}

// check compares scans, counts, lookups and seeks of a version with the model.
func (m *model) check(t *testing.T, v *Version, r *rand.Rand, universe []graph.Quad) {
	t.Helper()
	if v.Len() != uint64(len(m.quads)) {
		t.Fatalf("%d quads, want %d", v.Len(), len(m.quads))
	}
	m.checkPresent(t, v, r, universe)
	for i := range 6 {
		p, o := pattern(r, universe), graph.Order(r.IntN(int(graph.NumOrders)))
		if i == 0 {
			p = graph.Pattern{}
		}
		want := m.rows(p, o)
		got := scan(t, v, p, o, nil)
		if !slices.Equal(got, want) {
			t.Fatalf("scan %v by %s: %d rows, want %d; runs %s", p, o, len(got), len(want), describe(v))
		}
		if n, err := v.Count(p); err != nil || n != uint64(len(want)) {
			t.Fatalf("count %v: %d, want %d, %v", p, n, len(want), err)
		}
		if plen := o.PrefixLen(p); plen < 4 && len(want) > 0 {
			k := want[r.IntN(len(want))]
			k[3] += graph.TermID(r.IntN(2))
			at, _ := slices.BinarySearchFunc(want, k, func(a, b Key) int { return compare(&a, &b) })
			if got := scan(t, v, p, o, k[plen:]); !slices.Equal(got, want[at:]) {
				t.Fatalf("seek %v in %v by %s: %d rows, want %d; runs %s", k, p, o, len(got), len(want)-at, describe(v))
			}
		}
		q := universe[r.IntN(len(universe))]
		if has, err := v.Has(q); err != nil || has != m.quads[q] {
			t.Fatalf("has %v: %v, %v", q, has, err)
		}
	}
}

// checkPresent looks for many quads at once.
func (m *model) checkPresent(t *testing.T, v *Version, r *rand.Rand, universe []graph.Quad) {
	t.Helper()
	var some []graph.Quad
	for range 1 + r.IntN(100) {
		some = append(some, universe[r.IntN(len(universe))])
	}
	slices.SortFunc(some, compareQuads)
	has := make([]bool, len(some))
	if err := v.Present(some, has); err != nil {
		t.Fatal(err)
	}
	for i, q := range some {
		if has[i] != m.quads[q] {
			t.Fatalf("present %v: %v; runs %s", q, has[i], describe(v))
		}
	}
}

// scan reads all rows; with a key, it seeks after the first chunk and leaves
// out the rows before it.
func scan(t *testing.T, v *Version, p graph.Pattern, o graph.Order, seek []graph.TermID) (out []Key) {
	t.Helper()
	c, err := v.Scan(p, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	plen := o.PrefixLen(p)
	for {
		chunk, err := c.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if chunk == nil {
			return out
		}
		if chunk.Len() == 0 || chunk.Len() > graph.ChunkRows {
			t.Fatalf("chunk of %d rows", chunk.Len())
		}
		for i := range chunk.Len() {
			k := toKey(o, chunk.Quad(i))
			if seek == nil || slices.Compare(k[plen:plen+len(seek)], seek) >= 0 {
				out = append(out, k)
			}
		}
		if seek != nil && len(out) == 0 {
			if err := c.Seek(seek...); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func describe(v *Version) (s string) {
	for _, r := range v.runs {
		s += fmt.Sprintf(" [disk %v, +%d -%d]", r.seg != nil, r.rows[0], r.rows[1])
	}
	return s
}

// Goal: whatever is committed, merged, flushed and forked, a version holds
// what a plain set holds. Method: random commits on a line and on forks of it,
// of a few quads to thousands, with merges in the background that come early;
// versions kept from before are checked again at the end.
func TestModel(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runModel(t, seed) })
	}
}

type kept struct {
	version *Version
	model   *model
}

func runModel(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	universe := twindata.Quads(25, seed)
	fs := vfs.NewMem()
	set := NewSet(Options{Files: newFiles(fs), Policy: Policy{Ratio: 3, FlushRows: 3000, Share: 20, Segments: 2}})
	lines := []*model{{line: newLine(set, NewVersion()), quads: map[graph.Quad]bool{}}}
	var old []kept
	for step := range 100 {
		m := lines[r.IntN(len(lines))]
		n := 1 + r.IntN(20)
		if r.IntN(8) == 0 {
			n = 1 + r.IntN(5000)
		}
		m.change(t, r, universe, n)
		if step%10 == 0 {
			v := m.line.get()
			m.check(t, v, r, universe)
			old = append(old, kept{v, &model{quads: clone(m.quads)}})
		}
		if step%40 == 20 {
			lines = append(lines, &model{line: newLine(set, m.line.get()), quads: clone(m.quads), seq: m.seq})
		}
		if step%60 == 59 && len(lines) > 1 {
			if err := set.Remove(lines[1].line.cell); err != nil {
				t.Fatal(err)
			}
			lines = slices.Delete(lines, 1, 2)
		}
	}
	checkDiff(t, old, r)
	for _, k := range old {
		k.model.check(t, k.version, r, universe)
		if err := k.version.Check(); err != nil {
			t.Fatal(err)
		}
		if err := k.version.Release(); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range lines {
		v := m.line.get()
		m.check(t, v, r, universe)
		v.Release()
	}
	checkFiles(t, fs, set)
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
}

func clone(m map[graph.Quad]bool) map[graph.Quad]bool {
	out := make(map[graph.Quad]bool, len(m))
	for q := range m {
		out[q] = true
	}
	return out
}

func checkDiff(t *testing.T, old []kept, r *rand.Rand) {
	t.Helper()
	for range 10 {
		a, b := old[r.IntN(len(old))], old[r.IntN(len(old))]
		want := map[graph.Quad]bool{}
		for q := range a.model.quads {
			if !b.model.quads[q] {
				want[q] = false
			}
		}
		for q := range b.model.quads {
			if !a.model.quads[q] {
				want[q] = true
			}
		}
		n := 0
		var last graph.Quad
		err := Diff(ctx, a.version, b.version, func(q graph.Quad, added bool) bool {
			if was, ok := want[q]; !ok || was != added || n > 0 && compareQuads(last, q) >= 0 {
				t.Fatalf("diff: %v added %v", q, added)
			}
			last = q
			n++
			return true
		})
		if err != nil || n != len(want) {
			t.Fatalf("diff: %d changes, want %d, %v", n, len(want), err)
		}
	}
}

// checkFiles waits until nothing is to merge, then expects the files of
// segments that cells have, and no others (I4).
func checkFiles(t *testing.T, fs *vfs.Mem, set *Set) {
	t.Helper()
	if err := set.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, c := range set.cells {
		nums, _ := c.Segments()
		for _, n := range nums {
			want[set.files.Name(n)] = true
		}
	}
	names, err := fs.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != len(want) || len(want) == 0 {
		t.Fatalf("files %v, want %v", names, want)
	}
}

// Goal: changes all over a run of many blocks are spliced in, whatever is
// constant in which block, and with chunks that begin and end anywhere.
// Method: a twentieth of the quads deleted, another added, in all orders.
func TestSpliceEverywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var base, adds, deletes []graph.Quad
	want := map[graph.Quad]bool{}
	for _, q := range twindata.Quads(80, 1) {
		switch r.IntN(20) {
		case 0:
			adds = append(adds, q)
		case 1:
			base, deletes = append(base, q), append(deletes, q)
			continue
		default:
			base = append(base, q)
		}
		want[q] = true
	}
	for _, quads := range [][]graph.Quad{base, adds, deletes} {
		slices.SortFunc(quads, compareQuads)
	}
	files := newFiles(vfs.NewMem())
	run, err := files.mergeToDisk(ctx, 1, []*Run{NewRun(1, 1, base, nil)}, true)
	if err != nil {
		t.Fatal(err)
	}
	v := NewVersion(run).With(NewRun(2, 2, adds[:len(adds)/2], deletes)).With(NewRun(3, 3, adds[len(adds)/2:], nil))
	m := &model{quads: want}
	for o := range graph.NumOrders {
		for _, p := range []graph.Pattern{{}, {graph.P: base[0][graph.P]}, {graph.G: graph.DefaultGraph}} {
			if got := scan(t, v, p, o, nil); !slices.Equal(got, m.rows(p, o)) {
				t.Errorf("scan %v by %s: rows differ", p, o)
			}
		}
	}
	if err := v.Check(); err != nil {
		t.Error(err)
	}
}

// Goal: readers neither block nor see half a change while commits and merges
// go on. Method: each commit replaces the values of ten subjects at once;
// readers scan and expect ten quads with one and the same object.
func TestConcurrentReaders(t *testing.T) {
	set := NewSet(Options{Files: newFiles(vfs.NewMem()), Policy: Policy{Ratio: 2, FlushRows: 100, Share: 50, Segments: 1}})
	row := func(s, o int) graph.Quad {
		return graph.Quad{graph.MakeID(graph.TagIRI, uint64(s)), graph.MakeID(graph.TagIRI, 99), graph.MakeID(graph.TagInteger, uint64(o)), graph.DefaultGraph}
	}
	values := func(o int) (out []graph.Quad) {
		for s := range 10 {
			out = append(out, row(s, o))
		}
		return out
	}
	l := newLine(set, NewVersion(NewRun(1, 1, values(0), nil)))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				v := l.get()
				got := scan(t, v, graph.Pattern{}, graph.POSG, nil)
				if len(got) != 10 || got[0][1] != got[9][1] {
					t.Errorf("scan saw %v", got)
				}
				v.Release()
			}
		})
	}
	for i := range 400 {
		if err := l.append(NewRun(0, 0, values(i+1), values(i))); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wg.Wait()
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
}

// Goal: when a merge cannot be written, compaction ends, says why, and what is
// there stays readable; writers are told instead of waiting. Method: fail
// writes after a while.
func TestFailedMerge(t *testing.T) {
	fs := vfs.Inject(vfs.NewMem(), vfs.FailFrom(2, fmt.Errorf("disk full"), func(op vfs.Op) bool { return op.Kind == vfs.OpSync }))
	set := NewSet(Options{Files: newFiles(fs), Policy: Policy{Ratio: 2, FlushRows: 500, Share: 50, Segments: 1}})
	universe := twindata.Quads(20, 1)
	m := &model{line: newLine(set, NewVersion()), quads: map[graph.Quad]bool{}}
	r := rand.New(rand.NewPCG(1, 1))
	var failed error
	for i := 0; failed == nil && i < 4000; i++ {
		q := universe[i]
		failed = m.line.append(NewRun(0, 0, []graph.Quad{q}, nil))
		if failed == nil {
			m.quads[q] = true
		}
		if i%300 == 299 {
			set.Settle(ctx)
		}
	}
	if failed == nil {
		t.Fatal("no error")
	}
	v := m.line.get()
	set.Close()
	m.check(t, v, r, universe)
	v.Release()
}
