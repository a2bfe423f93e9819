package ingest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// watcher is a script that can be told.
type watcher struct {
	script
	times []time.Duration // when the device tells something
	fails error           // after that
}

func (w *watcher) Watch(ctx context.Context, _ Target, changed func()) error {
	for _, d := range w.times {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			changed()
		}
	}
	return w.fails
}

// offsets are the times of readings since the first.
func offsets(tries []time.Time) string {
	var out []string
	for _, t := range tries {
		out = append(out, t.Sub(tries[0]).String())
	}
	return fmt.Sprint(out)
}

// Goal: a request reads a device at once by each of its collectors, a storm
// no more often than the gap, one during a reading once more after it; the
// schedule goes on from there; the status tells why. Method: virtual time, a
// storm of 200 requests in two seconds.
func TestReadNow(t *testing.T) {
	one, two, other := &script{takes: 100 * time.Millisecond, answer: good}, &script{takes: 100 * time.Millisecond, answer: good}, &script{answer: good}
	run(t, SchedulerOptions{Pipeline: &sink{}, MinGap: time.Second, Rand: func() float64 { return 0.5 }, Targets: []ScheduledTarget{
		{Target: Target{Name: "r1"}, Period: time.Minute, Collector: one},
		{Target: Target{Name: "r1"}, Period: time.Minute, Collector: two},
		{Target: Target{Name: "r2"}, Period: time.Minute, Collector: other},
	}}, 100*time.Second, func(s *Scheduler) {
		want := "[0s 20s 21s 22s 1m22s]"
		for _, c := range []*script{one, two} {
			if got := offsets(c.tries); got != want {
				t.Errorf("readings at %s, want %s", got, want)
			}
		}
		if got := offsets(other.tries); got != "[0s 1m0s]" {
			t.Errorf("another device read at %s", got)
		}
		if st := s.Status()[0]; st.LastReason != ReasonSchedule {
			t.Errorf("last reason %q", st.LastReason)
		}
	}, func(s *Scheduler) {
		time.Sleep(20 * time.Second)
		for i := range 200 {
			if !s.ReadNow("r1", fmt.Sprint("trap ", i%2)) {
				t.Error("r1 is not known")
			}
			if i == 20 && s.Status()[0].LastReason != "trap 0" {
				t.Errorf("reason %q", s.Status()[0].LastReason)
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		if got := s.Status()[1].LastReason; got != "trap 0, trap 1" && got != "trap 1, trap 0" {
			t.Errorf("reason %q", got)
		}
		if s.ReadNow("r9", "x") || s.ReadNow("", "x") {
			t.Error("a device that is not there was read")
		}
	})
}

// Goal: requests shorten the wait after failures and do not shorten it after
// a refusal. Method: a device that never answers, asked for every second.
func TestReadNowBackoff(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{{ErrTimeout, "[0s 5s 15s 35s]"}, {ErrAuth, "[0s]"}} {
		col := &script{answer: func(int) (*Sample, error) { return nil, c.err }}
		run(t, SchedulerOptions{Pipeline: &sink{}, Rand: func() float64 { return 0.5 },
			Targets: []ScheduledTarget{{Target: Target{Name: "r1"}, Period: 10 * time.Second, Collector: col}}},
			60*time.Second, func(*Scheduler) {
				if got := offsets(col.tries); got != c.want {
					t.Errorf("%v: tries at %s, want %s", c.err, got, c.want)
				}
			}, func(s *Scheduler) {
				for range 58 {
					time.Sleep(time.Second)
					s.ReadNow("r1", "trap")
				}
			})
	}
}

// Goal: what a watched device tells reads it by all collectors, and a watch
// that ends leaves the schedule and says why. Method: a collector that is told
// by the test.
func TestWatched(t *testing.T) {
	told := &watcher{times: []time.Duration{10 * time.Second}, fails: errors.New("refused"), script: script{answer: good}}
	other := &script{answer: good}
	run(t, SchedulerOptions{Pipeline: &sink{}, Targets: []ScheduledTarget{
		{Target: Target{Name: "r1"}, Period: time.Hour, Collector: told, Watch: true},
		{Target: Target{Name: "r1"}, Period: time.Hour, Collector: other},
	}}, 60*time.Second, func(s *Scheduler) {
		if offsets(told.tries) != "[0s 10s]" || offsets(other.tries) != "[0s 10s]" {
			t.Errorf("read at %s and %s", offsets(told.tries), offsets(other.tries))
		}
		st := s.Status()
		if st[1].LastReason != "snmp notification" || st[0].WatchError != "refused" || st[1].WatchError != "" {
			t.Errorf("%+v", st)
		}
	})
	if _, err := NewScheduler(SchedulerOptions{Pipeline: &sink{}, Targets: []ScheduledTarget{
		{Target: Target{Name: "r1"}, Period: time.Hour, Collector: other, Watch: true}}}); err == nil {
		t.Error("a collector that cannot watch is accepted")
	}
}
