package ref

import (
	"context"
	"errors"
	"fmt"
	"io"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// ErrNoService says that the caller gave no way to reach other endpoints.
var ErrNoService = results.ErrNoService

// service evaluates SERVICE (SPARQL 1.1 Federated Query §2.2, §4): the
// endpoint's solutions, or with SILENT the empty solution where it fails.
func (e *evaluator) service(ctx context.Context, op *algebra.Service, s scope) ([]row, error) {
	endpoint := op.Endpoint.Term
	if op.Endpoint.IsVar() {
		slot := e.vars.slots[op.Endpoint.Var]
		if s.outer != nil && s.outer[slot] != graph.None {
			t, err := e.terms.term(s.outer[slot])
			if err != nil {
				return nil, err
			}
			endpoint = t
		}
	}
	return e.callService(ctx, op, endpoint)
}

// joinService evaluates Join(L, SERVICE ?v) once for each endpoint in L.
func (e *evaluator) joinService(ctx context.Context, l algebra.Op, op *algebra.Service, s scope) ([]row, error) {
	left, err := e.eval(ctx, l, s)
	if err != nil {
		return nil, err
	}
	slot := e.vars.slots[op.Endpoint.Var]
	answers := map[graph.TermID][]row{}
	var out []row
	for _, from := range left {
		id := from[slot]
		rows, asked := answers[id]
		if !asked {
			endpoint, err := e.terms.term(id)
			if err != nil {
				return nil, err
			}
			if rows, err = e.callService(ctx, op, endpoint); err != nil {
				return nil, err
			}
			answers[id] = rows
		}
		for _, r := range rows {
			if !compatible(from, r) {
				continue
			}
			m, err := e.merge(ctx, from, r)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
	}
	return out, nil
}

func (e *evaluator) callService(ctx context.Context, op *algebra.Service, endpoint rdf.Term) ([]row, error) {
	rows, err := e.askService(ctx, op, endpoint)
	if err == nil {
		return rows, nil
	}
	if !op.Silent || context.Cause(ctx) != nil {
		return nil, &results.ServiceError{Endpoint: endpoint, Err: err}
	}
	unit, err := e.newRow(ctx, nil)
	if err != nil {
		return nil, err
	}
	return []row{unit}, nil
}

func (e *evaluator) askService(ctx context.Context, op *algebra.Service, endpoint rdf.Term) (out []row, err error) {
	if !endpoint.IsIRI() {
		return nil, errors.New("endpoint: expected an IRI")
	}
	if e.opt.Service == nil {
		return nil, ErrNoService
	}
	answer, err := e.opt.Service(ctx, endpoint, op)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := answer.Close(); err == nil {
			err = cerr
		}
	}()
	if answer.Kind != results.Bindings {
		return nil, fmt.Errorf("expected %s, got %s", results.Bindings, answer.Kind)
	}
	nodes := map[string]rdf.Term{}
	for {
		terms, err := answer.Rows.Next(ctx)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		r, err := e.newRow(ctx, nil)
		if err != nil {
			return nil, err
		}
		for i, t := range terms {
			if _, known := e.vars.slots[answer.Vars[i]]; !known || t.IsZero() {
				continue
			}
			if err := e.bind(r, answer.Vars[i], e.rename(t, nodes)); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
}

// rename gives each blank node of another document a fresh label.
func (e *evaluator) rename(t rdf.Term, nodes map[string]rdf.Term) rdf.Term {
	return t.MapBNodes(func(label string) rdf.Term {
		if _, ok := nodes[label]; !ok {
			nodes[label] = e.exprs.BNodes()
		}
		return nodes[label]
	})
}
