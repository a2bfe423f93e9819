package bulk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/cache"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/disk/internal/segment"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

var ctx = context.Background()

// bench is a dictionary and what sorters need.
type bench struct {
	fs   *vfs.Mem
	dict *dict.Dict
	num  uint64
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{fs: vfs.NewMem()}
	var err error
	b.dict, err = dict.Open(dict.Options{FS: b.fs, Cache: cache.New(1 << 20), Name: func(n uint64) string { return fmt.Sprintf("dict-%d", n) }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) sorter(rows int) *Sorter {
	return NewSorter(Options{FS: b.fs, Name: func(n uint64) string { return fmt.Sprintf("seg-%d", n) }, Next: func() uint64 { b.num++; return b.num }, Rows: rows})
}

func randomQuad(r *rand.Rand) rdf.Quad {
	iri := func(kind string, n int) rdf.Term {
		return rdf.IRI(fmt.Sprintf("http://a.example/%s%d", kind, r.IntN(n)))
	}
	q := rdf.Quad{S: iri("s", 40), P: iri("p", 5), O: iri("s", 40)}
	switch r.IntN(4) {
	case 0:
		q.O = rdf.Literal(fmt.Sprint(r.IntN(300)-100), rdf.XSDInteger)
	case 1:
		q.O = rdf.LangString(fmt.Sprint("text ", r.IntN(20)), "en")
	case 2:
		q.G = iri("g", 3)
	}
	return q
}

// rows reads a stream to its end and holds I2.
func rows(t testing.TB, s Stream, err error) (out []segment.Key) {
	t.Helper()
	cols := NewColumns(37)
	for err == nil {
		var n int
		if n, err = s.Fill(cols); n == 0 {
			break
		}
		for i := range n {
			k := keyAt(cols, i)
			if len(out) > 0 && compare(&out[len(out)-1], &k) >= 0 {
				t.Fatalf("I2: %v follows %v", k, out[len(out)-1])
			}
			out = append(out, k)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Goal: a sorter yields the distinct rows in every order, with final ids,
// whatever the size of batches, also when the dictionary got some of the terms
// from others meanwhile. Method: random quads in blocks; batches from one to
// many; terms installed between, the others' before; beside a map.
func TestSorter(t *testing.T) {
	for _, size := range []int{16, 100, 1 << 20} {
		for seed := range uint64(6) {
			r := rand.New(rand.NewPCG(seed, 1))
			b := newBench(t)
			terms := b.dict.Loading(b.dict.AddExtra)
			s := b.sorter(size)
			want := map[rdf.Quad]bool{}
			install := func() {
				w, err := terms.Write(ctx)
				if err != nil {
					t.Fatal(err)
				}
				n, err := b.dict.Install(ctx, terms, w, func([]uint64) error { return nil })
				if err != nil {
					t.Fatal(err)
				}
				terms.Next()
				if err := s.Stage(ctx, n); err != nil {
					t.Fatal(err)
				}
			}
			for block := range 20 {
				build := NewBuilder(terms)
				build.Reset()
				for range 1 + r.IntN(60) {
					q := randomQuad(r)
					want[q] = true
					if err := build.Add(&q); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.Add(ctx, build.Block(), terms); err != nil {
					t.Fatal(err)
				}
				if seed%2 == 1 && r.IntN(4) == 0 {
					q := randomQuad(r)
					for _, term := range []rdf.Term{q.P, q.S} {
						if _, err := b.dict.Add(term); err != nil {
							t.Fatal(err)
						}
					}
				}
				if seed%3 == 2 && block%7 == 6 {
					install()
				}
			}
			install()
			if err := s.Finish(); err != nil {
				t.Fatal(err)
			}
			var quads []graph.Quad
			for q := range want {
				quads = append(quads, b.ids(t, q))
			}
			for o := range graph.NumOrders {
				var keys []segment.Key
				for _, q := range quads {
					var k segment.Key
					for i, pos := range o.Positions() {
						k[i] = q[pos]
					}
					keys = append(keys, k)
				}
				slices.SortFunc(keys, func(a, b segment.Key) int { return compare(&a, &b) })
				stream, err := s.Stream(o)
				if got := rows(t, stream, err); !slices.Equal(got, keys) {
					t.Fatalf("batches of %d, seed %d, %s: %d rows, expected %d", size, seed, o, len(got), len(keys))
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			names, err := b.fs.ReadDir(".")
			if err != nil || slices.ContainsFunc(names, func(n string) bool { return n[0] == 's' }) {
				t.Errorf("after closing there are %v, %v", names, err)
			}
		}
	}
}

// ids returns the ids of a quad.
func (b *bench) ids(t testing.TB, q rdf.Quad) (out graph.Quad) {
	t.Helper()
	for pos, term := range [4]rdf.Term{q.S, q.P, q.O, q.G} {
		if term.IsZero() {
			out[pos] = graph.DefaultGraph
			continue
		}
		id, ok := graph.Inline(term)
		if !ok {
			var err error
			if id, err = b.dict.FindTerm(term); err != nil || id == graph.None {
				t.Fatalf("%v has no id: %v", term, err)
			}
		}
		out[pos] = id
	}
	return out
}

// Goal: the difference and the intersection of streams are those of sets.
// Method: random sets, also empty and equal ones, beside maps.
func TestSets(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for round := range 50 {
		b := newBench(t)
		sets, sorters := [2]map[segment.Key]bool{{}, {}}, [2]*Sorter{}
		for i := range sorters {
			sorters[i] = b.sorter(1 + 50*(round%3))
			for range r.IntN(300) {
				k := segment.Key{graph.TermID(1 + r.IntN(4)), graph.TermID(1 + r.IntN(4)), graph.TermID(1 + r.IntN(9)), graph.TermID(1 + r.IntN(3))}
				sets[i][k] = true
				if err := sorters[i].AddIDs(ctx, &Columns{{k[0]}, {k[1]}, {k[2]}, {k[3]}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := sorters[i].Finish(); err != nil {
				t.Fatal(err)
			}
		}
		x, err := sorters[0].Stream(graph.SPOG)
		if err != nil {
			t.Fatal(err)
		}
		y, err := sorters[1].Stream(graph.SPOG)
		if err != nil {
			t.Fatal(err)
		}
		for k := range sets[0] {
			if has, err := sorters[1].Has(graph.Quad(k)); has != sets[1][k] || err != nil {
				t.Fatalf("%v is there: %v, %v", k, has, err)
			}
		}
		difference, err := Without(x, y)
		left := rows(t, difference, err)
		for _, k := range left {
			if !sets[0][k] || sets[1][k] {
				t.Fatalf("%v is in the difference", k)
			}
			delete(sets[0], k)
		}
		for k := range sets[0] {
			if !sets[1][k] {
				t.Fatalf("%v is not in the difference", k)
			}
		}
		x, err = sorters[0].Stream(graph.SPOG)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = Both(ctx, x, &scan{keys: sets[1]}, func(rows *Columns) error {
			for i := range rows[0] {
				if k := keyAt(rows, i); !sets[0][k] {
					t.Errorf("%v is in both", k)
				}
				n++
			}
			return nil
		})
		if err != nil || n != len(sets[0]) {
			t.Fatalf("%d rows are in both, expected %d (%v)", n, len(sets[0]), err)
		}
	}
}

// scan is a Scanner of few rows.
type scan struct {
	keys  map[segment.Key]bool
	list  []segment.Key
	chunk graph.Chunk
}

func (s *scan) sort() {
	if s.list == nil {
		for k := range s.keys {
			s.list = append(s.list, k)
		}
		slices.SortFunc(s.list, func(a, b segment.Key) int { return compare(&a, &b) })
	}
}

func (s *scan) Next(context.Context) (*graph.Chunk, error) {
	s.sort()
	if len(s.list) == 0 {
		return nil, nil
	}
	n := min(len(s.list), 5)
	for i := range s.chunk.Cols {
		s.chunk.Cols[i] = nil
		for _, k := range s.list[:n] {
			s.chunk.Cols[i] = append(s.chunk.Cols[i], k[i])
		}
	}
	s.list = s.list[n:]
	return &s.chunk, nil
}

func (s *scan) Seek(key ...graph.TermID) error {
	k := segment.Key(key)
	for len(s.list) > 0 && compare(&s.list[0], &k) < 0 {
		s.list = s.list[1:]
	}
	return nil
}
