package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// predicate is what a pattern can match: a predicate and a class, so that rules
// about different classes do not seem to depend on each other. Of rdf:type the
// class is the object, of another predicate one that the subject has. The zero
// class means any.
type predicate struct{ iri, class rdf.Term }

// predicates is a set of predicates; all means any, where a variable or a
// negated path stands in the predicate's place.
type predicates struct {
	set map[predicate]bool
	all bool
}

var rdfType = rdf.IRI(rdf.RDFType)

// add notes what a pattern matches or a template writes whose subject has the
// classes; none means that they are not known.
func (p *predicates) add(pred, object algebra.Node, classes []rdf.Term) {
	switch {
	case pred.IsVar():
		p.all = true
	case pred.Term == rdfType || len(classes) == 0:
		p.addTerms(pred.Term, object.Term)
	default:
		for _, class := range classes {
			p.put(predicate{pred.Term, class})
		}
	}
}

// addTerms notes a predicate with an object and a subject of any class.
func (p *predicates) addTerms(pred, object rdf.Term) {
	if pred != rdfType {
		object = rdf.Term{}
	}
	p.put(predicate{pred, object})
}

func (p *predicates) put(one predicate) {
	if p.set == nil {
		p.set = map[predicate]bool{}
	}
	p.set[one] = true
}

// meets tells whether the sets share a predicate.
func (p predicates) meets(q predicates) bool {
	if p.all || q.all {
		return (p.all || len(p.set) > 0) && (q.all || len(q.set) > 0)
	}
	for one := range p.set {
		if q.has(one) {
			return true
		}
	}
	return false
}

// has tells whether something can be both of the set and as one says.
func (p predicates) has(one predicate) bool {
	if p.set[one] || p.set[predicate{iri: one.iri}] {
		return true
	}
	if !one.class.IsZero() {
		return false
	}
	for other := range p.set {
		if other.iri == one.iri {
			return true
		}
	}
	return false
}

// widen makes the classes of a set that are given not only where a thing is
// made mean any class: see Rule.gives.
func (p *predicates) widen(given map[rdf.Term]bool) {
	for one := range p.set {
		if one.iri != rdfType && given[one.class] {
			p.put(predicate{iri: one.iri})
		}
	}
}

// premise is a quad pattern of the WHERE whose instances are recorded as what
// a derivation rests on.
type premise struct {
	algebra.TriplePattern
	graph algebra.Node // the zero Node: default graph
}

// analyse finds what the rule reads, writes and rests on.
func (r *Rule) analyse() error {
	a := analysis{rule: r, vars: map[string]bool{}}
	a.op(r.Query.Op, algebra.Node{}, true)
	for _, q := range r.Query.Template {
		if q.P.IsVar() {
			return &FileError{File: r.File, Msg: "the template's predicates must be IRIs, so that the order of rules can be known"}
		}
		for _, n := range []algebra.Node{q.S, q.O} {
			if n.Triple != nil {
				return &FileError{File: r.File, Msg: "a triple term with variables in the template: build it with BIND(TRIPLE(…))"}
			}
			if n.IsVar() && strings.HasPrefix(n.Var, algebra.BNodePrefix) {
				return &FileError{File: r.File, Msg: "blank nodes in the template have no stable name: build an IRI with BIND(IRI(…))"}
			}
		}
		r.writes.add(q.P, q.O, templateClasses(r.Query.Template, q.S))
	}
	r.findGiven()
	if len(r.Query.Template) == 0 {
		return &FileError{File: r.File, Msg: "the template is empty"}
	}
	for _, q := range r.Query.Template {
		for _, n := range []algebra.Node{q.S, q.P, q.O} {
			if n.IsVar() {
				a.vars[n.Var] = true
			}
		}
	}
	r.solutionVars = slices.Sorted(maps.Keys(a.vars))
	return nil
}

type analysis struct {
	rule *Rule
	vars map[string]bool // variables of premises and template
}

// op collects from an operator. positive is false below MINUS, EXISTS and
// sub-selects, whose quads are read but are no premises of a solution.
func (a *analysis) op(op algebra.Op, graph algebra.Node, positive bool) {
	switch op := op.(type) {
	case *algebra.BGP:
		for _, tp := range op.Patterns {
			a.pattern(tp, classes(op.Patterns, tp.S), graph, positive)
		}
	case *algebra.PathPattern:
		a.path(op.Path, a.reads(graph))
	case *algebra.Join:
		a.op(op.L, graph, positive)
		a.op(op.R, graph, positive)
	case *algebra.LeftJoin:
		a.op(op.L, graph, positive)
		a.op(op.R, graph, positive)
		a.expr(op.Expr, graph)
	case *algebra.Union:
		a.op(op.L, graph, positive)
		a.op(op.R, graph, positive)
	case *algebra.Minus:
		a.op(op.L, graph, positive)
		a.op(op.R, graph, false)
	case *algebra.Filter:
		a.op(op.P, graph, positive)
		a.expr(op.Expr, graph)
	case *algebra.Graph:
		a.op(op.P, op.Name, positive)
	case *algebra.Extend:
		a.op(op.P, graph, positive)
		a.expr(op.Expr, graph)
	case *algebra.Group:
		a.op(op.P, graph, false)
		for _, key := range op.Keys {
			a.expr(key.Expr, graph)
		}
		for _, agg := range op.Aggregates {
			a.expr(agg.Arg, graph)
		}
	case *algebra.OrderBy:
		a.op(op.P, graph, positive)
	case *algebra.Project:
		a.op(op.P, graph, false)
	case *algebra.Distinct:
		a.op(op.P, graph, positive)
	case *algebra.Reduced:
		a.op(op.P, graph, positive)
	case *algebra.Slice:
		a.op(op.P, graph, false)
	case *algebra.Service:
		a.rule.readsDefault.all = true
	case *algebra.Table:
	default:
		panic(fmt.Sprintf("rules: operator %T", op))
	}
}

// classes are those that patterns give a subject by rdf:type; one of them is
// enough for a reader, since the subject has them all.
func classes(patterns []algebra.TriplePattern, subject algebra.Node) []rdf.Term {
	for _, tp := range patterns {
		if tp.S == subject && tp.P.Term == rdfType && !tp.O.IsVar() {
			return []rdf.Term{tp.O.Term}
		}
	}
	return nil
}

// templateClasses are all those that a template gives a subject.
func templateClasses(template []algebra.QuadPattern, subject algebra.Node) []rdf.Term {
	var list []rdf.Term
	for _, q := range template {
		if q.S == subject && q.P.Term == rdfType {
			if q.O.IsVar() {
				return nil
			}
			list = append(list, q.O.Term)
		}
	}
	return list
}

// findGiven finds the classes that the template gives to things that were
// there before: of these, another rule may say the rest.
func (r *Rule) findGiven() {
	known := map[string]bool{}
	for _, p := range r.premises {
		for _, n := range []algebra.Node{p.S, p.P, p.O, p.graph} {
			known[n.Var] = n.IsVar() || known[n.Var]
		}
	}
	r.gives = map[rdf.Term]bool{}
	for _, q := range r.Query.Template {
		if q.P.Term == rdfType && !q.O.IsVar() && (!q.S.IsVar() || known[q.S.Var]) {
			r.gives[q.O.Term] = true
		}
	}
}

func (a *analysis) pattern(tp algebra.TriplePattern, classes []rdf.Term, graph algebra.Node, positive bool) {
	a.reads(graph).add(tp.P, tp.O, classes)
	if !positive {
		return
	}
	a.rule.premises = append(a.rule.premises, premise{tp, graph})
	for _, n := range []algebra.Node{tp.S, tp.P, tp.O, graph} {
		if n.IsVar() {
			a.vars[n.Var] = true
		}
	}
}

// reads returns the set that patterns with the active graph belong to.
func (a *analysis) reads(graph algebra.Node) *predicates {
	r := a.rule
	switch {
	case graph == (algebra.Node{}):
		return &r.readsDefault
	case graph.IsVar():
		return &r.readsNamed
	case r.readsGraph == nil:
		r.readsGraph = map[rdf.Term]*predicates{}
	}
	if r.readsGraph[graph.Term] == nil {
		r.readsGraph[graph.Term] = &predicates{}
	}
	return r.readsGraph[graph.Term]
}

// readsWrittenBy tells whether the rule reads what another writes.
func (r *Rule) readsWrittenBy(w *Rule) bool {
	if w.graph.IsZero() {
		return r.readsDefault.meets(w.writes)
	}
	named := r.readsGraph[w.graph]
	return r.readsNamed.meets(w.writes) || named != nil && named.meets(w.writes)
}

func (a *analysis) path(p algebra.Path, reads *predicates) {
	switch p := p.(type) {
	case *algebra.PathLink:
		reads.addTerms(p.IRI, rdf.Term{})
	case *algebra.PathInverse:
		a.path(p.P, reads)
	case *algebra.PathSeq:
		a.path(p.L, reads)
		a.path(p.R, reads)
	case *algebra.PathAlt:
		a.path(p.L, reads)
		a.path(p.R, reads)
	case *algebra.PathZeroOrMore:
		a.path(p.P, reads)
	case *algebra.PathOneOrMore:
		a.path(p.P, reads)
	case *algebra.PathZeroOrOne:
		a.path(p.P, reads)
	default: // a negated property set reads any predicate
		reads.all = true
	}
}

// expr looks for EXISTS and for the clock.
func (a *analysis) expr(e expr.Expr, graph algebra.Node) {
	switch e := e.(type) {
	case *expr.Call:
		a.rule.timeDependent = a.rule.timeDependent || e.Name == "NOW"
		a.exprs(e.Args, graph)
	case *expr.And:
		a.exprs([]expr.Expr{e.L, e.R}, graph)
	case *expr.Or:
		a.exprs([]expr.Expr{e.L, e.R}, graph)
	case *expr.Not:
		a.expr(e.X, graph)
	case *expr.If:
		a.exprs([]expr.Expr{e.Cond, e.Then, e.Else}, graph)
	case *expr.Coalesce:
		a.exprs(e.Args, graph)
	case *expr.In:
		a.expr(e.X, graph)
		a.exprs(e.List, graph)
	case *expr.Exists:
		a.op(e.Pattern.(algebra.Op), graph, false)
	}
}

func (a *analysis) exprs(list []expr.Expr, graph algebra.Node) {
	for _, e := range list {
		a.expr(e, graph)
	}
}
