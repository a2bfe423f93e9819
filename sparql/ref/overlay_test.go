package ref

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

// Goal: an overlay shows what the store will show once its changes are
// committed, and its batch brings exactly that about.
// Method: random inserts, deletes and clears on a small universe of quads,
// against a plain set; every pattern and order is scanned, counted and sought
// in; then the batch is committed and the store compared with the set.
func TestOverlay(t *testing.T) {
	ctx := t.Context()
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		store := mem.New(mem.Options{})
		model := map[rdf.Quad]bool{}
		var first []rdf.Quad
		for range rng.IntN(30) {
			q := randomQuad(rng)
			first, model[q] = append(first, q), true
		}
		if _, err := store.Commit(ctx, &graph.Batch{Adds: first}); err != nil {
			t.Fatal(err)
		}
		snap, err := store.Snapshot(graph.At{})
		if err != nil {
			t.Fatal(err)
		}
		w := &updater{over: newOverlay(snap)}
		for range rng.IntN(40) {
			change(t, rng, w, model)
		}
		checkScans(t, rng, w.over, model)
		batch, err := w.batch()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Commit(ctx, batch); err != nil {
			t.Fatal(err)
		}
		after, err := store.Snapshot(graph.At{})
		if err != nil {
			t.Fatal(err)
		}
		checkScans(t, rng, newOverlay(after), model)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func randomTerm(rng *rand.Rand, kind string) rdf.Term {
	return rdf.IRI(fmt.Sprintf("http://ex/%s%d", kind, rng.IntN(3)))
}

func randomQuad(rng *rand.Rand) rdf.Quad {
	q := rdf.Quad{S: randomTerm(rng, "n"), P: randomTerm(rng, "p"), O: randomTerm(rng, "n")}
	if rng.IntN(3) == 0 {
		q.O = rdf.Literal(fmt.Sprint(rng.IntN(3)), rdf.XSDInteger)
	}
	if rng.IntN(2) == 0 {
		q.G = randomTerm(rng, "g")
	}
	return q
}

func change(t *testing.T, rng *rand.Rand, w *updater, model map[rdf.Quad]bool) {
	q := randomQuad(rng)
	var err error
	switch rng.IntN(9) {
	case 0:
		var g graph.TermID
		if g, err = w.over.intern(q.G); err == nil {
			w.over.clear(g)
		}
		for m := range model {
			if m.G == q.G {
				delete(model, m)
			}
		}
	case 1, 2, 3, 4:
		err = w.remove(q)
		delete(model, q)
	default:
		err = w.insert(q)
		model[q] = true
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkScans compares scans of random patterns with the model, and a scan
// that seeks with one that does not.
func checkScans(t *testing.T, rng *rand.Rand, o *overlay, model map[rdf.Quad]bool) {
	t.Helper()
	for range 40 {
		like := randomQuad(rng)
		id, err := o.quadID(like)
		if err != nil {
			t.Fatal(err)
		}
		p := graph.Pattern(id)
		for i := range p {
			if rng.IntN(2) == 0 {
				p[i] = graph.None
			}
		}
		want := 0
		for q := range model {
			qid, err := o.quadID(q)
			if err != nil {
				t.Fatal(err)
			}
			if p.Matches(qid) {
				want++
			}
		}
		for order := range graph.NumOrders {
			got := scanAll(t, o, p, order, nil)
			if len(got) != want || !slices.IsSortedFunc(got, func(a, b graph.Quad) int { return compareQuads(order, a, b) }) {
				t.Errorf("scan %v by %s: %d quads %v, want %d", p, order, len(got), got, want)
			}
			if n, err := o.Count(p); err != nil || n != uint64(want) {
				t.Errorf("count %v: %d, %v, want %d", p, n, err, want)
			}
			fixed := order.PrefixLen(p)
			if len(got) == 0 || fixed == 4 {
				continue
			}
			key := got[rng.IntN(len(got))][order.Positions()[fixed]]
			rest := slices.DeleteFunc(slices.Clone(got), func(q graph.Quad) bool { return q[order.Positions()[fixed]] < key })
			if sought := scanAll(t, o, p, order, []graph.TermID{key}); !slices.Equal(sought, rest) {
				t.Errorf("seek %v by %s to %d: %v, want %v", p, order, key, sought, rest)
			}
		}
	}
}

func scanAll(t *testing.T, o *overlay, p graph.Pattern, order graph.Order, seek []graph.TermID) (out []graph.Quad) {
	t.Helper()
	c, err := o.Scan(p, order)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // a test's own cursor
	if seek != nil {
		if err := c.Seek(seek...); err != nil {
			t.Fatal(err)
		}
	}
	for {
		chunk, err := c.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if chunk == nil {
			return out
		}
		for i := range chunk.Len() {
			out = append(out, chunk.Quad(i))
		}
	}
}
