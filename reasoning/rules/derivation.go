package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/sparql/algebra"
)

// derivation is one solution of one rule: what it makes and what it rests on.
type derivation struct {
	id       digest
	iri      rdf.Term
	rule     rdf.Term
	facts    []rdf.Quad
	premises []rdf.Quad
}

// terms are the IRIs of derivations and their graphs in one store.
type terms struct {
	base    string
	derived rdf.Term
}

func (t terms) rule(name string) rdf.Term { return rdf.IRI(t.base + "id/rule/" + name) }

func (t terms) derivation(id digest) rdf.Term {
	return rdf.IRI(t.base + "id/derivation/" + hex.EncodeToString(id[:]))
}

// derivationID is the reverse of derivation.
func (t terms) derivationID(iri rdf.Term) (id digest, ok bool) {
	text, ok := strings.CutPrefix(iri.Value(), t.base+"id/derivation/")
	if !ok || len(text) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(text))
	return id, err == nil
}

func (t terms) target(r *Rule) rdf.Term {
	switch r.Target {
	case TargetDefault:
		return rdf.Term{}
	case TargetIntended:
		return naming.IntendedGraph(t.base)
	}
	return t.derived
}

// newDerivation names a derivation by what it says, so that the same solution
// has the same IRI at every run.
func newDerivation(t terms, rule rdf.Term, facts, premises []rdf.Quad) derivation {
	lines := []string{rule.Value()}
	for _, q := range facts {
		lines = append(lines, "+"+q.String())
	}
	for _, q := range premises {
		lines = append(lines, "-"+q.String())
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	id := digest(sum[:16])
	return derivation{id: id, iri: t.derivation(id), rule: rule, facts: facts, premises: premises}
}

// record returns the quads that stand for the derivation in the derived
// graph. Facts and premises are N-Quads text: RDF 1.1 has no term for a
// statement, and text is found by an exact lookup.
func (d derivation) record(t terms) []rdf.Quad {
	quads := []rdf.Quad{
		{S: d.iri, P: rdfType, O: termDerivation, G: t.derived},
		{S: d.iri, P: termRule, O: d.rule, G: t.derived},
	}
	for _, q := range d.facts {
		quads = append(quads, rdf.Quad{S: d.iri, P: termDerives, O: rdf.String(q.String()), G: t.derived})
	}
	for _, q := range d.premises {
		quads = append(quads, rdf.Quad{S: d.iri, P: termPremise, O: rdf.String(q.String()), G: t.derived})
	}
	return quads
}

// instantiate replaces the variables of a pattern by a solution. It fails if
// one is unbound or the result is no RDF statement.
func instantiate(tp algebra.TriplePattern, graph rdf.Term, solution map[string]rdf.Term) (rdf.Quad, bool) {
	q := rdf.Quad{S: value(tp.S, solution), P: value(tp.P, solution), O: value(tp.O, solution), G: graph}
	ok := (q.S.IsIRI() || q.S.IsBNode()) && q.P.IsIRI() && !q.O.IsZero()
	return q, ok
}

func value(n algebra.Node, solution map[string]rdf.Term) rdf.Term {
	if n.IsVar() {
		return solution[n.Var]
	}
	return n.Term
}
