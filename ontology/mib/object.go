package mib

import (
	"math"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// NS is the namespace of MIB terms: NS + module + "/" + object.
const NS = "https://w3id.org/nettwin/mib/"

// Kind says what an object is.
type Kind uint8

// The kinds of objects.
const (
	Group Kind = iota // a node that holds scalars
	Scalar
	Table
	Entry
	Column
	Notification // what a device tells by itself (RFC 2578 §8)
)

// Syntax says how an object's values are written.
type Syntax uint8

// The syntaxes of tables of facts.
const (
	SyntaxNone Syntax = iota
	Integer
	Unsigned
	Gauge
	Counter32
	Counter64
	TimeTicks
	Octets
	Text
	MAC
	IPAddress
	IPv4
	IPv6
	OID
	RowPointer
	Bits
	TruthValue
	DateTime
	Selected // another object tells, see Object.Selector
)

var syntaxNames = map[string]Syntax{
	"-": SyntaxNone, "integer": Integer, "unsigned": Unsigned, "gauge": Gauge,
	"counter32": Counter32, "counter64": Counter64, "timeticks": TimeTicks,
	"octets": Octets, "text": Text, "mac": MAC, "ipaddress": IPAddress,
	"ipv4": IPv4, "ipv6": IPv6, "oid": OID, "rowpointer": RowPointer,
	"bits": Bits, "truthvalue": TruthValue, "datetime": DateTime,
}

// Object is one object of a module. Objects are shared and must not be
// changed.
type Object struct {
	Module string
	Name   string
	OID    []uint32
	Kind   Kind
	Parent *Object // of a scalar its group, of an entry or column its table
	Syntax Syntax
	Size   int // the fixed size of an octet string; 0 if it varies
	Enum   map[int64]string
	// Selector is the object that says how a Selected value is read; nil if
	// the module has none. Convention names the row of selectors.tsv.
	Selector   *Object
	Convention string
	Unit       string
	Access     string
	// Index is set on entries; the entry of a table is Table.Entry.
	Index []IndexPart
	Entry *Object
	// Objects are what a notification carries.
	Objects []*Object
	// Measure is true if the value moves while nothing in the network
	// changes: counters, times since, measured values.
	Measure bool
	// Term is NS + Module + "/" + Name: the class of an entry's or group's
	// things, the property of a scalar or column.
	Term rdf.Term
}

// IndexPart is one object of an INDEX clause. Implied: no length goes before
// (RFC 2578 §7.7).
type IndexPart struct {
	Object  *Object
	Implied bool
}

// Thing returns the path of the thing that the object's instance with this
// index belongs to: the group of a scalar, "<table>/<index>" of a column.
func (o *Object) Thing(index []uint32) string {
	switch {
	case o.Kind == Scalar:
		return o.Parent.Name
	case o.Parent == nil:
		return o.Name
	}
	return o.Parent.Name + "/" + Dotted(index)
}

// Class returns the class of the thing that the object belongs to.
func (o *Object) Class() rdf.Term {
	if o.Kind == Column {
		return o.Parent.Entry.Term
	}
	return o.Parent.Term
}

// Dotted writes an OID.
func Dotted(oid []uint32) string {
	b := make([]byte, 0, 4*len(oid))
	for i, arc := range oid {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendUint(b, uint64(arc), 10)
	}
	return string(b)
}

// ParseOID reads a dotted OID; a leading dot is allowed.
func ParseOID(s string) ([]uint32, error) {
	s = strings.TrimPrefix(s, ".")
	oid := make([]uint32, 0, 1+strings.Count(s, "."))
	arc, digits := uint64(0), 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && '0' <= s[i] && s[i] <= '9' {
			arc = arc*10 + uint64(s[i]-'0')
			digits++
			if arc <= math.MaxUint32 {
				continue
			}
		} else if digits > 0 && (i == len(s) || s[i] == '.') {
			oid = append(oid, uint32(arc))
			arc, digits = 0, 0
			continue
		}
		return nil, &strconv.NumError{Func: "ParseOID", Num: s, Err: strconv.ErrSyntax}
	}
	return oid, nil
}
