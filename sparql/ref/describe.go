package ref

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// describe gathers the concise bounded descriptions of all resources that the
// query names (§16.4).
func (e *evaluator) describe(ctx context.Context, q *algebra.Query, rows []row) ([]rdf.Triple, error) {
	var queue []graph.TermID
	queued := map[graph.TermID]bool{}
	add := func(id graph.TermID) {
		if id != graph.None && !queued[id] {
			queued[id] = true
			queue = append(queue, id)
		}
	}
	for _, n := range q.Describe {
		id, slot, err := e.place(n)
		if err != nil {
			return nil, err
		}
		add(id)
		for _, r := range rows {
			if slot >= 0 {
				add(r[slot])
			}
		}
	}
	var out []rdf.Triple
	for len(queue) > 0 {
		subject := queue[0]
		queue = queue[1:]
		found, err := e.describeOne(ctx, subject)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if t[2].Tag() == graph.TagBNode {
				add(t[2])
			}
			decoded, err := e.decode(t)
			if err != nil {
				return nil, err
			}
			out = append(out, decoded)
		}
	}
	return out, nil
}

// describeOne returns the triples of a subject in the default graph, or if it
// has none, in the named graphs.
func (e *evaluator) describeOne(ctx context.Context, subject graph.TermID) ([]triple, error) {
	found, err := e.triplesOf(ctx, e.dataset.def, subject)
	if err != nil || len(found) > 0 {
		return found, err
	}
	if e.dataset.limited {
		return e.triplesOf(ctx, activeGraph{ids: e.dataset.order}, subject)
	}
	return e.triplesOf(ctx, activeGraph{all: true}, subject)
}

// describedTripleBytes is what one described triple counts in memory.
const describedTripleBytes = 200

func (e *evaluator) triplesOf(ctx context.Context, g activeGraph, subject graph.TermID) ([]triple, error) {
	var out []triple
	err := e.scan(ctx, g, triple{subject}, func(t triple) error {
		e.bytes += describedTripleBytes
		if e.bytes > e.opt.MaxMemoryBytes {
			return &results.LimitError{Limit: "memory", Value: fmt.Sprintf("%d bytes of solutions", e.opt.MaxMemoryBytes)}
		}
		out = append(out, t)
		return nil
	})
	return out, err
}

func (e *evaluator) decode(t triple) (out rdf.Triple, err error) {
	if out.S, err = e.terms.term(t[0]); err != nil {
		return out, err
	}
	if out.P, err = e.terms.term(t[1]); err != nil {
		return out, err
	}
	out.O, err = e.terms.term(t[2])
	return out, err
}
