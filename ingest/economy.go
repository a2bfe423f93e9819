package ingest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Economy is what of a target is read for whom, and what that spares.
type Economy struct {
	Reads []NeededReading `json:"reads"`
	// NotRead are the parts that nobody needs; where a protocol has no such
	// parts it is empty.
	NotRead []string `json:"notRead,omitempty"`
	// SavedRequests and SavedBytes are what the readings left out would have
	// cost since the start. They count only parts that were read once, since
	// nothing else is known of their size.
	SavedRequests uint64 `json:"savedRequests"`
	SavedBytes    uint64 `json:"savedBytes"`
}

// NeededReading is a term that is read, and for whom.
type NeededReading struct {
	Term string   `json:"term"`
	Age  float64  `json:"ageSeconds"`
	For  []string `json:"for"`
}

// economy is what a scheduler knows of one target with needs.
type economy struct {
	turn
	costs                     map[string]Cost // of each part that was ever read
	left                      []string
	savedRequests, savedBytes uint64
	rewatch                   chan struct{} // holds one
}

// economy makes the status of a target; mu is held.
func (s *Scheduler) economy(i int) *Economy {
	if s.opts.Needs == nil {
		return nil
	}
	e := &s.econ[i]
	out := &Economy{Reads: []NeededReading{}, NotRead: slices.Clone(e.left), SavedRequests: e.savedRequests, SavedBytes: e.savedBytes}
	for _, r := range s.readings(i) {
		out.Reads = append(out.Reads, NeededReading{r.Term, r.Age.Seconds(), r.For})
	}
	return out
}

// device is the name by which needs know a target; mu is held.
func (s *Scheduler) device(i int) string {
	if name := s.targets[i].Target.Name; name != "" {
		return name
	}
	return s.status[i].Device
}

// readings are those that are needed of a target; mu is held.
func (s *Scheduler) readings(i int) []Reading {
	all := s.opts.Needs.Of(s.device(i), s.targets[i].Period)
	if k, ok := s.targets[i].Collector.(Knower); ok {
		all = slices.DeleteFunc(all, func(r Reading) bool { return !k.Knows(r.Term) })
	}
	return all
}

// Knower is a Collector that can tell which terms it may bring: others do not
// have it read more often. Terms end in "/" as in Want.
type Knower interface {
	Knows(term string) bool
}

// needed is the period of a target by its needs; mu is held.
func (s *Scheduler) needed(i int) time.Duration {
	t := s.targets[i]
	if s.opts.Needs == nil {
		return t.Period
	}
	return max(shortest(s.readings(i), t.Period), minPeriod)
}

// needsChanged has targets read of which something else is needed than was
// read last.
func (s *Scheduler) needsChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.targets {
		e := &s.econ[i]
		wanted := s.readings(i)
		same := !slices.ContainsFunc(wanted, func(r Reading) bool { return e.read[r.Term].IsZero() }) && len(wanted) == len(e.read)
		if e.read == nil || same {
			continue // it was not read yet, or nothing comes or goes
		}
		for _, c := range []chan struct{}{s.asked[i].wake, e.rewatch} {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
}

// follows runs what follows a device by itself, for as long as the needs are
// the same, and again when they are others; while nothing is needed it waits.
func (s *Scheduler) follows(ctx context.Context, i int, run func(context.Context, Target) error) error {
	t := s.opts.Targets[i].Target
	if s.opts.Needs == nil {
		return run(ctx, t)
	}
	for ctx.Err() == nil {
		s.mu.Lock()
		readings := s.readings(i)
		s.mu.Unlock()
		t.Want = (&turn{}).want(readings, time.Time{}, true)
		t.Want.Age = shortest(readings, s.targets[i].Period)
		inner, cancel := context.WithCancel(ctx)
		var waiting sync.WaitGroup
		waiting.Go(func() {
			select {
			case <-s.econ[i].rewatch:
				cancel()
			case <-inner.Done():
			}
		})
		var err error
		if t.Want.Empty() {
			<-inner.Done()
		} else {
			err = run(inner, t)
		}
		ended := inner.Err() == nil // by itself
		cancel()
		waiting.Wait()
		if ended {
			return err
		}
	}
	return ctx.Err()
}

// instruct says in t what a reading shall bring. It is done if nothing is
// wanted: then nothing is asked, and what was stated before is withdrawn once.
func (s *Scheduler) instruct(ctx context.Context, i int, t *Target, now time.Time) (done bool, err error) {
	if s.opts.Needs == nil {
		return false, nil
	}
	s.mu.Lock()
	e := &s.econ[i]
	readings := s.readings(i)
	t.Want = e.want(readings, now, s.asked[i].asked)
	t.Want.Age = shortest(readings, s.targets[i].Period)
	idle := e.idle
	if e.idle = t.Want.Empty(); e.read == nil {
		e.read = map[string]time.Time{}
	}
	device := s.device(i)
	s.mu.Unlock()
	if !t.Want.Empty() {
		return false, nil
	}
	if !idle {
		_, err = s.opts.Pipeline.Apply(ctx, &Sample{Collector: s.targets[i].Collector.Name(), Device: device, Started: now, Ended: now, Withdrawn: true})
		if errors.Is(err, ErrNoIdentity) {
			err = nil // it never stated anything
		}
	}
	s.update(i, func(st *TargetStatus) {
		s.econ[i].read = map[string]time.Time{}
		st.State, st.Facts, st.Failures = StateUnasked, 0, 0
		st.tried(now, err)
		e.idle = err == nil
	})
	return true, err
}

// spent notes what a reading brought and what it left out; mu is held.
func (s *Scheduler) spent(i int, w *Want, sample *Sample, partial error, at time.Time) {
	if s.opts.Needs == nil {
		return
	}
	e := &s.econ[i]
	sums := map[string]Cost{}
	for _, c := range sample.Costs {
		sum := sums[c.Part]
		sums[c.Part] = Cost{c.Part, sum.Requests + c.Requests, sum.Bytes + c.Bytes}
	}
	maps.Copy(e.costs, sums)
	if e.left = sample.Left; partial == nil {
		e.done(w, at)
	}
	for _, part := range sample.Left {
		e.savedRequests += e.costs[part].Requests
		e.savedBytes += e.costs[part].Bytes
	}
}
