package control_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/control"
	"nettwin/control/controltest"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// Goal: the loop closes: a disabled interface becomes a need, a plan, a
// verdict, a payload, an approval, a change, a fact. Method: the shipped
// rules and actions on two sources of one router; expectations by hand.
func TestRepair(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	needs, err := c.Needs(w.ctx)
	if err != nil || len(needs) != 1 || needs[0].IRI != needEnable {
		t.Fatalf("needs %+v, %v", needs, err)
	}
	mainBefore := w.defaultGraph()
	p := w.verified(c)
	if after := w.defaultGraph(); after != mainBefore {
		t.Error("the plan has changed main")
	}
	if len(p.Payloads) != 1 || p.Payloads[0].Body != "- "+enabled("e0", false)+"\n+ "+enabled("e0", true) {
		t.Fatalf("payloads %+v", p.Payloads)
	}
	if w.shelf.kept[p.Payloads[0].Item] != p.Payloads[0].Body {
		t.Errorf("item %s does not hold the payload", p.Payloads[0].Item)
	}
	if len(p.Changes) != 6 { // enabled, ifAdminStatus and ifOperStatus, each deleted and added
		t.Errorf("changes %v", p.Changes)
	}
	v := p.Verdict
	if len(v.Resolved) != 1 || !strings.HasSuffix(v.Resolved[0].IRI, "interface-down-neighbour-up/r1/e0") || len(v.Introduced) != 0 {
		t.Errorf("resolved %+v, introduced %+v", v.Resolved, v.Introduced)
	}
	if r := v.Impact; r.PairsBefore != 1 || r.PairsAfter != 3 || r.PairsGained != 2 || r.PairsLost != 0 || !slices.Equal(r.Devices, []string{"r1"}) {
		t.Errorf("impact %+v", r)
	}
	if again, err := c.Propose(w.ctx, needEnable); err != nil || again.ID != p.ID {
		t.Errorf("a second proposal: plan %s, %v", again.ID, err)
	}
	if _, err := c.Apply(w.ctx, p.ID, operator); !errors.Is(err, control.ErrState) {
		t.Errorf("apply without approval: %v", err)
	}
	if _, err := c.Approve(w.ctx, p.ID, operator); err != nil {
		t.Fatal(err)
	}
	done := w.apply(c, p.ID)
	w.ended(c, d, p.ID, control.Done, after)
	var steps []string
	for _, s := range done.Steps {
		steps = append(steps, s.Name)
	}
	if got, want := strings.Join(steps, ","), "propose,verify,approve,apply,open,lock,edit,commit,compare,collect,confirm,confirm,collect,end"; got != want {
		t.Errorf("steps %s, expected %s", got, want)
	}
	if needs, err = c.Needs(w.ctx); err != nil || len(needs) != 0 {
		t.Errorf("needs afterwards: %+v, %v", needs, err)
	}
	w.provenance(p)
	if known := w.controller(d).Plans(); len(known) != 1 || known[0].State != control.Done || known[0].Approval.By != "olga" {
		t.Errorf("plans read from the journal: %+v", known)
	}
}

// provenance looks for what the provenance graph must tell of a done plan.
func (w *world) provenance(p control.Plan) {
	w.Helper()
	g := naming.ProvenanceGraph(testBase)
	found := w.quads(rdf.Quad{P: control.TermOutcome, O: rdf.String("done"), G: g})
	if len(found) != 1 {
		w.Fatalf("activities that are done: %v", found)
	}
	for property, want := range map[rdf.Term]string{
		control.TermUsed: testBase + "names/" + p.Payloads[0].Item, control.TermAssociated: testBase + "id/principal/olga"} {
		if said := w.quads(rdf.Quad{S: found[0].S, P: property, G: g}); len(said) != 1 || said[0].O.Value() != want {
			w.Errorf("%v says %v, expected %s", property, said, want)
		}
	}
}

func (w *world) defaultGraph() string {
	var lines []string
	for _, q := range w.quads(rdf.Quad{}) {
		lines = append(lines, q.String())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Goal: a change that harms is refused, and says how. Method: the intention
// to disable the only way to r3, whose neighbour stays up.
func TestVerdictRefuses(t *testing.T) {
	w := newWorld(t)
	w.add(`@prefix twin: <https://w3id.org/nettwin/ns#> . GRAPH <graph/intended> { <id/interface/r1/e1> twin:adminStatus "down" }`)
	if err := w.engine.Apply(w.ctx, nil); err != nil {
		t.Fatal(err)
	}
	d := w.device()
	c := w.controller(d)
	p, err := c.Propose(w.ctx, needDisable)
	if err != nil {
		t.Fatal(err)
	}
	w.ended(c, d, p.ID, control.Refused, before, "it brings about: r1 e1 is down, but its neighbour r3 e0 is up",
		"1 pairs of devices that reach each other now would not, such as https://twin.test/id/device/r1 and https://twin.test/id/device/r3")
	if _, err := c.Approve(w.ctx, p.ID, operator); !errors.Is(err, control.ErrState) {
		t.Errorf("approval of a refused plan: %v", err)
	}
}

// Goal: what cannot be written is refused with its reason. Method: a driver
// that refuses; a controller without a driver.
func TestNoPayload(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	d.Refuse = true
	c := w.controller(d)
	p, err := c.Propose(w.ctx, needEnable)
	if err != nil {
		t.Fatal(err)
	}
	w.ended(c, d, p.ID, control.Refused, before, "device r1", "the schema has no place for it")
	d.Collector = "another"
	if p, err = w.controller(d).Propose(w.ctx, needEnable); err != nil || p.State != control.Refused || !strings.Contains(p.Reason, "no device is reached by a driver") {
		t.Errorf("plan %s: %s, %v", p.State, p.Reason, err)
	}
}

// Goal: the gate holds. Method: approve as a reader, with old data, with a
// source that failed, after a change of what the plan touches, and after
// changes that do not matter.
func TestGate(t *testing.T) {
	snmp := rdf.IRI(testBase + "graph/source/snmp/r1")
	row := rdf.IRI(testBase + "graph/source/snmp/r1/ifTable/1")
	for _, test := range []struct {
		name  string
		by    control.Principal
		event func(w *world)
		want  error
		state control.State
	}{
		{"reader", reader, func(*world) {}, control.ErrForbidden, control.Verified},
		{"nobody", control.Principal{Role: "operator"}, func(*world) {}, control.ErrForbidden, control.Verified},
		{"stale", operator, func(w *world) { w.pass(w.ctx, 61*time.Second) }, control.ErrStale, control.Verified},
		{"fresh enough", operator, func(w *world) { w.pass(w.ctx, 60*time.Second) }, nil, control.Approved},
		{"failed source", operator, func(w *world) {
			w.replace(snmp, control.TermSyncState, rdf.String("stale"), naming.ProvenanceGraph(testBase))
		}, control.ErrStale, control.Verified},
		{"counters", operator, func(w *world) {
			w.replace(row, rdf.IRI(ifMIB+"ifInOctets"), rdf.Literal("9", rdf.XSDInteger), snmp)
		}, nil, control.Approved},
		{"another value, same plan", operator, func(w *world) {
			w.replace(row, rdf.IRI(ifMIB+"ifMtu"), rdf.Literal("1500", rdf.XSDInteger), snmp)
		}, nil, control.Approved},
		{"need gone", operator, func(w *world) {
			w.replace(row, rdf.IRI(ifMIB+"ifAdminStatus"), rdf.String("up"), snmp)
		}, control.ErrMoved, control.Refused},
		{"other changes", operator, func(w *world) {
			w.replace(row, rdf.IRI(ifMIB+"ifOperStatus"), rdf.String("lowerLayerDown"), snmp)
		}, control.ErrMoved, control.Verified},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			c := w.controller(w.device())
			id := w.verified(c).ID
			test.event(w)
			_, err := c.Approve(w.ctx, id, test.by)
			if !errors.Is(err, test.want) {
				t.Errorf("%v, expected %v", err, test.want)
			}
			if p, _ := c.Plan(id); p.State != test.state {
				t.Errorf("the plan is %s (%s), expected %s", p.State, p.Reason, test.state)
			}
		})
	}
}

// Goal: an approval holds for what was approved only. Method: data get old, or
// the network changes, between approval and apply.
func TestApplyAsksAgain(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	p := w.approved(c)
	if _, err := c.Apply(w.ctx, p.ID, reader); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("as a reader: %v", err)
	}
	w.pass(w.ctx, time.Hour)
	if _, err := c.Apply(w.ctx, p.ID, operator); !errors.Is(err, control.ErrStale) {
		t.Errorf("with old data: %v", err)
	}
	w.contact()
	w.replace(rdf.IRI(testBase+"graph/source/snmp/r1/ifTable/1"), rdf.IRI(ifMIB+"ifOperStatus"), rdf.String("lowerLayerDown"), rdf.IRI(testBase+"graph/source/snmp/r1"))
	if _, err := c.Apply(w.ctx, p.ID, operator); !errors.Is(err, control.ErrMoved) {
		t.Errorf("after a change: %v", err)
	}
	if p, _ = c.Plan(p.ID); p.State != control.Verified || p.Approval != nil {
		t.Errorf("the plan is %s, approved by %v: expected another approval to be due", p.State, p.Approval)
	}
	if _, err := c.Reject(w.ctx, p.ID, operator, "not today"); err != nil {
		t.Fatal(err)
	}
	w.ended(c, d, p.ID, control.Rejected, before, "not today")
}

// Goal: whatever a device does wrong, the plan ends in a known state that
// tells device and step. Method: a fault at each operation.
func TestFaults(t *testing.T) {
	broken := errors.New("connection lost")
	once := func(operation string) func(d *controltest.Memory) {
		return func(d *controltest.Memory) {
			left := 1
			d.Fault = func(_, name string) error {
				if name == operation && left > 0 {
					left--
					return broken
				}
				return nil
			}
		}
	}
	for _, test := range []struct {
		name    string
		setup   func(d *controltest.Memory)
		stuck   bool
		state   control.State
		running []string
		words   []string
	}{
		{"open", once("open"), false, control.RolledBack, before, []string{"device r1: open: connection lost", "no device was told to commit"}},
		{"lock held by another", func(d *controltest.Memory) {
			d.Fault = func(_, name string) error { return map[string]error{"lock": control.ErrLocked}[name] }
		}, false, control.RolledBack, before, []string{"device r1: lock", "locked by another session"}},
		{"edit", once("edit"), false, control.RolledBack, before, []string{"device r1: edit"}},
		{"edit done", once("edit done"), false, control.RolledBack, before, []string{"device r1: edit"}},
		{"commit refused", once("commit"), false, control.RolledBack, before, []string{"device r1: commit", "hold what they held before"}},
		{"commit unanswered", once("commit done"), false, control.RolledBack, before, []string{"device r1: commit"}},
		{"compare", once("compare"), false, control.RolledBack, before, []string{"device r1: compare"}},
		{"edit dropped", func(d *controltest.Memory) { d.Drop = true }, false, control.RolledBack, before, []string{"device r1: compare", "answered ok", "nothing of the edit"}},
		{"no effect", func(*controltest.Memory) {}, true, control.RolledBack, before, []string{"do not say what was expected", "ifAdminStatus"}},
		{"confirm", once("confirm"), false, control.Done, after, nil},
		{"confirm unanswered", once("confirm done"), false, control.Done, after, nil},
		{"never confirms", func(d *controltest.Memory) {
			d.Fault = func(_, name string) error { return map[string]error{"confirm": broken}[name] }
		}, false, control.RolledBack, before, []string{"device r1: confirm", "took the commit back"}},
		{"never cancels", func(d *controltest.Memory) {
			d.Fault = func(_, name string) error { return map[string]error{"cancel": broken}[name] }
		}, true, control.RolledBack, before, []string{"do not say what was expected"}},
		{"gone after the commit", func(d *controltest.Memory) {
			gone := false
			d.Fault = func(_, name string) error {
				gone = gone || name == "commit done"
				if gone {
					return broken
				}
				return nil
			}
		}, false, control.Failed, before, []string{"device r1: commit", "what it holds is not known"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			d := w.device()
			c := w.controller(d)
			p := w.approved(c)
			test.setup(d)
			w.stuck = test.stuck
			w.apply(c, p.ID)
			d.Fault = nil
			w.ended(c, d, p.ID, test.state, test.running, test.words...)
		})
	}
}

// Goal: a caller that gives up does not leave a device half way. Method: the
// context ends at the commit.
func TestCallerGivesUp(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	p := w.approved(c)
	ctx, cancel := context.WithCancel(w.ctx)
	d.Fault = func(_, name string) error {
		if name == "commit done" {
			cancel()
			return ctx.Err()
		}
		return nil
	}
	if _, err := c.Apply(ctx, p.ID, operator); err != nil {
		t.Fatal(err)
	}
	w.ended(c, d, p.ID, control.RolledBack, before, "context canceled")
}

// crash stops the twin as kill -9 does: nothing of ours runs afterwards but
// what the test starts, and the sessions end.
type crash struct{}

// applyUntilCrash applies a plan until something panics with crash.
func applyUntilCrash(w *world, c *control.Controller, id string) (crashed bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(crash); !ok {
				panic(r)
			}
			crashed = true
		}
	}()
	w.apply(c, id)
	return false
}

// Goal: after a crash at any moment the plan ends in a known state, with the
// device to match. Method: stop after each entry of the journal, and before
// and after each operation on the device; open all again; Recover. Half of
// the rounds find that the commit's timeout has passed.
func TestCrash(t *testing.T) {
	for _, later := range []time.Duration{0, time.Hour} {
		seen := map[control.State]int{}
		for n := 1; ; n++ {
			w := newWorld(t)
			d := w.device()
			c := w.controller(d)
			p := w.approved(c)
			count := 0
			tick := func() {
				if count++; count == n {
					panic(crash{})
				}
			}
			control.AfterEntry(c, func(control.Entry) { tick() })
			d.Fault = func(string, string) error { tick(); return nil }
			crashed := applyUntilCrash(w, c, p.ID)
			d.Fault = nil
			d.Crash()
			w.pass(w.ctx, later)
			c = w.controller(d)
			if err := c.Recover(w.ctx); err != nil {
				t.Fatal(err)
			}
			p, _ = c.Plan(p.ID)
			seen[p.State]++
			switch p.State {
			case control.Done:
				w.ended(c, d, p.ID, control.Done, after)
			case control.RolledBack:
				w.ended(c, d, p.ID, control.RolledBack, before)
			default:
				t.Errorf("crash %d: the plan is %s: %s", n, p.State, p.Reason)
			}
			if found := w.quads(rdf.Quad{P: control.TermOutcome, O: rdf.String(string(p.State)), G: naming.ProvenanceGraph(testBase)}); len(found) != 1 {
				t.Errorf("crash %d: activities in the provenance graph: %v", n, found)
			}
			if t.Failed() {
				t.Fatalf("crash %d, %v later", n, later)
			}
			if !crashed {
				break
			}
		}
		if seen[control.Done] < 3 || seen[control.RolledBack] < 10 {
			t.Errorf("%v later: outcomes %v: expected crashes before and after the decision", later, seen)
		}
	}
}

// Goal: a crash while a plan is verified leaves a plan that can be verified.
// Method: stop after the proposal; Recover; Verify.
func TestCrashBeforeVerdict(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	control.AfterEntry(c, func(control.Entry) { panic(crash{}) })
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Propose(w.ctx, needEnable)
	}()
	if _, err := w.store.Fork(w.ctx, "plan-99", graph.At{}); err != nil {
		t.Fatal(err)
	}
	c = w.controller(d)
	if err := c.Recover(w.ctx); err != nil {
		t.Fatal(err)
	}
	branches, _ := w.store.Branches()
	plans := c.Plans()
	if len(branches) != 1 || len(plans) != 1 || plans[0].State != control.Proposed {
		t.Fatalf("branches %v, plans %+v", branches, plans)
	}
	if p, err := c.Verify(w.ctx, plans[0].ID); err != nil || p.State != control.Verified {
		t.Errorf("the plan is %s, %v", p.State, err)
	}
}

// Goal: two plans are not on their way at once. Method: apply the second from
// within the first.
func TestOneAtATime(t *testing.T) {
	w := newWorld(t)
	d := w.device()
	c := w.controller(d)
	p := w.approved(c)
	var second error
	d.Fault = func(_, name string) error {
		if name == "commit" {
			_, second = c.Apply(w.ctx, p.ID, operator)
		}
		return nil
	}
	w.apply(c, p.ID)
	if !errors.Is(second, control.ErrBusy) {
		t.Errorf("the second: %v", second)
	}
}

// Goal: unknown needs and plans are told apart. Method: ask for them.
func TestUnknown(t *testing.T) {
	w := newWorld(t)
	c := w.controller(w.device())
	if _, err := c.Propose(w.ctx, testBase+"id/need/none"); !errors.Is(err, control.ErrNoNeed) {
		t.Error(err)
	}
	if _, err := c.Verify(w.ctx, "7"); !errors.Is(err, control.ErrNoPlan) {
		t.Error(err)
	}
	if _, err := c.Approve(w.ctx, "7", operator); !errors.Is(err, control.ErrNoPlan) {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(fmt.Errorf("close: %w", err))
	}
}
