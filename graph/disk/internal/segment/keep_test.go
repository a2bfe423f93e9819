package segment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/twindata"
	"nettwin/graph/vfs"
)

// rewriteSegment makes a segment of another one without some quads, keeping the blocks
// that hold none of these, and returns how many blocks were taken over.
func rewriteSegment(t *testing.T, fs vfs.FS, name string, old *Segment, gone map[graph.Quad]bool) (taken int) {
	t.Helper()
	w, err := NewWriter(fs, name, salt, Header{Num: 7, From: 3, To: 9})
	if err != nil {
		t.Fatal(err)
	}
	for o := range graph.NumOrders {
		if err := w.Begin(o, Adds); err != nil {
			t.Fatal(err)
		}
		w.Keeping()
		sec, pos := old.Section(o, Adds), o.Positions()
		for i := range sec.index.entries {
			var rows []Key
			for _, k := range readAll(t, sec.Cursor(sec.index.starts[i], sec.index.starts[i+1])) {
				var q graph.Quad
				for c, at := range pos {
					q[at] = k[c]
				}
				if !gone[q] {
					rows = append(rows, k)
				}
			}
			if len(rows) == sec.rowsOf(i) {
				before := len(w.index.entries)
				err = w.Keep(sec, i)
				if n := len(w.index.entries); n > before && w.rows == 0 {
					taken++
				}
			} else {
				cols := twindata.Columns(rows)
				err = w.Append(&cols)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	return taken
}

// Goal: a segment into which blocks of another were taken over holds the same
// rows, statistics and graphs as one that was written row by row, many blocks
// are taken over, and rewriting again and again leaves no crumbs. Method: three
// generations that each lose a few quads close to each other.
func TestKeep(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	fs := vfs.NewMem()
	quads := twindata.Quads(60, 1)
	write(t, fs, "seg0", quads, nil)
	taken, all := 0, 0
	for gen := range 3 {
		old := open(t, fs, fmt.Sprintf("seg%d", gen), 1<<20)
		gone := map[graph.Quad]bool{}
		at := r.IntN(len(quads) - 50)
		for _, q := range quads[at : at+50] {
			gone[q] = true
		}
		name := fmt.Sprintf("seg%d", gen+1)
		taken += rewriteSegment(t, fs, name, old, gone)
		quads = slices.DeleteFunc(quads, func(q graph.Quad) bool { return gone[q] })
		s := open(t, fs, name, 1<<20)
		if err := s.Verify(context.Background()); err != nil {
			t.Fatal(err)
		}
		for o := range graph.NumOrders {
			all += len(s.Section(o, Adds).index.entries)
		}
		if gen == 2 {
			for o := range graph.NumOrders {
				sec := s.Section(o, Adds)
				checkSection(t, sec, twindata.Sorted(quads, o))
				if n := len(sec.index.entries); n > 2+len(quads)/keepRows {
					t.Errorf("%s: %d rows in %d blocks", o, len(quads), n)
				}
			}
			checkStats(t, s.Stats(), quads)
		}
	}
	if taken*5 < all {
		t.Errorf("%d of %d blocks were taken over", taken, all)
	}
}

// Goal: a damaged block does not get into a new segment. Method: change a bit
// of a block that is taken over.
func TestKeepRefusesDamage(t *testing.T) {
	fs := vfs.NewMem()
	write(t, fs, "seg", twindata.Quads(60, 1), nil)
	s, err := Open(fs, "seg", salt, cache.New(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	sec := s.Section(graph.SPOG, Adds)
	if err := fs.Corrupt("seg", sec.index.entries[1].offset+40, 1); err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(fs, "new", salt, Header{Num: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := w.Begin(graph.SPOG, Adds); err != nil {
		t.Fatal(err)
	}
	w.Keeping()
	if err := w.Keep(sec, 0); err != nil {
		t.Fatal(err)
	}
	var corrupt *graph.CorruptionError
	if err := w.Keep(sec, 1); !errors.As(err, &corrupt) || corrupt.File != "seg" || corrupt.Offset != sec.index.entries[1].offset {
		t.Errorf("got %v", err)
	}
}

// Goal: a Prober answers as Has does. Method: ascending keys, rows and others,
// close to each other and far.
func TestProber(t *testing.T) {
	fs := vfs.NewMem()
	quads := twindata.Quads(100, 1)
	write(t, fs, "seg", quads, nil)
	sec := open(t, fs, "seg", 1<<20).Section(graph.SPOG, Adds)
	keys := twindata.Sorted(quads, graph.SPOG)
	r := rand.New(rand.NewPCG(3, 3))
	for _, far := range []int{1, 3, 50, 5000} {
		p := sec.Prober()
		for i := 0; i < len(keys); i += 1 + r.IntN(far) {
			k := keys[i]
			k[r.IntN(4)] += graph.TermID(r.IntN(2))
			if i > 0 && compare(&k, &keys[i-1]) < 0 {
				continue
			}
			want, err := sec.Has(&k)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.Has(&k); got != want || err != nil {
				t.Fatalf("steps of %d, %v: %v, want %v, %v", far, k, got, want, err)
			}
			for i+1 < len(keys) && compare(&keys[i], &k) < 0 {
				i++
			}
		}
	}
	p := sec.Prober()
	for range 2 {
		if got, err := p.Has(&Key{^graph.TermID(0)}); got || err != nil {
			t.Errorf("behind the last row: %v, %v", got, err)
		}
	}
}
