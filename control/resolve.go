package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// rollBack brings the devices back to what they held, and records how that
// went: invariant 5.
func (a *attempt) rollBack(ctx context.Context, reason string) error {
	if !a.p.committed() {
		latest, err := a.c.Plan(a.p.ID)
		if err != nil {
			return err
		}
		a.p = &latest
	}
	if !a.p.committed() {
		a.discard(ctx)
		return a.c.end(ctx, a.p.ID, RolledBack, stepEnd, "", reason+"; no device was told to commit")
	}
	var failures []string
	for i := range a.p.Payloads {
		device := a.p.Payloads[i].Device
		if err := a.step(stepCancel, device); err != nil {
			return err
		}
		if err := a.cancel(ctx, i); err != nil {
			failures = append(failures, "device "+device+": "+err.Error())
		}
	}
	a.close()
	if len(failures) == 0 {
		failures = a.effects(ctx)
	}
	if len(failures) > 0 {
		return a.c.end(ctx, a.p.ID, Failed, stepEnd, "", reason+"; the way back failed: "+strings.Join(failures, "; "))
	}
	return a.c.end(ctx, a.p.ID, RolledBack, stepEnd, "", reason+"; the devices hold what they held before")
}

// discard forgets edits that were not committed, as well as it goes: a session
// that ended has forgotten them.
func (a *attempt) discard(ctx context.Context) {
	for i, s := range a.sessions {
		if s == nil {
			continue
		}
		if err := errors.Join(s.Discard(ctx), s.Unlock(ctx)); err != nil {
			a.c.opt.Log.Warn("discard", "plan", a.p.ID, "device", a.p.Payloads[i].Device, "err", err)
		}
	}
	a.close()
}

// effects looks whether the sources say again what they said before the plan:
// some devices take the configuration back and not what it did.
func (a *attempt) effects(ctx context.Context) []string {
	if a.c.opt.Collect == nil {
		return nil
	}
	unmet, err := a.c.await(ctx, a.p, func(ch Change, present bool) bool { return present == ch.Delete })
	if err != nil {
		return []string{"the configuration is as before, but what the devices do is not known: " + err.Error()}
	}
	if len(unmet) > 0 {
		return []string{"the configuration is as before, but sources do not say what they said before: of " + list(unmet)}
	}
	return nil
}

// session returns the session of a payload, opened if need be.
func (a *attempt) session(ctx context.Context, i int) (Session, error) {
	if a.sessions[i] != nil {
		return a.sessions[i], nil
	}
	payload := &a.p.Payloads[i]
	driver := a.c.ingestOf[payload.Driver]
	if driver == nil {
		return nil, fmt.Errorf("no driver %q is configured", payload.Driver)
	}
	s, err := driver.Open(ctx, payload.device())
	if err == nil {
		a.sessions[i] = s
	}
	return s, err
}

// forget ends a session that failed, so that the next try has its own.
func (a *attempt) forget(i int) {
	if a.sessions[i] != nil {
		a.sessions[i].Close()
		a.sessions[i] = nil
	}
}

// ask does one thing with a device, then reads what it holds.
func (a *attempt) ask(ctx context.Context, i int, do func(Session) error) (holding Holding, doErr, err error) {
	s, err := a.session(ctx, i)
	if err != nil {
		return "", nil, err
	}
	doErr = do(s)
	holding, err = s.Compare(ctx, &a.p.Payloads[i])
	if err != nil || doErr != nil && !errors.Is(doErr, ErrNothingPending) {
		a.forget(i)
	}
	return holding, doErr, err
}

// cancel takes a commit back and waits until the device holds what it held. A
// device that cannot be asked takes it back by itself at its timeout.
func (a *attempt) cancel(ctx context.Context, i int) error {
	until := a.p.Deadline.Add(confirmGrace)
	for {
		holding, doErr, err := a.ask(ctx, i, func(s Session) error { return s.Cancel(ctx, a.p.Token) })
		if err == nil && holding == HoldsBefore {
			return nil
		}
		if !a.c.opt.Now().Before(until) {
			if err != nil {
				return fmt.Errorf("%s: what it holds is not known: %w", stepCancel, err)
			}
			return fmt.Errorf("%s: past the timeout of the commit its running configuration still holds the edit (%s): %w", stepCancel, holding, orTimeout(doErr))
		}
		if err := a.c.opt.Sleep(ctx, a.c.opt.PollInterval); err != nil {
			return fmt.Errorf("%s: %w", stepCancel, err)
		}
	}
}

// errOverdue: a device did not do what it must by itself.
var errOverdue = errors.New("the device did not take it back")

func orTimeout(err error) error {
	if err == nil {
		return errOverdue
	}
	return err
}

// errTakenBack: the device took the commit back before it was confirmed.
var errTakenBack = errors.New("the device took the commit back before it was confirmed")

// confirm makes the commits last and ends the plan.
func (a *attempt) confirm(ctx context.Context) error {
	var failures []string
	back := 0
	for i := range a.p.Payloads {
		device := a.p.Payloads[i].Device
		if err := a.step(stepConfirm, device); err != nil {
			return err
		}
		err := a.confirmOne(ctx, i)
		if err != nil {
			failures = append(failures, "device "+device+": "+stepConfirm+": "+err.Error())
		}
		if errors.Is(err, errTakenBack) {
			back++
		}
	}
	a.release(ctx)
	reason := strings.Join(failures, "; ")
	switch {
	case back > 0 && back == len(a.p.Payloads):
		return a.c.end(ctx, a.p.ID, RolledBack, stepEnd, "", reason)
	case len(failures) > 0:
		return a.c.end(ctx, a.p.ID, Failed, stepEnd, "", reason)
	}
	return a.finish(ctx)
}

// confirmOne confirms until the device has it, or has taken it back.
func (a *attempt) confirmOne(ctx context.Context, i int) error {
	until := a.p.Deadline.Add(confirmGrace)
	for {
		holding, doErr, err := a.ask(ctx, i, func(s Session) error { return s.Confirm(ctx, a.p.Token) })
		asked := doErr == nil || errors.Is(doErr, ErrNothingPending)
		switch {
		case err == nil && holding == HoldsAfter && asked:
			return nil
		case err == nil && holding == HoldsBefore:
			return errTakenBack
		case err == nil && holding == HoldsMixed && asked:
			return errors.New("its running configuration holds a part of the edit: somebody else has changed it")
		}
		if !a.c.opt.Now().Before(until) {
			return fmt.Errorf("whether it lasts is not known: %w", errors.Join(doErr, err))
		}
		if err := a.c.opt.Sleep(ctx, a.c.opt.PollInterval); err != nil {
			return fmt.Errorf("whether it lasts is not known: %w", err)
		}
	}
}

// release unlocks and closes.
func (a *attempt) release(ctx context.Context) {
	for i, s := range a.sessions {
		if s == nil {
			continue
		}
		if err := s.Unlock(ctx); err != nil {
			a.c.opt.Log.Warn("unlock", "plan", a.p.ID, "device", a.p.Payloads[i].Device, "err", err)
		}
	}
	a.close()
}

// finish looks at the sources once more after the confirmation.
func (a *attempt) finish(ctx context.Context) error {
	if a.c.opt.Collect != nil {
		if err := a.step(stepCollect, ""); err != nil {
			return err
		}
		unmet, err := a.c.await(ctx, a.p, func(ch Change, present bool) bool { return present != ch.Delete })
		if err != nil {
			return a.c.end(ctx, a.p.ID, Failed, stepEnd, "", "confirmed, but not seen afterwards: "+err.Error())
		}
		if len(unmet) > 0 {
			return a.c.end(ctx, a.p.ID, Failed, stepEnd, "", "confirmed, but sources do not say what was expected: "+list(unmet))
		}
	}
	if err := a.c.end(ctx, a.p.ID, Done, stepEnd, "", ""); err != nil {
		return err
	}
	return a.c.overtake(ctx, a.p)
}
