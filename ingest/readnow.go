package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// A device that fails is read on request only after this part of the wait that
// its failures brought: that it speaks is a reason to hope, no certainty.
const failingShare = 4

// maxReasons bounds the reasons that one reading is noted with.
const maxReasons = 4

// ReadNow lets every target of a device be read as soon as it may be: a trap
// or a message told that something changed. device is a configured name, or
// what the device told. Requests that come before the reading begins share it;
// one that comes while the device is read starts another. It tells whether
// there is such a device.
//
// A storm of requests reads a device no more often than every
// SchedulerOptions.MinGap. A device that failed is read after a part of its
// wait; one that refused the credential, which no event changes, after all of
// it.
func (s *Scheduler) ReadNow(device, reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := false
	for i, t := range s.opts.Targets {
		if device == "" || t.Target.Name != device && (t.Target.Name != "" || s.status[i].Device != device) {
			continue
		}
		found = true
		r := &s.asked[i]
		if !slices.Contains(r.reasons, reason) && len(r.reasons) < maxReasons {
			r.reasons = append(r.reasons, reason)
		}
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	return found
}

// gap is the time from the beginning of the last reading to that of one that
// was asked for, where wait was planned.
func (s *Scheduler) gap(i int, wait time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.asked[i].auth:
		return wait
	case s.status[i].Failures > 0:
		return max(s.opts.MinGap, wait/failingShare)
	}
	return s.opts.MinGap
}

// begin takes the reasons of a reading.
func (s *Scheduler) begin(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, t := &s.asked[i], &s.status[i]
	r.asked = len(r.reasons) > 0
	switch {
	case len(r.reasons) > 0:
		t.LastReason = strings.Join(r.reasons, ", ")
	case t.LastReason == "":
		t.LastReason = ReasonStart
	default:
		t.LastReason = ReasonSchedule
	}
	r.reasons = nil
	select {
	case <-r.wake: // this reading is the answer
	default:
	}
}

// watch follows what one device tells by itself.
func (s *Scheduler) watch(ctx context.Context, i int) {
	t := s.opts.Targets[i]
	err := s.follows(ctx, i, func(ctx context.Context, target Target) error {
		return t.Collector.(Watcher).Watch(ctx, target, func() {
			s.mu.Lock()
			device := s.status[i].Device
			s.mu.Unlock()
			s.opts.Changed(device, t.Collector.Name()+" notification")
		})
	})
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = errors.New("ingest: the collector stopped to watch")
	}
	s.opts.Log.Warn("device not watched any more: it is read on schedule", "device", nameOf(t.Target), "error", err)
	s.update(i, func(st *TargetStatus) { st.WatchError = errorText(err) })
}
