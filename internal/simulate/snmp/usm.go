package snmp

import (
	"crypto/hmac"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// timeWindow is how far a manager's idea of the engine's time may be off
// (RFC 3414 §3.2 step 7).
const timeWindow = 150 * time.Second

// An engine is the agent as authoritative SNMP engine: its name, its clock and
// its users.
type engine struct {
	id    string
	boots int32
	start time.Time
	clock func() time.Time
	users map[string]*account
	salts atomic.Uint64
}

// seconds is snmpEngineTime.
func (e *engine) seconds() int32 {
	passed := e.clock().Sub(e.start) / time.Second
	return int32(min(max(passed, 0), math.MaxInt32))
}

// A refusal is a packet that is not answered: counted, and reported to the
// manager with the given security level if the counter has an OID.
type refusal struct {
	counter counter
	level   level
	detail  string
}

func (r *refusal) Error() string { return r.detail }

func refusalf(c counter, at level, format string, args ...any) *refusal {
	return &refusal{counter: c, level: at, detail: fmt.Sprintf(format, args...)}
}

// open runs RFC 3414 §3.2 on a message: it finds the user, checks digest and
// time, decrypts and decodes. The account is not nil when the user is known,
// also beside a refusal.
func (e *engine) open(m *message3) (scopedPDU, *account, *refusal) {
	var err error
	if m.usm, err = decodeUSM(m.security); err != nil {
		return scopedPDU{}, nil, refusalf(parseErrors, 0, "%v", err)
	}
	if string(m.usm.engineID) != e.id {
		return scopedPDU{}, nil, refusalf(unknownEngineIDs, 0, "engine ID %x is not that of this agent", m.usm.engineID)
	}
	acc, ok := e.users[string(m.usm.user)]
	if !ok {
		return scopedPDU{}, nil, refusalf(unknownUserNames, 0, "no user %q", m.usm.user)
	}
	if m.level&^acc.level != 0 {
		return scopedPDU{}, acc, refusalf(unsupportedSecLevels, 0, "user %q has no keys for this security level", acc.name)
	}
	if m.level&levelAuth != 0 {
		if r := e.authenticate(m, acc); r != nil {
			return scopedPDU{}, acc, r
		}
	}
	data := m.data
	if m.level&levelPriv != 0 {
		plain, r := decryptData(m, acc)
		if r != nil {
			return scopedPDU{}, acc, r
		}
		data = newDecoder(plain)
	}
	scoped, err := decodeScoped(data)
	if err != nil {
		// RFC 3412 §7.2 step 7. A wrong privacy key ends here: USM has no
		// check of the decrypted text.
		return scopedPDU{}, acc, refusalf(parseErrors, 0, "%v", err)
	}
	return scoped, acc, nil
}

// authenticate checks digest and time window (RFC 3414 §3.2 steps 6 and 7).
func (e *engine) authenticate(m *message3, acc *account) *refusal {
	at, size := m.usm.mac.pos, m.usm.mac.end-m.usm.mac.pos
	if size != acc.auth.macBytes {
		return refusalf(wrongDigests, 0, "user %q: digest of %d octets, %s has %d", acc.name, size, acc.auth.name, acc.auth.macBytes)
	}
	zeroed := append([]byte(nil), m.raw...)
	clear(zeroed[at : at+size])
	if !hmac.Equal(acc.mac(zeroed), m.raw[at:at+size]) {
		return refusalf(wrongDigests, 0, "user %q: wrong digest", acc.name)
	}
	now := e.seconds()
	off := time.Duration(m.usm.time-now) * time.Second
	if m.usm.boots != e.boots || e.boots == math.MaxInt32 || off.Abs() > timeWindow {
		return refusalf(notInTimeWindows, levelAuth, "user %q: engine boots %d and time %d, here %d and %d", acc.name, m.usm.boots, m.usm.time, e.boots, now)
	}
	return nil
}

func decryptData(m *message3, acc *account) ([]byte, *refusal) {
	encrypted, err := m.data.octets("encryptedPDU")
	if err != nil {
		return nil, refusalf(parseErrors, 0, "%v", err)
	}
	plain, err := acc.decrypt(encrypted, m.usm.salt, m.usm.boots, m.usm.time)
	if err != nil {
		return nil, refusalf(decryptionErrors, 0, "user %q: encryptedPDU: %v", acc.name, err)
	}
	return plain, nil
}

// seal makes the message that carries an answer to m at a security level.
func (e *engine) seal(m *message3, acc *account, at level, context string, maxBytes int, pdu response) []byte {
	out := outgoing3{
		msgID: m.msgID, maxBytes: maxBytes, level: at, engineID: e.id, boots: e.boots, time: e.seconds(),
		user: string(m.usm.user), account: acc, context: context, pdu: pdu,
	}
	if at&levelPriv != 0 {
		out.salt = e.salts.Add(1)
	}
	return out.encode()
}
