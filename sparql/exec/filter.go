package exec

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
)

// condition tells which rows of a chunk pass.
type condition interface {
	// keep narrows sel, in place, to the rows whose effective boolean value
	// is true.
	keep(ctx context.Context, c *chunk, sel []int32) ([]int32, error)
}

// filterOp is Filter (SPARQL 1.1 §18.5).
type filterOp struct {
	in    op
	conds []condition
	slots []int
	rows  []int32
	out   *buffer
}

func (x *execution) newFilter(n *plan.Filter, in op) (op, error) {
	o := &filterOp{in: in, slots: n.Out.Slots(), out: x.newBuffer()}
	for _, e := range n.Conds {
		c, err := x.newCondition(e)
		if err != nil {
			return nil, err
		}
		o.conds = append(o.conds, c)
	}
	return o, nil
}

func (o *filterOp) next(ctx context.Context) (*chunk, error) {
	for {
		c, err := o.in.next(ctx)
		if err != nil || c == nil {
			return nil, err
		}
		sel := identity(&o.rows, c.n)
		for _, cond := range o.conds {
			if sel, err = cond.keep(ctx, c, sel); err != nil {
				return nil, err
			}
		}
		switch len(sel) {
		case 0:
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
		case c.n:
			return c, nil
		default:
			return o.out.pick(c, o.slots, sel), nil
		}
	}
}

func (o *filterOp) reset()       { o.in.reset() }
func (o *filterOp) close() error { return o.in.close() }

// newCondition chooses how an expression is tested: on ids where that decides,
// else term by term.
func (x *execution) newCondition(e *plan.Expr) (condition, error) {
	slow, err := x.newEvaluator(e)
	if err != nil {
		return nil, err
	}
	general := &exprCondition{slow}
	switch f := e.X.(type) {
	case *expr.Bound:
		return boundCondition{slotOf(e, f.Name), true}, nil
	case *expr.Not:
		if b, ok := f.X.(*expr.Bound); ok {
			return boundCondition{slotOf(e, b.Name), false}, nil
		}
		if inner, ok := f.X.(*expr.Exists); ok {
			return &existsCondition{slow, !inner.Negated}, nil
		}
	case *expr.Exists:
		return &existsCondition{slow, f.Negated}, nil
	case *expr.Call:
		return x.newComparison(e, f, general), nil
	}
	return general, nil
}

func slotOf(e *plan.Expr, name string) int {
	if slot, ok := e.Slots[name]; ok {
		return slot
	}
	return -1
}

// exprCondition evaluates the expression row by row.
type exprCondition struct{ *evaluator }

const rowsPerCheck = 256

func (c *exprCondition) keep(ctx context.Context, in *chunk, sel []int32) ([]int32, error) {
	if err := c.begin(ctx, in, sel); err != nil {
		return nil, err
	}
	out := sel[:0]
	for i, row := range sel {
		if i%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
		}
		ok, err := c.holds(row)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, row)
		}
	}
	return out, nil
}

// existsCondition is a mere EXISTS or NOT EXISTS.
type existsCondition struct {
	*evaluator
	negated bool
}

func (c *existsCondition) keep(ctx context.Context, in *chunk, sel []int32) ([]int32, error) {
	test := c.exists[0]
	if err := test.run(ctx, in, sel); err != nil {
		return nil, err
	}
	out := sel[:0]
	for _, row := range sel {
		if test.found[row] != c.negated {
			out = append(out, row)
		}
	}
	return out, nil
}

// boundCondition is BOUND or its negation.
type boundCondition struct {
	slot int
	want bool
}

func (c boundCondition) keep(_ context.Context, in *chunk, sel []int32) ([]int32, error) {
	out := sel[:0]
	for _, row := range sel {
		if (in.at(c.slot, int(row)) != graph.None) == c.want {
			out = append(out, row)
		}
	}
	return out, nil
}

// comparison is a comparison of two operands, each a slot or a constant. Rows
// that ids do not decide are left to the general condition.
type comparison struct {
	*exprCondition
	op   string
	l, r operand
}

type operand struct {
	slot int
	id   graph.TermID // of a constant
}

func (o operand) at(c *chunk, row int32) graph.TermID {
	if o.slot < 0 {
		return o.id
	}
	return c.at(o.slot, int(row))
}

func (x *execution) newComparison(e *plan.Expr, call *expr.Call, general *exprCondition) condition {
	switch call.Name {
	case "=", "!=", "<", ">", "<=", ">=", "SAMETERM":
	default:
		return general
	}
	if len(call.Args) != 2 {
		return general
	}
	l, lok := x.operand(e, call.Args[0])
	r, rok := x.operand(e, call.Args[1])
	if !lok || !rok {
		return general
	}
	return &comparison{exprCondition: general, op: call.Name, l: l, r: r}
}

func (x *execution) operand(e *plan.Expr, arg expr.Expr) (operand, bool) {
	switch arg := arg.(type) {
	case *expr.Var:
		slot, ok := e.Slots[arg.Name]
		return operand{slot: slot}, ok
	case *expr.Const:
		id, err := x.terms.id(arg.Term)
		return operand{slot: -1, id: id}, err == nil && id != graph.None
	}
	return operand{}, false
}

// verdict is what two ids tell about a comparison.
type verdict uint8

const (
	open verdict = iota
	no           // false or an error
	yes
)

func (c *comparison) keep(ctx context.Context, in *chunk, sel []int32) ([]int32, error) {
	if err := c.begin(ctx, in, sel); err != nil {
		return nil, err
	}
	out := sel[:0]
	for i, row := range sel {
		v := c.decide(c.l.at(in, row), c.r.at(in, row))
		if v == open {
			if i%rowsPerCheck == 0 {
				if err := context.Cause(ctx); err != nil {
					return nil, err
				}
			}
			ok, err := c.holds(row)
			if err != nil {
				return nil, err
			}
			if ok {
				v = yes
			}
		}
		if v == yes {
			out = append(out, row)
		}
	}
	return out, nil
}

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// decide compares ids where they say enough: equal terms have equal ids,
// inlined integers and instants are their values.
func (c *comparison) decide(a, b graph.TermID) verdict {
	if a == graph.None || b == graph.None {
		return no
	}
	if c.op == "SAMETERM" {
		return verdictOf(a == b)
	}
	ta, tb := a.Tag(), b.Tag()
	if ta == tb {
		switch ta {
		case graph.TagInteger:
			x, _ := a.Integer()
			y, _ := b.Integer()
			return ordered(c.op, x, y)
		case graph.TagDateTime:
			x, _ := a.DateTime()
			y, _ := b.DateTime()
			return ordered(c.op, x, y)
		}
	}
	if c.op != "=" && c.op != "!=" {
		return open
	}
	switch {
	case noLiteral(ta) || noLiteral(tb), ta == graph.TagString && tb == graph.TagString:
		return verdictOf((a == b) == (c.op == "="))
	}
	return open
}

// noLiteral tells whether ids with a tag are IRIs or blank nodes, which are
// equal only to themselves.
func noLiteral(t graph.Tag) bool { return t == graph.TagIRI || t == graph.TagBNode }

func ordered(op string, x, y int64) verdict {
	switch op {
	case "=":
		return verdictOf(x == y)
	case "!=":
		return verdictOf(x != y)
	case "<":
		return verdictOf(x < y)
	case ">":
		return verdictOf(x > y)
	case "<=":
		return verdictOf(x <= y)
	}
	return verdictOf(x >= y)
}
