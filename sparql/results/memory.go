package results

import (
	"context"
	"io"

	"nettwin/graph/rdf"
)

// NewBindings returns a result over rows in memory, each as long as vars. It
// keeps the slices.
func NewBindings(vars []string, rows [][]rdf.Term) *Result {
	if vars == nil {
		vars = []string{}
	}
	return &Result{Kind: Bindings, Vars: vars, Rows: &memoryRows{rows: rows}}
}

// NewGraph returns a result over triples in memory. It keeps the slice.
func NewGraph(triples []rdf.Triple) *Result {
	return &Result{Kind: Graph, Triples: &memoryTriples{triples: triples}}
}

type memoryRows struct{ rows [][]rdf.Term }

func (m *memoryRows) Next(ctx context.Context) ([]rdf.Term, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if len(m.rows) == 0 {
		return nil, io.EOF
	}
	row := m.rows[0]
	m.rows = m.rows[1:]
	return row, nil
}

func (m *memoryRows) Close() error {
	m.rows = nil
	return nil
}

type memoryTriples struct{ triples []rdf.Triple }

func (m *memoryTriples) Next(ctx context.Context) (rdf.Triple, error) {
	if err := context.Cause(ctx); err != nil {
		return rdf.Triple{}, err
	}
	if len(m.triples) == 0 {
		return rdf.Triple{}, io.EOF
	}
	t := m.triples[0]
	m.triples = m.triples[1:]
	return t, nil
}

func (m *memoryTriples) Close() error {
	m.triples = nil
	return nil
}

// Collect reads the rest of a result's rows into memory and closes it.
func Collect(ctx context.Context, r *Result) (rows [][]rdf.Term, err error) {
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		row, err := r.Rows.Next(ctx)
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, append([]rdf.Term(nil), row...))
	}
}

// CollectTriples reads the rest of a result's triples into memory and closes it.
func CollectTriples(ctx context.Context, r *Result) (triples []rdf.Triple, err error) {
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		t, err := r.Triples.Next(ctx)
		if err == io.EOF {
			return triples, nil
		}
		if err != nil {
			return triples, err
		}
		triples = append(triples, t)
	}
}
