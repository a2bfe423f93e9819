package ref

import (
	"context"
	"errors"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
)

// Limits of updates.
const (
	maxUpdateAttempts = 200     // tries of one request when others commit in between
	maxUpdateChanges  = 8 << 20 // quads that one request changes
	changeBytes       = 200     // what a changed quad takes, roughly
)

// Errors of update operations (SPARQL 1.1 Update §3).
var (
	// ErrGraphExists: CREATE of a graph that holds quads.
	ErrGraphExists = errors.New("graph exists already; use SILENT to go on")
	// ErrNoGraph: CLEAR, DROP, ADD, MOVE or COPY of a graph that holds nothing.
	ErrNoGraph = errors.New("no such graph; use SILENT to go on")
	// ErrNoLoader: LOAD where the caller gave no way to read documents.
	ErrNoLoader = errors.New("LOAD is not enabled here")
)

// Update runs a request as one commit: its operations see the effects of the
// earlier ones, and all take effect or none (SPARQL 1.1 Update §3). If
// another commit comes in between, the request is evaluated again on the new
// state, maxUpdateAttempts times at most; then the error is graph.ErrConflict.
// Other errors: the cause of ctx's end, *results.LimitError, ErrGraphExists,
// ErrNoGraph, ErrNoLoader, those of the store and of opt.Load.
func Update(ctx context.Context, u *algebra.Update, store graph.Store, opt Options) (graph.Commit, error) {
	opt = opt.withDefaults()
	var commit graph.Commit
	err := graph.ErrConflict
	for range maxUpdateAttempts {
		commit, err = updateOnce(ctx, u, store, opt)
		if !errors.Is(err, graph.ErrConflict) {
			break
		}
	}
	if err != nil {
		return graph.Commit{}, fmt.Errorf("update: %w", err)
	}
	return commit, nil
}

func updateOnce(ctx context.Context, u *algebra.Update, store graph.Store, opt Options) (c graph.Commit, err error) {
	snap, err := store.Snapshot(graph.At{Branch: opt.Branch})
	if err != nil {
		return c, err
	}
	defer func() {
		if cerr := snap.Close(); err == nil {
			err = cerr
		}
	}()
	w := &updater{u: u, opt: opt, over: newOverlay(snap)}
	for i, op := range u.Operations {
		if err := w.run(ctx, op); err != nil {
			return c, fmt.Errorf("operation %d: %w", i+1, err)
		}
	}
	batch, err := w.batch()
	if err != nil {
		return c, err
	}
	seq := snap.Commit().Seq
	batch.Branch, batch.Expected, batch.Note = opt.Branch, &seq, opt.Note
	return store.Commit(ctx, batch)
}

// updater runs the operations of one attempt.
type updater struct {
	u    *algebra.Update
	opt  Options
	over *overlay
}

func (w *updater) run(ctx context.Context, op algebra.Operation) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	switch op := op.(type) {
	case *algebra.Modify:
		return w.modify(ctx, op)
	case *algebra.Load:
		return silenced(ctx, op.Silent, w.load(ctx, op))
	case *algebra.Clear:
		return silenced(ctx, op.Silent, w.clear(ctx, op))
	case *algebra.Create:
		return silenced(ctx, op.Silent, w.create(op))
	case *algebra.Transfer:
		return silenced(ctx, op.Silent, w.transfer(ctx, op))
	}
	return fmt.Errorf("operation %T is not known", op)
}

// LoadError is the failure of a document that LOAD names.
type LoadError struct{ Err error }

func (e *LoadError) Error() string { return e.Err.Error() }
func (e *LoadError) Unwrap() error { return e.Err }

// silenced drops what SILENT allows to fail: graphs that are or are not
// there, documents that cannot be loaded. A request that was cancelled or is
// too large, or a store that fails, stays an error.
func silenced(ctx context.Context, silent bool, err error) error {
	var load *LoadError
	forgiven := errors.Is(err, ErrGraphExists) || errors.Is(err, ErrNoGraph) || errors.As(err, &load)
	if silent && forgiven && context.Cause(ctx) == nil {
		return nil
	}
	return err
}

// batch gathers the net effect.
func (w *updater) batch() (*graph.Batch, error) {
	b := &graph.Batch{}
	for g := range w.over.cleared {
		t, err := w.termOf(g)
		if err != nil {
			return nil, err
		}
		b.ClearGraphs = append(b.ClearGraphs, t)
	}
	var err error
	if b.Deletes, err = w.quads(w.over.dels); err != nil {
		return nil, err
	}
	b.Adds, err = w.quads(w.over.adds)
	return b, err
}

func (w *updater) termOf(id graph.TermID) (rdf.Term, error) {
	if id == graph.DefaultGraph {
		return rdf.Term{}, nil
	}
	var out [1]rdf.Term
	err := w.over.Terms([]graph.TermID{id}, out[:])
	return out[0], err
}

func (w *updater) quads(set map[graph.Quad]struct{}) ([]rdf.Quad, error) {
	out := make([]rdf.Quad, 0, len(set))
	for q := range set {
		var t [4]rdf.Term
		for i, id := range q {
			var err error
			if t[i], err = w.termOf(id); err != nil {
				return nil, err
			}
		}
		out = append(out, rdf.Quad{S: t[graph.S], P: t[graph.P], O: t[graph.O], G: t[graph.G]})
	}
	return out, nil
}

// insert and remove change one quad, within the limit.
func (w *updater) insert(q rdf.Quad) error {
	id, err := w.over.quadID(q)
	if err != nil {
		return err
	}
	return w.changed(w.over.insert(id))
}

func (w *updater) remove(q rdf.Quad) error {
	id, err := w.over.quadID(q)
	if err != nil {
		return err
	}
	return w.changed(w.over.delete(id))
}

func (w *updater) changed(err error) error {
	if err == nil && w.over.changes() > maxUpdateChanges {
		return &results.LimitError{Limit: "changes", Value: fmt.Sprintf("%d quads in one update", maxUpdateChanges)}
	}
	return err
}

// modify is DELETE/INSERT (§3.1.3) and the forms that mean it: all solutions
// first, then all deletions, then all insertions.
func (w *updater) modify(ctx context.Context, op *algebra.Modify) error {
	vars := newVarTable()
	if op.Where != nil {
		vars.addOp(op.Where)
	}
	for _, list := range [][]algebra.QuadPattern{op.Delete, op.Insert} {
		for _, q := range list {
			vars.addNodes(q.S, q.P, q.O, q.G)
		}
	}
	e := newEvaluator(w.over, vars, w.u.Base, w.opt)
	var err error
	if e.dataset, err = e.makeDataset(op.Using); err != nil {
		return err
	}
	using := !op.Using.IsZero() || len(w.opt.DefaultGraphs)+len(w.opt.NamedGraphs) > 0
	if !op.With.IsZero() && !using {
		id, err := e.terms.id(op.With)
		if err != nil {
			return err
		}
		e.dataset.def = activeGraph{ids: []graph.TermID{id}}
	}
	rows, err := e.solutions(ctx, op.Where, e.dataset.def)
	if err != nil {
		return err
	}
	var deletes, inserts []rdf.Quad
	for _, r := range rows {
		in := e.newInstance(r)
		if deletes, err = in.fill(ctx, op.Delete, op.With, deletes); err != nil {
			return err
		}
		if inserts, err = in.fill(ctx, op.Insert, op.With, inserts); err != nil {
			return err
		}
		e.bytes += int64(len(op.Delete)+len(op.Insert)) * changeBytes
	}
	return w.apply(deletes, inserts)
}

// fill appends the quads of a template; those without a graph go to with.
func (in *instance) fill(ctx context.Context, template []algebra.QuadPattern, with rdf.Term, out []rdf.Quad) ([]rdf.Quad, error) {
	for _, p := range template {
		if err := in.e.step(ctx); err != nil {
			return nil, err
		}
		if !p.G.IsVar() && p.G.Term.IsZero() {
			p.G.Term = with
		}
		q, ok, err := in.quad(p)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, q)
		}
	}
	return out, nil
}

func (w *updater) apply(deletes, inserts []rdf.Quad) error {
	for _, q := range deletes {
		if err := w.remove(q); err != nil {
			return err
		}
	}
	for _, q := range inserts {
		if err := w.insert(q); err != nil {
			return err
		}
	}
	return nil
}
