package yang

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// generic is an XML element without any schema.
type generic struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Sub     []*generic `xml:",any"`
}

// editor applies edit-config (RFC 6241 §7.2, RFC 7950 §7.5.8–7.8.6) to XML:
// written for the tests, apart from the code that writes edits. It takes only
// keys and choices from the schema.
type editor struct {
	rt   *rapid.T
	s    *Schema
	root *generic
}

func newEditor(rt *rapid.T, s *Schema, base *Tree) *editor {
	var b bytes.Buffer
	if err := base.EncodeXML(&b, EncodeOptions{Root: "data"}); err != nil {
		rt.Fatal(err)
	}
	ed := &editor{rt: rt, s: s, root: &generic{}}
	if err := xml.Unmarshal(b.Bytes(), ed.root); err != nil {
		rt.Fatal(err)
	}
	return ed
}

func (ed *editor) apply(edit string) {
	root := &generic{}
	if err := xml.Unmarshal([]byte(edit), root); err != nil {
		ed.rt.Fatalf("%v in %s", err, edit)
	}
	for _, e := range root.Sub {
		ed.element(ed.root, e, nil)
	}
}

func (g *generic) attr(space, name string) string {
	for _, a := range g.Attrs {
		if a.Name.Space == space && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (ed *editor) node(parent *Node, g *generic) *Node {
	m := ed.s.bySpace[g.XMLName.Space]
	if m == nil {
		ed.rt.Fatalf("no module of %s", g.XMLName.Space)
	}
	if parent == nil {
		return ed.s.topIndex[childKey{m.Name, g.XMLName.Local}]
	}
	return parent.Child(m.Name, g.XMLName.Local)
}

// same tells whether two elements are the same instance.
func (ed *editor) same(n *Node, a, b *generic) bool {
	if a.XMLName != b.XMLName {
		return false
	}
	switch n.Kind {
	case LeafList:
		return a.Text == b.Text
	case List:
		for _, k := range n.Keys {
			if keyText(a, k) != keyText(b, k) {
				return false
			}
		}
	}
	return true
}

func keyText(g *generic, k *Node) string {
	for _, s := range g.Sub {
		if s.XMLName.Local == k.Name && s.XMLName.Space == k.Module.Namespace {
			return s.Text
		}
	}
	return "\x00none"
}

func (ed *editor) element(parent, e *generic, up *Node) {
	n := ed.node(up, e)
	if n == nil {
		ed.rt.Fatalf("edit: no node %s", e.XMLName.Local)
	}
	op := e.attr(netconfSpace, "operation")
	at := slices.IndexFunc(parent.Sub, func(o *generic) bool { return ed.same(n, o, e) })
	switch op {
	case "delete", "remove":
		if at < 0 {
			if op == "delete" {
				ed.rt.Fatalf("data-missing: %s", e.XMLName.Local)
			}
			return
		}
		parent.Sub = slices.Delete(parent.Sub, at, at+1)
		return
	case "create":
		if at >= 0 {
			ed.rt.Fatalf("data-exists: %s", e.XMLName.Local)
		}
	}
	ed.freeChoice(parent, n, up)
	at = slices.IndexFunc(parent.Sub, func(o *generic) bool { return ed.same(n, o, e) })
	if at < 0 {
		fresh := &generic{XMLName: e.XMLName, Attrs: e.Attrs}
		parent.Sub = append(parent.Sub, fresh)
		at = len(parent.Sub) - 1
		if n.Kind == List {
			for _, k := range e.Sub {
				if kn := ed.node(n, k); kn != nil && kn.isKey {
					fresh.Sub = append(fresh.Sub, k)
				}
			}
		}
	}
	have := parent.Sub[at]
	ed.insert(parent, n, e, have)
	switch {
	case op == "replace" || n.Kind == Leaf || n.Kind == LeafList || n.Kind == AnyData:
		have.Sub, have.Text, have.Attrs = e.Sub, e.Text, e.Attrs
	default:
		for _, s := range e.Sub {
			ed.element(have, s, n)
		}
	}
}

// freeChoice deletes the nodes of other cases (RFC 7950 §7.9).
func (ed *editor) freeChoice(parent *generic, n, up *Node) {
	parent.Sub = slices.DeleteFunc(parent.Sub, func(o *generic) bool {
		on := ed.node(up, o)
		return on != nil && otherCase(n, []*Element{{Node: on}})
	})
}

// insert moves an entry where insert, key and value say.
func (ed *editor) insert(parent *generic, n *Node, e, have *generic) {
	insert := e.attr(yangSpace, "insert")
	if insert == "" {
		return
	}
	parent.Sub = slices.DeleteFunc(parent.Sub, func(o *generic) bool { return o == have })
	at := 0
	if insert == "after" {
		at = -1
		for i, o := range parent.Sub {
			if o.XMLName == e.XMLName && ed.named(n, o, e) {
				at = i + 1
			}
		}
		if at < 0 {
			ed.rt.Fatalf("missing-instance: %s", e.XMLName.Local)
		}
	}
	parent.Sub = slices.Insert(parent.Sub, at, have)
}

func (ed *editor) named(n *Node, o, e *generic) bool {
	if n.Kind == LeafList {
		return o.Text == e.attr(yangSpace, "value")
	}
	key := ""
	for _, k := range n.Keys {
		key += "[" + k.Module.Prefix + ":" + k.Name + "=" + xpathLiteral(keyText(o, k)) + "]"
	}
	return key == e.attr(yangSpace, "key")
}

func (ed *editor) xml() string {
	var b strings.Builder
	ed.root.write(&b)
	return b.String()
}

// write keeps the prefixes that values use, which encoding/xml would not.
func (g *generic) write(b *strings.Builder) {
	b.WriteString("<" + g.XMLName.Local + ` xmlns="` + escapeXML(g.XMLName.Space) + `"`)
	for _, a := range g.Attrs {
		if a.Name.Space == "xmlns" {
			b.WriteString(" xmlns:" + a.Name.Local + `="` + escapeXML(a.Value) + `"`)
		}
	}
	b.WriteString(">" + escapeXML(g.Text))
	for _, s := range g.Sub {
		s.write(b)
	}
	b.WriteString("</" + g.XMLName.Local + ">")
}

// normalXML reads XML with the schema and writes it again, without empty
// containers; entries that no user orders are sorted.
func normalXML(rt *rapid.T, s *Schema, text string) string {
	tree, err := s.ReadXML(strings.NewReader(text), DecodeOptions{})
	if err != nil {
		rt.Fatalf("%v in %s", err, text)
	}
	tree = prune(tree)
	(&builder{t: tree, pos: entryPositions(tree)}).sort(tree.Top)
	var sortLists func(list []*Element)
	sortLists = func(list []*Element) {
		slices.SortStableFunc(list, func(a, b *Element) int {
			if a.Node == b.Node && a.Node.Kind == LeafList && !a.Node.OrderedByUser {
				return strings.Compare(a.Value.Text, b.Value.Text)
			}
			return a.Node.order - b.Node.order
		})
		for _, e := range list {
			sortLists(e.Children)
		}
	}
	sortLists(tree.Top)
	var b bytes.Buffer
	if err := tree.EncodeXML(&b, EncodeOptions{Root: "data"}); err != nil {
		rt.Fatal(err)
	}
	return b.String()
}

func entryPositions(t *Tree) map[*Element]int {
	out := map[*Element]int{}
	var walk func(list []*Element)
	walk = func(list []*Element) {
		count := map[*Node]int{}
		for _, e := range list {
			if userOrdered(e) {
				count[e.Node]++
				out[e] = count[e.Node]
			}
			walk(e.Children)
		}
	}
	walk(t.Top)
	return out
}

// prune drops containers without presence that hold nothing.
func prune(t *Tree) *Tree {
	var keep func(list []*Element) []*Element
	keep = func(list []*Element) []*Element {
		var out []*Element
		for _, e := range list {
			c := *e
			c.Children = keep(e.Children)
			if e.Node != nil && e.Node.Kind == Container && !e.Node.Presence && len(c.Children) == 0 {
				continue
			}
			for _, s := range c.Children {
				s.Parent = &c
			}
			out = append(out, &c)
		}
		return out
	}
	return &Tree{Schema: t.Schema, Top: keep(t.Top)}
}

// crossed takes over most of a, its entries in another order, and adds what b
// has beside it.
func crossed(rt *rapid.T, a, b *Tree) *Tree {
	out := &Tree{Schema: a.Schema}
	top := map[*Node]*Element{}
	copyTo := func(parent, e *Element) {
		c := *e
		c.Parent = parent
		parent.Children = append(parent.Children, &c)
	}
	open := func(e *Element) *Element {
		if top[e.Node] == nil {
			c := *e
			c.Children = nil
			top[e.Node] = &c
			out.add(nil, &c)
		}
		return top[e.Node]
	}
	for _, e := range a.Top {
		t := open(e)
		for _, s := range rapid.Permutation(e.Children).Draw(rt, "order") {
			if rapid.IntRange(0, 3).Draw(rt, "keep") > 0 {
				copyTo(t, s)
			}
		}
	}
	for _, e := range b.Top {
		t := open(e)
		for _, s := range e.Children {
			if t.child(s.Node) == nil && !otherCase(s.Node, t.Children) {
				copyTo(t, s)
			}
		}
	}
	return out
}
