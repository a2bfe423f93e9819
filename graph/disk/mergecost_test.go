package disk_test

import (
	"fmt"
	"runtime"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// based is a store with so many quads, of which a branch has changed a few, and
// main others.
func based(t testing.TB, quads, changes int) *disk.Store {
	t.Helper()
	s, err := disk.Open("store", disk.Options{FS: vfs.NewMem(), Base: base, Clock: graphtest.Clock(), MemoryBytes: 16 << 20, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	commit := func(branch string, adds, deletes []rdf.Quad) {
		t.Helper()
		if _, err := s.Commit(ctx, &graph.Batch{Branch: branch, Adds: adds, Deletes: deletes}); err != nil {
			t.Fatal(err)
		}
	}
	for from := 0; from < quads; from += 20_000 {
		commit("", many(from, min(quads, from+20_000)), nil)
	}
	if err := s.Checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fork(ctx, "x", graph.At{}); err != nil {
		t.Fatal(err)
	}
	commit("x", many(quads, quads+changes), many(0, changes))
	commit("", many(quads+changes, quads+2*changes), nil)
	return s
}

// allocated counts the bytes that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// Goal: a merge, a difference and a feed cost memory for what changed, not for
// what there is; conflicts are found all the same. Method: the same changes on
// stores of which one is twenty times as large; bytes allocated.
func TestCostOfChanges(t *testing.T) {
	const changes = 200
	costs := map[int]map[string]int64{}
	for _, quads := range []int{5_000, 100_000} {
		s := based(t, quads, changes)
		cost := map[string]int64{}
		cost["feed"] = allocated(func() {
			f, err := s.Feed("x", s.Info().Head-2)
			must(t, err)
			defer f.Close()
			c, err := f.Next(ctx)
			if err != nil || len(c.Changes) != 2*changes {
				t.Fatalf("feed: %d changes, %v", len(c.Changes), err)
			}
		})
		cost["diff"] = allocated(func() {
			a, err := s.Snapshot(graph.At{})
			must(t, err)
			defer a.Close()
			b, err := s.Snapshot(graph.At{Branch: "x"})
			must(t, err)
			defer b.Close()
			n := 0
			must(t, s.Diff(ctx, a, b, func(graph.Change) bool { n++; return true }))
			if n != 3*changes {
				t.Errorf("%d differences, want %d", n, 3*changes)
			}
		})
		cost["merge"] = allocated(func() {
			c, err := s.Merge(ctx, "x", "", "")
			if err != nil || c.Adds != changes || c.Deletes != changes {
				t.Fatalf("merge: %+v, %v", c, err)
			}
		})
		must(t, s.Close())
		costs[quads] = cost
	}
	for what, small := range costs[5_000] {
		if large := costs[100_000][what]; large > 2*small+512<<10 {
			t.Errorf("%s of %d changes allocates %d bytes on 5,000 quads and %d on 100,000", what, changes, small, large)
		}
	}
	t.Log(costs)
}

// BenchmarkBranches measures what a what-if costs: a fork and a difference.
func BenchmarkBranches(b *testing.B) {
	const quads, changes = 200_000, 1000
	s := based(b, quads, changes)
	defer s.Close()
	b.Run(fmt.Sprintf("fork/quads=%d", quads), func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			name := fmt.Sprintf("f%d", n)
			if _, err := s.Fork(ctx, name, graph.At{}); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := s.Drop(ctx, name); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run(fmt.Sprintf("diff/quads=%d/changes=%d", quads, changes), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x, err := s.Snapshot(graph.At{Branch: "x"})
			if err != nil {
				b.Fatal(err)
			}
			y, err := s.Snapshot(graph.At{})
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			if err := s.Diff(ctx, x, y, func(graph.Change) bool { n++; return true }); err != nil || n != 3*changes {
				b.Fatal(n, err)
			}
			x.Close()
			y.Close()
		}
	})
}
