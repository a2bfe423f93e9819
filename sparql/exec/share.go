package exec

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"nettwin/sparql/results"
)

// Share divides a machine among executions: they keep no more memory than its
// bound together, and those that run long compute in turns, so that short ones
// never wait behind more than a few. Safe for concurrent use.
type Share struct {
	maxBytes int64
	used     atomic.Int64
	turns    chan struct{}
	waiting  atomic.Int32
}

// Turns of long executions.
const (
	longAfter = 20 * time.Millisecond // computing time after which one is long
	longTurn  = 50 * time.Millisecond // after which it lets others go first
)

// NewShare returns a share of so many bytes, in which as many long executions
// compute at once. 0 means no bound.
func NewShare(maxBytes int64, turns int) *Share {
	s := &Share{maxBytes: maxBytes}
	if turns > 0 {
		s.turns = make(chan struct{}, turns)
	}
	return s
}

// UsedBytes tells what all executions keep now.
func (s *Share) UsedBytes() int64 { return s.used.Load() }

// blockBytes is how much a budget takes from its share at a time.
const blockBytes = 1 << 20

// take reserves memory, beyond the bound if it is forced. Errors:
// *results.LimitError.
func (s *Share) take(bytes int64, forced bool) error {
	if used := s.used.Add(bytes); s.maxBytes > 0 && used > s.maxBytes && !forced {
		s.used.Add(-bytes)
		return &results.LimitError{Limit: "memory", Value: fmt.Sprintf("%d bytes for all running queries together", s.maxBytes)}
	}
	return nil
}

func (s *Share) give(bytes int64) { s.used.Add(-bytes) }

// turn is the place of one execution in its share. One goroutine.
type turn struct {
	share *Share
	ran   time.Duration // computing time before the current pull
	since time.Time     // of the current pull, or of the current turn
	held  bool
}

// begin is called when the execution begins to compute.
func (t *turn) begin() {
	if t.share != nil && t.share.turns != nil {
		t.since = time.Now()
	}
}

// check is called now and then while it computes: a long execution waits for
// its turn. Errors: the cause of ctx's end.
func (t *turn) check(ctx context.Context) error {
	if t.share == nil || t.share.turns == nil {
		return nil
	}
	elapsed := time.Since(t.since)
	switch {
	case !t.held && t.ran+elapsed < longAfter:
		return nil
	case t.held && (elapsed < longTurn || t.share.waiting.Load() == 0):
		return nil
	case t.held:
		<-t.share.turns
		t.held = false
	}
	t.ran += elapsed
	t.share.waiting.Add(1)
	defer t.share.waiting.Add(-1)
	select {
	case t.share.turns <- struct{}{}:
		t.held, t.since = true, time.Now()
		return nil
	case <-ctx.Done():
		t.since = time.Now()
		return context.Cause(ctx)
	}
}

// end is called when it stops computing, such as to deliver what it has.
func (t *turn) end() {
	if t.share == nil || t.share.turns == nil {
		return
	}
	t.ran += time.Since(t.since)
	if t.held {
		<-t.share.turns
		t.held = false
	}
}
