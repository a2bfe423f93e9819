package snmprec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"nettwin/internal/simulate/smi"
)

// maxOctets is the longest OCTET STRING (RFC 2578 §7.1.2).
const maxOctets = 65535

// tags are the known tags: the decimal numbers of the types' identifier octets.
var tags = map[string]smi.Kind{
	"2": smi.KindInteger, "4": smi.KindOctets, "5": smi.KindNull, "6": smi.KindOID,
	"64": smi.KindIPAddress, "65": smi.KindCounter32, "66": smi.KindGauge32,
	"67": smi.KindTimeTicks, "68": smi.KindOpaque, "70": smi.KindCounter64,
}

// parseLine reads `OID|TAG|VALUE`. adjusted is not empty when the value had to
// be bent to fit its type, and says how. On an error the varbind holds the OID
// if the line has a readable one.
func parseLine(line []byte) (bind smi.Varbind, adjusted string, err error) {
	name, rest, ok := bytes.Cut(line, []byte{'|'})
	if !ok {
		return bind, "", fmt.Errorf("want OID|TAG|VALUE, found no |")
	}
	if bind.OID, err = smi.ParseOID(string(name)); err != nil {
		return bind, "", err
	}
	if !bind.OID.Encodable() {
		return bind, "", fmt.Errorf("no SNMP message can carry this OID")
	}
	tag, value, ok := bytes.Cut(rest, []byte{'|'})
	if !ok {
		return bind, "", fmt.Errorf("want OID|TAG|VALUE, found one | only")
	}
	bind.Value, adjusted, err = parseValue(string(tag), string(value))
	return bind, adjusted, err
}

func parseValue(tag, text string) (value smi.Value, adjusted string, err error) {
	plainTag, isHex := strings.CutSuffix(tag, "x")
	kind, ok := tags[plainTag]
	if !ok {
		return value, "", fmt.Errorf("unknown tag %q", tag)
	}
	if isHex {
		return hexValue(kind, text)
	}
	switch kind {
	case smi.KindInteger:
		return integerValue(text)
	case smi.KindCounter32, smi.KindGauge32, smi.KindTimeTicks:
		return unsignedValue(kind, text)
	case smi.KindCounter64:
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return value, "", notNumber(kind, text)
		}
		return smi.Counter64(n), "", nil
	case smi.KindNull:
		if text != "" {
			return smi.Null(), fmt.Sprintf("text %q of a NULL ignored", clip(text)), nil
		}
		return smi.Null(), "", nil
	case smi.KindOID:
		value, err = oidValue(text)
		return value, "", err
	case smi.KindIPAddress:
		value, err = addressValue(text)
		return value, "", err
	default:
		value, err = octetsValue(kind, text)
		return value, "", err
	}
}

// hexValue reads hexadecimal digits. Octets that were masked by other letters,
// such as 58AC78XXYYZZ, are served as they stand.
func hexValue(kind smi.Kind, text string) (value smi.Value, adjusted string, err error) {
	octets, err := hex.DecodeString(text)
	var invalid hex.InvalidByteError
	if errors.As(err, &invalid) && kind == smi.KindOctets {
		value, err = octetsValue(kind, text)
		return value, fmt.Sprintf("%q are no hexadecimal digits: served as text", clip(text)), err
	}
	if err != nil {
		return smi.Value{}, "", fmt.Errorf("hexadecimal value: %w", err)
	}
	switch kind {
	case smi.KindOctets, smi.KindOpaque:
		value, err = octetsValue(kind, string(octets))
		return value, "", err
	case smi.KindIPAddress:
		if len(octets) != 4 {
			return smi.Value{}, "", fmt.Errorf("IpAddress of %d octets, want 4", len(octets))
		}
		return smi.IPAddress([4]byte(octets)), "", nil
	default:
		return smi.Value{}, "", fmt.Errorf("hexadecimal value for %s, which has no octets", kind)
	}
}

func octetsValue(kind smi.Kind, octets string) (smi.Value, error) {
	if len(octets) > maxOctets {
		return smi.Value{}, fmt.Errorf("%s of %d octets, at most %d allowed", kind, len(octets), maxOctets)
	}
	if kind == smi.KindOpaque {
		return smi.Opaque(octets), nil
	}
	return smi.Octets(octets), nil
}

// integerValue reads an INTEGER. Agents that count unsigned write numbers from
// 2^31 to 2^32-1; these keep their 32 bits.
func integerValue(text string) (smi.Value, string, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < math.MinInt32 || n > math.MaxUint32 {
		return smi.Value{}, "", notNumber(smi.KindInteger, text)
	}
	if n > math.MaxInt32 {
		return smi.Integer(int32(uint32(n))), fmt.Sprintf("%d read as %d", n, int32(uint32(n))), nil
	}
	return smi.Integer(int32(n)), "", nil
}

// unsignedValue reads a 32-bit unsigned number. Agents that count signed write
// numbers from -2^31 to -1; these keep their 32 bits.
func unsignedValue(kind smi.Kind, text string) (smi.Value, string, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < math.MinInt32 || n > math.MaxUint32 {
		return smi.Value{}, "", notNumber(kind, text)
	}
	adjusted := ""
	if n < 0 {
		adjusted = fmt.Sprintf("%d read as %d", n, uint32(n))
	}
	switch kind {
	case smi.KindCounter32:
		return smi.Counter32(uint32(n)), adjusted, nil
	case smi.KindGauge32:
		return smi.Gauge32(uint32(n)), adjusted, nil
	default:
		return smi.TimeTicks(uint32(n)), adjusted, nil
	}
}

func oidValue(text string) (smi.Value, error) {
	oid, err := smi.ParseOID(strings.TrimSpace(text))
	if err != nil {
		return smi.Value{}, err
	}
	if !oid.Encodable() {
		return smi.Value{}, fmt.Errorf("no SNMP message can carry the OID %s", oid)
	}
	return smi.ObjectID(oid), nil
}

func addressValue(text string) (smi.Value, error) {
	addr, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || !addr.Is4() {
		return smi.Value{}, fmt.Errorf("%q is not an IPv4 address", clip(text))
	}
	return smi.IPAddress(addr.As4()), nil
}

func notNumber(kind smi.Kind, text string) error {
	return fmt.Errorf("%q is not a number that %s can hold", clip(text), kind)
}

// clip shortens a value for a message.
func clip(text string) string {
	const most = 40
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
