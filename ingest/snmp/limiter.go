package snmp

import (
	"context"
	"time"

	"nettwin/internal/clock"
)

// limiter spaces requests evenly; a gap of zero does not limit.
type limiter struct {
	clock clock.Clock
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
