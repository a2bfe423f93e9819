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

// components splits basic graph patterns into parts that share no variable:
// they may meet only in the variables of triple terms, and would be a product
// without these.
func components(parts []Op) (out []Op) {
	for _, part := range parts {
		bgp, ok := part.(*BGP)
		if !ok {
			out = append(out, part)
			continue
		}
		triples := make([]Op, len(bgp.Patterns))
		for i, triple := range bgp.Patterns {
			triples[i] = &BGP{Patterns: []TriplePattern{triple}}
		}
		var open *BGP
		eachConnected(triples, func(triple Op, first bool) {
			if first {
				open = &BGP{}
				out = append(out, open)
			}
			open.Patterns = append(open.Patterns, triple.(*BGP).Patterns...)
		})
	}
	return out
}

// connected orders parts so that each shares a variable with those before it,
// where one does.
func connected(parts []Op) (out []Op) {
	eachConnected(parts, func(part Op, _ bool) { out = append(out, part) })
	return out
}

// eachConnected calls visit for each part, those that hang together by their
// variables one after another; first tells that the part begins such a run.
func eachConnected(parts []Op, visit func(part Op, first bool)) {
	with := map[string][]int{} // variable → parts
	for i, part := range parts {
		for _, name := range InScope(part) {
			with[name] = append(with[name], i)
		}
	}
	seen := make([]bool, len(parts))
	for i := range parts {
		if seen[i] {
			continue
		}
		seen[i] = true
		visit(parts[i], true)
		for queue := []int{i}; len(queue) > 0; queue = queue[1:] {
			for _, name := range InScope(parts[queue[0]]) {
				for _, next := range with[name] {
					if !seen[next] {
						seen[next] = true
						visit(parts[next], false)
						queue = append(queue, next)
					}
				}
				delete(with, name) // all are seen
			}
		}
	}
}
