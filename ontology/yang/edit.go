package yang

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
)

// Operation is what an edit does with an element (RFC 6241 §7.2).
type Operation uint8

// The operations. Merge is the default and is not written.
const (
	Merge Operation = iota
	Create
	Replace
	Delete
	Remove // like Delete, without error if there is nothing
)

var operationNames = [...]string{"merge", "create", "replace", "delete", "remove"}

func (o Operation) String() string { return operationNames[o] }

// Edit is what turns one configuration into another.
type Edit struct {
	Changes []*Change
	schema  *Schema
}

// Change is an operation on one element. With Merge it only leads to the
// changes below.
type Change struct {
	Op      Operation
	Element *Element   // of the target; of the base for Delete and Remove
	Keys    []*Element // of a list entry whose content is not written whole
	Sub     []*Change
	// Insert places an entry of a user-ordered list or leaf-list: "first", or
	// "after" the entry After; "" leaves its place to the server.
	Insert string
	After  *Element
}

// Empty tells whether there is nothing to change.
func (e *Edit) Empty() bool { return len(e.Changes) == 0 }

// ReadOnlyError says that an edit would have to change what cannot be
// configured.
type ReadOnlyError struct {
	Path   string // data path
	Reason string
}

func (e *ReadOnlyError) Error() string { return "edit: " + e.Path + ": " + e.Reason }

// Diff computes the smallest edit that turns base into target: two
// configurations, or whole datastores that differ in configuration only. A
// difference in state data, or in what has no schema, is a *ReadOnlyError.
// Entries of user-ordered lists are put where target has them.
func (s *Schema) Diff(base, target *Tree) (*Edit, error) {
	d := &differ{}
	changes := d.siblings(base.Top, target.Top)
	if d.err != nil {
		return nil, d.err
	}
	return &Edit{Changes: changes, schema: s}, nil
}

// DiffFacts is Diff of what facts describe. Facts that the schema has no place
// for must be the same on both sides. Links (Within, #target) follow from
// keys and values and are not looked at.
func (s *Schema) DiffFacts(base, target iter.Seq[Fact]) (*Edit, error) {
	b, t := s.build(base), s.build(target)
	slices.Sort(b.lost)
	slices.Sort(t.lost)
	if changed := append(without(t.lost, b.lost), without(b.lost, t.lost)...); len(changed) > 0 {
		return nil, &ReadOnlyError{changed[0], "the schema has no place for this statement: it cannot be edited"}
	}
	return s.Diff(b.t, t.t)
}

// without returns what a sorted list has and another has not.
func without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if _, found := slices.BinarySearch(b, s); !found {
			out = append(out, s)
		}
	}
	return out
}

type differ struct{ err error }

func (d *differ) refuse(e *Element, reason string) {
	if d.err == nil {
		d.err = &ReadOnlyError{e.Path(), reason}
	}
}

// identity tells the elements below one parent apart.
type identity struct {
	n            *Node
	module, name string
	text         string
	pos          int
}

// identify names elements: containers and leafs by their node, entries by
// their keys, values by their text, the rest by their position.
func identify(list []*Element) []identity {
	out := make([]identity, len(list))
	count := map[identity]int{}
	for i, e := range list {
		id := identity{n: e.Node}
		switch {
		case e.Node == nil:
			id.module, id.name = e.Module, e.Name
		case e.Node.Kind == LeafList:
			id.text = e.Value.Text
		case e.Node.Kind == List:
			id.text, _ = e.keySuffix()
		}
		count[id]++
		id.pos = count[id]
		out[i] = id
	}
	return out
}

// siblings compares what stands below one parent. Deletions come first, so
// that a case of a choice is free for another.
func (d *differ) siblings(base, target []*Element) []*Change {
	baseIDs, targetIDs := identify(base), identify(target)
	inBase := make(map[identity]*Element, len(base))
	inTarget := make(map[identity]bool, len(target))
	for i, id := range baseIDs {
		inBase[id] = base[i]
	}
	for _, id := range targetIDs {
		inTarget[id] = true
	}
	var out []*Change
	for i, id := range baseIDs {
		if !inTarget[id] {
			out = append(out, d.gone(base[i], target)...)
		}
	}
	inserts := d.places(base, baseIDs, target, targetIDs, inTarget)
	idOf := make(map[*Element]identity, len(target))
	for i, e := range target {
		idOf[e] = targetIDs[i]
	}
	for _, e := range ordered(target, false) {
		b := inBase[idOf[e]]
		c := d.pair(b, e)
		if p, ok := inserts[e]; ok {
			if c == nil {
				c = &Change{Element: e, Keys: keysOf(e)}
			}
			c.Insert, c.After = p.insert, p.after
		}
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

// pair compares an element with its counterpart in the base, nil if it has
// none. It returns nil if nothing changes.
func (d *differ) pair(b, e *Element) *Change {
	switch {
	case b == nil:
		return d.fresh(e)
	case e.Node == nil:
		if !sameUnknown(b, e) {
			d.refuse(e, "has no schema: it cannot be edited")
		}
	case e.isLeaf():
		if e.Value.Text != b.Value.Text {
			return d.replaced(e)
		}
	case e.Node.Kind == AnyData || e.Node.Kind == AnyXML:
		if (&Tree{}).anyJSON(e) != (&Tree{}).anyJSON(b) {
			return d.replaced(e)
		}
	default:
		if sub := d.siblings(b.Children, e.Children); len(sub) > 0 {
			return &Change{Element: e, Keys: keysOf(e), Sub: sub}
		}
	}
	return nil
}

func sameUnknown(a, b *Element) bool { return (&Tree{}).anyJSON(a) == (&Tree{}).anyJSON(b) }

func keysOf(e *Element) []*Element {
	var out []*Element
	if e.Node.Kind == List {
		for _, k := range e.Node.Keys {
			if c := e.child(k); c != nil {
				out = append(out, c)
			}
		}
	}
	return out
}

// writable refuses what cannot be configured.
func (d *differ) writable(e *Element) bool {
	switch {
	case e.Node == nil:
		d.refuse(e, "has no schema: it cannot be edited")
	case !e.Node.Config:
		d.refuse(e, "is state data (config false): it cannot be edited")
	default:
		return true
	}
	return false
}

func (d *differ) replaced(e *Element) *Change {
	if !d.writable(e) {
		return nil
	}
	if e.isLeaf() && e.Value.Type == nil {
		d.refuse(e, fmt.Sprintf("%s is no value of its type", quote(e.Value.Text)))
	}
	return &Change{Op: Replace, Element: e}
}

// fresh makes what the base does not have. A container without presence is
// not created but led through: it always exists.
func (d *differ) fresh(e *Element) *Change {
	if !d.writable(e) {
		return nil
	}
	if e.Node.Kind == Container && !e.Node.Presence {
		sub := d.siblings(nil, e.Children)
		if len(sub) == 0 {
			return nil
		}
		return &Change{Element: e, Sub: sub}
	}
	d.writableBelow(e)
	return &Change{Op: Create, Element: e}
}

// writableBelow checks all that a created element brings.
func (d *differ) writableBelow(e *Element) {
	if e.Node != nil && e.isLeaf() && e.Value.Type == nil {
		d.refuse(e, fmt.Sprintf("%s is no value of its type", quote(e.Value.Text)))
	}
	if e.Node != nil && e.Node.Kind == List {
		if _, ok := e.Key(); !ok {
			d.refuse(e, "list entry lacks a key")
		}
	}
	if e.Node != nil && (e.Node.Kind == AnyData || e.Node.Kind == AnyXML) {
		return
	}
	for _, c := range e.Children {
		if d.writable(c) {
			d.writableBelow(c)
		}
	}
}

// gone removes what the target does not have. The content of a container
// without presence goes piece by piece; a server takes nodes away by itself
// when another case of their choice is set, so these are removed, not
// deleted.
func (d *differ) gone(b *Element, target []*Element) []*Change {
	if !d.writable(b) {
		return nil
	}
	if b.Node.Kind == Container && !b.Node.Presence {
		var sub []*Change
		for _, c := range b.Children {
			sub = append(sub, d.gone(c, nil)...)
		}
		if len(sub) == 0 {
			return nil
		}
		return []*Change{{Element: b, Sub: sub}}
	}
	if b.Node.isKey {
		return nil // goes with its entry
	}
	op := Delete
	if otherCase(b.Node, target) {
		op = Remove
	}
	return []*Change{{Op: op, Element: b, Keys: keysOf(b)}}
}

// otherCase tells whether the target has nodes of another case of a choice
// that n stands in.
func otherCase(n *Node, target []*Element) bool {
	for p := n; p.up != nil && (p.up.Kind == Case || p.up.Kind == Choice); p = p.up {
		kase := p.up
		if kase.Kind != Case {
			continue
		}
		for _, e := range target {
			if e.Node == nil {
				continue
			}
			for q := e.Node; q.up != nil && (q.up.Kind == Case || q.up.Kind == Choice); q = q.up {
				if q.up.Kind == Case && q.up != kase && q.up.up == kase.up {
					return true
				}
			}
		}
	}
	return false
}

// place is where an entry of a user-ordered list belongs.
type place struct {
	insert string
	after  *Element
}

// places finds the entries of user-ordered lists that must be inserted or
// moved: those outside a longest run that base and target have in the same
// order.
func (d *differ) places(base []*Element, baseIDs []identity, target []*Element, targetIDs []identity, inTarget map[identity]bool) map[*Element]place {
	rank := map[identity]int{}
	for i, e := range base {
		if userOrdered(e) && inTarget[baseIDs[i]] {
			rank[baseIDs[i]] = i + 1
		}
	}
	groups := map[*Node][]int{}
	var nodes []*Node
	for i, e := range target {
		if userOrdered(e) {
			if groups[e.Node] == nil {
				nodes = append(nodes, e.Node)
			}
			groups[e.Node] = append(groups[e.Node], i)
		}
	}
	out := map[*Element]place{}
	for _, n := range nodes {
		list := groups[n]
		ranks := make([]int, len(list))
		for j, i := range list {
			ranks[j] = rank[targetIDs[i]]
		}
		stays := increasing(ranks)
		tail := len(list) // where only new entries follow: the server appends these
		for tail > 0 && ranks[tail-1] == 0 {
			tail--
		}
		for j, i := range list[:tail] {
			switch {
			case stays[j]:
			case j == 0:
				out[target[i]] = place{insert: "first"}
			default:
				out[target[i]] = place{"after", target[list[j-1]]}
			}
		}
	}
	return out
}

func userOrdered(e *Element) bool {
	return e.Node != nil && e.Node.OrderedByUser && (e.Node.Kind == List || e.Node.Kind == LeafList)
}

// increasing marks a longest increasing subsequence of the non-zero ranks.
func increasing(ranks []int) []bool {
	prev := make([]int, len(ranks))
	var tails []int // index of the smallest tail of each length
	for i, r := range ranks {
		prev[i] = -1
		if r == 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(tails, r, func(j, r int) int { return ranks[j] - r })
		if at > 0 {
			prev[i] = tails[at-1]
		}
		if at == len(tails) {
			tails = append(tails, i)
		} else {
			tails[at] = i
		}
	}
	stays := make([]bool, len(ranks))
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = prev[i] {
			stays[i] = true
		}
	}
	return stays
}

const yangSpace = "urn:ietf:params:xml:ns:yang:1"

// WriteXML writes the config element of an edit-config: keys first, schema
// order, an nc:operation where it is not merge.
func (e *Edit) WriteXML(w io.Writer) error {
	b := bufio.NewWriter(w)
	x := &xmlWriter{w: b, schema: e.schema}
	fmt.Fprintf(b, "<config xmlns=\"%s\" xmlns:nc=\"%s\" xmlns:yang=\"%s\">", netconfSpace, netconfSpace, yangSpace)
	for _, c := range e.Changes {
		x.change(c, "")
	}
	b.WriteString("</config>\n")
	if x.err != nil {
		return x.err
	}
	return b.Flush()
}

// String is the XML of the edit.
func (e *Edit) String() string {
	var b bytes.Buffer
	if err := e.WriteXML(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

func (x *xmlWriter) change(c *Change, parentModule string) {
	attrs := x.placement(c)
	if c.Op != Merge {
		attrs += ` nc:operation="` + c.Op.String() + `"`
	}
	e := c.Element
	whole := c.Op == Create || c.Op == Replace
	switch {
	case e.isLeaf() && c.Op != Delete && c.Op != Remove, e.Node.Kind == LeafList:
		x.leaf(e, parentModule, attrs)
		return
	case !x.open(e, parentModule, attrs):
		return
	case whole && len(e.Children) > 0:
		x.w.WriteByte('>')
		for _, s := range ordered(e.Children, e.Node.Kind != AnyData && e.Node.Kind != AnyXML) {
			x.element(s, e.Module, e.Node.Kind != AnyData && e.Node.Kind != AnyXML)
		}
	case len(c.Keys) == 0 && len(c.Sub) == 0:
		text := ""
		if whole {
			text = e.Value.Text
		}
		x.closeText(e.Name, text)
		return
	default:
		x.w.WriteByte('>')
		for _, k := range c.Keys {
			x.leaf(k, e.Module, "")
		}
		for _, s := range c.Sub {
			x.change(s, e.Module)
		}
	}
	x.w.WriteString("</" + e.Name + ">")
}

// placement writes insert and key or value (RFC 7950 §7.7.9, §7.8.6).
func (x *xmlWriter) placement(c *Change) string {
	if c.Insert == "" {
		return ""
	}
	out := ` yang:insert="` + c.Insert + `"`
	if c.After == nil {
		return out
	}
	if c.After.Node.Kind == LeafList {
		text, spaces := x.text(c.After.Value)
		return spaces + out + ` yang:value="` + escapeXML(text) + `"`
	}
	var decls xmlPrefixes
	key := ""
	for _, k := range keysOf(c.After) {
		text, spaces := x.text(k.Value)
		decls.attrs += spaces
		key += "[" + decls.of(x.schema, k.Module) + ":" + k.Name + "=" + xpathLiteral(text) + "]"
	}
	return decls.attrs + out + ` yang:key="` + escapeXML(key) + `"`
}

func xpathLiteral(s string) string {
	if bytes.IndexByte([]byte(s), '\'') >= 0 {
		return `"` + s + `"`
	}
	return `'` + s + `'`
}
