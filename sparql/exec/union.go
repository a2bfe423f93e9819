package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// unionOp is Union (SPARQL 1.1 §18.5): one input after another.
type unionOp struct {
	in []op
	at int
}

func (x *execution) newUnion(n *plan.Union) (op, error) {
	o := &unionOp{}
	for _, in := range n.In {
		built, err := x.build(in)
		if err != nil {
			return nil, err
		}
		o.in = append(o.in, built)
	}
	return o, nil
}

func (o *unionOp) next(ctx context.Context) (*chunk, error) {
	for o.at < len(o.in) {
		c, err := o.in[o.at].next(ctx)
		if c != nil || err != nil {
			return c, err
		}
		o.at++
	}
	return nil, nil
}

func (o *unionOp) reset() {
	o.at = 0
	for _, in := range o.in {
		in.reset()
	}
}

func (o *unionOp) close() error { return closeAll(o.in...) }

// minusOp is Minus (SPARQL 1.1 §18.5): a solution goes if a compatible one of
// the right input shares a variable with it.
type minusOp struct {
	x     *execution
	n     *plan.Minus
	l, r  op
	ix    *index
	out   *buffer
	slots []int
	rows  []int32 // scratch
	sure  bool    // the keys are shared variables, so that compatibility is enough

	blocks *blockJoin // if the right input has no room
	set    *tuples    // the right input, if one column is all there is to compare
}

func (x *execution) newMinus(n *plan.Minus) (op, error) {
	l, err := x.build(n.L)
	if err != nil {
		return nil, err
	}
	r, err := x.build(n.R)
	if err != nil {
		return nil, err
	}
	o := &minusOp{x: x, n: n, l: l, r: r, out: x.newBuffer(), slots: n.Out.Slots()}
	for _, slot := range n.Keys {
		o.sure = o.sure || !n.Ignore.Has(slot)
	}
	return o, nil
}

func (o *minusOp) next(ctx context.Context) (_ *chunk, err error) {
	if o.ix == nil && o.set == nil && o.sure && len(o.n.Keys) == 1 && len(o.n.Shared) == 0 {
		if err := o.readSet(ctx); err != nil {
			return nil, err
		}
	}
	if o.ix == nil && o.set == nil {
		different := &distinctOp{x: o.x, in: o.r, slots: append(append([]int(nil), o.n.Keys...), o.n.Shared...)}
		different.init()
		var right *parts
		if o.ix, right, err = o.x.readRight(ctx, different, nil, o.n.Keys, o.n.Shared); err != nil {
			return nil, err
		}
		different.seen.release()
		if right != nil {
			o.inBlocks(right)
		}
	}
	if o.blocks != nil {
		return o.blocks.next(ctx)
	}
	for {
		c, err := o.l.next(ctx)
		if err != nil || c == nil {
			return nil, err
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if sel := o.left(c); len(sel) > 0 {
			return o.out.pick(c, o.slots, sel), nil
		}
	}
}

// readSet reads the right input into a set. If that has no room, it will be
// read again, into files.
func (o *minusOp) readSet(ctx context.Context) error {
	set, key := newTuples(1, o.x.budget), o.n.Keys[0]
	for {
		c, err := o.r.next(ctx)
		if err != nil {
			return err
		}
		if c == nil {
			o.set = set
			return nil
		}
		col := c.cols[key]
		for row := range c.n {
			if _, _, err = set.insert(col[row : row+1]); err != nil {
				break
			}
		}
		switch {
		case err == nil:
		case o.x.spills(err):
			set.release()
			o.r.reset()
			return nil
		default:
			return err
		}
	}
}

// left returns the rows of a chunk that nothing removes.
func (o *minusOp) left(c *chunk) []int32 {
	sel := identity(&o.rows, c.n)[:0]
	if o.set != nil {
		col := c.cols[o.n.Keys[0]]
		for row := range c.n {
			if o.set.find(col[row:row+1]) < 0 {
				sel = append(sel, int32(row))
			}
		}
		return sel
	}
	for row := range c.n {
		if !o.removed(c, row) {
			sel = append(sel, int32(row))
		}
	}
	return sel
}

// inBlocks lets a blockJoin do the work.
func (o *minusOp) inBlocks(right *parts) {
	pairs := newPairs(o.x.chunkRows)
	pairs.ix = o.ix
	j := o.x.newBlockJoin(o.l, o.n.L, pairs, right)
	j.match = func(context.Context) (*chunk, error) {
		for i, row := range pairs.left {
			if o.sure || o.overlaps(j.c, int(row), pairs.right[i]) {
				j.met[j.base+int(row)] = true
			}
		}
		return nil, nil
	}
	j.rest = func(left *chunk, met []bool) *chunk {
		return pickUnmatched(&o.rows, o.out, left, o.slots, met)
	}
	o.blocks = j
}

func (o *minusOp) removed(c *chunk, row int) bool {
	for candidate := o.ix.head(c, row, o.ix.key); candidate >= 0; candidate = o.ix.chain[candidate] {
		if o.ix.agrees(c, row, candidate) && (o.sure || o.overlaps(c, row, candidate)) {
			return true
		}
	}
	return false
}

func (o *minusOp) overlaps(c *chunk, row int, candidate int32) bool {
	for _, slot := range o.n.Shared {
		if !o.n.Ignore.Has(slot) && c.at(slot, row) != graph.None && o.ix.rows.cols[slot][candidate] != graph.None {
			return true
		}
	}
	return false
}

func (o *minusOp) reset() {
	if o.blocks != nil {
		o.blocks.reset()
		return
	}
	o.l.reset()
}

func (o *minusOp) close() error { return closeAll(o.l, o.r) }
