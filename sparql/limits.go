package sparql

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// limits applies Options.Timeout and MaxRows to a running query.
type limits struct {
	timeout time.Duration
	maxRows int
}

func newLimits(opt Options) *limits { return &limits{timeout: opt.Timeout, maxRows: opt.MaxRows} }

// errTimeout is the cause of a context that the time limit ended, which tells
// it from a client that went away.
var errTimeout = errors.New("time limit")

func (l *limits) context(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, l.timeout, errTimeout)
}

// explain turns the end of the context by the time limit into a LimitError.
func (l *limits) explain(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && errors.Is(context.Cause(ctx), errTimeout) {
		return &results.LimitError{Limit: "time", Value: l.timeout.String()}
	}
	return err
}

func (l *limits) rowLimit() error {
	return &results.LimitError{Limit: "rows", Value: strconv.Itoa(l.maxRows)}
}

// wrap makes the answer obey the limits and end the context when closed.
func (l *limits) wrap(ctx context.Context, cancel context.CancelFunc, r *results.Result) *results.Result {
	out := *r
	g := &guard{limits: l, run: ctx, cancel: cancel}
	switch {
	case r.Rows != nil:
		out.Rows = &limitedRows{guard: g, rows: r.Rows}
		if cols, ok := r.Rows.(results.Columns); ok {
			out.Rows = &columnRows{limitedRows{guard: g, rows: r.Rows}, cols}
		}
	case r.Triples != nil:
		out.Triples = &limitedTriples{guard: g, triples: r.Triples}
	default:
		cancel()
	}
	return &out
}

// guard counts rows and watches two contexts: the run's own, which has the
// time limit, and that of each Next.
type guard struct {
	*limits
	run    context.Context // the run's lifetime is this value's own
	cancel context.CancelFunc
	once   sync.Once
	rows   int
}

func (g *guard) before(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := g.run.Err(); err != nil {
		return g.explain(g.run, err)
	}
	return nil
}

func (g *guard) after(err error) error {
	if err != nil {
		return g.explain(g.run, err)
	}
	if g.rows++; g.maxRows > 0 && g.rows > g.maxRows {
		return g.rowLimit()
	}
	return nil
}

func (g *guard) close(end func() error) error {
	var err error
	g.once.Do(func() {
		err = end()
		g.cancel()
	})
	return err
}

type limitedRows struct {
	*guard
	rows results.Rows
}

func (r *limitedRows) Next(ctx context.Context) ([]rdf.Term, error) {
	if err := r.before(ctx); err != nil {
		return nil, err
	}
	row, err := r.rows.Next(r.run)
	return row, r.after(err)
}

// Ready implements results.Ready.
func (r *limitedRows) Ready() bool {
	ready, ok := r.rows.(results.Ready)
	return ok && ready.Ready()
}

// NextColumns implements results.Columns where the rows do: limits.wrap sees to
// that.
func (r *columnRows) NextColumns(ctx context.Context) ([]results.Column, int, error) {
	if err := r.before(ctx); err != nil {
		return nil, 0, err
	}
	if r.maxRows > 0 && r.guard.rows > r.maxRows {
		return nil, 0, r.rowLimit()
	}
	cols, n, err := r.cols.NextColumns(r.run)
	if err != nil {
		return nil, 0, r.explain(r.run, err)
	}
	left := r.maxRows - r.guard.rows
	r.guard.rows += n
	switch {
	case r.maxRows <= 0 || n <= left:
		return cols, n, nil
	case left == 0:
		return nil, 0, r.rowLimit()
	}
	return cols, left, nil // and the error the next time
}

// columnRows are limited rows that come by many at once too.
type columnRows struct {
	limitedRows
	cols results.Columns
}

func (r *limitedRows) Close() error { return r.close(r.rows.Close) }

type limitedTriples struct {
	*guard
	triples results.Triples
}

func (t *limitedTriples) Next(ctx context.Context) (rdf.Triple, error) {
	if err := t.before(ctx); err != nil {
		return rdf.Triple{}, err
	}
	triple, err := t.triples.Next(t.run)
	return triple, t.after(err)
}

func (t *limitedTriples) Close() error { return t.close(t.triples.Close) }
