package exec

import (
	"context"
	"errors"
	"io"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
)

// Delegate evaluates what exec leaves to its caller. It is about one query
// over one source.
type Delegate interface {
	// Solutions returns the solutions of a pattern over the dataset of the
	// query, as columns vars.
	Solutions(ctx context.Context, op algebra.Op, vars []string) (*results.Result, error)

	// Exists tells whether a pattern has a solution under the values given to
	// variables (SPARQL 1.1 §18.6), in the graph named g; the zero Term is the
	// default graph of the dataset.
	Exists(ctx context.Context, op algebra.Op, g rdf.Term, given map[string]rdf.Term) (bool, error)
}

// errNoDelegate is a plan that should not have been made.
var errNoDelegate = errors.New("the plan needs a delegate")

// foreignOp yields the solutions of a pattern that the caller evaluates. They
// are read once.
type foreignOp struct {
	x    *execution
	n    *plan.Foreign
	rows *rowsOp
}

func (o *foreignOp) next(ctx context.Context) (*chunk, error) {
	if o.rows == nil {
		if o.x.opt.Delegate == nil {
			return nil, errNoDelegate
		}
		answer, err := o.x.opt.Delegate.Solutions(ctx, o.n.Op, o.n.Names)
		if err != nil {
			return nil, err
		}
		all, err := o.x.collect(ctx, answer, o.n.Slots, nil)
		if err != nil {
			return nil, err
		}
		o.rows = &rowsOp{x: o.x, all: chunk{n: all.n, cols: all.cols}}
	}
	return o.rows.next(ctx)
}

func (o *foreignOp) reset() {
	if o.rows != nil {
		o.rows.reset()
	}
}

func (o *foreignOp) close() error { return nil }

// collect reads all rows of an answer into columns: slots[i] is where column i
// goes, -1 for nowhere. Terms go through rename, if that is set.
func (x *execution) collect(ctx context.Context, answer *results.Result, slots []int, rename func(rdf.Term) rdf.Term) (_ *store, err error) {
	defer func() {
		if cerr := answer.Close(); err == nil {
			err = cerr
		}
	}()
	var kept plan.Set
	for _, slot := range slots {
		if slot >= 0 {
			kept = kept.With(slot)
		}
	}
	all := newStore(x, kept)
	for _, slot := range all.slots {
		all.cols[slot] = []graph.TermID{}
	}
	for {
		terms, err := answer.Rows.Next(ctx)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if err := x.budget.grow(int64(len(all.slots)) * idBytes); err != nil {
			return nil, err
		}
		for i, t := range terms {
			if slots[i] < 0 {
				continue
			}
			if rename != nil {
				t = rename(t)
			}
			id, err := x.terms.id(t)
			if err != nil {
				return nil, err
			}
			all.cols[slots[i]] = append(all.cols[slots[i]], id)
		}
		all.n++
	}
}

// ask tests the tuples from number from on, one by one.
func (t *existsTest) ask(ctx context.Context, from int) error {
	a := t.n.Ask
	if t.x.opt.Delegate == nil {
		return errNoDelegate
	}
	for i := from; i < t.known.n; i++ {
		given := make(map[string]rdf.Term, len(a.Names))
		g := a.Graph
		for k, slot := range t.shared {
			term, err := t.x.terms.term(t.known.key(i)[k])
			if err != nil {
				return err
			}
			if slot == a.GraphSlot {
				g = term
			}
			for j, s := range a.Slots {
				if s == slot && !term.IsZero() {
					given[a.Names[j]] = term
				}
			}
		}
		found, err := t.x.opt.Delegate.Exists(ctx, a.Op, g, given)
		if err != nil {
			return err
		}
		t.answer[i] = found
	}
	return nil
}
