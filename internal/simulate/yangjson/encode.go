package yangjson

import (
	"encoding/json"
	"encoding/xml"
	"strings"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// Encoder writes data of one set of modules. It is safe for concurrent use.
type Encoder struct {
	set     *yang.Set
	modules map[string]string // by namespace
	// Plain leaves out what RFC 7951 adds to JSON: names have no modules, and
	// all numbers are numbers.
	Plain bool
}

// New returns an encoder.
func New(set *yang.Set) *Encoder {
	e := &Encoder{set: set, modules: map[string]string{}}
	for _, m := range set.Modules {
		if !m.Submodule {
			e.modules[m.Namespace] = m.Name
		}
	}
	return e
}

// Module returns the module of a namespace; "" if the set has none.
func (e *Encoder) Module(space string) string { return e.modules[space] }

// Name is the name of an element below one of the namespace parent.
func (e *Encoder) Name(name xml.Name, parent string) string {
	if e.Plain || name.Space == parent {
		return name.Local
	}
	return e.modules[name.Space] + ":" + name.Local
}

// Object writes elements as the members of one object; schema finds their
// nodes, parent is the namespace of what holds them. Elements of modules that
// the set does not have are left out.
func (e *Encoder) Object(schema func(xml.Name) *yang.Node, parent string, elements []*xmltree.Node) []byte {
	return e.object(nil, schema, parent, elements)
}

func (e *Encoder) object(dst []byte, schema func(xml.Name) *yang.Node, parent string, elements []*xmltree.Node) []byte {
	dst = append(dst, '{')
	done := map[xml.Name]bool{}
	for i, x := range elements {
		if done[x.Name] || e.modules[x.Name.Space] == "" {
			continue
		}
		if len(done) > 0 {
			dst = append(dst, ',')
		}
		done[x.Name] = true
		dst = append(quote(dst, e.Name(x.Name, parent)), ':')
		var same []*xmltree.Node
		for _, o := range elements[i:] {
			if o.Name == x.Name {
				same = append(same, o)
			}
		}
		dst = e.Values(dst, schema(x.Name), same)
	}
	return append(dst, '}')
}

// Values writes all elements of one name: an array of a list or leaf-list.
func (e *Encoder) Values(dst []byte, n *yang.Node, same []*xmltree.Node) []byte {
	if n != nil && n.Kind != yang.List && n.Kind != yang.LeafList || n == nil && len(same) == 1 {
		return e.Value(dst, n, same[0])
	}
	dst = append(dst, '[')
	for i, x := range same {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.Value(dst, n, x)
	}
	return append(dst, ']')
}

// Value writes one element's value. Without schema, what holds elements is an
// object, all else a text.
func (e *Encoder) Value(dst []byte, n *yang.Node, x *xmltree.Node) []byte {
	switch {
	case n == nil && len(x.Children) == 0:
		return quote(dst, x.Text)
	case n == nil:
		return e.object(dst, func(xml.Name) *yang.Node { return nil }, x.Name.Space, x.Children)
	case n.Kind == yang.Leaf || n.Kind == yang.LeafList:
		return e.scalar(dst, e.Scalar(n, x))
	}
	return e.object(dst, n.Child, x.Name.Space, x.Children)
}

func (e *Encoder) scalar(dst []byte, s Scalar) []byte {
	switch {
	case s.Base == "empty":
		return append(dst, "[null]"...)
	case s.Base == "boolean":
		return append(dst, s.Text...)
	case s.IsNumber() && (e.Plain || !strings.HasSuffix(s.Base, "64")):
		return append(dst, s.Text...)
	}
	return quote(dst, s.Text)
}

func quote(dst []byte, text string) []byte {
	q, _ := json.Marshal(text) // a string has a form in JSON
	return append(dst, q...)
}

// Scalar is a leaf's value: the built-in type that it is of, and its canonical
// text with module names as prefixes.
type Scalar struct{ Base, Text string }

// IsNumber tells whether the value is of a numeric type.
func (s Scalar) IsNumber() bool {
	return strings.HasPrefix(s.Base, "int") || strings.HasPrefix(s.Base, "uint") || s.Base == "decimal64"
}

// Scalar reads the value of a leaf. One that its type does not allow is a
// string as it stands.
func (e *Encoder) Scalar(n *yang.Node, x *xmltree.Node) Scalar {
	resolve := func(prefix string) (string, bool) {
		if space, ok := x.Resolve(prefix); ok && space != "" {
			return space, true
		}
		for _, d := range x.Decls {
			if d.Prefix == prefix {
				return d.Space, true
			}
		}
		return n.Name.Space, prefix == ""
	}
	t := n.Type.Of(x.Text, resolve)
	v, err := t.Canonical(x.Text, resolve)
	if err != nil {
		return Scalar{"string", x.Text}
	}
	if t.Base != "identityref" {
		return Scalar{t.Base, v.Text}
	}
	_, local, _ := strings.Cut(v.Text, ":")
	return Scalar{t.Base, e.modules[v.Decl.Space] + ":" + local}
}
