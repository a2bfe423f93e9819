package exec

import (
	"context"
	"fmt"
	"io"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/plan"
)

// triples is the results.Triples of CONSTRUCT (SPARQL 1.1 §16.2): the template
// filled with each solution. Triples with an unbound variable or that are not
// RDF are left out, and so are repetitions.
type triples struct {
	*stream
	template []plan.QuadPattern
	at       int                 // the next triple of the template, for the current row
	nodes    map[string]rdf.Term // blank nodes of the template in the current row
	seen     map[rdf.Triple]struct{}
}

func newTriples(s *stream) *triples {
	return &triples{
		stream: s, template: s.x.plan.Template,
		nodes: map[string]rdf.Term{}, seen: map[rdf.Triple]struct{}{},
	}
}

const seenTripleBytes = 250

// Next implements results.Triples.
func (t *triples) Next(ctx context.Context) (rdf.Triple, error) {
	for {
		if err := context.Cause(ctx); err != nil {
			return rdf.Triple{}, err
		}
		if len(t.template) == 0 {
			return rdf.Triple{}, io.EOF
		}
		if t.chunk == nil || t.row == t.chunk.n {
			if err := t.pull(ctx); err != nil {
				return rdf.Triple{}, err
			}
		}
		triple, ok, err := t.fill(t.template[t.at])
		if err != nil {
			return rdf.Triple{}, fmt.Errorf("query: %w", err)
		}
		if t.at++; t.at == len(t.template) {
			t.at = 0
			t.row++
			clear(t.nodes)
		}
		if _, repeated := t.seen[triple]; !ok || repeated {
			continue
		}
		if err := t.x.budget.grow(seenTripleBytes); err != nil {
			return rdf.Triple{}, fmt.Errorf("query: %w", err)
		}
		t.seen[triple] = struct{}{}
		return triple, nil
	}
}

func (t *triples) fill(q plan.QuadPattern) (out rdf.Triple, ok bool, err error) {
	if out.S, err = t.term(q.S); err != nil {
		return out, false, err
	}
	if out.P, err = t.term(q.P); err != nil {
		return out, false, err
	}
	if out.O, err = t.term(q.O); err != nil {
		return out, false, err
	}
	return out, (out.S.IsIRI() || out.S.IsBNode()) && out.P.IsIRI() && !out.O.IsZero(), nil
}

// term returns the value of a place; blank nodes are fresh for each solution.
func (t *triples) term(p plan.TemplatePlace) (rdf.Term, error) {
	if p.Triple != nil {
		return t.tripleTerm(*p.Triple)
	}
	if p.Slot < 0 {
		return p.Term, nil
	}
	name := t.x.plan.Slots[p.Slot]
	if !strings.HasPrefix(name, algebra.BNodePrefix) {
		return t.x.terms.term(t.chunk.at(p.Slot, t.row))
	}
	node, ok := t.nodes[name]
	if !ok {
		node = t.x.exprs.BNodes()
		t.nodes[name] = node
	}
	return node, nil
}

// tripleTerm returns a triple term of the template; the zero Term if a part of
// it is unbound or the triple would not be RDF.
func (t *triples) tripleTerm(q plan.QuadPattern) (rdf.Term, error) {
	inner, _, err := t.fill(q)
	if err != nil || rdf.CheckTriple(inner) != nil {
		return rdf.Term{}, err
	}
	return rdf.TripleTerm(inner), nil
}

// Close implements results.Triples.
func (t *triples) Close() error { return t.close() }
