package disk_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// medium is a file system that says how much is free.
type medium struct {
	vfs.FS
	free atomic.Int64
}

func (m *medium) FreeBytes(string) (int64, error) { return m.free.Load(), nil }

// Goal: a full medium stops commits with an error that says so, and nothing
// else; they go on when there is room, without opening the store again. Method:
// let the medium become full and empty between commits, on main and a branch.
func TestFullMedium(t *testing.T) {
	mem := vfs.NewMem()
	m := &medium{FS: mem}
	m.free.Store(1000)
	o := disk.Options{FS: m, Base: base, Clock: graphtest.Clock(), ReserveBytes: 500}
	s, err := disk.Open("store", o)
	must(t, err)
	commit := func(o int) error {
		_, err := s.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{quad("s", o)}})
		return err
	}
	must(t, commit(1))
	before := contents(s, graph.At{})
	for range 3 {
		m.free.Store(499)
		if err := commit(2); !errors.Is(err, graph.ErrFull) || errors.Is(err, graph.ErrReadOnly) {
			t.Fatalf("a commit to a full medium: %v", err)
		}
		if got := contents(s, graph.At{}); got != before {
			t.Fatalf("after a refused commit:\n%s", got)
		}
	}
	m.free.Store(500)
	must(t, commit(3))
	must(t, s.Close())
	s, err = disk.Open("store", o)
	must(t, err)
	if n := s.Info().Quads; n != 2 {
		t.Errorf("%d quads, want 2", n)
	}
	must(t, s.Close())
}
