package plan

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Limits of the search for the unit that a group is joined from.
const (
	maxFirst  = 8   // units tried
	maxTrials = 400 // units tried × the square of all units, about

	// firstGain is by how much another unit than the smallest must be better.
	firstGain = 0.8
	// cheapCost is what is not worth a search.
	cheapCost = 1e6
)

// first returns the number of the unit to begin with: the one with the fewest
// solutions, unless joining the others to another small one costs much less.
func (o *ordering) first(ctx context.Context) (int, error) {
	rows := make([]float64, len(o.items))
	var able []int
	for i, it := range o.items {
		rows[i] = o.p.guess(it.alone())
		if o.knowsEndpoint(it) {
			able = append(able, i)
		}
	}
	slices.SortStableFunc(able, func(a, b int) int { return cmp.Compare(rows[a], rows[b]) })
	tries := min(maxFirst, maxTrials/(len(o.items)*len(o.items)), len(able))
	if len(o.items) < 3 || tries < 2 {
		return able[0], nil
	}
	best, least := able[0], math.Inf(1)
	for n, i := range able[:tries] {
		cost, err := o.trial(ctx, i)
		if err != nil {
			return 0, err
		}
		if n == 0 || cost < least*firstGain {
			best, least = i, cost
		}
		if least < cheapCost {
			break
		}
	}
	return best, nil
}

// trial estimates what joining all units costs, beginning with one of them, in
// the order that choose would take.
func (o *ordering) trial(ctx context.Context, first int) (cost float64, err error) {
	t := &ordering{p: o.p, items: slices.Clone(o.items), kinds: map[int]float64{}, domains: map[int]float64{}, sorted: -1, pending: slices.Clone(o.pending)}
	have := &Unit{Info{Rows: 1}}
	t.node = have
	it := t.items[first]
	t.items = slices.Delete(t.items, first, first+1)
	t.sorted = t.joinKey(it)
	for {
		rows, err := t.estimate(ctx, it)
		if err != nil {
			return 0, err
		}
		if t.node == Node(have) && have.Maybe.Empty() {
			rows = min(it.alone(), math.MaxFloat64/4)
		}
		cost += t.costOf(it, rows)
		have.Rows = rows
		have.Maybe = have.Maybe.Union(it.unit.vars().maybe)
		have.Certain = have.Certain.Union(it.unit.vars().certain)
		cost += t.filterGuess(&have.Info)
		if err := t.learn(ctx, it); err != nil || len(t.items) == 0 {
			return cost, err
		}
		next, err := t.choose(ctx)
		if err != nil || next < 0 {
			return cost, err
		}
		it = t.items[next]
		t.items = slices.Delete(t.items, next, next+1)
	}
}

// costOf is the cost of joining a unit, roughly that of the method that join
// would take.
func (o *ordering) costOf(it *item, rows float64) float64 {
	have := o.node.About()
	if !isQuad(it.unit) {
		own := 0.0
		if it.node != nil {
			own = it.node.About().Cost + it.node.About().Rows*buildCost
		}
		return own + have.Rows*probeCost + rows*emitCost
	}
	if have.Maybe.Empty() {
		return it.base * (scanCost + emitCost)
	}
	key, keyed := it.firstKey(have.Maybe)
	if key != o.sorted {
		o.sorted = -1
	}
	seek := scanJoinCost(have.Rows, it.base, keyed, keyed && key == o.sorted)
	hash := it.base*scanCost + hashCost(max(have.Rows, it.base), min(have.Rows, it.base))
	if !it.unit.vars().maybe.Meets(have.Maybe) {
		hash = math.Inf(1)
	}
	return min(seek, hash) + rows*emitCost
}

// learn notes the distinct values of a unit's slots.
func (o *ordering) learn(ctx context.Context, it *item) error {
	if !isQuad(it.unit) {
		if it.node != nil {
			for _, slot := range it.node.About().Maybe.Slots() {
				o.know(slot, it.node.About().Rows)
			}
		}
		return nil
	}
	for pos, slot := range it.slots() {
		if slot < 0 {
			continue
		}
		n, err := it.distinct(ctx, o.p, pos)
		if err != nil {
			return err
		}
		o.know(slot, n)
		domain, err := it.domain(ctx, o.p, pos)
		if err != nil {
			return err
		}
		if domain = max(domain, n); !hasSmaller(o.domains, slot, domain) {
			o.domains[slot] = domain
		}
	}
	return nil
}

func hasSmaller(m map[int]float64, slot int, n float64) bool {
	old, ok := m[slot]
	return ok && old < n
}

// filterGuess applies, in a trial, the filters whose slots are all bound.
func (o *ordering) filterGuess(have *Info) (cost float64) {
	o.pending = slices.DeleteFunc(o.pending, func(f *Expr) bool {
		for _, slot := range f.Slots {
			if !have.Maybe.Has(slot) {
				return false
			}
		}
		cost += have.Rows * filterCost
		have.Rows *= share(f.X)
		return true
	})
	return cost
}
