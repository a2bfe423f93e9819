package disk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"nettwin/graph"
	"nettwin/graph/disk/internal/bulk"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/internal/batch"
	"nettwin/graph/rdf"
)

// Shares of Options.LoadBytes.
const (
	// DefaultLoadBytes is what loads take of memory together, about.
	DefaultLoadBytes = 512 << 20

	// loadShare: a load takes so many hundredths of what other loads left.
	loadShare = 75
	// termShare: so many hundredths of that are for its new terms.
	termShare = 35
	// minTermBytes are for terms at least.
	minTermBytes = 1 << 20
)

// load is a graph.Load. Its rows are sorted by a bulk.Sorter; its new terms
// are numbered apart. Commit (loadcommit.go) makes both part of the store.
type load struct {
	store    *Store
	o        graph.LoadOptions
	budget   int64
	builders sync.Pool

	mu    sync.Mutex
	terms *dict.Loading
	input *bulk.Sorter
	err   error // the first; the load can only be aborted
	done  bool
}

var _ graph.Loader = (*Store)(nil)

// Load implements graph.Loader.
func (s *Store) Load(ctx context.Context, o graph.LoadOptions) (graph.Load, error) {
	l, err := s.newLoad(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return l, nil
}

func (s *Store) newLoad(ctx context.Context, o graph.LoadOptions) (*load, error) {
	if s.closed.Load() {
		return nil, graph.ErrClosed
	}
	if err := errors.Join(ctx.Err(), s.failure()); err != nil {
		return nil, err
	}
	if err := batch.Check(&graph.Batch{ClearGraphs: o.ClearGraphs, Note: o.Note}); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.branch(o.Branch); err != nil {
		return nil, err
	}
	l := &load{store: s, o: o, budget: (s.o.LoadBytes - s.loading) * loadShare / 100}
	s.loading += l.budget
	l.terms = s.dict.Loading(s.addExtra)
	l.input = l.sorter(1)
	terms := l.terms // Abort forgets the load's
	l.builders.New = func() any { return bulk.NewBuilder(terms) }
	return l, nil
}

// sorter returns one that takes a part of the memory for rows.
func (l *load) sorter(part int64) *bulk.Sorter {
	s := l.store
	rows := l.budget * (100 - termShare) / 100 / bulk.RowBytes / part
	return bulk.NewSorter(bulk.Options{FS: s.o.FS, Salt: s.wal.salt, Name: s.segmentFile, Next: s.files.Next, Rows: int(rows)})
}

// addExtra numbers a datatype or language tag.
func (s *Store) addExtra(e dict.Raw) (uint64, error) {
	if err := s.take(s.ctx); err != nil {
		return 0, s.why(err)
	}
	defer s.give()
	return s.dict.AddExtra(e)
}

// Add implements graph.Load.
func (l *load) Add(ctx context.Context, quads []rdf.Quad) error {
	err := l.add(ctx, quads)
	if err == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
	return fmt.Errorf("load: %w", err)
}

func (l *load) add(ctx context.Context, quads []rdf.Quad) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := l.builders.Get().(*bulk.Builder)
	defer l.builders.Put(b)
	b.Reset()
	for i := range quads {
		if err := b.Add(&quads[i]); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return err
	}
	if err := l.input.Add(ctx, b.Block(), l.terms); err != nil {
		return err
	}
	if l.terms.SizeBytes() < max(minTermBytes, l.budget*termShare/100) {
		return nil
	}
	return l.install(ctx)
}

// usable returns why the load cannot go on. The caller holds mu.
func (l *load) usable() error {
	switch {
	case l.err != nil:
		return l.err
	case l.done || l.store.closed.Load():
		return graph.ErrClosed
	}
	return nil
}

// install makes the terms so far part of the dictionary. The caller holds mu.
func (l *load) install(ctx context.Context) error {
	if l.terms.Len() == 0 {
		return nil
	}
	n, err := l.store.installTerms(ctx, l.terms)
	if err != nil {
		return err
	}
	l.terms.Next()
	return l.input.Stage(ctx, n)
}

// Abort implements graph.Load.
func (l *load) Abort() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end()
}

// end lets go of what the load holds. The caller holds mu.
func (l *load) end() error {
	if l.done {
		return nil
	}
	l.done = true
	l.store.mu.Lock()
	l.store.loading -= l.budget
	l.store.mu.Unlock()
	err := l.input.Close()
	l.input, l.terms = nil, nil
	if err != nil {
		err = fmt.Errorf("load: remove temporary files: %w", err)
	}
	return err
}
