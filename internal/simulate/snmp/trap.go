package snmp

import "nettwin/internal/simulate/smi"

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
