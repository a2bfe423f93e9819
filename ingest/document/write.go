package document

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// ErrNoDocument: the twin has no document of that name.
var ErrNoDocument = errors.New("document: no such document")

// Export writes the document of a name as the graph has it: taken in, it gives
// the same facts. Errors: ErrNoDocument.
func Export(ctx context.Context, w io.Writer, src graph.Source, base string, format *Format, name string) error {
	g := naming.SourceGraph(base, format.Source, name)
	id, err := graph.ID(src, g)
	if err != nil {
		return err
	}
	if id == graph.None {
		return fmt.Errorf("%w: %s", ErrNoDocument, name)
	}
	t, inFormat := NewTree(format), false
	for q, err := range graph.ExportQuads(ctx, src, graph.Pattern{graph.G: id}) {
		if err != nil {
			return err
		}
		thing, ours := strings.CutPrefix(q.S.Value(), g.Value()+"/")
		if q.P == propFormat && q.S == g {
			inFormat = q.O.Value() == format.Name // two formats may have one source
		}
		if q.P == propArray {
			if path, known := format.pathOf(q.O); known {
				t.arrays[path] = true
			}
			continue
		}
		path, known := format.pathOf(q.P)
		if !ours || !known && q.P != termType {
			continue
		}
		if q.P == termType {
			path = ""
		}
		if err := t.Add(thing, path, q.O); err != nil {
			return err
		}
	}
	if t.empty() || !inFormat {
		return fmt.Errorf("%w: %s", ErrNoDocument, name)
	}
	return t.Write(w)
}

// Tree is a document that is built member by member, in any order.
type Tree struct {
	format *Format
	root   *branch
	arrays map[string]bool // paths of members that are arrays even of one value
}

// branch is an object of the document.
type branch struct {
	members  map[string][]any              // plain values
	objects  map[string]*branch            // inner objects
	elements map[string]map[string]*branch // arrays of things: member, then key
}

func newBranch() *branch {
	return &branch{map[string][]any{}, map[string]*branch{}, map[string]map[string]*branch{}}
}

// NewTree returns an empty document of a format.
func NewTree(format *Format) *Tree { return &Tree{format, newBranch(), map[string]bool{}} }

func (t *Tree) empty() bool {
	return len(t.root.members)+len(t.root.objects)+len(t.root.elements) == 0
}

// Add says one fact: of a thing, by its name, that the member of a path from
// the top has a value. The empty path says only that the thing is there.
func (t *Tree) Add(thing, path string, value rdf.Term) error {
	at, prefix := t.root, ""
	if thing != topThing {
		steps, err := parseThing(thing)
		if err != nil {
			return err
		}
		for _, s := range steps {
			prefix = join(prefix, strings.Join(s.names, "/"))
			at = at.element(s, t.format.things[prefix])
		}
	}
	if path == "" {
		return nil
	}
	names := strings.Split(path, "/")
	if rule := t.format.things[prefix]; thing == topThing || strings.HasPrefix(path, prefix+"/") {
		if thing != topThing {
			names = strings.Split(strings.TrimPrefix(path, prefix+"/"), "/")
		}
		return at.put(t.format, rule, prefix, names, value)
	}
	return fmt.Errorf("document: thing %q has a member %q that lies elsewhere", thing, path)
}

// element finds or makes the element of an array and gives it its keys.
func (b *branch) element(s step, rule thingRule) *branch {
	at := b
	for _, name := range s.names[:len(s.names)-1] {
		at = at.object(name)
	}
	name := s.names[len(s.names)-1]
	if at.elements[name] == nil {
		at.elements[name] = map[string]*branch{}
	}
	key := strings.Join(s.keys, ",")
	one := at.elements[name][key]
	if one == nil {
		one = newBranch()
		at.elements[name][key] = one
		if i := slices.Index(rule.keys, rule.class); rule.classKey() && i < len(s.keys) {
			one.members[rule.class] = []any{s.keys[i]}
		}
	}
	return one
}

func (b *branch) object(name string) *branch {
	if b.objects[name] == nil {
		b.objects[name] = newBranch()
	}
	return b.objects[name]
}

// put adds a plain value below an object, in the inner object that the format
// takes out of the paths, if there is one.
func (b *branch) put(f *Format, rule thingRule, path string, names []string, value rdf.Term) error {
	at := b
	isField := !rule.isKey(names[0]) || rule.classKey() && names[0] == rule.class
	if path != "" && path == f.rootArray && isField {
		for inner := range f.inline {
			at = at.object(inner)
		}
	}
	for _, name := range names[:len(names)-1] {
		at = at.object(name)
	}
	last := names[len(names)-1]
	v, err := jsonValue(value)
	if err != nil {
		return fmt.Errorf("document: %s/%s: %w", path, strings.Join(names, "/"), err)
	}
	at.members[last] = append(at.members[last], v)
	return nil
}

func jsonValue(t rdf.Term) (any, error) {
	if !t.IsLiteral() {
		return nil, fmt.Errorf("%s is no plain value", t)
	}
	switch t.Datatype() {
	case typeJSON:
		return json.RawMessage(t.Value()), nil
	case rdf.XSDBoolean:
		return t.Value() == "true", nil
	case rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDDouble:
		if n := json.Number(t.Value()); json.Valid([]byte(n)) {
			return n, nil
		}
	}
	return t.Value(), nil
}

// Write writes the document, members and elements in the order of their names
// and keys.
func (t *Tree) Write(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	var v any = t.root.value("", t)
	if object, ok := v.(map[string]any); ok && t.format.rootArray != "" && len(object) == 1 && object[t.format.rootArray] != nil {
		v = object[t.format.rootArray]
	}
	if err := enc.Encode(v); err != nil {
		return err
	}
	return buffered.Flush()
}

// value is the object as JSON. Objects whose members are 0, 1, 2 … are arrays
// whose order the format keeps.
func (b *branch) value(path string, t *Tree) any {
	object := map[string]any{}
	for name, values := range b.members {
		slices.SortFunc(values, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		object[name] = values
		if len(values) == 1 && !t.arrays[join(path, name)] {
			object[name] = values[0]
		}
	}
	for name, inner := range b.objects {
		below := join(path, name)
		if t.format.inline[name] {
			below = path
		}
		object[name] = inner.value(below, t)
	}
	for name, byKey := range b.elements {
		list := make([]any, 0, len(byKey))
		for _, key := range sortedKeys(byKey) {
			list = append(list, byKey[key].value(join(path, name), t))
		}
		object[name] = list
	}
	if t.format.ordered[path] {
		return numbered(object)
	}
	return object
}

// sortedKeys puts keys into an order in which 2 comes before 10.
func sortedKeys(m map[string]*branch) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) && isDigits(a) && isDigits(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return keys
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// numbered makes an array of an object with the members 0, 1, 2 ….
func numbered(object map[string]any) any {
	list := make([]any, 0, len(object))
	for i := range len(object) {
		v, ok := object[fmt.Sprint(i)]
		if !ok {
			return object
		}
		list = append(list, v)
	}
	return list
}
