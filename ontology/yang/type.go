package yang

import "nettwin/graph/rdf"

// Base is a built-in type (RFC 7950 §9).
type Base uint8

// The built-in types. Unknown is a type that could not be resolved: any text
// is a value of it.
const (
	Unknown Base = iota
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Decimal64
	String
	Boolean
	Enumeration
	Bits
	Binary
	Leafref
	Identityref
	Empty
	Union
	InstanceIdentifier
)

var baseNames = [...]string{"unknown", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
	"decimal64", "string", "boolean", "enumeration", "bits", "binary", "leafref", "identityref", "empty", "union",
	"instance-identifier"}

func (b Base) String() string { return baseNames[b] }

var baseByName = func() map[string]Base {
	m := map[string]Base{}
	for b, name := range baseNames[1:] {
		m[name] = Base(b + 1)
	}
	return m
}()

// Type is a resolved type: restrictions of the whole chain of typedefs apply.
type Type struct {
	Name     string   // as the leaf writes it, such as "yang:counter64"
	Base     Base     //
	Typedefs []string // the chain, outermost first: "ietf-yang-types:counter64"
	Units    string   // stated by a typedef
	Default  string   // stated by a typedef
	hasDef   bool
	// defaultUnit is where the default is stated: its prefixes are those of it.
	defaultUnit *unit

	Range    []Interval // of numbers; decimal64 scaled by its digits; nil: unbounded
	Length   []Interval // of strings (characters) and binary (octets)
	Patterns []*Pattern // all must match
	Digits   int        // fraction-digits of decimal64
	Enums    []Enum
	Bits     []Bit       // by position
	Bases    []*Identity // of an identityref
	Members  []*Type     // of a union
	// Path is what a leafref points at, Target the leaf, nil if it is not
	// among the schema's nodes.
	Path            string
	Target          *Node
	RequireInstance bool
	path            *leafPath
	nodes           []*Node // of the path's steps
	home            *unit   // whose prefixes the path uses
}

// Enum is one value of an enumeration.
type Enum struct {
	Name  string
	Value int64
}

// Bit is one bit of a bits type.
type Bit struct {
	Name     string
	Position uint32
}

// Identity is one identity with those it is derived from.
type Identity struct {
	Name   string
	Module *Module
	Bases  []*Identity
	Status Status

	ancestors map[childKey]bool
}

// QName returns the name as RFC 7951 writes it: module:name.
func (id *Identity) QName() string { return id.Module.Name + ":" + id.Name }

// IRI returns https://w3id.org/nettwin/yang/<module>/identity/<name>.
func (id *Identity) IRI() string { return identityIRI(id.Module.Name, id.Name) }

// DerivedFrom tells whether id is derived from base, in any number of steps;
// an identity is not derived from itself (RFC 7950 §9.10.2).
func (id *Identity) DerivedFrom(base *Identity) bool { return id.ancestors[base.key()] }

func (id *Identity) key() childKey { return childKey{id.Module.Name, id.Name} }

// final follows leafrefs to the type of the leaf that they point at.
func (t *Type) final() *Type {
	for range maxTypeDepth {
		if t.Base != Leafref || t.Target == nil {
			return t
		}
		t = t.Target.Type
	}
	return t
}

// datatype is that of the RDF literal for a value; "" where it is none.
func (t *Type) datatype() string {
	switch t.Base {
	case Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64:
		return rdf.XSDInteger
	case Decimal64:
		return rdf.XSDDecimal
	case Boolean, Empty:
		return rdf.XSDBoolean
	case Binary:
		return xsdBase64Binary
	case Identityref, Union:
		return ""
	}
	return rdf.XSDString
}

// needsNode tells whether the type means something else on each leaf, because
// it holds a leafref.
func (t *Type) needsNode() bool {
	if t.Base == Leafref {
		return true
	}
	for _, m := range t.Members {
		if m.needsNode() {
			return true
		}
	}
	return false
}

// bit returns the bit with the name.
func (t *Type) bit(name string) (Bit, bool) {
	for _, b := range t.Bits {
		if b.Name == name {
			return b, true
		}
	}
	return Bit{}, false
}

// enum tells whether the enumeration has the value.
func (t *Type) enum(name string) bool {
	for _, e := range t.Enums {
		if e.Name == name {
			return true
		}
	}
	return false
}

// intervals of the integer types.
func limits(b Base) []Interval {
	signed := func(bits uint) []Interval {
		return []Interval{{number{true, 1 << (bits - 1)}, number{false, 1<<(bits-1) - 1}}}
	}
	switch b {
	case Int8:
		return signed(8)
	case Int16:
		return signed(16)
	case Int32:
		return signed(32)
	case Int64, Decimal64:
		return signed(64)
	case Uint8:
		return []Interval{{number{}, number{false, 1<<8 - 1}}}
	case Uint16:
		return []Interval{{number{}, number{false, 1<<16 - 1}}}
	case Uint32:
		return []Interval{{number{}, number{false, 1<<32 - 1}}}
	case Uint64:
		return []Interval{{number{}, number{false, 1<<64 - 1}}}
	}
	return nil
}
