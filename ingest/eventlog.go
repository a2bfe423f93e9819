package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"nettwin/graph/rdf"
	"nettwin/internal/clock"
)

// Defaults and limits of an EventLog.
const (
	// DefaultMaxNotable and DefaultMaxOther are how many events of a device
	// are kept, the newest.
	DefaultMaxNotable = 100
	DefaultMaxOther   = 400
	// DefaultMaxAge is how long.
	DefaultMaxAge = 24 * time.Hour
	// DefaultGap is the least time between two commits of events of a device.
	DefaultGap = time.Second
	// DefaultFold is how long after an event the same message is its
	// repetition.
	DefaultFold = time.Minute
	// DefaultRepeat is the least time between two commits of the numbers of
	// repetitions.
	DefaultRepeat = 10 * time.Second
	// DefaultHold is how long events of a device wait that no collector has
	// reached: it would get a weaker identity than it will tell.
	DefaultHold = time.Minute
	// DefaultMaxPending bounds the events of a device that wait for a commit.
	DefaultMaxPending = 1000

	maxCommitTries = 5                // of the same events
	holdCheck      = time.Second      // how often a held device is looked for
	sweepEvery     = 10 * time.Minute // how often old events are looked for
	restoreTime    = time.Minute      // bounds how long stored events are read
	lastFlush      = 10 * time.Second // bounds what is written when Run ends
	maxFolds       = 4096             // messages of a device that repetitions are known of
)

// Errors of EventLog.Add and of Event.Done.
var (
	// ErrEventsFull: too many events of the device wait. Transient.
	ErrEventsFull = errors.New("ingest: too many events of the device wait")
	// ErrEventsClosed: the log does not run any more.
	ErrEventsClosed = errors.New("ingest: the event log has ended")
)

// EventSink is where events go; *Pipeline is one.
type EventSink interface {
	Apply(ctx context.Context, s *Sample) (Report, error)
	Known(ctx context.Context, device string) (bool, error)
	Sources(ctx context.Context, collector string) ([]string, error)
	Things(ctx context.Context, collector, device string, class rdf.Term) ([]string, error)
}

// EventLogOptions make an EventLog. Pipeline, Collector and Class are
// required; the zero value of the others means their default.
type EventLogOptions struct {
	Pipeline  EventSink
	Collector string   // "trap", "syslog"
	Class     rdf.Term // of all its events
	// ReadNow, if not nil, is called for each event that asks for a reading
	// and is no repetition.
	ReadNow func(device, reason string)

	MaxNotable, MaxOther, MaxPending int
	MaxAge, Gap, Fold, Repeat, Hold  time.Duration
	Clock                            clock.Clock
	Log                              *slog.Logger
}

// EventStats counts what became of events.
type EventStats struct {
	Added      uint64 `json:"added"`      // new events
	Folded     uint64 `json:"folded"`     // repetitions, counted at their event
	Duplicates uint64 `json:"duplicates"` // confirmed messages that came again
	Dropped    uint64 `json:"dropped"`    // because too many waited, or beyond what is kept
	Failed     uint64 `json:"failed"`     // that could not be committed
	Stored     uint64 `json:"stored"`
	Expired    uint64 `json:"expired"`
	Commits    uint64 `json:"commits"`
	Waiting    int    `json:"waiting"`
}

// EventLog gathers the events of devices and takes them into the graph: at
// once while it is quiet, in batches under load, the newest of them only. It
// is safe for concurrent use.
//
// Invariants:
//
//	I1  An event that was added is stored, counted as dropped, or counted as
//	    failed; its Done is called once.
//	I2  Of a device no more than MaxNotable and MaxOther events are in the
//	    graph after a commit, none older than MaxAge (looked for every ten
//	    minutes).
type EventLog struct {
	opts EventLogOptions
	wake chan struct{} // holds one

	mu      sync.Mutex // guards what follows
	devices map[string]*deviceLog
	stats   EventStats
	closed  bool
}

// NewEventLog returns a log; Run makes it work.
func NewEventLog(opts EventLogOptions) (*EventLog, error) {
	if opts.Pipeline == nil || opts.Collector == "" || opts.Class.IsZero() {
		return nil, errors.New("ingest: new event log: Pipeline, Collector and Class are needed")
	}
	opts.MaxNotable = cmp.Or(opts.MaxNotable, DefaultMaxNotable)
	opts.MaxOther = cmp.Or(opts.MaxOther, DefaultMaxOther)
	opts.MaxPending = cmp.Or(opts.MaxPending, DefaultMaxPending)
	opts.MaxAge = cmp.Or(opts.MaxAge, DefaultMaxAge)
	opts.Gap = cmp.Or(opts.Gap, DefaultGap)
	opts.Fold = cmp.Or(opts.Fold, DefaultFold)
	opts.Repeat = cmp.Or(opts.Repeat, DefaultRepeat)
	opts.Hold = cmp.Or(opts.Hold, DefaultHold)
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &EventLog{opts: opts, wake: make(chan struct{}, 1), devices: map[string]*deviceLog{}}, nil
}

// Stats returns the counts so far.
func (l *EventLog) Stats() EventStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	for _, d := range l.devices {
		s.Waiting += len(d.pending)
	}
	return s
}

// Add takes an event of a device. Errors: ErrEventsFull, ErrEventsClosed;
// Done is called with them too.
func (l *EventLog) Add(device string, e Event) error {
	e.Class = l.opts.Class
	done, fresh, err := l.add(device, e)
	if done != nil {
		done(err)
	}
	if fresh && e.Read != "" && l.opts.ReadNow != nil {
		l.opts.ReadNow(device, e.Read)
	}
	return err
}

// add does Add's work; done is what has to be called.
func (l *EventLog) add(device string, e Event) (done func(error), fresh bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return e.Done, false, fmt.Errorf("ingest: %s %s: %w", l.opts.Collector, device, ErrEventsClosed)
	}
	d := l.device(device)
	hash := eventHash(e.Raw.Bytes)
	if e.Confirmed {
		if waiting := d.waiting(hash); waiting != nil {
			l.stats.Duplicates++
			waiting.done = append(waiting.done, e.Done)
			return nil, false, nil
		}
		if d.hashes[hash] {
			l.stats.Duplicates++
			return e.Done, false, nil
		}
	}
	if f := d.repeated(&e, l.opts.Fold); f != nil {
		l.stats.Folded++
		l.poke()
		return e.Done, false, nil
	}
	if len(d.pending) >= l.opts.MaxPending {
		l.stats.Dropped++
		return e.Done, false, fmt.Errorf("ingest: %s %s: %w: %d", l.opts.Collector, device, ErrEventsFull, l.opts.MaxPending)
	}
	l.stats.Added++
	d.enter(e, hash)
	l.poke()
	return nil, true, nil
}

func (l *EventLog) device(name string) *deviceLog {
	d := l.devices[name]
	if d == nil {
		d = newDeviceLog(name)
		l.devices[name] = d
	}
	return d
}

func (l *EventLog) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run takes events into the graph until ctx ends; then it writes what waits
// and returns nil.
func (l *EventLog) Run(ctx context.Context) error {
	defer l.end()
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreTime)
	err := l.restore(reading) // what came so far is written even if ctx has ended
	cancel()
	if err != nil {
		return err
	}
	sweep := l.opts.Clock.Now().Add(sweepEvery)
	for {
		now := l.opts.Clock.Now()
		if !now.Before(sweep) {
			l.sweep(now)
			sweep = now.Add(sweepEvery)
		}
		due, next := l.due(now)
		if ctx.Err() != nil {
			rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			l.flushAll(rest)
			return nil
		}
		for _, d := range due {
			l.flush(ctx, d, false)
		}
		if len(due) == 0 {
			l.pause(ctx, min(next, sweep.Sub(now)))
		}
	}
}

// pause waits for an event, or for d.
func (l *EventLog) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(d, time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-timer.C:
	}
}

// restore reads which events the graph holds.
func (l *EventLog) restore(ctx context.Context) error {
	names, err := l.opts.Pipeline.Sources(ctx, l.opts.Collector)
	if err != nil {
		return fmt.Errorf("ingest: %s: stored events: %w", l.opts.Collector, err)
	}
	for _, name := range names {
		if err := l.load(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (l *EventLog) load(ctx context.Context, name string) error {
	all, err := l.opts.Pipeline.Things(ctx, l.opts.Collector, name, l.opts.Class)
	if err != nil {
		return err
	}
	notable, err := l.opts.Pipeline.Things(ctx, l.opts.Collector, name, classNotable)
	if err != nil {
		return err
	}
	l.mu.Lock()
	d := l.device(name)
	d.known = true
	d.restore(all, notable)
	stored := d.duplicates()
	l.stats.Duplicates += uint64(len(stored))
	l.mu.Unlock()
	for _, w := range stored {
		w.finish(nil)
	}
	return nil
}

// due returns the devices that have something to write, and how long until
// the next has.
func (l *EventLog) due(now time.Time) (due []*deviceLog, next time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next = sweepEvery
	for _, d := range l.devices {
		at, some := d.next(l.opts.Repeat)
		switch wait := at.Sub(now); {
		case !some:
		case wait <= 0:
			due = append(due, d)
		default:
			next = min(next, wait)
		}
	}
	return due, next
}

// sweep marks the devices that have events beyond their age.
func (l *EventLog) sweep(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.devices {
		d.stale = len(d.stored) > 0 && now.Sub(d.stored[0].at) > l.opts.MaxAge
	}
}

func (l *EventLog) flushAll(ctx context.Context) {
	l.mu.Lock()
	l.closed = true
	var all []*deviceLog
	for _, d := range l.devices {
		if len(d.pending) > 0 || len(d.repeats) > 0 {
			all = append(all, d)
		}
	}
	l.mu.Unlock()
	for _, d := range all {
		l.flush(ctx, d, true)
	}
}

// end answers what will not be stored.
func (l *EventLog) end() {
	l.mu.Lock()
	l.closed = true
	var left []*waitingEvent
	for _, d := range l.devices {
		left = append(left, d.pending...)
		d.pending = nil
	}
	l.stats.Failed += uint64(len(left))
	l.mu.Unlock()
	for _, w := range left {
		w.finish(ErrEventsClosed)
	}
}
