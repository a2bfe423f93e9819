package algebra

import (
	"strings"

	"nettwin/sparql/expr"
)

// Steady tells whether the answer of a query depends on nothing but the data:
// it calls no function of time or chance, makes no blank nodes and asks no
// other endpoint.
func Steady(q *Query) bool {
	for _, t := range q.Template {
		if makesBNode(t.TriplePattern) {
			return false
		}
	}
	if q.Op == nil {
		return true
	}
	same := true
	Walk(q.Op, func(op Op) bool {
		if _, ok := op.(*Service); ok {
			same = false
		}
		for _, x := range Exprs(op) {
			WalkExpr(x, func(x expr.Expr) bool {
				call, ok := x.(*expr.Call)
				same = same && (!ok || call.Fn == nil || call.Fn.Deterministic)
				return same
			})
		}
		return same
	})
	return same
}

// makesBNode tells whether a triple of a template has a blank node.
func makesBNode(t TriplePattern) bool {
	for _, n := range [3]Node{t.S, t.P, t.O} {
		if strings.HasPrefix(n.Var, BNodePrefix) || n.Triple != nil && makesBNode(*n.Triple) {
			return true
		}
	}
	return false
}
