package flow

import (
	"fmt"
	"slices"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"

	"nettwin/ontology/ipfix"
)

// variable is the length that stands for a variable one (RFC 7011 §7).
const variable = 0xFFFF

// enterpriseBit marks an enterprise-specific element (RFC 7011 §3.2).
const enterpriseBit = 0x8000

// template is the layout of data records, compiled for them.
type template struct {
	id      uint16
	scopes  int // how many of the fields are scopes
	options bool
	fields  []netflow.Field
	used    time.Time // received or decoded with

	least    int    // octets of the shortest record, at least 1
	variable bool   // some field has a variable length
	steps    []step // what is done with which fields
	unmapped int    // fields that no table knows
}

// step is what is done with one field.
type step struct {
	index int // of the field
	role  ipfix.Role
	slot  int
	field *ipfix.Field
	// scopeInterface: the field is the interface that options are about by
	// the scopes of NetFlow v9 (RFC 3954 §6.1).
	scopeInterface bool
}

// Set identifiers.
const (
	netflow9TemplateSet = 0 // RFC 3954 §5.2
	netflow9OptionsSet  = 1 // RFC 3954 §6.1
	ipfixTemplateSet    = 2 // RFC 7011 §3.3.2
	ipfixOptionsSet     = 3
	firstDataSet        = 256
)

// scopeInterface is the scope type of NetFlow v9 for an interface.
const scopeInterface = 2

// compile checks a template and works out how its records are read.
func compile(tables *ipfix.Tables, version, id uint16, fields []netflow.Field, scopes int, options bool, now time.Time) (*template, error) {
	switch {
	case id < firstDataSet:
		return nil, fmt.Errorf("%w: identifier %d, at least %d", ErrTemplate, id, firstDataSet)
	case len(fields) == 0:
		return nil, fmt.Errorf("%w: no fields", ErrTemplate)
	case len(fields) > maxFields:
		return nil, fmt.Errorf("%w: %d fields, at most %d", ErrTemplate, len(fields), maxFields)
	}
	t := &template{id: id, scopes: scopes, options: options, fields: slices.Clone(fields), used: now}
	for i := range t.fields {
		f := &t.fields[i]
		// goflow2 leaves the bit in the fields of options templates.
		if f.PenProvided {
			f.Type &^= enterpriseBit
		}
		if f.Length == variable { // in NetFlow v9 some makers use it too
			t.variable = true
			t.least++
		} else {
			t.least += int(f.Length)
		}
		t.step(tables, version, i)
	}
	if t.least == 0 || t.least > MaxDatagram {
		return nil, fmt.Errorf("%w: records of %d octets", ErrTemplate, t.least)
	}
	return t, nil
}

func (t *template) step(tables *ipfix.Tables, version uint16, i int) {
	f := t.fields[i]
	if version == versionNetFlow9 && i < t.scopes {
		if f.Type == scopeInterface {
			t.steps = append(t.steps, step{index: i, scopeInterface: true})
		}
		return
	}
	id := ipfix.ID{Number: f.Type}
	if f.PenProvided {
		id.Enterprise = f.Pen
	}
	field := tables.Field(id)
	if field == nil {
		forward := id
		if id.Enterprise == ipfix.ReverseEnterprise {
			forward.Enterprise = 0
		}
		if tables.Element(forward) == nil {
			t.unmapped++
		}
		return
	}
	s := step{index: i, role: field.Role, slot: field.Slot, field: field}
	if s.role == ipfix.Boot { // before the times that count from it
		t.steps = slices.Insert(t.steps, 0, s)
		return
	}
	t.steps = append(t.steps, s)
}

// same tells whether two templates are one, sent again.
func (t *template) same(o *template) bool {
	return t.scopes == o.scopes && t.options == o.options && slices.Equal(t.fields, o.fields)
}

// length returns how long the record is that b begins with; false if it ends
// too early.
func (t *template) length(b []byte) (int, bool) {
	if !t.variable {
		return t.least, len(b) >= t.least
	}
	n := 0
	for _, f := range t.fields {
		size := int(f.Length)
		if size == variable {
			if n >= len(b) {
				return n, false
			}
			size = int(b[n])
			n++
			if size == 0xFF {
				if n+2 > len(b) {
					return n, false
				}
				size = int(b[n])<<8 | int(b[n+1])
				n += 2
			}
		}
		if n += size; n > len(b) {
			return n, false
		}
	}
	return n, true
}
