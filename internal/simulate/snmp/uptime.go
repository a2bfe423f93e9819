package snmp

import (
	"sync"
	"time"

	"nettwin/internal/simulate/smi"
)

// sysUpTime is the instance of SNMPv2-MIB sysUpTime (RFC 3418 §2).
var sysUpTime = smi.NewOID(1, 3, 6, 1, 2, 1, 1, 3, 0)

// An uptimeState lets sysUpTime advance from the value its state holds. When
// that value is changed, the count starts again from the new one at the moment
// the change is first seen.
type uptimeState struct {
	State
	clock func() time.Time

	mu    sync.Mutex
	base  smi.Value
	since time.Time
}

func newUptimeState(state State, clock func() time.Time) *uptimeState {
	base, _ := state.Get(sysUpTime)
	return &uptimeState{State: state, clock: clock, base: base, since: clock()}
}

// Get implements State.
func (u *uptimeState) Get(oid smi.OID) (smi.Value, bool) {
	value, ok := u.State.Get(oid)
	if ok && oid == sysUpTime {
		value = u.advance(value)
	}
	return value, ok
}

// Next implements State.
func (u *uptimeState) Next(oid smi.OID) (smi.OID, smi.Value, bool) {
	next, value, ok := u.State.Next(oid)
	if ok && next == sysUpTime {
		value = u.advance(value)
	}
	return next, value, ok
}

// advance adds the time passed, in hundredths of a second modulo 2^32.
func (u *uptimeState) advance(held smi.Value) smi.Value {
	if held.Kind() != smi.KindTimeTicks {
		return held
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.clock()
	if held != u.base {
		u.base, u.since = held, now
	}
	passed := now.Sub(u.since) / (10 * time.Millisecond)
	return smi.TimeTicks(uint32(held.Uint()) + uint32(passed))
}
