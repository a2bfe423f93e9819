package exec

import (
	"context"
	"strconv"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/plan"
)

// unitOp yields the one empty solution.
type unitOp struct {
	x    *execution
	done bool
}

func (o *unitOp) next(context.Context) (*chunk, error) {
	if o.done {
		return nil, nil
	}
	o.done = true
	return &chunk{n: 1, cols: o.x.noColumns}, nil
}

func (o *unitOp) reset()       { o.done = false }
func (o *unitOp) close() error { return nil }

// emptyOp has no solutions.
type emptyOp struct{}

func (emptyOp) next(context.Context) (*chunk, error) { return nil, nil }
func (emptyOp) reset()                               {}
func (emptyOp) close() error                         { return nil }

// seedState is the chunk that an operator gives to a pattern below it.
type seedState struct{ rows *chunk }

// seed returns the state of a seed, the same for all operators that read it.
func (x *execution) seed(n *plan.Seed) *seedState {
	s, ok := x.seeds[n]
	if !ok {
		s = &seedState{}
		x.seeds[n] = s
	}
	return s
}

// seedOp yields the chunk given.
type seedOp struct {
	seed *seedState
	done bool
}

func (o *seedOp) next(context.Context) (*chunk, error) {
	if o.done || o.seed.rows == nil || o.seed.rows.n == 0 {
		return nil, nil
	}
	o.done = true
	return o.seed.rows, nil
}

func (o *seedOp) reset()       { o.done = false }
func (o *seedOp) close() error { return nil }

// rowsOp yields rows in memory.
type rowsOp struct {
	x    *execution
	all  chunk
	out  chunk
	from int
}

func (o *rowsOp) next(context.Context) (*chunk, error) {
	if o.from >= o.all.n {
		return nil, nil
	}
	to := min(o.from+o.x.chunkRows, o.all.n)
	if o.out.cols == nil {
		o.out.cols = make([][]graph.TermID, len(o.all.cols))
	}
	for slot, col := range o.all.cols {
		if col != nil {
			o.out.cols[slot] = col[o.from:to]
		}
	}
	o.out.n = to - o.from
	o.from = to
	return &o.out, nil
}

func (o *rowsOp) reset()       { o.from = 0 }
func (o *rowsOp) close() error { return nil }

func (x *execution) newValues(n *plan.Values) (op, error) {
	o := &rowsOp{x: x, all: chunk{n: len(n.Rows), cols: make([][]graph.TermID, len(x.plan.Slots))}}
	for i, slot := range n.Slots {
		if !n.Out.Has(slot) {
			continue
		}
		col := make([]graph.TermID, len(n.Rows))
		for r, row := range n.Rows {
			var err error
			if col[r], err = x.terms.id(row[i]); err != nil {
				return nil, err
			}
		}
		o.all.cols[slot] = col
	}
	return o, nil
}

// namesOp yields the named graphs, found when first asked for.
type namesOp struct {
	x    *execution
	n    *plan.Names
	rows *rowsOp
}

func (o *namesOp) next(ctx context.Context) (*chunk, error) {
	if o.rows == nil {
		ids := o.n.Graph.IDs
		if !o.n.Graph.Limited {
			var err error
			if ids, err = graphNames(ctx, o.x.src); err != nil {
				return nil, err
			}
		}
		o.rows = &rowsOp{x: o.x, all: chunk{n: len(ids), cols: make([][]graph.TermID, len(o.x.plan.Slots))}}
		o.rows.all.cols[o.n.Slot] = ids
	}
	return o.rows.next(ctx)
}

func (o *namesOp) reset() {
	if o.rows != nil {
		o.rows.reset()
	}
}

func (o *namesOp) close() error { return nil }

// graphNames lists the named graphs of a source, seeking from one to the next.
func graphNames(ctx context.Context, src graph.Source) (ids []graph.TermID, err error) {
	cursor, err := src.Scan(graph.Pattern{}, graph.GPSO)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := cursor.Close(); err == nil {
			err = cerr
		}
	}()
	if err := cursor.Seek(graph.DefaultGraph + 1); err != nil {
		return nil, err
	}
	for {
		c, err := cursor.Next(ctx)
		if err != nil || c == nil {
			return ids, err
		}
		for _, id := range c.Cols[graph.G] {
			if len(ids) == 0 || ids[len(ids)-1] != id {
				ids = append(ids, id)
			}
		}
		if err := cursor.Seek(ids[len(ids)-1] + 1); err != nil {
			return nil, err
		}
	}
}

// countOp yields the count that the source gave at plan time.
type countOp struct {
	x    *execution
	n    *plan.CountQuads
	done bool
}

func (o *countOp) next(context.Context) (*chunk, error) {
	if o.done {
		return nil, nil
	}
	o.done = true
	id, err := o.x.terms.id(rdf.Literal(strconv.FormatUint(o.n.N, 10), rdf.XSDInteger))
	if err != nil {
		return nil, err
	}
	out := &chunk{n: 1, cols: make([][]graph.TermID, len(o.x.plan.Slots))}
	for _, slot := range o.n.Slots {
		out.cols[slot] = []graph.TermID{id}
	}
	return out, nil
}

func (o *countOp) reset()       { o.done = false }
func (o *countOp) close() error { return nil }
