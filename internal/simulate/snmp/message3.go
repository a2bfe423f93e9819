package snmp

import (
	"fmt"
	"math"

	"nettwin/internal/simulate/smi"
)

const (
	version2c = 1
	version3  = 3

	securityModelUSM = 3

	// minMessageBytes is the least that every SNMP entity accepts (RFC 3412
	// §6, RFC 3417 §3.2).
	minMessageBytes = 484

	maxUserName = 32 // RFC 3414 §2.4
)

// A level holds the security bits of msgFlags (RFC 3412 §6.4).
type level byte

const (
	levelAuth level = 1
	levelPriv level = 2

	levelMask      = levelAuth | levelPriv
	reportableFlag = 4
)

// A message3 is an SNMPv3 message (RFC 3412 §6) with USM parameters (RFC 3414
// §2.4). Slices are part of raw.
type message3 struct {
	raw        []byte
	msgID      int32
	maxBytes   int
	level      level
	reportable bool
	model      int32
	security   decoder // content of msgSecurityParameters
	usm        usmParameters
	data       decoder // msgData: one element
}

type usmParameters struct {
	engineID    []byte
	boots, time int32
	user        []byte
	mac         decoder // position of msgAuthenticationParameters
	salt        []byte
}

// A scopedPDU is RFC 3412 §6.8.
type scopedPDU struct {
	contextEngineID []byte
	contextName     []byte
	pdu             request
}

// decodeHeader reads all of a message but the security parameters and msgData,
// whose form depends on the security model. d stands behind the version.
func decodeHeader(d *decoder) (message3, error) {
	m := message3{raw: d.buf}
	header, err := d.expect(tagSequence, "msgGlobalData")
	if err != nil {
		return m, err
	}
	if m.msgID, err = header.integer("msgID", 0, math.MaxInt32); err != nil {
		return m, err
	}
	maxBytes, err := header.integer("msgMaxSize", minMessageBytes, math.MaxInt32)
	if err != nil {
		return m, err
	}
	m.maxBytes = int(maxBytes)
	flags, err := header.octets("msgFlags")
	if err != nil {
		return m, err
	}
	if len(flags) != 1 {
		return m, header.fail("msgFlags of %d octets, want 1", len(flags))
	}
	m.level = level(flags[0]) & levelMask
	m.reportable = flags[0]&reportableFlag != 0
	if m.model, err = header.integer("msgSecurityModel", 1, math.MaxInt32); err != nil {
		return m, err
	}
	if m.security, err = d.expect(byte(smi.KindOctets), "msgSecurityParameters"); err != nil {
		return m, err
	}
	m.data = *d
	if _, _, err := d.element(); err != nil {
		return m, fmt.Errorf("msgData: %w", err)
	}
	return m, nil
}

func decodeUSM(security decoder) (usmParameters, error) {
	var u usmParameters
	d, err := security.expect(tagSequence, "USM parameters")
	if err != nil {
		return u, err
	}
	if u.engineID, err = d.octets("msgAuthoritativeEngineID"); err != nil {
		return u, err
	}
	if u.boots, err = d.integer("msgAuthoritativeEngineBoots", 0, math.MaxInt32); err != nil {
		return u, err
	}
	if u.time, err = d.integer("msgAuthoritativeEngineTime", 0, math.MaxInt32); err != nil {
		return u, err
	}
	if u.user, err = d.octets("msgUserName"); err != nil {
		return u, err
	}
	if len(u.user) > maxUserName {
		return u, d.fail("msgUserName of %d octets, at most %d allowed", len(u.user), maxUserName)
	}
	if u.mac, err = d.expect(byte(smi.KindOctets), "msgAuthenticationParameters"); err != nil {
		return u, err
	}
	u.salt, err = d.octets("msgPrivacyParameters")
	return u, err
}

// decodeScoped reads a scoped PDU. What follows it is padding of the cipher.
func decodeScoped(d decoder) (scopedPDU, error) {
	var s scopedPDU
	content, err := d.expect(tagSequence, "scopedPDU")
	if err != nil {
		return s, err
	}
	if s.contextEngineID, err = content.octets("contextEngineID"); err != nil {
		return s, err
	}
	if s.contextName, err = content.octets("contextName"); err != nil {
		return s, err
	}
	s.pdu, err = decodePDU(&content)
	return s, err
}

// An outgoing3 is an SNMPv3 message to be encoded.
type outgoing3 struct {
	msgID       int32
	maxBytes    int // what the agent accepts
	level       level
	engineID    string
	boots, time int32
	user        string
	account     *account // may be nil when level is 0
	salt        uint64
	context     string
	pdu         response
}

// encode builds the message. The MAC lies a known distance from the end, so it
// is computed over the finished message and written in place.
func (o *outgoing3) encode() []byte {
	scoped := appendOctets(nil, o.engineID)
	scoped = appendOctets(scoped, o.context)
	scoped = o.pdu.append(scoped)
	data := appendElement(nil, tagSequence, scoped)
	var salt []byte
	if o.level&levelPriv != 0 {
		data, salt = o.account.encrypt(data, o.boots, o.time, o.salt)
		data = appendElement(nil, byte(smi.KindOctets), data)
	}
	saltElement := appendOctets(nil, string(salt))
	mac := make([]byte, o.macBytes())

	security := appendOctets(nil, o.engineID)
	security = appendInt(security, o.boots)
	security = appendInt(security, o.time)
	security = appendOctets(security, o.user)
	security = appendOctets(security, string(mac))
	security = append(security, saltElement...)

	header := appendInt(nil, o.msgID)
	header = appendInt(header, int32(o.maxBytes))
	header = appendOctets(header, string([]byte{byte(o.level)}))
	header = appendInt(header, securityModelUSM)

	body := appendInt(nil, version3)
	body = appendElement(body, tagSequence, header)
	body = appendElement(body, byte(smi.KindOctets), appendElement(nil, tagSequence, security))
	body = append(body, data...)
	message := appendElement(nil, tagSequence, body)
	if len(mac) > 0 {
		at := len(message) - len(data) - len(saltElement) - len(mac)
		copy(message[at:], o.account.mac(message))
	}
	return message
}

func (o *outgoing3) macBytes() int {
	if o.level&levelAuth == 0 {
		return 0
	}
	return o.account.auth.macBytes
}
