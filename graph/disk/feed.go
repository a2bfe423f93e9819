package disk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"nettwin/graph"
	"nettwin/graph/disk/internal/history"
)

// feed follows one line. It implements graph.Feed.
type feed struct {
	store *Store
	line  *line
	after graph.CommitSeq
	sent  uint64 // changes of the commit after it
	done  chan struct{}
	once  sync.Once
}

// Feed implements graph.Store. A feed of a branch begins with the commits of
// its ancestors up to the fork.
func (s *Store) Feed(branch string, after graph.CommitSeq) (graph.Feed, error) {
	f, err := s.feed(branch, after)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	return f, nil
}

func (s *Store) feed(branch string, after graph.CommitSeq) (*feed, error) {
	if s.closed.Load() {
		return nil, graph.ErrClosed
	}
	s.mu.RLock()
	l, err := s.branch(branch)
	if err != nil {
		s.mu.RUnlock()
		return nil, err
	}
	head := l.head
	s.mu.RUnlock()
	n, err := s.history.Ancestor(head, after)
	if err != nil {
		return nil, err
	}
	if n.Seq != after {
		return nil, fmt.Errorf("commit %d on branch %q: %w", after, l.name, graph.ErrNoVersion)
	}
	if err := retained(after, s.wholeFrom()); err != nil {
		return nil, err
	}
	return &feed{store: s, line: l, after: after, done: make(chan struct{})}, nil
}

// Next implements graph.Feed.
func (f *feed) Next(ctx context.Context) (graph.CommitChanges, error) {
	c, err := f.next(ctx)
	if err != nil {
		return graph.CommitChanges{}, fmt.Errorf("feed: branch %q: %w", f.line.name, err)
	}
	return c, nil
}

func (f *feed) next(ctx context.Context) (graph.CommitChanges, error) {
	for {
		n, changed, err := f.look(ctx)
		if err != nil {
			return graph.CommitChanges{}, err
		}
		if n.Seq != 0 {
			return f.deliver(ctx, n.Seq)
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-f.done:
		case <-f.store.done:
		}
	}
}

// look returns the next commit, or the channel that announces one.
func (f *feed) look(ctx context.Context) (n history.Node, changed <-chan struct{}, err error) {
	select {
	case <-f.done:
		return n, nil, graph.ErrClosed
	default:
	}
	if f.store.closed.Load() {
		return n, nil, graph.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return n, nil, err
	}
	f.store.mu.RLock()
	head, dropped, changed := f.line.head, f.line.dropped, f.store.changed
	f.store.mu.RUnlock()
	if dropped {
		return n, nil, graph.ErrNoBranch
	}
	n, err = f.store.history.After(head, f.after)
	return n, changed, err
}

func (f *feed) deliver(ctx context.Context, seq graph.CommitSeq) (graph.CommitChanges, error) {
	if err := retained(f.after, f.store.wholeFrom()); err != nil {
		return graph.CommitChanges{}, err
	}
	r, err := f.store.readRecord(seq)
	if err != nil {
		return graph.CommitChanges{}, fmt.Errorf("commit %d: %w", seq, err)
	}
	switch r.kind {
	case recordTrimmed: // meanwhile
		return graph.CommitChanges{}, &graph.RetentionError{Asked: f.after, Oldest: f.store.wholeFrom()}
	case recordLoad:
		return f.part(ctx, r)
	}
	f.after = seq
	return graph.CommitChanges{Commit: r.commit, Changes: r.changes.Feed()}, nil
}

// part delivers the next changes of a load, as many as a feed delivers at once.
func (f *feed) part(ctx context.Context, r *record) (graph.CommitChanges, error) {
	total := r.commit.Adds + r.commit.Deletes
	to := min(total, f.sent+f.store.feedChanges)
	c := graph.CommitChanges{Commit: r.commit, Changes: make([]graph.Change, 0, to-f.sent), More: to < total}
	v, err := f.store.loaded(r.commit.Seq)
	if err != nil {
		return c, err
	}
	err = v.Runs()[0].EachOf(ctx, f.sent, to, func(q graph.Quad, added bool) error {
		c.Changes = append(c.Changes, graph.Change{Quad: q, Delete: !added})
		return nil
	})
	if err = errors.Join(err, v.Release()); err != nil {
		return c, fmt.Errorf("commit %d: %w", r.commit.Seq, err)
	}
	if f.sent = to; !c.More {
		f.after, f.sent = r.commit.Seq, 0
	}
	return c, nil
}

// Close implements graph.Feed.
func (f *feed) Close() error {
	f.once.Do(func() { close(f.done) })
	return nil
}
