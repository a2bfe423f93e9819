package clock_test

import (
	"slices"
	"testing"
	"time"

	"nettwin/internal/simulate/clock"
)

// Goal: the manual clock makes calls in order, at their times, once, and not
// after Stop. Method: timers set out of order, one from within a call.
func TestManual(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := clock.NewManual(start)
	var got []time.Duration
	note := func() { got = append(got, m.Now().Sub(start)) }
	m.AfterFunc(3*time.Second, note)
	m.AfterFunc(time.Second, func() { note(); m.AfterFunc(time.Second, note) })
	stopped := m.AfterFunc(time.Second, note)
	if !stopped.Stop() || stopped.Stop() {
		t.Error("Stop is not true the first time and false the second")
	}
	m.Advance(2 * time.Second)
	m.Advance(2 * time.Second)
	want := []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}
	if !slices.Equal(got, want) {
		t.Errorf("calls at %v, want %v", got, want)
	}
	if m.Now() != start.Add(4*time.Second) {
		t.Errorf("clock at %v", m.Now())
	}
}
