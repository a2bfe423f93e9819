package plan

import (
	"context"

	"nettwin/sparql/expr"
)

// countQuads answers COUNT over one triple pattern by the source's own count;
// nil if the group is not of that kind.
func (p *planner) countQuads(ctx context.Context, g *grouping) (Node, error) {
	in, ok := g.in.(*group)
	if !ok || len(g.keys) > 0 || len(g.aggs) == 0 || len(in.units) != 1 || len(in.filters) > 0 {
		return nil, nil
	}
	q, ok := in.units[0].(*quad)
	if !ok {
		return nil, nil
	}
	out := &CountQuads{}
	for _, a := range g.aggs {
		if !countsAll(a, &q.bound) {
			return nil, nil
		}
		out.Slots = append(out.Slots, a.Slot)
	}
	it, err := p.item(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	if it.base == 0 {
		return p.counted(out, g, it, 0), nil
	}
	pattern := it.patternIn()
	variables := positionSlots(q.pos[:]...)
	if it.graph.Kind != GraphOne || variables.Len() != it.variables() || !isPrefix(pattern) {
		return nil, nil
	}
	n, err := p.src.Count(pattern)
	if err != nil {
		return nil, err
	}
	p.exact[pattern] = n
	return p.counted(out, g, it, n), nil
}

func (p *planner) counted(out *CountQuads, g *grouping, it *item, n uint64) Node {
	out.N = n
	out.Pattern = p.placesString(it.places) + graphString(p.slots, it.graph)
	out.Info = Info{Rows: 1, Cost: seekCost, Certain: g.certain, Maybe: g.maybe}
	return out
}

// countsAll tells whether an aggregate is the number of solutions.
func countsAll(a Aggregate, in *bound) bool {
	if a.Func != "COUNT" || a.Distinct {
		return false
	}
	if a.Arg == nil {
		return true
	}
	v, ok := a.Arg.X.(*expr.Var)
	return ok && in.certain.Has(a.Arg.slot(v.Name))
}

func (x *Expr) slot(name string) int {
	if slot, ok := x.Slots[name]; ok {
		return slot
	}
	return -1
}

// variables counts the positions that are variables.
func (it *item) variables() int {
	n := 0
	for _, slot := range it.slots() {
		if slot >= 0 {
			n++
		}
	}
	return n
}
