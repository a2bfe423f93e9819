package snmp

import (
	"math"
	"strings"

	"nettwin/internal/simulate/smi"
)

// envelopeSlack is what the lengths of an envelope may grow by when its empty
// list of bindings is filled (2 octets for each of 6 nested elements), and the
// padding of DES (7 octets), with some air.
const envelopeSlack = 24

// handle answers one packet. A nil answer is a packet that is dropped; reason
// is nil when the packet was answered, and beside an answer it is the reason
// for a report.
func (a *Agent) handle(packet []byte) (answer []byte, reason *refusal) {
	d := newDecoder(packet)
	message, err := d.expect(tagSequence, "message")
	if err != nil {
		return nil, refusalf(parseErrors, 0, "%v", err)
	}
	version, err := message.integer("version", math.MinInt32, math.MaxInt32)
	if err != nil {
		return nil, refusalf(parseErrors, 0, "%v", err)
	}
	switch version {
	case version2c:
		return a.handle2c(&message)
	case version3:
		return a.handle3(&message)
	default:
		return nil, refusalf(badVersions, 0, "version %d is neither SNMPv2c nor SNMPv3", version)
	}
}

// handle2c is RFC 1901 §3 with RFC 3584 §5.2.1's communities.
func (a *Agent) handle2c(d *decoder) ([]byte, *refusal) {
	community, err := d.octets("community")
	if err != nil {
		return nil, refusalf(parseErrors, 0, "%v", err)
	}
	state, ok := a.community(string(community))
	if !ok {
		return nil, refusalf(badCommunities, 0, "community is not served")
	}
	req, err := decodePDU(d)
	if err != nil {
		return nil, refusalf(parseErrors, 0, "%v", err)
	}
	if !req.kind.isRequest() {
		return nil, refusalf(unknownPDUHandlers, 0, "PDU 0x%02x is not a request", byte(req.kind))
	}
	envelope := len(encode2c(string(community), response{kind: responsePDU, requestID: req.requestID}))
	return encode2c(string(community), respond(state, req, a.maxBytes-envelope-envelopeSlack)), nil
}

// community returns the state of "<community>" or "<community>@<context>".
func (a *Agent) community(name string) (State, bool) {
	if a.communities[name] {
		return a.states[""], true
	}
	at := strings.LastIndexByte(name, '@')
	if at < 0 || !a.communities[name[:at]] || name[at+1:] == "" {
		return nil, false
	}
	state, ok := a.states[name[at+1:]]
	return state, ok
}

func encode2c(community string, pdu response) []byte {
	body := appendInt(nil, version2c)
	body = appendOctets(body, community)
	body = pdu.append(body)
	return appendElement(nil, tagSequence, body)
}

// handle3 is RFC 3412 §7.2.
func (a *Agent) handle3(d *decoder) ([]byte, *refusal) {
	m, err := decodeHeader(d)
	if err != nil {
		return nil, refusalf(parseErrors, 0, "%v", err)
	}
	if m.model != securityModelUSM {
		return nil, refusalf(unknownSecurityModels, 0, "security model %d is not USM", m.model)
	}
	if m.level == levelPriv {
		return nil, refusalf(invalidMessages, 0, "msgFlags ask for privacy without authentication")
	}
	scoped, acc, refused := a.engine.open(&m)
	if refused != nil {
		return a.report(&m, acc, requestID(&m), refused), refused
	}
	if !scoped.pdu.kind.isRequest() {
		return nil, refusalf(unknownPDUHandlers, 0, "PDU 0x%02x is not a request", byte(scoped.pdu.kind))
	}
	state, refused := a.context(&m, scoped)
	if refused != nil {
		return a.report(&m, acc, scoped.pdu.requestID, refused), refused
	}
	return a.answer3(&m, acc, scoped, state), nil
}

// context is RFC 3412 §4.3's dispatch by contextEngineID, and by contextName.
func (a *Agent) context(m *message3, scoped scopedPDU) (State, *refusal) {
	if string(scoped.contextEngineID) != a.engine.id {
		return nil, refusalf(unknownPDUHandlers, m.level, "context engine ID %x is not that of this agent", scoped.contextEngineID)
	}
	state, ok := a.states[string(scoped.contextName)]
	if !ok {
		return nil, refusalf(unknownContexts, m.level, "no context %q", scoped.contextName)
	}
	return state, nil
}

func (a *Agent) answer3(m *message3, acc *account, scoped scopedPDU, state State) []byte {
	context := string(scoped.contextName)
	seal := func(pdu response) []byte {
		return a.engine.seal(m, acc, m.level, context, a.maxBytes, pdu)
	}
	most := min(a.maxBytes, m.maxBytes)
	envelope := len(seal(response{kind: responsePDU, requestID: scoped.pdu.requestID}))
	room := most - envelope - envelopeSlack
	if m.level != acc.level {
		// The access rules of RFC 3415 §3.2, in the one form that this
		// agent knows: a user's requests come with all its protocols.
		return seal(refuse(scoped.pdu, statusAuthorizationError, 0, room))
	}
	return seal(respond(state, scoped.pdu, room))
}

// report makes the Report-PDU for a refusal (RFC 3412 §7.1 step 3), or nil when
// the refusal has none or the manager did not allow one.
func (a *Agent) report(m *message3, acc *account, requestID int32, refused *refusal) []byte {
	oid, ok := reportOIDs[refused.counter]
	if !ok || !m.reportable {
		return nil
	}
	out := bindWriter{limit: a.maxBytes}
	// The count includes this packet, which serve adds to the tally.
	out.value(oid, smi.Counter32(uint32(a.tally[refused.counter].Load()+1)))
	pdu := response{kind: reportPDU, requestID: requestID, binds: out.list}
	return a.engine.seal(m, acc, refused.level, "", a.maxBytes, pdu)
}

// requestID is that of a refused request if it can be read, else 0.
func requestID(m *message3) int32 {
	if m.level&levelPriv != 0 {
		return 0
	}
	scoped, err := decodeScoped(m.data)
	if err != nil {
		return 0
	}
	return scoped.pdu.requestID
}
