package yang

import (
	"fmt"
	"strings"
)

// ValidateOptions say what is asked of a tree.
type ValidateOptions struct {
	// Config asks for a valid configuration: state data may be absent.
	Config bool
}

// Validate names what in the tree breaks the schema (RFC 7950 §8): unknown
// elements, values that are none of their type, missing keys and mandatory
// nodes, nodes of two cases of one choice, equal keys or unique leafs, too few
// or too many entries, leafrefs that point at nothing. The expressions of
// when and must are not evaluated; a node that a when may take away is never
// called missing. At most MaxProblems are returned.
func (t *Tree) Validate(opts ValidateOptions) []Problem {
	v := &validator{t: t, opts: opts, refs: newRefs(t)}
	v.siblings(nil, t.Top, t.Schema.data, true)
	return v.problems
}

type validator struct {
	t        *Tree
	opts     ValidateOptions
	refs     *refs
	problems []Problem
}

func (v *validator) problem(e *Element, n *Node, format string, args ...any) {
	if len(v.problems) >= MaxProblems {
		return
	}
	p := Problem{Reason: fmt.Sprintf(format, args...)}
	if e != nil {
		p.Module, p.Path = e.Module, e.Path()
	} else if n != nil {
		p.Module = n.Module.Name
	}
	v.problems = append(v.problems, p)
}

// siblings checks the elements below one parent against the schema nodes that
// may stand there.
func (v *validator) siblings(parent *Element, list []*Element, nodes []*Node, top bool) {
	count := make(map[*Node]int, len(list))
	for _, e := range list {
		v.element(e)
		if e.Node != nil {
			count[e.Node]++
			if count[e.Node] == 2 && e.Node.Kind != List && e.Node.Kind != LeafList {
				v.problem(e, nil, "%s stands twice", e.Node.Kind)
			}
		}
	}
	v.keysDiffer(list)
	for _, n := range nodes {
		if n.Kind == List || n.Kind == LeafList {
			v.counts(parent, n, count[n])
		}
	}
	if !top {
		v.required(parent, parent.Node.sub, count)
	} else {
		v.required(nil, topNodes(nodes), count)
	}
}

// topNodes are the schema nodes at the top: choices over their data nodes.
func topNodes(data []*Node) []*Node {
	var out []*Node
	seen := map[*Node]bool{}
	for _, n := range data {
		for n.up != nil {
			n = n.up
		}
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

func (v *validator) element(e *Element) {
	n := e.Node
	switch {
	case n == nil:
		v.problem(e, nil, "the schema has no such node")
		return
	case v.opts.Config && !n.Config && inDatastore(n):
		v.problem(e, nil, "is state data, not configuration")
		return
	}
	switch n.Kind {
	case Leaf, LeafList:
		v.leaf(e)
	case AnyData, AnyXML:
	default:
		if n.Kind == List && len(n.Keys) > 0 {
			if _, ok := e.Key(); !ok {
				v.problem(e, nil, "list entry lacks a key")
			}
		}
		v.siblings(e, e.Children, n.Children, false)
	}
}

func (v *validator) leaf(e *Element) {
	if e.Value.Type == nil {
		_, err := v.t.Schema.values.parse(e.Node.Type, e.Value.Text, jsonLexical(e.Node, jsonAny))
		if err == nil {
			err = fmt.Errorf("%s is no value of its type", quote(e.Value.Text))
		}
		v.problem(e, nil, "%v", err)
		return
	}
	if t := refType(e.Node.Type, e.Value); t != nil && t.RequireInstance && !(v.opts.Config && !t.Target.Config) {
		if len(v.refs.find(e, t, 1)) == 0 {
			v.problem(e, nil, "%s: no %s has this value", quote(e.Value.Text), t.Target.Path())
		}
	}
}

// keysDiffer finds entries of one list with equal keys, leaf-list entries
// with equal values in configuration, and broken unique statements.
func (v *validator) keysDiffer(list []*Element) {
	type key struct {
		n    *Node
		u    int
		text string
	}
	seen := map[key]bool{}
	twice := func(e *Element, u int, text, what string) {
		k := key{e.Node, u, text}
		if seen[k] {
			v.problem(e, nil, "%s", what)
		}
		seen[k] = true
	}
	for _, e := range list {
		if e.Node == nil {
			continue
		}
		switch e.Node.Kind {
		case LeafList:
			if e.Node.Config {
				twice(e, -1, e.Value.Text, "value stands twice")
			}
		case List:
			if suffix, keyed := e.keySuffix(); keyed {
				twice(e, -1, suffix, "another entry has the same key")
			}
			for i, u := range e.Node.Unique {
				if text, ok := e.uniqueText(u); ok {
					twice(e, i, text, "another entry has the same values of a unique statement")
				}
			}
		}
	}
}

// uniqueText joins the values of the leafs of a unique statement; ok is false
// if one has no value, which satisfies it.
func (e *Element) uniqueText(leafs []*Node) (string, bool) {
	var b strings.Builder
	for _, l := range leafs {
		found := e.descendant(l)
		if found == nil {
			return "", false
		}
		b.WriteString(escape(found.Value.Text) + ",")
	}
	return b.String(), true
}

func (e *Element) descendant(n *Node) *Element {
	if n.Parent == e.Node {
		return e.child(n)
	}
	if n.Parent == nil {
		return nil
	}
	if p := e.descendant(n.Parent); p != nil {
		return p.child(n)
	}
	return nil
}

func (v *validator) counts(parent *Element, n *Node, count int) {
	switch {
	case v.opts.Config && !n.Config:
	case count < n.Min && !n.Conditional && (n.up == nil || n.up.Kind != Case):
		v.problem(parent, n, "%d entries of %s, at least %d are needed", count, n.Name, n.Min)
	case n.Max > 0 && count > n.Max:
		v.problem(parent, n, "%d entries of %s, at most %d are allowed", count, n.Name, n.Max)
	}
}

// required finds missing mandatory nodes and nodes of two cases.
func (v *validator) required(parent *Element, nodes []*Node, count map[*Node]int) {
	for _, n := range nodes {
		if v.opts.Config && !n.Config && inDatastore(n) {
			continue
		}
		switch n.Kind {
		case Choice:
			v.choice(parent, n, count)
		case Leaf, AnyData, AnyXML:
			if n.Mandatory && !n.Conditional && count[n] == 0 && !n.isKey {
				v.problem(parent, n, "mandatory %s is missing", n.Name)
			}
		case Container:
			if !n.Presence && !n.Conditional && count[n] == 0 {
				v.required(parent, n.sub, nil) // it exists, without content
			}
		}
	}
}

func (v *validator) choice(parent *Element, n *Node, count map[*Node]int) {
	var chosen []*Node
	for _, kase := range n.sub {
		if present(kase, count) {
			chosen = append(chosen, kase)
		}
	}
	switch {
	case len(chosen) > 1:
		v.problem(parent, n, "cases %s and %s of choice %s stand together", chosen[0].Name, chosen[1].Name, n.Name)
	case len(chosen) == 0:
		if n.Mandatory && !n.Conditional {
			v.problem(parent, n, "mandatory choice %s is missing", n.Name)
		}
	default:
		v.required(parent, chosen[0].sub, count)
	}
}

// present tells whether data of a case is there.
func present(n *Node, count map[*Node]int) bool {
	for _, s := range n.sub {
		if s.Kind == Choice || s.Kind == Case {
			if present(s, count) {
				return true
			}
		} else if count[s] > 0 {
			return true
		}
	}
	return false
}
