package yang

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// Build makes the tree that facts describe: the inverse of Tree.Facts. The
// entries of lists stand in the order of their positions, else sorted by
// their keys, because a graph keeps no order. Facts that the schema has no
// place for are left out and named.
func (s *Schema) Build(facts iter.Seq[Fact]) *Tree { return s.build(facts).t }

func (s *Schema) build(facts iter.Seq[Fact]) *builder {
	b := &builder{t: &Tree{Schema: s}, paths: map[string]*Element{}, things: map[string]*record{}, pos: map[*Element]int{}}
	for f := range facts {
		b.file(f)
	}
	slices.SortFunc(b.order, strings.Compare)
	for _, thing := range b.order {
		b.thing(thing, b.things[thing])
	}
	b.sort(b.t.Top)
	b.t.settle()
	return b
}

// record is what facts say of one thing.
type record struct {
	props    map[string][]rdf.Term // by property IRI
	order    []string              // of properties
	position int
}

type builder struct {
	t      *Tree
	things map[string]*record
	order  []string
	paths  map[string]*Element // containers and entries made, by data path
	pos    map[*Element]int
	lost   []string // what the schema has no place for, as text
}

// lose notes the statements about a thing that cannot be built.
func (b *builder) lose(thing string, r *record, iris ...string) {
	for _, iri := range iris {
		for _, o := range r.props[iri] {
			b.lost = append(b.lost, thing+" "+iri+" "+o.Value())
		}
	}
}

func (b *builder) file(f Fact) {
	r := b.things[f.Thing]
	if r == nil {
		r = &record{props: map[string][]rdf.Term{}}
		b.things[f.Thing] = r
		b.order = append(b.order, f.Thing)
	}
	iri := f.P.Value()
	switch {
	case f.Ref != "" || f.P == rdfType:
	case f.P == EntryPosition:
		r.position, _ = strconv.Atoi(f.O.Value())
	default:
		if slices.Contains(r.props[iri], f.O) {
			return
		}
		if r.props[iri] == nil {
			r.order = append(r.order, iri)
		}
		r.props[iri] = append(r.props[iri], f.O)
	}
}

func (b *builder) misfit(format string, args ...any) {
	b.t.Stats.Misfits++
	b.t.problem(nil, format, args...)
}

// thing makes the element of a thing and what its properties say.
func (b *builder) thing(path string, r *record) {
	steps, err := splitPath(path)
	if err != nil {
		b.misfit("thing %s: %v", quote(path), err)
		b.lose(path, r, r.order...)
		return
	}
	if strings.HasPrefix(r.firstIRI(), unknownSpace) && !strings.Contains(path, ":") && len(steps) == 1 {
		b.t.Stats.Unknown += len(r.order)
		b.lose(path, r, r.order...)
		return
	}
	var e *Element
	if len(steps) > 1 || strings.Contains(path, ":") {
		var n *Node
		if e, n = b.descend(path, steps); e == nil {
			if n != nil && n.Kind == LeafList {
				return // the position of a value: see leafList
			}
			b.t.Stats.Unknown++
			b.lose(path, r, r.order...)
			return
		}
		if r.position > 0 {
			b.pos[e] = r.position
		}
	}
	slices.SortFunc(r.order, strings.Compare)
	for _, iri := range r.order {
		if !b.property(path, e, iri, r.props[iri]) {
			b.lose(path, r, iri)
		}
	}
}

func (r *record) firstIRI() string {
	if len(r.order) == 0 {
		return ""
	}
	return r.order[0]
}

// descend makes the elements of a data path. It returns the last, or nil and
// the node that is no container or entry.
func (b *builder) descend(path string, steps []dataStep) (*Element, *Node) {
	var e *Element
	prefix := ""
	for i, part := range strings.SplitN(path, "/", len(steps)) {
		if i > 0 {
			prefix += "/"
		}
		prefix += part
		if known := b.paths[prefix]; known != nil {
			e = known
			continue
		}
		n := b.t.Schema.step(e, steps[i])
		if n == nil || n.Kind == Leaf || n.Kind == LeafList || n.Kind == AnyData || n.Kind == AnyXML {
			return nil, n
		}
		next := &Element{Node: n, Module: n.Module.Name, Name: n.Name}
		b.t.add(e, next)
		b.keys(next, steps[i].keys)
		b.paths[prefix] = next
		e = next
	}
	return e, nil
}

// keys fills in the keys that a path tells.
func (b *builder) keys(e *Element, keys []string) {
	if e.Node.Kind != List || len(e.Node.Keys) == 0 {
		if len(keys) == 1 {
			b.pos[e], _ = strconv.Atoi(keys[0])
		}
		return
	}
	if len(keys) != len(e.Node.Keys) {
		b.misfit("%s: %d keys where the list has %d", e.Node.Path(), len(keys), len(e.Node.Keys))
		return
	}
	for i, k := range e.Node.Keys {
		v, err := b.t.Schema.values.readValue(k, keys[i], jsonLexical(k, jsonAny))
		b.leafValue(e, k, v, err)
	}
}

func (b *builder) leafValue(parent *Element, n *Node, v Value, err error) {
	e := &Element{Node: n, Module: n.Module.Name, Name: n.Name, Value: v}
	b.t.add(parent, e)
	b.t.Stats.Leafs++
	if err != nil {
		b.t.Stats.Invalid++
		b.t.problem(e, "%v", err)
	}
}

// property adds what one property of a thing says: below containers that it
// makes on the way. False if the schema has no such property of the thing.
func (b *builder) property(path string, owner *Element, iri string, ts []rdf.Term) bool {
	n := b.t.Schema.byIRI[iri]
	if n == nil {
		if strings.HasPrefix(iri, unknownSpace) || strings.HasPrefix(iri, Namespace) {
			b.t.Stats.Unknown++
			return false
		}
		return true // of another vocabulary
	}
	parent, ok := b.holder(path, owner, n.Parent)
	if !ok {
		b.misfit("%s is no property of %s", n.Path(), quote(path))
		return false
	}
	switch n.Kind {
	case Leaf:
		return b.leaf(parent, n, ts)
	case LeafList:
		b.leafList(parent, n, ts)
	case AnyData, AnyXML:
		for _, t := range ts {
			b.anyContent(parent, n, t)
		}
	default:
		b.holder(path, owner, n)
	}
	return true
}

// holder finds or makes the containers from a thing's element down to node n.
func (b *builder) holder(path string, owner *Element, n *Node) (*Element, bool) {
	if owner != nil && owner.Node == n || owner == nil && n == nil {
		return owner, true
	}
	if n == nil || n.Kind == List {
		return nil, false
	}
	parent, ok := b.holder(path, owner, n.Parent)
	if !ok {
		return nil, false
	}
	key := b.pathOf(path, owner, n)
	e := b.paths[key]
	if e == nil {
		e = &Element{Node: n, Module: n.Module.Name, Name: n.Name}
		b.t.add(parent, e)
		b.paths[key] = e
	}
	return e, true
}

// pathOf is the data path of the container n below a thing.
func (b *builder) pathOf(path string, owner *Element, n *Node) string {
	if n.Parent == nil {
		return n.Module.Name + ":" + n.Name
	}
	seg := segment(n.Parent.Module.Name, n.Module.Name, n.Name)
	if owner != nil && n.Parent == owner.Node {
		return path + "/" + seg
	}
	return b.pathOf(path, owner, n.Parent) + "/" + seg
}

// leaf adds a leaf's value; of several the first in the order of text, and
// false.
func (b *builder) leaf(parent *Element, n *Node, ts []rdf.Term) bool {
	one := true
	v, err := b.t.Schema.values.fromTerms(n, ts)
	if len(ts) > 1 && err != nil {
		b.misfit("%s has %d values", n.Path(), len(ts))
		slices.SortFunc(ts, func(a, b rdf.Term) int { return strings.Compare(a.Value(), b.Value()) })
		v, err = b.t.Schema.values.fromTerms(n, ts[:1])
		one = false
	}
	if n.isKey && parent != nil {
		if k := parent.child(n); k != nil {
			if err == nil && k.Value.Text == v.Text {
				k.Value = v // the term tells the type that the path does not
			}
			return one
		}
	}
	b.leafValue(parent, n, v, err)
	return one
}

func (b *builder) leafList(parent *Element, n *Node, ts []rdf.Term) {
	type entry struct {
		v   Value
		err error
		pos int
	}
	var list []entry
	for _, t := range ts {
		v, err := b.t.Schema.values.fromTerms(n, []rdf.Term{t})
		e := entry{v: v, err: err}
		if n.OrderedByUser {
			base := n.Module.Name + ":" + n.Name
			if parent != nil {
				base = parent.Path() + "/" + segment(parent.Module, n.Module.Name, n.Name)
			}
			if r := b.things[base+"="+escape(v.Text)]; r != nil {
				e.pos = r.position
			}
		}
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		if c := cmp.Compare(a.pos, b.pos); c != 0 {
			return c
		}
		return strings.Compare(a.v.Text, b.v.Text)
	})
	for _, e := range list {
		b.leafValue(parent, n, e.v, e.err)
	}
}

func (b *builder) anyContent(parent *Element, n *Node, t rdf.Term) {
	d := &jsonDecoder{jsonScanner: jsonScanner{src: []byte(t.Value())}, t: b.t, opts: DecodeOptions{}.withDefaults()}
	before := len(*b.t.elements(parent))
	err := d.value(parent, n, n.Module.Name, n.Name, false)
	if err == nil && d.peek() != 0 {
		err = d.errorf("text after the value")
	}
	if err != nil {
		list := b.t.elements(parent)
		*list = (*list)[:min(before, len(*list))]
		b.misfit("%s: %v", n.Path(), err)
	}
}

// sort brings everything into schema order, entries by position or key.
func (b *builder) sort(list []*Element) {
	names := make(map[*Element]string, len(list))
	for _, e := range list {
		if e.Node != nil && e.Node.Kind == List {
			names[e], _ = e.keySuffix()
		}
	}
	slices.SortStableFunc(list, func(x, y *Element) int {
		if x.Node == nil || y.Node == nil {
			return cmp.Compare(boolToInt(x.Node == nil), boolToInt(y.Node == nil))
		}
		if c := cmp.Compare(x.Node.order, y.Node.order); c != 0 || x.Node != y.Node || x.Node.Kind != List {
			return c
		}
		if c := cmp.Compare(b.pos[x], b.pos[y]); c != 0 {
			return c
		}
		return strings.Compare(names[x], names[y])
	})
	for _, e := range list {
		if e.Node != nil && e.Node.Kind != AnyData && e.Node.Kind != AnyXML {
			b.sort(e.Children)
		}
	}
}

func boolToInt(v bool) int {
	if v {
		return 1
	}
	return 0
}

// FactOf makes the fact of a quad of a source graph, whose things' IRIs begin
// with base; false if the subject is none of them.
func FactOf(base string, q rdf.Triple) (Fact, bool) {
	thing, ok := strings.CutPrefix(q.S.Value(), base)
	if !ok || !q.S.IsIRI() {
		return Fact{}, false
	}
	f := Fact{Thing: thing, P: q.P, O: q.O}
	if ref, ok := strings.CutPrefix(q.O.Value(), base); ok && q.O.IsIRI() {
		f.O, f.Ref = rdf.Term{}, ref
	}
	return f, true
}

// Triple makes the statement of a fact in the source graph whose things' IRIs
// begin with base.
func (f Fact) Triple(base string) rdf.Triple {
	o := f.O
	if f.Ref != "" {
		o = rdf.IRI(base + f.Ref)
	}
	return rdf.Triple{S: rdf.IRI(base + f.Thing), P: f.P, O: o}
}

func (f Fact) String() string { return fmt.Sprintf("%s %s %v%s", f.Thing, f.P.Value(), f.O, f.Ref) }
