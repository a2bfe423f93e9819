package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The limits that hold where Limits leaves a field zero.
const (
	DefaultDepth    = 64
	DefaultElements = 1 << 18
)

// maxAttrs bounds the attributes and declarations of one element.
const maxAttrs = 256

// Errors of Parse; each arrives wrapped with a line.
var (
	ErrMalformed = errors.New("not well-formed")
	ErrLimit     = errors.New("beyond the limit")
)

// Limits bound what a document may ask of memory. Zero fields mean the defaults.
type Limits struct {
	Depth    int // elements within each other
	Elements int // in the document
}

// Parse reads one document. Document type declarations are refused
// (RFC 6241 §3), as is anything but UTF-8.
func Parse(data []byte, limits Limits) (*Node, error) {
	if limits.Depth == 0 {
		limits.Depth = DefaultDepth
	}
	if limits.Elements == 0 {
		limits.Elements = DefaultElements
	}
	p := parser{in: xml.NewDecoder(bytes.NewReader(data)), limits: limits}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("parse XML: %w: not UTF-8", ErrMalformed)
	}
	for {
		token, err := p.in.RawToken()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = p.token(token)
		} else {
			err = fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if err != nil {
			line, column := p.in.InputPos()
			return nil, fmt.Errorf("parse XML: %d:%d: %w", line, column, err)
		}
	}
	if p.at != nil || p.root == nil {
		return nil, fmt.Errorf("parse XML: %w: the document ends within an element or has none", ErrMalformed)
	}
	return p.root, nil
}

type parser struct {
	in       *xml.Decoder
	limits   Limits
	root, at *Node
	raw      []xml.Name // the names of the open elements as written
	text     [][]byte   // of the open elements
	elements int
}

func (p *parser) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		if p.at != nil {
			last := len(p.text) - 1
			p.text[last] = append(p.text[last], t...)
		} else if len(bytes.TrimSpace(t)) > 0 {
			return fmt.Errorf("%w: text outside of the document element", ErrMalformed)
		}
	case xml.Directive:
		return fmt.Errorf("%w: document type declarations are not allowed", ErrMalformed)
	}
	return nil
}

func (p *parser) start(t xml.StartElement) error {
	if p.elements++; p.elements > p.limits.Elements {
		return fmt.Errorf("%w: more than %d elements", ErrLimit, p.limits.Elements)
	}
	if len(p.raw) == p.limits.Depth {
		return fmt.Errorf("%w: more than %d elements within each other", ErrLimit, p.limits.Depth)
	}
	if p.at == nil && p.root != nil {
		return fmt.Errorf("%w: a second document element", ErrMalformed)
	}
	if len(t.Attr) > maxAttrs {
		return fmt.Errorf("%w: more than %d attributes", ErrLimit, maxAttrs)
	}
	n := &Node{parent: p.at}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			n.Decls = append(n.Decls, Decl{"", a.Value})
		case a.Name.Space == "xmlns":
			n.Decls = append(n.Decls, Decl{a.Name.Local, a.Value})
		}
	}
	if err := p.names(n, t); err != nil {
		return err
	}
	if p.at == nil {
		p.root = n
	} else {
		p.at.Children = append(p.at.Children, n)
	}
	p.at, p.raw, p.text = n, append(p.raw, t.Name), append(p.text, nil)
	return nil
}

// names resolves the element's name and those of its attributes.
func (p *parser) names(n *Node, t xml.StartElement) error {
	space, ok := n.Resolve(t.Name.Space)
	if !ok || strings.Contains(t.Name.Local, ":") {
		return fmt.Errorf("%w: element %s:%s has an undeclared prefix", ErrMalformed, t.Name.Space, t.Name.Local)
	}
	n.Name = xml.Name{Space: space, Local: t.Name.Local}
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		name := xml.Name{Local: a.Name.Local}
		if a.Name.Space != "" {
			if name.Space, ok = n.Resolve(a.Name.Space); !ok {
				return fmt.Errorf("%w: attribute %s:%s has an undeclared prefix", ErrMalformed, a.Name.Space, a.Name.Local)
			}
		}
		if _, twice := n.Attr(name.Space, name.Local); twice {
			return fmt.Errorf("%w: attribute %s stands twice", ErrMalformed, name.Local)
		}
		n.Attrs = append(n.Attrs, xml.Attr{Name: name, Value: a.Value})
	}
	return nil
}

func (p *parser) end(t xml.EndElement) error {
	if p.at == nil || p.raw[len(p.raw)-1] != t.Name {
		return fmt.Errorf("%w: </%s> ends no open element", ErrMalformed, t.Name.Local)
	}
	last := len(p.raw) - 1
	switch {
	case len(p.at.Children) == 0:
		p.at.Text = string(p.text[last])
	case len(bytes.TrimSpace(p.text[last])) > 0:
		return fmt.Errorf("%w: text beside the children of %s", ErrMalformed, p.at.Name.Local)
	}
	p.at, p.raw, p.text = p.at.parent, p.raw[:last], p.text[:last]
	return nil
}
