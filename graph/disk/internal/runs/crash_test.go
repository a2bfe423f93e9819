package runs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/twindata"
	"nettwin/graph/vfs"
)

// crashPoint is what a crash left, and what was durable for sure.
type crashPoint struct {
	fs   *vfs.Mem
	last uint64 // the last manifest that was acknowledged
}

// Goal: after a crash at any moment the manifest and all segments that it
// names are there and good, and a line holds exactly what it held after the
// commit up to which it is flushed; debris is removed; nothing that was
// acknowledged is taken back (I4). Method: commits and merges on a file system
// that is cloned before each changing operation, strictly and torn.
func TestCrashAnywhere(t *testing.T) {
	m := vfs.NewMem()
	r := rand.New(rand.NewPCG(1, 3))
	var mu sync.Mutex
	var points []crashPoint
	var acknowledged uint64
	fs := vfs.Inject(m, func(op vfs.Op) vfs.Fault {
		mu.Lock()
		defer mu.Unlock()
		if op.Kind.Changes() {
			points = append(points, crashPoint{m.CrashClone(), acknowledged}, crashPoint{m.TornClone(r), acknowledged})
		}
		return vfs.Fault{}
	})
	states := commitAll(t, fs, func(m *Manifest) {
		mu.Lock()
		defer mu.Unlock()
		acknowledged = m.LastNum
	})
	if len(points) < 60 {
		t.Fatalf("only %d crashes", len(points))
	}
	for i, p := range points {
		if err := survive(p, states); err != nil {
			t.Fatalf("crash %d of %d: %v", i, len(points), err)
		}
	}
}

// commitAll lives through commits on a line and on a fork of it, and returns
// what each held after each commit.
func commitAll(t *testing.T, fs vfs.FS, acknowledge func(*Manifest)) map[string][]map[graph.Quad]bool {
	t.Helper()
	set := NewSet(Options{
		Files: newFiles(fs), Policy: Policy{Ratio: 2, FlushRows: 60, Share: 50, Segments: 2},
		Persist: func(m *Manifest) error {
			if err := m.Write(fs, ".", "MANIFEST", salt); err != nil {
				return err
			}
			acknowledge(m)
			return nil
		},
	})
	universe := twindata.Quads(2, 1)
	r := rand.New(rand.NewPCG(4, 4))
	lines := []*model{{cell: set.Add("main", NewVersion()), quads: map[graph.Quad]bool{}}}
	states := map[string][]map[graph.Quad]bool{"main": {{}}}
	for step := range 40 {
		m := lines[step%len(lines)]
		m.change(t, r, universe, 20)
		states[m.cell.name] = append(states[m.cell.name], clone(m.quads))
		if err := set.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		switch step {
		case 15:
			lines = append(lines, &model{cell: set.Add("fork", m.cell.Get()), quads: clone(m.quads), seq: m.seq})
			states["fork"] = slices.Clone(states["main"])
		case 35:
			if err := set.Remove(lines[1].cell); err != nil {
				t.Fatal(err)
			}
			lines = lines[:1]
		}
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	return states
}

func survive(p crashPoint, states map[string][]map[graph.Quad]bool) error {
	m, err := ReadManifest(p.fs, "MANIFEST", salt)
	if err != nil {
		return err
	}
	if m.LastNum < p.last {
		return fmt.Errorf("the manifest of segment %d is there, that of %d was acknowledged", m.LastNum, p.last)
	}
	files := newFiles(p.fs)
	if err := files.Clean(m, 1000); err != nil {
		return err
	}
	versions, err := files.Versions(m)
	if err != nil {
		return err
	}
	segments := map[uint64]bool{}
	for _, l := range m.Lines {
		v, want := versions[l.Name], states[l.Name][l.Flushed]
		if v.Len() != uint64(len(want)) {
			return fmt.Errorf("line %s holds %d quads, after commit %d it held %d", l.Name, v.Len(), l.Flushed, len(want))
		}
		for q := range want {
			if ok, err := v.Has(q); !ok || err != nil {
				return fmt.Errorf("line %s lost %v: %v", l.Name, q, err)
			}
		}
		if err := v.Check(); err != nil {
			return err
		}
		for _, run := range v.Runs() {
			segments[run.seg.Header().Num] = true
			if err := run.seg.Verify(ctx); err != nil {
				return err
			}
		}
		if err := v.Release(); err != nil {
			return err
		}
	}
	names, err := p.fs.ReadDir(".")
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "MANIFEST" || n == "MANIFEST.tmp" })
	if len(names) != len(segments) {
		return fmt.Errorf("files %v for segments %v", names, segments)
	}
	return nil
}
