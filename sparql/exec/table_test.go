package exec

import (
	"math/rand/v2"
	"testing"

	"nettwin/graph"
)

// TestTuples: numbers are those of a map, whatever the ids and the order in
// which they come, and the memory counted is that of places and keys. Method:
// runs of ids near and far, up, down and at random, with resets between.
func TestTuples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 5000
	kinds := map[string]func(i int) graph.TermID{
		"up":        func(i int) graph.TermID { return graph.MakeID(graph.TagIRI, uint64(1000+3*i)) },
		"up by 8":   func(i int) graph.TermID { return graph.MakeID(graph.TagIRI, uint64(1000+8*i)) },
		"down":      func(i int) graph.TermID { return graph.MakeID(graph.TagIRI, uint64(3*(n-i))) },
		"to zero":   func(i int) graph.TermID { return graph.TermID(n - i) },
		"near":      func(int) graph.TermID { return graph.MakeID(graph.TagIRI, uint64(r.IntN(4*n))) },
		"far":       func(int) graph.TermID { return graph.TermID(r.Uint64() | 1) },
		"two kinds": func(i int) graph.TermID { return graph.MakeID(graph.Tag(1+i%2), uint64(i)) },
		"outlier": func(i int) graph.TermID {
			if i == 3000 {
				return graph.MakeID(graph.TagLiteral, 7)
			}
			return graph.MakeID(graph.TagIRI, uint64(i))
		},
	}
	for name, kind := range kinds {
		b := &budget{max: 1 << 40}
		table := newTuples(1, b)
		for round := range 2 {
			moved, places := 0, &table.places[0]
			want := map[graph.TermID]int{}
			for i := range n {
				id := kind(i)
				b.max = b.used + table.growth(1)
				if round == 0 || i%2 == 0 {
					b.max = 1 << 40 // room to find places directly
				}
				number, added, err := table.insert([]graph.TermID{id})
				old, known := want[id]
				if !known {
					old = len(want)
					want[id] = old
				}
				if err != nil || number != old || added == known {
					t.Fatalf("%s: id %d of %d is %d, new: %v, %v; want %d", name, id, i, number, added, err, old)
				}
				if places != &table.places[0] {
					moved, places = moved+1, &table.places[0]
				}
			}
			for id, number := range want {
				if got := table.find([]graph.TermID{id}); got != number || table.key(number)[0] != id {
					t.Fatalf("%s: id %d is found as %d, want %d", name, id, got, number)
				}
				if other := id + 1<<40; want[other] == 0 && table.find([]graph.TermID{other}) >= 0 {
					t.Fatalf("%s: id %d is found though it was never there", name, other)
				}
			}
			if bytes := int64(table.n)*idBytes + int64(len(table.places)-firstPlaces)*placeBytes; b.used != bytes {
				t.Errorf("%s: %d bytes counted, %d there", name, b.used, bytes)
			}
			if moved > 40 {
				t.Errorf("%s: the places moved %d times for %d ids", name, moved, n)
			}
			if near := name != "far" && name != "two kinds" && name != "outlier"; round == 0 && near != table.direct {
				t.Errorf("%s: direct: %v", name, table.direct)
			}
			table.reset()
		}
		if table.release(); b.used != 0 {
			t.Errorf("%s: %d bytes are left", name, b.used)
		}
	}
}
