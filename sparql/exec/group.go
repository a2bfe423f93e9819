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
}

// keyColumn is a key: a slot, or an expression whose values go to mem.
type keyColumn struct {
	slot int
	expr *evaluator
	mem  []graph.TermID
	col  []graph.TermID // of the chunk at hand; nil: unbound
}

func (x *execution) newGroup(n *plan.Group, in op) (op, error) {
	o := &groupOp{x: x, n: n, in: in, groups: newTuples(len(n.Keys), &x.budget)}
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
	for _, a := range n.Aggregates {
		acc, err := x.newAccumulator(a)
		if err != nil {
			return nil, err
		}
		o.aggs = append(o.aggs, acc)
	}
	return o, nil
}

func (o *groupOp) next(ctx context.Context) (*chunk, error) {
	if o.result == nil {
		if err := o.read(ctx); err != nil {
			return nil, err
		}
		if err := o.finish(ctx); err != nil {
			return nil, err
		}
	}
	return o.result.next(ctx)
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

func (o *groupOp) add(ctx context.Context, c *chunk) error {
	sel := identity(&o.rows, c.n)
	for i := range o.keys {
		if err := o.keys[i].read(ctx, o.x, c, sel); err != nil {
			return err
		}
	}
	if err := o.assign(c.n); err != nil {
		return err
	}
	for _, a := range o.aggs {
		if err := a.grow(o.groups.n); err != nil {
			return err
		}
		if err := a.add(ctx, c, sel, o.number); err != nil {
			return err
		}
	}
	return nil
}

// assign finds the group of each row of the chunk at hand.
func (o *groupOp) assign(n int) error {
	sized(&o.number, n)
	if len(o.keys) == 0 {
		return nil // all are of group 0
	}
	key := make([]graph.TermID, len(o.keys))
	for row := range n {
		same := row > 0
		for i := range o.keys {
			id := graph.None
			if col := o.keys[i].col; col != nil {
				id = col[row]
			}
			same = same && key[i] == id
			key[i] = id
		}
		if same {
			o.number[row] = o.number[row-1]
			continue
		}
		g, _, err := o.groups.insert(key)
		if err != nil {
			return err
		}
		o.number[row] = int32(g)
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
	n := o.groups.n
	all := chunk{n: n, cols: make([][]graph.TermID, len(o.x.plan.Slots))}
	if err := o.x.budget.grow(int64(n) * idBytes * int64(len(o.keys)+len(o.aggs))); err != nil {
		return err
	}
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
	o.result = &rowsOp{x: o.x, all: all}
	return nil
}

func (o *groupOp) reset() {
	if o.result != nil {
		o.result.reset()
	}
}

func (o *groupOp) close() error { return o.in.close() }
