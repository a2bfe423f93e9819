package smi

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
)

// A Kind is the type of a Value; its number is the BER identifier octet
// (RFC 2578 §7.1, RFC 3416 §3).
type Kind uint8

// The types a variable may have.
const (
	KindInteger   Kind = 0x02 // INTEGER, Integer32: -2^31 .. 2^31-1
	KindOctets    Kind = 0x04 // OCTET STRING
	KindNull      Kind = 0x05 // NULL (unSpecified)
	KindOID       Kind = 0x06 // OBJECT IDENTIFIER
	KindIPAddress Kind = 0x40 // IpAddress: four octets
	KindCounter32 Kind = 0x41 // Counter32
	KindGauge32   Kind = 0x42 // Gauge32, Unsigned32
	KindTimeTicks Kind = 0x43 // TimeTicks: hundredths of a second
	KindOpaque    Kind = 0x44 // Opaque
	KindCounter64 Kind = 0x46 // Counter64
)

var kindNames = map[Kind]string{
	KindInteger: "INTEGER", KindOctets: "OCTET STRING", KindNull: "NULL",
	KindOID: "OBJECT IDENTIFIER", KindIPAddress: "IpAddress", KindCounter32: "Counter32",
	KindGauge32: "Gauge32", KindTimeTicks: "TimeTicks", KindOpaque: "Opaque", KindCounter64: "Counter64",
}

// String is the type's name in SMIv2.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("type 0x%02x", uint8(k))
}

// A Value is one variable's value: comparable and immutable. The zero Value
// has no kind and is no value; IsZero tells.
type Value struct {
	kind   Kind
	number uint64 // numeric kinds; an INTEGER in two's complement
	octets string // OCTET STRING, Opaque, IpAddress; the key of an OID
}

// Integer returns an INTEGER.
func Integer(n int32) Value { return Value{kind: KindInteger, number: uint64(int64(n))} }

// Octets returns an OCTET STRING.
func Octets(s string) Value { return Value{kind: KindOctets, octets: s} }

// Null returns the NULL value.
func Null() Value { return Value{kind: KindNull} }

// ObjectID returns an OBJECT IDENTIFIER.
func ObjectID(o OID) Value { return Value{kind: KindOID, octets: o.key} }

// IPAddress returns an IpAddress.
func IPAddress(a [4]byte) Value { return Value{kind: KindIPAddress, octets: string(a[:])} }

// Counter32 returns a Counter32.
func Counter32(n uint32) Value { return Value{kind: KindCounter32, number: uint64(n)} }

// Gauge32 returns a Gauge32.
func Gauge32(n uint32) Value { return Value{kind: KindGauge32, number: uint64(n)} }

// TimeTicks returns TimeTicks, in hundredths of a second.
func TimeTicks(n uint32) Value { return Value{kind: KindTimeTicks, number: uint64(n)} }

// Opaque returns an Opaque value.
func Opaque(s string) Value { return Value{kind: KindOpaque, octets: s} }

// Counter64 returns a Counter64.
func Counter64(n uint64) Value { return Value{kind: KindCounter64, number: n} }

// Kind is the value's type.
func (v Value) Kind() Kind { return v.kind }

// IsZero reports whether v is no value at all.
func (v Value) IsZero() bool { return v.kind == 0 }

// Int is the number of an INTEGER, 0 for other kinds.
func (v Value) Int() int32 {
	if v.kind != KindInteger {
		return 0
	}
	return int32(int64(v.number))
}

// Uint is the number of a Counter32, Gauge32, TimeTicks or Counter64, 0 for
// other kinds.
func (v Value) Uint() uint64 {
	if v.kind == KindInteger {
		return 0
	}
	return v.number
}

// Octets is the content of an OCTET STRING, Opaque or IpAddress, empty for
// other kinds.
func (v Value) Octets() string {
	if v.kind == KindOID {
		return ""
	}
	return v.octets
}

// OID is the content of an OBJECT IDENTIFIER, the zero OID for other kinds.
func (v Value) OID() OID {
	if v.kind != KindOID {
		return OID{}
	}
	return OID{v.octets}
}

// String shows kind and content, for logs and test messages.
func (v Value) String() string {
	switch v.kind {
	case 0:
		return "no value"
	case KindInteger:
		return v.kind.String() + " " + strconv.FormatInt(int64(v.Int()), 10)
	case KindOctets:
		return v.kind.String() + " " + strconv.Quote(v.octets)
	case KindOpaque:
		return v.kind.String() + " 0x" + hex.EncodeToString([]byte(v.octets))
	case KindNull:
		return v.kind.String()
	case KindOID:
		return v.kind.String() + " " + v.OID().String()
	case KindIPAddress:
		addr, _ := netip.AddrFromSlice([]byte(v.octets))
		return v.kind.String() + " " + addr.String()
	default:
		return v.kind.String() + " " + strconv.FormatUint(v.number, 10)
	}
}

// A Varbind is a variable: its name and its value (RFC 3416 §2.1).
type Varbind struct {
	OID   OID
	Value Value
}
