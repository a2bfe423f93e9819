package disk

import (
	"context"
	"fmt"

	"nettwin/graph"
)

// Checkpoint writes all commits up to now to segments and waits for it, so
// that the next opening has nothing to replay.
func (s *Store) Checkpoint(ctx context.Context) error {
	if err := s.requestCheckpoint(ctx); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

func (s *Store) requestCheckpoint(ctx context.Context) error {
	if s.closed.Load() {
		return graph.ErrClosed
	}
	done := make(chan struct{})
	s.mu.Lock()
	s.waiters = append(s.waiters, done)
	s.mu.Unlock()
	s.due.Store(true)
	s.poke()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return s.why(graph.ErrClosed)
	}
}

// Compact merges all segments of each branch into one and lets go of older
// versions that are kept to make others from, which frees their space. Readers
// and writers go on meanwhile.
func (s *Store) Compact(ctx context.Context) error {
	s.compacting.Add(1)
	defer s.compacting.Add(-1)
	err := s.requestCheckpoint(ctx)
	if err == nil {
		err = s.set.Compact(ctx)
	}
	if err != nil {
		return fmt.Errorf("compact: %w", s.why(err))
	}
	return nil
}
