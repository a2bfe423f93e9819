package netconf_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/xmltree"
)

func confirmed(params string) string { return `<commit><confirmed/>` + params + `</commit>` }

// byHand serves with a clock that the test moves.
func byHand(t *testing.T, bugs netconf.Bugs) (*netconf.Server, *memory, *clock.Manual) {
	t.Helper()
	hand := clock.NewManual(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s, device := serve(t, func(o *netconf.Options) { o.Clock, o.Bugs, o.IdleTimeout = hand, bugs, -1 })
	return s, device, hand
}

// Goal: a confirmed commit ends as RFC 6241 §8.4 says: confirmed, followed up,
// cancelled, by timeout or with its session. Method: one sequence for each,
// time moved by hand.
func TestConfirmedCommit(t *testing.T) {
	s, _, hand := byHand(t, netconf.Bugs{})
	c := open(t, s, "1.1", "")
	expect := func(want string) {
		t.Helper()
		if got := c.description("running"); got != want {
			t.Fatalf("running %q, want %q", got, want)
		}
	}
	c.ok(describe("lost"), confirmed(`<confirm-timeout>5</confirm-timeout>`))
	hand.Advance(4999 * time.Millisecond)
	expect("lost")
	hand.Advance(time.Millisecond)
	expect("one")

	c.ok(describe("kept"), confirmed(""), commit)
	hand.Advance(time.Hour)
	expect("kept")

	c.ok(describe("first"), confirmed(`<confirm-timeout>5</confirm-timeout>`))
	hand.Advance(4 * time.Second)
	c.ok(describe("second"), confirmed(`<confirm-timeout>10</confirm-timeout>`))
	hand.Advance(9 * time.Second)
	expect("second")
	hand.Advance(time.Second) // back to before the first
	expect("kept")

	c.ok(describe("x"), confirmed(""), `<cancel-commit/>`)
	expect("kept")
	c.fails(`<cancel-commit/>`, "protocol operation-failed")

	c.ok(describe("x"), confirmed(""))
	other := open(t, s, "1.1", "")
	other.fails(commit, "protocol in-use")
	other.fails(`<cancel-commit/>`, "protocol in-use")
	other.fails(`<lock><target><running/></target></lock>`, "protocol lock-denied")
	c.ok(`<close-session/>`)
	c = other
	for c.description("running") != "kept" { // the session's end is seen a little later
	}
	hand.Advance(600 * time.Second)
	for _, params := range []string{`<confirm-timeout>0</confirm-timeout>`, `<confirm-timeout>x</confirm-timeout>`, `<persist/>`} {
		c.fails(confirmed(params), "protocol invalid-value")
	}
	c.fails(`<commit><persist>a</persist></commit>`, "protocol invalid-value")
}

// Goal: a confirmed commit that persists outlives its session and is confirmed
// or cancelled with its id only (RFC 6241 §8.4.1). Method: two sessions.
func TestPersist(t *testing.T) {
	s, _, hand := byHand(t, netconf.Bugs{})
	a, b := open(t, s, "1.1", ""), open(t, s, "1.1", "")
	a.fails(`<commit><persist-id>x</persist-id></commit>`, "protocol invalid-value")
	a.ok(describe("two"), confirmed(`<persist>tok</persist>`), `<close-session/>`)
	hand.Advance(time.Second)
	b.fails(commit, "protocol invalid-value")
	b.fails(`<commit><persist-id>x</persist-id></commit>`, "protocol invalid-value")
	b.fails(`<cancel-commit><persist-id>x</persist-id></cancel-commit>`, "protocol invalid-value")
	b.ok(`<commit><persist-id>tok</persist-id></commit>`)
	hand.Advance(time.Hour)
	if got := b.description("running"); got != "two" {
		t.Errorf("running %q", got)
	}
	b.ok(describe("three"), confirmed(`<persist>p</persist>`), `<cancel-commit><persist-id>p</persist-id></cancel-commit>`)
	if got := b.description("running"); got != "two" {
		t.Errorf("after cancel running %q", got)
	}
}

// Goal: closing the server rolls a pending confirmed commit back. Method: look
// at the device afterwards.
func TestCloseRollsBack(t *testing.T) {
	s, device := serve(t, nil)
	before := device.Running()
	c := open(t, s, "1.1", "")
	c.ok(describe("two"), confirmed(`<persist>p</persist>`))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !device.Running().Equal(before) {
		t.Error("the confirmed commit survived the server")
	}
}

// Goal: subscribers are told of changes, confirmed commits, sessions and the
// device's own events (RFC 5277, RFC 6470). Method: one subscriber to all, one
// with a filter; the order and content of what they get.
func TestNotifications(t *testing.T) {
	s, device, hand := byHand(t, netconf.Bugs{})
	all, some, editor := open(t, s, "1.0", ""), open(t, s, "1.1", ""), open(t, s, "1.1", "")
	subscribe := func(params string) string {
		return `<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0">` + params + `</create-subscription>`
	}
	all.fails(subscribe(`<stream>x</stream>`), "protocol invalid-value")
	all.fails(subscribe(`<startTime>2026-01-01T00:00:00Z</startTime>`), "protocol operation-failed")
	all.fails(subscribe(`<stopTime>2026-01-01T00:00:00Z</stopTime>`), "protocol missing-element")
	all.ok(subscribe(`<stream>NETCONF</stream>`))
	all.fails(subscribe(``), "protocol operation-failed")
	some.ok(subscribe(`<filter type="subtree"><link-down xmlns="urn:example"/></filter>`))

	editor.ok(describe("two"), confirmed(`<confirm-timeout>5</confirm-timeout>`))
	change := all.note("netconf-config-change")
	if change.Find("datastore").Value() != "running" || change.Find("changed-by", "username").Value() != "op" ||
		change.Find("edit", "target").Value() != "/if:interfaces/if:interface[if:name='eth1']/if:description" || change.Find("edit", "operation").Value() != "replace" {
		t.Errorf("%s", change)
	}
	event := func(want string) *xmltree.Node {
		t.Helper()
		n := all.note("netconf-confirmed-commit")
		if got := n.Find("confirm-event").Value(); got != want {
			t.Fatalf("confirm-event %s, want %s", got, want)
		}
		return n
	}
	if n := event("start"); n.Find("timeout").Value() != "5" || n.Find("source-host").Value() != "127.0.0.1" {
		t.Errorf("%s", n)
	}
	editor.ok(confirmed(`<confirm-timeout>6</confirm-timeout>`))
	event("extend")
	hand.Advance(6 * time.Second)
	event("timeout")
	editor.ok(confirmed(""), `<cancel-commit/>`)
	event("start")
	event("cancel")
	editor.ok(confirmed(""), commit)
	event("start")
	event("complete")
	editor.ok(`<close-session/>`)
	if n := all.note("netconf-session-end"); n.Find("termination-reason").Value() != "closed" {
		t.Errorf("%s", n)
	}

	device.tell(netconf.Event{Time: time.Unix(1, 5e6), Content: xmltree.New("urn:example", "link-up")})
	device.tell(netconf.Event{Time: time.Unix(1, 5e6), Content: xmltree.New("urn:example", "link-down")})
	n := some.receive()
	if n.Name.Local != "notification" || n.Find("eventTime").Value() != "1970-01-01T00:00:01.005000Z" || n.Children[1].Name.Local != "link-down" {
		t.Errorf("%s", n)
	}
	all.note("link-up")
	all.note("link-down")
	if got := some.description("running"); got != "one" { // interleave
		t.Errorf("running %q", got)
	}
}

// Goal: each bug of a real server is there when asked for, as LAB.md found it.
// Method: the sequence that shows it, and the same with the bugs off.
func TestBugs(t *testing.T) {
	validate := `<validate><source><candidate/></source></validate>`
	t.Run("validate drops the edit", func(t *testing.T) {
		for _, bug := range []bool{false, true} {
			s, _, _ := byHand(t, netconf.Bugs{ValidateDropsEdit: bug})
			c := open(t, s, "1.1", "")
			c.ok(describe("two"), validate, commit)
			if got := c.description("running"); got != map[bool]string{false: "two", true: "one"}[bug] {
				t.Errorf("bug %v: running %q", bug, got)
			}
			// The way round: no validate after the edit.
			c.ok(describe("three"), commit)
			if got := c.description("running"); got != "three" {
				t.Errorf("bug %v: running %q", bug, got)
			}
		}
	})
	t.Run("messages postpone the rollback", func(t *testing.T) {
		s, _, hand := byHand(t, netconf.Bugs{BusyPostponesRollback: true})
		c := open(t, s, "1.1", "")
		c.ok(describe("two"), confirmed(`<confirm-timeout>1</confirm-timeout>`))
		for range 10 {
			hand.Advance(900 * time.Millisecond)
			if got := c.description("running"); got != "two" {
				t.Fatalf("running %q while messages come", got)
			}
		}
		hand.Advance(time.Second)
		if got := c.description("running"); got != "one" {
			t.Errorf("running %q after a quiet second", got)
		}
	})
	t.Run("rollback without effect", func(t *testing.T) {
		s, device, hand := byHand(t, netconf.Bugs{RollbackWithoutEffect: true})
		c := open(t, s, "1.1", "")
		c.ok(describe("two"), confirmed(`<confirm-timeout>1</confirm-timeout>`))
		hand.Advance(2 * time.Second)
		c.ok(describe("three"), confirmed(""), `<cancel-commit/>`)
		device.mu.Lock()
		defer device.mu.Unlock()
		if want := []bool{true, false, true, true}; !slices.Equal(device.effects, want) {
			t.Errorf("effects %v, want %v", device.effects, want)
		}
	})
	t.Run("locked running stays", func(t *testing.T) {
		for _, bug := range []bool{false, true} {
			s, _, hand := byHand(t, netconf.Bugs{LockedRunningStays: bug, VagueNothingPending: bug})
			c := open(t, s, "1.1", "")
			lock, unlock := `<lock><target><running/></target></lock>`, `<unlock><target><running/></target></unlock>`
			c.ok(describe("two"), lock, confirmed(`<confirm-timeout>1</confirm-timeout><persist>t</persist>`))
			hand.Advance(2 * time.Second)
			left := map[bool]string{false: "one", true: "two"}[bug]
			if got := c.description("running"); got != left {
				t.Errorf("bug %v: running %q after the timeout", bug, got)
			}
			tag := map[bool]string{false: "protocol invalid-value", true: "protocol operation-failed"}[bug]
			c.fails(`<commit><persist-id>t</persist-id></commit>`, tag)
			c.fails(`<cancel-commit><persist-id>t</persist-id></cancel-commit>`, tag)
			// The way round: no lock of running while the commit waits.
			c.ok(`<discard-changes/>`, describe("three"), confirmed(`<confirm-timeout>1</confirm-timeout>`), unlock)
			hand.Advance(2 * time.Second)
			if got := c.description("running"); got != left {
				t.Errorf("bug %v: running %q after the timeout without a lock", bug, got)
			}
		}
	})
	t.Run("an early rpc is lost", func(t *testing.T) {
		rpc := `<rpc message-id="0" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><get/></rpc>`
		early := fmt.Sprintf("\n#%d\n%s\n##\n", len(rpc), rpc)
		for _, bug := range []bool{false, true} {
			s, _, _ := byHand(t, netconf.Bugs{LosesEarlyRPC: bug})
			c := open(t, s, "1.1", early)
			n := c.next()
			if bug != (n == nil) {
				t.Errorf("bug %v: %v", bug, n)
			}
			if bug {
				// The way round: a pause after the hello.
				patient := open(t, s, "1.1", "")
				time.Sleep(50 * time.Millisecond)
				patient.ok(`<discard-changes/>`)
			}
		}
	})
}
