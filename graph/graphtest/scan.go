package graphtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// mixed makes n different quads with skewed, overlapping terms: few
// predicates and graphs, objects that are IRIs, blank nodes and literals.
func mixed(n int, seed uint64) []rdf.Quad {
	r := rand.New(rand.NewPCG(seed, 1))
	seen := map[rdf.Quad]bool{}
	out := make([]rdf.Quad, 0, n)
	for len(out) < n {
		quad := q(fmt.Sprintf("s%d", r.IntN(n/4+1)), fmt.Sprintf("p%d", r.IntN(5)), "", "")
		switch r.IntN(4) {
		case 0:
			quad.O = ex(fmt.Sprintf("s%d", r.IntN(n/4+1)))
		case 1:
			quad.O = rdf.BNode(fmt.Sprintf("b%d", r.IntN(9)))
		case 2:
			quad.O = rdf.Literal(fmt.Sprint(r.IntN(50)-20), rdf.XSDInteger)
		case 3:
			quad.O = rdf.LangString(fmt.Sprintf("name %d", r.IntN(20)), []string{"en", "de"}[r.IntN(2)])
		}
		if g := r.IntN(4); g > 0 {
			quad.G = ex(fmt.Sprintf("g%d", g))
		}
		if !seen[quad] {
			seen[quad] = true
			out = append(out, quad)
		}
	}
	return out
}

func testScan(t *testing.T, open func(t *testing.T) graph.Store) {
	s := opened(t, open)
	const n = 3000
	quads := mixed(n, 7)
	for part := range slices.Chunk(quads, 1100) {
		add(t, s, "", part...)
	}
	snap := snapshot(t, s, graph.At{})
	t.Cleanup(func() { snap.Close() })
	all := scan(t, snap, graph.Pattern{}, graph.SPOG)
	if len(all) != n {
		t.Fatalf("full scan has %d quads, want %d", len(all), n)
	}
	t.Run("patterns", func(t *testing.T) { testPatterns(t, snap, all) })
	t.Run("seek", func(t *testing.T) { testSeek(t, snap, all) })
	t.Run("cursor", func(t *testing.T) { testCursor(t, snap) })
	t.Run("long", func(t *testing.T) { testLongScan(t, open) })
}

// Goal: Scan yields exactly the matching quads, sorted, in each order, and
// Count counts them. Method: all 16 shapes of patterns from sampled quads and
// from mixtures of two, against a filter over the full scan.
func testPatterns(t *testing.T, src graph.Source, all []graph.Quad) {
	r := rand.New(rand.NewPCG(3, 3))
	for shape := range 16 {
		for range 6 {
			a, b := all[r.IntN(len(all))], all[r.IntN(len(all))]
			var p graph.Pattern
			for pos := range 4 {
				if shape>>pos&1 == 1 {
					p[pos] = a[pos]
					if r.IntN(8) == 0 {
						p[pos] = b[pos]
					}
				}
			}
			checkPattern(t, src, all, p)
		}
	}
	checkPattern(t, src, all, graph.Pattern{graph.S: graph.MakeID(graph.TagIRI, 1<<40)})
	checkPattern(t, src, all, graph.Pattern{graph.O: graph.MakeID(15, 1<<60-1)})
}

func checkPattern(t *testing.T, src graph.Source, all []graph.Quad, p graph.Pattern) {
	t.Helper()
	for o := range graph.NumOrders {
		want := matching(all, p, o)
		if got := scan(t, src, p, o); !slices.Equal(got, want) {
			t.Fatalf("scan %v in %s: %d quads, want %d sorted", p, o, len(got), len(want))
		}
	}
	n, err := src.Count(p)
	if want := uint64(len(matching(all, p, graph.SPOG))); err != nil || n != want {
		t.Fatalf("count %v = %d, %v; want %d", p, n, err, want)
	}
}

// Goal: Seek goes to the first row at or after the key beyond the prefix, and
// never backward. Method: random walks of Next and Seek against a slice.
func testSeek(t *testing.T, src graph.Source, all []graph.Quad) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 400 {
		o := graph.Order(r.IntN(int(graph.NumOrders)))
		pos := o.Positions()
		sample := all[r.IntN(len(all))]
		var p graph.Pattern
		plen := r.IntN(3)
		for _, at := range pos[:plen] {
			p[at] = sample[at]
		}
		if r.IntN(4) == 0 { // something beyond the prefix
			p[pos[3]] = sample[pos[3]]
		}
		walkSeek(t, r, src, matching(all, p, o), all, p, o, plen)
	}
}

func walkSeek(t *testing.T, r *rand.Rand, src graph.Source, left, all []graph.Quad, p graph.Pattern, o graph.Order, plen int) {
	t.Helper()
	c, err := src.Scan(p, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	pos := o.Positions()
	for range 6 {
		if r.IntN(3) > 0 {
			target := all[r.IntN(len(all))]
			if len(left) > 0 && r.IntN(2) == 0 {
				target = left[r.IntN(len(left))]
			}
			key := make([]graph.TermID, 1+r.IntN(4-plen))
			for i := range key {
				key[i] = target[pos[plen+i]]
			}
			if err := c.Seek(key...); err != nil {
				t.Fatalf("seek %v in %s after %d: %v", key, o, plen, err)
			}
			for len(left) > 0 && before(left[0], key, pos[plen:]) {
				left = left[1:]
			}
		}
		chunk, err := c.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if chunk == nil {
			if len(left) > 0 {
				t.Fatalf("scan %v in %s ended with %d rows left, the next %v", p, o, len(left), left[0])
			}
			return
		}
		for i := range chunk.Len() {
			if len(left) == 0 || chunk.Quad(i) != left[0] {
				t.Fatalf("scan %v in %s: row %v, want the first of %d left", p, o, chunk.Quad(i), len(left))
			}
			left = left[1:]
		}
	}
}

func before(quad graph.Quad, key []graph.TermID, pos []int) bool {
	for i, id := range key {
		if quad[pos[i]] != id {
			return quad[pos[i]] < id
		}
	}
	return false
}

// Goal: cursors check ctx, refuse keys that are too long or empty, close twice
// and then refuse. Method: each in turn.
func testCursor(t *testing.T, src graph.Source) {
	c, err := src.Scan(graph.Pattern{}, graph.SPOG)
	if err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Next(canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("next with a canceled context: %v", err)
	}
	if chunk, err := c.Next(ctx); err != nil || chunk == nil {
		t.Errorf("next after a canceled one: %v, %v", chunk, err)
	}
	if err := c.Seek(); err == nil {
		t.Error("seek without ids succeeds")
	}
	if err := c.Seek(1, 2, 3, 4, 5); err == nil {
		t.Error("seek with five ids succeeds")
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := c.Next(ctx); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("next after close: %v", err)
	}
	if err := c.Seek(1); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("seek after close: %v", err)
	}
	if _, err := src.Scan(graph.Pattern{}, graph.NumOrders); err == nil {
		t.Error("scan in an order that does not exist succeeds")
	}
}

// Goal: scans of many chunks are complete and sorted, whatever the tree looks
// like after deletes. Method: 30,000 quads in one batch, a third deleted.
func testLongScan(t *testing.T, open func(t *testing.T) graph.Store) {
	s := opened(t, open)
	quads := mixed(30000, 11)
	add(t, s, "", quads...)
	c := remove(t, s, "", quads[:10000]...)
	if c.Deletes != 10000 {
		t.Fatalf("deleted %d, want 10000", c.Deletes)
	}
	snap := snapshot(t, s, graph.At{})
	defer snap.Close()
	var first []graph.Quad
	for o := range graph.NumOrders {
		got := scan(t, snap, graph.Pattern{}, o)
		if len(got) != 20000 {
			t.Fatalf("scan in %s has %d quads, want 20000", o, len(got))
		}
		for i := 1; i < len(got); i++ {
			if compareIn(o, got[i-1], got[i]) >= 0 {
				t.Fatalf("scan in %s: row %d is not after the one before", o, i)
			}
		}
		slices.SortFunc(got, func(a, b graph.Quad) int { return compareIn(graph.SPOG, a, b) })
		if o == graph.SPOG {
			first = got
		} else if !slices.Equal(got, first) {
			t.Fatalf("scan in %s has other quads than SPOG", o)
		}
	}
}
