package mem

import (
	"context"
	"fmt"
	"sync"

	"nettwin/graph"
)

// feed follows one line. It implements graph.Feed.
type feed struct {
	store *Store
	line  *line
	after graph.CommitSeq
	done  chan struct{}
	once  sync.Once
}

// Feed implements graph.Store. A feed of a branch begins with the commits of
// its ancestors up to the fork.
func (s *Store) Feed(branch string, after graph.CommitSeq) (graph.Feed, error) {
	if s.closed.Load() {
		return nil, fmt.Errorf("feed: %w", graph.ErrClosed)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	l, err := s.branch(branch)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	if after != 0 && l.find(after) == nil {
		return nil, fmt.Errorf("feed: commit %d on branch %q: %w", after, l.name, graph.ErrNoVersion)
	}
	return &feed{store: s, line: l, after: after, done: make(chan struct{})}, nil
}

// Next implements graph.Feed.
func (f *feed) Next(ctx context.Context) (graph.CommitChanges, error) {
	for {
		v, changed, err := f.look(ctx)
		if err != nil {
			return graph.CommitChanges{}, fmt.Errorf("feed: branch %q: %w", f.line.name, err)
		}
		if v != nil {
			return f.deliver(v), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-f.done:
		case <-f.store.done:
		}
	}
}

// look returns the next version, or the channel that announces one.
func (f *feed) look(ctx context.Context) (*version, <-chan struct{}, error) {
	select {
	case <-f.done:
		return nil, nil, graph.ErrClosed
	default:
	}
	if f.store.closed.Load() {
		return nil, nil, graph.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	f.store.mu.RLock()
	defer f.store.mu.RUnlock()
	if f.line.dropped {
		return nil, nil, graph.ErrNoBranch
	}
	return f.line.next(f.after), f.store.changed, nil
}

func (f *feed) deliver(v *version) graph.CommitChanges {
	f.after = v.commit.Seq
	return graph.CommitChanges{Commit: v.commit, Changes: v.changes.Feed()}
}

// Close implements graph.Feed.
func (f *feed) Close() error {
	f.once.Do(func() { close(f.done) })
	return nil
}
