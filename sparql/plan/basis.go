package plan

import (
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// basis is what a plan was made from: the terms that the source did not know,
// and how many quads matched the patterns that it asked about.
type basis struct {
	absent []rdf.Term
	counts map[graph.Pattern]float64
	exact  map[graph.Pattern]uint64 // which the plan answers from
}

func (s *stats) basis() basis {
	b := basis{counts: s.counts, exact: s.exact}
	for term, id := range s.ids {
		if id == graph.None {
			b.absent = append(b.absent, term)
		}
	}
	return b
}

// Statistics have moved notably when a count is more than so many times
// another, and so many quads.
const (
	movedTimes = 2
	movedQuads = 1000
)

// Holds tells whether a plan is right for another version of the source that
// it was made for, under the same view, and still a good one: what it took for
// absent is absent, what it answers from is the same, and no count that it was
// chosen by has moved notably. Cost: a look-up for each of those.
func (p *Plan) Holds(src graph.Source) (bool, error) {
	for pattern, n := range p.basis.exact {
		if now, err := src.Count(pattern); err != nil || now != n {
			return false, err
		}
	}
	for _, term := range p.basis.absent {
		if id, err := graph.ID(src, term); err != nil || id != graph.None {
			return false, err
		}
	}
	for pattern, before := range p.basis.counts {
		n, err := src.Count(pattern)
		if err != nil || moved(before, float64(n)) {
			return false, err
		}
	}
	return true, nil
}

func moved(before, now float64) bool {
	less, more := min(before, now), max(before, now)
	return less == 0 && more > 0 || more > movedTimes*less+movedQuads
}
