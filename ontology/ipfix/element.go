package ipfix

import (
	"strings"

	"nettwin/graph/rdf"
)

// NS begins the IRIs of elements: <NS><name>.
const NS = "https://w3id.org/nettwin/ipfix/"

// ReverseEnterprise is the enterprise number that turns an element of IANA's
// registry into its reverse: the same of the other direction (RFC 5103 §6.1).
const ReverseEnterprise = 29305

// ID identifies an element; Enterprise 0 is IANA's registry, which NetFlow v9
// shares.
type ID struct {
	Enterprise uint32
	Number     uint16
}

// Element is a kind of field.
type Element struct {
	ID
	Name      string
	Type      Type
	Semantics string   // RFC 7012 §3.2; "" if the registry says none
	Unit      string   // "" if none
	Term      rdf.Term // the property
}

// Reverse returns the property of the element in the other direction, named
// as RFC 5103 §6.3 does.
func (e *Element) Reverse() rdf.Term {
	return rdf.IRI(NS + "reverse" + strings.ToUpper(e.Name[:1]) + e.Name[1:])
}

// Type is an abstract data type (RFC 7012 §3.1).
type Type uint8

// The abstract data types. List stands for the three structured ones
// (RFC 6313), which are not looked into.
const (
	OctetArray Type = iota
	Unsigned
	Signed
	Float
	Boolean
	MACAddress
	String
	Seconds
	Milliseconds
	Microseconds
	Nanoseconds
	IPv4Address
	IPv6Address
	List
)

// typeNames are the names in the registry. Integers have one type here, since
// a template may shorten them (RFC 7011 §6.2).
var typeNames = map[string]Type{
	"octetArray": OctetArray, "unsigned8": Unsigned, "unsigned16": Unsigned, "unsigned32": Unsigned, "unsigned64": Unsigned,
	"signed8": Signed, "signed16": Signed, "signed32": Signed, "signed64": Signed, "float32": Float, "float64": Float,
	"boolean": Boolean, "macAddress": MACAddress, "string": String, "dateTimeSeconds": Seconds,
	"dateTimeMilliseconds": Milliseconds, "dateTimeMicroseconds": Microseconds, "dateTimeNanoseconds": Nanoseconds,
	"ipv4Address": IPv4Address, "ipv6Address": IPv6Address, "basicList": List, "subTemplateList": List, "subTemplateMultiList": List,
}

// Role is the part that an element plays in a flow.
type Role uint8

// The roles. An element without one is left out.
const (
	None           Role = iota
	Key                 // tells one flow from another
	Interface           // a key that is the ifIndex of an interface
	Counter             // counts what came since the last record: summed
	ReverseCounter      // the same of the other direction
	Total               // counts what came since the flow began
	ReverseTotal        // the same of the other direction
	Start               // when the flow began
	End                 // when it ended, so far
	Boot                // when sysUpTime was zero
	Sampling            // how packets were chosen
	Sampler             // which of several ways of choosing
)

var roleNames = map[string]Role{
	"key": Key, "interface": Interface, "counter": Counter, "reverse-counter": ReverseCounter, "total": Total,
	"reverse-total": ReverseTotal, "start": Start, "end": End, "boot": Boot, "sampling": Sampling, "sampler": Sampler,
}

// Detail says how a time or a sampling parameter is meant.
type Detail uint8

// The details. Times without one are absolute, by their type.
const (
	NoDetail     Detail = iota
	Uptime              // a time: milliseconds since sysUpTime was zero
	BeforeExport        // a time: microseconds before the export time of the message
	Interval            // sampling: one of this many
	Selected            // sampling: this many in a row are chosen …
	Skipped             // … and then this many are not
	Size                // sampling: this many …
	Population          // … of this many
	Probability         // sampling: each with this probability
)

var detailNames = map[string]Detail{"-": NoDetail, "uptime": Uptime, "before-export": BeforeExport, "interval": Interval,
	"selected": Selected, "skipped": Skipped, "size": Size, "population": Population, "probability": Probability}

// Field is the role of an element.
type Field struct {
	Element *Element
	Role    Role
	Slot    int // index in Tables.Slots; -1 if the role has none
	Detail  Detail
}

// Slot is what several elements say alike, such as a source address of either
// family.
type Slot struct {
	Name string
	// Delta and Total are set for counters: the elements that state what one
	// window brought, and what came in all.
	Delta, Total *Element
	key          bool
}

// FieldSpec is a field of a record of fixed layout.
type FieldSpec struct {
	Element *Element
	Bytes   int
}

// Tables are the facts.
type Tables struct {
	elements map[ID]*Element
	byName   map[string]*Element
	fields   map[ID]*Field
	slots    []Slot
	keys     int
	order    []*Field // the lines of the table of roles
	netflow5 []FieldSpec
	sflow    *SFlow
}

// Element returns the element, or nil if the tables do not have it.
func (t *Tables) Element(id ID) *Element { return t.elements[id] }

// Named returns the element of that name, or nil.
func (t *Tables) Named(name string) *Element { return t.byName[name] }

// Len is the number of elements.
func (t *Tables) Len() int { return len(t.elements) }

// Field returns the role of an element, or nil if it has none. The reverse of
// a counter or total (RFC 5103) has the role of the other direction; that of
// another element has none, for a flow has one key.
func (t *Tables) Field(id ID) *Field { return t.fields[id] }

// First returns the first element of the table with a role and a detail: the
// one under which such a value is stated. It is nil if there is none.
func (t *Tables) First(r Role, d Detail) *Element {
	for _, f := range t.order {
		if f.Role == r && f.Detail == d {
			return f.Element
		}
	}
	return nil
}

// Stated returns the element under which a key of a slot is stated, by its
// type; nil if the slot has no element of that type.
func (t *Tables) Stated(slot int, typ Type) *Element {
	for _, f := range t.order {
		if f.Slot == slot && f.isKey() && f.Element.Type == typ {
			return f.Element
		}
	}
	return nil
}

// Slots returns the slots: keys first, in the order of the table.
func (t *Tables) Slots() []Slot { return t.slots }

// Keys is how many of the slots are keys.
func (t *Tables) Keys() int { return t.keys }

// NetFlow5 returns the layout of a NetFlow v5 record.
func (t *Tables) NetFlow5() []FieldSpec { return t.netflow5 }
