package inventory

import (
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"

	"nettwin/graph/rdf"
)

// Columns with a meaning of their own: all rows of a key are one object, and
// a row says one member of it.
const (
	columnKey   = "key"
	columnField = "field"
	columnValue = "value"
)

// answer is the rows of a section's query.
type answer struct {
	vars []string
	rows [][]rdf.Term
}

func (a answer) column(name string) int {
	for i, v := range a.vars {
		if v == name {
			return i
		}
	}
	return -1
}

// json gives the rows the section's shape; nil for no rows.
func (s *section) json(a answer) any {
	if len(a.rows) == 0 && s.shape != shapeObject {
		return nil
	}
	switch s.shape {
	case shapeList:
		return s.objects(a)
	case shapeObject:
		return s.merged(a)
	case shapeMap:
		o := newObject()
		for _, row := range a.rows {
			o.put(text(row[0]), s.value(a.vars[1], row[1]))
		}
		return o
	case shapePairs:
		list := make([][]any, 0, len(a.rows))
		for _, row := range a.rows {
			var cells []any
			for i, cell := range row {
				cells = append(cells, s.value(a.vars[i], cell))
			}
			list = append(list, cells)
		}
		return list
	}
	return s.value(a.vars[0], a.rows[0][0])
}

// merged makes one object of all rows.
func (s *section) merged(a answer) *Object {
	o := newObject()
	for _, row := range a.rows {
		s.fill(o, a, row)
	}
	s.complete(o)
	return o
}

// objects makes an object of each row or, with a column key, of the rows of
// one key.
func (s *section) objects(a answer) []*Object {
	var list []*Object
	byKey := map[rdf.Term]*Object{}
	key := a.column(columnKey)
	for _, row := range a.rows {
		var o *Object
		if key >= 0 {
			o = byKey[row[key]]
		}
		if o == nil {
			o = newObject()
			list = append(list, o)
			if key >= 0 {
				byKey[row[key]] = o
			}
		}
		s.fill(o, a, row)
	}
	for _, o := range list {
		s.complete(o)
	}
	return list
}

func (s *section) fill(o *Object, a answer, row []rdf.Term) {
	field, value := a.column(columnField), a.column(columnValue)
	long := field >= 0 && value >= 0
	for i, cell := range row {
		switch {
		case cell.IsZero(), a.vars[i] == columnKey, long && i == field:
		case long && i == value:
			if name := row[field].Value(); name != "" {
				o.set(name, s.value(name, cell))
			}
		default:
			o.set(a.vars[i], s.value(a.vars[i], cell))
		}
	}
}

func (s *section) complete(o *Object) {
	for _, name := range s.nulls {
		o.fillNull(name)
	}
}

// jsonNumber is what JSON takes for a number (RFC 8259 §6).
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// value makes a JSON value of a term: numbers and booleans as such, the rest
// as text; the label of an enumeration as its number where the section asks
// for it.
func (s *section) value(member string, t rdf.Term) any {
	if t.IsZero() {
		return nil
	}
	if numbers := s.numbers[member]; numbers != nil {
		if n, ok := numbers[t.Value()]; ok {
			return n
		}
	}
	if slices.Contains(s.texts, member) {
		return text(t)
	}
	switch t.Datatype() {
	case rdf.XSDBoolean:
		return t.Value() == "true" || t.Value() == "1"
	case rdf.XSDInteger, rdf.XSDDecimal, rdf.XSDDouble:
		if n := t.Value(); jsonNumber.MatchString(n) {
			return json.Number(n)
		}
	}
	return text(t)
}

// text is the text of a term, octets decoded.
func text(t rdf.Term) string {
	if t.Datatype() == rdf.XSD+"hexBinary" {
		if octets, err := hex.DecodeString(t.Value()); err == nil {
			return string([]rune(string(octets))) // U+FFFD for each octet that is no UTF-8
		}
	}
	return t.Value()
}
