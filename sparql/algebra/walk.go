package algebra

import "nettwin/sparql/expr"

// Walk calls visit for op and then for every operator below it, inputs from
// left to right, then the patterns of EXISTS in its expressions. It does not
// go below an operator for which visit returns false.
func Walk(op Op, visit func(Op) bool) {
	if !visit(op) {
		return
	}
	for _, in := range Inputs(op) {
		Walk(in, visit)
	}
	for _, e := range Exprs(op) {
		WalkExpr(e, func(e expr.Expr) bool {
			if x, ok := e.(*expr.Exists); ok {
				if p, ok := x.Pattern.(Op); ok {
					Walk(p, visit)
				}
			}
			return true
		})
	}
}

// Inputs returns the operators that op reads from, left before right.
func Inputs(op Op) []Op {
	switch op := op.(type) {
	case *Join:
		return []Op{op.L, op.R}
	case *LeftJoin:
		return []Op{op.L, op.R}
	case *Union:
		return []Op{op.L, op.R}
	case *Minus:
		return []Op{op.L, op.R}
	case *Filter:
		return []Op{op.P}
	case *Graph:
		return []Op{op.P}
	case *Extend:
		return []Op{op.P}
	case *Service:
		return []Op{op.P}
	case *Group:
		return []Op{op.P}
	case *OrderBy:
		return []Op{op.P}
	case *Project:
		return []Op{op.P}
	case *Distinct:
		return []Op{op.P}
	case *Reduced:
		return []Op{op.P}
	case *Slice:
		return []Op{op.P}
	}
	return nil
}

// Exprs returns the expressions of op itself, in the order of its fields.
func Exprs(op Op) []expr.Expr {
	var out []expr.Expr
	switch op := op.(type) {
	case *LeftJoin:
		if op.Expr != nil {
			out = append(out, op.Expr)
		}
	case *Filter:
		out = append(out, op.Expr)
	case *Extend:
		out = append(out, op.Expr)
	case *Group:
		for _, k := range op.Keys {
			out = append(out, k.Expr)
		}
		for _, a := range op.Aggregates {
			if a.Arg != nil {
				out = append(out, a.Arg)
			}
		}
	case *OrderBy:
		for _, c := range op.Conditions {
			out = append(out, c.Expr)
		}
	}
	return out
}

// WalkExpr calls visit for e and then for every expression below it, not
// going below one for which visit returns false, nor into patterns.
func WalkExpr(e expr.Expr, visit func(expr.Expr) bool) {
	if !visit(e) {
		return
	}
	for _, x := range operands(e) {
		WalkExpr(x, visit)
	}
}

func operands(e expr.Expr) []expr.Expr {
	switch e := e.(type) {
	case *expr.Call:
		return e.Args
	case *expr.And:
		return []expr.Expr{e.L, e.R}
	case *expr.Or:
		return []expr.Expr{e.L, e.R}
	case *expr.Not:
		return []expr.Expr{e.X}
	case *expr.If:
		return []expr.Expr{e.Cond, e.Then, e.Else}
	case *expr.Coalesce:
		return e.Args
	case *expr.In:
		return append([]expr.Expr{e.X}, e.List...)
	}
	return nil
}
