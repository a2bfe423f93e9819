package exec

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/sparql/results"
)

// Share divides a machine among executions: they keep no more memory than its
// bound together, and those that run long compute in turns, the one that has
// computed least first, so that short ones never wait behind more than a few.
// Safe for concurrent use.
type Share struct {
	maxBytes   int64
	used       atomic.Int64
	turns      int // 0: everyone computes at any time
	maxWaiting int
	least      atomic.Int64 // what the first of the queue has computed; none: math.MaxInt64

	mu    sync.Mutex
	free  int     // guarded by mu; turns that nobody has
	queue waiters // guarded by mu
}

// Turns of long executions.
const (
	longAfter = 5 * time.Millisecond  // computing time after which one is long
	longTurn  = 10 * time.Millisecond // after which it lets others go first
)

// DefaultMaxWaiting is how many long executions wait for a turn at most.
const DefaultMaxWaiting = 64

// NewShare returns a share of so many bytes, in which as many long executions
// compute at once and DefaultMaxWaiting wait. 0 means no bound.
func NewShare(maxBytes int64, turns int) *Share {
	s := &Share{maxBytes: maxBytes, turns: turns, free: turns, maxWaiting: DefaultMaxWaiting}
	s.least.Store(math.MaxInt64)
	return s
}

// BusyError says that too many long executions wait already. Nothing of the
// answer was delivered.
type BusyError struct{ Waiting int }

func (e *BusyError) Error() string {
	return fmt.Sprintf("query: %d long queries wait for their turn already; ask again later", e.Waiting)
}

// UsedBytes tells what all executions keep now.
func (s *Share) UsedBytes() int64 { return s.used.Load() }

// Waiting tells how many executions wait for their turn now.
func (s *Share) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

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

// waiter is an execution in the queue.
type waiter struct {
	ran   time.Duration
	ready chan struct{}
	at    int // in the queue; -1: it has a turn
}

// waiters is a heap by computing time.
type waiters []*waiter

func (q waiters) Len() int           { return len(q) }
func (q waiters) Less(i, j int) bool { return q[i].ran < q[j].ran }
func (q waiters) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push implements heap.Interface.
func (q *waiters) Push(v any) {
	w := v.(*waiter) //nolint:errcheck // nothing else is pushed
	w.at = len(*q)
	*q = append(*q, w)
}

// Pop implements heap.Interface.
func (q *waiters) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	w.at = -1
	*q = (*q)[:last]
	return w
}

// noteLeast is called with mu held when the queue has changed.
func (s *Share) noteLeast() {
	if len(s.queue) == 0 {
		s.least.Store(math.MaxInt64)
		return
	}
	s.least.Store(int64(s.queue[0].ran))
}

// acquire waits for a turn. With refuse it fails if too many wait already.
// Errors: *BusyError, the cause of ctx's end.
func (s *Share) acquire(ctx context.Context, ran time.Duration, refuse bool) error {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	if waiting := len(s.queue); refuse && waiting >= s.maxWaiting {
		s.mu.Unlock()
		return &BusyError{waiting}
	}
	w := &waiter{ran: ran, ready: make(chan struct{})}
	heap.Push(&s.queue, w)
	s.noteLeast()
	s.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.at < 0 {
		s.pass()
	} else {
		heap.Remove(&s.queue, w.at)
		s.noteLeast()
	}
	return context.Cause(ctx)
}

// tryAcquire takes a turn that nobody wants.
func (s *Share) tryAcquire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free == 0 {
		return false
	}
	s.free--
	return true
}

// release gives a turn to the first who waits.
func (s *Share) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pass()
}

// pass is called with mu held.
func (s *Share) pass() {
	if len(s.queue) == 0 {
		s.free++
		return
	}
	close(heap.Pop(&s.queue).(*waiter).ready) //nolint:errcheck // nothing else is pushed
	s.noteLeast()
}

// turn is the place of one execution in its share. One goroutine.
type turn struct {
	share *Share
	ran   time.Duration // computing time before the current pull
	since time.Time     // of the current pull, or of the current turn
	held  bool
	long  bool // it had a turn once, or delivered something
}

func (t *turn) free() bool { return t.share == nil || t.share.turns == 0 }

// begin is called when the execution begins to compute.
func (t *turn) begin() {
	if !t.free() {
		t.since = time.Now()
	}
}

// check is called now and then while it computes: a long execution waits for
// its turn. Errors: *BusyError, the cause of ctx's end.
func (t *turn) check(ctx context.Context) error {
	if t.free() {
		return nil
	}
	elapsed := time.Since(t.since)
	switch {
	case !t.held && t.ran+elapsed < longAfter:
		return nil
	case t.held && (elapsed < longTurn || t.share.least.Load() > int64(t.ran+elapsed)):
		return nil
	case t.held:
		t.share.release()
		t.held = false
	}
	t.ran += elapsed
	err := t.share.acquire(ctx, t.ran, !t.long)
	t.since, t.held = time.Now(), err == nil
	t.long = true
	return err
}

// end is called when it stops computing, such as to deliver what it has.
func (t *turn) end() {
	if t.free() {
		return
	}
	t.ran += time.Since(t.since)
	t.long = true
	if t.held {
		t.share.release()
		t.held = false
	}
}

// Lease is the place of one query in a share: its memory and its turns. One
// goroutine. An execution makes its own unless it is given one, which other
// work for the same query may use too.
type Lease struct {
	budget budget
	turn   turn
}

// NewLease returns a lease of a share, nil for none; maxBytes bounds what the
// query keeps, 0 means DefaultMaxMemoryBytes.
func NewLease(s *Share, maxBytes int64) *Lease {
	if maxBytes <= 0 {
		maxBytes = DefaultMaxMemoryBytes
	}
	return &Lease{budget: budget{max: maxBytes, share: s}, turn: turn{share: s}}
}

// Begin is called when work outside an execution begins to compute, End when it
// has ended.
func (l *Lease) Begin() { l.turn.begin() }

// End is the end of Begin.
func (l *Lease) End() { l.turn.end() }

// Use counts memory, of which there may be less than before, and waits for the
// query's turn if that is needed. Errors: *results.LimitError, *BusyError, the
// cause of ctx's end.
func (l *Lease) Use(ctx context.Context, bytes int64) error {
	if bytes < 0 {
		l.budget.shrink(-bytes)
	} else if err := l.budget.grow(bytes); err != nil {
		return err
	}
	return l.turn.check(ctx)
}

// Release gives the memory back. It is idempotent.
func (l *Lease) Release() { l.budget.release() }
