package exec

import (
	"cmp"
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// distinctOp is Distinct (SPARQL 1.1 §18.5): the first of equal solutions
// stays. Solutions keep their order.
type distinctOp struct {
	x      *execution
	in     op
	slots  []int // what is compared
	seen   *tuples
	key    []graph.TermID
	out    *buffer
	pick   []int
	rows   []int32
	level  int
	later  *parts  // new solutions for which seen has no room
	behind *buffer // those of a chunk, with their numbers
	count  uint64  // of those
	rest   op      // the different ones among them
	sorted *spillFile
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
	o.seen = newTuples(len(o.slots), o.x.budget)
	o.key = make([]graph.TermID, len(o.slots))
}

func (o *distinctOp) next(ctx context.Context) (*chunk, error) {
	for o.rest == nil {
		c, err := o.in.next(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil {
			if o.later == nil {
				return nil, nil
			}
			if err := o.sortOut(ctx); err != nil {
				return nil, err
			}
			break
		}
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		sel, err := o.different(c)
		if err != nil {
			return nil, err
		}
		switch len(sel) {
		case 0:
		case c.n:
			return c, nil
		default:
			return o.out.pick(c, o.pick, sel), nil
		}
	}
	return o.rest.next(ctx)
}

// different returns the rows of a chunk that are new, and puts those away for
// which there is no room.
func (o *distinctOp) different(c *chunk) ([]int32, error) {
	sel := identity(&o.rows, c.n)[:0]
	for row := range c.n {
		for i, slot := range o.slots {
			o.key[i] = c.at(slot, row)
		}
		added, err := o.insert(o.key)
		if err != nil {
			return nil, err
		}
		switch {
		case added:
			sel = append(sel, int32(row))
		case o.later != nil && o.seen.find(o.key) < 0:
			o.later.put(int32(row), o.key)
		}
	}
	if o.later == nil {
		return sel, nil
	}
	return sel, o.putAway(c)
}

// insert tells whether a key is new; false too if there is no room for it.
func (o *distinctOp) insert(key []graph.TermID) (bool, error) {
	if o.later != nil {
		return false, nil
	}
	_, added, err := o.seen.insert(key)
	if err == nil || !o.x.spills(err) {
		return added, err
	}
	if o.seen.n == 0 {
		o.x.budget.admit(o.seen.growth(1), true)
		defer o.x.budget.settle()
		_, added, err = o.seen.insert(key)
		return added, err
	}
	o.behind = o.x.newBuffer()
	o.later, err = o.x.newParts(o.numbered(), o.level)
	return false, err
}

// numbered are the columns of solutions put away: with their number, by which
// they are put in order again.
func (o *distinctOp) numbered() []int {
	slots := []int{o.x.numberSlot()}
	for _, list := range [][]int{o.slots, o.pick} {
		for _, slot := range list {
			if !slices.Contains(slots, slot) {
				slots = append(slots, slot)
			}
		}
	}
	return slots
}

func (o *distinctOp) putAway(c *chunk) error {
	number := o.x.numberSlot()
	o.behind.clear()
	copy(o.behind.cols, c.cols)
	o.behind.n = c.n
	if len(c.cols) <= number || o.level == 0 {
		col := o.behind.column(number, c.n)
		for i := range col {
			o.count++
			col[i] = graph.TermID(o.count)
		}
		o.behind.cols[number] = col
	}
	return o.later.flush(&o.behind.chunk)
}

// sortOut finds the different solutions among those put away, part by part,
// and merges them by their numbers.
func (o *distinctOp) sortOut(ctx context.Context) error {
	o.seen.release()
	if err := o.later.done(); err != nil {
		return err
	}
	f, err := o.x.newFile()
	if err != nil {
		return err
	}
	o.sorted = f
	var found []op
	for _, part := range o.later.of {
		if part.n == 0 {
			continue
		}
		sub := &distinctOp{x: o.x, in: part.read(), slots: o.slots, pick: o.numbered(), level: o.level + 1}
		sub.init()
		list, err := o.x.toFile(ctx, sub, f, sub.pick)
		if err != nil {
			return err
		}
		sub.seen.release()
		found = append(found, list.read())
	}
	merge := o.x.newMerge(found, o.numbered())
	number := o.x.numberSlot()
	merge.compare = func(a, b *mergeInput) int {
		return cmp.Compare(a.c.at(number, a.row), b.c.at(number, b.row))
	}
	o.rest = merge
	o.x.drop(o.later.file)
	return nil
}

// toFile writes all rows of an operator.
func (x *execution) toFile(ctx context.Context, in op, f *spillFile, slots []int) (*rowFile, error) {
	list := x.newRowFile(f, slots)
	var scratch []int32
	for {
		c, err := in.next(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return list, list.done()
		}
		if err := list.add(c, identity(&scratch, c.n)); err != nil {
			return nil, err
		}
	}
}

func (o *distinctOp) reset() {
	o.in.reset()
	o.seen.reset()
	if o.later != nil {
		o.x.drop(o.later.file, o.sorted)
	}
	o.later, o.rest, o.sorted, o.count = nil, nil, nil, 0
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
