package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// distinctOp is Distinct (SPARQL 1.1 §18.5): the first of equal solutions
// stays.
type distinctOp struct {
	x     *execution
	in    op
	slots []int // what is compared
	seen  *tuples
	key   []graph.TermID
	out   *buffer
	pick  []int
	rows  []int32
}

func (x *execution) newDistinct(n *plan.Distinct, in op) op {
	o := &distinctOp{x: x, in: in, slots: n.Slots, pick: n.Out.Slots()}
	o.init()
	return o
}

func (o *distinctOp) init() {
	if o.pick == nil {
		o.pick = o.slots
	}
	o.out = o.x.newBuffer()
	o.seen = newTuples(len(o.slots), &o.x.budget)
	o.key = make([]graph.TermID, len(o.slots))
}

func (o *distinctOp) next(ctx context.Context) (*chunk, error) {
	for {
		c, err := o.in.next(ctx)
		if err != nil || c == nil {
			return nil, err
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		sel := identity(&o.rows, c.n)[:0]
		for row := range c.n {
			for i, slot := range o.slots {
				o.key[i] = c.at(slot, row)
			}
			_, added, err := o.seen.insert(o.key)
			if err != nil {
				return nil, err
			}
			if added {
				sel = append(sel, int32(row))
			}
		}
		switch len(sel) {
		case 0:
		case c.n:
			return c, nil
		default:
			return o.out.pick(c, o.pick, sel), nil
		}
	}
}

func (o *distinctOp) reset() {
	o.in.reset()
	o.seen.reset()
}

func (o *distinctOp) close() error { return o.in.close() }

// sliceOp is Slice (SPARQL 1.1 §18.5). It asks for no more than it needs.
type sliceOp struct {
	n       *plan.Slice
	in      op
	out     *buffer
	skipped int64
	given   int64
}

func (o *sliceOp) next(ctx context.Context) (*chunk, error) {
	for o.n.Limit < 0 || o.given < o.n.Limit {
		c, err := o.in.next(ctx)
		if err != nil || c == nil {
			return nil, err
		}
		from := min(o.n.Offset-o.skipped, int64(c.n))
		o.skipped += from
		to := int64(c.n)
		if o.n.Limit >= 0 {
			to = min(to, from+o.n.Limit-o.given)
		}
		if from == to {
			continue
		}
		o.given += to - from
		return o.part(c, int(from), int(to)), nil
	}
	return nil, nil
}

func (o *sliceOp) part(c *chunk, from, to int) *chunk {
	if from == 0 && to == c.n {
		return c
	}
	o.out.clear()
	o.out.n = to - from
	for slot, col := range c.cols {
		if col != nil {
			o.out.cols[slot] = col[from:to]
		}
	}
	return &o.out.chunk
}

func (o *sliceOp) reset() {
	o.in.reset()
	o.skipped, o.given = 0, 0
}

func (o *sliceOp) close() error { return o.in.close() }
