package ref

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// Delegate evaluates parts of one query over one source for an executor that
// does not cover them. Safe for concurrent use: calls wait for one another.
type Delegate struct {
	q   *algebra.Query
	src graph.Source
	opt Options

	mu sync.Mutex
	// evaluators of EXISTS patterns: their tables of variables and terms are
	// made once.
	patterns map[algebra.Op]*evaluator
}

// NewDelegate returns the delegate of a query; src must stay open while it is
// used.
func NewDelegate(q *algebra.Query, src graph.Source, opt Options) *Delegate {
	return &Delegate{q: q, src: src, opt: opt}
}

func (d *Delegate) evaluator(op algebra.Op, more ...string) (*evaluator, error) {
	if d.patterns == nil {
		d.patterns = map[algebra.Op]*evaluator{}
		d.opt = d.opt.withDefaults()
	}
	vars := newVarTable()
	vars.addOp(op)
	for _, name := range more {
		vars.add(name)
	}
	e := newEvaluator(d.src, vars, d.q.Base, d.opt)
	var err error
	if e.dataset, err = e.makeDataset(d.q.Dataset); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return e, nil
}

// Solutions returns the solutions of a pattern over the query's dataset, as
// columns vars.
func (d *Delegate) Solutions(ctx context.Context, op algebra.Op, vars []string) (*results.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, err := d.evaluator(op, vars...)
	if err != nil {
		return nil, err
	}
	rows, err := e.solutions(ctx, op, e.dataset.def)
	if err != nil {
		return nil, err
	}
	return &results.Result{Kind: results.Bindings, Vars: vars, Rows: e.newRowReader(vars, rows)}, nil
}

// Exists tells whether a pattern has a solution under the values given to its
// variables (§18.6), in the graph named g; the zero Term is the default graph
// of the dataset.
func (d *Delegate) Exists(ctx context.Context, op algebra.Op, g rdf.Term, given map[string]rdf.Term) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.patterns[op]
	if !ok {
		var err error
		if e, err = d.evaluator(op); err != nil {
			return false, err
		}
		d.patterns[op] = e
	}
	s := scope{graph: e.dataset.def, outer: make(row, len(e.vars.names))}
	if !g.IsZero() {
		id, err := e.terms.id(g)
		if err != nil {
			return false, err
		}
		s.graph = activeGraph{}
		if known, err := e.hasGraph(id); err != nil {
			return false, err
		} else if known {
			s.graph.ids = []graph.TermID{id}
		}
	}
	for name, t := range given {
		if _, known := e.vars.slots[name]; !known {
			continue
		}
		if err := e.bind(s.outer, name, t); err != nil {
			return false, err
		}
	}
	before := e.bytes
	rows, err := e.eval(ctx, op, s)
	e.bytes = before // its solutions are garbage now
	return slices.ContainsFunc(rows, func(r row) bool { return compatible(r, s.outer) }), err
}
