package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/naming"
)

// Limits of a document.
const (
	// MaxBytes bounds the text of a document.
	MaxBytes = 256 << 20
	// maxDepth bounds how deep objects and arrays may lie in each other.
	maxDepth = 64
	// maxFacts bounds what a document says.
	maxFacts = 20_000_000
)

// topThing is the thing that members at the top belong to.
const topThing = "document"

var (
	termType   = rdf.IRI(rdf.RDFType)
	termWithin = rdf.IRI(naming.Twin + "within")
	propArray  = rdf.IRI(naming.Twin + "arrayProperty")
)

// typeJSON is the datatype of an empty object: that it is there says something.
const typeJSON = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"

// ErrMalformed: a text is no document of its format.
var ErrMalformed = errors.New("document: malformed")

// ErrTooLarge: a document is larger or deeper than the limits.
var ErrTooLarge = errors.New("document: too large")

// Facts reads a document: what it says, in its order, each fact once. Errors
// name the path or the offset.
func (f *Format) Facts(text []byte) ([]ingest.Fact, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(text), MaxBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var root any
	if err := dec.Decode(&root); err != nil {
		return nil, fmt.Errorf("%w: at byte %d: %w", ErrMalformed, dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: at byte %d: something stands behind the document", ErrMalformed, dec.InputOffset())
	}
	r := &reader{Format: f, seen: map[ingest.Fact]bool{}, opened: map[string]bool{}}
	var err error
	switch root := root.(type) {
	case []any:
		if f.rootArray == "" {
			return nil, fmt.Errorf("%w: it is an array, and the format %s has no line root", ErrMalformed, f.Name)
		}
		for i, element := range root {
			if _, ok := element.(map[string]any); !ok && element != nil {
				return nil, fmt.Errorf("%w: element %d is no object", ErrMalformed, i)
			}
		}
		err = r.value(place{}, f.rootArray, root, 0)
	case map[string]any:
		err = r.members(place{thing: topThing}, root, 0)
	default:
		err = fmt.Errorf("%w: it is neither an object nor an array", ErrMalformed)
	}
	return r.facts, err
}

// place is where in a document the reader is.
type place struct {
	thing string // nearest thing above; "" none yet
	name  string // the same as a prefix of names; "" for the top
	path  string // of member names from the top
	below string // of member names from the thing's name on
}

type reader struct {
	*Format
	facts  []ingest.Fact
	seen   map[ingest.Fact]bool
	opened map[string]bool
}

func (r *reader) add(fact ingest.Fact) error {
	if r.seen[fact] {
		return nil
	}
	if len(r.facts) >= maxFacts {
		return fmt.Errorf("%w: more than %d facts", ErrTooLarge, maxFacts)
	}
	r.seen[fact] = true
	r.facts = append(r.facts, fact)
	return nil
}

// members reads the members of an object in the order of their names.
func (r *reader) members(at place, object map[string]any, depth int) error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if r.inline[name] {
			if inner, ok := object[name].(map[string]any); ok {
				if err := r.members(at, inner, depth+1); err != nil {
					return err
				}
				continue
			}
		}
		if err := r.value(at, name, object[name], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// value reads one member.
func (r *reader) value(at place, name string, v any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: %s: deeper than %d", ErrTooLarge, at.path, maxDepth)
	}
	if other := r.rename[name]; other != "" {
		name = other
	}
	at.path, at.below = join(at.path, name), join(at.below, name)
	rule, isThing := r.things[at.path]
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return r.array(at, rule, isThing, v, depth)
	case map[string]any:
		if isThing {
			return r.element(at, rule, v, 0, depth)
		}
		if id, ok := r.reference(v); ok {
			return r.leaf(at, id)
		}
		return r.object(at, v, depth)
	}
	return r.leaf(at, v)
}

// object reads an object that is no thing.
func (r *reader) object(at place, v map[string]any, depth int) error {
	if len(v) == 0 {
		return r.add(ingest.Fact{Thing: at.thing, P: r.iri(at.path), O: rdf.Literal("{}", typeJSON)})
	}
	return r.members(at, v, depth)
}

func (r *reader) array(at place, rule thingRule, isThing bool, list []any, depth int) error {
	for i, v := range list {
		object, isObject := v.(map[string]any)
		_, isReference := r.reference(object)
		one := at
		switch {
		case isObject && (isThing || !isReference):
			if !isThing {
				rule = thingRule{keys: []string{"#"}} // nothing tells them apart but their place
			}
			if err := r.element(at, rule, object, i, depth); err != nil {
				return err
			}
			continue
		case r.ordered[at.path] || isArray(v):
			one.path, one.below = join(at.path, strconv.Itoa(i)), join(at.below, strconv.Itoa(i))
		}
		if err := r.item(one, v, depth); err != nil {
			return err
		}
		if len(list) == 1 && one.path == at.path {
			// Nothing else would tell the value from one without an array.
			if err := r.add(ingest.Fact{Thing: topThing, P: propArray, O: r.iri(at.path)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func isArray(v any) bool { _, is := v.([]any); return is }

// item reads an element of an array that is no thing.
func (r *reader) item(at place, v any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: %s: deeper than %d", ErrTooLarge, at.path, maxDepth)
	}
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return r.array(at, thingRule{}, false, v, depth+1)
	case map[string]any:
		id, _ := r.reference(v)
		return r.leaf(at, id)
	}
	return r.leaf(at, v)
}

// element reads a thing.
func (r *reader) element(at place, rule thingRule, object map[string]any, position, depth int) error {
	class := r.iri(at.path)
	said := ""
	if rule.class != "" {
		text, _ := plain(object[rule.class])
		said = r.classOf(rule.class, text)
		class = r.iri(said)
	}
	keys := make([]string, len(rule.keys))
	for i, member := range rule.keys {
		switch member {
		case keyPosition:
			keys[i] = strconv.Itoa(position)
			continue
		case keyClass:
			keys[i] = said
			continue
		}
		key, ok := plain(object[member])
		if !ok {
			return fmt.Errorf("%w: %s: element %d has no plain value %s, which is a key", ErrMalformed, at.path, position, member)
		}
		keys[i] = key
	}
	name := thingName(at.name, at.below, keys)
	if !r.opened[name] {
		r.opened[name] = true
		if err := r.add(ingest.Fact{Thing: name, P: termType, O: class}); err != nil {
			return err
		}
		if at.name != "" {
			if err := r.add(ingest.Fact{Thing: name, P: termWithin, Ref: at.name}); err != nil {
				return err
			}
		}
	}
	if rule.classKey() {
		object = maps.Clone(object)
		delete(object, rule.class) // the type says it; a field may have the same name
	}
	return r.members(place{thing: name, name: name, path: at.path}, object, depth)
}

// classOf is the class that the text of a member says.
func (r *reader) classOf(member, text string) string {
	for _, c := range r.classes {
		if c.member == member && c.pattern.MatchString(text) {
			return c.class
		}
	}
	return text
}

// reference tells what an object stands for, if it is only a pointer.
func (r *reader) reference(object map[string]any) (any, bool) {
	for _, pair := range r.references {
		if _, has := object[pair[0]]; has {
			if v, ok := plain(object[pair[1]]); ok && v != "" {
				return object[pair[1]], true
			}
		}
	}
	return nil, false
}

func (r *reader) leaf(at place, v any) error {
	term, ok := literal(v)
	if !ok {
		return nil
	}
	property := r.iri(at.path)
	return r.add(ingest.Fact{Thing: at.thing, P: property, O: term})
}

// plain is the text of a value that is no object, array or null.
func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// literal makes a term of a plain value.
func literal(v any) (rdf.Term, bool) {
	switch v := v.(type) {
	case string:
		return rdf.String(v), true
	case bool:
		return rdf.Literal(strconv.FormatBool(v), rdf.XSDBoolean), true
	case json.Number:
		switch text := v.String(); {
		case strings.ContainsAny(text, "eE"):
			return rdf.Literal(text, rdf.XSDDouble), true
		case strings.Contains(text, "."):
			return rdf.Literal(text, rdf.XSDDecimal), true
		default:
			return rdf.Literal(text, rdf.XSDInteger), true
		}
	}
	return rdf.Term{}, false
}
