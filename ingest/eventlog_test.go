package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/syslog"
	"nettwin/ingest/trap"
	"nettwin/internal/clock"
)

var testClass = rdf.IRI("https://w3id.org/nettwin/test/Event")

// log runs an event log until stop.
func (w *told) log(change func(*ingest.EventLogOptions)) (l *ingest.EventLog, stop func()) {
	w.Helper()
	opts := ingest.EventLogOptions{Pipeline: w.pipeline, Collector: "test", Class: testClass}
	if change != nil {
		change(&opts)
	}
	l, err := ingest.NewEventLog(opts)
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.Run(ctx); err != nil && ctx.Err() == nil {
			w.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	w.Cleanup(stop)
	return l, stop
}

func event(text string, at time.Time) ingest.Event {
	return ingest.Event{Received: at, Message: text, Key: text, Severity: ingest.Notice, Raw: ingest.RawItem{Label: "test", Bytes: []byte(text)}}
}

func (w *told) stored() []string {
	w.Helper()
	return w.rows(`SELECT ?m ?n ?notable { GRAPH <graph/source/test/r1> { ?e twin:reportedMessage ?m OPTIONAL { ?e twin:occurrences ?n } OPTIONAL { ?e a ?notable FILTER(?notable = twin:NotableEvent) } } }`)
}

func (w *told) commits() uint64 {
	w.Helper()
	s, err := w.store.Snapshot(graph.At{})
	if err != nil {
		w.Fatal(err)
	}
	defer s.Close()
	return uint64(s.Commit().Seq)
}

// Goal: a storm makes no commit a message and a quiet event is there at once;
// repetitions are one event with their number; a message is a new event where
// another one of its subject came between. Method: thousands of messages in a
// second and a half; commits are counted.
func TestEventStorm(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	var mu sync.Mutex
	reads := 0
	l, stop := w.log(func(o *ingest.EventLogOptions) {
		o.Repeat = 200 * time.Millisecond
		o.ReadNow = func(string, string) { mu.Lock(); reads++; mu.Unlock() }
	})
	start := time.Now()
	if err := l.Add("r1", event("first", start)); err != nil {
		t.Fatal(err)
	}
	w.until("the first event", func() bool { return l.Stats().Stored == 1 })
	quiet := time.Since(start)
	before := w.commits()
	sent := 0
	for time.Since(start) < 1500*time.Millisecond {
		e := event(fmt.Sprint("peer ", sent%8, " down"), time.Now())
		e.Read, e.Subject = "test", fmt.Sprint(sent%8)
		if err := l.Add("r1", e); err != nil {
			t.Fatal(err)
		}
		sent++
		time.Sleep(200 * time.Microsecond)
	}
	up := event("peer 0 up", time.Now())
	up.Subject = "0"
	again := event("peer 0 down", time.Now())
	again.Subject = "0"
	for _, e := range []ingest.Event{up, again} {
		if err := l.Add("r1", e); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	seconds := int(time.Since(start)/time.Second) + 1
	if made := int(w.commits() - before); made > 3*seconds+3 { // state, counters, meta of a flush
		t.Errorf("%d commits in %d s for %d messages", made, seconds, sent)
	}
	if reads != 8 {
		t.Errorf("%d readings were asked for, want one a peer", reads)
	}
	total, rows := 0, w.stored()
	for _, row := range rows {
		if strings.HasPrefix(row, "peer") {
			n := 1
			if words := strings.Fields(row); len(words) > 3 {
				fmt.Sscan(words[3], &n)
			}
			total += n
		}
	}
	if total != sent+2 || len(rows) != 1+8+2 {
		t.Errorf("%d events stand for %d messages of %d: %v", len(rows), total, sent+2, rows)
	}
	t.Logf("a quiet event is stored after %v; %d messages made %d commits", quiet, sent, w.commits()-before)
}

// Goal: of each device the newest events are kept, notable ones apart and
// longer, old ones go, and AS OF shows them. Method: limits of 3 and 5, events
// of different age; an older version is read.
func TestEventRetention(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	late := &laterClock{}
	l, stop := w.log(func(o *ingest.EventLogOptions) {
		o.MaxNotable, o.MaxOther, o.Gap, o.Clock = 3, 5, time.Millisecond, late
	})
	now := time.Now()
	add := func(i int, after time.Duration, notable bool) {
		e := event(fmt.Sprintf("message %02d", i), now.Add(after+time.Duration(i)*time.Microsecond))
		e.Notable = notable
		if err := l.Add("r1", e); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		add(i, 0, false)
	}
	w.until("the old ones", func() bool { return l.Stats().Stored == 4 })
	then := w.commits()
	late.by.Store(int64(25 * time.Hour))
	for i := 4; i < 24; i++ {
		add(i, 24*time.Hour, i%2 == 0)
		w.until("each", func() bool { s := l.Stats(); return s.Stored+s.Dropped == uint64(i+1) })
	}
	stop()
	want := []string{"message 15  ", "message 17  ", "message 18  https://w3id.org/nettwin/ns#NotableEvent", "message 19  ",
		"message 20  https://w3id.org/nettwin/ns#NotableEvent", "message 21  ", "message 22  https://w3id.org/nettwin/ns#NotableEvent", "message 23  "}
	if got := w.stored(); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("stored %q", got)
	}
	if n := len(w.rows(`SELECT ?e { GRAPH <graph/provenance> { ?e twin:item ?i } FILTER(CONTAINS(STR(?e), "/test/r1/event/")) }`)); n != 8 {
		t.Errorf("provenance knows %d events", n)
	}
	if n := len(w.rows(`SELECT ?e { GRAPH <graph/provenance> { ?e ?p ?i } FILTER(CONTAINS(STR(?e), "/test/r1/event/")) }`)); n != 16 {
		t.Errorf("provenance says %d things of events", n)
	}
	old, err := w.store.Snapshot(graph.At{Seq: graph.CommitSeq(then)})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	var ids [2]graph.TermID
	if err := old.IDs([]rdf.Term{testClass, rdf.IRI(eventBase + "graph/source/test/r1")}, ids[:]); err != nil {
		t.Fatal(err)
	}
	p := graph.Pattern{}
	p[graph.O], p[graph.G] = ids[0], ids[1]
	if n, err := old.Count(p); err != nil || n != 4 {
		t.Errorf("the older version holds %d events, %v", n, err)
	}
}

// laterClock is ahead of the real one.
type laterClock struct {
	clock.System
	by atomic.Int64
}

func (c *laterClock) Now() time.Time { return time.Now().Add(time.Duration(c.by.Load())) }

// Goal: after a restart an inform that was stored and not acknowledged is no
// second event, nothing stored is lost, and the limits hold on. Method: two
// logs one after the other over one store.
func TestEventRestart(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	var answers []error
	inform := func() ingest.Event {
		e := event("inform 7", time.Now())
		e.Confirmed, e.Done = true, func(err error) { answers = append(answers, err) }
		return e
	}
	l, stop := w.log(func(o *ingest.EventLogOptions) { o.MaxOther = 4 })
	for _, e := range []ingest.Event{event("a", time.Now()), inform(), inform()} {
		if err := l.Add("r1", e); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if s := l.Stats(); s.Stored != 2 || s.Duplicates != 1 || len(answers) != 2 || errors.Join(answers...) != nil {
		t.Errorf("%+v, answers %v", s, answers)
	}
	if err := l.Add("r1", inform()); !errors.Is(err, ingest.ErrEventsClosed) || !errors.Is(answers[2], ingest.ErrEventsClosed) {
		t.Errorf("after the end: %v, %v", err, answers)
	}
	l, stop = w.log(func(o *ingest.EventLogOptions) { o.MaxOther = 4 })
	for _, e := range []ingest.Event{inform(), event("b", time.Now()), event("c", time.Now())} {
		if err := l.Add("r1", e); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if got := strings.Join(w.stored(), "|"); got != "a  |b  |c  |inform 7  " || l.Stats().Duplicates != 1 || answers[3] != nil {
		t.Errorf("stored %s, %+v", got, l.Stats())
	}
}

// Goal: events of a device that no collector has reached wait for it, so that
// it gets the identity that it tells; after a while they come anyway. Method:
// an event before the first reading, and one of a device that is never read.
func TestEventsBeforeFirstContact(t *testing.T) {
	w := newTold(t)
	l, stop := w.log(func(o *ingest.EventLogOptions) { o.Hold = 2500 * time.Millisecond })
	for _, d := range []string{"r1", "r2"} {
		if err := l.Add(d, event("early", time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(100 * time.Millisecond)
	if s := l.Stats(); s.Stored != 0 || s.Waiting != 2 {
		t.Errorf("%+v", s)
	}
	w.device("r1")
	w.until("the events", func() bool { return l.Stats().Stored == 2 })
	stop()
	got := w.rows(`SELECT ?n ?d { GRAPH ?g { ?g twin:collector "test" ; twin:deviceName ?n ; twin:describes ?d } }`)
	if len(got) != 2 || got[0] != "r1 id/device/host-name/r1" || got[1] != "r2 id/device/configured/r2" {
		t.Errorf("%v", got)
	}
	if n := w.rows(`SELECT ?s { GRAPH <graph/provenance> { <graph/source/test/r1> twin:syncState ?s } }`); len(n) != 0 {
		t.Errorf("a source that nobody asks is %v", n)
	}
}

// failing is a sink whose commits fail at first.
type failing struct {
	*ingest.Pipeline
	mu    sync.Mutex
	fails int
}

func (f *failing) Apply(ctx context.Context, s *ingest.Sample) (ingest.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails > 0 {
		f.fails--
		return ingest.Report{}, errors.New("disk full")
	}
	return f.Pipeline.Apply(ctx, s)
}

// Goal: a store that fails for a while loses no event, one that goes on
// failing is told, and what waits is bounded. Method: a sink that fails.
func TestEventsThatFail(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	sink := &failing{Pipeline: w.pipeline, fails: 2}
	l, stop := w.log(func(o *ingest.EventLogOptions) { o.Pipeline, o.Gap, o.MaxPending = sink, time.Millisecond, 3 })
	if err := l.Add("r1", event("a", time.Now())); err != nil {
		t.Fatal(err)
	}
	w.until("stored", func() bool { return l.Stats().Stored == 1 })
	sink.mu.Lock()
	sink.fails = 1000
	sink.mu.Unlock()
	answer := make(chan error, 1)
	e := event("b", time.Now())
	e.Done = func(err error) { answer <- err }
	if err := l.Add("r1", e); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; err == nil || err.Error() != "disk full" {
		t.Errorf("answer %v", err)
	}
	var full error
	for i := range 50 {
		if err := l.Add("r1", event(fmt.Sprint("c", i), time.Now())); err != nil {
			full = err
		}
	}
	if !errors.Is(full, ingest.ErrEventsFull) {
		t.Errorf("no limit: %v", full)
	}
	stop()
	if s := l.Stats(); s.Added != s.Stored+s.Failed || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

// Goal: senders that are no device and such that send too much are counted and
// bounded. Method: many addresses, a small rate.
func TestUnknownAndLimitedSenders(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	l := w.traps(func(o *trap.Options) { o.Senders.Rate, o.Senders.Burst = 1, 5 })
	m := w.messages(nil)
	stranger := w.socket("stranger")
	w.mu.Lock()
	clear(w.ports)
	w.mu.Unlock()
	for _, to := range []struct{ write func() }{
		{func() { stranger.WriteTo([]byte("x"), l.Address()) }}, {func() { stranger.WriteTo([]byte("x"), m.Address()) }},
	} {
		for range 3 {
			to.write()
		}
	}
	w.until("counted", func() bool { return l.Stats().Senders.Unknown == 3 && m.Stats().Senders.Unknown == 3 })
	if u := l.Stats().Senders.UnknownSenders; len(u) != 1 || u[0].Address != "127.0.0.1" || u[0].Count != 3 {
		t.Errorf("%+v", u)
	}
	for range 20 {
		w.send("r1", l.Address(), []byte("x"))
	}
	w.until("limited", func() bool { return l.Stats().Senders.LimitedDevices["r1"] >= 14 })
	s := ingest.NewSenders(ingest.SenderOptions{Resolve: func(netip.AddrPort) (string, bool) { return "", false }})
	for i := range 1000 {
		s.Device(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 514))
	}
	if got := s.Stats(); got.Unknown != 1000 || len(got.UnknownSenders) != ingest.MaxUnknownSenders {
		t.Errorf("%d senders, %d datagrams", len(got.UnknownSenders), got.Unknown)
	}
}

// Goal: the time from a datagram to the commit that a snapshot shows is short
// while it is quiet. Method: messages one by one, more than the gap apart for
// each device.
func TestLatency(t *testing.T) {
	w := newTold(t)
	m := w.messages(func(o *syslog.Options) { o.Events.Gap = time.Millisecond })
	w.device("r1")
	var all []time.Duration
	for i := range 30 {
		start := time.Now()
		w.send("r1", m.Address(), fmt.Appendf(nil, "<29>1 2026-11-22T04:35:41Z r1 test - - - message %d", i))
		w.until("stored", func() bool { return m.Stats().Events.Stored == uint64(i+1) })
		all = append(all, time.Since(start))
		time.Sleep(2 * time.Millisecond)
	}
	slowest, sum := time.Duration(0), time.Duration(0)
	for _, d := range all {
		slowest, sum = max(slowest, d), sum+d
	}
	t.Logf("datagram to commit: mean %v, slowest %v", sum/time.Duration(len(all)), slowest)
	if sum/time.Duration(len(all)) > time.Second {
		t.Error("a second and more")
	}
}
