package netconf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/internal/clock"
	"nettwin/internal/netconf"
)

// TestVersions: the framing is chunked if both sides announce base:1.1, else
// delimited (RFC 6242 §4.1); the server's own framing in server_test.go
// understands only that.
func TestVersions(t *testing.T) {
	for _, caps := range [][]string{{cap10}, {cap11}, {cap10, cap11}} {
		s := start(t, caps, nil, func(p *scripted) {
			p.answer(func(op string) string {
				if op != "<get></get>" {
					return "<rpc-error><error-tag>" + op + "</error-tag></rpc-error>"
				}
				return "<data><a xmlns='urn:a'>1</a></data>"
			})
		})
		r, err := s.Get(t.Context(), netconf.Query{})
		if err != nil || string(r.Body()) != "<data><a xmlns='urn:a'>1</a></data>" || r.OK {
			t.Errorf("%v: %+v, %v", caps, r, err)
		}
		if s.SessionID() != 7 || !s.Has(caps[0]) || s.Has(":candidate") {
			t.Errorf("%v: session %d, capabilities %q", caps, s.SessionID(), s.Capabilities())
		}
		if err := s.CloseSession(t.Context()); err == nil {
			t.Error("an rpc-error to close-session went unnoticed")
		}
	}
}

// TestBadHello: what a server may say instead of a hello is told, and no
// session comes of it.
func TestBadHello(t *testing.T) {
	for name, c := range map[string]struct {
		hello string
		want  error
	}{
		"no session-id": {strings.Replace(helloText(cap10), "<session-id>7</session-id>", "", 1), netconf.ErrProtocol},
		"session-id 0":  {strings.Replace(helloText(cap10), ">7<", ">0<", 1), netconf.ErrProtocol},
		"no base":       {helloText(capPrefix + "candidate:1.0"), netconf.ErrProtocol},
		"not XML":       {"Welcome to r1", netconf.ErrProtocol},
		"other root":    {"<rpc/>", netconf.ErrProtocol},
		"too large":     {"<hello>" + strings.Repeat("<a>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</a>", 90_000), netconf.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := open(t, c.hello, nil, func(p *scripted) { p.read() })
			if !errors.Is(err, c.want) || s != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestSilentServer: a server that says nothing is given up in time.
func TestSilentServer(t *testing.T) {
	began := time.Now()
	_, err := open(t, "", func(c *netconf.Config) { c.Timeout = 50 * time.Millisecond }, func(p *scripted) { p.read() })
	if err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

// fakeClock records what it is asked to sleep.
type fakeClock struct {
	clock.System
	slept []time.Duration
}

func (c *fakeClock) Sleep(_ context.Context, d time.Duration) error {
	c.slept = append(c.slept, d)
	return nil
}

// TestHelloDelay: a session is handed out 50 ms after the hello, by the
// clock: some servers lose a request that comes together with it.
func TestHelloDelay(t *testing.T) {
	fake := &fakeClock{}
	start(t, allCapabilities, func(c *netconf.Config) { c.HelloDelay, c.Clock = 0, fake }, func(p *scripted) { p.read() })
	if len(fake.slept) != 1 || fake.slept[0] != 50*time.Millisecond {
		t.Errorf("slept %v", fake.slept)
	}
}

// TestPipelining: requests under way at the same time get their own replies,
// though the server answers in reverse order.
func TestPipelining(t *testing.T) {
	const n = 8
	s := start(t, allCapabilities, nil, func(p *scripted) {
		ids, ops := make([]string, n), make([]string, n)
		for i := range n {
			ids[i], ops[i] = p.request()
		}
		for i := n - 1; i >= 0; i-- {
			p.reply(ids[i], "<data>"+ops[i]+"</data>")
		}
		p.read()
	})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			op := fmt.Sprintf(`<x xmlns="urn:x">%d</x>`, i)
			r, err := s.RPC(t.Context(), op)
			if err != nil || string(r.Body()) != "<data>"+op+"</data>" {
				t.Errorf("%s: %v, %v", op, r, err)
			}
		})
	}
	wg.Wait()
}

// TestMaxPending: the limit makes further requests wait for a place, and
// their context ends the wait.
func TestMaxPending(t *testing.T) {
	release := make(chan struct{})
	s := start(t, allCapabilities, func(c *netconf.Config) { c.MaxPending = 1 }, func(p *scripted) {
		id, _ := p.request()
		<-release
		p.reply(id, "<ok/>")
		p.answer(func(string) string { return "<ok/>" })
	})
	first := make(chan error)
	go func() { _, err := s.RPC(t.Context(), "<a/>"); first <- err }()
	for { // until the first has the place
		_, err := s.RPC(within(t, 20*time.Millisecond), "<b/>")
		if errors.Is(err, netconf.ErrTimeout) {
			break
		}
		t.Log(err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if _, err := s.RPC(t.Context(), "<c/>"); err != nil {
		t.Error(err)
	}
}

// TestTimeout: a call without answer ends by its own deadline or by the
// configured one, and the session goes on; the late reply is dropped.
func TestTimeout(t *testing.T) {
	s := start(t, allCapabilities, func(c *netconf.Config) { c.Timeout = 2 * time.Second }, func(p *scripted) {
		late, _ := p.request()
		cancelled, _ := p.request()
		id, _ := p.request()
		p.reply(late, "<ok/>")
		p.reply("999", "<ok/>")
		p.reply(cancelled, "<ok/>")
		p.reply(id, "<data/>")
		p.read()
	})
	_, err := s.RPC(within(t, 30*time.Millisecond), "<a/>")
	if !errors.Is(err, netconf.ErrTimeout) || netconf.Classify(err) != netconf.Transient || !strings.Contains(err.Error(), "r1: a: ") {
		t.Errorf("late: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	if _, err = s.RPC(ctx, "<b/>"); !errors.Is(err, context.Canceled) || netconf.Classify(err) != netconf.Permanent {
		t.Errorf("cancelled: %v", err)
	}
	if r, err := s.RPC(t.Context(), "<c/>"); err != nil || string(r.Body()) != "<data/>" {
		t.Errorf("after them: %v, %v", r, err)
	}
}

// TestConfiguredTimeout: Config.Timeout counts where the context has none.
func TestConfiguredTimeout(t *testing.T) {
	s := start(t, allCapabilities, func(c *netconf.Config) { c.Timeout = 50 * time.Millisecond }, func(p *scripted) { p.read(); p.read() })
	if _, err := s.RPC(t.Context(), "<a/>"); !errors.Is(err, netconf.ErrTimeout) {
		t.Error(err)
	}
}

// TestLost: when the transport ends, in the middle of a reply or before it,
// all calls and later ones say so.
func TestLost(t *testing.T) {
	for name, rest := range map[string]string{"before": "", "inside": "\n#4\n<rpc"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, allCapabilities, nil, func(p *scripted) {
				p.request()
				p.request()
				io.WriteString(p.conn, rest)
			})
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					if _, err := s.RPC(t.Context(), "<a/>"); !errors.Is(err, netconf.ErrLost) || netconf.Classify(err) != netconf.Transient {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			<-s.Done()
			if _, err := s.RPC(t.Context(), "<a/>"); !errors.Is(err, netconf.ErrLost) {
				t.Errorf("later: %v", err)
			}
			if !errors.Is(s.Err(), netconf.ErrLost) {
				t.Errorf("Err: %v", s.Err())
			}
		})
	}
}

// TestBrokenMessages: what breaks the framing or has no readable root ends
// the session; what is broken inside a reply fails its call only.
func TestBrokenMessages(t *testing.T) {
	for name, c := range map[string]struct {
		wire string
		ends bool
	}{
		"framing":           {"\n#x", true},
		"no root":           {"\n#4\ntext\n##\n", true},
		"document type":     {"\n#9\n<!DOCTYPE\n##\n", true},
		"long header":       {"\n#70000\n<a x='" + strings.Repeat("a", 69_994) + "\n##\n", true},
		"error not closed":  {chunk(replyPrefix + `1"><rpc-error><error-tag></rpc-reply>`), false},
		"reply not closed":  {chunk(replyPrefix + `1"><ok/>`), false},
		"unexpected answer": {chunk(replyPrefix + `1"><data/></rpc-reply>`), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, allCapabilities, nil, func(p *scripted) {
				p.request()
				io.WriteString(p.conn, c.wire)
				p.answer(func(string) string { return "<ok/>" })
			})
			err := s.Discard(t.Context())
			if !errors.Is(err, netconf.ErrProtocol) || netconf.Classify(err) != netconf.Corrupt {
				t.Errorf("%v", err)
			}
			if err := s.Discard(t.Context()); (err != nil) != c.ends {
				t.Errorf("afterwards: %v, want the session ended %v", err, c.ends)
			}
		})
	}
}

func chunk(text string) string { return fmt.Sprintf("\n#%d\n%s\n##\n", len(text), text) }

// TestOtherMessages: a message with another root is dropped, one without
// message-id answers the only request there is.
func TestOtherMessages(t *testing.T) {
	s := start(t, allCapabilities, nil, func(p *scripted) {
		p.request()
		p.write("<surprise/>")
		p.write(`<rpc-reply><rpc-error><error-tag>missing-attribute</error-tag></rpc-error></rpc-reply>`)
		p.read()
	})
	if _, err := s.RPC(t.Context(), "<a/>"); !netconf.HasTag(err, "missing-attribute") {
		t.Error(err)
	}
}

// TestTooLarge: a reply beyond the limit for collecting fails its call only;
// beyond the limit of any message it ends the session.
func TestTooLarge(t *testing.T) {
	limits := func(c *netconf.Config) { c.MaxMessageBytes, c.MaxStreamBytes = 1000, 5000 }
	s := start(t, allCapabilities, limits, func(p *scripted) {
		p.answer(func(op string) string {
			return "<data>" + strings.Repeat("a", map[string]int{"<a/>": 2000, "<b/>": 800, "<c/>": 6000}[op]) + "</data>"
		})
	})
	_, err := s.RPC(t.Context(), "<a/>")
	if !errors.Is(err, netconf.ErrTooLarge) || s.Err() != nil {
		t.Errorf("%v, session %v", err, s.Err())
	}
	if _, err := s.RPC(t.Context(), "<b/>"); err != nil {
		t.Error(err)
	}
	if err := s.RPCTo(t.Context(), "<a/>", io.Discard); err != nil {
		t.Error(err)
	}
	if err := s.RPCTo(t.Context(), "<c/>", io.Discard); !errors.Is(err, netconf.ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if <-s.Done(); !errors.Is(s.Err(), netconf.ErrTooLarge) {
		t.Errorf("session %v", s.Err())
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestStream: a streamed reply arrives whole, first byte to last; errors and
// ok are found; a writer that fails concerns its call only.
func TestStream(t *testing.T) {
	long := "<data>" + strings.Repeat("<a>1</a>", 10_000) + "</data>"
	s := start(t, allCapabilities, nil, func(p *scripted) {
		p.answer(func(op string) string {
			switch op {
			case "<long/>":
				return long
			case "<bad/>":
				return "<rpc-error><error-tag>in-use</error-tag></rpc-error>"
			}
			return " <ok/>"
		})
	})
	var b bytes.Buffer
	if err := s.RPCTo(t.Context(), "<long/>", &b); err != nil || b.String() != replyPrefix+`1">`+long+"</rpc-reply>" {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
	b.Reset()
	if err := s.RPCTo(t.Context(), "<bad/>", &b); !netconf.HasTag(err, "in-use") || b.Len() > 0 {
		t.Errorf("%q, %v", b.String(), err)
	}
	if err := s.RPCTo(t.Context(), "<ok/>", &b); err != nil || b.String() != replyPrefix+`3"> <ok/></rpc-reply>` {
		t.Errorf("%q, %v", b.String(), err)
	}
	if err := s.RPCTo(t.Context(), "<long/>", failingWriter{}); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
	if err := s.RPCTo(t.Context(), "<ok/>", io.Discard); err != nil {
		t.Error(err)
	}
}

// TestStreamCancelled: after a streaming call was given up nothing is written
// any more, and the session goes on.
func TestStreamCancelled(t *testing.T) {
	more := make(chan struct{})
	s := start(t, allCapabilities, nil, func(p *scripted) {
		id, _ := p.request()
		head := replyPrefix + id + `"><data>`
		fmt.Fprintf(p.conn, "\n#%d\n%s", len(head), head)
		<-more
		io.WriteString(p.conn, "\n#4\naaaa\n#19\n</data></rpc-reply>\n##\n")
		p.answer(func(string) string { return "<ok/>" })
	})
	var b bytes.Buffer
	if err := s.RPCTo(within(t, 50*time.Millisecond), "<a/>", &b); !errors.Is(err, netconf.ErrTimeout) {
		t.Error(err)
	}
	got := b.Len()
	close(more)
	if err := s.Discard(t.Context()); err != nil || b.Len() != got {
		t.Errorf("%v; %d bytes, then %d", err, got, b.Len())
	}
}

// TestClose: Close ends calls under way, may be called twice, and a later
// call says that the session is closed.
func TestClose(t *testing.T) {
	s := start(t, allCapabilities, nil, func(p *scripted) { p.read(); p.read() })
	failed := make(chan error)
	go func() { _, err := s.RPC(t.Context(), "<a/>"); failed <- err }()
	time.AfterFunc(20*time.Millisecond, func() { s.Close() })
	if err := <-failed; !errors.Is(err, netconf.ErrClosed) {
		t.Error(err)
	}
	s.Close()
	if _, err := s.RPC(t.Context(), "<a/>"); !errors.Is(err, netconf.ErrClosed) || !errors.Is(s.Err(), netconf.ErrClosed) {
		t.Errorf("%v, %v", err, s.Err())
	}
}

// TestCloseSession: the server is asked; ending without an answer is as good.
func TestCloseSession(t *testing.T) {
	for _, answer := range []bool{true, false} {
		asked := make(chan string, 1)
		s := start(t, allCapabilities, nil, func(p *scripted) {
			id, op := p.request()
			asked <- op
			if answer {
				p.reply(id, "<ok/>")
			}
		})
		if err := s.CloseSession(t.Context()); err != nil {
			t.Errorf("answer %v: %v", answer, err)
		}
		if op := <-asked; op != "<close-session/>" {
			t.Errorf("asked %s", op)
		}
	}
}

// TestNotifications: events arrive in order with time and name, between
// replies; a full queue drops and counts; the channel ends with the session.
func TestNotifications(t *testing.T) {
	event := func(n int) string {
		return fmt.Sprintf(`<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>2026-11-22T10:00:%02d.5+01:00</eventTime>`+
			`<link-down xmlns="urn:l"><if>eth%d</if><name/></link-down></notification>`, n, n)
	}
	s := start(t, allCapabilities, func(c *netconf.Config) { c.NotificationBuffer = 2 }, func(p *scripted) {
		id, op := p.request()
		if op != `<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><stream>NETCONF</stream></create-subscription>` {
			t.Errorf("subscription %s", op)
		}
		p.reply(id, "<ok/>")
		p.write(event(1))
		p.write(`<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>yesterday</eventTime><a/></notification>`)
		p.write(`<notification/>`)
		p.write(event(2))
		p.write(event(3))
		id, _ = p.request()
		p.reply(id, "<ok/>")
	})
	if err := s.CreateSubscription(t.Context(), netconf.Subscription{Stream: "NETCONF"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	n := 0
	for e := range s.Notifications() {
		n++
		want := time.Date(2026, 11, 22, 9, 0, n, 5e8, time.UTC)
		if !e.Time.Equal(want) || e.Name.Local != "link-down" || e.Name.Space != "urn:l" || string(e.XML) != event(n) || e.Received.IsZero() {
			t.Errorf("%d: %+v", n, e)
		}
	}
	if n != 2 || s.Dropped() != 3 {
		t.Errorf("%d delivered, %d dropped", n, s.Dropped())
	}
}
