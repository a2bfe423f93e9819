package rules

import (
	"slices"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// touch is a pattern of a WHERE, wherever it stands, with what a quad that it
// matches tells of the solutions that may appear or vanish: they agree with
// the quad on the variables vars. See the invariant I3 in doc.go.
type touch struct {
	algebra.TriplePattern
	graph algebra.Node // the zero Node: default graph
	preds []rdf.Term   // of a path that may be of several steps; then nothing is said of s and o
	any   bool         // such a path with a negated set: any predicate
	vars  []string     // sorted; none: any solution
	key   int          // place of vars in Rule.keys; -1 if there are none
}

// touches finds what changes of quads say of a rule's solutions. It refuses,
// by full and fuzzy, what I3 does not hold for.
type touches struct {
	full  bool // solutions of a part of the data cannot be had apart
	fuzzy bool // nor can be told by patterns what touches the rule
}

// findTouches fills in what restricted evaluation needs.
func (r *Rule) findTouches() {
	t := &touches{}
	found := t.op(r.Query.Op, algebra.Node{})
	r.fuzzy = t.fuzzy
	r.full = t.full || t.fuzzy || r.Model != "" || r.timeDependent || !algebra.Steady(r.Query)
	at := certain(r.Query.Op)
	r.rowVars = slices.Clone(r.solutionVars)
	for _, one := range found {
		one.vars = intersect(one.vars, at)
		one.key = -1
		if len(one.vars) > 0 {
			if one.key = slices.IndexFunc(r.keys, func(k []string) bool { return slices.Equal(k, one.vars) }); one.key < 0 {
				one.key = len(r.keys)
				r.keys = append(r.keys, one.vars)
				r.rowVars = append(r.rowVars, one.vars...)
			}
		}
		r.touched = append(r.touched, *one)
	}
	slices.Sort(r.rowVars)
	r.rowVars = slices.Compact(r.rowVars)
}

// op returns the patterns below an operator, with the variables on which a
// solution of the operator that comes or goes agrees with the quad.
func (t *touches) op(op algebra.Op, graph algebra.Node) []*touch {
	switch op := op.(type) {
	case *algebra.BGP:
		var list []*touch
		for _, tp := range op.Patterns {
			list = append(list, newTouch(tp, graph))
		}
		return list
	case *algebra.PathPattern:
		return t.path(op, graph)
	case *algebra.Join:
		return append(t.op(op.L, graph), t.op(op.R, graph)...)
	case *algebra.LeftJoin:
		right := append(t.op(op.R, graph), t.exists(op.Expr, graph)...)
		return append(t.op(op.L, graph), keep(right, certain(op.L))...)
	case *algebra.Union:
		return append(t.op(op.L, graph), t.op(op.R, graph)...)
	case *algebra.Minus:
		return append(t.op(op.L, graph), keep(t.op(op.R, graph), certain(op.L))...)
	case *algebra.Filter:
		return append(t.op(op.P, graph), keep(t.exists(op.Expr, graph), certain(op.P))...)
	case *algebra.Extend:
		return append(t.op(op.P, graph), keep(t.exists(op.Expr, graph), certain(op.P))...)
	case *algebra.Graph:
		return t.graph(op)
	case *algebra.Project:
		t.hide(op, graph)
		return keep(t.op(op.P, graph), op.Vars)
	case *algebra.Distinct:
		return t.op(op.P, graph)
	case *algebra.Reduced:
		return t.op(op.P, graph)
	case *algebra.OrderBy:
		return append(t.op(op.P, graph), t.orders(op, graph)...)
	case *algebra.Table:
		return nil
	default: // Slice, Group and Service: only all solutions together give theirs
		t.full = true
		return t.whole(op, graph)
	}
}

func newTouch(tp algebra.TriplePattern, graph algebra.Node) *touch {
	return &touch{TriplePattern: tp, graph: graph, vars: varsOf(tp.S, tp.P, tp.O)}
}

func (t *touches) orders(op *algebra.OrderBy, graph algebra.Node) []*touch {
	var list []*touch
	for _, c := range op.Conditions {
		list = append(list, t.exists(c.Expr, graph)...)
	}
	return keep(list, certain(op.P))
}

// graph adds to what is matched in a graph of any name that the solution has
// the quad's graph. Graphs must not be counted by their names alone.
func (t *touches) graph(op *algebra.Graph) []*touch {
	list := t.op(op.P, op.Name)
	if !op.Name.IsVar() {
		return list
	}
	t.fuzzy = t.fuzzy || !matches(op.P)
	for _, one := range list {
		if one.graph == op.Name && !slices.Contains(one.vars, op.Name.Var) {
			one.vars = append(slices.Clone(one.vars), op.Name.Var)
			slices.Sort(one.vars)
		}
	}
	return list
}

// hide refuses a sub-select in which the name of the active graph's variable
// means another one.
func (t *touches) hide(op *algebra.Project, graph algebra.Node) {
	if graph.IsVar() && !slices.Contains(op.Vars, graph.Var) && slices.Contains(algebra.Names(op.P), graph.Var) {
		t.fuzzy = true
	}
}

// path takes a path of one step as the patterns that it stands for, others as
// something that a change of its predicates touches anyhow.
func (t *touches) path(op *algebra.PathPattern, graph algebra.Node) []*touch {
	if steps, ok := steps(op.S, op.Path, op.O); ok {
		var list []*touch
		for _, tp := range steps {
			list = append(list, newTouch(tp, graph))
		}
		return list
	}
	set := &predicates{}
	(&analysis{}).path(op.Path, set)
	one := &touch{graph: graph, any: set.all}
	for p := range set.set {
		one.preds = append(one.preds, p.iri)
	}
	return []*touch{one}
}

// steps are the triple patterns whose union a path is; ok is false if it has
// another length than one.
func steps(s algebra.Node, path algebra.Path, o algebra.Node) (list []algebra.TriplePattern, ok bool) {
	switch path := path.(type) {
	case *algebra.PathLink:
		return []algebra.TriplePattern{{S: s, P: algebra.Node{Term: path.IRI}, O: o}}, true
	case *algebra.PathInverse:
		return steps(o, path.P, s)
	case *algebra.PathAlt:
		l, okL := steps(s, path.L, o)
		r, okR := steps(s, path.R, o)
		return append(l, r...), okL && okR
	}
	return nil, false
}

// exists returns the patterns of EXISTS in an expression.
func (t *touches) exists(e expr.Expr, graph algebra.Node) []*touch {
	if e == nil {
		return nil
	}
	var list []*touch
	algebra.WalkExpr(e, func(e expr.Expr) bool {
		if x, ok := e.(*expr.Exists); ok {
			list = append(list, t.op(x.Pattern.(algebra.Op), graph)...)
		}
		return true
	})
	return list
}

// whole returns the patterns below an operator, which say nothing of its
// solutions.
func (t *touches) whole(op algebra.Op, graph algebra.Node) []*touch {
	if _, asks := op.(*algebra.Service); asks {
		t.fuzzy = true
		return nil
	}
	var list []*touch
	for _, in := range algebra.Inputs(op) {
		list = append(list, t.op(in, graph)...)
	}
	for _, e := range algebra.Exprs(op) {
		list = append(list, t.exists(e, graph)...)
	}
	return keep(list, nil)
}

// keep leaves of the variables those that are in names too.
func keep(list []*touch, names []string) []*touch {
	for _, one := range list {
		one.vars = intersect(one.vars, names)
	}
	return list
}

func intersect(a, b []string) []string {
	var both []string
	for _, name := range a {
		if slices.Contains(b, name) {
			both = append(both, name)
		}
	}
	return both
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

func varsOf(nodes ...algebra.Node) []string {
	var names []string
	for _, n := range nodes {
		if n.IsVar() {
			names = append(names, n.Var)
		}
	}
	return union(names, nil)
}

// certain returns the variables that every solution of an operator binds,
// sorted.
func certain(op algebra.Op) []string {
	switch op := op.(type) {
	case *algebra.BGP:
		var names []string
		for _, tp := range op.Patterns {
			names = append(names, varsOf(tp.S, tp.P, tp.O)...)
		}
		return union(names, nil)
	case *algebra.PathPattern:
		return varsOf(op.S, op.O)
	case *algebra.Join:
		return union(certain(op.L), certain(op.R))
	case *algebra.LeftJoin:
		return certain(op.L)
	case *algebra.Union:
		return intersect(certain(op.L), certain(op.R))
	case *algebra.Minus:
		return certain(op.L)
	case *algebra.Filter:
		return certain(op.P)
	case *algebra.Extend:
		return certain(op.P)
	case *algebra.Graph:
		return union(certain(op.P), varsOf(op.Name))
	case *algebra.Project:
		return intersect(certain(op.P), op.Vars)
	case *algebra.Distinct:
		return certain(op.P)
	case *algebra.Reduced:
		return certain(op.P)
	case *algebra.OrderBy:
		return certain(op.P)
	case *algebra.Slice:
		return certain(op.P)
	}
	return nil // others may leave open what they name
}

// matches tells whether a solution of an operator needs a quad of the active
// graph.
func matches(op algebra.Op) bool {
	switch op := op.(type) {
	case *algebra.BGP:
		return len(op.Patterns) > 0
	case *algebra.PathPattern:
		_, ok := steps(op.S, op.Path, op.O)
		return ok
	case *algebra.Join:
		return matches(op.L) || matches(op.R)
	case *algebra.LeftJoin:
		return matches(op.L)
	case *algebra.Union:
		return matches(op.L) && matches(op.R)
	case *algebra.Minus:
		return matches(op.L)
	case *algebra.Filter:
		return matches(op.P)
	case *algebra.Extend:
		return matches(op.P)
	case *algebra.Project:
		return matches(op.P)
	case *algebra.Distinct:
		return matches(op.P)
	}
	return false
}

// match binds the pattern's variables to a quad's terms; ok is false if it
// does not match. bound is overwritten.
func (t *touch) match(q rdf.Quad, bound map[string]rdf.Term) bool {
	clear(bound)
	switch {
	case t.graph == (algebra.Node{}):
		if !q.G.IsZero() {
			return false
		}
	case q.G.IsZero() || !bind(t.graph, q.G, bound):
		return false
	}
	if t.preds != nil || t.any {
		return t.any || slices.Contains(t.preds, q.P)
	}
	return bind(t.S, q.S, bound) && bind(t.P, q.P, bound) && bind(t.O, q.O, bound)
}

func bind(n algebra.Node, term rdf.Term, bound map[string]rdf.Term) bool {
	if !n.IsVar() {
		return n.Term == term
	}
	known, is := bound[n.Var]
	if is {
		return known == term
	}
	bound[n.Var] = term
	return true
}
