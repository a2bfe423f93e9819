package config

import (
	"fmt"
	"slices"

	"nettwin/internal/simulate/xmltree"
	"nettwin/internal/simulate/yang"
)

// An Operation is what an edit does to a node (RFC 6241 §7.2).
type Operation string

// The operations; None is only for an edit as a whole.
const (
	Merge   Operation = "merge"
	Replace Operation = "replace"
	Create  Operation = "create"
	Delete  Operation = "delete"
	Remove  Operation = "remove"
	None    Operation = "none"
)

// MaxErrors bounds the errors of one edit or validation.
const MaxErrors = 100

// Edit applies the content of a config element and returns the tree that
// results; op is the default operation. All errors are returned, up to
// MaxErrors; with errors the tree holds what could be done, and a caller who
// wants all or nothing leaves it.
func (t *Tree) Edit(content []*xmltree.Node, op Operation) (*Tree, []*Error) {
	next := &Tree{t.set, t.root.clone(nil)}
	e := &editor{tree: next}
	if op == Replace {
		// RFC 6241 §7.2: the whole datastore is replaced.
		next.root.Children = nil
	}
	e.children(next.root, content, op, Path{})
	next.root.prune()
	return next, e.errors
}

// Load makes a tree of a configuration's elements. What its modules do not
// know is left out and told.
func Load(set *yang.Set, content []*xmltree.Node) (*Tree, []*Error) {
	return New(set).Edit(content, Merge)
}

type editor struct {
	tree   *Tree
	errors []*Error
}

func (e *editor) fail(tag string, path Path, info []*xmltree.Node, format string, args ...any) {
	if len(e.errors) < MaxErrors {
		e.errors = append(e.errors, &Error{Type: Application, Tag: tag, Path: path, Message: fmt.Sprintf(format, args...), Info: info})
	}
}

// children applies the elements below one instance.
func (e *editor) children(n *Node, content []*xmltree.Node, op Operation, path Path) {
	var seen []*yang.Node
	for _, x := range content {
		schema := e.schema(n, x)
		at := path.step(e.tree.set, x.Name, nil, nil)
		own, ok := e.operation(x, op, at)
		switch {
		case !ok:
		case schema == nil && !e.tree.set.HasNamespace(x.Name.Space):
			e.fail("unknown-namespace", at, []*xmltree.Node{Info("bad-element", x.Name.Local), Info("bad-namespace", x.Name.Space)},
				"no module has the namespace %q", x.Name.Space)
		case schema == nil:
			e.fail("unknown-element", at, bad(x), "%q is no configuration here", x.Name.Local)
		case e.conflict(schema, own, seen):
			e.fail("bad-element", at, bad(x), "%q stands twice, or beside another case of its choice", x.Name.Local)
		default:
			if own != Delete && own != Remove && !slices.Contains(seen, schema) {
				seen = append(seen, schema)
			}
			e.element(n, schema, x, own, path)
		}
	}
}

func bad(x *xmltree.Node) []*xmltree.Node {
	return []*xmltree.Node{Info("bad-element", x.Name.Local)}
}

// schema returns the configuration node of an element, or nil.
func (e *editor) schema(n *Node, x *xmltree.Node) *yang.Node {
	var schema *yang.Node
	if n.Schema == nil {
		schema = e.tree.set.Child(x.Name)
	} else {
		schema = n.Schema.Child(x.Name)
	}
	if schema == nil || !schema.Config {
		return nil
	}
	return schema
}

// operation is the operation of an element: its own or the inherited one.
func (e *editor) operation(x *xmltree.Node, inherited Operation, path Path) (Operation, bool) {
	text, found := x.Attr(Base, "operation")
	if !found {
		return inherited, true
	}
	switch op := Operation(text); op {
	case Merge, Replace, Create, Delete, Remove:
		return op, true
	}
	e.fail("bad-attribute", path, []*xmltree.Node{Info("bad-attribute", "operation"), Info("bad-element", x.Name.Local)},
		"%q is no operation", text)
	return "", false
}

// conflict reports whether a node cannot stand beside those already seen.
func (e *editor) conflict(schema *yang.Node, op Operation, seen []*yang.Node) bool {
	if op == Delete || op == Remove {
		return false
	}
	for _, other := range seen {
		if other == schema && (schema.Kind == yang.Leaf || schema.Kind == yang.Container || schema.Kind == yang.AnyData) {
			return true
		}
		for _, a := range schema.Cases() {
			for _, b := range other.Cases() {
				if a.Choice == b.Choice && a.Case != b.Case {
					return true
				}
			}
		}
	}
	return false
}

// element applies one element whose schema is known.
func (e *editor) element(parent *Node, schema *yang.Node, x *xmltree.Node, op Operation, path Path) {
	like, ok := e.instance(schema, x, op, path)
	if !ok {
		return
	}
	at := e.tree.path(path, like)
	old := parent.find(like)
	switch op {
	case Delete, Remove:
		e.delete(parent, old, x, op, at)
		return
	case Create:
		if old != nil && (len(old.Children) > 0 || schema.Kind != yang.Container || schema.Presence) {
			e.fail("data-exists", at, bad(x), "%q exists already", x.Name.Local)
			return
		}
	case None:
		if old == nil && (schema.Kind != yang.Container || schema.Presence) {
			e.fail("data-missing", at, bad(x), "%q does not exist, and the default operation is none", x.Name.Local)
			return
		}
		if schema.Kind == yang.Leaf || schema.Kind == yang.LeafList {
			return
		}
	}
	e.settle(parent, old, like, op)
	e.below(like, x, op, at)
}

// settle puts the instance where the old one was, or anew.
func (e *editor) settle(parent, old, like *Node, op Operation) {
	for _, cc := range like.Schema.Cases() {
		e.dropOtherCases(parent, cc)
	}
	if old == nil {
		e.tree.insert(parent, like)
		return
	}
	if op == Merge || op == None {
		like.Children = old.Children
		for _, c := range like.Children {
			c.parent = like
		}
	}
	like.parent = parent
	parent.Children[slices.Index(parent.Children, old)] = like
}

// dropOtherCases keeps one case of a choice (RFC 7950 §7.9).
func (e *editor) dropOtherCases(parent *Node, keep yang.ChoiceCase) {
	parent.Children = slices.DeleteFunc(parent.Children, func(c *Node) bool {
		return slices.ContainsFunc(c.Schema.Cases(), func(cc yang.ChoiceCase) bool {
			return cc.Choice == keep.Choice && cc.Case != keep.Case
		})
	})
}

// below applies what an element holds, once its instance is in the tree.
func (e *editor) below(n *Node, x *xmltree.Node, op Operation, at Path) {
	if n.Schema.Kind != yang.Container && n.Schema.Kind != yang.List {
		return
	}
	content := x.Children
	if n.Schema.Kind == yang.List {
		content = slices.DeleteFunc(slices.Clone(content), func(c *xmltree.Node) bool {
			return c.Name.Space == n.Schema.Name.Space && slices.Contains(n.Schema.Keys, c.Name.Local)
		})
	}
	e.children(n, content, op, at)
}

func (e *editor) delete(parent, old *Node, x *xmltree.Node, op Operation, at Path) {
	switch {
	case old != nil:
		parent.remove(old)
	case op == Delete:
		e.fail("data-missing", at, bad(x), "%q does not exist", x.Name.Local)
	}
}

// instance makes the instance that an element stands for: with its value or
// keys, without what else it holds.
func (e *editor) instance(schema *yang.Node, x *xmltree.Node, op Operation, path Path) (*Node, bool) {
	n := &Node{Schema: schema}
	at := path.step(e.tree.set, x.Name, nil, nil)
	switch schema.Kind {
	case yang.AnyData:
		n.any = x.Clone()
		return n, true
	case yang.List:
		return n, e.keys(n, x, at)
	case yang.Container:
		if x.Value() != "" {
			e.fail("bad-element", at, bad(x), "%q holds elements, not text", x.Name.Local)
			return n, false
		}
		return n, true
	}
	if schema.Kind == yang.Leaf && (op == Delete || op == Remove) {
		return n, true // the value does not matter
	}
	return n, e.value(n, x, at)
}

func (e *editor) value(n *Node, x *xmltree.Node, at Path) bool {
	if len(x.Children) > 0 {
		e.fail("bad-element", at, bad(x), "%q holds text, not elements", x.Name.Local)
		return false
	}
	value, err := n.Schema.Type.Canonical(x.Text, x.Resolve)
	if err != nil {
		e.fail("invalid-value", at, bad(x), "%s: %v", x.Name.Local, err)
		return false
	}
	n.Value = value
	return true
}

// keys reads the keys of a list entry (RFC 7950 §7.8.2).
func (e *editor) keys(n *Node, x *xmltree.Node, at Path) bool {
	for _, key := range n.Schema.Keys {
		kx := x.Child(n.Schema.Name.Space, key)
		if kx == nil {
			e.fail("missing-element", at, []*xmltree.Node{Info("bad-element", key)}, "an entry of %q needs its key %q", x.Name.Local, key)
			return false
		}
		k := &Node{Schema: n.Schema.Child(kx.Name), parent: n}
		if k.Schema == nil || !e.value(k, kx, at.step(e.tree.set, kx.Name, nil, nil)) {
			return false
		}
		n.Children = append(n.Children, k)
	}
	return true
}
