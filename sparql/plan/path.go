package plan

import (
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// path translates a property path pattern (§18.4). Alternatives, sequences
// and negated sets are unions, joins and filtered patterns, which have the
// same multiset of solutions; only ? * and + become path operators.
func (t *translator) path(s algebra.Node, p algebra.Path, o algebra.Node, e env) logical {
	return t.pathBetween(t.place(e.scope, s), p, t.place(e.scope, o), e)
}

func (t *translator) pathBetween(s Pos, p algebra.Path, o Pos, e env) logical {
	switch p := p.(type) {
	case *algebra.PathLink:
		return newQuad(s, Pos{Slot: -1, Term: p.IRI}, o, e)
	case *algebra.PathInverse:
		return t.pathBetween(o, p.P, s, e)
	case *algebra.PathAlt:
		return newUnion(t.pathBetween(s, p.L, o, e), t.pathBetween(s, p.R, o, e))
	case *algebra.PathSeq:
		between := Pos{Slot: t.newSlot("_:path")}
		return join(t.pathBetween(s, p.L, between, e), t.pathBetween(between, p.R, o, e))
	case *algebra.PathNegated:
		return t.negated(s, p, o, e)
	case *algebra.PathZeroOrMore:
		return t.repeat(&path{s: s, o: o, step: p.P, zero: true}, e)
	case *algebra.PathOneOrMore:
		return t.repeat(&path{s: s, o: o, step: p.P}, e)
	case *algebra.PathZeroOrOne:
		return t.repeat(&path{s: s, o: o, step: p.P, zero: true, once: true}, e)
	}
	t.refuse("unknown path")
	return nil
}

func newQuad(s, p, o Pos, e env) logical {
	q := &quad{pos: [3]Pos{s, p, o}, graph: e.graph}
	q.certain = positionSlots(s, p, o)
	if e.graph.kind == graphVar {
		q.certain = q.certain.Union(setOf(e.graph.slot))
	}
	q.maybe = q.certain
	g := &group{}
	g.append(q)
	return g
}

// negated is any predicate but those listed, in either direction.
func (t *translator) negated(s Pos, p *algebra.PathNegated, o Pos, e env) logical {
	switch {
	case p.HasForward && p.HasInverse:
		return newUnion(t.notIn(s, p.Forward, o, e), t.notIn(o, p.Inverse, s, e))
	case p.HasForward:
		return t.notIn(s, p.Forward, o, e)
	case p.HasInverse:
		return t.notIn(o, p.Inverse, s, e)
	}
	return &none{}
}

func (t *translator) notIn(s Pos, iris []rdf.Term, o Pos, e env) logical {
	const name = "_:predicate"
	predicate := Pos{Slot: t.newSlot(name)}
	in := newQuad(s, predicate, o, e)
	if len(iris) == 0 {
		return in
	}
	x := &expr.In{X: &expr.Var{Name: name}, Negated: true}
	for _, iri := range iris {
		x.List = append(x.List, &expr.Const{Term: iri})
	}
	return addFilter(in, &Expr{X: x, Slots: map[string]int{name: predicate.Slot}, Uses: setOf(predicate.Slot)})
}

func (t *translator) repeat(p *path, e env) logical {
	p.graph = e.graph
	for _, end := range []Pos{p.s, p.o} {
		switch {
		case !end.IsVar():
			p.named = true
		case e.outer == nil || !e.outer.maybe.Has(end.Slot):
		case e.outer.certain.Has(end.Slot):
			p.named = true
		default:
			t.refuse("path inside EXISTS from a variable that the tested solution may not bind")
		}
	}
	p.certain = positionSlots(p.s, p.o)
	g := &group{}
	if e.graph.kind == graphVar {
		p.certain = p.certain.Union(setOf(e.graph.slot))
		g.append(newNames(e.graph.slot))
	}
	p.maybe = p.certain
	g.append(p)
	return g
}
