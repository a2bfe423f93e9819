package mem

import (
	"context"
	"fmt"
	"sync"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
	"nettwin/graph/rdf"
)

// load is a graph.Load that keeps its quads until Commit, as a batch.
type load struct {
	store *Store

	mu    sync.Mutex
	batch *graph.Batch
	err   error
}

var _ graph.Loader = (*Store)(nil)

// Load implements graph.Loader.
func (s *Store) Load(ctx context.Context, o graph.LoadOptions) (graph.Load, error) {
	b := &graph.Batch{Branch: o.Branch, Expected: o.Expected, ClearGraphs: o.ClearGraphs, ClearAll: o.ClearAll, Note: o.Note}
	err := ctx.Err()
	if s.closed.Load() {
		err = graph.ErrClosed
	}
	if err == nil {
		err = batch.Check(b)
	}
	if err == nil {
		s.mu.RLock()
		_, err = s.branch(o.Branch)
		s.mu.RUnlock()
	}
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return &load{store: s, batch: b}, nil
}

// Add implements graph.Load.
func (l *load) Add(ctx context.Context, quads []rdf.Quad) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
	case l.batch == nil || l.store.closed.Load():
		l.err = graph.ErrClosed
	case ctx.Err() != nil:
		l.err = ctx.Err()
	case len(l.batch.Adds)+len(quads) > batch.MaxQuads:
		l.err = fmt.Errorf("more than %d quads: %w", batch.MaxQuads, graph.ErrTooLarge)
	default:
		l.err = batch.Check(&graph.Batch{Adds: quads})
	}
	if l.err != nil {
		return fmt.Errorf("load: %w", l.err)
	}
	for _, q := range quads {
		l.batch.Adds = append(l.batch.Adds, rdf.Quad{S: q.S.Clone(), P: q.P.Clone(), O: q.O.Clone(), G: q.G.Clone()})
	}
	return nil
}

// Commit implements graph.Load.
func (l *load) Commit(ctx context.Context) (graph.Commit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && l.batch == nil {
		l.err = graph.ErrClosed
	}
	if l.err != nil {
		return graph.Commit{}, fmt.Errorf("load: %w", l.err)
	}
	c, err := l.store.Commit(ctx, l.batch)
	if l.err = err; err != nil {
		return c, fmt.Errorf("load: %w", err)
	}
	l.batch = nil
	return c, nil
}

// Abort implements graph.Load.
func (l *load) Abort() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batch = nil
	return nil
}
