package flow_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/flow"
)

// A message of IPFIX domain 1 with a template (source, destination, protocol,
// octets, packets), records, or both.
func message(template bool, records ...[]byte) []byte {
	var body []byte
	if template {
		body = append(body, 0, 2, 0, 28, 1, 0, 0, 5, 0, 8, 0, 4, 0, 12, 0, 4, 0, 4, 0, 1, 0, 1, 0, 4, 0, 2, 0, 4)
	}
	if data := slices.Concat(records...); len(data) > 0 {
		body = append(body, 1, 0)
		body = binary.BigEndian.AppendUint16(body, uint16(len(data)+4))
		body = append(body, data...)
	}
	m := []byte{0, 10}
	m = binary.BigEndian.AppendUint16(m, uint16(len(body)+16))
	m = binary.BigEndian.AppendUint32(m, 1795322190)
	return slices.Concat(m, []byte{0, 0, 0, 0, 0, 0, 0, 1}, body)
}

// tcp is a record of TCP from 10.0.0.<host> to 10.0.1.1.
func tcp(host byte, octets, packets uint32) []byte {
	r := []byte{10, 0, 0, host, 10, 0, 1, 1, 6}
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(r, octets), packets)
}

func path(host int) string { return fmt.Sprintf("flow/10.0.0.%d~10.0.1.1~6~~~~~~~~~", host) }

// counts returns octets of the window and in all, by thing.
func counts(s map[string]map[string]string) map[string][2]int {
	out := map[string][2]int{}
	for thing, f := range s {
		out[thing] = [2]int{number(f["octetDeltaCount"]), number(f["octetTotalCount"])}
	}
	return out
}

func equal(t *testing.T, what string, got, want map[string][2]int) {
	t.Helper()
	for thing, w := range want {
		if got[thing] != w {
			t.Errorf("%s: %s has %v, expected %v", what, thing, got[thing], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %v, expected %v", what, got, want)
	}
}

// Goal: windows sum, the largest conversations are stated and the others are
// in the remainder, nothing twice and nothing lost; silent ones go. Method:
// three conversations where two may be stated, over several windows.
func TestWindows(t *testing.T) {
	r := start(t, func(o *flow.Options) { o.Top = 2; o.Idle = time.Minute })
	r.send("x", message(true, tcp(1, 1000, 1), tcp(2, 500, 1), tcp(3, 100, 1)), message(false, tcp(1, 1, 1)))
	r.flush()
	s := r.sink.last(t, "x")
	equal(t, "first window", counts(things(s)), map[string][2]int{path(1): {1001, 1001}, path(2): {500, 500}, "remainder": {100, 100}})
	if f := things(s); f["remainder"]["remainderFlowCount"] != "1" || f[path(1)]["packetTotalCount"] != "2" || f[path(1)]["sourceIPv4Address"] != "10.0.0.1" ||
		f[path(1)]["protocolIdentifier"] != "6" || len(s.Complete) != 0 || len(s.Raw) != 1 {
		t.Errorf("facts %v, complete %v, %d raw items", f, s.Complete, len(s.Raw))
	}
	for _, f := range s.Facts {
		name := f.P.Value()[strings.LastIndexAny(f.P.Value(), "/#")+1:]
		if counter := strings.HasSuffix(name, "Count"); counter != f.Counter {
			t.Errorf("%s: counter %t", name, f.Counter)
		}
	}

	// The third grows: it takes the place of the second, whose counts so far
	// were stated, while its own were in the remainder.
	r.send("x", message(false, tcp(1, 1000, 1), tcp(3, 9000, 1), tcp(2, 10, 1)))
	r.flush()
	s = r.sink.last(t, "x")
	equal(t, "second window", counts(things(s)), map[string][2]int{path(1): {1000, 2001}, path(3): {9000, 9000}, "remainder": {10, 110}})
	if len(s.Raw) != 0 {
		t.Errorf("%d raw items of a window that opened no conversation", len(s.Raw))
	}

	// Nothing comes: the deltas go back to zero, once.
	r.flush()
	equal(t, "third window", counts(things(r.sink.last(t, "x"))), map[string][2]int{path(1): {0, 2001}, path(3): {0, 9000}, "remainder": {0, 110}})
	before := len(r.sink.take())
	r.flush()
	if after := r.sink.take(); len(after) != 0 || before != 3 {
		t.Errorf("%d samples, then %d of a silent device", before, len(after))
	}

	// After the time of idleness the prefix is complete, and what was silent
	// is gone.
	r.clock.advance(61 * time.Second)
	r.send("x", message(false, tcp(1, 5, 1)))
	r.flush()
	s = r.sink.last(t, "x")
	equal(t, "later", counts(things(s)), map[string][2]int{path(1): {5, 2006}, "remainder": {0, 110}})
	if !slices.Equal(s.Complete, []string{"flow"}) {
		t.Errorf("complete %v", s.Complete)
	}
	r.sink.take()
	r.clock.advance(61 * time.Second)
	r.flush()
	equal(t, "end", counts(things(r.sink.last(t, "x"))), map[string][2]int{"remainder": {0, 110}})
	if s := r.collector.Stats(); s.Conversations != 0 || s.Records != 8 {
		t.Errorf("stats %+v", s)
	}
}

// Goal: conversations beyond the limit are counted in the remainder. Method:
// more than the limit in one window.
func TestConversationLimit(t *testing.T) {
	r := start(t, func(o *flow.Options) { o.Top = 2; o.Conversations = 3 })
	var records [][]byte
	for host := range 10 {
		records = append(records, tcp(byte(host), 10, 1))
	}
	r.send("x", message(true, records...))
	r.flush()
	f := things(r.sink.last(t, "x"))
	if c := counts(f)["remainder"]; c != [2]int{80, 80} || f["remainder"]["remainderFlowCount"] != "8" || r.collector.Stats().Conversations != 3 {
		t.Errorf("remainder %v of %s flows, %d conversations", c, f["remainder"]["remainderFlowCount"], r.collector.Stats().Conversations)
	}
}

// Goal: a sample that the pipeline does not take is made up for. Method: a
// sink that fails once.
func TestSampleNotTaken(t *testing.T) {
	r := start(t, func(o *flow.Options) { o.Idle = time.Minute })
	r.clock.advance(time.Hour)
	r.sink.fail = errors.New("the disk is full")
	r.send("x", message(true, tcp(1, 10, 1)))
	if err := r.collector.Flush(context.Background()); err == nil {
		t.Error("flush tells no error")
	}
	if d := r.collector.Devices(); len(d) != 1 || d[0].LastError == "" || r.collector.Stats().SampleErrors != 1 {
		t.Errorf("devices %+v", d)
	}
	r.sink.fail = nil
	r.flush()
	equal(t, "again", counts(things(r.sink.last(t, "x"))), map[string][2]int{path(1): {0, 10}, "remainder": {0, 0}})
	if d := r.collector.Devices(); d[0].LastError != "" {
		t.Errorf("devices %+v", d)
	}
}

// Goal: who belongs to no device is counted and told, and does no harm.
// Method: a stranger's datagrams; more addresses than are remembered cannot
// be had on loopback, so the limit is tested with what a resolver refuses.
func TestUnknownExporter(t *testing.T) {
	r := start(t, nil)
	r.send("stranger", message(true, tcp(1, 10, 1)), []byte("garbage"))
	r.send("x", message(true, tcp(2, 10, 1)))
	r.flush()
	u := r.collector.Unknown()
	if len(u) != 1 || u[0].Address != "127.0.0.1" || u[0].Datagrams != 2 || r.collector.Stats().Unknown != 2 || r.collector.Stats().Records != 1 {
		t.Errorf("unknown %+v, stats %+v", u, r.collector.Stats())
	}
}

// Goal: after a restart data are decoded without templates being sent again,
// options are remembered too, and conversations that the graph holds from
// before go when they stay silent. Method: two collectors with one file.
func TestRestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "templates")
	first := start(t, func(o *flow.Options) { o.StateFile = file })
	// Scope: the domain; option: one packet of 4.
	options := []byte{0, 10, 0, 52, 0x6B, 2, 0x71, 0x4F, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 3, 0, 18, 1, 44, 0, 2, 0, 1, 0, 149, 0, 4, 0, 34, 0, 4, 1, 44, 0, 12, 0, 0, 0, 1, 0, 0, 0, 4}
	options[3] = byte(len(options))
	first.send("x", message(true, tcp(1, 10, 1)), options)
	first.flush()
	first.collector.Close()

	second := start(t, func(o *flow.Options) { o.StateFile = file; o.Idle = time.Minute })
	if err := second.collector.StateError(); err != nil {
		t.Fatal(err)
	}
	second.send("x", message(false, tcp(2, 10, 1)))
	second.flush()
	s := second.sink.last(t, "x")
	equal(t, "after the restart", counts(things(s)), map[string][2]int{path(2): {40, 40}, "remainder": {0, 0}})
	if f := things(s)[path(2)]; f["samplingSize"] != "1" || f["samplingPopulation"] != "4" || len(s.Complete) != 0 {
		t.Errorf("%v, complete %v", f, s.Complete)
	}
	second.flush()
	second.sink.take()
	second.clock.advance(2 * time.Minute)
	second.flush()
	if s := second.sink.last(t, "x"); !slices.Equal(s.Complete, []string{"flow"}) || len(things(s)) != 1 {
		t.Errorf("complete %v, things %v", s.Complete, things(s))
	}
	if d := second.collector.Domains(); len(d) != 1 || d[0].Templates != 2 || d[0].Sampling != "1:4" {
		t.Errorf("domains %+v", d)
	}
}

// Goal: a device whose exporter stays silent after a restart loses its old
// conversations. Method: a second collector that hears nothing.
func TestRestartInSilence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "templates")
	first := start(t, func(o *flow.Options) { o.StateFile = file })
	first.send("x", message(true, tcp(1, 10, 1)))
	first.collector.Close()
	second := start(t, func(o *flow.Options) { o.StateFile = file })
	second.flush()
	if early := second.sink.take(); len(early) != 0 {
		t.Errorf("%d samples before the time of idleness", len(early))
	}
	second.clock.advance(flow.DefaultIdle)
	second.flush()
	s := second.sink.last(t, "x")
	if !slices.Equal(s.Complete, []string{"flow"}) || !s.Ended.Equal(time.Date(2026, 11, 22, 4, 36, 30, 0, time.UTC)) {
		t.Errorf("complete %v, contact %v", s.Complete, s.Ended)
	}
}

// Goal: a file of templates that is damaged does not stop the collector, is
// kept, and is named. Method: damages of a good file.
func TestDamagedState(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "templates")
	first := start(t, func(o *flow.Options) { o.StateFile = file })
	first.send("x", message(true, tcp(1, 10, 1)))
	first.collector.Close()
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(good)
	flipped[len(good)/2+20] ^= 1
	for name, text := range map[string][]byte{"flipped": flipped, "cut": good[:len(good)-7], "empty": {},
		"later version": []byte(strings.Replace(string(good), "state 1 ", "state 2 ", 1))} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "templates")
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			r := start(t, func(o *flow.Options) { o.StateFile = file })
			err := r.collector.StateError()
			if !errors.Is(err, flow.ErrState) || !strings.Contains(err.Error(), file+".bad-20261122T043630Z") {
				t.Fatalf("error %v", err)
			}
			if kept, err := os.ReadFile(file + ".bad-20261122T043630Z"); err != nil || string(kept) != string(text) {
				t.Errorf("kept %q, %v", kept, err)
			}
			r.send("x", message(true, tcp(1, 10, 1)))
			r.flush()
			if r.collector.Stats().Records != 1 || r.collector.StateError() != nil {
				t.Errorf("stats %+v, %v", r.collector.Stats(), r.collector.StateError())
			}
			if again, err := os.ReadFile(file); err != nil || len(again) == 0 {
				t.Errorf("no new file: %v", err)
			}
		})
	}
}

// Goal: a device that is not ready is not stated, and nothing of it is lost.
// Method: two devices, one of which becomes ready later.
func TestReady(t *testing.T) {
	var ready atomic.Bool
	r := start(t, func(o *flow.Options) { o.Ready = func(device string) bool { return device != "x" || ready.Load() } })
	r.send("x", message(true, tcp(1, 100, 1)))
	r.send("r1", message(true, tcp(1, 7, 1)))
	r.flush()
	if s := r.sink.take(); len(s) != 1 || s[0].Device != "r1" {
		t.Errorf("%d samples", len(s))
	}
	r.send("x", message(false, tcp(1, 11, 1)))
	ready.Store(true)
	r.flush()
	s := r.sink.last(t, "x")
	equal(t, "ready", counts(things(s)), map[string][2]int{path(1): {111, 111}, "remainder": {0, 0}})
	if len(s.Raw) != 1 {
		t.Errorf("%d raw items", len(s.Raw))
	}
}

// stuck is a sink that takes its time.
type stuck struct {
	sink
	entered, leave chan struct{}
}

func (s *stuck) Apply(ctx context.Context, sample *ingest.Sample) (ingest.Report, error) {
	s.entered <- struct{}{}
	<-s.leave
	return s.sink.Apply(ctx, sample)
}

// Goal: a store that is busy makes windows longer and loses nothing. Method: a
// sink that is held while two short windows go by with records.
func TestBusyStore(t *testing.T) {
	s := &stuck{entered: make(chan struct{}, 100), leave: make(chan struct{})}
	r := start(t, func(o *flow.Options) { o.Sink = s; o.Window = 5 * time.Millisecond })
	r.send("x", message(true, tcp(1, 100, 1)))
	<-s.entered
	r.send("x", message(false, tcp(1, 10, 1)))
	late := r.collector.Stats().WindowsLate
	for end := time.Now().Add(10 * time.Second); r.collector.Stats().WindowsLate < late+2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no window was late")
		}
	}
	r.send("x", message(false, tcp(1, 1, 1)))
	close(s.leave)
	r.flush()
	last := s.last(t, "x")
	if total := counts(things(last))[path(1)][1]; total != 111 {
		t.Errorf("%d octets in all, expected 111", total)
	}
	sum := 0
	for _, sample := range s.take() {
		sum += counts(things(sample))[path(1)][0]
	}
	if sum != 111 {
		t.Errorf("windows come to %d octets, expected 111", sum)
	}
}

// Goal: options that cannot work are refused with what is wrong. Method: each
// alone.
func TestOptions(t *testing.T) {
	good := flow.Options{Address: "127.0.0.1:0", Tables: tables(t), Sink: &sink{}, Resolve: func(netip.AddrPort) (string, bool) { return "", false }}
	for want, change := range map[string]func(*flow.Options){
		"Tables":        func(o *flow.Options) { o.Tables = nil },
		"Sink":          func(o *flow.Options) { o.Sink = nil },
		"Resolve":       func(o *flow.Options) { o.Resolve = nil },
		"Address":       func(o *flow.Options) { o.Address = "" },
		"negative":      func(o *flow.Options) { o.Window = -1 },
		"Conversations": func(o *flow.Options) { o.Conversations = 1 },
		"203.0.113.1":   func(o *flow.Options) { o.Address = "203.0.113.1:4739" },
	} {
		o := good
		change(&o)
		if c, err := flow.Listen(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
			if c != nil {
				c.Close()
			}
		}
	}
	c, err := flow.Listen(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Error(err)
	}
	if err := c.Run(t.Context()); err != nil {
		t.Errorf("run of a closed collector: %v", err)
	}
	if err := c.Flush(t.Context()); !errors.Is(err, flow.ErrClosed) {
		t.Errorf("flush of a closed collector: %v", err)
	}
}
