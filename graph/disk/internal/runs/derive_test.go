package runs

import (
	"math/rand/v2"
	"slices"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
	"nettwin/graph/disk/internal/twindata"
)

// Goal: the rows of a run in memory are sorted in all orders. Method: runs of
// sizes around the bounds of the ways to sort, compared with a plain sort.
func TestDerivedOrders(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	universe := twindata.Quads(12, 1)
	for _, n := range []int{0, 1, 2, radixRows - 1, radixRows, 3000} {
		quads := []graph.Quad{}
		for _, i := range r.Perm(len(universe))[:n] {
			quads = append(quads, universe[i])
		}
		slices.SortFunc(quads, compareQuads)
		run := NewRun(1, 1, quads, nil)
		for o := range graph.NumOrders {
			var want []Key
			for _, q := range quads {
				want = append(want, toKey(o, q))
			}
			slices.SortFunc(want, func(a, b Key) int { return compare(&a, &b) })
			if !slices.Equal(run.keys(o, segment.Adds), want) {
				t.Errorf("%d rows by %s are not sorted", n, o)
			}
		}
	}
}
