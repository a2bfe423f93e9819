package snmp

import (
	"fmt"
	"math"
	"net/netip"

	"github.com/gosnmp/gosnmp"

	"nettwin/ontology/mib"
)

// Varbind is one name and value of an answer. Tag is the value's BER tag
// (RFC 3416 §3), which the raw item keeps.
type Varbind struct {
	Name  []uint32
	Tag   byte
	Value mib.Value
}

// BER tags of values (RFC 3416 §3, RFC 2578 §7.1).
const (
	TagInteger        = 0x02
	TagOctets         = 0x04
	TagNull           = 0x05
	TagOID            = 0x06
	TagIPAddress      = 0x40
	TagCounter32      = 0x41
	TagGauge32        = 0x42
	TagTimeTicks      = 0x43
	TagOpaque         = 0x44
	TagCounter64      = 0x46
	TagUnsigned32     = 0x47
	TagNoSuchObject   = 0x80
	TagNoSuchInstance = 0x81
	TagEndOfMIBView   = 0x82
)

// Exceptional tells whether the varbind stands for the absence of a value.
func (v Varbind) Exceptional() bool {
	return v.Tag == TagNoSuchObject || v.Tag == TagNoSuchInstance || v.Tag == TagEndOfMIBView
}

// FromPDU converts what gosnmp decoded.
func FromPDU(p gosnmp.SnmpPDU) (Varbind, error) {
	name, err := mib.ParseOID(p.Name)
	if err != nil {
		return Varbind{}, fmt.Errorf("varbind %q: %w", p.Name, err)
	}
	v := Varbind{Name: name, Tag: byte(p.Type)}
	switch value := p.Value.(type) {
	case nil:
		v.Value.Kind = mib.Null
	case int:
		v.Value = mib.Value{Kind: mib.Number, Int: int64(value)}
	case uint:
		v.Value = mib.Unsigned64(uint64(value))
	case uint32:
		v.Value = mib.Unsigned64(uint64(value))
	case uint64:
		v.Value = mib.Unsigned64(value)
	case []byte:
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: value}
	case string:
		return v, v.fromText(value)
	case float32:
		v.Tag, v.Value = TagOpaque, mib.Value{Kind: mib.Bytes, Bytes: opaqueFloat(value)}
	case float64:
		v.Tag, v.Value = TagOpaque, mib.Value{Kind: mib.Bytes, Bytes: opaqueDouble(value)}
	default:
		return v, fmt.Errorf("varbind %s: a value of type %T (tag 0x%02x)", p.Name, value, p.Type)
	}
	return v, nil
}

// fromText reads the two kinds that gosnmp writes as text.
func (v *Varbind) fromText(s string) error {
	if v.Tag == TagIPAddress {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return fmt.Errorf("varbind %s: %w", mib.Dotted(v.Name), err)
		}
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: a.AsSlice()}
		return nil
	}
	oid, err := mib.ParseOID(s)
	if err != nil {
		return fmt.Errorf("varbind %s: %w", mib.Dotted(v.Name), err)
	}
	v.Value = mib.Value{Kind: mib.ObjectID, OID: oid}
	return nil
}

// opaqueFloat writes a number as agents wrap it in an Opaque: the tag 9f 78
// (9f 79 for a double), a length, IEEE 754 in network order.
func opaqueFloat(f float32) []byte {
	n := math.Float32bits(f)
	return []byte{0x9f, 0x78, 4, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

func opaqueDouble(f float64) []byte {
	n := math.Float64bits(f)
	b := []byte{0x9f, 0x79, 8}
	for shift := 56; shift >= 0; shift -= 8 {
		b = append(b, byte(n>>shift))
	}
	return b
}

// Meaning returns the value for the mapping: a number wrapped in an Opaque is
// unwrapped.
func (v Varbind) Meaning() mib.Value {
	b := v.Value.Bytes
	if v.Tag != TagOpaque || len(b) < 3 || b[0] != 0x9f || int(b[2]) != len(b)-3 {
		return v.Value
	}
	var n uint64
	for _, c := range b[3:] {
		n = n<<8 | uint64(c)
	}
	switch {
	case b[1] == 0x78 && b[2] == 4:
		return mib.Value{Kind: mib.Float, Float: float64(math.Float32frombits(uint32(n)))}
	case b[1] == 0x79 && b[2] == 8:
		return mib.Value{Kind: mib.Float, Float: math.Float64frombits(n)}
	}
	return v.Value
}
