package netconf_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"nettwin/internal/netconf"
	"nettwin/internal/simulate/config"
	simulate "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

const (
	portModule = `module example { namespace "urn:example"; prefix e; revision 2026-01-01;
  container ports { list port { key name; leaf name { type string; } leaf label { type string { length "0..8"; } } } } }`
	portConfig = `<ports xmlns="urn:example"><port><name>p1</name><label>`
	portEnd    = `</label></port></ports>`
)

// box is a simulated device that remembers its configuration.
type box struct {
	mu      sync.Mutex
	running *config.Tree
	watch   func(simulate.Event)
}

func (b *box) Running() *config.Tree {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running
}

func (b *box) Apply(next *config.Tree, _ bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = next
	return nil
}

func (b *box) State() []*xmltree.Node { return nil }

func (b *box) Watch(f func(simulate.Event)) func() {
	b.watch = f
	return func() {}
}

// simulated starts a simulated device; it ends with the test.
func simulated(t *testing.T, bugs simulate.Bugs) string {
	t.Helper()
	set, err := yang.Parse([][]byte{[]byte(portModule)}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := simulate.Listen(context.Background(), "127.0.0.1:0", simulate.Options{Device: &box{running: config.New(set)},
		HostKey: key, Passwords: map[string]string{"twin": "right"}, Bugs: bugs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.Addr().String()
}

func login(t *testing.T, address string) *netconf.Session {
	t.Helper()
	s, err := netconf.Dial(t.Context(), address, netconf.Config{User: "twin", Password: password("right"), HostKey: netconf.AnyHostKey(t), Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func labelEdit(text string) netconf.Edit {
	return netconf.Edit{Target: netconf.Candidate, TestOption: netconf.TestThenSet, ErrorOption: netconf.RollbackOnError, Config: portConfig + text + portEnd}
}

func label(t *testing.T, s *netconf.Session) string {
	t.Helper()
	r, err := s.GetConfig(t.Context(), netconf.Running, netconf.Query{Subtree: `<ports xmlns="urn:example"/>`})
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(r.XML, []byte("label>"))
	text, _, _ := bytes.Cut(rest, []byte("<"))
	return string(text)
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestSimulated goes through the ways of an edit on a simulated device:
// committed, refused, confirmed by another session, cancelled, timed out, and
// rolled back when the session is lost; and the same with every bug of a real
// server switched on, where each step that was verified holds.
func TestSimulated(t *testing.T) {
	for name, bugs := range map[string]simulate.Bugs{"sound": {}, "with bugs": {ValidateDropsEdit: true, BusyPostponesRollback: true, RollbackWithoutEffect: true, LosesEarlyRPC: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			address := simulated(t, bugs)
			s := login(t, address)
			expect := func(want string) {
				t.Helper()
				if got := label(t, s); got != want {
					t.Errorf("running has %q, want %q", got, want)
				}
			}
			ok(t, s.Lock(ctx, netconf.Candidate), s.EditConfig(ctx, labelEdit("one")), s.Commit(ctx), s.Unlock(ctx, netconf.Candidate))
			expect("one")
			if err := s.EditConfig(ctx, labelEdit("too long by far")); netconf.Classify(err) != netconf.Permanent || !netconf.HasTag(err, "invalid-value") {
				t.Errorf("refused edit: %v", err)
			}
			ok(t, s.Discard(ctx), s.EditConfig(ctx, labelEdit("two")), s.CommitConfirmed(ctx, time.Minute, "token"))
			ok(t, login(t, address).ConfirmCommit(ctx, "token"))
			expect("two")
			ok(t, s.EditConfig(ctx, labelEdit("three")), s.CommitConfirmed(ctx, time.Minute, "token"))
			expect("three")
			ok(t, s.CancelCommit(ctx, "token"))
			expect("two")
			ok(t, s.EditConfig(ctx, labelEdit("four")), s.CommitConfirmed(ctx, time.Second, ""))
			expect("four")
			for end := time.Now().Add(10 * time.Second); label(t, s) == "four" && time.Now().Before(end); {
				time.Sleep(1100 * time.Millisecond) // not more often, see the package comment
			}
			expect("two")
			lost := login(t, address)
			ok(t, lost.EditConfig(ctx, labelEdit("five")), lost.CommitConfirmed(ctx, time.Minute, ""), lost.Close())
			for end := time.Now().Add(10 * time.Second); label(t, s) == "five" && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond)
			}
			expect("two")
		})
	}
}

// TestSimulatedSession: pipelined requests, the device's schema, a lock held
// by another, a session that another kills.
func TestSimulatedSession(t *testing.T) {
	ctx := t.Context()
	address := simulated(t, simulate.Bugs{})
	s, other := login(t, address), login(t, address)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if text, err := s.GetSchema(ctx, "example", "2026-01-01", "yang"); err != nil || text != portModule {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	wg.Wait()
	ok(t, other.Lock(ctx, netconf.Running))
	var refused *netconf.RPCError
	if err := s.Lock(ctx, netconf.Running); !errors.As(err, &refused) || refused.Tag != "lock-denied" || netconf.Classify(err) != netconf.Transient {
		t.Errorf("%v", err)
	}
	ok(t, s.KillSession(ctx, other.SessionID()))
	<-other.Done()
	if err := other.Commit(ctx); !errors.Is(err, netconf.ErrLost) {
		t.Errorf("after it was killed: %v", err)
	}
	ok(t, s.Lock(ctx, netconf.Running))
	ok(t, s.CreateSubscription(ctx, netconf.Subscription{Stream: "NETCONF"}), s.EditConfig(ctx, labelEdit("x")), s.Commit(ctx))
	select {
	case e := <-s.Notifications():
		if e.Name.Local != "netconf-config-change" || !bytes.Contains(e.XML, []byte("/e:ports")) {
			t.Errorf("%s", e.XML)
		}
	case <-time.After(10 * time.Second):
		t.Error("no notification")
	}
}
