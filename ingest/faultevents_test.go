package ingest_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/ingest"
	"nettwin/ingest/syslog"
	"nettwin/ingest/telemetry"
	"nettwin/ingest/trap"
	"nettwin/ingest/udpnotif"
	"nettwin/ontology/yang"
)

// Goal: a flood of notifications, log messages or pushed data is counted to the
// last datagram, by what became of it, and the graph keeps no more of it than
// its limits. Method: a device writes as fast as it can to listeners whose
// queues are short, every tenth datagram damaged; with two rates: what
// devices are allowed, and far more.
func TestFaultFlood(t *testing.T) {
	const sent = 20_000
	recorded, err := fixtures.Traps()
	if err != nil {
		t.Fatal(err)
	}
	flood := func(w *told, to net.Addr, payload func(int) []byte) {
		t.Helper()
		for i := range sent {
			b := payload(i)
			if i%10 == 0 {
				b = b[:1]
			}
			w.send("r1", to, b)
		}
	}
	refused := func(by map[string]uint64) (n uint64) {
		for _, each := range by {
			n += each
		}
		return n
	}
	for name, rate := range map[string]float64{"limited": 0, "not limited": 1e9} {
		t.Run(name, func(t *testing.T) {
			w := newTold(t)
			w.device("r1")
			senders := func(o *ingest.SenderOptions) {
				if rate > 0 {
					o.Rate, o.Burst = rate, sent
				}
			}
			traps := w.traps(func(o *trap.Options) { o.Queue = 32; senders(&o.Senders) })
			messages := w.messages(func(o *syslog.Options) { o.Queue = 32; senders(&o.Senders) })
			in, err := telemetry.New(telemetry.Options{Collector: udpnotif.Collector, Sink: w.pipeline,
				Schema: func(string) (*yang.Schema, map[string]string) { return nil, nil }})
			if err != nil {
				t.Fatal(err)
			}
			options := udpnotif.Options{Address: "127.0.0.1:0", Intake: in, Queue: 32, Senders: ingest.SenderOptions{Resolve: w.resolve}}
			senders(&options.Senders)
			pushed, err := udpnotif.Listen(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- pushed.Run(t.Context()) }()

			flood(w, traps.Address(), func(i int) []byte { return recorded[i%len(recorded)].Payload })
			w.until("all traps counted", func() bool {
				s := traps.Stats()
				return s.Received+s.Kernel == sent && s.Traps+s.Informs+s.Reports+s.QueueFull+refused(s.Refused)+s.Senders.Limited+s.Senders.Unknown == s.Received
			})
			flood(w, messages.Address(), func(i int) []byte { return fmt.Appendf(nil, "<11>1 - r1 a - - - trouble %d", i) })
			w.until("all messages counted", func() bool {
				s := messages.Stats()
				return s.Received+s.Kernel == sent && s.Messages+s.QueueFull+refused(s.Refused)+s.Senders.Limited == s.Received
			})
			body := `{"a:b":{"c":"d"}}`
			flood(w, pushed.Address(), func(i int) []byte {
				return append([]byte{1<<5 | 1, 12, 0, byte(12 + len(body)), 0, 0, 0, 1, 0, 0, byte(i >> 8), byte(i)}, body...)
			})
			w.until("all pushed counted", func() bool {
				s := pushed.Stats()
				return s.Datagrams+s.Kernel == sent && s.Messages+s.Damaged+s.Dropped+s.Senders.Limited == s.Datagrams
			})
			// Every message that was read is stored, a repetition, or counted as
			// dropped or failed.
			w.until("all events known of", func() bool {
				a, b := traps.Stats(), messages.Stats()
				known := func(s ingest.EventStats) uint64 { return s.Stored + s.Failed + s.Dropped + s.Folded + s.Duplicates }
				return known(a.Events) == a.Traps+a.Informs && known(b.Events) == b.Messages && a.Events.Stored > 0 && b.Events.Stored > 0
			})
			if err := pushed.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := in.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			kept := len(w.rows(`SELECT ?e { GRAPH ?g { ?e a twin:NotableEvent } }`)) + len(w.rows(`SELECT ?e { GRAPH ?g { ?e a syslog:Message } }`))
			if kept > 4*(ingest.DefaultMaxNotable+ingest.DefaultMaxOther) {
				t.Errorf("the graph keeps %d events", kept)
			}
			t.Logf("traps %+v", traps.Stats().Events)
			t.Logf("messages %+v", messages.Stats().Events)
			t.Logf("pushed %+v", pushed.Stats())
		})
	}
}

// Goal: streams of log messages that are closed half, stop in the middle of a
// message or say nothing are ended in time and counted; what was whole before is
// in the graph, and other streams go on. Method: connections that do each, with
// a short time of idleness, and one that is well all the time and slow.
func TestFaultHalfClosed(t *testing.T) {
	w := newTold(t)
	w.device("r1")
	m := w.messages(func(o *syslog.Options) {
		o.UDP, o.TCP, o.Idle = "", "127.0.0.1:0", 400*time.Millisecond
		o.Senders.Resolve = anyone("r1")
	})
	dial := func(text string) *net.TCPConn {
		t.Helper()
		conn, err := net.Dial("tcp", m.TCPAddress().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return conn.(*net.TCPConn)
	}
	ended := func(conn *net.TCPConn) {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("something came back")
		} else if e, ok := err.(net.Error); ok && e.Timeout() {
			t.Error("the connection is not ended")
		}
	}
	well := dial("<11>1 - r1 a - - - well 0\n")
	half := dial("<11>1 - r1 a - - - before half\n40 <11>1 - r1 a")
	if err := half.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	ended(half)
	w.until("the half message", func() bool { return m.Stats().Refused["stream ended"] == 1 })
	stuck := dial("<11>1 - r1 a - - - before stuck\n<11>1 - r1 a - - - never en")
	silent := dial("")
	for i := range 8 { // slower than a message, faster than the idle time
		for _, part := range []string{"<11>1 - r1 a ", fmt.Sprint("- - - well ", i+1, "\n")} {
			if _, err := well.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(60 * time.Millisecond)
		}
	}
	ended(stuck)
	ended(silent)
	w.until("the stuck ones", func() bool { return m.Stats().Refused["stream"] >= 1 })
	w.until("all that is whole", func() bool { return m.Stats().Messages == 11 })
	m.Close()
	got := w.rows(`SELECT ?m { GRAPH ?g { ?e a syslog:Message ; twin:reportedMessage ?m } }`)
	want := []string{"before half", "before stuck"}
	for i := range 9 {
		want = append(want, fmt.Sprint("well ", i))
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Goal: who sends a flood of what is refused does not fill the log: a line for
// each sender and reason in a minute, of all no more than fifty, while every one
// is counted. Method: refusals of one sender, then of many, and time.
func TestFaultRefusals(t *testing.T) {
	var r ingest.Refusals
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	lines := func(n int, sender func(int) string, reason string) (told int) {
		for i := range n {
			if r.Add(sender(i), reason, "x", at) {
				told++
			}
		}
		return told
	}
	one := func(int) string { return "r1" }
	if n := lines(1000, one, "digest"); n != 1 {
		t.Errorf("%d lines of one sender and reason", n)
	}
	if n := lines(1000, one, "user"); n != 1 {
		t.Errorf("%d lines of another reason", n)
	}
	at = at.Add(61 * time.Second)
	if n := lines(1000, one, "digest"); n != 1 {
		t.Errorf("%d lines a minute later", n)
	}
	at = at.Add(-time.Hour) // the clock is set back
	if n := lines(1000, one, "digest"); n != 1 {
		t.Errorf("%d lines after the clock was set back", n)
	}
	at = at.Add(2 * time.Minute)
	if n := lines(5000, func(i int) string { return fmt.Sprint("r", i) }, "digest"); n == 0 || n > 50 {
		t.Errorf("%d lines of 5000 senders", n)
	}
	if by, newest := r.Counts(); by["digest"] != 8000 || by["user"] != 1000 || len(newest) > 50 {
		t.Errorf("%v, %d kept", by, len(newest))
	}
}
