package controltest

import (
	"context"
	"errors"
	"testing"
	"time"

	"nettwin/control"
	"nettwin/graph"
)

// Case is a driver with a device on which a change can be tried again and
// again: it holds what Base says, and Branch says something else of it.
type Case struct {
	Driver       control.Driver
	Device       control.Device
	Base, Branch graph.Source
	// Elapse lets time pass for the device, which may be a simulated one.
	Elapse func(d time.Duration)
}

// Timeout is that of the suite's confirmed commits.
const Timeout = 2 * time.Second

// Run holds a driver to the contract of control.Driver and control.Session.
// Each test gets a case of its own from begin.
func Run(t *testing.T, begin func(t *testing.T) Case) {
	for _, test := range []struct {
		name string
		run  func(*harness)
	}{
		{"payload", testPayload}, {"dry run", testDryRun}, {"lost session", testLostSession}, {"lock", testLock},
		{"cancel", testCancel}, {"cancel elsewhere", testCancelElsewhere}, {"timeout", testTimeout},
		{"confirm", testConfirm}, {"confirm elsewhere", testConfirmElsewhere}, {"nothing pending", testNothingPending},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			h := &harness{T: t, Case: begin(t), ctx: ctx}
			var err error
			if h.payload, err = h.Driver.Payload(ctx, h.Device, h.Base, h.Branch); err != nil {
				t.Fatal(err)
			}
			test.run(h)
		})
	}
}

type harness struct {
	*testing.T
	Case
	ctx     context.Context
	payload control.Payload
}

func (h *harness) must(what string, err error) {
	h.Helper()
	if err != nil {
		h.Fatalf("%s: %v", what, err)
	}
}

func (h *harness) open() control.Session {
	h.Helper()
	s, err := h.Driver.Open(h.ctx, h.Device)
	h.must("open", err)
	h.Cleanup(func() { s.Close() })
	return s
}

// holds asks a session what runs.
func (h *harness) holds(s control.Session, want control.Holding) {
	h.Helper()
	got, err := s.Compare(h.ctx, &h.payload)
	h.must("compare", err)
	if got != want {
		h.Fatalf("the running configuration holds %q, expected %q", got, want)
	}
}

// commit locks, edits and commits until Timeout.
func (h *harness) commit(s control.Session, token string) {
	h.Helper()
	h.must("lock", s.Lock(h.ctx))
	h.must("edit", s.Edit(h.ctx, &h.payload))
	h.must("commit", s.Commit(h.ctx, token, Timeout))
	h.holds(s, control.HoldsAfter)
}

// testPayload: the payload says something, always the same, and nothing where
// nothing differs.
func testPayload(h *harness) {
	if h.payload.Body == "" || len(h.payload.Changes) == 0 || h.payload.Type == "" {
		h.Fatalf("payload %+v says nothing", h.payload)
	}
	again, err := h.Driver.Payload(h.ctx, h.Device, h.Base, h.Branch)
	h.must("payload", err)
	if again.Body != h.payload.Body {
		h.Errorf("two payloads of one change:\n%s\n%s", h.payload.Body, again.Body)
	}
	for _, ch := range h.payload.Changes {
		q, err := ch.Parse()
		h.must("change", err)
		if q.G != h.Device.Graph {
			h.Errorf("change %v is not in the device's graph %v", q, h.Device.Graph)
		}
	}
	none, err := h.Driver.Payload(h.ctx, h.Device, h.Base, h.Base)
	h.must("payload", err)
	if len(none.Changes) != 0 {
		h.Errorf("payload of no change: %+v", none)
	}
	h.holds(h.open(), control.HoldsBefore)
}

// testDryRun: an edit that is discarded has no effect, then or later.
func testDryRun(h *harness) {
	s := h.open()
	h.must("lock", s.Lock(h.ctx))
	h.must("edit", s.Edit(h.ctx, &h.payload))
	h.holds(s, control.HoldsBefore)
	h.must("discard", s.Discard(h.ctx))
	h.must("unlock", s.Unlock(h.ctx))
	h.holds(s, control.HoldsBefore)
	h.must("close", s.Close())
	h.must("close again", s.Close())
}

// testLostSession: a session that ends takes its lock and its edit along.
func testLostSession(h *harness) {
	s := h.open()
	h.must("lock", s.Lock(h.ctx))
	h.must("edit", s.Edit(h.ctx, &h.payload))
	h.must("close", s.Close())
	other := h.open()
	h.eventually("lock", func() error { return other.Lock(h.ctx) })
	h.holds(other, control.HoldsBefore)
	h.must("commit", other.Commit(h.ctx, "lost", Timeout))
	h.holds(other, control.HoldsBefore)
	if err := other.Confirm(h.ctx, "lost"); err != nil && !errors.Is(err, control.ErrNothingPending) {
		h.Fatal(err)
	}
	h.must("unlock", other.Unlock(h.ctx))
}

// eventually tries until it works: the end of a session may take a moment.
func (h *harness) eventually(what string, f func() error) {
	h.Helper()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-h.ctx.Done():
			h.Fatalf("%s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// testLock: two sessions do not hold the lock.
func testLock(h *harness) {
	one, two := h.open(), h.open()
	h.must("lock", one.Lock(h.ctx))
	if err := two.Lock(h.ctx); !errors.Is(err, control.ErrLocked) {
		h.Errorf("second lock: %v, expected %v", err, control.ErrLocked)
	}
	h.must("unlock", one.Unlock(h.ctx))
	h.must("lock", two.Lock(h.ctx))
	h.must("unlock", two.Unlock(h.ctx))
}

// testCancel: a commit is taken back at once.
func testCancel(h *harness) {
	s := h.open()
	h.commit(s, "cancel")
	h.must("cancel", s.Cancel(h.ctx, "cancel"))
	h.holds(s, control.HoldsBefore)
	h.must("unlock", s.Unlock(h.ctx))
}

// testCancelElsewhere: a commit outlives its session and is taken back by its
// token.
func testCancelElsewhere(h *harness) {
	s := h.open()
	h.commit(s, "elsewhere")
	h.must("close", s.Close())
	other := h.open()
	h.holds(other, control.HoldsAfter)
	h.eventually("cancel", func() error { return other.Cancel(h.ctx, "elsewhere") })
	h.holds(other, control.HoldsBefore)
}

// testTimeout: a commit that nobody confirms is taken back by the device.
func testTimeout(h *harness) {
	s := h.open()
	h.commit(s, "timeout")
	h.must("close", s.Close())
	h.Elapse(Timeout + time.Second)
	h.eventually("taken back", func() error {
		other, err := h.Driver.Open(h.ctx, h.Device)
		if err != nil {
			return err
		}
		defer other.Close()
		if got, err := other.Compare(h.ctx, &h.payload); err != nil || got != control.HoldsBefore {
			h.Elapse(time.Second)
			return errors.Join(err, errors.New("the running configuration holds "+string(got)))
		}
		return nil
	})
}

// testConfirm: a commit that is confirmed stays.
func testConfirm(h *harness) {
	s := h.open()
	h.commit(s, "confirm")
	h.must("confirm", s.Confirm(h.ctx, "confirm"))
	h.must("unlock", s.Unlock(h.ctx))
	h.Elapse(Timeout + time.Second)
	h.holds(s, control.HoldsAfter)
}

// testConfirmElsewhere: likewise by another session.
func testConfirmElsewhere(h *harness) {
	s := h.open()
	h.commit(s, "other")
	h.must("close", s.Close())
	other := h.open()
	h.eventually("confirm", func() error { return other.Confirm(h.ctx, "other") })
	h.Elapse(Timeout + time.Second)
	h.holds(other, control.HoldsAfter)
}

// testNothingPending: tokens of no commit are told apart from failures.
func testNothingPending(h *harness) {
	s := h.open()
	if err := s.Confirm(h.ctx, "nobody"); !errors.Is(err, control.ErrNothingPending) {
		h.Errorf("confirm: %v, expected %v", err, control.ErrNothingPending)
	}
	if err := s.Cancel(h.ctx, "nobody"); !errors.Is(err, control.ErrNothingPending) {
		h.Errorf("cancel: %v, expected %v", err, control.ErrNothingPending)
	}
	h.holds(s, control.HoldsBefore)
}
