package yang

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// The namespaces of what NETCONF and RESTCONF put around data.
const (
	netconfSpace      = "urn:ietf:params:xml:ns:netconf:base:1.0"
	notificationSpace = "urn:ietf:params:xml:ns:netconf:notification:1.0"
	restconfSpace     = "urn:ietf:params:xml:ns:yang:ietf-restconf"
)

// envelope tells whether an element stands around data.
func envelope(uri, name string) bool {
	switch uri {
	case netconfSpace:
		return name == "rpc-reply" || name == "data" || name == "config" || name == "rpc"
	case notificationSpace:
		return name == "notification"
	case restconfSpace:
		return name == "data"
	case "":
		return name == "rpc-reply" || name == "data" || name == "config"
	}
	return false
}

// xmlDecoder builds a Tree from XML.
type xmlDecoder struct {
	xmlScanner
	t     *Tree
	opts  DecodeOptions
	at    *Element
	depth int
	names map[string]string // to share the strings of names
}

// ReadXML reads instance data in XML: the data of a reply (with rpc-reply,
// data or config around it, or without), a notification, a structure. Broken
// XML is an error; what the schema does not know, or values that are none of
// their type, are kept and counted.
func (s *Schema) ReadXML(r io.Reader, opts DecodeOptions) (*Tree, error) {
	opts = opts.withDefaults()
	src, err := readAll(r, opts.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("decode xml: %w", err)
	}
	d := &xmlDecoder{xmlScanner: xmlScanner{src: bytes.TrimPrefix(src, []byte("\uFEFF"))}, t: &Tree{Schema: s},
		opts: opts, names: map[string]string{}}
	if d.at, err = d.t.at(opts.At); err != nil {
		return nil, fmt.Errorf("decode xml: %w", err)
	}
	if err := d.document(); err != nil {
		return nil, fmt.Errorf("decode %w", err)
	}
	d.t.settle()
	return d.t, nil
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("document exceeds the limit of %d bytes", limit)
	}
	return b.Bytes(), nil
}

func (d *xmlDecoder) document() error {
	seen := false
	for {
		tok, err := d.next()
		switch {
		case err != nil:
			return err
		case tok == xmlEOF:
			if !seen {
				return d.errorf("document has no element")
			}
			return nil
		case tok == xmlText:
			if len(bytes.TrimSpace(d.text)) > 0 {
				return d.errorf("text outside of any element")
			}
		case tok == xmlEnd:
			return d.errorf("end tag </%s> closes nothing", d.name)
		default:
			seen = true
			if err := d.element(d.at, true); err != nil {
				return err
			}
		}
	}
}

// element reads the element whose start tag was just read. outside says that
// only envelopes are around it.
func (d *xmlDecoder) element(parent *Element, outside bool) error {
	d.depth++
	if d.depth > d.opts.MaxDepth {
		return d.errorf("elements nest deeper than %d", d.opts.MaxDepth)
	}
	d.enter(d.depth)
	prefix, name, closed := d.prefix, d.intern(d.name), d.selfClosed
	uri, ok := d.space(prefix)
	if !ok {
		return d.errorf("prefix %s is not declared", quote(prefix))
	}
	var err error
	switch {
	case outside && envelope(uri, name):
		if !closed {
			_, err = d.content(prefix, name, parent, true, false)
		}
	case outside && uri == notificationSpace && name == "eventTime":
		if !closed {
			var text string
			text, err = d.content(prefix, name, nil, false, true)
			d.t.EventTime = strings.TrimSpace(text)
		}
	default:
		err = d.instance(prefix, name, uri, parent, closed)
	}
	d.leave(d.depth)
	d.depth--
	return err
}

func (d *xmlDecoder) intern(s string) string {
	if v, ok := d.names[s]; ok {
		return v
	}
	d.names[s] = s
	return s
}

// module names the module of a namespace; ok is false if none is known.
func (d *xmlDecoder) module(uri string) (string, bool) {
	if m := d.t.Schema.bySpace[uri]; m != nil {
		return m.Name, true
	}
	m, ok := d.opts.Modules[uri]
	return m, ok
}

// instance reads one element of data.
func (d *xmlDecoder) instance(prefix, name, uri string, parent *Element, closed bool) error {
	if d.t.Stats.Elements++; d.t.Stats.Elements > d.opts.MaxElements {
		return d.errorf("more than %d elements", d.opts.MaxElements)
	}
	module, known := d.module(uri)
	if !known {
		module = uri
	}
	e := &Element{Module: module, Name: name}
	if e.Node = d.t.Schema.nodeFor(parent, module, name, uri == ""); e.Node != nil {
		e.Module = e.Node.Module.Name
	} else {
		d.t.Stats.Unknown++
	}
	e.Parent = parent
	d.t.bear(e)
	leaf := e.Node != nil && e.isLeaf()
	text, err := "", error(nil)
	if leaf {
		d.leaf(e, closed, prefix, name, &err)
	} else if !closed {
		if text, err = d.content(prefix, name, e, false, false); err == nil {
			d.plainText(e, text)
		}
	}
	if err != nil {
		return err
	}
	d.t.add(parent, e)
	return nil
}

// leaf reads the value of a leaf with the namespaces in scope.
func (d *xmlDecoder) leaf(e *Element, closed bool, prefix, name string, err *error) {
	text := ""
	if !closed {
		if text, *err = d.content(prefix, name, e, false, true); *err != nil {
			return
		}
	}
	d.t.Stats.Leafs++
	v, verr := d.t.Schema.values.readValue(e.Node, text, lexical{prefix: d.prefixModule})
	if verr != nil {
		d.t.Stats.Invalid++
		d.t.problem(e, "%v", verr)
	}
	e.Value = v
}

func (d *xmlDecoder) prefixModule(prefix string) (string, bool) {
	uri, ok := d.space(prefix)
	if !ok {
		return "", false
	}
	return d.module(uri)
}

// plainText files text that stands in an element with or without schema.
func (d *xmlDecoder) plainText(e *Element, text string) {
	blank := strings.TrimSpace(text) == ""
	switch {
	case e.Node == nil || e.Node.Kind == AnyXML || e.Node.Kind == AnyData:
		if len(e.Children) == 0 && (!blank || e.Node == nil) {
			e.Value.Text = text
		} else if !blank {
			d.t.Stats.Misfits++
			d.t.problem(e, "text %s stands between elements", quote(text))
		}
	case !blank:
		d.t.Stats.Misfits++
		d.t.problem(e, "text %s stands in a %s", quote(text), e.Node.Kind)
	}
}

// content reads to the end tag and returns the text. Elements go below
// parent, or are misfits if leafOnly.
func (d *xmlDecoder) content(prefix, name string, parent *Element, outside, leafOnly bool) (string, error) {
	depth := d.depth
	var text []byte
	for {
		tok, err := d.next()
		if err != nil {
			return "", err
		}
		switch tok {
		case xmlEOF:
			return "", d.errorf("<%s> is not closed", name)
		case xmlEnd:
			if d.name != name || d.prefix != prefix {
				return "", d.errorf("</%s> closes <%s>", d.name, name)
			}
			d.leave(depth + 1)
			return string(text), nil
		case xmlText:
			text = append(text, d.text...)
		case xmlStart:
			if leafOnly {
				d.t.Stats.Misfits++
				d.t.problem(parent, "element <%s> stands in a leaf", d.name)
				if err := d.element(&Element{Parent: parent, Name: name}, false); err != nil {
					return "", err
				}
				continue
			}
			if err := d.element(parent, outside); err != nil {
				return "", err
			}
		}
	}
}
