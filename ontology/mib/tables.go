package mib

import "slices"

// Tables is everything that the tables of facts say. It is immutable after
// Load and safe for concurrent use.
type Tables struct {
	root      node
	objects   []*Object // by OID
	byName    map[string]*Object
	selectors map[string]map[string]rendering
	walk      []Root
}

// node of the prefix tree. Objects lie on inner nodes (tables, groups) and on
// leaves (columns, scalars).
type node struct {
	object *Object
	next   map[uint32]*node
}

func (t *Tables) insert(o *Object) *Object {
	n := &t.root
	for _, arc := range o.OID {
		child := n.next[arc]
		if child == nil {
			if n.next == nil {
				n.next = map[uint32]*node{}
			}
			child = &node{}
			n.next[arc] = child
		}
		n = child
	}
	if n.object != nil {
		return n.object
	}
	n.object = o
	return nil
}

// Lookup finds the scalar or column that oid is an instance of, and the
// instance's index: {0} for a scalar, the row's index for a column.
func (t *Tables) Lookup(oid []uint32) (o *Object, index []uint32, ok bool) {
	n := &t.root
	for i, arc := range oid {
		if n = n.next[arc]; n == nil {
			return nil, nil, false
		}
		rest := oid[i+1:]
		switch {
		case n.object == nil || len(rest) == 0:
		case n.object.Kind == Column:
			return n.object, rest, true
		case n.object.Kind == Scalar:
			return n.object, rest, len(rest) == 1 && rest[0] == 0
		}
	}
	return nil, nil, false
}

// Notification finds the notification with an OID; nil if no table knows it.
func (t *Tables) Notification(oid []uint32) *Object {
	n := &t.root
	for _, arc := range oid {
		if n = n.next[arc]; n == nil {
			return nil
		}
	}
	if n.object == nil || n.object.Kind != Notification {
		return nil
	}
	return n.object
}

// Object returns the object with a name; "MODULE/name" where it is needed.
func (t *Tables) Object(name string) *Object { return t.byName[name] }

// Objects returns all objects by OID. The slice is shared.
func (t *Tables) Objects() []*Object { return t.objects }

// Walk returns the roots of the subtrees that a collector reads, in the order
// of their importance. The slice is shared.
func (t *Tables) Walk() []Root { return t.walk }

// Root is the root of one subtree to read.
type Root struct {
	Object *Object
	// Things are the groups and tables that have objects in the subtree.
	Things []string
	// Condition is nil if every device is asked. Else only one is whose value
	// of this scalar, read before, is Under or below it.
	Condition *Object
	Under     []uint32
}

// Concerns tells whether a device is asked for the subtree of which the
// object identifier value, an instance called name, is known.
func (r Root) Concerns(name, value []uint32) bool {
	return r.Condition == nil || below(name, r.Condition.OID) && below(value, r.Under)
}

func below(oid, root []uint32) bool {
	return len(oid) >= len(root) && slices.Equal(oid[:len(root)], root)
}

// things lists the groups and tables with a scalar or column at or below root.
func (t *Tables) things(root *Object) []string {
	var out []string
	for _, o := range t.objects {
		if !below(o.OID, root.OID) || o.Kind != Scalar && o.Kind != Column || slices.Contains(out, o.Parent.Name) {
			continue
		}
		out = append(out, o.Parent.Name)
	}
	return out
}
