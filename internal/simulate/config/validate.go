package config

import (
	"fmt"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// yangSpace is the namespace of missing-choice (RFC 7950 §15.6).
const yangSpace = "urn:ietf:params:xml:ns:yang:1"

// Validate asks whether all that is mandatory is there, whether lists have as
// many entries as they may, and whether leafrefs lead somewhere (RFC 7950 §8.1,
// §15). It returns at most MaxErrors errors.
func (t *Tree) Validate() []*Error {
	v := &validator{editor{tree: t}}
	v.nodes(t.set.Top, t.root, Path{})
	return v.errors
}

type validator struct{ editor }

// nodes checks the schema nodes below an instance; n is nil for a container
// that is not there but means nothing by itself.
func (v *validator) nodes(schemas []*yang.Node, n *Node, path Path) {
	for _, s := range schemas {
		if !s.Config {
			continue
		}
		switch s.Kind {
		case yang.Choice:
			v.choice(s, n, path)
		case yang.Case:
			v.nodes(s.Children, n, path)
		case yang.List, yang.LeafList:
			v.many(s, n, path)
		default:
			v.one(s, n, path)
		}
	}
}

// choice checks the case that has data; a choice without any is an error when
// it is mandatory.
func (v *validator) choice(s *yang.Node, n *Node, path Path) {
	for _, c := range s.Children {
		if n != nil && hasData(c, n) {
			v.nodes(c.Children, n, path)
			return
		}
	}
	if s.Mandatory {
		v.fail("data-missing", path, []*xmltree.Node{xmltree.Leaf(yangSpace, "missing-choice", s.Name.Local)}, "a case of %q is needed", s.Name.Local)
		v.tag("missing-choice")
	}
}

func hasData(c *yang.Node, n *Node) bool {
	for _, child := range n.Children {
		for _, cc := range child.Schema.Cases() {
			if cc.Case == c {
				return true
			}
		}
	}
	return false
}

func (v *validator) tag(appTag string) { v.errors[len(v.errors)-1].AppTag = appTag }

func (v *validator) one(s *yang.Node, n *Node, path Path) {
	var child *Node
	if n != nil {
		child = n.find(&Node{Schema: s})
	}
	at := path.step(v.tree.set, s.Name, nil, nil)
	switch {
	case child == nil && s.Mandatory:
		v.fail("data-missing", at, []*xmltree.Node{Info("bad-element", s.Name.Local)}, "%q is mandatory and missing", s.Name.Local)
	case s.Kind == yang.Container && (child != nil || !s.Presence):
		v.nodes(s.Children, child, at)
	case child != nil && s.Kind == yang.Leaf:
		v.reference(child, at)
	}
}

func (v *validator) many(s *yang.Node, n *Node, path Path) {
	count := 0
	if n != nil {
		for _, c := range n.Children {
			if c.Schema != s {
				continue
			}
			count++
			at := v.tree.path(path, c)
			if s.Kind == yang.List {
				v.nodes(s.Children, c, at)
			} else {
				v.reference(c, at)
			}
		}
	}
	at := path.step(v.tree.set, s.Name, nil, nil)
	if s.Max > 0 && count > s.Max {
		v.fail("operation-failed", at, nil, "%d entries of %q, at most %d allowed", count, s.Name.Local, s.Max)
		v.tag("too-many-elements")
	}
	if count < s.Min {
		v.fail("operation-failed", at, nil, "%d entries of %q, at least %d needed", count, s.Name.Local, s.Min)
		v.tag("too-few-elements")
	}
}

// reference checks that the value of a leafref exists somewhere in the tree
// (predicates of its path are not looked at).
func (v *validator) reference(n *Node, at Path) {
	t := n.Schema.Type
	if !t.RequiresInstance() || !t.Target().Config || v.tree.root.holds(t.Target(), n.Value) {
		return
	}
	v.fail("data-missing", at, nil, "%q refers to %q, which does not exist", n.Schema.Name.Local, n.Value.Text)
	v.tag("instance-required")
}

func (n *Node) holds(schema *yang.Node, value yang.Value) bool {
	if n.Schema == schema && n.Value == value {
		return true
	}
	for _, c := range n.Children {
		if c.holds(schema, value) {
			return true
		}
	}
	return false
}

// A Change is one difference between two configurations.
type Change struct {
	Path      Path
	Operation Operation // Create, Delete or Replace
}

// String is operation and path.
func (c Change) String() string { return fmt.Sprintf("%s %s", c.Operation, c.Path.Text) }

// Diff lists what leads from one configuration to another, by the topmost
// nodes that were created or deleted and the leaves that changed.
func Diff(from, to *Tree) []Change {
	d := &differ{tree: to}
	d.nodes(from.root, to.root, Path{})
	return d.changes
}

type differ struct {
	tree    *Tree
	changes []Change
}

func (d *differ) nodes(from, to *Node, path Path) {
	for _, c := range from.Children {
		if to.find(c) == nil {
			d.changes = append(d.changes, Change{d.tree.path(path, c), Delete})
		}
	}
	for _, c := range to.Children {
		at := d.tree.path(path, c)
		old := from.find(c)
		switch {
		case old == nil:
			d.changes = append(d.changes, Change{at, Create})
		case old.Value != c.Value, c.any != nil && old.any.String() != c.any.String():
			d.changes = append(d.changes, Change{at, Replace})
		default:
			d.nodes(old, c, at)
		}
	}
}
