package restconf_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/restconf"
	"nettwin/internal/clock"
	simulate "nettwin/internal/simulate/restconf"
)

// watched runs Watch until the test ends; each call back is one value.
func watched(t *testing.T, c *restconf.Collector, at ingest.Target) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	calls, ended := make(chan struct{}, 100), make(chan error, 1)
	go func() { ended <- c.Watch(ctx, at, func() { calls <- struct{}{} }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
	})
	return calls
}

func expectCall(t *testing.T, calls <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-calls:
	case <-time.After(20 * time.Second):
		t.Fatalf("no call after %s", why)
	}
}

// TestWatch: Watch calls back when it is connected, and when the device tells
// that its configuration or a link changed (RFC 8040 §6), in both encodings.
func TestWatch(t *testing.T) {
	for name, change := range map[string]func(*simulate.Options){"json": nil, "xml": func(o *simulate.Options) { o.NoJSON = true }} {
		t.Run(name, func(t *testing.T) {
			d := recorded(t, "r1")
			s := serve(t, d, change)
			calls := watched(t, collector(t, s, nil), s.target())
			expectCall(t, calls, "the connection")
			if err := d.Set("eth1", "description", "new"); err != nil {
				t.Fatal(err)
			}
			expectCall(t, calls, "an edit")
			if err := d.Set("eth1", "enabled", "false"); err != nil {
				t.Fatal(err)
			}
			expectCall(t, calls, "an interface went down")
		})
	}
}

// fast is a clock that does not wait long.
type fast struct{ clock.System }

func (fast) Sleep(ctx context.Context, d time.Duration) error {
	return clock.System{}.Sleep(ctx, min(d, 5*time.Millisecond))
}

// TestWatchAgain: a stream that breaks is opened again, and that is a call.
func TestWatchAgain(t *testing.T) {
	s := serve(t, recorded(t, "r1"), func(o *simulate.Options) {
		o.Wrap = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/streams/") {
					w.Header().Set("Content-Type", "text/event-stream")
					w.WriteHeader(http.StatusOK)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	})
	calls := watched(t, collector(t, s, func(o *restconf.Options) { o.Clock = fast{} }), s.target())
	for range 3 {
		expectCall(t, calls, "a connection")
	}
}

// TestQuietEvents: events that speak of sessions do not call back, a line too
// long ends the stream, comments say nothing (HTML §9.2, server-sent events).
func TestQuietEvents(t *testing.T) {
	send := make(chan string)
	s := serve(t, recorded(t, "r1"), func(o *simulate.Options) {
		o.Wrap = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.URL.Path, "/streams/") {
					next.ServeHTTP(w, r)
					return
				}
				w.WriteHeader(http.StatusOK)
				for http.NewResponseController(w).Flush() == nil {
					select {
					case <-r.Context().Done():
						return
					case text := <-send:
						w.Write([]byte(text))
					}
				}
			})
		}
	})
	calls := watched(t, collector(t, s, nil), s.target())
	expectCall(t, calls, "the connection")
	for _, text := range []string{
		": hello\n\n", "event: x\nid: 4\n\n", "retry: 10\n\n",
		`data: {"ietf-restconf:notification":{"eventTime":"2026-01-01T00:00:00Z","ietf-netconf-notifications:netconf-session-start":{}}}` + "\n\n",
		"data: <notification xmlns='urn:ietf:params:xml:ns:netconf:notification:1.0'><eventTime>x</eventTime>\ndata: <netconf-session-end xmlns='u'/></notification>\n\n",
	} {
		send <- text
	}
	select {
	case <-calls:
		t.Error("a quiet event called back")
	case <-time.After(100 * time.Millisecond):
	}
	send <- "data:{\"ietf-restconf:notification\":\ndata: {\"acme:link-down\":{}}}\n\n"
	expectCall(t, calls, "an event")
	send <- "data: what is this\n\n"
	expectCall(t, calls, "an event that nobody understands")
}

// TestWatchRefused: what cannot get better ends Watch.
func TestWatchRefused(t *testing.T) {
	s := serve(t, recorded(t, "r1"), func(o *simulate.Options) { o.NoStreams = true })
	if err := collector(t, s, nil).Watch(t.Context(), s.target(), func() { t.Error("called") }); !errors.Is(err, restconf.ErrUnsupported) {
		t.Error(err)
	}
	s.cred.Password = "wrong"
	if err := collector(t, s, nil).Watch(t.Context(), s.target(), func() { t.Error("called") }); !errors.Is(err, ingest.ErrAuth) {
		t.Error(err)
	}
}
