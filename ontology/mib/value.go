package mib

import (
	"fmt"
	"strconv"

	"nettwin/graph/rdf"
)

// ValueKind says what an agent sent.
type ValueKind uint8

// The kinds of values.
const (
	Null   ValueKind = iota
	Number           // Int; Big if it is above the range of Int
	Bytes            // OCTET STRING, IpAddress, Opaque
	ObjectID
	Float
)

// Value is a value as an agent sent it.
type Value struct {
	Kind  ValueKind
	Int   int64
	Big   uint64 // a Counter64 above 1<<63-1; Int is 0 then
	Float float64
	Bytes []byte
	OID   []uint32
}

// Unsigned64 returns the value of a non-negative number.
func Unsigned64(n uint64) Value {
	if n > 1<<63-1 {
		return Value{Kind: Number, Big: n}
	}
	return Value{Kind: Number, Int: int64(n)}
}

const (
	xsdHexBinary = rdf.XSD + "hexBinary"
	hexDigits    = "0123456789ABCDEF"
)

// Rendered is what a value says. Terms is empty for an empty BITS and for a
// Ref: the path of another thing.
type Rendered struct {
	Terms []rdf.Term
	Ref   string
	// Octets is what the agent sent where the terms do not tell it: of a MAC
	// address that is not six octets long and reads as text.
	Octets rdf.Term
	// Note says that the value does not fit its object: it was kept in the
	// form of its own type.
	Note string
}

// Render writes value v of object o. selector is the value of o.Selector in
// the same row; its zero means that the row has none.
func (t *Tables) Render(o *Object, v Value, selector Value) Rendered {
	switch o.Syntax {
	case Bits:
		if v.Kind == Bytes {
			return renderBits(o, v.Bytes)
		}
	case RowPointer:
		if v.Kind == ObjectID {
			return t.renderPointer(v.OID)
		}
	case Selected:
		if v.Kind == Bytes {
			how := t.renderingOf(o, selector)
			r := one(how.term(v.Bytes))
			if how == asMAC && len(v.Bytes) != 6 && r.Terms[0].Datatype() == rdf.XSDString {
				r.Octets = hexBinary(v.Bytes)
			}
			return r
		}
	default:
		if term, note, ok := renderPlain(o, v); ok {
			r := Rendered{Terms: []rdf.Term{term}, Note: note}
			if o.Syntax == Text {
				r.Terms = append(r.Terms, head(v.Bytes)...)
			}
			return r
		}
	}
	r := one(v.natural())
	r.Note = fmt.Sprintf("%s: the agent sent %s for %s", o.Name, v.Kind, o.syntaxName())
	return r
}

func one(t rdf.Term) Rendered {
	if t.IsZero() {
		return Rendered{}
	}
	return Rendered{Terms: []rdf.Term{t}}
}

// renderPlain writes a value that has one term; ok is false if the value's
// type does not fit.
func renderPlain(o *Object, v Value) (term rdf.Term, note string, ok bool) {
	switch o.Syntax {
	case Integer, Unsigned, Gauge, Counter32, Counter64, TimeTicks:
		if v.Kind != Number {
			return term, "", false
		}
		if o.Enum == nil {
			return v.natural(), "", true
		}
		if label, known := o.Enum[v.Int]; known {
			return rdf.String(label), "", true
		}
		return v.natural(), fmt.Sprintf("%s: %d has no label", o.Name, v.Int), true
	case TruthValue:
		switch {
		case v.Kind != Number:
			return term, "", false
		case v.Int == 1:
			return rdf.Literal("true", rdf.XSDBoolean), "", true
		case v.Int == 2:
			return rdf.Literal("false", rdf.XSDBoolean), "", true
		}
		return v.natural(), fmt.Sprintf("%s: %d is no TruthValue", o.Name, v.Int), true
	case OID:
		return v.natural(), "", v.Kind == ObjectID
	case Octets, Text, MAC, IPAddress, IPv4, IPv6, DateTime:
		if v.Kind != Bytes {
			return term, "", false
		}
		return octetRenderings[o.Syntax].term(v.Bytes), "", true
	}
	return term, "", false
}

// octetRenderings of the syntaxes that are octets on the wire.
var octetRenderings = map[Syntax]rendering{
	Octets: asOctets, Text: asText, MAC: asHardware, IPAddress: asIP, IPv4: asIP, IPv6: asIP, DateTime: asDateTime,
}

// natural writes a value by its own type alone.
func (v Value) natural() rdf.Term {
	switch v.Kind {
	case Number:
		if v.Big != 0 {
			return rdf.Literal(strconv.FormatUint(v.Big, 10), rdf.XSDInteger)
		}
		return rdf.Literal(strconv.FormatInt(v.Int, 10), rdf.XSDInteger)
	case Bytes:
		return asText.term(v.Bytes)
	case ObjectID:
		return rdf.String(Dotted(v.OID))
	case Float:
		return rdf.Literal(strconv.FormatFloat(v.Float, 'E', -1, 64), rdf.XSDDouble)
	}
	return rdf.Term{}
}

// renderBits names the set bits; bit 0 is the first octet's highest (RFC 3417 §8).
func renderBits(o *Object, b []byte) Rendered {
	var r Rendered
	for i := range 8 * len(b) {
		if b[i/8]&(0x80>>(i%8)) == 0 {
			continue
		}
		if label, ok := o.Enum[int64(i)]; ok {
			r.Terms = append(r.Terms, rdf.String(label))
			continue
		}
		r.Terms = append(r.Terms, rdf.Literal(strconv.Itoa(i), rdf.XSDInteger))
		r.Note = fmt.Sprintf("%s: bit %d has no label", o.Name, i)
	}
	return r
}

// renderPointer refers to the row that oid lies in; 0.0 and what is in no
// known table stays an OID.
func (t *Tables) renderPointer(oid []uint32) Rendered {
	if o, index, ok := t.Lookup(oid); ok && o.Kind == Column {
		return Rendered{Ref: o.Thing(index)}
	}
	return one(rdf.String(Dotted(oid)))
}

func (k ValueKind) String() string {
	return [...]string{"nothing", "a number", "octets", "an OID", "a float"}[k]
}

func (o *Object) syntaxName() string {
	for name, s := range syntaxNames {
		if s == o.Syntax {
			return name
		}
	}
	return o.Convention
}
