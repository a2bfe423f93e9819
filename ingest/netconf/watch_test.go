package netconf_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/internal/clock"
	client "nettwin/internal/netconf"
	"nettwin/internal/simulate/config"
	simulate "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
)

// watched runs Watch until the test ends; each call back is one value.
func watched(t *testing.T, c *netconf.Collector, at ingest.Target) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	calls := make(chan struct{}, 100)
	ended := make(chan error, 1)
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
	case <-time.After(10 * time.Second):
		t.Fatalf("no call after %s", why)
	}
}

// TestWatch: Watch calls back when it is connected, when the configuration
// changed, and when the device tells something of its own, but not when
// sessions come and go, which its own readings do.
func TestWatch(t *testing.T) {
	d := newDevice(t, twoPorts)
	s := serve(t, d)
	c := collector(t, nil)
	calls := watched(t, c, target(s))
	expectCall(t, calls, "the connection")

	session, err := client.Dial(t.Context(), s.Addr().String(), client.Config{User: "twin", HostKey: client.AnyHostKey(t),
		Password: func(context.Context) (string, error) { return "correct horse", nil }})
	if err != nil {
		t.Fatal(err)
	}
	edit := client.Edit{Target: client.Candidate, TestOption: client.TestThenSet,
		Config: `<ports xmlns="` + portsSpace + `"><port><name>eth0</name><label>to r4</label></port></ports>`}
	if err := session.EditConfig(t.Context(), edit); err != nil {
		t.Fatal(err)
	}
	select {
	case <-calls:
		t.Error("a session, or a candidate that is not committed, called back")
	case <-time.After(100 * time.Millisecond):
	}
	if err := session.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectCall(t, calls, "the commit")
	if err := session.CloseSession(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Collect(t.Context(), target(s)); err != nil {
		t.Error(err)
	}
	select {
	case <-calls:
		t.Error("a reading called back")
	case <-time.After(100 * time.Millisecond):
	}
	d.tell(simulate.Event{Time: time.Now(), Content: xmltree.New(portsSpace, "port-down", xmltree.Leaf(portsSpace, "name", "eth0"))})
	expectCall(t, calls, "an event of the device")
	tree, _ := config.Load(d.Running().Schema(), elements(t, twoPorts))
	d.tell(simulate.Event{Time: time.Now(), Changes: config.Diff(d.Running(), tree)})
	expectCall(t, calls, "a change by other means")
}

// sleeper is a clock that records waits and does not wait.
type sleeper struct {
	clock.System
	mu    sync.Mutex
	slept []time.Duration
}

func (c *sleeper) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.slept = append(c.slept, d)
	c.mu.Unlock()
	return c.System.Sleep(ctx, min(d, 10*time.Millisecond))
}

// TestWatchAgain: a device that went away is connected again after waits that
// double, and that is a call.
func TestWatchAgain(t *testing.T) {
	d := newDevice(t, twoPorts)
	s := serve(t, d)
	clock := &sleeper{}
	calls := watched(t, collector(t, func(o *netconf.Options) { o.Clock = clock }), target(s))
	expectCall(t, calls, "the connection")
	address := s.Addr().String()
	s.Close()
	for { // until it has failed three times
		clock.mu.Lock()
		long := len(clock.slept) > 0 && clock.slept[len(clock.slept)-1] >= 4*time.Second
		clock.mu.Unlock()
		if long {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	serveAt(t, d, address)
	expectCall(t, calls, "the connection again")
}

// TestWatchRefused: what cannot get better ends Watch.
func TestWatchRefused(t *testing.T) {
	s := serve(t, newDevice(t, twoPorts))
	cred := credential(t)
	cred.Password = "wrong"
	c := collector(t, func(o *netconf.Options) {
		o.Credentials = func(ingest.Target) (netconf.Credential, error) { return cred, nil }
	})
	if err := c.Watch(t.Context(), target(s), func() { t.Error("called") }); !errors.Is(err, ingest.ErrAuth) {
		t.Error(err)
	}
}
