package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nettwin/control/internal/read"
	"nettwin/graph"
)

// cleanupTimeout bounds what is done for a known state after the caller gave
// up or a step failed.
const cleanupTimeout = 5 * time.Minute

// confirmGrace is how long after its timeout a device may take to take a
// commit back.
const confirmGrace = 15 * time.Second

// Apply carries an approved plan to its devices and returns it in a final
// state: Done, RolledBack or Failed, whose reason names device and step. An
// error means that it was not begun (ErrForbidden, ErrNoPlan, ErrState,
// ErrStale, ErrMoved, ErrBusy) or that the journal or the graph could not be
// written, after which Recover goes on. A ctx that ends rolls back.
func (c *Controller) Apply(ctx context.Context, id string, by Principal) (Plan, error) {
	if !by.Operates() {
		return Plan{}, fmt.Errorf("%w: applying plan %s takes the role operator, %q has %q", ErrForbidden, id, by.Name, by.Role)
	}
	if !c.runMu.TryLock() {
		return Plan{}, fmt.Errorf("%w: plan %s has to wait", ErrBusy, id)
	}
	defer c.runMu.Unlock()
	p, err := c.begin(ctx, id, by)
	if err != nil {
		return p, err
	}
	a := &attempt{c: c, p: &p, sessions: make([]Session, len(p.Payloads))}
	defer a.close()
	if err := a.run(ctx); err != nil {
		return p, err
	}
	return c.Plan(id)
}

// begin passes the gate once more and records that the plan is under way.
func (c *Controller) begin(ctx context.Context, id string, by Principal) (Plan, error) {
	c.workMu.Lock()
	defer c.workMu.Unlock()
	if _, err := c.inState(id, "applied", Approved); err != nil {
		return Plan{}, err
	}
	p, err := c.gate(ctx, id)
	if err != nil {
		return p, err
	}
	if p.Approval == nil || p.Approval.Digest != p.Digest {
		return p, fmt.Errorf("%w: plan %s: another digest was approved", ErrState, id)
	}
	err = c.record(Entry{Plan: id, Step: stepApply, State: Applying, By: by.Name, Token: c.token(id),
		Deadline: c.opt.Now().UTC().Add(c.opt.PushTimeout + c.opt.ConfirmTimeout)})
	if err != nil {
		return p, err
	}
	return c.Plan(id)
}

// token names the confirmed commits of a plan. It holds a part of the
// journal's head, so that no other plan and no other twin has it.
func (c *Controller) token(id string) string {
	return "nettwin-" + id + "-" + c.Chain().Head[:16]
}

// attempt is a plan on its way to its devices.
type attempt struct {
	c        *Controller
	p        *Plan
	sessions []Session // by payload; nil: none
}

// close ends the sessions, which releases their locks.
func (a *attempt) close() {
	for i, s := range a.sessions {
		if s != nil {
			s.Close()
			a.sessions[i] = nil
		}
	}
}

// step records what is about to be done with a device.
func (a *attempt) step(name, device string) error {
	return a.c.record(Entry{Plan: a.p.ID, Step: name, Device: device})
}

// fault is a failure of a step, not of the journal: the plan goes back.
type fault struct {
	device, step string
	err          error
}

func (f *fault) Error() string {
	if f.device == "" {
		return f.step + ": " + f.err.Error()
	}
	return "device " + f.device + ": " + f.step + ": " + f.err.Error()
}

func (f *fault) Unwrap() error { return f.err }

// run goes through the steps. Its errors are those of journal and graph.
func (a *attempt) run(ctx context.Context) error {
	err := a.push(ctx)
	if err == nil {
		err = a.settle(ctx)
	}
	// From here on a known state is owed, whatever becomes of the caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	var cause *fault
	switch {
	case errors.As(err, &cause):
		return a.rollBack(ctx, cause.Error())
	case err != nil:
		return err
	}
	if err := a.c.record(Entry{Plan: a.p.ID, Step: stepConfirm, State: Confirming}); err != nil {
		return err
	}
	return a.confirm(ctx)
}

// push takes the payloads to the devices: all are prepared before the first
// commits.
func (a *attempt) push(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.c.opt.PushTimeout)
	defer cancel()
	for i := range a.p.Payloads {
		if err := a.prepare(ctx, i); err != nil {
			return err
		}
	}
	for i := range a.p.Payloads {
		device := a.p.Payloads[i].Device
		if err := a.step(stepCommit, device); err != nil {
			return err
		}
		if err := a.sessions[i].Commit(ctx, a.p.Token, a.c.opt.ConfirmTimeout); err != nil {
			return &fault{device, stepCommit, err}
		}
	}
	return nil
}

func (a *attempt) prepare(ctx context.Context, i int) error {
	payload := &a.p.Payloads[i]
	driver := a.c.ingestOf[payload.Driver]
	if driver == nil {
		return &fault{payload.Device, stepOpen, fmt.Errorf("no driver %q is configured", payload.Driver)}
	}
	if err := a.step(stepOpen, payload.Device); err != nil {
		return err
	}
	session, err := driver.Open(ctx, payload.device())
	if err != nil {
		return &fault{payload.Device, stepOpen, err}
	}
	a.sessions[i] = session
	for _, one := range []struct {
		name string
		do   func() error
	}{
		{stepLock, func() error { return session.Lock(ctx) }},
		{stepEdit, func() error { return session.Edit(ctx, payload) }},
	} {
		if err := a.step(one.name, payload.Device); err != nil {
			return err
		}
		if err := one.do(); err != nil {
			return &fault{payload.Device, one.name, err}
		}
	}
	return nil
}

// settle reads the devices again: what runs must be what was sent (a device
// may answer ok and drop the edit), and the sources must come to say what the
// plan expects (a device may run a configuration without doing as it says).
func (a *attempt) settle(ctx context.Context) error {
	for i := range a.p.Payloads {
		payload := &a.p.Payloads[i]
		if err := a.step(stepCompare, payload.Device); err != nil {
			return err
		}
		holding, err := a.sessions[i].Compare(ctx, payload)
		if err != nil {
			return &fault{payload.Device, stepCompare, err}
		}
		if holding != HoldsAfter {
			return &fault{payload.Device, stepCompare, fmt.Errorf("the device answered ok to the commit, but its running configuration holds %s of the edit",
				map[Holding]string{HoldsBefore: "nothing", HoldsMixed: "a part"}[holding])}
		}
	}
	if a.c.opt.Collect == nil {
		return nil
	}
	if err := a.step(stepCollect, ""); err != nil {
		return err
	}
	unmet, err := a.c.await(ctx, a.p, func(ch Change, present bool) bool { return present != ch.Delete })
	if err != nil {
		return &fault{"", stepCollect, err}
	}
	if len(unmet) > 0 {
		return &fault{"", stepCollect, fmt.Errorf("the configuration was taken, but %v later sources do not say what was expected: %s",
			a.c.opt.SettleTimeout, list(unmet))}
	}
	return nil
}

// await collects from the plan's sources until each change is as it should be,
// and lists those that are not when SettleTimeout is over. The error is of the
// last collection.
func (c *Controller) await(ctx context.Context, p *Plan, good func(ch Change, present bool) bool) ([]string, error) {
	until := c.opt.Now().Add(c.opt.SettleTimeout)
	for {
		failure := c.collect(ctx, p)
		unmet, err := c.compare(p, good)
		if err != nil {
			return nil, err
		}
		if len(unmet) == 0 || !c.opt.Now().Before(until) {
			if len(unmet) > 0 && failure != nil {
				return nil, failure
			}
			return unmet, nil
		}
		if err := c.opt.Sleep(ctx, c.opt.PollInterval); err != nil {
			return nil, err
		}
	}
}

// collect reads the sources again that the plan changes.
func (c *Controller) collect(ctx context.Context, p *Plan) error {
	graphs, err := p.sources()
	if err != nil {
		return err
	}
	head, err := c.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer head.Close()
	var failures []error
	for _, g := range graphs {
		d, collector, err := c.describe(ctx, head, g)
		if err != nil {
			return err
		}
		if collector == "" {
			continue
		}
		if err := c.opt.Collect(ctx, collector, d.Name); err != nil {
			failures = append(failures, fmt.Errorf("device %s: read again by %s: %w", d.Name, collector, err))
		}
	}
	return errors.Join(failures...)
}

// compare lists the changes of sources that are not as they should be on main.
func (c *Controller) compare(p *Plan, good func(ch Change, present bool) bool) ([]string, error) {
	head, err := c.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return nil, err
	}
	defer head.Close()
	var unmet []string
	for _, ch := range p.Changes {
		q, err := ch.Parse()
		if err != nil {
			return nil, err
		}
		if q.G.IsZero() { // supposed, not expected
			continue
		}
		present, err := read.Holds(head, q)
		if err != nil {
			return nil, err
		}
		if !good(ch, present) {
			unmet = append(unmet, ch.sign())
		}
	}
	return unmet, nil
}

// maxListed bounds what a message lists.
const maxListed = 5

func list(all []string) string {
	if len(all) > maxListed {
		return strings.Join(all[:maxListed], ", ") + fmt.Sprintf(" and %d more", len(all)-maxListed)
	}
	return strings.Join(all, ", ")
}
