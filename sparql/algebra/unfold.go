package algebra

import (
	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
	"nettwin/sparql/syntax"
)

// A triple pattern with triple terms that hold variables (SPARQL 1.2 §18.1.5)
// is one whose triple terms are variables of translation, below operators that
// take these apart: what is no triple term is left out, a variable that the
// triple pattern does not bind yet is bound to its part, all others must be the
// same term as theirs. So the solutions are those of matching the pattern as a
// whole, and no evaluator needs to know of it. Such a pattern is a part of its
// own, which is joined with the others: parts that meet in variables of triple
// terms meet in a join.

// unfold translates such a triple pattern.
func (t *translator) unfold(s Node, triple syntax.TriplePattern, o Node) Op {
	u := &unfolding{t: t, bound: map[string]bool{}}
	s, o = u.place(s), u.place(o)
	var parts []Op
	if triple.Path == nil {
		p := node(triple.P)
		u.bound[p.Var] = true
		parts = addTriple(nil, TriplePattern{S: s, P: p, O: o})
	} else {
		parts = t.addPath(nil, s, path(triple.Path), o)
	}
	for _, part := range parts {
		u.op = join(u.orUnit(), part)
	}
	for i := 0; i < len(u.open); i++ { // grows with nested triple terms
		u.takeApart(u.open[i])
	}
	return u.op
}

type unfolding struct {
	t     *translator
	op    Op
	bound map[string]bool // variables that every solution of op binds
	open  []openTriple
}

// openTriple is a variable and the triple that its value must match.
type openTriple struct {
	name  string
	parts *TriplePattern
}

func (u *unfolding) orUnit() Op {
	if u.op == nil {
		return unit()
	}
	return u.op
}

// place gives a triple term a variable.
func (u *unfolding) place(n Node) Node {
	if n.Triple != nil {
		name := u.t.fresh("t")
		u.open = append(u.open, openTriple{name, n.Triple})
		n = Node{Var: name}
	}
	u.bound[n.Var] = true
	return n
}

// takeApart adds the operators that match the value of a variable.
func (u *unfolding) takeApart(o openTriple) {
	whole := &expr.Var{Name: o.name}
	early := []expr.Expr{operator("ISTRIPLE", whole)}
	var late []expr.Expr // on what this triple itself binds
	type binding struct {
		name string
		part expr.Expr
	}
	var bindings []binding
	own := map[string]bool{}
	for i, n := range [3]Node{o.parts.S, o.parts.P, o.parts.O} {
		part := operator([3]string{"SUBJECT", "PREDICATE", "OBJECT"}[i], whole)
		switch {
		case n.IsVar() && own[n.Var]:
			late = append(late, operator("SAMETERM", part, &expr.Var{Name: n.Var}))
		case n.IsVar() && u.bound[n.Var]:
			early = append(early, operator("SAMETERM", part, &expr.Var{Name: n.Var}))
		case n.IsVar():
			u.bound[n.Var], own[n.Var] = true, true
			bindings = append(bindings, binding{n.Var, part})
		case n.Triple != nil:
			bindings = append(bindings, binding{u.place(n).Var, part})
		default:
			early = append(early, sameTerm(part, n.Term))
		}
	}
	u.op = filter(early, u.op)
	for _, b := range bindings {
		u.op = &Extend{P: u.op, Var: b.name, Expr: b.part}
	}
	u.op = filter(late, u.op)
}

// sameTerm is the condition that a part is a term, in any usual case of its
// language tag (see anyCase).
func sameTerm(part expr.Expr, t rdf.Term) expr.Expr {
	forms := termCases(t)
	if len(forms) == 0 {
		forms = []rdf.Term{t}
	}
	var either expr.Expr
	for _, form := range forms {
		same := operator("SAMETERM", part, &expr.Const{Term: form})
		if either == nil {
			either = same
		} else {
			either = &expr.Or{L: either, R: same}
		}
	}
	return either
}
