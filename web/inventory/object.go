package inventory

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Object is a JSON object whose members keep their order.
type Object struct {
	names  []string
	values map[string]any
}

func newObject() *Object { return &Object{values: map[string]any{}} }

// Get returns a member; nil if there is none.
func (o *Object) Get(name string) any { return o.values[name] }

// Len returns the number of members.
func (o *Object) Len() int { return len(o.names) }

// set puts a member where there is none yet. A name with a dot is that of a
// member of an inner object.
func (o *Object) set(name string, value any) {
	outer, inner, nested := strings.Cut(name, ".")
	if nested {
		child, ok := o.values[outer].(*Object)
		if !ok {
			child = newObject()
			o.put(outer, child)
		}
		child.set(inner, value)
		return
	}
	o.put(name, value)
}

func (o *Object) put(name string, value any) {
	if _, known := o.values[name]; known {
		return
	}
	o.names = append(o.names, name)
	o.values[name] = value
}

// fillNull makes a missing member null, one of an inner object only where
// that object is.
func (o *Object) fillNull(name string) {
	outer, inner, nested := strings.Cut(name, ".")
	if !nested {
		o.put(name, nil)
		return
	}
	if child, ok := o.values[outer].(*Object); ok {
		child.fillNull(inner)
	}
}

// MarshalJSON writes the members in their order.
func (o *Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(name); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the encoder's newline
		b.WriteByte(':')
		if err := enc.Encode(o.values[name]); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
