package yang

import (
	"encoding/xml"
	"slices"
)

// A Kind is the kind of a schema node.
type Kind uint8

// The kinds of schema nodes.
const (
	Container Kind = iota + 1
	List
	Leaf
	LeafList
	Choice
	Case
	AnyData // anydata and anyxml
)

// A Node is a schema node. It is not changed after Parse.
type Node struct {
	Kind        Kind
	Name        xml.Name // with the module's namespace
	Config      bool
	Mandatory   bool
	Presence    bool     // a container that means something by itself
	UserOrdered bool     // ordered-by user
	Keys        []string // of a list, local names
	Default     []string
	Type        *Type // of leaves and leaf-lists
	Min, Max    int   // elements of lists and leaf-lists; Max 0 means no bound
	Parent      *Node // nil for top-level nodes
	Children    []*Node
}

// Child returns the data node with this name below n, looking through choices
// and cases; nil when there is none.
func (n *Node) Child(name xml.Name) *Node { return find(n.Children, name) }

func find(nodes []*Node, name xml.Name) *Node {
	for _, c := range nodes {
		if c.Kind == Choice || c.Kind == Case {
			if found := find(c.Children, name); found != nil {
				return found
			}
		} else if c.Name == name {
			return c
		}
	}
	return nil
}

// DataParent is the closest ancestor that is a data node, or nil.
func (n *Node) DataParent() *Node {
	for n = n.Parent; n != nil && (n.Kind == Choice || n.Kind == Case); n = n.Parent {
	}
	return n
}

// Cases returns the choices above n up to its data parent, innermost first,
// each with the case that n stands in.
func (n *Node) Cases() []ChoiceCase {
	var cases []ChoiceCase
	for at := n; at.Parent != nil && (at.Parent.Kind == Case || at.Parent.Kind == Choice); at = at.Parent {
		if at.Parent.Kind == Choice {
			cases = append(cases, ChoiceCase{Choice: at.Parent, Case: at})
		}
	}
	return cases
}

// A ChoiceCase is a choice and one of its cases.
type ChoiceCase struct{ Choice, Case *Node }

// DataChildren returns the data nodes below n in schema order, looking through
// choices and cases; the keys of a list come first, in the order of its key
// statement (RFC 7950 §7.8.5).
func (n *Node) DataChildren() []*Node {
	var all []*Node
	for _, key := range n.Keys {
		if k := find(n.Children, xml.Name{Space: n.Name.Space, Local: key}); k != nil {
			all = append(all, k)
		}
	}
	keys := len(all)
	var walk func([]*Node)
	walk = func(nodes []*Node) {
		for _, c := range nodes {
			if c.Kind == Choice || c.Kind == Case {
				walk(c.Children)
			} else if !slices.Contains(all[:keys], c) {
				all = append(all, c)
			}
		}
	}
	walk(n.Children)
	return all
}
