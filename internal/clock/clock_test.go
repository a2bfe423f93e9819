package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"nettwin/internal/clock"
)

// Goal: Sleep ends after its time, or at once with the context. Method: a
// bubble with virtual time.
func TestSystemSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock = clock.System{}
		start := c.Now()
		if err := c.Sleep(t.Context(), time.Minute); err != nil || c.Now().Sub(start) != time.Minute {
			t.Errorf("slept %v, %v", c.Now().Sub(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || c.Now().Sub(start) != time.Minute+time.Second {
			t.Errorf("slept %v, %v", c.Now().Sub(start), err)
		}
	})
}
