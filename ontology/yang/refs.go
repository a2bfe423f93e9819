package yang

import "slices"

// refs finds the list entries that leafrefs point at, in one tree.
type refs struct {
	t     *Tree
	index map[refKey]map[string][]*Element
	steps int
}

// refKey names an index: the entries of a list below one element by the value
// of one of their leafs.
type refKey struct {
	parent *Element // nil: the top
	list   *Node
	leaf   *Node
}

// maxRefSteps bounds the elements visited for leafrefs of one tree; beyond
// it, links are left out.
const maxRefSteps = 50_000_000

func newRefs(t *Tree) *refs { return &refs{t: t, index: map[refKey]map[string][]*Element{}} }

// entry returns the list entry whose key a leafref's value names; nil if the
// leaf is none, points at no key, or its target is not in the data. Several
// entries may have that key below different parents: then those count whose
// parents agree with the leafrefs beside this one (RFC 8345's network-ref
// beside node-ref), and there is a target only if one is left.
func (r *refs) entry(e *Element) *Element {
	t := refType(e.Node.Type, e.Value)
	if t == nil || !t.Target.isKey {
		return nil
	}
	found := r.find(e, t, maxCandidates)
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(l *Element) bool { return !r.agrees(e, l.Parent) })
	}
	if len(found) != 1 {
		return nil
	}
	return found[0].Parent
}

// maxCandidates bounds the entries that one leafref may mean.
const maxCandidates = 10_000

// agrees tells whether the ancestors of a target have the keys that leafs
// beside e name.
func (r *refs) agrees(e, target *Element) bool {
	if e.Parent == nil {
		return true
	}
	for _, s := range e.Parent.Children {
		if s == e || s.Node == nil || s.Node.Type == nil || s.Node.Type.Base != Leafref {
			continue
		}
		key := s.Node.Type.ultimate()
		if key == nil || !key.isKey {
			continue
		}
		for a := target.Parent; a != nil; a = a.Parent {
			if a.Node != key.Parent {
				continue
			}
			if l := a.child(key); l == nil || l.Value.Text != s.Value.Text {
				return false
			}
		}
	}
	return true
}

// ultimate is the leaf at the end of a chain of leafrefs.
func (t *Type) ultimate() *Node {
	var n *Node
	for range maxTypeDepth {
		if t.Base != Leafref || t.Target == nil {
			return n
		}
		n = t.Target
		t = n.Type
	}
	return nil
}

// refType returns the leafref that a value is of: the leaf's type or, in a
// union, the member that took the value.
func refType(t *Type, v Value) *Type {
	switch t.Base {
	case Leafref:
		if t.Target != nil && len(t.nodes) > 0 {
			return t
		}
	case Union:
		for _, m := range t.Members {
			if f := refType(m, v); f != nil && f.final() == v.Type {
				return f
			}
		}
	}
	return nil
}

// find returns the leafs with e's value that the leafref points at, up to a
// number of them.
func (r *refs) find(e *Element, t *Type, limit int) []*Element {
	start := e
	for range t.path.up {
		if start == nil {
			return nil
		}
		start = start.Parent
	}
	if t.path.absolute {
		start = nil
	}
	var found []*Element
	r.walk(start, t, 0, e, func(l *Element) bool {
		found = append(found, l)
		return len(found) < limit
	})
	return found
}

// walk hands the targets below one element to yield; false ends it.
func (r *refs) walk(at *Element, t *Type, i int, e *Element, yield func(*Element) bool) bool {
	n, last := t.nodes[i], i == len(t.nodes)-1
	var candidates []*Element
	preds := t.path.steps[i].preds
	switch {
	case n.Kind == List && i == len(t.nodes)-2 && t.nodes[i+1].isKey:
		candidates = r.byLeaf(at, n, t.nodes[i+1], e.Value.Text)
	case n.Kind == List && len(preds) > 0:
		key := n.childByName(preds[0].key)
		value, ok := r.current(preds[0].value, e)
		if key == nil || !ok {
			return true
		}
		candidates = r.byLeaf(at, n, key, value)
	default:
		candidates = *r.t.elements(at)
	}
	for _, c := range candidates {
		if r.steps++; r.steps > maxRefSteps {
			return false
		}
		if c.Node != n || !r.holds(c, preds, e) {
			continue
		}
		if last {
			if c.Value.Text == e.Value.Text && !yield(c) {
				return false
			}
			continue
		}
		if !r.walk(c, t, i+1, e, yield) {
			return false
		}
	}
	return true
}

// byLeaf returns the entries of a list whose leaf has the value.
func (r *refs) byLeaf(at *Element, list, leaf *Node, value string) []*Element {
	key := refKey{at, list, leaf}
	index, ok := r.index[key]
	if !ok {
		index = map[string][]*Element{}
		for _, c := range *r.t.elements(at) {
			if c.Node == list {
				if l := c.child(leaf); l != nil {
					index[l.Value.Text] = append(index[l.Value.Text], c)
				}
			}
		}
		r.index[key] = index
	}
	return index[value]
}

// holds tells whether an entry satisfies all predicates.
func (r *refs) holds(entry *Element, preds []pathPred, e *Element) bool {
	for _, p := range preds {
		key := entry.Node.childByName(p.key)
		if key == nil {
			return false
		}
		l := entry.child(key)
		value, ok := r.current(p.value, e)
		if l == nil || !ok || l.Value.Text != value {
			return false
		}
	}
	return true
}

// current evaluates current()/../leaf.
func (r *refs) current(p *leafPath, e *Element) (string, bool) {
	at := e
	for range p.up {
		if at == nil {
			return "", false
		}
		at = at.Parent
	}
	for _, st := range p.steps {
		var next *Element
		for _, c := range *r.t.elements(at) {
			if c.Name == st.name {
				next = c
				break
			}
		}
		if next == nil {
			return "", false
		}
		at = next
	}
	return at.Value.Text, true
}
