package ref

import (
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// varTable gives each variable of a query a column.
type varTable struct {
	names []string
	slots map[string]int
}

func newVarTable() *varTable { return &varTable{slots: map[string]int{}} }

func (v *varTable) add(name string) {
	if name == "" {
		return
	}
	if _, ok := v.slots[name]; !ok {
		v.slots[name] = len(v.names)
		v.names = append(v.names, name)
	}
}

func (v *varTable) addNodes(nodes ...algebra.Node) {
	for _, n := range nodes {
		v.add(n.Var)
		if n.Triple != nil {
			v.addNodes(n.Triple.S, n.Triple.P, n.Triple.O)
		}
	}
}

// addOp finds the variables of a pattern, those of expressions included.
func (v *varTable) addOp(op algebra.Op) {
	switch op := op.(type) {
	case *algebra.BGP:
		for _, p := range op.Patterns {
			v.addNodes(p.S, p.P, p.O)
		}
	case *algebra.PathPattern:
		v.addNodes(op.S, op.O)
	case *algebra.Join:
		v.addOp(op.L)
		v.addOp(op.R)
	case *algebra.LeftJoin:
		v.addOp(op.L)
		v.addOp(op.R)
		v.addExpr(op.Expr)
	case *algebra.Union:
		v.addOp(op.L)
		v.addOp(op.R)
	case *algebra.Minus:
		v.addOp(op.L)
		v.addOp(op.R)
	case *algebra.Filter:
		v.addOp(op.P)
		v.addExpr(op.Expr)
	case *algebra.Graph:
		v.addNodes(op.Name)
		v.addOp(op.P)
	case *algebra.Extend:
		v.addOp(op.P)
		v.add(op.Var)
		v.addExpr(op.Expr)
	case *algebra.Table:
		for _, name := range op.Vars {
			v.add(name)
		}
	case *algebra.Service:
		v.addNodes(op.Endpoint)
		v.addOp(op.P)
	default:
		v.addModifier(op)
	}
}

func (v *varTable) addModifier(op algebra.Op) {
	switch op := op.(type) {
	case *algebra.Group:
		v.addOp(op.P)
		for _, k := range op.Keys {
			v.add(k.Var)
			v.addExpr(k.Expr)
		}
		for _, a := range op.Aggregates {
			v.add(a.Var)
			v.addExpr(a.Arg)
		}
	case *algebra.OrderBy:
		v.addOp(op.P)
		for _, c := range op.Conditions {
			v.addExpr(c.Expr)
		}
	case *algebra.Project:
		v.addOp(op.P)
		for _, name := range op.Vars {
			v.add(name)
		}
	case *algebra.Distinct:
		v.addOp(op.P)
	case *algebra.Reduced:
		v.addOp(op.P)
	case *algebra.Slice:
		v.addOp(op.P)
	}
}

func (v *varTable) addExpr(e expr.Expr) {
	switch e := e.(type) {
	case *expr.Var:
		v.add(e.Name)
	case *expr.Bound:
		v.add(e.Name)
	case *expr.Call:
		v.addExprs(e.Args)
	case *expr.And:
		v.addExprs([]expr.Expr{e.L, e.R})
	case *expr.Or:
		v.addExprs([]expr.Expr{e.L, e.R})
	case *expr.Not:
		v.addExpr(e.X)
	case *expr.If:
		v.addExprs([]expr.Expr{e.Cond, e.Then, e.Else})
	case *expr.Coalesce:
		v.addExprs(e.Args)
	case *expr.In:
		v.addExpr(e.X)
		v.addExprs(e.List)
	case *expr.Exists:
		if op, ok := e.Pattern.(algebra.Op); ok {
			v.addOp(op)
		}
	}
}

func (v *varTable) addExprs(list []expr.Expr) {
	for _, e := range list {
		v.addExpr(e)
	}
}
