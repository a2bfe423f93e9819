package sparqltest

import (
	"fmt"

	"nettwin/graph/rdf"
)

// What SPARQL 1.2 adds to generated cases: triple terms in data, patterns,
// templates and expressions.

// quad12 turns a quad into one with a triple term: another quad's, which it may
// reify, or any.
func (g *generator) quad12(q rdf.Quad) rdf.Quad {
	if len(g.stated) > 0 && g.chance(70) {
		q.O = rdf.TripleTerm(g.stated[g.rng.IntN(len(g.stated))].Triple())
		if g.chance(60) {
			q.P = rdf.IRI(rdf.RDFReifies)
		}
		return q
	}
	q.O = g.tripleTerm(q.O)
	return q
}

// tripleTerm returns a triple term with o as object, one or two deep.
func (g *generator) tripleTerm(o rdf.Term) rdf.Term {
	t := rdf.TripleTerm(rdf.Triple{S: g.node(), P: genIRI("p%d", g.rng.IntN(genPredicates)), O: o})
	if g.chance(20) {
		return g.tripleTerm(t)
	}
	return t
}

// triplePattern is a triple term of parts that these functions make.
func (g *generator) triplePattern(subject, object func() string) string {
	return fmt.Sprintf("<<( %s %s %s )>>", subject(), g.anyPredicate(), object())
}

func (g *generator) anyPredicate() string {
	if g.chance(60) {
		return g.variable()
	}
	return genTerm(genIRI("p%d", g.rng.IntN(genPredicates)))
}

func (g *generator) templateObject() string {
	if g.triples && g.chance(50) {
		return g.triplePattern(g.variable, g.variable)
	}
	return g.variable()
}

// annotated is a triple with a statement about it: an annotation, a reified
// triple, or an explicit triple term.
func (g *generator) annotated() *part {
	s, p, o := g.subject(), g.anyPredicate(), g.object()
	switch g.rng.IntN(6) {
	case 0:
		return piece("%s %s %s {| %s %s |} . ", s, p, o, g.anyPredicate(), g.variable())
	case 1:
		return piece("<< %s %s %s ~ %s >> %s %s . ", s, p, o, g.variable(), g.anyPredicate(), g.variable())
	case 2:
		return piece("%s %s %s ~ %s . ", s, p, o, g.variable())
	case 3:
		return piece("<< %s %s %s >> . ", s, p, o)
	}
	return piece("%s %s <<( %s %s %s )>> . ", g.variable(), g.anyPredicate(), s, p, o)
}

// tripleValue makes an expression with triple terms.
func (g *generator) tripleValue(a string, depth int) string {
	switch g.rng.IntN(3) {
	case 0:
		return pick(g, "SUBJECT", "PREDICATE", "OBJECT", "LANGDIR") + "(" + a + ")"
	case 1:
		return fmt.Sprintf("TRIPLE(%s, :p%d, %s)", g.anyVar(), g.rng.IntN(genPredicates), g.value(depth-1))
	}
	return fmt.Sprintf("<<( %s :p%d %s )>>", g.anyVar(), g.rng.IntN(genPredicates), g.anyVar())
}
