package yang

import "io"

// DecodeXML hands the facts of a document in XML to yield; see ReadXML and
// Tree.Facts.
func (s *Schema) DecodeXML(r io.Reader, opts DecodeOptions, yield func(Fact) bool) (Stats, []Problem, error) {
	t, err := s.ReadXML(r, opts)
	if err != nil {
		return Stats{}, nil, err
	}
	t.Facts(yield)
	return t.Stats, t.Problems, nil
}

// DecodeJSON hands the facts of a document in JSON to yield; see ReadJSON and
// Tree.Facts. The same data in XML and JSON give the same facts.
func (s *Schema) DecodeJSON(r io.Reader, opts DecodeOptions, yield func(Fact) bool) (Stats, []Problem, error) {
	t, err := s.ReadJSON(r, opts)
	if err != nil {
		return Stats{}, nil, err
	}
	t.Facts(yield)
	return t.Stats, t.Problems, nil
}

// nodeFor finds the schema node of an element. A name without namespace is
// understood if it is the only one of its name there. The content of anydata
// is data from the top.
func (s *Schema) nodeFor(parent *Element, module, name string, anySpace bool) *Node {
	if parent != nil && parent.home != nil {
		parent = parent.home
	}
	if parent == nil || parent.fromTop || parent.Node != nil && (parent.Node.Kind == AnyData || parent.Node.Kind == AnyXML) {
		if anySpace {
			return s.top("", name)
		}
		return s.top(module, name)
	}
	if parent.Node == nil {
		return nil
	}
	n := parent.Node
	if n.Kind == RPC || n.Kind == Action { // a call or its event: the parameters of the input
		if c := n.Child(n.Module.Name, "input"); c != nil && name != "input" && name != "output" {
			n = c
		}
	}
	if c := n.index[childKey{module, name}]; c != nil {
		return c
	}
	if anySpace {
		return n.childByName(name)
	}
	return nil
}

// settle removes doubles and names entries without keys, once a document is
// read.
func (t *Tree) settle() {
	for _, e := range t.Top {
		t.settleElement(e)
	}
}

func (t *Tree) settleElement(e *Element) {
	if e.Node != nil && e.Node.Kind != AnyData && e.Node.Kind != AnyXML && len(e.Children) > 0 {
		t.dropDoubles(e)
	}
	for _, c := range e.Children {
		t.settleElement(c)
	}
	if e.Node != nil && e.Node.Kind == List && len(e.Node.Keys) > 0 {
		if _, ok := e.Key(); !ok {
			t.Stats.Misfits++
			t.problem(e, "list entry lacks a key")
		}
	}
}

// dropDoubles keeps the last of several values of one leaf.
func (t *Tree) dropDoubles(e *Element) {
	var seen map[*Node]int
	kept := e.Children[:0]
	for i, c := range e.Children {
		if c.Node == nil || c.Node.Kind != Leaf {
			kept = append(kept, c)
			continue
		}
		if seen == nil {
			seen = make(map[*Node]int, len(e.Children)-i)
		}
		at, double := seen[c.Node]
		if !double {
			seen[c.Node] = len(kept)
			kept = append(kept, c)
			continue
		}
		if kept[at].Value != c.Value {
			t.Stats.Misfits++
			t.problem(c, "leaf stands twice: %s is replaced", quote(kept[at].Value.Text))
			kept[at] = c
		}
	}
	e.Children = kept
}
