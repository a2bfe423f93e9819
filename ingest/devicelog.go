package ingest

import (
	"context"
	"slices"
	"strconv"
	"time"

	"nettwin/graph/rdf"
)

// deviceLog is what an EventLog knows of one device.
type deviceLog struct {
	name    string
	pending []*waitingEvent
	held    time.Time // when the first event came that no known device explains
	known   bool
	tries   int // commits that failed in a row
	notYet  time.Time
	stale   bool // events are beyond their age

	stored  []storedEvent // oldest first
	hashes  map[string]bool
	folds   map[string]*fold  // by key
	lastKey map[string]string // by subject
	repeats map[*fold]bool    // whose numbers changed
	written time.Time         // the last numbers
	clock   Clock
}

// waitingEvent is an event on its way into the graph.
type waitingEvent struct {
	Event
	path, hash string
	done       []func(error)
}

func (w *waitingEvent) finish(err error) {
	for _, f := range w.done {
		if f != nil {
			f(err)
		}
	}
}

type storedEvent struct {
	path, hash string
	at         time.Time
	notable    bool
}

// fold is an event whose repetitions are counted.
type fold struct {
	path, key string
	last      time.Time
	count     int
}

func newDeviceLog(name string) *deviceLog {
	return &deviceLog{name: name, hashes: map[string]bool{}, folds: map[string]*fold{},
		lastKey: map[string]string{}, repeats: map[*fold]bool{}}
}

// restore takes over what the graph holds.
func (d *deviceLog) restore(all, notable []string) {
	for _, path := range all {
		if at, hash, ok := parseEventPath(path); ok && !d.holds(path) {
			_, special := slices.BinarySearch(notable, path)
			d.stored = append(d.stored, storedEvent{path: path, hash: hash, at: at, notable: special})
			d.hashes[hash] = true
		}
	}
	slices.SortFunc(d.stored, func(a, b storedEvent) int { return a.at.Compare(b.at) })
}

// duplicates takes out of what waits the confirmed messages that are stored.
func (d *deviceLog) duplicates() (stored []*waitingEvent) {
	d.pending = slices.DeleteFunc(d.pending, func(w *waitingEvent) bool {
		again := w.Confirmed && d.hashes[w.hash]
		if again {
			stored = append(stored, w)
			delete(d.folds, w.Key)
		}
		return again
	})
	return stored
}

func (d *deviceLog) holds(path string) bool {
	return slices.ContainsFunc(d.stored, func(s storedEvent) bool { return s.path == path })
}

// waiting returns the event with these octets that is not stored yet.
func (d *deviceLog) waiting(hash string) *waitingEvent {
	for _, w := range d.pending {
		if w.hash == hash && w.Confirmed {
			return w
		}
	}
	return nil
}

// repeated counts an event at the one that it repeats; nil if it is new.
func (d *deviceLog) repeated(e *Event, within time.Duration) *fold {
	f := d.folds[e.Key]
	if f == nil || e.Key == "" || e.Received.Sub(f.last) > within || e.Subject != "" && d.lastKey[e.Subject] != e.Key {
		return nil
	}
	f.last = e.Received
	f.count++
	d.repeats[f] = true
	return f
}

// enter queues a new event.
func (d *deviceLog) enter(e Event, hash string) {
	if len(d.pending) == 0 && !d.known && d.held.IsZero() {
		d.held = e.Received
	}
	path := eventPath(e.Received, hash)
	for n := 2; d.taken(path); n++ {
		path = eventPath(e.Received, hash+"."+strconv.Itoa(n))
	}
	d.pending = append(d.pending, &waitingEvent{Event: e, path: path, hash: hash, done: []func(error){e.Done}})
	if e.Key == "" {
		return
	}
	if len(d.folds) >= maxFolds {
		d.forgetFolds()
	}
	d.folds[e.Key] = &fold{path: path, key: e.Key, last: e.Received, count: 1}
	if e.Subject != "" {
		d.lastKey[e.Subject] = e.Key
	}
}

// taken tells whether the path is that of an event. Only the newest can have
// the same time.
func (d *deviceLog) taken(path string) bool {
	for i := len(d.pending) - 1; i >= 0 && i >= len(d.pending)-maxSameTime; i-- {
		if d.pending[i].path == path {
			return true
		}
	}
	for i := len(d.stored) - 1; i >= 0 && i >= len(d.stored)-maxSameTime; i-- {
		if d.stored[i].path == path {
			return true
		}
	}
	return false
}

// maxSameTime bounds how many events are compared for the same microsecond.
const maxSameTime = 64

// forgetFolds drops half of what is known of repetitions: the older.
func (d *deviceLog) forgetFolds() {
	all := make([]*fold, 0, len(d.folds))
	for _, f := range d.folds {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *fold) int { return a.last.Compare(b.last) })
	for _, f := range all[:len(all)/2] {
		delete(d.folds, f.key)
	}
	clear(d.lastKey)
}

// next is when the device has to be written; false if there is nothing.
func (d *deviceLog) next(repeat time.Duration) (time.Time, bool) {
	switch {
	case len(d.pending) > 0 || d.stale:
		return d.notYet, true
	case len(d.repeats) > 0:
		at := d.written.Add(repeat)
		if at.Before(d.notYet) {
			at = d.notYet
		}
		return at, true
	}
	return time.Time{}, false
}

// flush writes what waits of one device. last means that there is no later
// time to do it.
func (l *EventLog) flush(ctx context.Context, d *deviceLog, last bool) {
	now := l.opts.Clock.Now()
	if !l.ready(ctx, d, now, last) {
		return
	}
	l.mu.Lock()
	batch := d.pending
	d.pending = nil
	counted := make([]*fold, 0, len(d.repeats))
	for f := range d.repeats {
		counted = append(counted, f)
	}
	clear(d.repeats)
	batch, dropped, expired := d.retain(batch, l.opts, now)
	l.stats.Dropped += uint64(len(dropped))
	s := l.sample(d, batch, counted, expired, now)
	l.mu.Unlock()
	for _, w := range dropped {
		w.finish(ErrEventsFull)
	}
	_, err := l.opts.Pipeline.Apply(ctx, s)
	l.finish(d, batch, counted, expired, now, err, last)
}

// ready tells whether the device has an identity that its events can find.
func (l *EventLog) ready(ctx context.Context, d *deviceLog, now time.Time, last bool) bool {
	if d.known { // only flush changes it once events came
		return true
	}
	known, err := l.opts.Pipeline.Known(ctx, d.name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.opts.Log.Warn("events wait", "device", d.name, "error", err)
	}
	if known || err == nil && (last || now.Sub(d.held) >= l.opts.Hold) {
		d.known = true
		return true
	}
	d.notYet = now.Add(holdCheck)
	return false
}

// retain decides which events are kept when the batch is stored: the newest
// of both. Called with mu held.
func (d *deviceLog) retain(batch []*waitingEvent, opts EventLogOptions, now time.Time) (kept, dropped []*waitingEvent, expired []storedEvent) {
	room := map[bool]int{true: opts.MaxNotable, false: opts.MaxOther}
	for _, w := range slices.Backward(batch) {
		if room[w.Notable] == 0 {
			dropped = append(dropped, w)
			if f := d.folds[w.Key]; f != nil && f.path == w.path {
				delete(d.folds, w.Key)
			}
			continue
		}
		room[w.Notable]--
		kept = append(kept, w)
	}
	slices.Reverse(kept)
	for _, s := range slices.Backward(d.stored) {
		if room[s.notable] == 0 || now.Sub(s.at) > opts.MaxAge {
			expired = append(expired, s)
			continue
		}
		room[s.notable]--
	}
	return kept, dropped, expired
}

// sample is the commit's content. Called with mu held: folds go on counting.
func (l *EventLog) sample(d *deviceLog, batch []*waitingEvent, counted []*fold, expired []storedEvent, now time.Time) *Sample {
	s := &Sample{Collector: l.opts.Collector, Device: d.name, Started: now, Ended: now, Unsolicited: true}
	gone := map[string]bool{}
	for _, e := range expired {
		gone[e.path] = true
		s.Complete = append(s.Complete, e.path)
	}
	s.Expired = s.Complete
	for _, w := range batch {
		if w.Received.Before(s.Started) {
			s.Started = w.Received
		}
		s.Facts = append(s.Facts, w.facts(w.path)...)
		s.Raw = append(s.Raw, w.Raw)
		s.Transport = w.Transport
		switch {
		case w.Confirmed: // it may have been recorded, or sent again, long after
		case w.Guessed:
			d.clock.NoteLocal(w.Received, w.Reported)
		default:
			d.clock.Note(w.Received, w.Reported)
		}
	}
	s.Clock = d.clock.Reading()
	for _, f := range counted {
		if gone[f.path] || !d.keeps(f, batch) {
			continue
		}
		s.Facts = append(s.Facts,
			Fact{Thing: f.path, P: propOccurrences, O: rdf.Literal(strconv.Itoa(f.count), rdf.XSDInteger), Counter: true},
			Fact{Thing: f.path, P: propLastOccurrence, O: micros(f.last), Counter: true})
	}
	return s
}

// keeps tells whether the event of a fold is or will be in the graph.
func (d *deviceLog) keeps(f *fold, batch []*waitingEvent) bool {
	return d.holds(f.path) || slices.ContainsFunc(batch, func(w *waitingEvent) bool { return w.path == f.path })
}

// finish notes what became of a commit.
func (l *EventLog) finish(d *deviceLog, batch []*waitingEvent, counted []*fold, expired []storedEvent, now time.Time, err error, last bool) {
	l.mu.Lock()
	d.notYet = now.Add(l.opts.Gap)
	if err != nil && !last && d.tries+1 < maxCommitTries {
		d.tries++
		d.notYet = now.Add(l.opts.Gap << d.tries)
		for _, f := range counted {
			d.repeats[f] = true
		}
		d.pending = append(batch, d.pending...)
		l.mu.Unlock()
		l.opts.Log.Error("events not committed: trying again", "device", d.name, "events", len(batch), "error", err)
		return
	}
	d.tries, d.stale = 0, false
	if err != nil {
		l.stats.Failed += uint64(len(batch))
	} else {
		l.stats.Commits++
		d.written = now
		d.took(batch, expired)
		l.stats.Expired += uint64(len(expired))
		l.stats.Stored += uint64(len(batch))
	}
	l.mu.Unlock()
	if err != nil {
		l.opts.Log.Error("events lost", "device", d.name, "events", len(batch), "error", err)
	}
	for _, w := range batch {
		w.finish(err)
	}
}

// took moves events from the batch to what is stored. Called with mu held.
func (d *deviceLog) took(batch []*waitingEvent, expired []storedEvent) {
	gone := map[string]bool{}
	for _, s := range expired {
		gone[s.path] = true
		delete(d.hashes, s.hash)
	}
	if len(gone) > 0 {
		d.stored = slices.DeleteFunc(d.stored, func(s storedEvent) bool { return gone[s.path] })
		for key, f := range d.folds {
			if gone[f.path] {
				delete(d.folds, key)
			}
		}
	}
	for _, w := range batch {
		d.stored = append(d.stored, storedEvent{path: w.path, hash: w.hash, at: w.Received, notable: w.Notable})
		d.hashes[w.hash] = true
	}
}
