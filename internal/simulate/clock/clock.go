// Package clock is the simulator's time: the system's, or one that a test
// moves by hand, so that hold times and confirm timeouts need no waiting.
package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Clock tells the time and calls functions later. Implementations are safe
// for concurrent use.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once after d, on a goroutine of its own, unless the
	// timer is stopped before.
	AfterFunc(d time.Duration, f func()) Timer
}

// A Timer is a call that is still to come.
type Timer interface {
	// Stop takes the call back; false means that it has begun or was
	// stopped before. It does not wait for a call that has begun.
	Stop() bool
}

// System is the machine's clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now() }

// AfterFunc implements Clock.
func (System) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// Wait waits until a time, or until ctx is done, whose error it then returns.
func Wait(ctx context.Context, c Clock, until time.Time) error {
	d := until.Sub(c.Now())
	if d <= 0 {
		return ctx.Err()
	}
	due := make(chan struct{})
	timer := c.AfterFunc(d, func() { close(due) })
	select {
	case <-due:
		return nil
	case <-ctx.Done():
		if !timer.Stop() {
			<-due
		}
		return ctx.Err()
	}
}

// A Manual clock stands still until Advance. The zero Manual stands at the
// zero time.
type Manual struct {
	mu     sync.Mutex
	now    time.Time
	timers []*manualTimer // by due time
}

// NewManual returns a clock that stands at the given time.
func NewManual(now time.Time) *Manual { return &Manual{now: now} }

// Now implements Clock.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// AfterFunc implements Clock. Advance makes the call, on its own goroutine.
func (m *Manual) AfterFunc(d time.Duration, f func()) Timer {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &manualTimer{clock: m, due: m.now.Add(d), call: f}
	at, _ := slices.BinarySearchFunc(m.timers, t.due, func(t *manualTimer, due time.Time) int {
		if t.due.After(due) {
			return 1
		}
		return -1
	})
	m.timers = slices.Insert(m.timers, at, t)
	return t
}

// Advance moves the clock and makes the calls that fall due, in the order of
// their times and each at its time; it returns when they have returned.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	end := m.now.Add(d)
	for len(m.timers) > 0 && !m.timers[0].due.After(end) {
		t := m.timers[0]
		m.timers = m.timers[1:]
		if t.due.After(m.now) {
			m.now = t.due
		}
		m.mu.Unlock()
		t.call()
		m.mu.Lock()
	}
	m.now = end
	m.mu.Unlock()
}

type manualTimer struct {
	clock *Manual
	due   time.Time
	call  func()
}

// Stop implements Timer.
func (t *manualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	at := slices.Index(t.clock.timers, t)
	if at < 0 {
		return false
	}
	t.clock.timers = slices.Delete(t.clock.timers, at, at+1)
	return true
}
