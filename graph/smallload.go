package graph

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"nettwin/graph/rdf"
)

// Up to so many quads and bytes of texts NewLoad makes a batch.
const (
	maxSmallQuads = 50_000
	maxSmallBytes = 16 << 20
)

// NewLoad begins a load of a store. While it is small it is kept as a batch,
// whose commit costs less; a store that is no Loader takes nothing larger
// (ErrTooLarge).
func NewLoad(ctx context.Context, s Store, o LoadOptions) (Load, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &smallLoad{store: s, o: o}, nil
}

// smallLoad is a load that becomes a large one when it has to.
type smallLoad struct {
	store Store
	o     LoadOptions

	mu    sync.Mutex
	adds  []rdf.Quad
	bytes int
	large Load // nil: there is none yet
	err   error
	done  bool
}

var errLoadEnded = fmt.Errorf("load: it has ended: %w", ErrClosed)

// Add implements Load.
func (l *smallLoad) Add(ctx context.Context, quads []rdf.Quad) error {
	large, err := l.keep(ctx, quads)
	if err == nil && large != nil {
		err = large.Add(ctx, quads)
	}
	return err
}

// keep takes quads to the batch, or returns the load that is to take them.
func (l *smallLoad) keep(ctx context.Context, quads []rdf.Quad) (Load, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return nil, l.err
	case l.done:
		return nil, errLoadEnded
	case l.large != nil:
		return l.large, nil
	}
	if len(l.adds)+len(quads) <= maxSmallQuads && l.bytes <= maxSmallBytes {
		for i := range quads {
			q := rdf.Quad{S: quads[i].S.Clone(), P: quads[i].P.Clone(), O: quads[i].O.Clone(), G: quads[i].G.Clone()}
			l.bytes += len(q.S.Value()) + len(q.P.Value()) + len(q.O.Value()) + len(q.G.Value())
			l.adds = append(l.adds, q)
		}
		return nil, nil
	}
	l.err = l.grow(ctx)
	return l.large, l.err
}

// grow hands what was kept to a large load.
func (l *smallLoad) grow(ctx context.Context) error {
	loader, ok := l.store.(Loader)
	if !ok {
		return fmt.Errorf("load of more than %d quads: %w", maxSmallQuads, ErrTooLarge)
	}
	large, err := loader.Load(ctx, l.o)
	if err != nil {
		return err
	}
	if err := large.Add(ctx, l.adds); err != nil {
		return errors.Join(err, large.Abort())
	}
	l.large, l.adds = large, nil
	return nil
}

// Commit implements Load.
func (l *smallLoad) Commit(ctx context.Context) (Commit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return Commit{}, l.err
	case l.done:
		return Commit{}, errLoadEnded
	case l.large != nil:
		return l.large.Commit(ctx)
	}
	c, err := l.store.Commit(ctx, &Batch{
		Branch: l.o.Branch, Expected: l.o.Expected, ClearGraphs: l.o.ClearGraphs, ClearAll: l.o.ClearAll, Adds: l.adds, Note: l.o.Note,
	})
	if l.err = err; err == nil {
		l.done, l.adds = true, nil
	}
	return c, err
}

// Abort implements Load.
func (l *smallLoad) Abort() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.adds = true, nil
	if l.large != nil {
		return l.large.Abort()
	}
	return nil
}
