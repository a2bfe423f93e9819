package ref

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// Query evaluates q over src. The solutions are complete when it returns;
// terms are read while the result is. src must stay open until the result is
// closed. Errors: the cause of ctx's end, *results.LimitError, those of src,
// those of SERVICE.
func Query(ctx context.Context, q *algebra.Query, src graph.Source, opt Options) (*results.Result, error) {
	vars := newVarTable()
	if q.Op != nil {
		vars.addOp(q.Op)
	}
	for _, name := range q.Vars {
		vars.add(name)
	}
	vars.addNodes(q.Describe...)
	for _, t := range q.Template {
		vars.addNodes(t.S, t.P, t.O)
	}
	e := newEvaluator(src, vars, q.Base, opt.withDefaults())
	var err error
	if e.dataset, err = e.makeDataset(q.Dataset); err != nil {
		return nil, fmt.Errorf("query: dataset: %w", err)
	}
	rows, err := e.solutions(ctx, q.Op, e.dataset.def)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	out := &results.Result{Prefixes: q.Prefixes}
	switch q.Form {
	case algebra.Select:
		out.Kind, out.Vars = results.Bindings, q.Vars
		out.Rows = e.newRowReader(q.Vars, rows)
	case algebra.Ask:
		out.Kind, out.Boolean = results.Boolean, len(rows) > 0
	case algebra.Construct:
		out.Kind = results.Graph
		out.Triples = e.newConstruct(q.Template, rows)
	case algebra.Describe:
		triples, err := e.describe(ctx, q, rows)
		if err != nil {
			return nil, fmt.Errorf("query: describe: %w", err)
		}
		out.Kind = results.Graph
		out.Triples = &tripleReader{e: e, next: sliceOf(triples)}
	}
	return out, nil
}

// solutions evaluates a whole pattern; nil is the empty one.
func (e *evaluator) solutions(ctx context.Context, op algebra.Op, g activeGraph) ([]row, error) {
	if op == nil {
		return []row{make(row, len(e.vars.names))}, nil
	}
	return e.eval(ctx, op, scope{graph: g})
}

// limiter counts what a result delivers.
type limiter struct{ max, n int64 }

func (l *limiter) take() error {
	l.n++
	if l.max > 0 && l.n > l.max {
		return &results.LimitError{Limit: "rows", Value: strconv.FormatInt(l.max, 10)}
	}
	return nil
}

// rowReader is the results.Rows of SELECT.
type rowReader struct {
	e     *evaluator
	slots []int
	rows  []row
	out   []rdf.Term
	limit limiter
}

func (e *evaluator) newRowReader(vars []string, rows []row) *rowReader {
	r := &rowReader{e: e, rows: rows, out: make([]rdf.Term, len(vars)), limit: limiter{max: e.opt.MaxRows}}
	for _, name := range vars {
		r.slots = append(r.slots, e.vars.slots[name])
	}
	return r
}

// Next implements results.Rows.
func (r *rowReader) Next(ctx context.Context) ([]rdf.Term, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if len(r.rows) == 0 {
		return nil, io.EOF
	}
	if err := r.limit.take(); err != nil {
		return nil, err
	}
	for i, slot := range r.slots {
		t, err := r.e.terms.term(r.rows[0][slot])
		if err != nil {
			return nil, fmt.Errorf("query: read terms: %w", err)
		}
		r.out[i] = t
	}
	r.rows = r.rows[1:]
	return r.out, nil
}

// Close implements results.Rows.
func (r *rowReader) Close() error {
	r.rows = nil
	return nil
}

// tripleReader is the results.Triples of CONSTRUCT and DESCRIBE. next yields
// triples until io.EOF, with repetitions.
type tripleReader struct {
	e    *evaluator
	next func() (rdf.Triple, error)
	seen map[rdf.Triple]bool
	done bool
}

// Next implements results.Triples.
func (r *tripleReader) Next(ctx context.Context) (rdf.Triple, error) {
	for {
		if err := context.Cause(ctx); err != nil {
			return rdf.Triple{}, err
		}
		if r.done {
			return rdf.Triple{}, io.EOF
		}
		t, err := r.next()
		if err != nil {
			return rdf.Triple{}, err
		}
		if r.seen[t] {
			continue
		}
		if r.seen == nil {
			r.seen = map[rdf.Triple]bool{}
		}
		r.seen[t] = true
		limit := limiter{max: r.e.opt.MaxRows, n: int64(len(r.seen)) - 1}
		if err := limit.take(); err != nil {
			return rdf.Triple{}, err
		}
		return t, nil
	}
}

// Close implements results.Triples.
func (r *tripleReader) Close() error {
	r.done = true
	return nil
}

func sliceOf(triples []rdf.Triple) func() (rdf.Triple, error) {
	return func() (rdf.Triple, error) {
		if len(triples) == 0 {
			return rdf.Triple{}, io.EOF
		}
		t := triples[0]
		triples = triples[1:]
		return t, nil
	}
}
