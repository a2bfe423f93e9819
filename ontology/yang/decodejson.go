package yang

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// jsonEnvelope tells whether a member stands around data: of RESTCONF (RFC
// 8040 §3.3.1, §6.4), NETCONF and UDP-notif.
func jsonEnvelope(name string) bool {
	module, local, _ := strings.Cut(name, ":")
	switch module {
	case "ietf-restconf", "ietf-netconf", "ietf-notification":
		return local == "data" || local == "config" || local == "notification"
	}
	return name == notificationEnvelope
}

// notificationEnvelope stands around a notification and says who sent it
// (draft-ietf-netconf-notif-envelope).
const notificationEnvelope = "ietf-yp-notification:envelope"

// envelopeHeader tells whether a member of that envelope is about the message.
func envelopeHeader(name string) bool { return name == "hostname" || name == "sequence-number" }

// jsonKind is the JSON type of a scalar, which tells members of unions apart
// (RFC 7951 §6.10).
type jsonKind uint8

const (
	jsonAny jsonKind = iota
	jsonString
	jsonNumber
	jsonBool
	jsonNull
)

// fits tells whether RFC 7951 writes values of the type as this kind.
func (k jsonKind) fits(t *Type) bool {
	switch t.Base {
	case Int8, Int16, Int32, Uint8, Uint16, Uint32:
		return k == jsonNumber
	case Boolean:
		return k == jsonBool
	case Empty:
		return k == jsonNull
	}
	return k == jsonString
}

// jsonLexical reads values of a leaf with module names as prefixes.
func jsonLexical(n *Node, k jsonKind) lexical {
	lx := lexical{prefix: func(prefix string) (string, bool) {
		if prefix == "" {
			return n.Module.Name, true
		}
		return prefix, true
	}}
	if k != jsonAny {
		lx.accept = k.fits
	}
	return lx
}

// jsonDecoder builds a Tree from JSON.
type jsonDecoder struct {
	jsonScanner
	t     *Tree
	opts  DecodeOptions
	depth int

	enveloped bool // within a notificationEnvelope
}

// ReadJSON reads instance data in JSON (RFC 7951); see ReadXML.
func (s *Schema) ReadJSON(r io.Reader, opts DecodeOptions) (*Tree, error) {
	opts = opts.withDefaults()
	src, err := readAll(r, opts.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("decode json: %w", err)
	}
	d := &jsonDecoder{jsonScanner: jsonScanner{src: bytes.TrimPrefix(src, []byte("\uFEFF"))}, t: &Tree{Schema: s}, opts: opts}
	at, err := d.t.at(opts.At)
	if err != nil {
		return nil, fmt.Errorf("decode json: %w", err)
	}
	if err := d.object(at, true); err != nil {
		return nil, fmt.Errorf("decode %w", err)
	}
	if d.peek() != 0 || d.pos < len(d.src) {
		return nil, fmt.Errorf("decode %w", d.errorf("text after the end of the document"))
	}
	d.t.settle()
	return d.t, nil
}

// object reads { "name": value, … } below parent.
func (d *jsonDecoder) object(parent *Element, outside bool) error {
	if d.depth++; d.depth > d.opts.MaxDepth {
		return d.errorf("values nest deeper than %d", d.opts.MaxDepth)
	}
	defer func() { d.depth-- }()
	if err := d.expect('{'); err != nil {
		return err
	}
	if d.take('}') {
		return nil
	}
	value, valueAt := "", -1 // of an edit, put off until its target is known
	for {
		d.peek()
		name, err := d.string()
		if err != nil {
			return err
		}
		if err := d.expect(':'); err != nil {
			return err
		}
		if parent.isEdit() && (name == "value" || strings.HasSuffix(name, ":value")) && valueAt < 0 {
			value, valueAt = name, d.pos
			err = d.skip()
		} else {
			err = d.member(parent, name, outside)
		}
		if err != nil {
			return err
		}
		if !d.take(',') {
			break
		}
	}
	if err := d.expect('}'); err != nil || valueAt < 0 {
		return err
	}
	end := d.pos
	d.pos = valueAt
	if err := d.member(parent, value, outside); err != nil {
		return err
	}
	d.pos = end
	return nil
}

func (d *jsonDecoder) member(parent *Element, name string, outside bool) error {
	switch {
	case strings.HasPrefix(name, "@"): // metadata (RFC 7952): says nothing of the data
		return d.skip()
	case outside && (jsonEnvelope(name) || d.enveloped && name == "contents") && d.peek() == '{':
		d.enveloped = d.enveloped || name == notificationEnvelope
		return d.object(parent, true)
	case outside && d.enveloped && envelopeHeader(name):
		return d.skip()
	case outside && (name == "eventTime" || d.enveloped && name == "event-time") && d.peek() == '"':
		var err error
		d.t.EventTime, err = d.string()
		return err
	}
	module, local, qualified := "", name, false
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		module, local, qualified = name[:i], name[i+1:], true
	}
	if !qualified {
		if parent != nil {
			module = parent.Module
		}
		if parent != nil && parent.home != nil {
			module = parent.home.Module
		}
	}
	return d.values(parent, module, local, !qualified)
}

// values reads one value, or each of an array, as instances of a name.
func (d *jsonDecoder) values(parent *Element, module, name string, anySpace bool) error {
	node := d.t.Schema.nodeFor(parent, module, name, anySpace)
	if d.peek() != '[' || node != nil && node.Kind == AnyXML {
		return d.value(parent, node, module, name, false)
	}
	if d.depth++; d.depth > d.opts.MaxDepth {
		return d.errorf("values nest deeper than %d", d.opts.MaxDepth)
	}
	defer func() { d.depth-- }()
	d.pos++
	if d.take(']') {
		return nil
	}
	for {
		if err := d.value(parent, node, module, name, true); err != nil {
			return err
		}
		if !d.take(',') {
			return d.expect(']')
		}
	}
}

// value reads one instance.
func (d *jsonDecoder) value(parent *Element, node *Node, module, name string, inArray bool) error {
	if d.t.Stats.Elements++; d.t.Stats.Elements > d.opts.MaxElements {
		return d.errorf("more than %d elements", d.opts.MaxElements)
	}
	e := &Element{Node: node, Module: module, Name: name, Parent: parent}
	if node != nil {
		e.Module = node.Module.Name
	} else {
		d.t.Stats.Unknown++
	}
	d.t.bear(e)
	switch c := d.peek(); {
	case node != nil && node.Kind == AnyXML && c == '[', node == nil && c == '[':
		start := d.pos
		if err := d.skip(); err != nil {
			return err
		}
		e.Value.Text, e.literal = string(d.src[start:d.pos]), true
	case c == '{' && e.holdsElements():
		d.t.add(parent, e)
		if err := d.object(e, false); err != nil {
			return err
		}
		if d.opts.Keyed && inArray && node == nil && len(e.Children) > 0 && e.Children[0].isLeaf() {
			e.keys = []string{e.Children[0].Value.Text}
		}
		return nil
	case c == '{' || c == '[':
		return d.misfit(e, "a structured value stands in a leaf")
	default:
		kind, text, err := d.scalar()
		if err != nil {
			return err
		}
		if ok := d.setScalar(e, kind, text, inArray); !ok {
			return nil
		}
	}
	d.t.add(parent, e)
	return nil
}

func (e *Element) holdsElements() bool {
	return e.Node == nil || e.Node.Kind != Leaf && e.Node.Kind != LeafList
}

func (d *jsonDecoder) misfit(e *Element, reason string) error {
	d.t.Stats.Misfits++
	d.t.problem(e, "%s", reason)
	return d.skip()
}

func (d *jsonDecoder) scalar() (jsonKind, string, error) {
	if d.peek() == '"' {
		s, err := d.string()
		return jsonString, s, err
	}
	s, err := d.literal()
	switch s {
	case "true", "false":
		return jsonBool, s, err
	case "null":
		return jsonNull, s, err
	}
	return jsonNumber, s, err
}

// setScalar files a scalar; false means that the element says nothing.
func (d *jsonDecoder) setScalar(e *Element, kind jsonKind, text string, inArray bool) bool {
	switch {
	case e.Node == nil || e.Node.Kind == AnyXML || e.Node.Kind == AnyData:
		e.Value.Text, e.literal = text, kind != jsonString
		return true
	case !e.isLeaf():
		if kind == jsonNull || text == "" { // an empty container of a careless device
			return e.Node.Kind != List
		}
		d.t.Stats.Misfits++
		d.t.problem(e, "value %s stands in a %s", quote(text), e.Node.Kind)
		return false
	case kind == jsonNull && !inArray:
		d.t.Stats.Misfits++
		d.t.problem(e, "null is no value")
		return false
	case kind == jsonNull:
		text = ""
	}
	d.t.Stats.Leafs++
	if d.opts.AnyKind {
		kind = jsonAny
	}
	v, err := d.t.Schema.values.readValue(e.Node, text, jsonLexical(e.Node, kind))
	if err != nil {
		d.t.Stats.Invalid++
		d.t.problem(e, "%v", err)
	}
	e.Value = v
	return true
}

// skip passes over one value.
func (d *jsonDecoder) skip() error {
	if d.depth++; d.depth > d.opts.MaxDepth {
		return d.errorf("values nest deeper than %d", d.opts.MaxDepth)
	}
	defer func() { d.depth-- }()
	var close byte
	switch d.peek() {
	case '{':
		close = '}'
	case '[':
		close = ']'
	case '"':
		_, err := d.string()
		return err
	default:
		_, err := d.literal()
		return err
	}
	d.pos++
	if d.take(close) {
		return nil
	}
	for {
		if close == '}' {
			d.peek()
			if _, err := d.string(); err != nil {
				return err
			}
			if err := d.expect(':'); err != nil {
				return err
			}
		}
		if err := d.skip(); err != nil {
			return err
		}
		if !d.take(',') {
			return d.expect(close)
		}
	}
}
