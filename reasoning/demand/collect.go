package demand

import (
	"maps"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/ontology/mib"
	"nettwin/ontology/yang"
	"nettwin/sparql/algebra"
)

// rows are the kinds of the things that have a property of a source's
// vocabulary, or are of a class of it; ok is false for other terms.
func (d *Deriver) rows(p rdf.Term, o algebra.Node) (k kinds, ok bool) {
	if p == rdfType {
		if o.IsVar() {
			return kinds{}, false
		}
		return kindsOf(o.Term.Value()), isSource(o.Term)
	}
	if !isSource(p) {
		return kinds{}, false
	}
	if strings.HasPrefix(p.Value(), yang.Namespace) {
		class, _, _ := cutLast(p.Value())
		return kindsOf(class), true
	}
	k = kindsOf()
	for _, object := range d.terms[d.plain(p)] {
		k.set[object.Class().Value()] = true
	}
	for _, class := range d.indexed[p] {
		k.set[class.Value()] = true
	}
	if k.empty() {
		return anything, true // of a module without table: nothing is known
	}
	return k, true
}

// plain is a property without what follows a "#", such as octets.
func (d *Deriver) plain(p rdf.Term) rdf.Term {
	if before, _, ok := strings.Cut(p.Value(), "#"); ok {
		return rdf.IRI(before)
	}
	return p
}

func isSource(t rdf.Term) bool {
	return t.IsIRI() && (strings.HasPrefix(t.Value(), mib.NS) || strings.HasPrefix(t.Value(), yang.Namespace))
}

func cutLast(iri string) (before, after string, ok bool) {
	i := strings.LastIndexByte(iri, '/')
	if i < 0 {
		return iri, "", false
	}
	return iri[:i], iri[i+1:], true
}

// collect finds whether a shape can have solutions, and what they rest on.
func (d *Deriver) collect(sh shape, outer env) (possible bool, terms map[string]bool) {
	e := d.narrowBy(sh, outer)
	if e.dead() {
		return false, nil
	}
	return d.parts(sh, e, d.anchored(sh, e))
}

// anchored are the variables of which a shape says more than components of an
// index, which a row has with whatever else is read of it.
func (d *Deriver) anchored(sh shape, e env) map[string]bool {
	found := map[string]bool{}
	var visit func(shape)
	visit = func(sh shape) {
		switch t := sh.(type) {
		case all:
			for _, part := range t {
				visit(part)
			}
		case one:
			for _, part := range t {
				visit(part)
			}
		case maybe:
			visit(t.shape)
		case pattern:
			if t.s.IsVar() && !slices.ContainsFunc(t.p, func(p rdf.Term) bool { return len(d.indexed[p]) > 0 }) {
				found[t.s.Var] = true
			}
		}
	}
	visit(sh)
	return found
}

func (d *Deriver) parts(sh shape, e env, anchored map[string]bool) (possible bool, terms map[string]bool) {
	terms = map[string]bool{}
	switch t := sh.(type) {
	case all:
		for _, part := range t {
			ok, more := d.parts(part, e, anchored)
			if !ok {
				return false, nil
			}
			maps.Copy(terms, more)
		}
		return true, terms
	case one:
		for _, part := range t {
			each := d.narrowBy(part, e)
			if each.dead() {
				continue
			}
			if ok, more := d.parts(part, each, anchored); ok {
				possible = true
				maps.Copy(terms, more)
			}
		}
		return possible, terms
	case maybe:
		if inner := d.narrowBy(t.shape, e); !inner.dead() {
			if ok, more := d.parts(t.shape, inner, anchored); ok {
				maps.Copy(terms, more)
			}
		}
		return true, terms
	case pattern:
		return d.pattern(t, e, anchored)
	}
	return true, terms
}

// pattern finds what one pattern rests on.
func (d *Deriver) pattern(t pattern, e env, anchored map[string]bool) (bool, map[string]bool) {
	terms := map[string]bool{}
	if len(t.p) == 0 {
		return true, terms // any property of a thing: the thing is read for another pattern
	}
	possible := false
	for _, p := range t.p {
		ok, more := d.statement(t, p, e, anchored)
		possible = possible || ok
		maps.Copy(terms, more)
	}
	return possible, terms
}

func (d *Deriver) statement(t pattern, p rdf.Term, e env, anchored map[string]bool) (bool, map[string]bool) {
	if _, ok := d.rows(p, t.o); ok {
		return true, d.source(t, p, e, anchored)
	}
	if t.graph.IsVar() {
		return true, nil
	}
	return d.written(place{t.graph.Term, p, t.class}, t.o, e.of(t.s), e.of(t.o))
}

// source is what a pattern of a source's vocabulary rests on: the classes of
// the rows of MIBs that may match, the nodes of YANG.
func (d *Deriver) source(t pattern, p rdf.Term, e env, anchored map[string]bool) map[string]bool {
	terms := map[string]bool{}
	if p == rdfType {
		terms[t.o.Term.Value()] = true
		return terms
	}
	if strings.HasPrefix(p.Value(), yang.Namespace) {
		terms[d.plain(p).Value()] = true
		return terms
	}
	own := d.terms[d.plain(p)]
	if len(own) == 0 {
		terms[d.plain(p).Value()] = true
	}
	if len(d.indexed[p]) > 0 && t.s.IsVar() && anchored[t.s.Var] {
		return terms
	}
	for _, o := range own {
		terms[o.Class().Value()] = true
	}
	return terms
}

// written finds what writes a statement; at.class is that of the subject.
func (d *Deriver) written(at place, object algebra.Node, s, o kinds) (bool, map[string]bool) {
	var constant rdf.Term
	if !object.IsVar() {
		constant = object.Term
	}
	key := at.graph.String() + "\n" + at.p.String() + "\n" + at.class.String() + "\n" + constant.String() + "\n" + s.key() + "\n" + o.key()
	a := d.memo[key]
	if a == nil {
		a = &answer{terms: map[string]bool{}}
		d.memo[key] = a
	}
	if a.busy || a.final || a.round == d.round {
		return a.possible, a.terms
	}
	a.busy, a.round = true, d.round
	defer func() { a.busy = false }()
	possible, terms := d.said(at, constant), map[string]bool{}
	for _, c := range d.clauses {
		if c.graph != at.graph {
			continue
		}
		for i, q := range c.template {
			if q.P.Term != at.p || !constant.IsZero() && !q.O.IsVar() && q.O.Term != constant || !d.gives(c, q, at.class) {
				continue
			}
			if ok, more := d.collect(c.slices[i], c.asked(q, s, o)); ok {
				possible = true
				maps.Copy(terms, more)
			}
		}
	}
	if possible != a.possible || len(terms) != len(a.terms) {
		a.possible, a.terms, d.changed = possible, terms, true
	}
	return a.possible, a.terms
}

// said tells whether data have a statement without a rule.
func (d *Deriver) said(at place, object rdf.Term) bool {
	switch {
	case at.graph == d.opt.Derived:
		return false
	case !at.graph.IsZero() && !d.knows(at.graph):
		return true // provenance and the like: whatever is there came with data
	}
	if at.graph.IsZero() && d.writes(at.p) {
		return false // what is there is mostly what the rules made of data once read
	}
	return d.opt.Says != nil && d.opt.Says(at.graph, at.p, object)
}

// writes tells whether a rule writes a predicate to the default graph.
func (d *Deriver) writes(p rdf.Term) bool {
	return slices.ContainsFunc(d.clauses, func(c *clause) bool {
		return c.graph.IsZero() && slices.ContainsFunc(c.template, func(q algebra.QuadPattern) bool { return q.P.Term == p })
	})
}

// knows tells whether data in a graph are looked at.
func (d *Deriver) knows(graph rdf.Term) bool {
	return slices.Contains(d.opt.Look, graph)
}

// asked is what is known of a clause's variables if its template triple is to
// be of some kinds.
func (c *clause) asked(q algebra.QuadPattern, s, o kinds) env {
	e := maps.Clone(c.minted)
	for _, end := range []struct {
		n algebra.Node
		k kinds
	}{{q.S, s}, {q.O, o}} {
		if from, ok := c.same[end.n.Var]; ok && end.n.IsVar() {
			e.narrow(algebra.Node{Var: from}, end.k)
		}
		e.narrow(end.n, end.k)
	}
	return e
}
