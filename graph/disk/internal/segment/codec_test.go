package segment

import (
	"math/rand/v2"
	"testing"

	"nettwin/graph"
)

// columns are shapes that lead to every codec, with widths up to 64 bits.
func columns(r *rand.Rand, n int) map[string][]graph.TermID {
	fill := func(f func(i int) uint64) []graph.TermID {
		col := make([]graph.TermID, n)
		for i := range col {
			col[i] = graph.TermID(f(i))
		}
		return col
	}
	out := map[string][]graph.TermID{
		"constant": fill(func(int) uint64 { return 0xABCDEF0123456789 }),
		"sorted":   fill(func(i int) uint64 { return 1<<60 | uint64(i/7*3) }),
		"table":    fill(func(int) uint64 { return r.Uint64N(9) * 0x1234567890ABCD }),
		"noise":    fill(func(int) uint64 { return r.Uint64() }),
		"extremes": fill(func(i int) uint64 { return uint64(i%2) * ^uint64(0) }),
		"outlier": fill(func(i int) uint64 {
			if i == n/2 {
				return ^uint64(0)
			}
			return uint64(i % 5)
		}),
		"mixed": fill(func(int) uint64 {
			switch r.IntN(5) {
			case 0:
				return uint64(graph.MakeID(graph.TagIRI, r.Uint64N(1<<20)))
			case 1:
				return uint64(graph.MakeID(graph.TagInteger, r.Uint64N(1<<40)))
			case 2:
				id, _ := graph.Inline(stringTerm([]string{"up", "down", "testing"}[r.IntN(3)]))
				return uint64(id)
			case 3:
				return uint64(graph.MakeID(graph.TagLiteral, 1<<22+r.Uint64N(1<<14)))
			}
			return uint64(graph.MakeID(graph.TagBoolean, r.Uint64N(2)))
		}),
	}
	for width := range 65 {
		out["width"+string(rune('0'+width/10))+string(rune('0'+width%10))] = fill(func(int) uint64 { return 77 + r.Uint64()&maskOf(uint(width)) })
	}
	return out
}

// Goal: every codec gives back what was put in, row by row and in any range,
// in blocks of any size. Method: columns of many shapes, four to a block.
func TestColumnRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	seen := map[codec]bool{}
	for _, n := range []int{1, 2, 7, 63, 64, 65, 130, 1000, BlockRows} {
		for name, col := range columns(r, n) {
			var e encoder
			raw := e.appendBlock(nil, &[4][]graph.TermID{col, col, col, col})
			if len(raw) > maxBlockBytes {
				t.Errorf("%s of %d rows: block of %d bytes", name, n, len(raw))
			}
			b, err := parseBlock(raw)
			if err != nil {
				t.Fatalf("%s of %d rows: %v", name, n, err)
			}
			seen[b.cols[2].codec] = true
			checkColumn(t, name, r, &b.cols[2], col)
		}
	}
	for k := constant; k <= classed; k++ {
		if !seen[k] {
			t.Errorf("no column was stored with codec %d", k)
		}
	}
}

func checkColumn(t *testing.T, name string, r *rand.Rand, c *column, col []graph.TermID) {
	t.Helper()
	n := len(col)
	for i, want := range col {
		if got := graph.TermID(c.get(i)); got != want {
			t.Fatalf("%s (codec %d): row %d of %d is %#x, want %#x", name, c.codec, i, n, got, want)
		}
	}
	for range 20 {
		from := r.IntN(n)
		to := from + 1 + r.IntN(n-from)
		dst := make([]graph.TermID, to-from)
		c.read(dst, from)
		for i := range dst {
			if dst[i] != col[from+i] {
				t.Fatalf("%s (codec %d): row %d of [%d, %d) of %d is %#x, want %#x", name, c.codec, from+i, from, to, n, dst[i], col[from+i])
			}
		}
	}
}

// Goal: the classed codec pays where types are mixed, since subjects' rows
// lie together. Method: the size of a mixed column against plain packing.
func TestClassesPay(t *testing.T) {
	col := columns(rand.New(rand.NewPCG(5, 6)), BlockRows)["mixed"]
	var e encoder
	p, _ := e.choose(col)
	if p.codec != classed {
		t.Fatalf("codec %d", p.codec)
	}
	raw, _, _ := e.encode(nil, col)
	if len(raw) != p.bytes {
		t.Errorf("%d bytes, planned %d", len(raw), p.bytes)
	}
	// A fifth each of 20, 40, ~2 classes of strings, 14 and 1 bits, and 3 bits for the class.
	if bits := float64(8*len(raw)) / BlockRows; bits > 22 {
		t.Errorf("%.1f bits a row", bits)
	}
}
