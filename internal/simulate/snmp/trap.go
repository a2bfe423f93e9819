package snmp

import (
	"errors"
	"fmt"

	"nettwin/internal/simulate/smi"
)

// trapPDU is the tag of an SNMPv2-Trap-PDU (RFC 3416 §3).
const trapPDU pduType = 0xa7

// snmpTrapOID is the instance that names a notification (RFC 3418 §2).
var snmpTrapOID = smi.NewOID(1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)

// A Trap is an SNMPv2c notification.
type Trap struct {
	Community string
	RequestID int32
	Uptime    uint32  // sysUpTime, hundredths of a second
	OID       smi.OID // the notification's name
	Binds     []smi.Varbind
}

// Append writes the message after dst (RFC 1901 §3, RFC 3416 §4.2.6). OIDs must
// be encodable.
func (t Trap) Append(dst []byte) []byte {
	binds := bindWriter{limit: DefaultMaxMessageBytes}
	all := append([]smi.Varbind{
		{OID: sysUpTime, Value: smi.TimeTicks(t.Uptime)}, {OID: snmpTrapOID, Value: smi.ObjectID(t.OID)},
	}, t.Binds...)
	for _, bind := range all {
		binds.value(bind.OID, bind.Value)
	}
	pdu := response{kind: trapPDU, requestID: t.RequestID, binds: binds.list}
	const version2c = 1
	content := appendInt(nil, version2c)
	content = appendOctets(content, t.Community)
	return appendElement(dst, tagSequence, pdu.append(content))
}

// RetimeTrap returns a copy of an SNMPv2c notification with another sysUpTime;
// all else stays as it is.
func RetimeTrap(message []byte, uptime uint32) ([]byte, error) {
	d := newDecoder(message)
	content, err := d.expect(tagSequence, "message")
	if err != nil {
		return nil, fmt.Errorf("retime trap: %w", err)
	}
	version, err := content.integer("version", 1, 1)
	if err != nil {
		return nil, fmt.Errorf("retime trap: %w", err)
	}
	community, err := content.octets("community")
	if err != nil {
		return nil, fmt.Errorf("retime trap: %w", err)
	}
	trap, err := decodePDU(&content)
	if err != nil {
		return nil, fmt.Errorf("retime trap: %w", err)
	}
	if trap.kind != trapPDU || len(trap.binds) == 0 || trap.binds[0].oid != sysUpTime {
		return nil, errors.New("retime trap: it is no notification that begins with sysUpTime")
	}
	binds := bindWriter{limit: DefaultMaxMessageBytes}
	binds.value(sysUpTime, smi.TimeTicks(uptime))
	for _, bind := range trap.binds[1:] {
		binds.raw(bind.oid, bind.value)
	}
	pdu := response{kind: trapPDU, requestID: trap.requestID, status: trap.status, index: trap.index, binds: binds.list}
	out := appendInt(nil, version)
	out = appendOctets(out, string(community))
	return appendElement(nil, tagSequence, pdu.append(out)), nil
}
