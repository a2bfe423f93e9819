package snmp

import (
	"context"
	"time"
)

// Clock tells and waits for time.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or earlier with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep returns after d, or earlier with ctx's error.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// limiter spaces requests evenly; a gap of zero does not limit.
type limiter struct {
	clock Clock
	gap   time.Duration
	next  time.Time
}

func (l *limiter) wait(ctx context.Context) error {
	now := l.clock.Now()
	if wait := l.next.Sub(now); wait > 0 {
		if err := l.clock.Sleep(ctx, wait); err != nil {
			return context.Cause(ctx)
		}
		now = now.Add(wait)
	}
	l.next = now.Add(l.gap)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
