package yang

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of one document of instance data.
const (
	DefaultMaxBytes    = 256 << 20
	DefaultMaxDepth    = 128
	DefaultMaxElements = 20_000_000
	// MaxProblems bounds the problems that a Tree lists; the counts of Stats
	// go on.
	MaxProblems = 1000
)

// DecodeOptions bound and place what is decoded; the zero value is usable.
type DecodeOptions struct {
	MaxBytes    int64
	MaxDepth    int
	MaxElements int
	// At is the data path that the document's top elements are children of,
	// such as ietf-interfaces:interfaces/interface=eth0 (RFC 8040 §3.5.3);
	// "" is the datastore.
	At string
	// Modules names the modules of namespaces that have no schema, as a
	// server's hello or YANG library tells them.
	Modules map[string]string
	// Keyed names the entries of JSON arrays without schema by their first
	// scalar member, which mostly is their key, instead of by their position:
	// for messages that each tell of some entries of a list only.
	Keyed bool
	// AnyKind takes numbers, booleans and texts of JSON for each other, as
	// gNMI's scalars and its plain JSON need; else their kind tells members
	// of unions apart (RFC 7951 §6.10).
	AnyKind bool
}

func (o DecodeOptions) withDefaults() DecodeOptions {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxDepth == 0 {
		o.MaxDepth = DefaultMaxDepth
	}
	if o.MaxElements == 0 {
		o.MaxElements = DefaultMaxElements
	}
	return o
}

// Stats counts what a document held.
type Stats struct {
	Elements int // all elements
	Leafs    int // leafs and leaf-list entries with a schema
	Unknown  int // elements without a schema
	Invalid  int // values that are none of their type
	Misfits  int // elements that the schema has no place for: no key, double leaf
}

// Tree is a document of instance data.
type Tree struct {
	Schema *Schema
	Top    []*Element
	// EventTime is that of a NETCONF notification (RFC 5277), else "".
	EventTime string
	Problems  []Problem
	Stats     Stats
}

// Element is one instance: a container, a list entry, a leaf, one value of a
// leaf-list, or something without a schema.
type Element struct {
	Node   *Node  // nil: without schema
	Module string // the module's name; its namespace if no module is known
	Name   string
	Parent *Element
	// Children are in document order; the content of anydata and anyxml is
	// below it.
	Children []*Element
	Value    Value // of leafs, leaf-lists, elements without schema or children

	literal bool // without schema, from JSON: a number, boolean or null as written

	keys    []string // without schema: the keys that a data path gave
	fromTop bool     // the content is data from the top
	home    *Element // the content is data below this element of another tree
}

// Key returns the values of a list entry's keys, in order; ok is false if one
// is missing.
func (e *Element) Key() (values []string, ok bool) {
	for _, k := range e.Node.Keys {
		l := e.child(k)
		if l == nil {
			return nil, false
		}
		values = append(values, l.Value.Text)
	}
	return values, true
}

// child returns the first child of the schema node.
func (e *Element) child(n *Node) *Element {
	for _, c := range e.Children {
		if c.Node == n {
			return c
		}
	}
	return nil
}

// isLeaf tells whether the element has a value.
func (e *Element) isLeaf() bool {
	if e.Node == nil {
		return len(e.Children) == 0
	}
	return e.Node.Kind == Leaf || e.Node.Kind == LeafList
}

// elements returns where the children of parent are kept; nil is the top.
func (t *Tree) elements(parent *Element) *[]*Element {
	if parent == nil {
		return &t.Top
	}
	return &parent.Children
}

// Content returns what stands in an anydata or anyxml element as a tree of
// its own, such as the datastore contents of a push update (RFC 8641).
func (t *Tree) Content(e *Element) *Tree {
	out := &Tree{Schema: t.Schema, EventTime: t.EventTime}
	for _, c := range e.Children {
		out.copyWhole(nil, c)
	}
	return out
}

func (t *Tree) copyWhole(parent, e *Element) {
	c := *e
	c.Children = nil
	t.add(parent, &c)
	for _, s := range e.Children {
		t.copyWhole(&c, s)
	}
}

// Config returns a copy of the tree without state data and without what has
// no schema: a configuration.
func (t *Tree) Config() *Tree {
	out := &Tree{Schema: t.Schema}
	for _, e := range t.Top {
		out.copyConfig(nil, e)
	}
	return out
}

func (t *Tree) copyConfig(parent, e *Element) {
	if e.Node == nil || !e.Node.Config {
		return
	}
	c := *e
	c.Children = nil
	t.add(parent, &c)
	if e.Node.Kind == AnyData || e.Node.Kind == AnyXML {
		c.Children = e.Children
	} else {
		for _, s := range e.Children {
			t.copyConfig(&c, s)
		}
	}
}

// add puts an element below its parent.
func (t *Tree) add(parent, e *Element) {
	e.Parent = parent
	list := t.elements(parent)
	*list = append(*list, e)
}

func (t *Tree) problem(e *Element, format string, args ...any) {
	if len(t.Problems) >= MaxProblems {
		return
	}
	p := Problem{Reason: fmt.Sprintf(format, args...)}
	if e != nil {
		p.Module, p.Path = e.Module, e.Path()
	}
	t.Problems = append(t.Problems, p)
}

// Path returns the data path of an element, with keys: the path that its
// facts' things have.
func (e *Element) Path() string {
	if e.Parent == nil {
		return e.segment("")
	}
	return e.Parent.Path() + "/" + e.segment(e.Parent.Module)
}

// segment is the element's part of a data path. Entries of lists have their
// keys, those of user-ordered leaf-lists their value; entries without key
// have their position, elements without schema a position from the second on.
func (e *Element) segment(parentModule string) string {
	name := e.qname(parentModule)
	switch {
	case e.Node == nil:
		if len(e.keys) > 0 {
			name += "=" + joinKeys(e.keys)
		} else if pos := e.position(); pos > 1 {
			name += "=" + strconv.Itoa(pos)
		}
	case e.Node.Kind == LeafList:
		name += "=" + escape(e.Value.Text)
	case e.Node.Kind == List:
		suffix, keyed := e.keySuffix()
		if !keyed {
			suffix = "=" + strconv.Itoa(e.position())
		}
		name += suffix
	}
	return name
}

// keySuffix writes the keys of a list entry as =value,value; keyed is false
// if it has none, or not all.
func (e *Element) keySuffix() (suffix string, keyed bool) {
	values, ok := e.Key()
	if !ok || len(values) == 0 {
		return "", false
	}
	return "=" + joinKeys(values), true
}

// joinKeys writes keys as a data path does.
func joinKeys(values []string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = escape(v)
	}
	return strings.Join(escaped, ",")
}

func (e *Element) qname(parentModule string) string {
	if e.Module == parentModule {
		return escape(e.Name)
	}
	return escape(e.Module) + ":" + escape(e.Name)
}

// position counts, from 1, the elements of the same name up to e.
func (e *Element) position() int {
	if e.Parent == nil {
		return 1
	}
	pos := 0
	for _, o := range e.Parent.Children {
		if o.Name == e.Name && o.Module == e.Module {
			pos++
		}
		if o == e {
			break
		}
	}
	return pos
}

// at makes the elements of a data path and returns the last; nil for "".
func (t *Tree) at(path string) (*Element, error) {
	var e *Element
	if path == "" {
		return nil, nil
	}
	steps, err := splitPath(path)
	if err != nil {
		return nil, err
	}
	for _, st := range steps {
		n := t.Schema.step(e, st)
		if n == nil {
			t.Stats.Unknown++
			e = t.descend(e, &Element{Module: st.module, Name: st.name, keys: st.keys})
			continue
		}
		next := &Element{Node: n, Module: n.Module.Name, Name: n.Name}
		if n.Kind == List && len(st.keys) > 0 && len(st.keys) != len(n.Keys) {
			return nil, fmt.Errorf("path %s: %s has %d keys, not %d", quote(path), n.Path(), len(n.Keys), len(st.keys))
		}
		if n.Kind == Leaf || n.Kind == LeafList {
			return nil, fmt.Errorf("path %s: %s holds no elements", quote(path), n.Path())
		}
		e = t.descend(e, next)
		for i, k := range n.Keys {
			if i < len(st.keys) {
				v, err := t.Schema.values.readValue(k, st.keys[i], jsonLexical(k, 0))
				if err != nil {
					t.Stats.Invalid++
					t.problem(e, "key %s: %v", k.Name, err)
				}
				t.add(e, &Element{Node: k, Module: k.Module.Name, Name: k.Name, Value: v})
			}
		}
	}
	return e, nil
}

func (t *Tree) descend(parent, e *Element) *Element {
	t.add(parent, e)
	return e
}

// dataStep is one step of a data path.
type dataStep struct {
	module string // "" means that of the step before
	name   string
	keys   []string
}

// splitPath reads module:name=key,key/name… (RFC 8040 §3.5.3).
func splitPath(path string) ([]dataStep, error) {
	var out []dataStep
	module := ""
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		var st dataStep
		name, keys, hasKeys := strings.Cut(part, "=")
		if m, local, ok := strings.Cut(name, ":"); ok {
			m, err := unescapePath(m)
			if err != nil {
				return nil, err
			}
			module, name = m, local
		}
		if !isXMLName(name) || !printable(module) {
			return nil, fmt.Errorf("path %s: %s is no name", quote(path), quote(name))
		}
		st.module, st.name = module, name
		if hasKeys {
			for k := range strings.SplitSeq(keys, ",") {
				v, err := unescapePath(k)
				if err != nil {
					return nil, err
				}
				st.keys = append(st.keys, v)
			}
		}
		out = append(out, st)
	}
	return out, nil
}

func unescapePath(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", fmt.Errorf("path: %s: incomplete percent-encoding", quote(s))
		}
		v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("path: %s: percent-encoding is not hexadecimal", quote(s))
		}
		b.WriteByte(byte(v))
		i += 2
	}
	if !utf8.ValidString(b.String()) {
		return "", fmt.Errorf("path: %s is not UTF-8", quote(s))
	}
	return b.String(), nil
}

// step finds the schema node of a data path's step.
func (s *Schema) step(parent *Element, st dataStep) *Node {
	if parent == nil {
		return s.top(st.module, st.name)
	}
	if parent.Node == nil {
		return nil
	}
	return parent.Node.lookup(st.module, st.name)
}
