package algebra

import (
	"nettwin/sparql/expr"
	"nettwin/sparql/syntax"
)

// group translates a group graph pattern (§18.2.2.6).
func (t *translator) group(g *syntax.Group) Op {
	op, filters := t.groupParts(g)
	return filter(filters, op)
}

// groupParts translates a group but for its filters, which hold for the
// whole group wherever they stand (§18.2.2.2). Triples with only filters
// between them are one basic graph pattern (§18.2.2.5).
func (t *translator) groupParts(g *syntax.Group) (Op, []expr.Expr) {
	var op Op = unit()
	var filters []expr.Expr
	var triples []syntax.TriplePattern
	for _, el := range g.Elements {
		switch el := el.(type) {
		case *syntax.Filter:
			filters = append(filters, t.expr(el.Expr, nil))
			continue
		case *syntax.Triples:
			triples = append(triples, el.Patterns...)
			continue
		}
		op = t.element(t.joinTriples(op, triples), el)
		triples = nil
	}
	return t.joinTriples(op, triples), filters
}

// element adds one element that is neither triples nor a filter to the
// pattern of those before it.
func (t *translator) element(op Op, el syntax.Pattern) Op {
	switch el := el.(type) {
	case *syntax.Optional:
		// Only filters of the optional group itself become the condition,
		// not those of a group inside it (§18.2.2.6).
		inner, filters := t.groupParts(el.P)
		return &LeftJoin{L: op, R: inner, Expr: conjunction(filters)}
	case *syntax.Minus:
		return &Minus{L: op, R: t.group(el.P)}
	case *syntax.Bind:
		return &Extend{P: op, Var: el.Var, Expr: t.expr(el.Expr, nil)}
	case *syntax.Group:
		return join(op, t.group(el))
	case *syntax.Union:
		return join(op, t.union(el))
	case *syntax.GraphPattern:
		return join(op, &Graph{Name: node(el.Name), P: t.group(el.P)})
	case *syntax.Service:
		return join(op, &Service{
			Endpoint: node(el.Endpoint),
			Silent:   el.Silent,
			P:        t.group(el.P),
			Text:     syntax.PrintGroup(el.P),
		})
	case *syntax.Values:
		return join(op, table(el))
	case *syntax.SubSelect:
		sub, _ := t.selectQuery(&el.Projection, &el.Body)
		return join(op, sub)
	}
	return op
}

func (t *translator) union(u *syntax.Union) Op {
	op := t.group(u.Branches[0])
	for _, b := range u.Branches[1:] {
		op = &Union{L: op, R: t.group(b)}
	}
	return op
}

func table(v *syntax.Values) Op { return &Table{Vars: v.Vars, Rows: v.Rows} }

// joinTriples joins the basic graph patterns and paths of adjacent triples.
func (t *translator) joinTriples(op Op, triples []syntax.TriplePattern) Op {
	var parts, unfolded []Op
	for _, triple := range triples {
		s := node(triple.S)
		o, forms := t.anyCase(node(triple.O))
		if forms != nil {
			op = join(op, forms)
		}
		switch {
		case s.Triple != nil || o.Triple != nil:
			unfolded = append(unfolded, t.unfold(s, triple, o))
		case triple.Path == nil:
			parts = addTriple(parts, TriplePattern{S: s, P: node(triple.P), O: o})
		default:
			parts = t.addPath(parts, s, path(triple.Path), o)
		}
	}
	if len(unfolded) > 0 {
		parts = connected(append(components(parts), unfolded...))
	}
	for _, part := range parts {
		op = join(op, part)
	}
	return op
}

// addTriple adds a triple pattern to the basic graph pattern that parts end
// with, or to a new one.
func addTriple(parts []Op, triple TriplePattern) []Op {
	if n := len(parts); n > 0 {
		if bgp, ok := parts[n-1].(*BGP); ok {
			bgp.Patterns = append(bgp.Patterns, triple)
			return parts
		}
	}
	return append(parts, &BGP{Patterns: []TriplePattern{triple}})
}

// addPath translates a property path pattern (§18.2.2.4).
func (t *translator) addPath(parts []Op, s Node, p Path, o Node) []Op {
	switch p := p.(type) {
	case *PathLink:
		return addTriple(parts, TriplePattern{S: s, P: Node{Term: p.IRI}, O: o})
	case *PathInverse:
		return t.addPath(parts, o, p.P, s)
	case *PathSeq:
		between := Node{Var: t.fresh("p")}
		parts = t.addPath(parts, s, p.L, between)
		return t.addPath(parts, between, p.R, o)
	}
	return append(parts, &PathPattern{S: s, Path: p, O: o})
}

// path translates a property path expression (§18.2.2.3).
func path(p syntax.Path) Path {
	switch p := p.(type) {
	case *syntax.PathLink:
		return &PathLink{IRI: p.IRI}
	case *syntax.PathInverse:
		return &PathInverse{P: path(p.P)}
	case *syntax.PathSeq:
		return &PathSeq{L: path(p.L), R: path(p.R)}
	case *syntax.PathAlt:
		return &PathAlt{L: path(p.L), R: path(p.R)}
	case *syntax.PathRepeat:
		return repeat(p.Mod, path(p.P))
	case *syntax.PathNegated:
		return negated(p)
	}
	return nil
}

func repeat(mod string, p Path) Path {
	switch mod {
	case "*":
		return &PathZeroOrMore{P: p}
	case "+":
		return &PathOneOrMore{P: p}
	}
	return &PathZeroOrOne{P: p}
}

// negated splits a negated property set by direction. "!()" has no member
// and matches any predicate forward.
func negated(p *syntax.PathNegated) Path {
	n := &PathNegated{HasForward: len(p.Items) == 0}
	for _, item := range p.Items {
		if item.Inverse {
			n.HasInverse = true
			n.Inverse = append(n.Inverse, item.IRI)
		} else {
			n.HasForward = true
			n.Forward = append(n.Forward, item.IRI)
		}
	}
	return n
}
