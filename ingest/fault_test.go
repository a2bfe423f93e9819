package ingest_test

// What goes wrong with devices and with the machine, by the test that plays it.
// A dash: the protocol has no such thing; "shared": what is behind the
// protocols plays it here, for all of them.
//
//	           SNMP          NETCONF        RESTCONF     gNMI          flow, sFlow         traps, syslog          MDT, UDP-notif
//	silent     TestTimeout   TestRefused    TestFaults   TestFaults    TestRestartInSilence -                     -
//	slow       TestFaultAgent TestFaults    TestFaults   TestFaults    TestBusyStore       TestFaultHalfClosed    TestFaultHalfClosed
//	lying      TestFaultAgent TestLies      TestWrongTypes TestWrong   TestBlastRadius     TestMalformed          TestDamaged
//	           TestLoop                                                TestSFlowDamage     TestBrokenMessages
//	flapping   TestFaultAgent TestWatchAgain TestWatchAgain TestStreamAgain TestSequence   TestEventStorm         shared
//	half-closed -            TestFaults     TestFaults   TestFaults    -                   TestFaultHalfClosed    TestFaultHalfClosed
//	no template -            -              -            -             TestMissingTemplate -                      -
//	                                                                   TestFaultNoTemplate
//	flood      TestPartial   TestInParts    TestOneNodeFails  TestFlood     TestFaultFlood      TestFaultFlood         TestFlood,
//	                                                     TestFaults    TestConversationLimit TestEventStorm       TestFaultFlood
//	disk full  TestFaultDisk, TestFaultItems (shared)                  TestSampleNotTaken  TestEventsThatFail     TestNotTaken
//	clock      TestFaultClock (shared)                   TestClockSkew TestFaultClock      shared                 shared
//	restart    TestRestart, TestKill, TestInterrupt of cmd/nettwin     TestRestart         TestEventRestart       shared
//
// Tests of one protocol lie beside it; the decoders' fuzz targets play lies of
// every kind.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/simulate/smi"
	simulate "nettwin/internal/simulate/snmp"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology/mib"
)

// The objects of the device that is faulty.
var (
	faultDescr   = smi.MustOID("1.3.6.1.2.1.1.1.0")
	faultName    = smi.MustOID("1.3.6.1.2.1.1.5.0")
	faultIfEntry = smi.MustOID("1.3.6.1.2.1.2.2.1")
)

const faultInterfaces = 5

// faultTable is an honest device.
func faultTable(t *testing.T) *simulate.Table {
	t.Helper()
	rows := []smi.Varbind{{OID: faultDescr, Value: smi.Octets("an honest switch")}, {OID: faultName, Value: smi.Octets("r1")}}
	for i := uint32(1); i <= faultInterfaces; i++ {
		for column, v := range map[uint32]smi.Value{1: smi.Integer(int32(i)), 2: smi.Octets(fmt.Sprint("port", i)), 3: smi.Integer(6), 7: smi.Integer(1),
			8: smi.Integer(1), 10: smi.Counter32(1000 * i)} {
			rows = append(rows, smi.Varbind{OID: faultIfEntry.Append(column, i), Value: v})
		}
	}
	table, err := simulate.NewTable(rows)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// polled is a told twin that reads one agent.
type polled struct {
	*told
	agent     *simulate.Agent
	scheduler *ingest.Scheduler
}

func faultCollector(t *testing.T) *snmp.Collector {
	t.Helper()
	tables, err := mib.Load(knowledge(), "map")
	if err != nil {
		t.Fatal(err)
	}
	c, err := snmp.New(snmp.Options{Tables: tables, Timeout: 200 * time.Millisecond, Retries: -1,
		Credentials: func(ingest.Target) (snmp.Credential, error) { return snmp.Credential{Community: "public"}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// poll reads an agent of a table every 100 ms until the test ends.
func (w *told) poll(table *simulate.Table, to ingest.Sink) *polled {
	w.Helper()
	agent, err := simulate.Listen(w.Context(), "127.0.0.1:0", simulate.Options{State: table, Communities: []string{"public"}})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { agent.Close() })
	s, err := ingest.NewScheduler(ingest.SchedulerOptions{Pipeline: to, LostAfter: 2, MaxBackoff: 100 * time.Millisecond, Targets: []ingest.ScheduledTarget{
		{Target: ingest.Target{Name: "r1", Address: agent.Addr().String()}, Period: 100 * time.Millisecond, Collector: faultCollector(w.T)}}})
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.Error(err)
		}
	})
	return &polled{w, agent, s}
}

// reach waits until the target is in a state that a reading begun from now on
// brought, a whole one if it is in sync.
func (p *polled) reach(state ingest.State) {
	p.Helper()
	from := time.Now()
	p.until("state "+string(state), func() bool {
		s := p.scheduler.Status()[0]
		return s.State == state && s.LastTry.After(from) && (state != ingest.StateInSync || s.LastError == "")
	})
}

// holds is what a graph holds, without uptime and the times of contact.
func (w *told) holds(name string) []string {
	return w.rows(`SELECT ?s ?p ?o { GRAPH <` + eventBase + name + `> { ?s ?p ?o }
		FILTER(?p NOT IN (twin:lastContact, twin:lastError, twin:lastSeen, twin:syncState, <` + mib.NS + `SNMPv2-MIB/sysUpTime>)) }`)
}

const faultGraph = "graph/source/snmp/r1"

// Goal: a device that flaps, is slow, or lies leaves nothing behind: when it is
// well again the graph holds what it held, no more; and provenance does not grow
// with each flap. Method: an agent read every 100 ms into a graph, silenced,
// delayed, and given values of wrong types, counters that run backwards, and
// rows that cannot be, again and again.
func TestFaultAgent(t *testing.T) {
	w := newTold(t)
	table := faultTable(t)
	p := w.poll(table, w.pipeline)
	p.reach(ingest.StateInSync)
	honest := w.holds(faultGraph)
	if len(honest) < 6*faultInterfaces {
		t.Fatalf("%d statements", len(honest))
	}
	same := func(what string) {
		t.Helper()
		p.reach(ingest.StateInSync)
		if got := w.holds(faultGraph); !slices.Equal(got, honest) {
			t.Errorf("after %s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(honest, "\n"))
		}
	}
	known := len(w.holds("graph/provenance"))
	for range 3 {
		p.agent.SetSilent(true)
		p.reach(ingest.StateLost)
		if got := w.holds(faultGraph); !slices.Equal(got, honest) {
			t.Fatal("what a silent device said is forgotten")
		}
		p.agent.SetSilent(false)
		same("silence")
	}
	if n := len(w.holds("graph/provenance")); n != known {
		t.Errorf("provenance grew from %d to %d statements by flapping", known, n)
	}
	p.agent.SetDelay(10 * time.Millisecond)
	same("slowness")
	p.agent.SetDelay(0)

	set := func(oid smi.OID, v smi.Value) {
		t.Helper()
		if err := table.Set(oid, v); err != nil {
			t.Fatal(err)
		}
	}
	lies := map[smi.OID]smi.Value{
		faultDescr:                    smi.Counter64(1 << 63),                // a number for text
		faultName:                     smi.Octets("r1\x00\xff\xfe"),          // no UTF-8
		faultIfEntry.Append(1, 2):     smi.Integer(77),                       // an index that is another's
		faultIfEntry.Append(3, 1):     smi.Octets("ethernet"),                // text for a number
		faultIfEntry.Append(7, 3):     smi.Integer(-5),                       // no such enumeration
		faultIfEntry.Append(8, 2):     smi.Null(),                            // nothing
		faultIfEntry.Append(8, 4):     smi.ObjectID(smi.MustOID("1.3.6.1")),  // a name for a number
		faultIfEntry.Append(10, 1):    smi.Integer(-1000),                    // a negative counter
		faultIfEntry.Append(10, 2):    smi.Octets(strings.Repeat("9", 2000)), // a counter of 2000 digits
		faultIfEntry.Append(10, 3):    smi.Counter64(1<<64 - 1),              // a counter beyond its type
		faultIfEntry.Append(10, 0):    smi.Counter32(5),                      // of no interface
		faultIfEntry.Append(10, 1, 9): smi.Counter32(5),                      // an index of two parts
		faultIfEntry.Append(2, 1<<31): smi.Octets("port of no row"),
		faultIfEntry.Append(200, 1):   smi.Integer(1), // a column that there is not
	}
	truth := map[smi.OID]smi.Value{}
	for oid := range lies {
		if v, ok := table.Get(oid); ok {
			truth[oid] = v
		}
	}
	for range 3 {
		for oid, v := range lies {
			set(oid, v)
		}
		p.reach(ingest.StateInSync)
		if rows := w.rows(`SELECT ?n { GRAPH <` + eventBase + faultGraph + `> { ?s <` + mib.NS + `IF-MIB/ifDescr> ?n } }`); !slices.Contains(rows, "port5") {
			t.Errorf("lies cost what is true beside them: %v", rows)
		}
		for oid := range lies {
			if v, ok := truth[oid]; ok {
				set(oid, v)
			} else {
				table.Delete(oid)
			}
		}
		same("lies")
	}
	// A counter that runs backwards has the newest value, and one only.
	for _, n := range []uint32{4_000_000_000, 3, 0, 1000} {
		set(faultIfEntry.Append(10, 1), smi.Counter32(n))
		p.reach(ingest.StateInSync)
		rows := w.rows(`SELECT ?n { GRAPH <` + eventBase + faultGraph + `> { <` + eventBase + faultGraph + `/ifTable/1> <` + mib.NS + `IF-MIB/ifInOctets> ?n } }`)
		if !slices.Equal(rows, []string{fmt.Sprint(n)}) {
			t.Errorf("ifInOctets %v, want %d", rows, n)
		}
	}
	same("counters that run backwards")
}

// medium is a file system that says how much is free, and whose writes fail
// while it is full.
type medium struct {
	vfs.FS
	full atomic.Bool
}

func newMedium() *medium {
	m := &medium{}
	m.FS = vfs.Inject(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
		if m.full.Load() && op.Kind == vfs.OpWrite {
			return vfs.Fault{Err: syscall.ENOSPC, Done: op.Len / 2}
		}
		return vfs.Fault{}
	})
	return m
}

func (m *medium) FreeBytes(string) (int64, error) {
	if m.full.Load() {
		return 0, nil
	}
	return 1 << 40, nil
}

// Goal: while the medium is full readings go on and are refused with a reason
// that stands in the status; when there is room again the next reading puts the
// graph right, without a restart, and nothing half written is there. Method: an
// agent read every 100 ms into an engine whose medium fills up, with items on
// another one.
func TestFaultDisk(t *testing.T) {
	m := newMedium()
	faultMedium(t, m, vfs.NewMem(), m)
}

// Goal and method as of TestFaultDisk, where it is the items that have no room:
// their writes fail in the middle.
func TestFaultItems(t *testing.T) {
	m := newMedium()
	faultMedium(t, vfs.NewMem(), m, m)
}

func faultMedium(t *testing.T, forGraph, forItems vfs.FS, m *medium) {
	store, err := disk.Open("graph", disk.Options{FS: forGraph, Base: eventBase})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	kept, err := items.Open("items", items.Options{FS: forItems})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	pipeline, err := ingest.NewPipeline(ingest.Options{Store: store, Items: kept, Base: eventBase, Knowledge: knowledge()})
	if err != nil {
		t.Fatal(err)
	}
	table := faultTable(t)
	p := (&told{T: t}).poll(table, pipeline)
	p.reach(ingest.StateInSync)
	said := func() string {
		t.Helper()
		snapshot, err := store.Snapshot(graph.At{})
		if err != nil {
			t.Fatal(err)
		}
		defer snapshot.Close()
		g := naming.SourceGraph(eventBase, "snmp", "r1")
		var ids [2]graph.TermID
		if err := snapshot.IDs([]rdf.Term{g, rdf.IRI(mib.NS + "SNMPv2-MIB/sysDescr")}, ids[:]); err != nil {
			t.Fatal(err)
		}
		pattern := graph.Pattern{}
		pattern[graph.G], pattern[graph.P] = ids[0], ids[1]
		cursor, err := snapshot.Scan(pattern, graph.BestOrder(pattern))
		if err != nil {
			t.Fatal(err)
		}
		defer cursor.Close()
		var out []string
		for {
			chunk, err := cursor.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if chunk == nil {
				return strings.Join(out, " and ")
			}
			terms := make([]rdf.Term, chunk.Len())
			if err := snapshot.Terms(chunk.Cols[graph.O], terms); err != nil {
				t.Fatal(err)
			}
			for _, term := range terms {
				out = append(out, term.Value())
			}
		}
	}
	if got := said(); got != "an honest switch" {
		t.Fatalf("the device says %q", got)
	}
	for round := range 3 {
		before := said()
		m.full.Store(true)
		next := fmt.Sprint("another switch ", round)
		if err := table.Set(faultDescr, smi.Octets(next)); err != nil {
			t.Fatal(err)
		}
		p.until("refused", func() bool { return p.scheduler.Status()[0].Failures > 1 })
		if text := p.scheduler.Status()[0].LastError; !strings.Contains(text, "no room on the medium") && !strings.Contains(text, "no space left") {
			t.Errorf("the status says %q", text)
		}
		if got := said(); got != before {
			t.Errorf("a refused reading is in the graph: %q", got)
		}
		m.full.Store(false)
		p.until("taken again", func() bool { s := p.scheduler.Status()[0]; return s.Failures == 0 && said() == next })
	}
	p.reach(ingest.StateInSync)
}

// Goal: a clock that jumps, years ahead and back, costs no reading, no event
// and no device its due: the newest reading is what the graph holds, it is
// stated once, and the limits of devices forgive. Method: samples whose times
// jump; senders and a pace with a clock that does.
func TestFaultClock(t *testing.T) {
	w := newTold(t)
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	jumps := []time.Duration{0, time.Minute, -time.Hour, 10 * 365 * 24 * time.Hour, -56 * 365 * 24 * time.Hour, time.Second, time.Second, 0}
	for i, jump := range jumps {
		at := start.Add(jump)
		name := fmt.Sprint("name", i)
		report, err := w.pipeline.Apply(t.Context(), &ingest.Sample{Collector: "snmp", Device: "r1", Started: at.Add(time.Second), Ended: at, Complete: []string{"system"},
			Raw:   []ingest.RawItem{{Label: "x", Bytes: []byte(name)}},
			Facts: []ingest.Fact{{Thing: "system", P: rdf.IRI(mib.NS + "SNMPv2-MIB/sysContact"), O: rdf.String(name)}}})
		if err != nil {
			t.Fatalf("jump by %v: %v", jump, err)
		}
		if report.Minted != (i == 0) || report.StateAdds != 1 {
			t.Errorf("jump by %v: %+v", jump, report)
		}
		if rows := w.rows(`SELECT ?n { GRAPH <` + eventBase + faultGraph + `> { ?s <` + mib.NS + `SNMPv2-MIB/sysContact> ?n } }`); !slices.Equal(rows, []string{name}) {
			t.Errorf("jump by %v: the graph says %v", jump, rows)
		}
		contacts := w.rows(`SELECT ?at { GRAPH <` + eventBase + `graph/provenance> { <` + eventBase + faultGraph + `> twin:lastContact ?at } }`)
		if !slices.Equal(contacts, []string{at.Format(time.RFC3339)}) {
			t.Errorf("jump by %v: last contact %v", jump, contacts)
		}
	}
	if n := len(w.rows(`SELECT ?a { GRAPH <` + eventBase + `graph/provenance> { ?a a <http://www.w3.org/ns/prov#Activity> } }`)); n != len(jumps) {
		t.Errorf("%d activities of %d changes", n, len(jumps))
	}

	c := &jumpingClock{now: start}
	senders := ingest.NewSenders(ingest.SenderOptions{Resolve: w.resolve, Rate: 1, Burst: 10, Clock: c})
	for range 10 {
		if !senders.Admit("r1") {
			t.Fatal("the burst is not taken")
		}
	}
	if senders.Admit("r1") {
		t.Fatal("there is no limit")
	}
	c.now = c.now.Add(-24 * time.Hour)
	senders.Admit("r1")
	c.now = c.now.Add(2 * time.Second)
	if !senders.Admit("r1") {
		t.Error("a device is silenced for a day because the clock went back by one")
	}
	c.now = c.now.Add(100 * 365 * 24 * time.Hour)
	taken := 0
	for range 100 {
		if senders.Admit("r1") {
			taken++
		}
	}
	if taken != 10 {
		t.Errorf("%d are taken at once after a jump ahead, the limit is 10", taken)
	}

	pace := ingest.NewPace(ingest.PaceOptions{RequestsPerSecond: 1, BytesPerSecond: 1000, Clock: c})
	c.now, c.slept = c.now.Add(-24*time.Hour), 0
	for range 3 {
		if err := pace.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if c.slept > 5*time.Second {
		t.Errorf("three requests at one a second wait for %v because the clock went back", c.slept)
	}
}

// jumpingClock is a clock that a test sets; sleeping advances it.
type jumpingClock struct {
	now   time.Time
	slept time.Duration
}

func (c *jumpingClock) Now() time.Time { return c.now }

func (c *jumpingClock) Sleep(_ context.Context, d time.Duration) error {
	c.now, c.slept = c.now.Add(d), c.slept+d
	return nil
}
