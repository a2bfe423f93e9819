package inventory

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"nettwin/ontology/mib"
)

// section is a saved query that fills one member of the document.
type section struct {
	query   string // name of the saved query
	member  string
	shape   shape
	nulls   []string          // members that are null where nothing is known
	texts   []string          // members that are text, whatever their values are
	codes   map[string]string // member: object whose enumeration numbers its labels
	numbers map[string]map[string]int64
}

// shape is how the rows of an answer become JSON.
type shape string

const (
	shapeList   shape = "list"
	shapeObject shape = "object"
	shapeMap    shape = "map"
	shapePairs  shape = "pairs"
	shapeValue  shape = "value"
)

// whole is the member name of the section that fills the document itself.
const whole = "."

var shapes = []shape{shapeList, shapeObject, shapeMap, shapePairs, shapeValue}

// readSections reads the heads of the saved queries, that of the document
// itself first, then by name.
func readSections(saved fs.FS) ([]section, error) {
	names, err := fs.Glob(saved, "*.rq")
	if err != nil {
		return nil, err
	}
	var list []section
	for _, name := range names {
		text, err := fs.ReadFile(saved, name)
		if err != nil {
			return nil, err
		}
		s, err := readHead(string(text))
		if err != nil {
			return nil, fmt.Errorf("inventory: saved query %s: %w", name, err)
		}
		if s.member != "" {
			s.query = strings.TrimSuffix(path.Base(name), ".rq")
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b section) int {
		switch {
		case a.member == whole && b.member != whole:
			return -1
		case a.member != whole && b.member == whole:
			return 1
		}
		return 0
	})
	return list, nil
}

// readHead reads the lines "#+ key: value" at the head of a query.
func readHead(text string) (section, error) {
	s := section{codes: map[string]string{}}
	for line := range strings.Lines(text) {
		head, ok := strings.CutPrefix(strings.TrimSpace(line), "#+")
		if !ok {
			break
		}
		key, value, _ := strings.Cut(strings.TrimSpace(head), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "section":
			s.member = value
		case "shape":
			s.shape = shape(value)
		case "null":
			s.nulls = append(s.nulls, strings.Fields(value)...)
		case "text":
			s.texts = append(s.texts, strings.Fields(value)...)
		case "code":
			member, object, ok := strings.Cut(value, "=")
			if !ok {
				return s, fmt.Errorf("code %q: expected member=MODULE/object", value)
			}
			s.codes[member] = object
		}
	}
	if s.member != "" && !slices.Contains(shapes, s.shape) {
		return s, fmt.Errorf("shape %q: expected list, object, map, pairs or value", s.shape)
	}
	return s, nil
}

// number sets the numbers of the labels of the section's codes.
func (s *section) number(tables *mib.Tables) error {
	s.numbers = map[string]map[string]int64{}
	for member, name := range s.codes {
		module, local, _ := strings.Cut(name, "/")
		object := tables.Object(local)
		if object == nil || object.Module != module || object.Enum == nil {
			return fmt.Errorf("inventory: saved query %s: code %s: the tables of facts know no enumeration %s", s.query, member, name)
		}
		byLabel := map[string]int64{}
		for n, label := range object.Enum {
			byLabel[label] = n
		}
		s.numbers[member] = byLabel
	}
	return nil
}
