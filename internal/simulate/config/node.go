package config

import (
	"encoding/xml"
	"slices"
	"strings"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

var langEnglish = xml.Attr{Name: xml.Name{Space: "http://www.w3.org/XML/1998/namespace", Local: "lang"}, Value: "en"}

// A Node is an instance of a schema node. Only this package changes it.
type Node struct {
	Schema   *yang.Node // nil at the root
	Value    yang.Value // of leaves and entries of leaf-lists
	Children []*Node
	any      *xmltree.Node // of anydata
	parent   *Node
}

// A Tree is a configuration.
type Tree struct {
	set  *yang.Set
	root *Node
}

// New returns an empty configuration.
func New(set *yang.Set) *Tree { return &Tree{set, &Node{}} }

// Schema is the set of modules that the tree follows.
func (t *Tree) Schema() *yang.Set { return t.set }

// Root holds the top-level nodes.
func (t *Tree) Root() *Node { return t.root }

// Child returns the first child with this local name, or nil; a nil node has
// no children.
func (n *Node) Child(local string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Schema.Name.Local == local {
			return c
		}
	}
	return nil
}

// Each returns the children with this local name.
func (n *Node) Each(local string) []*Node {
	if n == nil {
		return nil
	}
	var all []*Node
	for _, c := range n.Children {
		if c.Schema.Name.Local == local {
			all = append(all, c)
		}
	}
	return all
}

// Leaf returns the value of a child leaf, else its default in the schema, else
// the empty string.
func (n *Node) Leaf(local string) string {
	if n == nil {
		return ""
	}
	if c := n.Child(local); c != nil {
		return c.Value.Text
	}
	for _, s := range n.Schema.DataChildren() {
		if s.Name.Local == local && len(s.Default) == 1 {
			return s.Default[0]
		}
	}
	return ""
}

// XML returns the configuration as elements.
func (t *Tree) XML() []*xmltree.Node {
	var all []*xmltree.Node
	for _, c := range t.root.Children {
		all = append(all, c.XML())
	}
	return all
}

// XML returns the node as an element of its own.
func (n *Node) XML() *xmltree.Node {
	if n.any != nil {
		return n.any.Clone()
	}
	x := &xmltree.Node{Name: n.Schema.Name, Text: n.Value.Text}
	if n.Value.Decl.Prefix != "" {
		x.Decls = []xmltree.Decl{n.Value.Decl}
	}
	for _, c := range n.Children {
		x.Children = append(x.Children, c.XML())
	}
	return x
}

// Equal reports whether two configurations say the same. Lists that the system
// orders are equal in any order.
func (t *Tree) Equal(other *Tree) bool {
	return len(Diff(t, other)) == 0
}

// clone copies a node with all below.
func (n *Node) clone(parent *Node) *Node {
	c := *n
	c.parent = parent
	c.Children = make([]*Node, len(n.Children))
	for i, child := range n.Children {
		c.Children[i] = child.clone(&c)
	}
	return &c
}

// keys returns the values of a list entry's keys.
func (n *Node) keys() []yang.Value {
	values := make([]yang.Value, len(n.Schema.Keys))
	for i, key := range n.Schema.Keys {
		if k := n.Child(key); k != nil {
			values[i] = k.Value
		}
	}
	return values
}

// same reports whether two siblings are instances of one thing: one leaf or
// container, one list entry, one value of a leaf-list.
func (n *Node) same(other *Node) bool {
	if n.Schema != other.Schema {
		return false
	}
	switch n.Schema.Kind {
	case yang.List:
		return slices.Equal(n.keys(), other.keys())
	case yang.LeafList:
		return n.Value == other.Value
	}
	return true
}

// find returns the child that is an instance of the same thing, or nil.
func (n *Node) find(like *Node) *Node {
	for _, c := range n.Children {
		if c.same(like) {
			return c
		}
	}
	return nil
}

// order is the schema's order of the children of n.
func (t *Tree) order(n *Node) []*yang.Node {
	if n.Schema == nil {
		return t.set.Top
	}
	return n.Schema.DataChildren()
}

// insert adds a child at its place.
func (t *Tree) insert(n, child *Node) {
	order := t.order(n)
	rank := slices.Index(order, child.Schema)
	at := len(n.Children)
	for at > 0 && slices.Index(order, n.Children[at-1].Schema) > rank {
		at--
	}
	child.parent = n
	n.Children = slices.Insert(n.Children, at, child)
}

// remove takes a child away.
func (n *Node) remove(child *Node) {
	if at := slices.Index(n.Children, child); at >= 0 {
		n.Children = slices.Delete(n.Children, at, at+1)
	}
}

// prune takes away containers that hold nothing and mean nothing.
func (n *Node) prune() {
	n.Children = slices.DeleteFunc(n.Children, func(c *Node) bool {
		c.prune()
		return c.Schema.Kind == yang.Container && !c.Schema.Presence && len(c.Children) == 0
	})
}

// A Path is an instance identifier (RFC 7950 §9.13) with the declarations of
// its prefixes.
type Path struct {
	Text  string
	Decls []xmltree.Decl
}

// step adds a node; keys are those of a list entry.
func (p Path) step(set *yang.Set, name xml.Name, keyNames []string, keys []yang.Value) Path {
	prefix := set.Prefix(name.Space)
	if prefix == "" {
		return Path{p.Text + "/" + name.Local, p.Decls}
	}
	decl := xmltree.Decl{Prefix: prefix, Space: name.Space}
	if !slices.Contains(p.Decls, decl) {
		p.Decls = append(slices.Clip(p.Decls), decl)
	}
	var text strings.Builder
	text.WriteString(p.Text + "/" + prefix + ":" + name.Local)
	for i, key := range keyNames {
		quote := "'"
		if strings.Contains(keys[i].Text, quote) {
			quote = `"`
		}
		text.WriteString("[" + prefix + ":" + key + "=" + quote + keys[i].Text + quote + "]")
	}
	p.Text = text.String()
	return p
}

func (t *Tree) path(p Path, n *Node) Path {
	switch n.Schema.Kind {
	case yang.List:
		return p.step(t.set, n.Schema.Name, n.Schema.Keys, n.keys())
	case yang.LeafList:
		p = p.step(t.set, n.Schema.Name, nil, nil)
		p.Text += "[.='" + n.Value.Text + "']"
		return p
	}
	return p.step(t.set, n.Schema.Name, nil, nil)
}
