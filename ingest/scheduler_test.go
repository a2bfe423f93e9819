package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// script is a collector that answers as told, after a while.
type script struct {
	takes  time.Duration
	answer func(try int) (*Sample, error)

	mu     sync.Mutex
	tries  []time.Time
	now    int
	atOnce int
}

func (c *script) Name() string { return "snmp" }

func (c *script) Collect(ctx context.Context, t Target) (*Sample, error) {
	c.mu.Lock()
	c.tries = append(c.tries, time.Now())
	try := len(c.tries)
	c.now++
	c.atOnce = max(c.atOnce, c.now)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.now--
		c.mu.Unlock()
	}()
	select {
	case <-time.After(c.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s, err := c.answer(try)
	if s != nil {
		s.Device, s.Ended = t.Name, time.Now()
	}
	return s, err
}

// sink remembers what the scheduler hands on.
type sink struct {
	mu       sync.Mutex
	applied  int
	failures []Failure
	err      error
	news     func(applied int) int // statements that changed; nil: none
}

func (k *sink) Apply(_ context.Context, s *Sample) (Report, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.applied++
	r := Report{Device: s.Device, Graph: "g"}
	if k.news != nil {
		r.StateAdds = k.news(k.applied)
	}
	return r, k.err
}

func (k *sink) Fail(_ context.Context, f Failure) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failures = append(k.failures, f)
	return nil
}

func good(int) (*Sample, error) { return &Sample{Facts: make([]Fact, 3), Unmapped: 1}, nil }

// run lets a scheduler work for a time in a bubble whose clock is virtual and
// which fails if a goroutine is left. What is given after check runs beside.
func run(t *testing.T, opts SchedulerOptions, length time.Duration, check func(*Scheduler), beside ...func(*Scheduler)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := NewScheduler(opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		var others sync.WaitGroup
		for _, f := range beside {
			others.Go(func() { f(s) })
		}
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
		others.Wait()
		check(s)
	})
}

// TestSchedulerPeriod polls for a minute: once at the start, then with the
// period, less or more by the jitter.
func TestSchedulerPeriod(t *testing.T) {
	for _, c := range []struct {
		random float64
		want   int
	}{{0, 7}, {0.5, 6}, {0.999, 6}} { // periods of 9, 10 and almost 11 s
		col, to := &script{takes: time.Second, answer: good}, &sink{}
		run(t, SchedulerOptions{Pipeline: to, Rand: func() float64 { return c.random },
			Targets: []ScheduledTarget{{Target: Target{Name: "r1", Address: "a"}, Period: 10 * time.Second, Collector: col}}},
			59*time.Second, func(s *Scheduler) {
				st := s.Status()[0]
				if len(col.tries) != c.want || to.applied != c.want {
					t.Errorf("random %v: %d tries, %d applied, want %d", c.random, len(col.tries), to.applied, c.want)
				}
				if st.Device != "r1" || st.State != StateInSync || st.Facts != 3 || st.Unmapped != 1 || st.LastContact.Sub(st.LastTry) != time.Second || !st.NextTry.After(st.LastTry) {
					t.Errorf("status %+v", st)
				}
			})
	}
}

// TestSchedulerBackoff: a device that does not answer is asked less and less
// often, is stale, then lost, and in sync when it answers again.
func TestSchedulerBackoff(t *testing.T) {
	col, to := &script{takes: time.Second}, &sink{}
	col.answer = func(try int) (*Sample, error) {
		if try <= 4 {
			return nil, fmt.Errorf("r1: %w", ErrTimeout)
		}
		return good(try)
	}
	run(t, SchedulerOptions{Pipeline: to, MaxBackoff: 60 * time.Second, Rand: func() float64 { return 0.5 },
		Targets: []ScheduledTarget{{Target: Target{Name: "r1"}, Period: 10 * time.Second, Collector: col}}},
		195*time.Second, func(s *Scheduler) {
			var waits []string
			for i := 1; i < len(col.tries); i++ {
				waits = append(waits, col.tries[i].Sub(col.tries[i-1]).String())
			}
			if got := fmt.Sprint(waits); got != "[20s 40s 1m0s 1m0s 10s]" {
				t.Errorf("waits %s", got)
			}
			var lost []bool
			for _, f := range to.failures {
				lost = append(lost, f.Lost)
			}
			if fmt.Sprint(lost) != "[false false true true]" || to.failures[0].Device != "r1" || !errors.Is(to.failures[0].Err, ErrTimeout) {
				t.Errorf("failures %+v", to.failures)
			}
			if st := s.Status()[0]; st.State != StateInSync || st.Failures != 0 || st.LastError != "" {
				t.Errorf("status %+v", st)
			}
		})
}

// TestSchedulerErrors: a refused credential waits longest; a partial sample is
// taken; a store that fails is no failure of the device.
func TestSchedulerErrors(t *testing.T) {
	for _, c := range []struct {
		name              string
		answer            func(int) (*Sample, error)
		sinkErr           error
		tries             int
		applied, failures int
		state             State
		lastError         string
	}{
		{"auth", func(int) (*Sample, error) { return nil, fmt.Errorf("r1: %w", ErrAuth) }, nil, 1, 0, 1, StateStale, "r1: ingest: authentication failed"},
		{"partial", func(int) (*Sample, error) { s, _ := good(1); return s, fmt.Errorf("r1: %w", ErrPartial) }, nil, 7, 7, 0, StateInSync, "r1: ingest: partial sample"},
		{"store", good, errors.New("disk full"), 3, 3, 0, StateUnknown, "disk full"},
		{"nothing", func(int) (*Sample, error) { return nil, nil }, nil, 3, 0, 3, StateLost, "ingest: the collector brought no sample"},
	} {
		col, to := &script{answer: c.answer}, &sink{err: c.sinkErr}
		run(t, SchedulerOptions{Pipeline: to, Rand: func() float64 { return 0.5 },
			Targets: []ScheduledTarget{{Target: Target{Name: "r1"}, Period: 10 * time.Second, Collector: col}}},
			65*time.Second, func(s *Scheduler) {
				st := s.Status()[0]
				if len(col.tries) != c.tries || to.applied != c.applied || len(to.failures) != c.failures || st.State != c.state || st.LastError != c.lastError {
					t.Errorf("%s: %d tries, %d applied, %d failures, status %+v", c.name, len(col.tries), to.applied, len(to.failures), st)
				}
			})
	}
}

// TestSchedulerWorkers: no more devices are read at once than there are
// workers, and all get their turn.
func TestSchedulerWorkers(t *testing.T) {
	col := &script{takes: time.Second, answer: good}
	var targets []ScheduledTarget
	for i := range 20 {
		targets = append(targets, ScheduledTarget{Target: Target{Name: fmt.Sprint("r", i)}, Period: time.Minute, Collector: col})
	}
	run(t, SchedulerOptions{Pipeline: &sink{}, Targets: targets, Workers: 3}, 30*time.Second, func(s *Scheduler) {
		if col.atOnce != 3 || len(col.tries) != 20 {
			t.Errorf("%d at once, %d tries", col.atOnce, len(col.tries))
		}
		for _, st := range s.Status() {
			if st.State != StateInSync {
				t.Errorf("status %+v", st)
			}
		}
	})
}

// TestSchedulerStops ends a scheduler with a reading under way, in real time:
// Run returns soon, nothing is noted about the device, no goroutine is left.
func TestSchedulerStops(t *testing.T) {
	defer goleak.VerifyNone(t)
	col, to := &script{takes: time.Hour, answer: good}, &sink{}
	s, err := NewScheduler(SchedulerOptions{Pipeline: to, Targets: []ScheduledTarget{{Target: Target{Name: "r1"}, Period: time.Second, Collector: col}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Run(ctx); err != nil || len(to.failures) != 0 || s.Status()[0].State != StateUnknown {
		t.Errorf("%v, %+v, %+v", err, to.failures, s.Status())
	}
}

// TestSchedulerOptions: what a scheduler cannot work with.
func TestSchedulerOptions(t *testing.T) {
	for _, opts := range []SchedulerOptions{
		{},
		{Pipeline: &sink{}, Targets: []ScheduledTarget{{Target: Target{Name: "r1"}, Period: time.Second, Collector: nil}}},
		{Pipeline: &sink{}, Targets: []ScheduledTarget{{Target: Target{Name: "r1"}, Period: time.Millisecond, Collector: &script{}}}},
	} {
		if _, err := NewScheduler(opts); err == nil {
			t.Errorf("%+v: no error", opts)
		}
	}
}

// Goal: a calm device is read less and less often up to its longest period; a
// change, a request and a failure bring the period back. Method: virtual time;
// the fifth reading brings something new, the eighth was asked for, the tenth
// fails.
func TestSchedulerAdapts(t *testing.T) {
	col := &script{answer: func(try int) (*Sample, error) {
		if try == 10 {
			return nil, errors.New("no answer")
		}
		return good(try)
	}}
	to := &sink{news: func(applied int) int {
		if applied == 5 {
			return 1
		}
		return 0
	}}
	run(t, SchedulerOptions{Pipeline: to, Rand: func() float64 { return 0.5 }, Targets: []ScheduledTarget{
		{Target: Target{Name: "r1"}, Period: 10 * time.Second, MaxPeriod: 30 * time.Second, Collector: col}}}, 300*time.Second, func(s *Scheduler) {
		want := []float64{0, 15, 37.5, 67.5, 97.5, // calm: 15 s, 22.5 s, 30 s
			107.5, 122.5, 130, // the change: 10 s, then 15 s; asked for at 130 s
			140, 155, // calm again
			175, 190, 212.5, 242.5, 272.5} // failed: twice the period
		if len(col.tries) != len(want) {
			t.Fatalf("readings at %s, want %v", offsets(col.tries), want)
		}
		for i, at := range col.tries {
			if got := at.Sub(col.tries[0]).Seconds(); got != want[i] {
				t.Errorf("reading %d at %v s, want %v s", i+1, got, want[i])
			}
		}
		if got := s.Status()[0].Period; got != 30 {
			t.Errorf("the status says every %v s", got)
		}
	}, func(s *Scheduler) {
		time.Sleep(130 * time.Second)
		s.ReadNow("r1", "trap")
	})
}

// Goal: a device that takes long to answer is left alone for as long.
func TestSchedulerBusy(t *testing.T) {
	col := &script{takes: 9 * time.Second, answer: good}
	run(t, SchedulerOptions{Pipeline: &sink{}, Rand: func() float64 { return 0.5 }, Targets: []ScheduledTarget{
		{Target: Target{Name: "r1"}, Period: 10 * time.Second, Collector: col}}}, 60*time.Second, func(*Scheduler) {
		if got := offsets(col.tries); got != "[0s 18s 36s 54s]" {
			t.Errorf("readings at %s", got)
		}
	})
}
