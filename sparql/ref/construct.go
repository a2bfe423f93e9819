package ref

import (
	"io"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
)

// instance fills templates with one solution (§16.2): variables get their
// values, blank nodes "_:x" a fresh node for each solution.
type instance struct {
	e      *evaluator
	row    row
	bnodes map[string]rdf.Term
}

func (e *evaluator) newInstance(r row) *instance {
	return &instance{e: e, row: r, bnodes: map[string]rdf.Term{}}
}

// term returns the value of a node; the zero Term if it is unbound.
func (in *instance) term(n algebra.Node) (rdf.Term, error) {
	switch {
	case n.Triple != nil:
		return in.tripleTerm(n.Triple)
	case !n.IsVar():
		return n.Term, nil
	case strings.HasPrefix(n.Var, "_:"):
		t, ok := in.bnodes[n.Var]
		if !ok {
			t = in.e.exprs.BNodes()
			in.bnodes[n.Var] = t
		}
		return t, nil
	}
	return in.e.terms.term(in.row[in.e.vars.slots[n.Var]])
}

// tripleTerm fills a triple term; the zero Term if one of its parts is unbound
// or the triple would not be RDF.
func (in *instance) tripleTerm(p *algebra.TriplePattern) (rdf.Term, error) {
	var parts [3]rdf.Term
	for i, n := range [3]algebra.Node{p.S, p.P, p.O} {
		var err error
		if parts[i], err = in.term(n); err != nil {
			return rdf.Term{}, err
		}
	}
	t := rdf.Triple{S: parts[0], P: parts[1], O: parts[2]}
	if rdf.CheckTriple(t) != nil {
		return rdf.Term{}, nil
	}
	return rdf.TripleTerm(t), nil
}

// quad fills one quad pattern. ok is false if a variable is unbound or the
// statement would not be RDF: such ones are left out (§16.2).
func (in *instance) quad(p algebra.QuadPattern) (q rdf.Quad, ok bool, err error) {
	if q.S, err = in.term(p.S); err != nil {
		return q, false, err
	}
	if q.P, err = in.term(p.P); err != nil {
		return q, false, err
	}
	if q.O, err = in.term(p.O); err != nil {
		return q, false, err
	}
	if p.G.IsVar() || !p.G.Term.IsZero() {
		if q.G, err = in.term(p.G); err != nil || !q.G.IsIRI() {
			return q, false, err
		}
	}
	ok = (q.S.IsIRI() || q.S.IsBNode()) && q.P.IsIRI() && !q.O.IsZero()
	return q, ok, nil
}

// newConstruct makes the triples of a template while they are read.
func (e *evaluator) newConstruct(template []algebra.QuadPattern, rows []row) *tripleReader {
	var in *instance
	at := len(template)
	next := func() (rdf.Triple, error) {
		for {
			if at == len(template) {
				if len(rows) == 0 || len(template) == 0 {
					return rdf.Triple{}, io.EOF
				}
				in, rows, at = e.newInstance(rows[0]), rows[1:], 0
			}
			q, ok, err := in.quad(template[at])
			at++
			if err != nil {
				return rdf.Triple{}, err
			}
			if ok {
				return q.Triple(), nil
			}
		}
	}
	return &tripleReader{e: e, next: next}
}
