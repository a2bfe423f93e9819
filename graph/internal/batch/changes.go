package batch

import (
	"slices"

	"nettwin/graph"
)

// Changes are the effective changes of a commit, each half sorted by SPOG
// without repetition. They are shared: nobody writes into them.
type Changes struct {
	Deletes, Adds []graph.Quad
}

// Len returns the number of changes.
func (c *Changes) Len() int { return len(c.Deletes) + len(c.Adds) }

// Inverse returns the changes that undo c.
func (c *Changes) Inverse() *Changes { return &Changes{Deletes: c.Adds, Adds: c.Deletes} }

// Feed returns the changes as a feed delivers them.
func (c *Changes) Feed() []graph.Change {
	out := make([]graph.Change, 0, c.Len())
	for _, q := range c.Deletes {
		out = append(out, graph.Change{Quad: q, Delete: true})
	}
	for _, q := range c.Adds {
		out = append(out, graph.Change{Quad: q})
	}
	return out
}

// Compare orders quads by SPOG.
func Compare(a, b graph.Quad) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// normal sorts by SPOG and drops repetitions.
func normal(quads []graph.Quad) []graph.Quad {
	slices.SortFunc(quads, Compare)
	return slices.Compact(quads)
}
