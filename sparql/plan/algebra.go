package plan

import (
	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
)

// inConst is a pattern in one named graph, which has no solutions if the
// dataset has no such graph.
type inConst struct {
	bound
	name rdf.Term
	in   logical
}

// append adds a unit to a group that is being built.
func (g *group) append(unit logical) {
	g.units = append(g.units, unit)
	g.certain = g.certain.Union(unit.vars().certain)
	g.maybe = g.maybe.Union(unit.vars().maybe)
}

// join joins two patterns into one group, so that their units can be ordered
// together. Filters of either side come along where the other side cannot
// change the values that they read.
func join(l, r logical) logical {
	out := &group{}
	out.take(l, r.vars())
	out.take(r, l.vars())
	out.dropNames()
	return out
}

// take adds l, which is to be joined with something that binds other.
func (g *group) take(l logical, other *bound) {
	from, ok := l.(*group)
	if !ok || !from.opens(other) {
		g.append(l)
		return
	}
	for _, u := range from.units {
		g.append(u)
	}
	g.filters = append(g.filters, from.filters...)
}

// opens tells whether all filters of a group are steady under a join.
func (g *group) opens(other *bound) bool {
	for _, f := range g.filters {
		if !steady(f, &g.bound, other.maybe) {
			return false
		}
	}
	return true
}

// steady tells whether joining solutions with others that may bind the given
// slots leaves what f reads as it is: what f reads is bound already, or the
// others do not have it.
func steady(f *Expr, in *bound, others Set) bool {
	return f.Uses.Intersect(others).Within(in.certain)
}

// dropNames removes enumerations of graphs that a pattern makes needless.
func (g *group) dropNames() {
	kept := g.units[:0:0]
	for i, u := range g.units {
		if n, ok := u.(*names); !ok || !g.binds(n.slot, i) {
			kept = append(kept, u)
		}
	}
	g.units = kept
}

// binds tells whether a unit other than number except ranges over the named
// graphs in that slot.
func (g *group) binds(slot, except int) bool {
	for i, u := range g.units {
		switch u := u.(type) {
		case *quad:
			if u.graph.kind == graphVar && u.graph.slot == slot {
				return true
			}
		case *names:
			if u.slot == slot && i < except {
				return true
			}
		}
	}
	return false
}

func newUnion(l, r logical) logical {
	return &union{
		bound: bound{certain: l.vars().certain.Intersect(r.vars().certain), maybe: l.vars().maybe.Union(r.vars().maybe)},
		l:     l, r: r,
	}
}

// addFilter filters a pattern as far down as that makes no difference.
func addFilter(in logical, f *Expr) logical {
	switch in := in.(type) {
	case *group:
		return in.withFilter(f)
	case *leftJoin:
		if steady(f, in.l.vars(), in.r.vars().maybe) {
			out := *in
			out.l = addFilter(in.l, f)
			out.certain = out.l.vars().certain
			return &out
		}
	case *minus:
		out := *in
		out.l = addFilter(in.l, f)
		return &out
	case *union:
		return newUnion(addFilter(in.l, f), addFilter(in.r, f.clone()))
	case *extend:
		if !f.Uses.Has(in.slot) && steadyValue(in.expr.X) {
			out := *in
			out.in = addFilter(in.in, f)
			return &out
		}
	case *project:
		out := *in
		out.in = addFilter(in.in, f)
		return &out
	case *distinct:
		out := *in
		out.in = addFilter(in.in, f)
		return &out
	case *inConst:
		out := *in
		out.in = addFilter(in.in, f)
		return &out
	}
	return &filter{bound: *in.vars(), in: in, cond: f}
}

// withFilter adds a filter to a group. Equality with IRIs becomes inline
// data, which an index can be asked for: IRIs are equal only to themselves.
func (g *group) withFilter(f *Expr) logical {
	out := &group{bound: g.bound, units: append([]logical(nil), g.units...), filters: append([]*Expr(nil), g.filters...)}
	if slot, terms := iriChoice(f); terms != nil && g.certain.Has(slot) {
		v := &values{slots: []int{slot}}
		for _, t := range terms {
			v.rows = append(v.rows, []rdf.Term{t})
		}
		v.certain = setOf(slot)
		v.maybe = v.certain
		out.append(v)
		return out
	}
	out.filters = append(out.filters, f)
	return out
}

// iriChoice recognizes ?v = <iri>, sameTerm(?v, <iri>) and ?v IN (<iri>, …).
func iriChoice(f *Expr) (slot int, terms []rdf.Term) {
	var v *expr.Var
	var list []expr.Expr
	switch x := f.X.(type) {
	case *expr.Call:
		if x.Name != "=" && x.Name != "SAMETERM" || len(x.Args) != 2 {
			return -1, nil
		}
		var ok bool
		if v, ok = x.Args[0].(*expr.Var); ok {
			list = x.Args[1:]
		} else if v, ok = x.Args[1].(*expr.Var); ok {
			list = x.Args[:1]
		}
	case *expr.In:
		if !x.Negated {
			v, _ = x.X.(*expr.Var)
			list = x.List
		}
	}
	if v == nil {
		return -1, nil
	}
	slot, ok := f.Slots[v.Name]
	if !ok {
		return -1, nil
	}
	seen := map[rdf.Term]bool{}
	for _, item := range list {
		c, ok := item.(*expr.Const)
		if !ok || !c.Term.IsIRI() {
			return -1, nil
		}
		if !seen[c.Term] {
			seen[c.Term] = true
			terms = append(terms, c.Term)
		}
	}
	return slot, terms
}
