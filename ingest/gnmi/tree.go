package gnmi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest/schemas"
	"nettwin/ontology/yang"
)

// tree is what a device told, as one tree of data. It is not safe for
// concurrent use.
//
// Invariants:
//
//  1. index has each element of data under the path that it had when it came,
//     which paths has too, and nothing else.
//  2. There are at most max elements.
type tree struct {
	model *schemas.Model
	data  *yang.Tree
	index map[string]*yang.Element
	paths map[*yang.Element]string
	max   int

	gone     []string // things that were deleted
	warnings []string // what could not be applied
	missed   int      // further warnings
}

// maxTreeWarnings bounds what one broken device can say.
const maxTreeWarnings = 50

func newTree(model *schemas.Model, max int) *tree {
	return &tree{model: model, data: &yang.Tree{Schema: model.Schema}, index: map[string]*yang.Element{}, paths: map[*yang.Element]string{}, max: max}
}

func (t *tree) warn(format string, args ...any) {
	if len(t.warnings) >= maxTreeWarnings {
		t.missed++
		return
	}
	t.warnings = append(t.warnings, fmt.Sprintf(format, args...))
}

// apply changes the tree by a notification: what is deleted first, then what is
// updated (gNMI specification §2.1, §3.5.2.3). What one update or delete has
// wrong costs itself and is warned of. Errors: ErrTooLarge.
func (t *tree) apply(n *gnmi.Notification) error {
	if n.GetAtomic() {
		if err := t.each(n.GetPrefix(), nil, t.remove); err != nil {
			return err
		}
	}
	for _, path := range n.GetDelete() {
		if err := t.each(n.GetPrefix(), path, t.remove); err != nil {
			return err
		}
	}
	var g group
	for _, u := range n.GetUpdate() {
		err := t.each(n.GetPrefix(), u.GetPath(), func(origin string, steps []Step) error {
			value, err := ReadValue(u)
			if err != nil {
				return err
			}
			return t.update(&g, origin, steps, value)
		})
		if err != nil {
			return err
		}
	}
	return t.warned(g.at, t.flush(&g))
}

// warned warns of an error unless the tree is too large.
func (t *tree) warned(what string, err error) error {
	if err != nil && len(t.index) <= t.max {
		t.warn("%s: %v", clip(what), err)
		return nil
	}
	return err
}

// each does something with a path, and warns of what fails.
func (t *tree) each(prefix, path *gnmi.Path, do func(origin string, steps []Step) error) error {
	origin, steps, err := Steps(prefix, path)
	if err == nil {
		err = do(origin, steps)
	}
	return t.warned(pathText(origin, steps), err)
}

func pathText(origin string, steps []Step) string {
	var b strings.Builder
	if origin != "" {
		b.WriteString(origin + ":")
	}
	for _, s := range steps {
		b.WriteByte('/')
		if s.Module != "" {
			b.WriteString(s.Module + ":")
		}
		b.WriteString(s.Name)
	}
	return clip(b.String())
}

// group is values of one parent, which are read together: devices tell many
// leafs of one container.
type group struct {
	at      string // data path of the parent
	depth   int    // its steps
	strict  bool
	members []byte // of a JSON object
	names   map[string]bool
}

// update sets what is at a path, or adds it to a group that waits; what waits
// for another parent is set first.
func (t *tree) update(g *group, origin string, steps []Step, value Value) error {
	doc := bytes.TrimSpace(value.JSON)
	if doc[0] == '{' || len(steps) == 0 {
		if err := t.flush(g); err != nil {
			return err
		}
		if doc[0] != '{' {
			return fmt.Errorf("%w: the root's value is no object", ErrProtocol)
		}
		at, _ := t.path(origin, steps)
		return t.put(at, len(steps), doc, value.Strict)
	}
	// A scalar or an array: a member of what holds it, which is a list entry
	// itself if the path ends with keys or with what is no name.
	last := steps[len(steps)-1]
	parent := steps[:len(steps)-1]
	if len(last.Keys) > 0 || !isName(last.Name) {
		parent, last = steps, Step{Name: "value"}
	}
	if last.Module == "" && len(parent) == 0 {
		last.Module = t.topModule(origin, last.Name)
	}
	name := last.Name
	if last.Module != "" {
		name = last.Module + ":" + name
	}
	if !json.Valid(doc) {
		return fmt.Errorf("%w: the value is no JSON", ErrProtocol)
	}
	at, _ := t.path(origin, parent)
	if g.members != nil && (g.at != at || g.strict != value.Strict || g.names[name]) {
		if err := t.flush(g); err != nil {
			return err
		}
	}
	if g.members == nil {
		*g = group{at: at, depth: len(parent), strict: value.Strict, names: map[string]bool{}, members: []byte{'{'}}
	} else {
		g.members = append(g.members, ',')
	}
	key, _ := json.Marshal(name) // a string has a form in JSON
	g.names[name] = true
	g.members = append(append(append(g.members, key...), ':'), doc...)
	return nil
}

// flush sets the values that wait.
func (t *tree) flush(g *group) error {
	if g.members == nil {
		return nil
	}
	doc := append(g.members, '}')
	g.members = nil
	return t.put(g.at, g.depth, doc, g.strict)
}

// put merges an object into what is at a data path of so many steps.
func (t *tree) put(at string, depth int, doc []byte, strict bool) error {
	small, err := t.data.Schema.ReadJSON(bytes.NewReader(doc), yang.DecodeOptions{At: at, AnyKind: !strict, Keyed: true})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	for _, p := range small.Problems {
		t.warn("%s", p.String())
	}
	m := merge{tree: t, replaced: map[string]bool{}}
	m.children(nil, small.Top, depth)
	if len(t.index) > t.max {
		return fmt.Errorf("%w: the device's data have more than %d elements", ErrTooLarge, t.max)
	}
	return nil
}

// isName tells what can stand in a data path as a name: an identifier of YANG
// (RFC 7950 §6.2).
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && (c == '-' || c == '.' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return s != ""
}

// topModule is the module of a top-level name that has none: that of the only
// such node, of the module that the origin names, or the origin itself where no
// schema is known.
func (t *tree) topModule(origin, name string) string {
	if n := t.data.Schema.Find("/" + origin + ":" + name); origin != "" && n != nil {
		return origin
	}
	if n := t.data.Schema.Find("/" + name); n != nil {
		return n.Module.Name
	}
	return origin
}

// path writes steps as a data path (RFC 8040 §3.5.3), keys in the schema's
// order, else in that of their names. Names that are none, as those of maps,
// become keys of a step named _. whole tells whether all lists have their keys.
func (t *tree) path(origin string, steps []Step) (path string, whole bool) {
	var parts []string
	var node *yang.Node
	known, whole := true, true
	module := ""
	for i, s := range steps {
		if s.Module == "" && i == 0 {
			s.Module = t.topModule(origin, s.Name)
		}
		if known {
			node = t.node(node, i, s, module)
		}
		var keys []string
		if known = known && node != nil; known {
			module = node.Module.Name
			keys, whole = entryKeys(node, s.Keys, whole)
			if len(keys) == 0 && len(s.Keys) > 0 {
				whole = false
			}
		} else {
			keys = sortedKeys(s.Keys)
		}
		parts = append(parts, segment(s, keys))
	}
	return strings.Join(parts, "/"), whole
}

// node finds the schema node of a step.
func (t *tree) node(parent *yang.Node, i int, s Step, module string) *yang.Node {
	switch {
	case !isName(s.Name):
		return nil
	case i == 0:
		return t.data.Schema.Find("/" + s.Module + ":" + s.Name)
	case s.Module != "":
		return parent.Child(s.Module, s.Name)
	}
	if n := parent.Child(module, s.Name); n != nil {
		return n
	}
	var only *yang.Node
	for _, c := range parent.Children {
		if c.Name == s.Name {
			if only != nil {
				return nil
			}
			only = c
		}
	}
	return only
}

// entryKeys are the values of a list's keys, in order; none if one is missing.
// Some devices write _ for - in names of keys, or the module before them.
func entryKeys(n *yang.Node, have map[string]string, whole bool) ([]string, bool) {
	var values []string
	for _, k := range n.Keys {
		value, ok := have[k.Name]
		for name, v := range have {
			if _, local, found := strings.Cut(name, ":"); found {
				name = local
			}
			if !ok && strings.ReplaceAll(name, "_", "-") == k.Name {
				value, ok = v, true
			}
		}
		if !ok || value == "*" {
			return nil, false
		}
		values = append(values, value)
	}
	return values, whole
}

func sortedKeys(keys map[string]string) []string {
	var names, values []string
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values = append(values, keys[name])
	}
	return values
}

// segment is a step of a data path.
func segment(s Step, keys []string) string {
	name := s.Name
	if !isName(name) {
		name, keys = "_", append([]string{s.Name}, keys...)
	}
	if s.Module != "" {
		name = s.Module + ":" + name
	}
	for i, k := range keys {
		sep := ","
		if i == 0 {
			sep = "="
		}
		name += sep + escape(k)
	}
	return name
}

const upperHex = "0123456789ABCDEF"

// escape percent-encodes all but unreserved characters (RFC 3986 §2.3).
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
	}
	return b.String()
}

// maxUnkeyed bounds the elements of one update and parent that are told apart by
// their position, which takes time in the square of their number.
const maxUnkeyed = 4096

// merge puts the elements of an update into the tree.
type merge struct {
	*tree
	replaced map[string]bool // leaf-lists and lists without keys that were emptied
}

// children puts elements below a parent of the tree; the first depth levels are
// the update's path, the rest its value.
func (m *merge) children(parent *yang.Element, list []*yang.Element, depth int) {
	unkeyed := 0
	for _, e := range list {
		if e.Node == nil || e.Node.Kind == yang.List && len(e.Node.Keys) == 0 {
			if unkeyed++; unkeyed == maxUnkeyed+1 {
				m.warn("%s: more than %d elements without key: the rest is left out", clip(e.Name), maxUnkeyed)
			}
			if unkeyed > maxUnkeyed {
				continue
			}
		}
		if depth <= 0 && isMany(e) {
			m.empty(parent, e)
		}
		path := e.Path()
		same := m.index[path]
		if same == nil {
			same = m.add(parent, e)
			m.index[path], m.paths[same] = same, path
		} else if len(e.Children) == 0 {
			same.Value = e.Value
		}
		m.children(same, e.Children, depth-1)
	}
}

// isMany tells of instances that an update tells all of, or none.
func isMany(e *yang.Element) bool {
	if e.Node == nil {
		return len(e.Children) == 0
	}
	return e.Node.Kind == yang.LeafList || e.Node.Kind == yang.List && len(e.Node.Keys) == 0 ||
		e.Node.Kind == yang.AnyData || e.Node.Kind == yang.AnyXML
}

// empty removes what an update replaces, once.
func (m *merge) empty(parent, like *yang.Element) {
	at := like.Module + ":" + like.Name
	if parent != nil {
		at = parent.Path() + "/" + at
	}
	if m.replaced[at] {
		return
	}
	m.replaced[at] = true
	for _, e := range slices.Clone(*m.list(parent)) {
		if e.Module == like.Module && e.Name == like.Name {
			m.drop(e)
		}
	}
}

// list is where the children of parent are kept; nil is the top.
func (t *tree) list(parent *yang.Element) *[]*yang.Element {
	if parent == nil {
		return &t.data.Top
	}
	return &parent.Children
}

// add puts a copy of an element, without its children, below parent.
func (t *tree) add(parent, e *yang.Element) *yang.Element {
	c := *e
	c.Parent, c.Children = parent, nil
	list := t.list(parent)
	*list = append(*list, &c)
	return &c
}

// drop takes an element with all below it out of the tree.
func (t *tree) drop(e *yang.Element) {
	t.forget(e)
	list := t.list(e.Parent)
	*list = slices.DeleteFunc(*list, func(o *yang.Element) bool { return o == e })
}

func (t *tree) forget(e *yang.Element) {
	if path := t.paths[e]; t.index[path] == e {
		delete(t.index, path)
	}
	delete(t.paths, e)
	for _, c := range e.Children {
		t.forget(c)
	}
}

// remove deletes what is at a path: every entry of a list whose keys it does
// not say (gNMI specification §2.4.2, §3.5.2.3).
func (t *tree) remove(origin string, steps []Step) error {
	if e := t.find(origin, steps); e != nil {
		t.delete(e)
		return nil
	}
	if len(steps) > 0 && steps[0].Module == "" {
		steps = slices.Clone(steps)
		steps[0].Module = t.topModule(origin, steps[0].Name)
	}
	for _, e := range t.match(t.data.Top, steps) {
		t.delete(e)
	}
	return nil
}

// find returns the one element of a path that has all keys, or nil.
func (t *tree) find(origin string, steps []Step) *yang.Element {
	path, whole := t.path(origin, steps)
	if !whole || len(steps) == 0 {
		return nil
	}
	if e := t.index[path]; e != nil {
		return e
	}
	// Keys may have another form than the one that is canonical.
	parent, name := path, ""
	small, err := t.data.Schema.ReadJSON(strings.NewReader("{}"), yang.DecodeOptions{At: parent})
	if at := strings.LastIndexByte(path, '/'); err != nil && at > 0 { // a leaf holds nothing
		parent, name = path[:at], path[at:]
		small, err = t.data.Schema.ReadJSON(strings.NewReader("{}"), yang.DecodeOptions{At: parent})
	}
	if err != nil {
		return nil
	}
	var last *yang.Element
	for list := small.Top; len(list) > 0; list = last.Children {
		next := list[len(list)-1]
		if next.Node != nil && next.Node.Kind == yang.Leaf {
			break
		}
		last = next
	}
	if last == nil {
		return nil
	}
	return t.index[last.Path()+name]
}

// match finds the elements at a path below a list of elements.
func (t *tree) match(list []*yang.Element, steps []Step) []*yang.Element {
	if len(steps) == 0 {
		return slices.Clone(list)
	}
	var found []*yang.Element
	for _, e := range list {
		if !fits(e, steps[0]) {
			continue
		}
		if len(steps) == 1 {
			found = append(found, e)
		} else {
			found = append(found, t.match(e.Children, steps[1:])...)
		}
	}
	return found
}

// fits tells whether an element is what a step names.
func fits(e *yang.Element, s Step) bool {
	if s.Name != "*" && !isName(s.Name) || e.Node == nil && len(s.Keys) > 0 {
		want := segment(s, sortedKeys(s.Keys))
		path := e.Path()
		return path == want || strings.HasSuffix(path, "/"+want)
	}
	if s.Name != "*" && e.Name != s.Name || s.Module != "" && e.Module != s.Module {
		return false
	}
	if len(s.Keys) == 0 || e.Node == nil || e.Node.Kind != yang.List {
		return len(s.Keys) == 0
	}
	values, ok := e.Key()
	if !ok {
		return false
	}
	for i, k := range e.Node.Keys {
		if want, said := s.Keys[k.Name]; said && want != "*" && want != values[i] && !strings.HasSuffix(values[i], ":"+want) {
			return false
		}
	}
	return true
}

// delete takes an element away and the containers that are empty without it.
// List entries and top-level nodes are things, whose end is noted.
func (t *tree) delete(e *yang.Element) {
	if e.Parent == nil || e.Node == nil && len(e.Children) > 0 || e.Node != nil && e.Node.Kind == yang.List {
		t.gone = append(t.gone, e.Path())
	}
	parent := e.Parent
	t.drop(e)
	if parent != nil && len(parent.Children) == 0 && (parent.Node == nil || parent.Node.Kind == yang.Container && !parent.Node.Presence) {
		t.delete(parent)
	}
}

// unknown counts the elements without schema.
func (t *tree) unknown() int {
	n := 0
	for _, e := range t.index {
		if e.Node == nil {
			n++
		}
	}
	return n
}
