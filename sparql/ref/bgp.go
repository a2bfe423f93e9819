package ref

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/algebra"
)

// slotPattern is a triple pattern whose positions are ids or columns.
type slotPattern struct {
	ids   triple // None for variables
	slots [3]int // -1 for constants
}

// place returns the id of a constant, or the column of a variable; the other
// is None or -1.
func (e *evaluator) place(n algebra.Node) (id graph.TermID, slot int, err error) {
	if n.IsVar() {
		return graph.None, e.vars.slots[n.Var], nil
	}
	id, err = e.terms.id(n.Term)
	return id, -1, err
}

func (e *evaluator) slotPattern(p algebra.TriplePattern) (out slotPattern, err error) {
	for i, n := range [3]algebra.Node{p.S, p.P, p.O} {
		if out.ids[i], out.slots[i], err = e.place(n); err != nil {
			return out, err
		}
	}
	return out, nil
}

// bgp evaluates a basic graph pattern (§18.3): its triple patterns one after
// another, each under the solutions so far. The multiset does not depend on
// their order; those with most fixed positions go first.
func (e *evaluator) bgp(ctx context.Context, op *algebra.BGP, s scope) ([]row, error) {
	var patterns []slotPattern
	for _, p := range op.Patterns {
		sp, err := e.slotPattern(p)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, sp)
	}
	start, err := e.newRow(ctx, nil)
	if err != nil {
		return nil, err
	}
	bound := make([]bool, len(start))
	for _, p := range patterns {
		for _, slot := range p.slots {
			if slot >= 0 && s.outer != nil && s.outer[slot] != graph.None {
				start[slot], bound[slot] = s.outer[slot], true
			}
		}
	}
	rows := []row{start}
	for len(patterns) > 0 && len(rows) > 0 {
		i := mostFixed(patterns, bound)
		if rows, err = e.matchAll(ctx, patterns[i], rows, s.graph); err != nil {
			return nil, err
		}
		for _, slot := range patterns[i].slots {
			if slot >= 0 {
				bound[slot] = true
			}
		}
		patterns = append(patterns[:i], patterns[i+1:]...)
	}
	return rows, nil
}

// positionWeight ranks fixed positions: a subject or an object usually fixes
// more than a predicate.
var positionWeight = [3]int{4, 1, 3}

func mostFixed(patterns []slotPattern, bound []bool) int {
	best, bestWeight := 0, -1
	for i, p := range patterns {
		weight := 0
		for pos, slot := range p.slots {
			if slot < 0 || bound[slot] {
				weight += positionWeight[pos]
			}
		}
		if weight > bestWeight {
			best, bestWeight = i, weight
		}
	}
	return best
}

// matchAll extends each row by the triples that match p under it.
func (e *evaluator) matchAll(ctx context.Context, p slotPattern, rows []row, g activeGraph) ([]row, error) {
	var out []row
	for _, from := range rows {
		want := p.ids
		for i, slot := range p.slots {
			if slot >= 0 {
				want[i] = from[slot]
			}
		}
		err := e.scan(ctx, g, want, func(t triple) error {
			if p.repeats(t) {
				r, err := e.newRow(ctx, from)
				if err != nil {
					return err
				}
				for i, slot := range p.slots {
					if slot >= 0 {
						r[slot] = t[i]
					}
				}
				out = append(out, r)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// repeats tells whether positions with the same variable have the same value.
func (p slotPattern) repeats(t triple) bool {
	for i := range 3 {
		for j := i + 1; j < 3; j++ {
			if p.slots[i] >= 0 && p.slots[i] == p.slots[j] && t[i] != t[j] {
				return false
			}
		}
	}
	return true
}
