package yang

import (
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// finish settles what a node inherits and lists its data nodes. It may run
// again after nodes were added.
func (c *compiler) finish(n *Node, config bool, status Status) {
	switch n.Kind {
	case RPC, Action, Notification, Structure, Input, Output:
		config = false
	}
	if config && n.d.config != nil {
		config = *n.d.config
	}
	n.Config, n.Status = config, max(n.Status, status)
	n.Parent = dataParent(n)
	n.iri = nodeIRI(n)
	n.term = rdf.IRI(n.iri)
	if n.d.typ != nil && n.Type == nil {
		c.finishType(n)
	} else if n.Type == nil && (n.Kind == Leaf || n.Kind == LeafList) {
		n.Type = unknownType("")
	}
	for _, s := range n.sub {
		c.finish(s, config, n.Status)
	}
	if n.Kind == Choice || n.Kind == Case {
		return
	}
	n.Children, n.Actions = nil, nil
	n.index = childIndex{}
	n.flatten(n.sub)
	if n.Kind == List {
		c.finishList(n)
	}
}

// keysFirst moves the keys of a list before its other nodes: data have them
// there (RFC 7950 §7.8.5).
func (n *Node) keysFirst() {
	place := func(o *Node) int {
		if i := slices.Index(n.Keys, o); i >= 0 {
			return i
		}
		return len(n.Keys)
	}
	byPlace := func(a, b *Node) int { return place(a) - place(b) }
	slices.SortStableFunc(n.sub, byPlace)
	slices.SortStableFunc(n.Children, byPlace)
	for i, c := range n.Children {
		c.order = i
	}
}

// dataParent skips choices, cases and the root.
func dataParent(n *Node) *Node {
	for p := n.up; p != nil; p = p.up {
		if p.Kind != Choice && p.Kind != Case {
			if p.Kind == 0 {
				return nil
			}
			return p
		}
	}
	return nil
}

func (c *compiler) finishType(n *Node) {
	sc := n.d.scope
	if n.d.typScope != nil {
		sc = n.d.typScope
	}
	n.Type = c.resolveType(sc, n.d.typ, 0)
	if n.Units == "" {
		n.Units = n.Type.Units
	}
	for _, name := range n.Type.Typedefs {
		if c.counters[name] {
			n.counter = true
		}
	}
}

// flatten lists data nodes in schema order, those of choices in place.
func (n *Node) flatten(sub []*Node) {
	for _, s := range sub {
		switch s.Kind {
		case Choice, Case:
			n.flatten(s.sub)
			continue
		case Action, Notification:
			n.Actions = append(n.Actions, s)
		default:
			s.order = len(n.Children)
			n.Children = append(n.Children, s)
		}
		if key := (childKey{s.Module.Name, s.Name}); n.index[key] == nil {
			n.index[key] = s
		}
	}
}

func (c *compiler) finishList(n *Node) {
	u := n.d.scope.unit
	n.Keys = nil
	for _, name := range fields(n.d.key) {
		k := n.index[childKey{n.Module.Name, unprefixed(name)}]
		if k == nil || k.Kind != Leaf {
			c.problem(u, nil, n.Path(), "key %s is no leaf of the list", quote(name))
			continue
		}
		if k.isKey && slices.Contains(n.Keys, k) {
			c.problem(u, nil, n.Path(), "key %s is named twice", quote(name))
			continue
		}
		k.isKey = true
		n.Keys = append(n.Keys, k)
	}
	if n.Config && len(n.Keys) == 0 {
		c.problem(u, nil, n.Path(), "list of configuration has no key")
	}
	n.keysFirst()
	n.Unique = nil
	for _, arg := range n.d.unique {
		var leafs []*Node
		for _, path := range fields(arg) {
			l := n
			for step := range strings.SplitSeq(path, "/") {
				if l = l.childByName(unprefixed(step)); l == nil {
					break
				}
			}
			if l == nil || l.Kind != Leaf {
				c.problem(u, nil, n.Path(), "unique %s is no leaf below the list", quote(path))
				continue
			}
			leafs = append(leafs, l)
		}
		n.Unique = append(n.Unique, leafs)
	}
}

func unprefixed(name string) string {
	if _, local, ok := strings.Cut(name, ":"); ok {
		return local
	}
	return name
}

// canonicalDefaults takes defaults over from types and writes them in their
// canonical form; one that is no value of its type is a Problem. It also
// names leafrefs that point at nothing.
func (c *compiler) canonicalDefaults(n *Node) {
	for _, s := range n.sub {
		c.canonicalDefaults(s)
	}
	if n.Type == nil {
		return
	}
	u := n.d.scope.unit
	c.danglingLeafref(n, n.Type)
	if n.d.defaults {
		u = n.d.defaultUnit
	} else if n.Kind == Leaf && !n.Mandatory && !n.isKey && n.Type.hasDef {
		n.Default, u = []string{n.Type.Default}, n.Type.defaultUnit
	} else {
		return
	}
	lookup := func(prefix string) (string, bool) {
		if prefix == "" {
			return u.mod.Name, true
		}
		m := u.prefixes[prefix]
		if m == nil {
			return "", false
		}
		return m.Name, true
	}
	for i, text := range n.Default {
		v, err := c.values.parse(n.Type, text, lexical{prefix: lookup, alternative: true})
		if err != nil {
			c.problem(u, nil, n.Path(), "default %s: %v", quote(text), err)
			continue
		}
		n.Default[i] = v.Text
	}
}

func (c *compiler) danglingLeafref(n *Node, t *Type) {
	for _, m := range t.Members {
		c.danglingLeafref(n, m)
	}
	if t.Base == Leafref && t.Target == nil && t.path != nil {
		c.problem(t.home, nil, n.Path(), "leafref %s points at no leaf", quote(t.Path))
	}
}
