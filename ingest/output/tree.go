package output

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// node is one of an answer's tree.
type node struct {
	name     string
	text     string
	leaf     bool
	parent   *node
	children []*node
	read     bool // a table has taken its text
}

// builder makes a tree within the limits.
type builder struct{ nodes int }

func (b *builder) add(parent *node, name string) (*node, error) {
	if b.nodes++; b.nodes > maxNodes {
		return nil, fmt.Errorf("%w: more than %d nodes", ErrTooLarge, maxNodes)
	}
	n := &node{name: name, parent: parent}
	parent.children = append(parent.children, n)
	return n, nil
}

func (b *builder) leaf(parent *node, name, text string) error {
	n, err := b.add(parent, name)
	if err == nil {
		n.text, n.leaf = text, true
	}
	return err
}

// parse makes the tree of JSON or XML; nil for text.
func parse(text []byte) (*node, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("%w: %d octets, at most %d", ErrTooLarge, len(text), MaxBytes)
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\uFEFF")))
	if len(text) == 0 {
		return nil, nil
	}
	switch text[0] {
	case '{', '[':
		return parseJSON(text)
	case '<':
		return parseXML(text)
	}
	return nil, nil
}

func parseJSON(text []byte) (*node, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	root := &node{}
	b := &builder{}
	if err := b.json(dec, root, "", true, 0); err != nil {
		if errors.Is(err, ErrTooLarge) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: json: octet %d: %w", ErrMalformed, dec.InputOffset(), err)
	}
	rest := bytes.TrimSpace(text[dec.InputOffset():])
	if len(rest) > maxPrompt || bytes.ContainsAny(rest, "\r\n\"") {
		return nil, fmt.Errorf("%w: json: octet %d: something stands behind the document", ErrMalformed, dec.InputOffset())
	}
	return root, nil
}

// maxPrompt bounds what may stand behind a document: the prompt that a device
// printed next.
const maxPrompt = 100

// json reads one value as a child of parent; of the top it is parent itself.
func (b *builder) json(dec *json.Decoder, parent *node, name string, top bool, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: deeper than %d", ErrTooLarge, maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '[' {
			for dec.More() {
				if err := b.json(dec, parent, name, top, depth+1); err != nil {
					return err
				}
			}
			_, err = dec.Token()
			return err
		}
		at := parent
		if !top {
			if at, err = b.add(parent, name); err != nil {
				return err
			}
		}
		return b.object(dec, at, depth)
	case string:
		return b.leaf(parent, name, v)
	case json.Number:
		return b.leaf(parent, name, v.String())
	case bool:
		return b.leaf(parent, name, fmt.Sprint(v))
	}
	return nil // null says nothing
}

func (b *builder) object(dec *json.Decoder, at *node, depth int) error {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		member, _ := key.(string)
		if err := b.json(dec, at, member, false, depth+1); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func parseXML(text []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	root := &node{}
	b := &builder{}
	at, depth := root, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && at == root {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: xml: octet %d: %w", ErrMalformed, dec.InputOffset(), err)
		}
		switch v := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return nil, fmt.Errorf("%w: deeper than %d", ErrTooLarge, maxDepth)
			}
			if at, err = b.element(at, v); err != nil {
				return nil, err
			}
		case xml.EndElement:
			at.text = strings.TrimSpace(at.text)
			at.leaf = at.text != "" || len(at.children) == 0
			at, depth = at.parent, depth-1
		case xml.CharData:
			if at != root {
				at.text += string(v)
			}
		}
	}
}

func (b *builder) element(parent *node, start xml.StartElement) (*node, error) {
	n, err := b.add(parent, start.Name.Local)
	for _, a := range start.Attr {
		if err == nil && a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			err = b.leaf(n, "@"+a.Name.Local, a.Value)
		}
	}
	return n, err
}

// value is the text of a node: its own, or that of its member "data", as Junos
// writes leaves in JSON.
func (n *node) value() (string, bool) {
	if n.leaf {
		n.read = true
		return n.text, true
	}
	for _, c := range n.children {
		if c.name == "data" && c.leaf {
			c.read = true
			return c.text, true
		}
	}
	return "", false
}

// peel takes off envelopes: nodes that are alone at the top and have such a
// name.
func peel(root *node, envelopes map[string]bool) *node {
	for range maxDepth {
		var only *node
		for _, c := range root.children {
			if strings.HasPrefix(c.name, "@") {
				continue
			}
			if only != nil {
				return root
			}
			only = c
		}
		if only == nil || only.leaf || !envelopes[only.name] {
			return root
		}
		root = only
	}
	return root
}

// unread counts the leaves whose text no table took.
func (n *node) unread() int {
	count := 0
	if n.leaf && !n.read {
		count++
	}
	for _, c := range n.children {
		count += c.unread()
	}
	return count
}
