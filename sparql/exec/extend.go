package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
)

// extendOp is a chain of Extend (SPARQL 1.1 §18.5): an error leaves a variable
// unbound.
type extendOp struct {
	x        *execution
	n        *plan.Extend
	in       op
	values   []*evaluator
	copies   []int // slot that a binding merely copies, -1: none
	pass     []int
	out      *buffer
	rows     []int32
	solution bool // solution by solution: BNODE("x") is one node in all of it
}

func (x *execution) newExtend(n *plan.Extend, in op) (op, error) {
	o := &extendOp{x: x, n: n, in: in, out: x.newBuffer()}
	o.pass = n.In.About().Out.Slots()
	labels := 0
	for _, b := range n.Bindings {
		v, err := x.newEvaluator(b.Expr)
		if err != nil {
			return nil, err
		}
		o.values = append(o.values, v)
		from := -1
		if name, ok := b.Expr.X.(*expr.Var); ok {
			from = slotOf(b.Expr, name.Name)
		}
		o.copies = append(o.copies, from)
		if makesNodes(b.Expr.X) {
			labels++
		}
	}
	o.solution = labels > 1
	for _, v := range o.values {
		v.single = o.solution
	}
	return o, nil
}

func makesNodes(x expr.Expr) bool {
	found := false
	algebra.WalkExpr(x, func(x expr.Expr) bool {
		if call, ok := x.(*expr.Call); ok && call.Name == "BNODE" {
			found = true
		}
		return !found
	})
	return found
}

func (o *extendOp) next(ctx context.Context) (*chunk, error) {
	c, err := o.in.next(ctx)
	if err != nil || c == nil {
		return nil, err
	}
	o.out.clear()
	o.out.n = c.n
	for _, slot := range o.pass {
		o.out.cols[slot] = c.cols[slot]
	}
	sel := identity(&o.rows, c.n)
	if o.solution {
		return &o.out.chunk, o.bySolution(ctx, sel)
	}
	for i, b := range o.n.Bindings {
		if err := o.byColumn(ctx, i, b.Slot, sel); err != nil {
			return nil, err
		}
	}
	return &o.out.chunk, nil
}

func (o *extendOp) byColumn(ctx context.Context, i, slot int, sel []int32) error {
	if from := o.copies[i]; from >= 0 {
		o.out.cols[slot] = o.out.cols[from]
		return nil
	}
	v := o.values[i]
	if err := v.begin(ctx, &o.out.chunk, sel); err != nil {
		return err
	}
	col := o.out.column(slot, o.out.n)
	for _, row := range sel {
		if row%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		o.x.exprs.NewSolution()
		if err := o.set(v, col, row); err != nil {
			return err
		}
	}
	o.out.cols[slot] = col
	return nil
}

func (o *extendOp) bySolution(ctx context.Context, sel []int32) error {
	for _, b := range o.n.Bindings {
		col := o.out.column(b.Slot, o.out.n)
		clear(col)
		o.out.cols[b.Slot] = col
	}
	for i := range sel {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		o.x.exprs.NewSolution()
		for j, b := range o.n.Bindings {
			if err := o.values[j].begin(ctx, &o.out.chunk, sel[i:i+1]); err != nil {
				return err
			}
			if err := o.set(o.values[j], o.out.cols[b.Slot], sel[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// set gives a row the value of an expression.
func (o *extendOp) set(v *evaluator, col []graph.TermID, row int32) error {
	col[row] = graph.None
	t, ok, err := v.value(row)
	if err != nil || !ok {
		return err
	}
	col[row], err = o.x.terms.id(t)
	return err
}

func (o *extendOp) reset()       { o.in.reset() }
func (o *extendOp) close() error { return o.in.close() }
