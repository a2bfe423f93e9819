package cayley

import (
	"fmt"
	"net/url"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Cayley allows any value anywhere in a quad: generalized RDF (RDF 1.1
// Concepts §7). A nettwin store takes RDF only. With Options.Generalized a
// literal or triple term that is a subject, predicate or label, and a blank
// node that is a predicate, is stored as an IRI below surrogateNS that spells
// the term; the QuadStore shows the term itself, equal to the same term in
// other positions.
//
//	surrogateNS "b:" label
//	surrogateNS "t:" datatype ":" lexical form
//	surrogateNS "l:" language ":" lexical form
//	surrogateNS "q:" triple term
//
// with every part escaped as in a query (so no part holds a colon).
const surrogateNS = "https://w3id.org/nettwin/generalized/"

// surrogate returns the IRI for a term that RDF does not allow where it stands.
func surrogate(t rdf.Term) rdf.Term {
	value := url.QueryEscape(t.Value())
	switch {
	case t.IsBNode():
		return rdf.IRI(surrogateNS + "b:" + value)
	case t.Lang() != "":
		return rdf.IRI(surrogateNS + "l:" + url.QueryEscape(t.Tag()) + ":" + value)
	case t.IsTriple():
		return rdf.IRI(surrogateNS + "q:" + value)
	}
	return rdf.IRI(surrogateNS + "t:" + url.QueryEscape(t.Datatype()) + ":" + value)
}

// isSurrogate tells whether a term lies in the namespace of surrogates.
func isSurrogate(t rdf.Term) bool {
	return t.IsIRI() && strings.HasPrefix(t.Value(), surrogateNS)
}

// original returns the term that a surrogate stands for, any other term as it is.
func original(t rdf.Term) rdf.Term {
	if !isSurrogate(t) {
		return t
	}
	parts := strings.Split(t.Value()[len(surrogateNS):], ":")
	for i, part := range parts {
		text, err := url.QueryUnescape(part)
		if err != nil {
			return t
		}
		parts[i] = text
	}
	switch {
	case parts[0] == "b" && len(parts) == 2:
		return rdf.BNode(parts[1])
	case parts[0] == "t" && len(parts) == 3:
		return rdf.Literal(parts[2], parts[1])
	case parts[0] == "l" && len(parts) == 3:
		return rdf.TaggedString(parts[2], parts[1])
	case parts[0] == "q" && len(parts) == 2:
		return rdf.TripleTermOf(parts[1])
	}
	return t
}

// allowed tells whether RDF allows a term at a position of a quad (RDF 1.1
// Concepts §3.1, §4).
func allowed(t rdf.Term, pos int) bool {
	switch pos {
	case graph.P:
		return t.IsIRI()
	case graph.O:
		return true
	}
	return !t.IsLiteral() && !t.IsTriple()
}

// stored returns the term that stands for t at a position.
func stored(t rdf.Term, pos int, generalized bool) (rdf.Term, error) {
	switch {
	case generalized && isSurrogate(t):
		return rdf.Term{}, fmt.Errorf("cayley: IRI <%s> is reserved for terms of generalized RDF: %w", t.Value(), graph.ErrBadQuad)
	case allowed(t, pos):
		return t, nil
	case generalized:
		return surrogate(t), nil
	}
	what := [4]string{"subject", "predicate", "object", "label"}[pos]
	return rdf.Term{}, fmt.Errorf("cayley: %s %s: RDF does not allow it there: use an IRI, or open the store with Options.Generalized: %w",
		what, ValueOfTerm(t), graph.ErrBadQuad)
}
