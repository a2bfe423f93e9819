package yang

import (
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Push is one part of what a notification of YANG-push (RFC 8641) tells: the
// contents of what was subscribed to, or one edit of a change (RFC 8072).
type Push struct {
	Subscription string
	// Operation is that of an edit: create, replace, merge, insert, move, delete
	// or remove; "" for contents.
	Operation string
	// Tree holds the data; nil if the edit brings none.
	Tree *Tree
	// Gone is what is no more, before the data of Tree: the target of a
	// delete, remove or replace.
	Gone *Gone
	// Incomplete says that the device left something out that had changed
	// (RFC 8641 §3.11.1).
	Incomplete bool
}

// Gone names facts that hold no more: those of the things at or below Path,
// and those of the thing Owner whose property is Property or below it.
type Gone struct {
	Path     string
	Owner    string
	Property string   // IRI; "" if the target is a thing
	Value    rdf.Term // of one entry of a leaf-list; else the zero Term
}

// The modules of YANG-push and of the edits it sends, by name and namespace.
const (
	pushModule  = "ietf-yang-push"
	patchModule = "ietf-yang-patch"
	moduleSpace = "urn:ietf:params:xml:ns:yang:"
)

// ofPush tells whether a module, named or by its namespace, is one of those
// of YANG-push: its notifications are understood without their schema, as
// replies are.
func ofPush(module string) bool {
	module = strings.TrimPrefix(module, moduleSpace)
	return module == pushModule || module == patchModule
}

// bear notes where the content of a just begun element has its schema: the
// contents of a push from the top, the value of an edit below the parent of
// its target.
func (t *Tree) bear(e *Element) {
	if e.Parent == nil || !ofPush(e.Module) {
		return
	}
	switch e.Name {
	case "datastore-contents", "datastore-contents-xml":
		e.fromTop = true
	case "value":
		if e.Parent.Name != "edit" {
			return
		}
		e.fromTop = true
		target := e.Parent.text("target")
		if cut := strings.LastIndexByte(strings.TrimRight(target, "/"), '/'); cut > 0 {
			home, err := (&Tree{Schema: t.Schema}).at(target[:cut])
			if err != nil {
				t.problem(e, "target of an edit: %v", err)
				return
			}
			e.home, e.fromTop = home, false
		}
	}
}

// isEdit tells whether an element is an edit, whose target must be known
// before its value is read.
func (e *Element) isEdit() bool { return e != nil && e.Name == "edit" && ofPush(e.Module) }

// named returns the first child of a name, whatever its module; nil if there
// is none.
func (e *Element) named(name string) *Element {
	for _, c := range e.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// text is the value of the child of a name.
func (e *Element) text(name string) string {
	if c := e.named(name); c != nil {
		return c.Value.Text
	}
	return ""
}

// Pushes returns what the notifications of YANG-push in the tree tell, in
// order; none if there are no such.
func (t *Tree) Pushes() []Push {
	var out []Push
	for _, e := range t.Top {
		if !ofPush(e.Module) {
			continue
		}
		id := e.text("id")
		if id == "" {
			id = e.text("subscription-id") // drafts of RFC 8641
		}
		_, incomplete := e.flag("incomplete-update")
		for _, c := range e.Children {
			switch c.Name {
			case "datastore-contents", "datastore-contents-xml":
				out = append(out, Push{Subscription: id, Tree: t.counted(t.Content(c)), Incomplete: incomplete})
			case "datastore-changes", "datastore-changes-xml":
				for _, p := range t.edits(c) {
					p.Subscription, p.Incomplete = id, incomplete
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// flag tells whether a child of a name is there.
func (e *Element) flag(name string) (*Element, bool) {
	c := e.named(name)
	return c, c != nil
}

// edits reads the edits of a change.
func (t *Tree) edits(changes *Element) []Push {
	var out []Push
	patch := changes.named("yang-patch")
	if patch == nil {
		patch = changes
	}
	for _, edit := range patch.Children {
		if edit.Name != "edit" {
			continue
		}
		p := Push{Operation: edit.text("operation")}
		switch p.Operation {
		case "delete", "remove", "replace":
			gone, err := t.Schema.gone(edit.text("target"))
			if err != nil {
				t.problem(edit, "target of an edit: %v", err)
				continue
			}
			p.Gone = gone
		}
		if value := edit.named("value"); value != nil && p.Operation != "delete" && p.Operation != "remove" {
			p.Tree = t.counted(t.placed(value))
		}
		out = append(out, p)
	}
	return out
}

// placed returns the content of an edit's value where its target has it.
func (t *Tree) placed(value *Element) *Tree {
	if value.home == nil {
		return t.Content(value)
	}
	out := &Tree{Schema: t.Schema, EventTime: t.EventTime}
	var below func(e *Element) *Element
	below = func(e *Element) *Element {
		if e == nil {
			return nil
		}
		c := *e
		c.Children = nil
		parent := below(e.Parent)
		out.add(parent, &c)
		for _, k := range e.Children {
			if k.Node != nil && k.Node.isKey {
				out.copyWhole(&c, k)
			}
		}
		return &c
	}
	home := below(value.home)
	for _, c := range value.Children {
		out.copyWhole(home, c)
	}
	return out
}

// counted fills in the counts of a part of the tree.
func (t *Tree) counted(part *Tree) *Tree {
	var walk func(list []*Element)
	walk = func(list []*Element) {
		for _, e := range list {
			part.Stats.Elements++
			switch {
			case e.Node == nil:
				part.Stats.Unknown++
			case e.isLeaf():
				part.Stats.Leafs++
				if e.Value.Type == nil {
					part.Stats.Invalid++
				}
			}
			walk(e.Children)
		}
	}
	walk(part.Top)
	return part
}

// gone finds what the target of an edit stands for.
func (s *Schema) gone(target string) (*Gone, error) {
	steps, err := splitPath(target)
	if err != nil {
		return nil, err
	}
	var n *Node
	leaf := false
	cut := strings.LastIndexByte(strings.TrimRight(target, "/"), '/')
	scratch := &Tree{Schema: s}
	parent, err := scratch.at(target[:max(cut, 0)])
	if err != nil {
		return nil, err
	}
	last := steps[len(steps)-1]
	if n = s.step(parent, last); n != nil {
		leaf = n.Kind == Leaf || n.Kind == LeafList || n.Kind == AnyData || n.Kind == AnyXML
	}
	if !leaf {
		e, err := scratch.at(target)
		if err != nil {
			return nil, err
		}
		g := &Gone{Path: e.Path()}
		if n != nil && n.Kind != List && n.Parent != nil {
			g.Owner, g.Property = e.owner(), n.iri
		}
		return g, nil
	}
	g := &Gone{Property: n.iri}
	if parent != nil {
		g.Owner = parent.owner()
	} else {
		g.Owner = escape(n.Module.Name)
	}
	if n.Kind == LeafList && len(last.keys) > 0 {
		if v, err := s.values.readValue(n, last.keys[0], jsonLexical(n, jsonAny)); err == nil {
			if list := terms(n, v); len(list) > 0 {
				g.Value = list[0]
			}
		}
	}
	return g, nil
}

// owner is the thing that the leafs of an element belong to: the nearest list
// entry or top-level container.
func (e *Element) owner() string {
	for e.Parent != nil && e.Node != nil && e.Node.Kind != List {
		e = e.Parent
	}
	return e.Path()
}

// OfPush tells whether the tree is a notification of YANG-push, such as one
// that says that a subscription began, which brings no data.
func (t *Tree) OfPush() bool {
	return slices.ContainsFunc(t.Top, func(e *Element) bool { return subscriptions(e.Module) })
}

// subscriptions tells whether a module is of YANG-push or of the
// notifications of subscriptions (RFC 8639 §2.7).
func subscriptions(module string) bool {
	return ofPush(module) || strings.TrimPrefix(module, moduleSpace) == "ietf-subscribed-notifications"
}
