package ingest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Goal: requests of several collectors to one device keep to its rate together
// after the first second's worth. Method: virtual time; three readers ask 40
// times each at 10 a second: 10 at once, 110 in eleven seconds.
func TestPaceRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace := NewPace(PaceOptions{RequestsPerSecond: 10})
		start := time.Now()
		var running sync.WaitGroup
		for range 3 {
			m := NewMeter(pace)
			running.Go(func() {
				for range 40 {
					if err := m.Request(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if requests, _ := m.Count(); requests != 40 {
					t.Errorf("%d requests counted", requests)
				}
			})
		}
		running.Wait()
		if took := time.Since(start).Round(time.Millisecond); took != 11*time.Second {
			t.Errorf("120 requests took %s", took)
		}
	})
}

// Goal: a large answer delays the next request by what it was too much, and a
// quiet time is worth no more than a second. Method: virtual time.
func TestPaceBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter(NewPace(PaceOptions{BytesPerSecond: 1000}))
		wait := func(want time.Duration) {
			t.Helper()
			start := time.Now()
			if err := m.Request(t.Context()); err != nil {
				t.Error(err)
			}
			if took := time.Since(start).Round(time.Millisecond); took != want {
				t.Errorf("waited %s, want %s", took, want)
			}
		}
		wait(0)
		m.Answered(5000) // 1000 of them were allowed
		wait(4 * time.Second)
		time.Sleep(time.Hour)
		m.Answered(1500)
		wait(500 * time.Millisecond)
		if _, bytes := m.Count(); bytes != 6500 {
			t.Errorf("%d bytes counted", bytes)
		}
	})
}

// Goal: who waits ends with its context, and no bound is no wait.
func TestPaceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeter(NewPace(PaceOptions{RequestsPerSecond: 0.001}))
		_ = m.Request(t.Context())
		why := errors.New("the time is over")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		if err := m.Request(ctx); !errors.Is(err, why) {
			t.Errorf("error %v", err)
		}
		if requests, _ := m.Count(); requests != 1 {
			t.Errorf("%d requests counted", requests)
		}
		free := NewMeter(nil)
		for range 1000 {
			_ = free.Request(t.Context())
		}
		if requests, _ := free.Count(); requests != 1000 {
			t.Errorf("%d requests counted", requests)
		}
		var none *Meter
		none.Answered(1)
		if err := none.Request(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
