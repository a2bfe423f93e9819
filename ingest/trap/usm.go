package trap

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"

	"nettwin/internal/clock"
	"nettwin/internal/snmp"
)

// timeWindow is how far an engine's time may be off (RFC 3414 §2.2.3).
const timeWindow = 150 * time.Second

// MaxEngines bounds the engines whose time is remembered; who comes beyond is
// refused.
const MaxEngines = 65536

// The counters of reports (RFC 3414 §5).
const (
	usmStatsNotInTimeWindows = "1.3.6.1.6.3.15.1.1.2.0"
	usmStatsUnknownEngineIDs = "1.3.6.1.6.3.15.1.1.4.0"
)

// bootsEpoch makes snmpEngineBoots grow with every start without a file: the
// seconds since then.
var bootsEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// engine is the listener as authoritative engine of informs, and what it knows
// of the engines that send traps.
type engine struct {
	id    string
	boots uint32
	start time.Time
	clock clock.Clock

	mu      sync.Mutex           // guards what follows
	times   map[string]engineNow // by engine and user: a forged time of one must not silence another
	reports uint32
}

type engineNow struct{ boots, time int64 }

func newEngine(id []byte, c clock.Clock) (*engine, error) {
	if id == nil {
		id = append([]byte{0x80, 0, 0, 0, 4}, "nettwin"...) // RFC 3411 §5, SnmpEngineID: text
	}
	if len(id) < 5 || len(id) > 32 {
		return nil, fmt.Errorf("trap: engine ID of %d octets: 5 to 32 are allowed (RFC 3411 §5)", len(id))
	}
	now := c.Now()
	boots := min(max(now.Sub(bootsEpoch)/time.Second, 1), math.MaxInt32-1)
	return &engine{id: string(id), boots: uint32(boots), start: now, clock: c, times: map[string]engineNow{}}, nil
}

func (e *engine) seconds() uint32 {
	return uint32(min(max(e.clock.Now().Sub(e.start)/time.Second, 0), math.MaxInt32))
}

// openV3 runs RFC 3414 §3.2 on a message.
func (l *Listener) openV3(d datagram, h header, creds []snmp.Credential) (*message, error) {
	ours := string(h.engineID) == l.engine.id
	if len(h.engineID) < 5 || len(h.engineID) > 32 {
		if h.flags&flagReportable == 0 {
			return nil, &refusal{reasonMalformed, fmt.Sprintf("an engine ID of %d octets (RFC 3411 §5)", len(h.engineID))}
		}
		return nil, l.report(d, h, usmStatsUnknownEngineIDs, nil)
	}
	if !ours && h.flags&flagReportable != 0 {
		// An inform's authoritative engine is its receiver (RFC 3414 §1.5.1).
		return nil, l.report(d, h, usmStatsUnknownEngineIDs, nil)
	}
	p, cred, err := authentic(d.bytes, h, creds)
	if err != nil {
		return nil, err
	}
	if h.flags&flagAuth != 0 {
		if inside := l.engine.window(h, ours); !inside {
			if ours {
				return nil, l.report(d, h, usmStatsNotInTimeWindows, &cred)
			}
			return nil, &refusal{reasonWindow, fmt.Sprintf("engine %x: boots %d and time %d are of the past: a message sent again, or an engine that lost its boots", h.engineID, h.boots, h.time)}
		}
	}
	m, err := l.notification(p, cred, "SNMPv3 "+cred.Level())
	if err == nil && m.inform && !ours {
		return nil, &refusal{reasonPDU, "an inform of another engine"}
	}
	return m, err
}

// authentic finds the user and checks level, digest and encryption.
func authentic(raw []byte, h header, creds []snmp.Credential) (*gosnmp.SnmpPacket, snmp.Credential, error) {
	level := gosnmp.SnmpV3MsgFlags(h.flags &^ flagReportable)
	var last error
	for _, c := range creds {
		if c.User == "" || c.User != string(h.user) {
			continue
		}
		if level < c.Flags() {
			last = &refusal{reasonLevel, fmt.Sprintf("user %q sends with less security than %s", c.User, c.Level())}
			continue
		}
		if level > c.Flags() {
			last = &refusal{reasonLevel, fmt.Sprintf("user %q is configured for %s only", c.User, c.Level())}
			continue
		}
		p, err := decode(raw, &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel,
			MsgFlags: c.Flags(), SecurityParameters: c.USM()}, true)
		if err == nil {
			return p, c, nil
		}
		last = err
	}
	if last == nil {
		last = &refusal{reasonUser, fmt.Sprintf("user %q", h.user)}
	}
	return nil, snmp.Credential{}, last
}

// window tells whether a message is of now (RFC 3414 §3.2 step 7): as
// authoritative engine by our clock, else by what the engine said before.
func (e *engine) window(h header, ours bool) bool {
	const off = int64(timeWindow / time.Second)
	if ours {
		now := int64(e.seconds())
		return h.boots == int64(e.boots) && h.time >= now-off && h.time <= now+off
	}
	if h.boots >= math.MaxInt32 {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	key := string(h.user) + "\x00" + string(h.engineID)
	known, ok := e.times[key]
	if !ok && len(e.times) >= MaxEngines {
		return false
	}
	switch {
	case ok && (h.boots < known.boots || h.boots == known.boots && h.time < known.time-off):
		return false
	case !ok || h.boots > known.boots || h.time > known.time:
		e.times[key] = engineNow{h.boots, h.time}
	}
	return true
}

// report tells a sender of informs our engine, or our time (with the digest of
// cred). It returns a refusal only if the report cannot be sent.
func (l *Listener) report(d datagram, h header, counter string, cred *snmp.Credential) error {
	e := l.engine
	e.mu.Lock()
	e.reports++
	count := e.reports
	e.mu.Unlock()
	usm := &gosnmp.UsmSecurityParameters{AuthenticationProtocol: gosnmp.NoAuth, PrivacyProtocol: gosnmp.NoPriv}
	flags := gosnmp.NoAuthNoPriv
	if cred != nil {
		plain := *cred
		plain.Priv, plain.PrivPass = "", ""
		usm, flags = plain.USM(), plain.Flags()
	}
	if err := e.ours(usm); err != nil {
		return &refusal{reasonMalformed, err.Error()}
	}
	p := &gosnmp.SnmpPacket{Version: gosnmp.Version3, MsgID: uint32(h.msgID), MsgMaxSize: MaxDatagram, MsgFlags: flags,
		SecurityModel: gosnmp.UserSecurityModel, SecurityParameters: usm, ContextEngineID: e.id, PDUType: gosnmp.Report,
		Variables: []gosnmp.SnmpPDU{{Name: "." + counter, Type: gosnmp.Counter32, Value: count}}}
	answer, err := p.MarshalMsg()
	if err == nil {
		_, err = l.conn.WriteToUDPAddrPort(answer, d.from)
	}
	if err != nil {
		return &refusal{reasonMalformed, fmt.Sprintf("a report could not be sent: %v", err)}
	}
	l.counts.reports.Add(1)
	return nil
}

// ours sets our engine as the authoritative one.
func (e *engine) ours(usm *gosnmp.UsmSecurityParameters) error {
	usm.AuthoritativeEngineID, usm.AuthoritativeEngineBoots, usm.AuthoritativeEngineTime = e.id, e.boots, e.seconds()
	return usm.InitSecurityKeys()
}

// response makes the answer to an inform (RFC 3416 §4.2.7): the same
// variables.
func (e *engine) response(m *message) ([]byte, error) {
	p := *m.packet
	p.PDUType, p.Error, p.ErrorIndex = gosnmp.GetResponse, gosnmp.NoError, 0
	p.Variables = slices.Clone(p.Variables)
	if p.Version == gosnmp.Version3 {
		p.MsgFlags &^= gosnmp.Reportable
		usm := m.cred.USM()
		if err := e.ours(usm); err != nil {
			return nil, err
		}
		p.SecurityParameters = usm
		if err := usm.InitPacket(&p); err != nil {
			return nil, err
		}
	}
	return p.MarshalMsg()
}
