package graphtest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
)

// Goal: a restricted snapshot scans and counts exactly what its view shows,
// for each shape of pattern, and And shows what both show. Method: random
// views over mixed quads, against a filter; few rows and many, so that both
// ways of counting are taken.
func testRestrict(t *testing.T, open func(t *testing.T) graph.Store) {
	s := opened(t, open)
	add(t, s, "", mixed(9000, 21)...)
	snap := snapshot(t, s, graph.At{})
	all := scan(t, snap, graph.Pattern{}, graph.SPOG)
	var graphs, preds []graph.TermID
	for _, quad := range all {
		graphs, preds = append(graphs, quad[graph.G]), append(preds, quad[graph.P])
	}
	slices.Sort(graphs)
	slices.Sort(preds)
	graphs, preds = slices.Compact(graphs), slices.Compact(preds)
	r := rand.New(rand.NewPCG(8, 8))
	for range 40 {
		v, w := randomView(r, graphs, preds), randomView(r, graphs, preds)
		checkView(t, r, snap, all, v)
		both := v.And(w)
		for _, quad := range all[:200] {
			if both.Shows(quad) != (v.Shows(quad) && w.Shows(quad)) {
				t.Fatalf("And of %v and %v: wrong for %v", v, w, quad)
			}
		}
	}
	if graph.Restrict(snap, graph.View{}) != snap {
		t.Error("the zero view is not the snapshot itself")
	}
	nothing := graph.Restrict(snap, graph.View{Graphs: map[graph.TermID]bool{}})
	if n, err := nothing.Count(graph.Pattern{}); n != 0 || err != nil {
		t.Errorf("view without graphs has %d quads, %v", n, err)
	}
	if nothing.Commit() != snap.Commit() {
		t.Error("restricted snapshot has another commit")
	}
	if err := nothing.Close(); err != nil {
		t.Error(err)
	}
	if _, err := snap.Count(graph.Pattern{}); err == nil {
		t.Error("closing the restricted snapshot left it open")
	}
}

func randomView(r *rand.Rand, graphs, preds []graph.TermID) graph.View {
	pick := func(ids []graph.TermID) map[graph.TermID]bool {
		if r.IntN(2) == 0 {
			return nil
		}
		out := map[graph.TermID]bool{}
		for _, id := range ids {
			switch r.IntN(3) {
			case 0:
				out[id] = true
			case 1:
				out[id] = false
			}
		}
		return out
	}
	return graph.View{Graphs: pick(graphs), HideGraphs: pick(graphs), HidePreds: pick(preds)}
}

func checkView(t *testing.T, r *rand.Rand, snap graph.Snapshot, all []graph.Quad, v graph.View) {
	t.Helper()
	src := graph.Restrict(snap, v)
	var shown []graph.Quad
	for _, quad := range all {
		if v.Shows(quad) {
			shown = append(shown, quad)
		}
	}
	for shape := range 16 {
		sample := all[r.IntN(len(all))]
		var p graph.Pattern
		for pos := range 4 {
			if shape>>pos&1 == 1 {
				p[pos] = sample[pos]
			}
		}
		o := graph.Order(r.IntN(int(graph.NumOrders)))
		want := matching(shown, p, o)
		if got := scan(t, src, p, o); !slices.Equal(got, want) {
			t.Fatalf("view %v, scan %v in %s: %d quads, want %d", v, p, o, len(got), len(want))
		}
		if n, err := src.Count(p); err != nil || n != uint64(len(want)) {
			t.Fatalf("view %v, count %v: %d, %v; want %d", v, p, n, err, len(want))
		}
	}
	o := graph.Order(r.IntN(int(graph.NumOrders)))
	walkSeek(t, r, src, matching(shown, graph.Pattern{}, o), all, graph.Pattern{}, o, 0)
}
