package plan

import "nettwin/graph/rdf"

// safeIn tells whether evaluating l under solutions that may bind the slots
// of in, each solution being extended by what l matches under it, equals
// joining those solutions with l. For the pattern of an EXISTS, in leaves out
// the tested solution: evaluation under it is what §18.6 means.
func safeIn(l logical, in Set) bool {
	switch l := l.(type) {
	case *quad, *path, *names, *values, *none, *foreign:
		return true
	case *service:
		return !l.endpoint.IsVar()
	case *group:
		return safeGroup(l, in)
	case *filter:
		return safeIn(l.in, in) && steady(l.cond, l.in.vars(), in)
	case *union:
		return safeIn(l.l, in) && safeIn(l.r, in)
	case *leftJoin:
		// A slot that only the optional side binds must not be given: the
		// side would then fail where it matches another value, and the join
		// keep what it should lose.
		if l.r.vars().maybe.Minus(l.l.vars().certain).Meets(in) {
			return false
		}
		if l.cond != nil && l.cond.Uses.Minus(l.l.vars().certain).Meets(in) {
			return false
		}
		return safeIn(l.l, in) && safeIn(l.r, in.Union(l.l.vars().maybe))
	case *extend:
		return !in.Has(l.slot) && steadyValue(l.expr.X) && steady(l.expr, l.in.vars(), in) && safeIn(l.in, in)
	case *inConst:
		return safeIn(l.in, in)
	}
	return false
}

func safeGroup(g *group, in Set) bool {
	for _, f := range g.filters {
		if !steady(f, &g.bound, in) {
			return false
		}
	}
	for i, u := range g.units {
		others := in
		for j, v := range g.units {
			if i != j {
				others = others.Union(v.vars().maybe)
			}
		}
		if !safeIn(u, others) {
			return false
		}
	}
	return true
}

// reads returns the slots that a pattern has to do with, bound or not.
func reads(l logical) Set {
	out := l.vars().maybe
	add := func(x *Expr) {
		if x != nil {
			out = out.Union(x.Uses)
		}
	}
	for _, in := range inputs(l) {
		out = out.Union(reads(in))
	}
	switch l := l.(type) {
	case *group:
		for _, f := range l.filters {
			add(f)
		}
	case *filter:
		add(l.cond)
	case *leftJoin:
		add(l.cond)
	case *extend:
		add(l.expr)
	}
	return out
}

func inputs(l logical) []logical {
	switch l := l.(type) {
	case *group:
		return l.units
	case *filter:
		return []logical{l.in}
	case *leftJoin:
		return []logical{l.l, l.r}
	case *union:
		return []logical{l.l, l.r}
	case *minus:
		return []logical{l.l, l.r}
	case *extend:
		return []logical{l.in}
	case *inConst:
		return []logical{l.in}
	case *grouping:
		return []logical{l.in}
	case *orderBy:
		return []logical{l.in}
	case *project:
		return []logical{l.in}
	case *distinct:
		return []logical{l.in}
	case *slice:
		return []logical{l.in}
	}
	return nil
}

// implies tells whether a solution of l needs a quad in the named graph, so
// that there are none if the dataset has no such graph.
func implies(l logical, name rdf.Term) bool {
	switch l := l.(type) {
	case *quad:
		return l.graph.kind == graphConst && l.graph.name == name
	case *group:
		for _, u := range l.units {
			if implies(u, name) {
				return true
			}
		}
		return false
	case *leftJoin:
		return implies(l.l, name)
	case *minus:
		return implies(l.l, name)
	case *union:
		return implies(l.l, name) && implies(l.r, name)
	case *filter:
		return implies(l.in, name)
	case *extend:
		return implies(l.in, name)
	case *project:
		return implies(l.in, name)
	case *distinct:
		return implies(l.in, name)
	}
	return false
}
