package document

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// formatDir is where the tables of formats lie in the knowledge folder.
const formatDir = "map/formats"

// ErrUnknownFormat: the knowledge folder has no table of that name.
var ErrUnknownFormat = errors.New("document: no such format")

// Format says what of a document is what. It is immutable.
type Format struct {
	Name   string
	Source string   // the collector in the name of the source graph
	Kind   string   // what the format is of, such as topology
	when   []string // members at the top that tell the format
	rename map[string]string
	// Lists are paths at which a server of documents has lists of things.
	Lists      []string
	vocabulary string
	rootArray  string // path of the elements of a document that is an array
	things     map[string]thingRule
	inline     map[string]bool // members whose own members count as those of the object
	ordered    map[string]bool // paths of arrays whose order matters
	// reference: an object with the first member stands for the value of the
	// second.
	references [][2]string
	classes    []classRule
	modules    bool // "module:" at the front of a path is a part of the IRI
}

// Keys that are no members.
const (
	keyPosition = "#"      // the position in the array
	keyClass    = "@class" // the class, as the line class says it
)

// thingRule says how a thing is named and classed.
type thingRule struct {
	path  string
	keys  []string // members, keyPosition or keyClass
	class string   // member whose value is the class; "" the path
}

// classRule takes a class from the text of a member.
type classRule struct {
	member  string
	pattern *regexp.Regexp
	class   string
}

var formatName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// LoadFormat reads a format of the knowledge folder. Errors: ErrUnknownFormat;
// others name file and line.
func LoadFormat(knowledge fs.FS, name string) (*Format, error) {
	file := formatDir + "/" + name + ".tsv"
	if !formatName.MatchString(name) {
		return nil, fmt.Errorf("%w: %q", ErrUnknownFormat, name)
	}
	text, err := fs.ReadFile(knowledge, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the knowledge folder has no %s", ErrUnknownFormat, file)
	}
	if err != nil {
		return nil, fmt.Errorf("document: format: %w", err)
	}
	f := &Format{Name: name, Source: name, rename: map[string]string{}, things: map[string]thingRule{}, inline: map[string]bool{}, ordered: map[string]bool{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := f.line(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("document: format: %s:%d: %w", file, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("document: format: %s: %w", file, err)
	}
	if f.vocabulary == "" || len(f.things) == 0 {
		return nil, fmt.Errorf("document: format: %s: it needs a line vocabulary and a line thing", file)
	}
	return f, nil
}

// formatCells is how many cells a line has by its first.
var formatCells = map[string][2]int{
	"kind": {2, 2}, "source": {2, 2}, "when": {2, 2}, "rename": {3, 3}, "list": {2, 2},
	"vocabulary": {2, 2}, "modules": {1, 1}, "root": {2, 2}, "thing": {3, 4}, "inline": {2, 2}, "ordered": {2, 2},
	"reference": {3, 3}, "class": {4, 4},
}

func (f *Format) line(cells []string) error {
	want, known := formatCells[cells[0]]
	if !known {
		return fmt.Errorf("%q is none of kind, source, when, rename, list, vocabulary, modules, root, thing, inline, ordered, reference, class", cells[0])
	}
	if len(cells) < want[0] || len(cells) > want[1] {
		return fmt.Errorf("%s: %d cells, expected %d to %d separated by tabs", cells[0], len(cells), want[0], want[1])
	}
	switch cells[0] {
	case "kind":
		f.Kind = cells[1]
	case "source":
		f.Source = cells[1]
	case "when":
		f.when = append(f.when, cells[1])
	case "list":
		f.Lists = append(f.Lists, cells[1])
	case "rename":
		f.rename[cells[1]] = cells[2]
	case "vocabulary":
		f.vocabulary = cells[1]
		return rdf.CheckIRI(cells[1])
	case "modules":
		f.modules = true
	case "root":
		f.rootArray = cells[1]
	case "thing":
		rule := thingRule{path: cells[1], keys: strings.Fields(cells[2])}
		if len(cells) == 4 {
			rule.class = cells[3]
		}
		if len(rule.keys) == 0 {
			return errors.New("thing: no key")
		}
		f.things[rule.path] = rule
	case "inline":
		f.inline[cells[1]] = true
	case "ordered":
		f.ordered[cells[1]] = true
	case "reference":
		f.references = append(f.references, [2]string{cells[1], cells[2]})
	case "class":
		pattern, err := regexp.Compile(cells[2])
		f.classes = append(f.classes, classRule{cells[1], pattern, cells[3]})
		return err
	}
	return nil
}

// noModule stands for the module of a name that has none.
const noModule = "_"

// iri is the term of a path.
func (f *Format) iri(path string) rdf.Term {
	if f.modules {
		if module, rest, ok := strings.Cut(path, ":"); ok && module != "" && !strings.Contains(module, "/") {
			path = module + "/" + rest
		} else {
			path = noModule + "/" + path
		}
	}
	return rdf.IRI(f.vocabulary + escapePath(path))
}

// path is what iri was made of; false for terms of others.
func (f *Format) pathOf(iri rdf.Term) (string, bool) {
	path, ours := strings.CutPrefix(iri.Value(), f.vocabulary)
	if !ours {
		return "", false
	}
	if f.modules {
		module, rest, _ := strings.Cut(path, "/")
		path = rest
		if module != noModule {
			path = module + ":" + rest
		}
	}
	return unescapePath(path), true
}

// classKey tells whether the member that says the class is a key too.
func (r thingRule) classKey() bool { return r.class != "" && r.isKey(r.class) }

// isKey tells whether a member names its thing.
func (r thingRule) isKey(member string) bool { return slices.Contains(r.keys, member) }
