package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Defaults of SchedulerOptions.
const (
	DefaultWorkers    = 16
	DefaultLostAfter  = 3
	DefaultMaxBackoff = 5 * time.Minute
	DefaultMinGap     = time.Second
)

// The reasons of readings that nobody asked for.
const (
	ReasonStart    = "start"
	ReasonSchedule = "schedule"
)

// minPeriod keeps a mistaken period from flooding a device.
const minPeriod = 100 * time.Millisecond

// A calm device is read after a wait that grows by calmGrowth; who takes long
// to answer is busy for at most busyShare of the time.
const (
	calmGrowth = 1.5
	busyShare  = 0.5
)

// jitter is how far a poll may be off its period, so that devices that were
// started together drift apart.
const jitter = 0.1

// ScheduledTarget is a device to read again and again.
type ScheduledTarget struct {
	Target    Target
	Period    time.Duration
	Collector Collector
	// Watch lets what the device tells by itself start a reading too; the
	// collector must be a Watcher.
	Watch bool
	// MaxPeriod, if longer than Period, lets the wait grow up to it while
	// readings bring nothing new: each is half as long again as the last. A
	// changed state, a request to read and a failure bring Period back.
	MaxPeriod time.Duration
	// Pace is the budget that all targets of one device share; nil is none.
	Pace *Pace
}

// Watcher is a Collector that can be told by a device that something changed.
type Watcher interface {
	// Watch calls changed until ctx ends or trying again cannot help, and
	// returns why. It connects again by itself.
	Watch(ctx context.Context, t Target, changed func()) error
}

// Sink takes what a Scheduler learns; *Pipeline is one.
type Sink interface {
	Apply(ctx context.Context, s *Sample) (Report, error)
	Fail(ctx context.Context, f Failure) error
}

// SchedulerOptions make a Scheduler. Pipeline and Targets are required; the
// zero value of the others means their default.
type SchedulerOptions struct {
	Pipeline Sink
	Targets  []ScheduledTarget
	// Workers bounds how many devices are read at the same time.
	Workers int
	// LostAfter is how many failures in a row make a source lost.
	LostAfter int
	// MaxBackoff bounds the wait after failures, which doubles with each; it
	// is never shorter than the period.
	MaxBackoff time.Duration
	// MinGap is the least time from the beginning of one reading of a target
	// to that of one that ReadNow asks for.
	MinGap time.Duration
	// Changed is called when a device that is watched told that it changed;
	// nil means the scheduler's own ReadNow. A program with several schedulers
	// passes it on to all.
	Changed func(device, reason string)
	// Needs says what is read of devices, and how often; nil reads everything
	// at each target's period.
	Needs *Needs
	Rand  func() float64 // in [0,1); nil means math/rand
	Log   *slog.Logger   // nil means no log
}

// TargetStatus is how a target does.
type TargetStatus struct {
	Device      string    `json:"device"` // configured, else what the device told; "" before
	Address     string    `json:"address"`
	Collector   string    `json:"collector"`
	State       State     `json:"state"`
	Graph       string    `json:"graph,omitempty"` // IRI of the source graph
	Thing       string    `json:"thing,omitempty"` // IRI of the device
	Period      float64   `json:"periodSeconds"`   // now, see ScheduledTarget.MaxPeriod
	LastTry     time.Time `json:"lastTry,omitzero"`
	LastReason  string    `json:"lastReason,omitempty"` // why it was read then
	LastContact time.Time `json:"lastContact,omitzero"`
	LastError   string    `json:"lastError,omitempty"`  // of the last try; also if only a part was read
	WatchError  string    `json:"watchError,omitempty"` // why the device is not watched any more
	Failures    int       `json:"failures"`             // in a row
	NextTry     time.Time `json:"nextTry,omitzero"`
	Seconds     float64   `json:"tookSeconds"` // of the last try
	Requests    uint64    `json:"requests"`    // since the start
	Bytes       uint64    `json:"bytes"`       // of answers, since the start
	RequestRate float64   `json:"requestRate"` // a second, of the last reading and the pause behind it
	ByteRate    float64   `json:"byteRate"`
	Facts       int       `json:"facts"`
	Unmapped    int       `json:"unmapped"`
	// ClockAhead is how far the device's clock is ahead of ours, in seconds.
	ClockAhead *float64 `json:"clockAheadSeconds,omitempty"`
	*Economy
}

// Scheduler reads targets, each with its own period.
type Scheduler struct {
	opts    SchedulerOptions
	targets []ScheduledTarget // the options', with meters
	slots   chan struct{}

	mu     sync.Mutex // guards what follows
	status []TargetStatus
	asked  []request // by target
	econ   []economy // by target; empty without needs
}

// request is what ReadNow asked of a target since its last reading began.
type request struct {
	wake    chan struct{} // holds one
	reasons []string
	auth    bool // the last reading was refused
	asked   bool // for the last reading
	calm    bool // the last reading was not asked for and brought nothing new
}

// NewScheduler returns a scheduler; Run starts it.
func NewScheduler(opts SchedulerOptions) (*Scheduler, error) {
	if opts.Pipeline == nil {
		return nil, errors.New("ingest: new scheduler: SchedulerOptions.Pipeline is missing")
	}
	opts.Workers = cmp.Or(opts.Workers, DefaultWorkers)
	opts.LostAfter = cmp.Or(opts.LostAfter, DefaultLostAfter)
	opts.MaxBackoff = cmp.Or(opts.MaxBackoff, DefaultMaxBackoff)
	opts.MinGap = cmp.Or(opts.MinGap, DefaultMinGap)
	if opts.Rand == nil {
		opts.Rand = rand.Float64
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Scheduler{opts: opts, slots: make(chan struct{}, opts.Workers)}
	if opts.Changed == nil {
		s.opts.Changed = func(device, reason string) { s.ReadNow(device, reason) }
	}
	for _, t := range opts.Targets {
		switch {
		case t.Collector == nil:
			return nil, fmt.Errorf("ingest: new scheduler: device %s: no collector", nameOf(t.Target))
		case t.Period < minPeriod:
			return nil, fmt.Errorf("ingest: new scheduler: device %s: period %s, at least %s", nameOf(t.Target), t.Period, minPeriod)
		}
		if _, ok := t.Collector.(Watcher); t.Watch && !ok {
			return nil, fmt.Errorf("ingest: new scheduler: device %s: %s cannot watch a device", nameOf(t.Target), t.Collector.Name())
		}
		t.Target.Meter = NewMeter(t.Pace)
		s.targets = append(s.targets, t)
		s.asked = append(s.asked, request{wake: make(chan struct{}, 1)})
		s.econ = append(s.econ, economy{costs: map[string]Cost{}, rewatch: make(chan struct{}, 1)})
		s.status = append(s.status, TargetStatus{Device: t.Target.Name, Address: t.Target.Address,
			Collector: t.Collector.Name(), State: StateUnknown, Period: t.Period.Seconds()})
	}
	if opts.Needs != nil {
		opts.Needs.OnChange(s.needsChanged)
	}
	return s, nil
}

func nameOf(t Target) string { return cmp.Or(t.Name, t.Address) }

// Status returns how each target does, in the order of the options.
func (s *Scheduler) Status() []TargetStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.status)
	for i := range list {
		list[i].Requests, list[i].Bytes = s.targets[i].Target.Meter.Count()
		list[i].Economy = s.economy(i)
	}
	return list
}

// Run reads the targets until ctx ends, then waits for the readings under way
// and returns nil. Every target is read at once when Run begins, as workers
// are free.
func (s *Scheduler) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	for i, t := range s.targets {
		running.Go(func() { s.follow(ctx, i) })
		if t.Watch {
			running.Go(func() { s.watch(ctx, i) })
		}
	}
	<-ctx.Done()
	return nil
}

// follow reads one target again and again.
func (s *Scheduler) follow(ctx context.Context, i int) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var started, next time.Time
	var wait time.Duration // as planned after the last reading
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.asked[i].wake:
			if sooner := started.Add(s.gap(i, wait)); sooner.Before(next) {
				next = sooner
				s.update(i, func(t *TargetStatus) { t.NextTry = next })
				timer.Reset(max(time.Until(next), 0))
			}
			continue
		case <-timer.C:
		}
		select {
		case <-ctx.Done():
			return
		case s.slots <- struct{}{}:
		}
		started = time.Now()
		requests, bytes := s.targets[i].Target.Meter.Count()
		failure := s.once(ctx, i, started)
		<-s.slots
		wait = s.wait(i, failure, time.Since(started))
		next = started.Add(wait)
		s.update(i, func(t *TargetStatus) {
			cycle := max(time.Until(next), 0) + time.Since(started)
			nowRequests, nowBytes := s.targets[i].Target.Meter.Count()
			t.RequestRate = float64(nowRequests-requests) / cycle.Seconds()
			t.ByteRate = float64(nowBytes-bytes) / cycle.Seconds()
			t.NextTry = next
		})
		timer.Reset(max(time.Until(next), 0))
	}
}

// wait is the time from the beginning of one reading to that of the next. A
// refused credential is refused again until the configuration changes, and
// some devices lock out who insists: it waits longest.
func (s *Scheduler) wait(i int, failure error, took time.Duration) time.Duration {
	period := s.period(i, failure)
	longest := max(period, s.opts.MaxBackoff)
	wait := period
	if failure != nil {
		for range s.Status()[i].Failures {
			wait = min(2*wait, longest)
		}
		if errors.Is(failure, ErrAuth) {
			wait = longest
		}
	}
	s.mu.Lock()
	s.asked[i].auth = errors.Is(failure, ErrAuth)
	s.mu.Unlock()
	wait = time.Duration(float64(wait) * (1 - jitter + 2*jitter*s.opts.Rand()))
	return max(wait, time.Duration(float64(took)/busyShare))
}

// period is how often a target is to be read now.
func (s *Scheduler) period(i int, failure error) time.Duration {
	t := s.targets[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	period := s.needed(i)
	if failure == nil && s.asked[i].calm {
		last := time.Duration(s.status[i].Period * float64(time.Second))
		period = max(period, min(time.Duration(float64(last)*calmGrowth), t.MaxPeriod))
	}
	s.status[i].Period = period.Seconds()
	return period
}

// once reads a target and hands on what came of it. It returns why nothing
// was learnt.
func (s *Scheduler) once(ctx context.Context, i int, started time.Time) error {
	t := s.targets[i]
	s.begin(i)
	if done, err := s.instruct(ctx, i, &t.Target, started); done {
		return err
	}
	sample, err := t.Collector.Collect(ctx, t.Target)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, ErrPartial) || sample == nil {
		if err == nil {
			err = errors.New("ingest: the collector brought no sample")
		}
		s.failed(ctx, i, started, err)
		return err
	}
	report, applyErr := s.opts.Pipeline.Apply(ctx, sample)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if applyErr != nil {
		s.opts.Log.Error("sample not taken", "device", nameOf(t.Target), "error", applyErr)
		s.update(i, func(st *TargetStatus) {
			st.tried(started, applyErr)
			st.Failures++
		})
		return applyErr
	}
	if err != nil {
		s.opts.Log.Warn("device read in part", "device", nameOf(t.Target), "error", err)
	}
	s.update(i, func(st *TargetStatus) {
		s.asked[i].calm = !s.asked[i].asked && report.StateAdds+report.StateDeletes == 0
		st.tried(started, err)
		st.Device, st.Graph, st.Thing = report.Device, report.Graph, report.DeviceIRI
		st.State, st.LastContact, st.Failures = StateInSync, sample.Ended, 0
		st.Facts, st.Unmapped = len(sample.Facts), sample.Unmapped
		if report.Clock != nil {
			ahead := report.Clock.Ahead.Seconds()
			st.ClockAhead = &ahead
		}
		s.spent(i, t.Target.Want, sample, err, started)
	})
	return nil
}

// failed notes a failure here and in the graph.
func (s *Scheduler) failed(ctx context.Context, i int, started time.Time, err error) {
	var f Failure
	s.update(i, func(st *TargetStatus) {
		st.tried(started, err)
		st.Failures++
		st.State = StateStale
		if st.Failures >= s.opts.LostAfter {
			st.State = StateLost
		}
		f = Failure{Collector: st.Collector, Device: st.Device, Lost: st.State == StateLost, Err: err}
	})
	s.opts.Log.Warn("device not read", "device", nameOf(s.targets[i].Target), "error", err)
	if err := s.opts.Pipeline.Fail(ctx, f); err != nil && ctx.Err() == nil {
		s.opts.Log.Error("failure not noted", "device", f.Device, "error", err)
	}
}

func (s *Scheduler) update(i int, change func(*TargetStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.status[i])
}

func (t *TargetStatus) tried(started time.Time, err error) {
	t.LastTry, t.Seconds, t.LastError = started, time.Since(started).Seconds(), ""
	if err != nil {
		t.LastError = errorText(err)
	}
}
