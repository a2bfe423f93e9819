package trap

import (
	"crypto/subtle"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gosnmp/gosnmp"

	"nettwin/internal/snmp"
	"nettwin/ontology/mib"
)

// The two variables that begin every notification (RFC 3416 §4.2.6).
var (
	sysUpTime   = constant("1.3.6.1.2.1.1.3.0")
	snmpTrapOID = constant("1.3.6.1.6.3.1.1.4.1.0")
)

func constant(text string) []uint32 {
	oid, err := mib.ParseOID(text)
	if err != nil {
		panic(err)
	}
	return oid
}

// message is a notification that may be believed.
type message struct {
	packet    *gosnmp.SnmpPacket
	cred      snmp.Credential
	transport string
	inform    bool
	oid       []uint32 // of the notification
	upTime    uint32
	hasUpTime bool
	varbinds  []snmp.Varbind // without the first two
	agentAddr string         // of SNMPv1
	unmapped  int
}

func (m *message) label() string {
	kind := "trap"
	if m.inform {
		kind = "inform"
	}
	return m.transport + " " + kind
}

// agent returns the device that a proxied notification is about.
func (m *message) agent(tables *mib.Tables) (netip.Addr, bool) {
	o := tables.Object("snmpTrapAddress")
	for _, v := range m.varbinds {
		if o != nil && len(v.Name) == len(o.OID)+1 && slices.Equal(v.Name[:len(o.OID)], o.OID) {
			return netip.AddrFromSlice(v.Value.Bytes)
		}
	}
	a, err := netip.ParseAddr(m.agentAddr)
	return a, err == nil && !a.IsUnspecified()
}

// open checks and decodes a datagram; nil without an error if it was answered
// by a report and holds no notification. Errors are refusals.
func (l *Listener) open(d datagram) (*message, error) {
	h, err := parseHeader(d.bytes)
	if err != nil {
		return nil, &refusal{reasonMalformed, err.Error()}
	}
	creds := l.opts.Credentials(d.device)
	if h.version == 3 {
		return l.openV3(d, h, creds)
	}
	cred, ok := community(creds, h.community)
	if !ok {
		return nil, &refusal{reasonCommunity, fmt.Sprintf("none of the %d communities of the sender", communities(creds))}
	}
	packet, err := decode(d.bytes, &gosnmp.GoSNMP{Version: gosnmp.Version2c}, false)
	if err != nil {
		return nil, err
	}
	transport := "SNMPv2c"
	if h.version == 0 {
		transport = "SNMPv1"
	}
	return l.notification(packet, cred, transport)
}

func community(creds []snmp.Credential, shown []byte) (snmp.Credential, bool) {
	for _, c := range creds {
		if c.User == "" && c.Community != "" && subtle.ConstantTimeCompare([]byte(c.Community), shown) == 1 {
			return c, true
		}
	}
	return snmp.Credential{}, false
}

func communities(creds []snmp.Credential) (n int) {
	for _, c := range creds {
		if c.User == "" {
			n++
		}
	}
	return n
}

// decode runs gosnmp's decoder on a copy, which it may write to. What it
// cannot stand is a malformed message, not our end.
func decode(raw []byte, g *gosnmp.GoSNMP, usm bool) (p *gosnmp.SnmpPacket, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, &refusal{reasonMalformed, fmt.Sprint("the decoder failed: ", r)}
		}
	}()
	p, err = g.UnmarshalTrap(slices.Clone(raw), usm)
	if err == nil {
		return p, nil
	}
	text := err.Error()
	switch {
	case usm && (strings.Contains(text, "not authentic") || strings.Contains(text, "msgAuthenticationParameters length")):
		return nil, &refusal{reasonDigest, "the password or protocol of authentication differs"}
	case usm && g.MsgFlags&gosnmp.AuthPriv == gosnmp.AuthPriv:
		return nil, &refusal{reasonDecrypt, "the password or protocol of privacy differs, or the message is broken: " + text}
	}
	return nil, &refusal{reasonMalformed, text}
}

// notification takes what matters out of a packet.
func (l *Listener) notification(p *gosnmp.SnmpPacket, cred snmp.Credential, transport string) (*message, error) {
	m := &message{packet: p, cred: cred, transport: transport}
	if len(p.Variables) > MaxVarbinds {
		return nil, &refusal{reasonTooMany, fmt.Sprintf("%d variables, at most %d", len(p.Variables), MaxVarbinds)}
	}
	for i, pdu := range p.Variables {
		v, err := snmp.FromPDU(pdu)
		if err != nil {
			return nil, &refusal{reasonMalformed, fmt.Sprintf("variable %d: %v", i+1, err)}
		}
		m.varbinds = append(m.varbinds, v)
	}
	switch p.PDUType {
	case gosnmp.Trap:
		return m, l.first(m)
	case gosnmp.InformRequest:
		m.inform = true
	case gosnmp.SNMPv2Trap:
	default:
		return nil, &refusal{reasonPDU, fmt.Sprintf("a PDU of type 0x%02x", byte(p.PDUType))}
	}
	return m, m.second()
}

// first names an SNMPv1 trap as RFC 3584 §3.1 does.
func (l *Listener) first(m *message) error {
	p := m.packet
	m.agentAddr, m.upTime, m.hasUpTime = p.AgentAddress, uint32(p.Timestamp), true
	const enterpriseSpecific = 6
	if p.GenericTrap != enterpriseSpecific {
		first := l.opts.Tables.Object("coldStart")
		if p.GenericTrap < 0 || p.GenericTrap > enterpriseSpecific || first == nil {
			return &refusal{reasonMalformed, fmt.Sprintf("generic-trap %d", p.GenericTrap)}
		}
		m.oid = append(slices.Clone(first.OID[:len(first.OID)-1]), uint32(p.GenericTrap)+1)
		return nil
	}
	enterprise, err := mib.ParseOID(p.Enterprise)
	if err != nil {
		return &refusal{reasonMalformed, fmt.Sprintf("enterprise %q: %v", p.Enterprise, err)}
	}
	m.oid = append(enterprise, 0, uint32(p.SpecificTrap))
	return nil
}

// second takes the two variables that begin a notification of SNMPv2.
func (m *message) second() error {
	if len(m.varbinds) < 2 || !slices.Equal(m.varbinds[0].Name, sysUpTime) || !slices.Equal(m.varbinds[1].Name, snmpTrapOID) {
		return &refusal{reasonMalformed, "the first two variables are not sysUpTime and snmpTrapOID (RFC 3416 §4.2.6)"}
	}
	if m.varbinds[1].Value.Kind != mib.ObjectID || m.varbinds[0].Value.Kind != mib.Number {
		return &refusal{reasonMalformed, "sysUpTime is no number or snmpTrapOID no object identifier"}
	}
	m.upTime, m.hasUpTime = uint32(m.varbinds[0].Value.Int), true
	m.oid = m.varbinds[1].Value.OID
	m.varbinds = m.varbinds[2:]
	return nil
}
