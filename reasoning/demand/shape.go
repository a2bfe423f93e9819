package demand

import (
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// shape is what of a WHERE is required: one of the types below.
type shape interface{}

type (
	// all of them are required.
	all []shape
	// one of them is.
	one []shape
	// maybe is read, and not required.
	maybe struct{ shape }
	// pattern is one quad pattern. Predicates lists what a variable predicate
	// may be; nil with a variable: anything.
	pattern struct {
		s, o  algebra.Node
		p     []rdf.Term
		graph algebra.Node // the zero Node: the default graph
		class rdf.Term     // that the same basic graph pattern gives the subject, or the zero Term
	}
)

// slicer makes the shape of an operator for solutions that bind some variables.
type slicer struct {
	must    map[string]bool // variables that a solution has to bind
	wanted  map[string]bool // these, and what they are computed from
	options map[string][]rdf.Term
	fresh   int
}

// slice returns the shape of op for solutions that bind must; nil wants
// everything.
func slice(op algebra.Op, must []string) shape {
	s := &slicer{options: map[string][]rdf.Term{}}
	s.inline(op)
	if must != nil {
		s.must, s.wanted = map[string]bool{}, map[string]bool{}
		for _, v := range must {
			s.must[v], s.wanted[v] = true, true
		}
		s.computed(op)
	}
	return flat(s.op(op, algebra.Node{}, map[string]bool{}))
}

// flat puts what is required within what is required into one list.
func flat(sh shape) shape {
	switch t := sh.(type) {
	case all:
		var list all
		for _, part := range t {
			if inner, ok := flat(part).(all); ok {
				list = append(list, inner...)
			} else {
				list = append(list, flat(part))
			}
		}
		return list
	case one:
		list := make(one, len(t))
		for i, part := range t {
			list[i] = flat(part)
		}
		return list
	case maybe:
		return maybe{flat(t.shape)}
	}
	return sh
}

// inline notes the values that VALUES and BIND give to variables which may
// stand for predicates.
func (s *slicer) inline(op algebra.Op) {
	algebra.Walk(op, func(op algebra.Op) bool {
		switch t := op.(type) {
		case *algebra.Table:
			for i, v := range t.Vars {
				for _, row := range t.Rows {
					s.options[v] = append(s.options[v], row[i])
				}
			}
		case *algebra.Extend:
			if c, ok := t.Expr.(*expr.Const); ok {
				s.options[t.Var] = append(s.options[t.Var], c.Term)
			}
		}
		return true
	})
}

// computed adds to what is wanted what that is computed from, and what filters
// look at.
func (s *slicer) computed(op algebra.Op) {
	for grown := true; grown; {
		before := len(s.wanted)
		algebra.Walk(op, func(op algebra.Op) bool {
			switch t := op.(type) {
			case *algebra.Extend:
				if s.wanted[t.Var] {
					s.look(t.Expr)
				}
			case *algebra.Filter:
				s.look(t.Expr)
			}
			return true
		})
		grown = len(s.wanted) > before
	}
}

func (s *slicer) look(e expr.Expr) {
	algebra.WalkExpr(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Var:
			s.wanted[e.Name] = true
		case *expr.Bound:
			s.wanted[e.Name] = true
		case *expr.Exists:
			if p, ok := e.Pattern.(algebra.Op); ok {
				for v := range binds(p) {
					s.wanted[v] = true
				}
			}
		}
		return true
	})
}

// binds lists the variables that an operator may bind.
func binds(op algebra.Op) map[string]bool {
	vars := map[string]bool{}
	node := func(nodes ...algebra.Node) {
		for _, n := range nodes {
			if n.IsVar() {
				vars[n.Var] = true
			}
		}
	}
	var visit func(algebra.Op)
	visit = func(op algebra.Op) {
		switch t := op.(type) {
		case *algebra.BGP:
			for _, tp := range t.Patterns {
				node(tp.S, tp.P, tp.O)
			}
		case *algebra.PathPattern:
			node(t.S, t.O)
		case *algebra.Graph:
			node(t.Name)
		case *algebra.Extend:
			vars[t.Var] = true
		case *algebra.Table:
			for _, v := range t.Vars {
				vars[v] = true
			}
		case *algebra.Group:
			for _, k := range t.Keys {
				vars[k.Var] = true
			}
			for _, a := range t.Aggregates {
				vars[a.Var] = true
			}
			return
		case *algebra.Minus:
			visit(t.L)
			return
		}
		for _, in := range algebra.Inputs(op) {
			visit(in)
		}
	}
	visit(op)
	return vars
}

func with(a map[string]bool, more map[string]bool) map[string]bool {
	out := map[string]bool{}
	for v := range a {
		out[v] = true
	}
	for v := range more {
		out[v] = true
	}
	return out
}

// op makes the shape of one operator; outer are the variables that the
// operators around it may bind.
func (s *slicer) op(op algebra.Op, graph algebra.Node, outer map[string]bool) shape {
	switch t := op.(type) {
	case *algebra.BGP:
		var list all
		for _, tp := range t.Patterns {
			p := s.pattern(tp, graph)
			p.class = classOf(t.Patterns, tp.S)
			list = append(list, p)
		}
		return list
	case *algebra.PathPattern:
		return s.path(t.S, t.Path, t.O, graph)
	case *algebra.Join:
		return all{s.op(t.L, graph, with(outer, binds(t.R))), s.op(t.R, graph, with(outer, binds(t.L)))}
	case *algebra.LeftJoin:
		left := s.op(t.L, graph, with(outer, binds(t.R)))
		within := with(outer, binds(t.L))
		if !s.useful(binds(t.R), within) {
			return left
		}
		return all{left, maybe{s.op(t.R, graph, within)}, s.exists(t.Expr, graph)}
	case *algebra.Union:
		var list one
		for _, branch := range []algebra.Op{t.L, t.R} {
			if s.can(binds(branch), outer) {
				list = append(list, s.op(branch, graph, outer))
			}
		}
		return list
	case *algebra.Minus:
		return all{s.op(t.L, graph, outer), maybe{s.op(t.R, graph, outer)}}
	case *algebra.Filter:
		return all{s.op(t.P, graph, outer), s.exists(t.Expr, graph)}
	case *algebra.Extend:
		inner := s.op(t.P, graph, with(outer, map[string]bool{t.Var: true}))
		if s.wanted != nil && !s.wanted[t.Var] {
			return inner
		}
		return all{inner, s.exists(t.Expr, graph)}
	case *algebra.Graph:
		return s.op(t.P, t.Name, outer)
	case *algebra.Group, *algebra.Project:
		// Variables inside are others than those outside unless they are
		// projected: everything inside is read.
		inner := &slicer{options: s.options}
		return inner.op(algebra.Inputs(op)[0], graph, nil)
	}
	var list all
	for _, in := range algebra.Inputs(op) {
		list = append(list, s.op(in, graph, outer))
	}
	return list
}

// can tells whether solutions of a branch may bind all that must be bound.
func (s *slicer) can(branch, outer map[string]bool) bool {
	for v := range s.must {
		if !branch[v] && !outer[v] {
			return false
		}
	}
	return true
}

// useful tells whether an optional part binds something wanted that nothing
// else does.
func (s *slicer) useful(part, outer map[string]bool) bool {
	if s.wanted == nil {
		return true
	}
	for v := range part {
		if s.wanted[v] && !outer[v] {
			return true
		}
	}
	return false
}

// exists makes what the patterns of EXISTS read optional: whether they match is
// what the expression asks.
func (s *slicer) exists(e expr.Expr, graph algebra.Node) shape {
	var list all
	if e == nil {
		return list
	}
	algebra.WalkExpr(e, func(e expr.Expr) bool {
		if x, ok := e.(*expr.Exists); ok {
			if p, ok := x.Pattern.(algebra.Op); ok {
				inner := &slicer{options: s.options}
				list = append(list, maybe{inner.op(p, graph, nil)})
			}
		}
		return true
	})
	return list
}

// classOf is a class that patterns give a subject.
func classOf(patterns []algebra.TriplePattern, subject algebra.Node) rdf.Term {
	for _, tp := range patterns {
		if tp.S == subject && tp.P.Term == rdfType && !tp.O.IsVar() {
			return tp.O.Term
		}
	}
	return rdf.Term{}
}

func (s *slicer) pattern(tp algebra.TriplePattern, graph algebra.Node) pattern {
	p := pattern{s: tp.S, o: tp.O, graph: graph}
	if tp.P.IsVar() {
		p.p = s.options[tp.P.Var]
	} else {
		p.p = []rdf.Term{tp.P.Term}
	}
	return p
}

// path makes the shape of a property path; what may be of length zero is
// optional.
func (s *slicer) path(from algebra.Node, path algebra.Path, to algebra.Node, graph algebra.Node) shape {
	switch p := path.(type) {
	case *algebra.PathLink:
		return pattern{s: from, o: to, p: []rdf.Term{p.IRI}, graph: graph}
	case *algebra.PathInverse:
		return s.path(to, p.P, from, graph)
	case *algebra.PathSeq:
		mid := s.somewhere()
		return all{s.path(from, p.L, mid, graph), s.path(mid, p.R, to, graph)}
	case *algebra.PathAlt:
		return one{s.path(from, p.L, to, graph), s.path(from, p.R, to, graph)}
	case *algebra.PathZeroOrMore:
		return maybe{s.path(s.somewhere(), p.P, s.somewhere(), graph)}
	case *algebra.PathOneOrMore:
		return s.path(s.somewhere(), p.P, s.somewhere(), graph)
	case *algebra.PathZeroOrOne:
		return maybe{s.path(from, p.P, to, graph)}
	}
	return pattern{s: from, o: to, graph: graph} // a negated set: anything
}

func (s *slicer) somewhere() algebra.Node {
	s.fresh++
	return algebra.Node{Var: "path " + string(rune('0'+s.fresh))}
}
