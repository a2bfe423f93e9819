package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// leftHashOp is LeftJoin (SPARQL 1.1 §18.5) of independent inputs.
type leftHashOp struct {
	x       *execution
	n       *plan.LeftHash
	l, r    op
	pairs   *pairs
	cond    condition
	merged  *buffer // what cond is evaluated on
	out     *buffer
	slots   []int
	wide    []int // slots and those of the condition
	left    *chunk
	matched []bool
	rows    []int32    // scratch
	blocks  *blockJoin // if the right input has no room
}

func (x *execution) newLeftHash(n *plan.LeftHash) (op, error) {
	l, err := x.build(n.L)
	if err != nil {
		return nil, err
	}
	r, err := x.build(n.R)
	if err != nil {
		return nil, err
	}
	o := &leftHashOp{
		x: x, n: n, l: l, r: r, pairs: newPairs(x.chunkRows), slots: n.Out.Slots(), wide: n.Out.Slots(),
		out: x.newBuffer(), merged: x.newBuffer(),
	}
	if n.Cond != nil {
		if o.cond, err = x.newCondition(n.Cond); err != nil {
			return nil, err
		}
		o.wide = n.Out.Union(n.Cond.Uses).Slots()
	}
	return o, nil
}

func (o *leftHashOp) next(ctx context.Context) (_ *chunk, err error) {
	if o.pairs.ix == nil {
		keep := o.n.R.About().Out
		var right *parts
		if o.pairs.ix, right, err = o.x.readRight(ctx, o.r, keep, o.n.Keys, o.n.Shared); err != nil {
			return nil, err
		}
		if right != nil {
			o.inBlocks(right)
		}
	}
	if o.blocks != nil {
		return o.blocks.next(ctx)
	}
	for {
		if o.left == nil {
			if o.left, err = o.l.next(ctx); err != nil || o.left == nil {
				return nil, err
			}
			o.pairs.begin(o.left)
			o.matched = append(o.matched[:0], make([]bool, o.left.n)...)
		}
		if err := o.pairs.fill(ctx); err != nil {
			return nil, err
		}
		if len(o.pairs.left) == 0 {
			if out := o.unmatched(); out != nil {
				return out, nil
			}
			continue
		}
		out, err := o.joined(ctx)
		if err != nil {
			return nil, err
		}
		if out != nil {
			return out, nil
		}
	}
}

// inBlocks lets a blockJoin do the work.
func (o *leftHashOp) inBlocks(right *parts) {
	o.blocks = o.x.newBlockJoin(o.l, o.n.L, o.pairs, right)
	o.blocks.match = func(ctx context.Context) (*chunk, error) {
		o.matched = o.blocks.met[o.blocks.base:][:o.blocks.c.n]
		return o.joined(ctx)
	}
	o.blocks.rest = func(left *chunk, met []bool) *chunk {
		return pickUnmatched(&o.rows, o.out, left, o.slots, met)
	}
}

// joined returns the pairs at hand that pass the condition.
func (o *leftHashOp) joined(ctx context.Context) (*chunk, error) {
	o.pairs.merge(o.merged, o.wide)
	if o.cond == nil {
		for _, l := range o.pairs.left {
			o.matched[l] = true
		}
		return &o.merged.chunk, nil
	}
	sel, err := o.cond.keep(ctx, &o.merged.chunk, identity(&o.rows, o.merged.n))
	if err != nil || len(sel) == 0 {
		return nil, err
	}
	for _, i := range sel {
		o.matched[o.pairs.left[i]] = true
	}
	return o.out.pick(&o.merged.chunk, o.slots, sel), nil
}

// unmatched ends the chunk at hand with the rows that nothing joined.
func (o *leftHashOp) unmatched() *chunk {
	left := o.left
	o.left = nil
	return pickUnmatched(&o.rows, o.out, left, o.slots, o.matched)
}

func pickUnmatched(scratch *[]int32, out *buffer, left *chunk, slots []int, matched []bool) *chunk {
	sel := identity(scratch, left.n)[:0]
	for row, m := range matched {
		if !m {
			sel = append(sel, int32(row))
		}
	}
	if len(sel) == 0 {
		return nil
	}
	return out.pick(left, slots, sel)
}

func (o *leftHashOp) reset() {
	if o.blocks != nil {
		o.blocks.reset()
		return
	}
	o.l.reset()
	o.left = nil
}

func (o *leftHashOp) close() error { return closeAll(o.l, o.r) }

// applyOp extends each solution of its left input by those of its right one,
// which is evaluated under a chunk of them at a time.
type applyOp struct {
	x       *execution
	n       *plan.Apply
	l, r    op
	seed    *seedState
	given   chunk
	cond    condition
	merged  *buffer
	out     *buffer
	slots   []int
	wide    []int
	left    *chunk
	ended   bool // the right input has no more for the chunk at hand
	matched []bool
	lefts   []int32
	rows    []int32 // scratch
}

func (x *execution) newApply(n *plan.Apply) (op, error) {
	l, err := x.build(n.L)
	if err != nil {
		return nil, err
	}
	r, err := x.build(n.R)
	if err != nil {
		return nil, err
	}
	o := &applyOp{
		x: x, n: n, l: l, r: r, seed: x.seed(n.Seed), slots: n.Out.Slots(), wide: n.Out.Slots(),
		out: x.newBuffer(), merged: x.newBuffer(),
		given: chunk{cols: make([][]graph.TermID, len(x.plan.Slots))},
	}
	if n.Cond != nil {
		if o.cond, err = x.newCondition(n.Cond); err != nil {
			return nil, err
		}
		o.wide = n.Out.Union(n.Cond.Uses).Slots()
	}
	return o, nil
}

// give makes the chunk at hand the seed of the right input, with numbers.
func (o *applyOp) give() {
	clear(o.given.cols)
	o.given.n = o.left.n
	for _, slot := range o.n.Seed.Out.Slots() {
		o.given.cols[slot] = o.left.cols[slot]
	}
	o.given.cols[o.n.Seed.RowID] = o.x.rowIDs(o.left.n)
	o.seed.rows = &o.given
	o.r.reset()
}

func (o *applyOp) next(ctx context.Context) (_ *chunk, err error) {
	for {
		if o.left == nil {
			if o.left, err = o.l.next(ctx); err != nil || o.left == nil {
				return nil, err
			}
			o.matched = append(o.matched[:0], make([]bool, o.left.n)...)
			o.ended = false
			o.give()
		}
		if o.ended {
			left := o.left
			o.left = nil
			if !o.n.Left {
				continue
			}
			if out := pickUnmatched(&o.rows, o.out, left, o.slots, o.matched); out != nil {
				return out, nil
			}
			continue
		}
		right, err := o.r.next(ctx)
		if err != nil {
			return nil, err
		}
		if right == nil {
			o.ended = true
			continue
		}
		out, err := o.joined(ctx, right)
		if out != nil || err != nil {
			return out, err
		}
	}
}

// joined puts the columns of both sides together.
func (o *applyOp) joined(ctx context.Context, right *chunk) (*chunk, error) {
	o.lefts = o.lefts[:0]
	for _, id := range right.cols[o.n.Seed.RowID][:right.n] {
		o.lefts = append(o.lefts, rowOf(id))
	}
	o.merged.clear()
	o.merged.n = right.n
	have := o.n.R.About().Maybe
	for _, slot := range o.wide {
		if have.Has(slot) {
			o.merged.cols[slot] = right.cols[slot]
		} else {
			o.merged.take(slot, o.left.cols[slot], o.lefts)
		}
	}
	if o.cond == nil {
		for _, l := range o.lefts {
			o.matched[l] = true
		}
		return &o.merged.chunk, nil
	}
	sel, err := o.cond.keep(ctx, &o.merged.chunk, identity(&o.rows, right.n))
	if err != nil || len(sel) == 0 {
		return nil, err
	}
	for _, i := range sel {
		o.matched[o.lefts[i]] = true
	}
	return o.out.pick(&o.merged.chunk, o.slots, sel), nil
}

func (o *applyOp) reset() {
	o.l.reset()
	o.left = nil
}

func (o *applyOp) close() error { return closeAll(o.l, o.r) }
