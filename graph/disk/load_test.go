package disk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// smallLoad makes a load write many temporary segments, and its terms several
// files.
var smallLoad = disk.Options{LoadBytes: 1 << 20, FlushRows: 1000}

// add adds the bench quads of interfaces to a load.
func addInterfaces(l graph.Load, from, to, variant int) error {
	for i := from; i < to; i += 100 {
		if err := l.Add(ctx, benchQuads(i, min(i+100, to), variant)); err != nil {
			return err
		}
	}
	return nil
}

// same holds a snapshot against quads.
func same(t *testing.T, s graph.Store, at graph.At, want []rdf.Quad) {
	t.Helper()
	snap, err := s.Snapshot(at)
	must(t, err)
	defer snap.Close()
	set := rdf.NewDataset(want...)
	n := 0
	for q, err := range graph.ExportQuads(ctx, snap, graph.Pattern{}) {
		must(t, err)
		if !set.Has(q) {
			t.Fatalf("%+v: %v is not expected", at, q)
		}
		n++
	}
	if n != set.Len() {
		t.Fatalf("%+v: %d quads, expected %d", at, n, set.Len())
	}
}

// Goal: a load beyond its memory, in parts sorted apart and with terms installed
// in stages, is one right commit, now, as of then, after opening again and after
// compaction took its segment; files that it wrote meanwhile are gone, and the
// checker finds nothing wrong. Method: 60,000 quads in 1 MiB; then a second load
// that overlaps.
func TestLoadBeyondMemory(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), smallLoad)
	for i, o := range []struct{ to, variant int }{{6000, 0}, {6000, 0}, {6500, 1}} {
		l, err := s.Load(ctx, graph.LoadOptions{Note: fmt.Sprint("load ", i)})
		must(t, err)
		must(t, addInterfaces(l, 0, o.to, o.variant))
		c, err := l.Commit(ctx)
		must(t, err)
		if want := []uint64{60_000, 0, 6000 + 5000}[i]; c.Adds != want || c.Deletes != 0 {
			t.Errorf("load %d made %+v, expected %d adds", i, c, want)
		}
	}
	first := benchQuads(0, 6000, 0)
	all := append(benchQuads(0, 6500, 1), first...)
	look := func() {
		t.Helper()
		same(t, s, graph.At{Seq: 1}, first)
		same(t, s, graph.At{}, all)
		f, err := s.Feed("", 1)
		must(t, err)
		defer f.Close()
		if c, err := f.Next(ctx); err != nil || len(c.Changes) != 11_000 {
			t.Errorf("the feed has %d changes, %v", len(c.Changes), err)
		}
	}
	look()
	must(t, s.Compact(ctx))
	look()
	must(t, s.Close())
	report, err := disk.Check(ctx, m, "store")
	if err != nil || !report.OK() { // debris may be of the versions that were made again
		t.Errorf("the checker says %+v, %v", report, err)
	}
	s = openAt(t, "store", m, graphtest.Clock(), smallLoad)
	look()
	must(t, s.Close())
}

// Goal: commits go on while loads are under way, several of these at once, and
// all is there in the end, each commit with its own effect. Method: four
// loaders and a writer, with terms in common; readers look meanwhile.
func TestLoadsAtOnce(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), smallLoad)
	var running sync.WaitGroup
	ended := make(chan struct{})
	for i := range 4 {
		running.Go(func() {
			l, err := s.Load(ctx, graph.LoadOptions{})
			if err == nil {
				err = addInterfaces(l, 500*i, 500*i+1000, 0)
			}
			if err == nil {
				_, err = l.Commit(ctx)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	writing := make(chan int)
	go func() {
		n := 0
		defer func() { writing <- n }()
		for {
			select {
			case <-ended:
				return
			default:
			}
			b := &graph.Batch{Adds: benchQuads(n%2500, n%2500+1, 0)}
			if n%3 == 0 {
				b = &graph.Batch{Adds: benchQuads(3000+n%10, 3001+n%10, n)}
			}
			if _, err := s.Commit(ctx, b); err != nil {
				t.Error(err)
				return
			}
			n++
		}
	}()
	running.Wait()
	close(ended)
	n := <-writing
	want := benchQuads(0, 2500, 0)
	for i := range n {
		if i%3 == 0 {
			want = append(want, benchQuads(3000+i%10, 3001+i%10, i)...)
		}
	}
	same(t, s, graph.At{}, want)
	snap, err := s.Snapshot(graph.At{})
	must(t, err)
	must(t, errors.Join(snap.(*disk.Snapshot).Verify(), snap.Close()))
	must(t, s.Close())
	report, err := disk.Check(ctx, m, "store")
	if err != nil || !report.OK() {
		t.Errorf("after %d commits the checker says %+v, %v", n, report, err)
	}
	// A merge that Close met on its way may leave segments that nothing names:
	// the next opening removes them.
	s = openAt(t, "store", m, graphtest.Clock(), disk.Options{})
	same(t, s, graph.At{}, want)
	must(t, s.Close())
	if report, err = disk.Check(ctx, m, "store"); err != nil || !report.OK() || len(report.Debris) > 0 {
		t.Errorf("opened again after %d commits, the checker says %+v, %v", n, report, err)
	}
}

// Goal: a full disk ends a load with an error that says so; nothing of it is
// visible, its files are gone, reads go on, and so do writes once there is room
// if nothing but the load's own files was touched. Method: writes fail from the
// nth on, for growing n, until a load succeeds.
func TestLoadDiskFull(t *testing.T) {
	before := benchQuads(9000, 9010, 0)
	succeeded := false
	for n := 1; n < 400 && !succeeded; n += 1 + n/3 {
		m := vfs.NewMem()
		var mu sync.Mutex
		full, left := false, n
		fsys := vfs.Inject(m, func(op vfs.Op) vfs.Fault {
			mu.Lock()
			defer mu.Unlock()
			if !full || op.Kind != vfs.OpWrite && op.Kind != vfs.OpCreate {
				return vfs.Fault{}
			}
			if left--; left >= 0 {
				return vfs.Fault{}
			}
			return vfs.Fault{Err: syscall.ENOSPC, Done: op.Len / 2}
		})
		set := func(v bool) {
			mu.Lock()
			defer mu.Unlock()
			full = v
		}
		s := openAt(t, "store", fsys, graphtest.Clock(), smallLoad)
		_, err := s.Commit(ctx, &graph.Batch{Adds: before})
		must(t, err)
		must(t, s.Checkpoint(ctx))
		set(true)
		l, err := s.Load(ctx, graph.LoadOptions{})
		must(t, err)
		err = addInterfaces(l, 0, 1500, 0)
		if err == nil {
			_, err = l.Commit(ctx)
		}
		set(false)
		if err == nil {
			succeeded = true
			must(t, s.Close())
			continue
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("after %d writes: %v", n, err)
		}
		must(t, l.Abort())
		same(t, s, graph.At{}, before)
		_, err = s.Commit(ctx, &graph.Batch{Adds: benchQuads(9010, 9011, 0)})
		if readOnly := errors.Is(err, graph.ErrReadOnly); err != nil && !readOnly {
			t.Errorf("after %d writes, a commit: %v", n, err)
		} else if !readOnly {
			names, err := m.ReadDir("store")
			must(t, err)
			if x := strings.Join(names, " "); strings.Count(x, "seg-") > 2 {
				t.Errorf("after %d writes there are %s", n, x)
			}
		}
		same(t, s, graph.At{Seq: 1}, before)
		_ = s.Close() // read-only or not
		s = openAt(t, "store", m, graphtest.Clock(), smallLoad)
		same(t, s, graph.At{Seq: 1}, before)
		must(t, s.Close())
	}
	if !succeeded {
		t.Error("no load succeeded")
	}
}

// Goal: a load that is cancelled, or whose store is closed, stores nothing and
// leaves no file. Method: both, in the middle.
func TestLoadCancelled(t *testing.T) {
	m := vfs.NewMem()
	s := openAt(t, "store", m, graphtest.Clock(), smallLoad)
	l, err := s.Load(ctx, graph.LoadOptions{})
	must(t, err)
	must(t, addInterfaces(l, 0, 1500, 0))
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Commit(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled commit: %v", err)
	}
	must(t, l.Abort())
	l, err = s.Load(ctx, graph.LoadOptions{})
	must(t, err)
	must(t, addInterfaces(l, 0, 1500, 0))
	must(t, s.Close())
	if _, err := l.Commit(ctx); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("a commit after closing: %v", err)
	}
	must(t, l.Abort())
	names, err := m.ReadDir("store")
	if err != nil || strings.Contains(strings.Join(names, " "), "seg-") {
		t.Errorf("there are %v, %v", names, err)
	}
	s = openAt(t, "store", m, graphtest.Clock(), smallLoad)
	if n := s.Info().Quads; n != 0 || s.Info().Head != 0 {
		t.Errorf("there are %d quads", n)
	}
	must(t, s.Close())
}
