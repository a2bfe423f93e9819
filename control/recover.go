package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Recover ends what a crash left under way. A plan whose devices may have been
// told to commit is taken back, unless its confirmation had begun: that is
// gone on with. It waits for devices until their commits have timed out for
// sure, then says what is not known. Branches that no plan under way needs are
// dropped, provenance that is missing is written.
func (c *Controller) Recover(ctx context.Context) error {
	c.runMu.Lock()
	defer c.runMu.Unlock()
	var failures []error
	for _, p := range c.Plans() {
		var err error
		switch p.State {
		case Applying, Confirming:
			err = c.resume(ctx, p)
		default:
			if p.State.Final() {
				err = c.provenance(ctx, p.ID)
			}
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("control: recover: plan %s: %w", p.ID, err))
		}
	}
	return errors.Join(append(failures, c.dropBranches(ctx))...)
}

func (c *Controller) resume(ctx context.Context, p Plan) error {
	if err := c.record(Entry{Plan: p.ID, Step: stepRecover, Detail: "the twin was stopped while the plan was " + string(p.State)}); err != nil {
		return err
	}
	a := &attempt{c: c, p: &p, sessions: make([]Session, len(p.Payloads))}
	defer a.close()
	if p.State == Confirming {
		return a.confirm(ctx)
	}
	if !p.committed() {
		a.clear(ctx)
	}
	return a.rollBack(ctx, "the twin was stopped before the devices were asked to keep the change")
}

// clear forgets edits that a session of ours may have left, where a device
// does not forget them with the session. It does so under the lock only, for
// what stands there may be another's.
func (a *attempt) clear(ctx context.Context) {
	for i := range a.p.Payloads {
		s, err := a.session(ctx, i)
		if err == nil {
			err = s.Lock(ctx)
		}
		if err != nil {
			a.c.opt.Log.Warn("discard", "plan", a.p.ID, "device", a.p.Payloads[i].Device, "err", err)
			a.forget(i)
		}
	}
}

// dropBranches removes branches of plans that have ended or were never made.
func (c *Controller) dropBranches(ctx context.Context) error {
	branches, err := c.opt.Store.Branches()
	if err != nil {
		return fmt.Errorf("control: recover: %w", err)
	}
	for _, b := range branches {
		id, ours := strings.CutPrefix(b.Name, branchPrefix)
		if !ours {
			continue
		}
		if p, err := c.Plan(id); err == nil && !p.State.Final() {
			continue
		}
		if err := c.dropBranch(ctx, id); err != nil {
			return fmt.Errorf("control: recover: branch %s: %w", b.Name, err)
		}
	}
	return nil
}
