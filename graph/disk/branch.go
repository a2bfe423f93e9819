package disk

import (
	"context"
	"errors"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
)

// Branches implements graph.Store.
func (s *Store) Branches() ([]graph.Branch, error) {
	if s.closed.Load() {
		return nil, graph.ErrClosed
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]graph.Branch, 0, len(s.branches))
	for _, l := range s.branches {
		out = append(out, l.info())
	}
	batch.SortBranches(out)
	return out, nil
}

// Fork implements graph.Store.
func (s *Store) Fork(ctx context.Context, name string, at graph.At) (graph.Branch, error) {
	b, err := s.fork(ctx, name, at)
	if err != nil {
		return graph.Branch{}, fmt.Errorf("fork: %w", err)
	}
	return b, nil
}

func (s *Store) fork(ctx context.Context, name string, at graph.At) (graph.Branch, error) {
	if err := batch.CheckBranchName(name); err != nil {
		return graph.Branch{}, err
	}
	if err := s.take(ctx); err != nil {
		return graph.Branch{}, err
	}
	defer s.give()
	if err := s.settle(); err != nil {
		return graph.Branch{}, err
	}
	if s.taken(name) {
		return graph.Branch{}, fmt.Errorf("%q: %w", name, graph.ErrBranchExists)
	}
	from, seq, v, err := s.locate(at)
	if err != nil {
		return graph.Branch{}, err
	}
	if missing := s.past().missing(seq); len(missing) > 0 {
		err := fmt.Errorf("commit %d: %w: %w", seq, errNotWhole, &graph.RetentionError{Asked: seq, Oldest: s.wholeFrom()})
		return graph.Branch{}, errors.Join(err, v.Release())
	}
	id, err := s.log(&record{kind: recordFork, name: name, parent: from.name, base: seq})
	if err != nil {
		return graph.Branch{}, errors.Join(err, v.Release())
	}
	l := newLine(id, name, from.name, seq, seq, s.set.Add(v))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.branches[name] = l
	return l.info(), nil
}

func (s *Store) taken(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.branches[name] != nil
}

// log appends a record, waits until it is durable and returns its number. The
// caller has the turn.
func (s *Store) log(r *record) (uint64, error) {
	pos, err := s.appendLog(r)
	if err != nil {
		return 0, err
	}
	_, number := s.wal.mark()
	if err := s.wal.Sync(pos); err != nil {
		return 0, s.fail(err)
	}
	return number, nil
}

// Drop implements graph.Store.
func (s *Store) Drop(ctx context.Context, name string) error {
	if err := s.drop(ctx, name); err != nil {
		return fmt.Errorf("drop: %w", err)
	}
	return nil
}

func (s *Store) drop(ctx context.Context, name string) error {
	if name == graph.Main || name == "" {
		return graph.ErrMainBranch
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	if err := s.settle(); err != nil {
		return err
	}
	if !s.taken(name) {
		return fmt.Errorf("branch %q: %w", name, graph.ErrNoBranch)
	}
	if _, err := s.log(&record{kind: recordDrop, name: name}); err != nil {
		return err
	}
	return s.removeLine(name)
}

// removeLine lets go of a line. What of it the manifest names goes with the
// next checkpoint, which is asked for if that is anything.
func (s *Store) removeLine(name string) error {
	s.mu.Lock()
	l := s.branches[name]
	delete(s.branches, name)
	l.dropped = true
	s.wake()
	saved := s.durable != nil && s.durable.has(l.id)
	s.mu.Unlock()
	if saved {
		s.due.Store(true)
		s.poke()
	}
	return s.removed(s.set.Remove(l.headCell))
}
