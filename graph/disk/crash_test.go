package disk_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

var ctx = context.Background()

func quad(s string, o int) rdf.Quad {
	return rdf.Quad{
		S: rdf.IRI(base + s), P: rdf.IRI(base + "p"), O: rdf.String(fmt.Sprintf("object number %d", o)),
		G: rdf.IRI(base + "g"),
	}
}

// steps is a small life of a store: each step is one call that is acknowledged.
func steps() []func(s graph.Store) error { return life(true) }

// life is steps with or without loads, which end in a checkpoint and fail
// without making the store read-only.
func life(loads bool) []func(s graph.Store) error {
	commit := func(b *graph.Batch) func(graph.Store) error {
		return func(s graph.Store) error {
			_, err := s.Commit(ctx, b)
			return err
		}
	}
	var out []func(s graph.Store) error
	for i := range 12 {
		b := &graph.Batch{Note: fmt.Sprintf("commit %d", i)}
		for j := range 5 {
			b.Adds = append(b.Adds, quad(fmt.Sprintf("s%d", i), j))
		}
		if i > 2 {
			b.Deletes = []rdf.Quad{quad(fmt.Sprintf("s%d", i-2), 1)}
		}
		out = append(out, commit(b))
		switch i {
		case 2, 7:
			if loads {
				out = append(out, loaded(30*i))
			}
		case 3:
			out = append(out, func(s graph.Store) error { _, err := s.Fork(ctx, "x", graph.At{Seq: 2}); return err })
		case 5, 6:
			out = append(out, commit(&graph.Batch{Branch: "x", Adds: []rdf.Quad{quad("x", i)}}))
		case 8:
			out = append(out, func(s graph.Store) error { _, err := s.Merge(ctx, "x", "", "merged"); return err })
		case 9:
			out = append(out, func(s graph.Store) error { return s.Drop(ctx, "x") })
		}
	}
	return out
}

// loaded is a load of so many quads, the first of which are there already.
func loaded(n int) func(s graph.Store) error {
	return func(s graph.Store) error {
		l, err := s.(graph.Loader).Load(ctx, graph.LoadOptions{Note: "load", ClearGraphs: []graph.Term{rdf.IRI(base + "cleared")}})
		for i := 0; i < n && err == nil; i += 10 {
			var quads []rdf.Quad
			for j := range 10 {
				quads = append(quads, quad(fmt.Sprintf("s%d", i/40), i+j))
			}
			err = l.Add(ctx, quads)
		}
		if err == nil {
			_, err = l.Commit(ctx)
		}
		if err == nil || l == nil {
			return err
		}
		return errors.Join(err, l.Abort())
	}
}

// digest tells the contents of all branches and the heads of their histories.
func digest(t *testing.T, s graph.Store) string {
	t.Helper()
	var b strings.Builder
	branches, err := s.Branches()
	if err != nil {
		t.Fatal(err)
	}
	for _, branch := range branches {
		snap, err := s.Snapshot(graph.At{Branch: branch.Name})
		if err != nil {
			t.Fatal(err)
		}
		c := snap.Commit()
		fmt.Fprintf(&b, "%+v %d %d %d %q\n", branch, c.Seq, c.Adds, c.Deletes, c.Note)
		var lines []string
		for q, err := range graph.ExportQuads(ctx, snap, graph.Pattern{}) {
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, q.S.Value()+" "+q.O.Value())
		}
		slices.Sort(lines)
		fmt.Fprintln(&b, lines)
		snap.Close()
	}
	return b.String()
}

// expected are the digests after each number of steps of a life, by the other
// engine.
func expected(t *testing.T, loads bool) []string {
	t.Helper()
	s := mem.New(mem.Options{Base: base, Clock: graphtest.Clock()})
	defer s.Close()
	out := []string{digest(t, s)}
	for _, step := range life(loads) {
		if err := step(s); err != nil {
			t.Fatal(err)
		}
		out = append(out, digest(t, s))
	}
	return out
}

// crash is what a crash left, and how many steps were acknowledged before.
type crash struct {
	fs    *vfs.Mem
	acked int
	what  string
}

// live runs the steps and takes what a crash would leave before each operation
// of the file system that changes something.
func live(t *testing.T, o disk.Options, clone func(*vfs.Mem) *vfs.Mem) []crash {
	t.Helper()
	m := vfs.NewMem()
	var mu sync.Mutex // checkpoints are made behind the steps
	var crashes []crash
	acked := 0
	take := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		crashes = append(crashes, crash{clone(m), acked, what})
	}
	fsys := vfs.Inject(m, func(op vfs.Op) vfs.Fault {
		if op.Kind.Changes() {
			take(fmt.Sprintf("before op %d on %s", op.Kind, op.Name))
		}
		return vfs.Fault{}
	})
	s := openAt(t, "deep/store", fsys, graphtest.Clock(), o)
	for i, step := range steps() {
		if err := step(s); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		acked = i + 1
		mu.Unlock()
		take("after the step")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	take("after close")
	return crashes
}

// Goal: after a crash at any write, fsync, rename or the like, the store opens
// with every acknowledged step, and at most the one under way besides; never
// half of one. Method: crash before each operation, strictly (only what was
// synced) and with torn remains; compare with the memory engine; go on writing.
func TestCrashAnywhere(t *testing.T) {
	want := expected(t, true)
	r := rand.New(rand.NewPCG(1, 2))
	clones := map[string]func(*vfs.Mem) *vfs.Mem{
		"strict": (*vfs.Mem).CrashClone,
		"torn":   func(m *vfs.Mem) *vfs.Mem { return m.TornClone(r) },
		"torn2":  func(m *vfs.Mem) *vfs.Mem { return m.TornClone(r) },
	}
	for name, clone := range clones {
		for _, o := range []disk.Options{{}, {SegmentBytes: 700}, {SegmentBytes: 700, FlushRows: 4}, {SegmentBytes: 700, FlushRows: 20}} {
			crashes := live(t, o, clone)
			if len(crashes) < 2*len(want) {
				t.Fatalf("%s: only %d crashes", name, len(crashes))
			}
			for i, c := range crashes {
				survive(t, fmt.Sprintf("%s, rows %d, crash %d (%s), %d steps acknowledged", name, o.FlushRows, i, c.what, c.acked), c, want)
			}
		}
	}
}

func survive(t *testing.T, what string, c crash, want []string) {
	t.Helper()
	clock := graphtest.Clock()
	open := func() *disk.Store {
		s, err := disk.Open("deep/store", disk.Options{FS: c.fs, Base: base, Clock: clock})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return s
	}
	s := open()
	got := digest(t, s)
	if got != want[c.acked] && (c.acked+1 == len(want) || got != want[c.acked+1]) {
		t.Fatalf("%s: found\n%s\nwant\n%s", what, got, want[c.acked])
	}
	if _, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{quad("after", 1)}}); err != nil {
		t.Fatalf("%s: commit after it: %v", what, err)
	}
	next := digest(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	defer s.Close()
	if again := digest(t, s); again != next {
		t.Fatalf("%s: second opening found\n%s\nwant\n%s", what, again, next)
	}
	if dropped := s.OpenReport().DroppedBytes; dropped != 0 {
		t.Fatalf("%s: second opening dropped %d bytes", what, dropped)
	}
}

// Goal: what a store shows after its process was killed is there after a crash
// of the machine too, although the first process did not fsync it. Method:
// kill at each operation, open, look, crash, open again.
func TestKillThenCrash(t *testing.T) {
	for _, c := range live(t, disk.Options{SegmentBytes: 700, FlushRows: 8}, (*vfs.Mem).KillClone) {
		s, err := disk.Open("deep/store", disk.Options{FS: c.fs, Base: base})
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		seen := digest(t, s)
		untouched := c.fs.CrashClone()
		if _, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{quad("after", 1)}}); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		next := digest(t, s)
		survives(t, c.what, untouched, seen)
		survives(t, c.what, c.fs.CrashClone(), next)
		must(t, s.Close())
	}
}

func survives(t *testing.T, what string, fsys *vfs.Mem, want string) {
	t.Helper()
	s, err := disk.Open("deep/store", disk.Options{FS: fsys, MustExist: true})
	if err != nil {
		t.Fatalf("%s: after the crash: %v", what, err)
	}
	if got := digest(t, s); got != want {
		t.Fatalf("%s: readers saw\n%s\nafter the crash it is\n%s", what, want, got)
	}
	must(t, s.Close())
}

// Goal: when the file system fails, the commit under way fails with what
// happened, all later ones with ErrReadOnly, reads go on, nothing is retried,
// and opening again finds what was acknowledged. Method: fail each write and
// fsync in turn, once, with short writes, ENOSPC and EIO.
func TestFileSystemFails(t *testing.T) {
	want := expected(t, false)
	for _, kind := range []vfs.OpKind{vfs.OpWrite, vfs.OpSync, vfs.OpSyncDir, vfs.OpCreate} {
		for n := 1; ; n++ {
			fault := vfs.Fault{Err: []error{syscall.ENOSPC, syscall.EIO}[n%2], Done: n % 40}
			if done := failOnce(t, kind, n, fault, want); done {
				if n < 3 {
					t.Fatalf("only %d operations of kind %d", n, kind)
				}
				break
			}
		}
	}
}

// failOnce fails the nth operation of a kind after the store was made. It is
// true when there is no such operation.
func failOnce(t *testing.T, kind vfs.OpKind, n int, fault vfs.Fault, want []string) bool {
	t.Helper()
	m := vfs.NewMem()
	armed, failed, after := false, false, 0
	decide := vfs.FailNth(n, fault, func(op vfs.Op) bool { return armed && op.Kind == kind })
	fsys := vfs.Inject(m, func(op vfs.Op) vfs.Fault {
		if failed && op.Kind.Changes() {
			after++
		}
		f := decide(op)
		failed = failed || f.Err != nil
		return f
	})
	s, err := disk.Open("store", disk.Options{FS: fsys, Base: base, Clock: graphtest.Clock(), SegmentBytes: 700})
	if err != nil {
		t.Fatal(err)
	}
	armed = true
	acked := 0
	for _, step := range life(false) {
		err := step(s)
		if err == nil && !failed {
			acked++
			continue
		}
		if !errors.Is(err, graph.ErrReadOnly) || !errors.Is(err, fault.Err) {
			t.Fatalf("op %d number %d fails with %v: a step returns %v", kind, n, fault.Err, err)
		}
	}
	if got := digest(t, s); got != want[acked] {
		t.Fatalf("op %d number %d: readers see\n%s\nwant\n%s", kind, n, got, want[acked])
	}
	s.Close()
	if after > 0 {
		t.Fatalf("op %d number %d: %d operations after the failure", kind, n, after)
	}
	if failed {
		survive(t, fmt.Sprintf("op %d number %d failed", kind, n), crash{rename(t, m), acked, ""}, want)
	}
	return !failed
}

// rename moves the store to where survive looks.
func rename(t *testing.T, m *vfs.Mem) *vfs.Mem {
	t.Helper()
	if err := m.MkdirAll("deep"); err != nil {
		t.Fatal(err)
	}
	if err := m.Rename("store", "deep/store"); err != nil {
		t.Fatal(err)
	}
	return m
}

// Goal: commits that wait together share fsyncs. Method: 64 writers on a
// medium whose fsync takes 2 ms.
func TestGroupCommit(t *testing.T) {
	syncs := 0
	fsys := vfs.Inject(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
		if op.Kind == vfs.OpSync {
			syncs++ // they never overlap: the log's lock orders them
			time.Sleep(2 * time.Millisecond)
		}
		return vfs.Fault{}
	})
	s, err := disk.Open("store", disk.Options{FS: fsys, Base: base})
	if err != nil {
		t.Fatal(err)
	}
	syncs = 0
	const writers = 64
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if _, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{quad("s", i)}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := s.Info().Quads; n != writers {
		t.Errorf("%d quads, want %d", n, writers)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if syncs > writers/2 {
		t.Errorf("%d commits took %d fsyncs", writers, syncs)
	}
}
