package netconf_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/control"
	"nettwin/internal/netconf"
	"nettwin/internal/simulate/config"
	simulate "nettwin/internal/simulate/netconf"
)

// stepHandler calls f with each step that a controller records, after the
// record and before the deed.
type stepHandler struct {
	slog.Handler
	f func(step, device string)
}

func (h stepHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h stepHandler) Handle(_ context.Context, r slog.Record) error {
	var step, device string
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "step":
			step = a.Value.String()
		case "device":
			device = a.Value.String()
		}
		return true
	})
	if r.Message == "plan" {
		h.f(step, device)
	}
	return nil
}

// onStep makes a controller call f at a step, once.
func onStep(at string, f func()) func(*control.Options) {
	done := false
	return func(o *control.Options) {
		o.Log = slog.New(stepHandler{slog.DiscardHandler, func(step, device string) {
			if step == at && device == router && !done {
				done = true
				f()
			}
		}})
	}
}

// refusing is a device that does not take a configuration.
type refusing struct{ simulate.Device }

func (refusing) Apply(*config.Tree, bool) error { return errors.New("no memory for another interface") }

// shortly makes confirmed commits time out soon.
func shortly(o *control.Options) { o.ConfirmTimeout, o.PushTimeout = 2*time.Second, 4*time.Second }

// Goal: whatever goes wrong with a device, over the real protocol, the plan
// ends in a known state whose reason names device, step and what it was, the
// router holds what the state says, and the chain is whole. Method: one case
// for each entry of the table in control's documentation, with the faults of a
// real server among them; the router's own state.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name    string
		scene   scene
		arrange func(t *testing.T, n *network, w *twin) []func(*control.Options)
		state   control.State
		up      bool // what the router then has
		words   []string
	}{
		{"wrong credentials", scene{}, func(_ *testing.T, _ *network, w *twin) []func(*control.Options) {
			w.user = "nobody"
			return nil
		}, control.RolledBack, false, []string{"device r7: open:", "unable to authenticate", "no device was told to commit"}},
		{"nobody answers", scene{}, func(_ *testing.T, n *network, _ *twin) []func(*control.Options) {
			return []func(*control.Options){onStep("open", func() { n.wire.cut(true) })}
		}, control.RolledBack, false, []string{"device r7: open:", "no device was told to commit"}},
		{"lock held by another session", scene{}, func(t *testing.T, n *network, _ *twin) []func(*control.Options) {
			other := must(n.dial(t.Context(), router))(t)
			t.Cleanup(func() { other.Close() })
			if err := other.Lock(t.Context(), netconf.Candidate); err != nil {
				t.Fatal(err)
			}
			return nil
		}, control.RolledBack, false, []string{"device r7: lock:", "locked by another session", "no device was told to commit"}},
		{"commit refused", scene{wrap: func(d simulate.Device) simulate.Device { return refusing{d} }}, func(*testing.T, *network, *twin) []func(*control.Options) {
			return nil
		}, control.RolledBack, false, []string{"device r7: commit:", "no memory for another interface", "the devices hold what they held before"}},
		{"connection lost before the commit", scene{}, func(_ *testing.T, n *network, _ *twin) []func(*control.Options) {
			return []func(*control.Options){onStep("edit", func() { n.wire.cut(false) })}
		}, control.RolledBack, false, []string{"device r7: edit:", "no device was told to commit"}},
		{"connection lost between commit and confirm", scene{}, func(_ *testing.T, n *network, _ *twin) []func(*control.Options) {
			return []func(*control.Options){onStep("compare", func() { n.wire.cut(false) })}
		}, control.RolledBack, false, []string{"device r7: compare:", "the devices hold what they held before"}},
		{"connection lost until the commit timed out", scene{}, func(_ *testing.T, n *network, _ *twin) []func(*control.Options) {
			return []func(*control.Options){shortly, onStep("compare", func() { n.wire.cut(true); time.AfterFunc(4*time.Second, n.wire.mend) })}
		}, control.RolledBack, false, []string{"device r7: compare:", "the devices hold what they held before"}},
		{"connection lost while confirming", scene{}, func(_ *testing.T, n *network, _ *twin) []func(*control.Options) {
			return []func(*control.Options){onStep("confirm", func() { n.wire.cut(false) })}
		}, control.Done, true, nil},
		{"bug 1: validate drops the edit", scene{bugs: simulate.Bugs{ValidateDropsEdit: true}}, func(*testing.T, *network, *twin) []func(*control.Options) {
			return nil
		}, control.Done, true, nil},
		{"bug 2: polling postpones the rollback", scene{bugs: simulate.Bugs{BusyPostponesRollback: true}}, func(_ *testing.T, n *network, _ *twin) []func(*control.Options) {
			return []func(*control.Options){shortly, func(o *control.Options) { o.PollInterval = control.DefaultPollInterval },
				onStep("compare", func() { n.wire.cut(true); time.AfterFunc(5*time.Second, n.wire.mend) })}
		}, control.RolledBack, false, []string{"device r7: compare:", "the devices hold what they held before"}},
		{"bug 3: the rollback has no effect", scene{bugs: simulate.Bugs{RollbackWithoutEffect: true}}, func(_ *testing.T, n *network, _ *twin) []func(*control.Options) {
			return []func(*control.Options){shortly, func(o *control.Options) { o.SettleTimeout = 2 * time.Second },
				onStep("compare", func() { n.wire.cut(true); time.AfterFunc(4*time.Second, n.wire.mend) })}
		}, control.Failed, true, []string{"device r7: compare:", "the configuration is as before, but sources do not say what they said before", "ifAdminStatus"}},
		{"bug 4: an early request loses the session", scene{bugs: simulate.Bugs{LosesEarlyRPC: true}}, func(*testing.T, *network, *twin) []func(*control.Options) {
			return nil
		}, control.Done, true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, test.scene)
			w := newTwin(t, n)
			w.intend()
			c := w.controller(test.arrange(t, n, w)...)
			p := must(c.Propose(t.Context(), w.need(c)))(t)
			must(c.Approve(t.Context(), p.ID, operator))(t)
			p = must(c.Apply(t.Context(), p.ID, operator))(t)
			if p.State != test.state {
				t.Errorf("the plan is %s (%s), expected %s", p.State, p.Reason, test.state)
			}
			for _, word := range test.words {
				if !strings.Contains(p.Reason, word) {
					t.Errorf("reason %q does not tell %q", p.Reason, word)
				}
			}
			if i, ok := n.router.Interface(disabled); !ok || i.Admin != test.up {
				t.Errorf("the router's interface is %+v, expected it to be up: %v", i, test.up)
			}
			if _, err := c.VerifyChain(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Goal: nothing is approved on old data. Method: a controller whose clock is
// ahead of the last contact by more than the action allows.
func TestStale(t *testing.T) {
	t.Parallel()
	w := newTwin(t, newNetwork(t, scene{}))
	w.intend()
	c := w.controller(func(o *control.Options) { o.Now = func() time.Time { return time.Now().Add(10 * time.Minute) } })
	p := must(c.Propose(t.Context(), w.need(c)))(t)
	_, err := c.Approve(t.Context(), p.ID, operator)
	if !errors.Is(err, control.ErrStale) || !strings.Contains(err.Error(), "device r7 was read by") || !strings.Contains(err.Error(), "read it again first") {
		t.Errorf("approval: %v", err)
	}
	if p, _ = c.Plan(p.ID); p.State != control.Verified {
		t.Errorf("the plan is %s", p.State)
	}
}

// Goal: a payload that does not keep to the device's schema is never sent, and
// the verdict says so. Method: an action that writes a value that is none of
// its type.
func TestInvalidPayload(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, scene{})
	w := newTwin(t, n)
	w.intend()
	text := string(must(fs.ReadFile(w.know, "actions/enable-interface.action"))(t))
	broken := fstest.MapFS{"actions/enable-interface.action": {Data: []byte(strings.Replace(text, "?entry config:enabled true", `?entry config:enabled "perhaps"`, 1))}}
	c := w.controller(func(o *control.Options) { o.Knowledge = broken })
	p := must(c.Propose(t.Context(), w.need(c)))(t)
	if p.State != control.Refused || !strings.Contains(p.Reason, "device r7: control: payload refused") || !strings.Contains(p.Reason, "enabled") {
		t.Errorf("the plan is %s: %s", p.State, p.Reason)
	}
	if i, ok := n.router.Interface(disabled); !ok || i.Admin {
		t.Errorf("the router's interface is %+v", i)
	}
}
