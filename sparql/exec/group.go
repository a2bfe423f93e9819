package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
)

// groupOp is Group and Aggregation (SPARQL 1.1 §18.5.1). Groups come in the
// order of their first solutions.
type groupOp struct {
	x      *execution
	n      *plan.Group
	in     op
	keys   []keyColumn
	aggs   []accumulator
	groups *tuples
	number []int32 // of each row's group
	rows   []int32
	result *rowsOp

	level int
	held  int64  // memory of groups and aggregates
	later *parts // rows of groups for which there is no room; nil: all had
	part  int    // the next one of later
	sub   *groupOp
}

// keyColumn is a key: a slot, or an expression whose values go to mem.
type keyColumn struct {
	slot int
	expr *evaluator
	mem  []graph.TermID
	col  []graph.TermID // of the chunk at hand; nil: unbound
}

func (x *execution) newGroup(n *plan.Group, in op) (*groupOp, error) {
	o := &groupOp{x: x, n: n, in: in}
	for _, k := range n.Keys {
		key := keyColumn{slot: -1}
		if v, ok := k.Expr.X.(*expr.Var); ok {
			key.slot = slotOf(k.Expr, v.Name)
		} else {
			var err error
			if key.expr, err = x.newEvaluator(k.Expr); err != nil {
				return nil, err
			}
		}
		o.keys = append(o.keys, key)
	}
	return o, nil
}

func (o *groupOp) begin() error {
	o.groups = newTuples(len(o.keys), o.x.budget)
	for _, a := range o.n.Aggregates {
		acc, err := o.x.newAccumulator(a)
		if err != nil {
			return err
		}
		o.aggs = append(o.aggs, acc)
	}
	return nil
}

func (o *groupOp) next(ctx context.Context) (*chunk, error) {
	if o.result == nil {
		if err := o.begin(); err != nil {
			return nil, err
		}
		if err := o.read(ctx); err != nil {
			return nil, err
		}
		if err := o.finish(ctx); err != nil {
			return nil, err
		}
	}
	for {
		out := op(o.result)
		if o.sub != nil {
			out = o.sub
		}
		c, err := out.next(ctx)
		if c != nil || err != nil {
			return c, err
		}
		if more, err := o.nextPart(); !more || err != nil {
			return nil, err
		}
	}
}

// nextPart goes on with the next rows that were put away.
func (o *groupOp) nextPart() (more bool, err error) {
	if o.later == nil {
		return false, nil
	}
	if o.sub == nil {
		o.release()
		if err := o.later.done(); err != nil {
			return false, err
		}
	} else {
		o.sub.release()
	}
	for ; o.part < len(o.later.of); o.part++ {
		rows := o.later.of[o.part]
		if rows.n == 0 {
			continue
		}
		if o.sub, err = o.x.newGroup(o.n, rows.read()); err != nil {
			return false, err
		}
		o.sub.level = o.level + 1
		o.part++
		return true, nil
	}
	o.x.drop(o.later.file)
	return false, nil
}

// release gives the memory of groups back.
func (o *groupOp) release() {
	o.x.budget.shrink(o.held)
	o.held, o.groups, o.aggs = 0, nil, nil
	if o.result != nil {
		o.result.all = chunk{}
	}
}

func (o *groupOp) read(ctx context.Context) error {
	if len(o.keys) == 0 { // one group, even over no solutions
		if _, _, err := o.groups.insert(nil); err != nil {
			return err
		}
		for _, a := range o.aggs {
			if err := a.grow(1); err != nil {
				return err
			}
		}
	}
	for {
		c, err := o.in.next(ctx)
		if err != nil || c == nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := o.add(ctx, c); err != nil {
			return err
		}
	}
}

// aggregateBytes is what a group takes for an aggregate at most, beside what
// GROUP_CONCAT and DISTINCT keep.
const aggregateBytes = aggregatorBytes + integerSumBytes

// add takes the rows of a chunk.
func (o *groupOp) add(ctx context.Context, c *chunk) error {
	sel := identity(&o.rows, c.n)
	for i := range o.keys {
		if err := o.keys[i].read(ctx, o.x, c, sel); err != nil {
			return err
		}
	}
	before := o.x.budget.used - o.x.terms.bytes
	if err := o.makeRoom(c.n); err != nil {
		return err
	}
	groups := o.groups.n
	sel, err := o.assign(c, sel)
	if err != nil {
		return err
	}
	if err := o.x.budget.grow(int64(o.groups.n-groups) * o.resultBytes()); err != nil {
		return err
	}
	for _, a := range o.aggs {
		if err := a.grow(o.groups.n); err != nil {
			return err
		}
	}
	o.x.budget.settle()
	for _, a := range o.aggs {
		if err := a.add(ctx, c, sel, o.number); err != nil {
			return err
		}
	}
	o.held += o.x.budget.used - o.x.terms.bytes - before
	return nil
}

// makeRoom sees to it that n rows may all be groups of their own, or that rows
// of new groups are put away from now on.
func (o *groupOp) makeRoom(n int) (err error) {
	if o.x.opt.Spill == nil || len(o.keys) == 0 || o.later != nil {
		return nil
	}
	need := o.groups.growth(n) + int64(n)*(aggregateBytes*int64(len(o.aggs))+o.resultBytes())
	if !o.x.budget.admit(need, o.groups.n == 0) {
		o.later, err = o.x.newParts(o.n.In.About().Out.Slots(), o.level)
	}
	return err
}

// resultBytes is what the result of a group takes.
func (o *groupOp) resultBytes() int64 { return int64(idBytes * (len(o.keys) + len(o.aggs))) }

// assign finds the group of each row of the chunk at hand. It returns the rows
// that have one.
func (o *groupOp) assign(c *chunk, sel []int32) ([]int32, error) {
	sized(&o.number, c.n)
	if len(o.keys) == 0 {
		return sel, nil // all are of group 0
	}
	if len(o.keys) == 1 && o.later == nil {
		return sel, o.assignOne(c.n)
	}
	key := make([]graph.TermID, len(o.keys))
	kept := sel[:0]
	for row := range c.n {
		same := row > 0
		for i := range o.keys {
			id := graph.None
			if col := o.keys[i].col; col != nil {
				id = col[row]
			}
			same = same && key[i] == id
			key[i] = id
		}
		switch {
		case same:
			o.number[row] = o.number[row-1]
		case o.later != nil:
			o.number[row] = int32(o.groups.find(key))
		default:
			g, _, err := o.groups.insert(key)
			if err != nil {
				return nil, err
			}
			o.number[row] = int32(g)
		}
		if o.number[row] < 0 {
			o.later.put(int32(row), key)
		} else {
			kept = append(kept, int32(row))
		}
	}
	if o.later == nil {
		return kept, nil
	}
	return kept, o.later.flush(c)
}

// assignOne is assign where one column is the key and all groups have room.
func (o *groupOp) assignOne(n int) error {
	col := o.keys[0].col
	if col == nil {
		col = make([]graph.TermID, n)
	}
	for from := 0; from < n; {
		id := col[from]
		g, _, err := o.groups.insert(col[from : from+1])
		if err != nil {
			return err
		}
		to := from
		for to < n && col[to] == id {
			o.number[to] = int32(g)
			to++
		}
		from = to
	}
	return nil
}

// read evaluates a key on a chunk; an error leaves it unbound.
func (k *keyColumn) read(ctx context.Context, x *execution, c *chunk, sel []int32) error {
	if k.expr == nil {
		k.col = nil
		if k.slot >= 0 {
			k.col = c.cols[k.slot]
		}
		return nil
	}
	if err := k.expr.begin(ctx, c, sel); err != nil {
		return err
	}
	k.col = sized(&k.mem, c.n)
	for i, row := range sel {
		if i%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		x.exprs.NewSolution()
		t, ok, err := k.expr.value(row)
		if err != nil {
			return err
		}
		k.col[row] = graph.None
		if ok {
			if k.col[row], err = x.terms.id(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish makes the solutions: keys and aggregates of each group.
func (o *groupOp) finish(ctx context.Context) error {
	before := o.x.budget.used - o.x.terms.bytes
	for _, a := range o.aggs {
		if err := a.end(ctx); err != nil {
			return err
		}
	}
	n := o.groups.n
	all := chunk{n: n, cols: make([][]graph.TermID, len(o.x.plan.Slots))}
	for i, k := range o.n.Keys {
		col := make([]graph.TermID, n)
		for g := range col {
			col[g] = o.groups.key(g)[i]
		}
		all.cols[k.Slot] = col
	}
	for i, a := range o.n.Aggregates {
		col := make([]graph.TermID, n)
		for g := range col {
			if g%rowsPerCheck == 0 {
				if err := context.Cause(ctx); err != nil {
					return err
				}
			}
			t, ok := o.aggs[i].result(g)
			if !ok {
				continue
			}
			var err error
			if col[g], err = o.x.terms.id(t); err != nil {
				return err
			}
		}
		all.cols[a.Slot] = col
	}
	o.held += o.x.budget.used - o.x.terms.bytes - before
	o.result = &rowsOp{x: o.x, all: all}
	return nil
}

// reset begins again with the same groups; all are found once more if some had
// no room.
func (o *groupOp) reset() {
	if o.later == nil {
		if o.result != nil {
			o.result.reset()
		}
		return
	}
	if o.sub != nil {
		o.sub.release()
	} else {
		o.release()
	}
	o.x.drop(o.later.file)
	o.result, o.later, o.sub, o.part = nil, nil, nil, 0
	o.in.reset()
}

func (o *groupOp) close() error { return o.in.close() }
