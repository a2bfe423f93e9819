package xmltree

import (
	"encoding/xml"
	"slices"
	"strings"
)

// A Decl binds a prefix to a namespace; the empty prefix is the default.
type Decl struct{ Prefix, Space string }

// A Node is an element. It holds text or children; text beside children is
// white space and dropped.
type Node struct {
	Name     xml.Name
	Attrs    []xml.Attr // without declarations, names resolved
	Decls    []Decl     // declarations made on this element, as read
	Text     string
	Children []*Node

	parent *Node // as read; for Resolve
}

// New returns an element with children.
func New(space, local string, children ...*Node) *Node {
	return &Node{Name: xml.Name{Space: space, Local: local}, Children: children}
}

// Leaf returns an element with text.
func Leaf(space, local, text string) *Node {
	return &Node{Name: xml.Name{Space: space, Local: local}, Text: text}
}

// Is reports whether n has this name.
func (n *Node) Is(space, local string) bool {
	return n.Name.Space == space && n.Name.Local == local
}

// Child returns the first child with this name, or nil.
func (n *Node) Child(space, local string) *Node {
	for _, c := range n.Children {
		if c.Is(space, local) {
			return c
		}
	}
	return nil
}

// Find follows local names in n's own namespace; nil when one is missing.
func (n *Node) Find(path ...string) *Node {
	for _, local := range path {
		if n = n.Child(n.Name.Space, local); n == nil {
			return nil
		}
	}
	return n
}

// Attr returns the value of an attribute.
func (n *Node) Attr(space, local string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value, true
		}
	}
	return "", false
}

// Value is the text without white space around it.
func (n *Node) Value() string { return strings.TrimSpace(n.Text) }

// Resolve returns the namespace of a prefix at n, as n was read.
func (n *Node) Resolve(prefix string) (string, bool) {
	if prefix == "xml" {
		return xmlSpace, true
	}
	for at := n; at != nil; at = at.parent {
		for _, d := range at.Decls {
			if d.Prefix == prefix {
				return d.Space, true
			}
		}
	}
	return "", prefix == ""
}

// Clone copies the tree; the copy has no parent.
func (n *Node) Clone() *Node {
	c := &Node{Name: n.Name, Attrs: slices.Clone(n.Attrs), Decls: slices.Clone(n.Decls), Text: n.Text}
	for _, child := range n.Children {
		k := child.Clone()
		k.parent = c
		c.Children = append(c.Children, k)
	}
	return c
}

const xmlSpace = "http://www.w3.org/XML/1998/namespace"
