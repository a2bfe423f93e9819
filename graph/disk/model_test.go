package disk_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// modelRounds × modelSteps operations are compared in a normal run.
const (
	modelRounds = 40
	modelSteps  = 2600
)

// Goal: whatever is done, in whatever order, with crashes, restarts, forks,
// merges and looks at the past between, the engine agrees with the one in
// memory: same commits, contents, differences, feeds and conflicts; nothing
// acknowledged is lost and nothing half done is seen. Method: random
// operations on both, with checkpoints after every few to few hundred rows; a
// crash takes what is durable, strictly or with torn remains, at any change of
// the file system, also those of checkpoints and merges behind.
func TestModelWithCrashes(t *testing.T) {
	rounds := modelRounds
	if testing.Short() || raceDetector {
		rounds = 2
	}
	runRounds(t, 1, func(n int) bool { return n < rounds }, func(int, int) {})
}

// soakHeapBytes is what a soak may hold of memory: rounds are alike, so it
// stays where it is.
const soakHeapBytes = 512 << 20

// Goal and method as above, for as long as NETTWIN_SOAK says; memory must stay
// flat. It tells each minute how far it is.
func TestSoakModel(t *testing.T) {
	long, err := time.ParseDuration(os.Getenv("NETTWIN_SOAK"))
	if err != nil {
		return // not asked for
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	start, told := time.Now(), time.Now()
	runRounds(t, seed, func(int) bool { return time.Since(start) < long }, func(operations, crashes int) {
		if time.Since(told) < time.Minute {
			return
		}
		told = time.Now()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Logf("%v: %d operations, %d crashes, heap of %d MiB", time.Since(start).Round(time.Second), operations, crashes, m.HeapAlloc>>20)
		if m.HeapAlloc > soakHeapBytes {
			t.Errorf("the heap has %d bytes, at most %d are expected", m.HeapAlloc, soakHeapBytes)
		}
	})
}

// runRounds runs rounds on both cores while more says so. After each it tells
// what was done so far.
func runRounds(t *testing.T, seed uint64, more func(n int) bool, tell func(operations, crashes int)) {
	t.Helper()
	var mu sync.Mutex
	next, operations, crashes := 0, 0, 0
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				mu.Lock()
				n := next
				next++
				mu.Unlock()
				if !more(n) || t.Failed() {
					return
				}
				m := newTwins(seed, n)
				if err := m.run(); err != nil {
					t.Errorf("seed %d, round %d, operation %d: %v", seed, n, m.done, err)
				}
				mu.Lock()
				operations, crashes = operations+m.done, crashes+m.crashes
				tell(operations, crashes)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("%d operations, %d crashes", operations, crashes)
}

// twins are a store on disk and one in memory to which the same is done.
type twins struct {
	r       *rand.Rand
	now     time.Time
	fs      *vfs.Mem
	options disk.Options
	disk    *disk.Store
	mem     *mem.Store
	done    int
	crashes int

	mu    sync.Mutex
	left  int        // changes of the file system until the crash; 0: none is due
	torn  *rand.Rand // the next crash leaves torn remains; nil: strictly what is durable
	clone *vfs.Mem   // what the crash left
}

func newTwins(seed uint64, round int) *twins {
	m := &twins{r: rand.New(rand.NewPCG(seed, uint64(round))), fs: vfs.NewMem(), now: graphtest.Start}
	m.options = disk.Options{
		Base: base, Clock: m.clock, SegmentBytes: 1 << (9 + m.r.IntN(6)),
		FlushRows: 1 << m.r.IntN(9), TailBytes: 1 << (10 + m.r.IntN(8)), MemoryBytes: 1 << (12 + m.r.IntN(10)),
	}
	m.mem = mem.New(mem.Options{Base: base, Clock: m.clock})
	return m
}

// clock stands still during an operation, so that both stores read the same.
func (m *twins) clock() time.Time { return m.now }

func (m *twins) open() (err error) {
	fsys := m.fs
	m.options.FS = vfs.Inject(fsys, func(op vfs.Op) vfs.Fault {
		if op.Kind.Changes() {
			m.tick(fsys)
		}
		return vfs.Fault{}
	})
	m.disk, err = disk.Open("store", m.options)
	return err
}

// tick takes the clone when the crash is due.
func (m *twins) tick(fsys *vfs.Mem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if fsys != m.fs || m.left == 0 {
		return
	}
	if m.left--; m.left > 0 {
		return
	}
	if m.torn != nil {
		m.clone = fsys.TornClone(m.torn)
	} else {
		m.clone = fsys.CrashClone()
	}
}

func (m *twins) run() (err error) {
	if err := m.open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.disk.Close(), m.mem.Close()) }()
	for m.done < modelSteps {
		if m.r.IntN(60) == 0 {
			m.mu.Lock()
			m.left, m.torn = 1+m.r.IntN(60), nil
			if m.r.IntN(2) == 0 {
				m.torn = rand.New(rand.NewPCG(m.r.Uint64(), 1))
			}
			m.mu.Unlock()
		}
		if err := m.step(); err != nil {
			return err
		}
		m.done++
	}
	return m.compareAll()
}

// step does one operation to both. After a crash the one on disk goes on with
// what is left, and repeats the operation if it is not there.
func (m *twins) step() error {
	m.now = m.now.Add(time.Duration(1+m.r.IntN(3)) * time.Second)
	op, what := m.draw()
	before := branches(m.mem)
	want := op(m.mem)
	got := op(m.disk)
	m.mu.Lock()
	clone := m.clone
	m.mu.Unlock()
	if clone == nil {
		if got != want {
			return fmt.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
		return nil
	}
	m.crashes++
	if err := m.disk.Close(); err != nil {
		return err
	}
	m.mu.Lock()
	m.fs, m.clone, m.left = clone, nil, 0
	m.mu.Unlock()
	if err := m.open(); err != nil {
		return fmt.Errorf("after a crash in %s: %w", what, err)
	}
	switch found := branches(m.disk); found {
	case branches(m.mem):
	case before:
		if got := op(m.disk); got != want {
			return fmt.Errorf("%s, again after a crash:\n got %s\nwant %s", what, got, want)
		}
	default:
		return fmt.Errorf("after a crash in %s:\n got %s\nwant %s\n  or %s", what, found, before, branches(m.mem))
	}
	return m.compareAll()
}

// operation does something to a store and says what came of it.
type operation func(s graph.Store) string

func outcome(v any, err error) string {
	var conflict *graph.MergeConflictError
	if errors.As(err, &conflict) {
		return fmt.Sprintf("%d conflicts", conflict.Total)
	}
	for _, known := range []error{graph.ErrConflict, graph.ErrNoBranch, graph.ErrBranchExists, graph.ErrNoVersion} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%+v", v)
}

func branches(s graph.Store) string {
	list, err := s.Branches()
	return outcome(list, err)
}

func (m *twins) branch() string {
	return []string{graph.Main, graph.Main, graph.Main, "b1", "b2", "b3"}[m.r.IntN(6)]
}

func (m *twins) at() graph.At {
	at := graph.At{Branch: m.branch()}
	switch head := m.mem.Info().Head; m.r.IntN(3) {
	case 0:
		at.Seq = graph.CommitSeq(m.r.Uint64N(uint64(head)+3)) + 1
	case 1:
		at.Time = graphtest.Start.Add(time.Duration(m.r.Int64N(int64(m.now.Sub(graphtest.Start)) + 1)))
	}
	return at
}

func (m *twins) quads(n int) []rdf.Quad {
	graphs := []rdf.Term{{}, rdf.IRI(base + "g"), rdf.IRI(base + "h")}
	var out []rdf.Quad
	for range n {
		out = append(out, rdf.Quad{
			S: rdf.IRI(fmt.Sprintf("%ss%d", base, m.r.IntN(12))), P: rdf.IRI(fmt.Sprintf("%sp%d", base, m.r.IntN(3))),
			O: []rdf.Term{rdf.String(fmt.Sprintf("a value of number %d", m.r.IntN(6))), rdf.Literal(fmt.Sprint(m.r.IntN(5)), rdf.XSDInteger)}[m.r.IntN(2)],
			G: graphs[m.r.IntN(3)],
		})
	}
	return out
}

// draw chooses an operation.
func (m *twins) draw() (operation, string) {
	switch k := m.r.IntN(100); {
	case k < 50:
		return m.drawCommit()
	case k < 55:
		name, at := m.branch(), m.at()
		return func(s graph.Store) string { return outcome(s.Fork(ctx, name, at)) }, fmt.Sprintf("fork %s at %+v", name, at)
	case k < 57:
		name := []string{"b1", "b2", "b3"}[m.r.IntN(3)]
		return func(s graph.Store) string { return outcome("", s.Drop(ctx, name)) }, "drop " + name
	case k < 61:
		from, into := m.branch(), m.branch()
		return func(s graph.Store) string { return outcome(s.Merge(ctx, from, into, "merge")) }, "merge " + from + " into " + into
	case k < 80:
		at := m.at()
		return func(s graph.Store) string { return contents(s, at) }, fmt.Sprintf("contents at %+v", at)
	case k < 88:
		a, b := m.at(), m.at()
		return func(s graph.Store) string { return difference(s, a, b) }, fmt.Sprintf("diff %+v %+v", a, b)
	case k < 95:
		name, after := m.branch(), graph.CommitSeq(m.r.Uint64N(uint64(m.mem.Info().Head)+1))
		return func(s graph.Store) string { return changes(s, name, after) }, fmt.Sprintf("feed of %s after %d", name, after)
	case k < 99:
		q := m.quads(1)[0]
		return func(s graph.Store) string { return counts(s, q) }, fmt.Sprintf("counts of %v", q)
	}
	if m.r.IntN(3) == 0 {
		return m.maintain, "compact and backup"
	}
	return func(s graph.Store) string {
		if s == graph.Store(m.disk) {
			if err := m.disk.Close(); err != nil {
				return err.Error()
			}
			if err := m.open(); err != nil {
				return err.Error()
			}
			return branches(m.disk)
		}
		return branches(s)
	}, "opening again"
}

// maintain compacts and copies the store on disk; the copy must hold the same.
func (m *twins) maintain(s graph.Store) string {
	if s != graph.Store(m.disk) {
		return branches(s)
	}
	if err := m.disk.Compact(ctx); err != nil {
		return err.Error()
	}
	dir := fmt.Sprintf("backup%d", m.done)
	fsys := m.fs.KillClone() // that the copies do not fill the memory
	o := m.options
	o.FS = fsys
	copied, err := disk.Open("store", o)
	if err != nil {
		return err.Error()
	}
	err = errors.Join(copied.Backup(ctx, dir), copied.Close())
	if err == nil {
		err = disk.Restore(ctx, fsys, dir, dir+"-restored")
	}
	if err != nil {
		return err.Error()
	}
	back, err := disk.Open(dir+"-restored", o)
	if err != nil {
		return err.Error()
	}
	defer back.Close()
	return branches(back)
}

func (m *twins) drawCommit() (operation, string) {
	n := 1 + m.r.IntN(4)
	if m.r.IntN(20) == 0 {
		n = 40
	}
	b := &graph.Batch{Branch: m.branch(), Adds: m.quads(m.r.IntN(n + 1)), Deletes: m.quads(m.r.IntN(n + 1)), Note: fmt.Sprintf("commit %d", m.done)}
	switch m.r.IntN(40) {
	case 0:
		b.ClearAll = true
	case 1, 2:
		b.ClearGraphs = []rdf.Term{m.quads(1)[0].G}
	case 3:
		seq := m.mem.Info().Head
		b.Expected = &seq
	}
	if m.r.IntN(8) == 0 {
		return func(s graph.Store) string { return outcome(loadBatch(s.(graph.Loader), b)) }, fmt.Sprintf("load of %d adds on %s", len(b.Adds), b.Branch)
	}
	return func(s graph.Store) string { return outcome(s.Commit(ctx, b)) }, fmt.Sprintf("commit of %d adds and %d deletes on %s", len(b.Adds), len(b.Deletes), b.Branch)
}

// loadBatch loads what a batch adds.
func loadBatch(s graph.Loader, b *graph.Batch) (graph.Commit, error) {
	l, err := s.Load(ctx, graph.LoadOptions{Branch: b.Branch, Expected: b.Expected, ClearGraphs: b.ClearGraphs, ClearAll: b.ClearAll, Note: b.Note})
	if err != nil {
		return graph.Commit{}, err
	}
	err = l.Add(ctx, b.Adds)
	var c graph.Commit
	if err == nil {
		c, err = l.Commit(ctx)
	}
	return c, errors.Join(err, l.Abort())
}

// quadText is a quad in a form that both stores agree on.
func quadText(q rdf.Quad) string {
	return q.S.Value() + " " + q.P.Value() + " " + q.O.Value() + " " + q.G.Value()
}

func contents(s graph.Store, at graph.At) string {
	snap, err := s.Snapshot(at)
	if err != nil {
		return outcome(nil, err)
	}
	defer snap.Close()
	var lines []string
	for q, err := range graph.ExportQuads(ctx, snap, graph.Pattern{}) {
		if err != nil {
			return err.Error()
		}
		lines = append(lines, quadText(q))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%+v\n%s", snap.Commit(), strings.Join(lines, "\n"))
}

func difference(s graph.Store, a, b graph.At) string {
	from, err := s.Snapshot(a)
	if err != nil {
		return outcome(nil, err)
	}
	defer from.Close()
	to, err := s.Snapshot(b)
	if err != nil {
		return outcome(nil, err)
	}
	defer to.Close()
	var list []graph.Change
	err = s.Diff(ctx, from, to, func(c graph.Change) bool {
		list = append(list, c)
		return true
	})
	if err != nil {
		return err.Error()
	}
	return changesText(to, list)
}

func changesText(r graph.TermReader, list []graph.Change) string {
	var lines []string
	for _, c := range list {
		q, err := graph.Resolve(r, c.Quad)
		if err != nil {
			return err.Error()
		}
		lines = append(lines, fmt.Sprint(c.Delete, " ", quadText(q)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// changes reads up to ten commits of a feed.
func changes(s graph.Store, name string, after graph.CommitSeq) string {
	f, err := s.Feed(name, after)
	if err != nil {
		return outcome(nil, err)
	}
	defer f.Close()
	snap, err := s.Snapshot(graph.At{Branch: name})
	if err != nil {
		return outcome(nil, err)
	}
	defer snap.Close()
	var out strings.Builder
	for n := 0; n < 10 && after < snap.Commit().Seq; n++ {
		c, err := f.Next(ctx)
		if err != nil {
			return err.Error()
		}
		after = c.Commit.Seq
		fmt.Fprintf(&out, "%+v\n%s\n", c.Commit, changesText(snap, c.Changes))
	}
	return out.String()
}

// counts counts all patterns that a quad matches.
func counts(s graph.Store, q rdf.Quad) string {
	snap, err := s.Snapshot(graph.At{})
	if err != nil {
		return err.Error()
	}
	defer snap.Close()
	var ids [4]graph.TermID
	if err := snap.IDs([]rdf.Term{q.S, q.P, q.O}, ids[:3]); err != nil {
		return err.Error()
	}
	if ids[graph.G], err = graph.GraphID(snap, q.G); err != nil {
		return err.Error()
	}
	var out []uint64
	for fixed := range 16 {
		var p graph.Pattern
		known := true
		for pos, id := range ids {
			if fixed>>pos&1 == 1 {
				p[pos] = id
				known = known && id != graph.None
			}
		}
		n := uint64(0)
		if known {
			if n, err = snap.Count(p); err != nil {
				return err.Error()
			}
		}
		out = append(out, n)
	}
	return fmt.Sprint(out)
}

// compareAll compares the newest version of each branch.
func (m *twins) compareAll() error {
	list, err := m.mem.Branches()
	if err != nil {
		return err
	}
	for _, b := range list {
		at := graph.At{Branch: b.Name}
		if got, want := contents(m.disk, at), contents(m.mem, at); got != want {
			return fmt.Errorf("branch %s:\n got %s\nwant %s", b.Name, got, want)
		}
		snap, err := m.disk.Snapshot(at)
		if err != nil {
			return err
		}
		if err := errors.Join(snap.(*disk.Snapshot).Verify(), snap.Close()); err != nil {
			return err
		}
	}
	return nil
}
