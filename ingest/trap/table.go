package trap

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/naming"
	"nettwin/ontology/mib"
)

// tableFile says what notifications mean.
const tableFile = "map/trap.tsv"

// table is map/trap.tsv; its comment tells the format.
type table struct {
	tables *mib.Tables
	rules  map[*mib.Object][]rule
}

type rule struct {
	where    []condition
	kind     rdf.Term // zero: the notification itself
	severity ingest.Severity
	about    []reference
	read     bool
}

type condition struct {
	object *mib.Object
	value  string
}

type reference struct {
	property rdf.Term
	word     string
	object   *mib.Object
}

// abouts are the words of the column about.
var abouts = map[string]rdf.Term{
	"ifIndex": propNamesIfIndex, "interface": propNamesInterface,
	"address": propNamesAddress, "neighbor": propNamesNeighbor,
}

// loadTable reads the table. A line about a notification that no table of
// facts has is an error.
func loadTable(fsys fs.FS, name string, tables *mib.Tables) (*table, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("trap: table: %w", err)
	}
	t := &table{tables: tables, rules: map[*mib.Object][]rule{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if err := t.line(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("trap: table: %s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("trap: table: %s: %w", name, err)
	}
	return t, nil
}

func (t *table) line(cells []string) error {
	if len(cells) != 6 {
		return fmt.Errorf("%d cells, expected 6: notification, where, type, severity, about, read", len(cells))
	}
	o := t.tables.Object(cells[0])
	if o == nil || o.Kind != mib.Notification {
		return fmt.Errorf("%q is no notification of the tables in map/mib", cells[0])
	}
	var r rule
	var ok bool
	if cells[1] != "-" {
		for word := range strings.FieldsSeq(cells[1]) {
			name, value, _ := strings.Cut(word, "=")
			c := condition{t.tables.Object(name), value}
			if c.object == nil || value == "" {
				return fmt.Errorf("where %q: expected object=value", word)
			}
			r.where = append(r.where, c)
		}
	}
	if cells[2] != "-" {
		r.kind = rdf.IRI(naming.Twin + cells[2])
		if err := rdf.CheckIRI(r.kind.Value()); err != nil {
			return fmt.Errorf("type: %w", err)
		}
	}
	if r.severity, ok = ingest.ParseSeverity(cells[3]); !ok {
		return fmt.Errorf("severity %q is none", cells[3])
	}
	if cells[4] != "-" {
		for word := range strings.FieldsSeq(cells[4]) {
			kind, name, _ := strings.Cut(word, "=")
			ref := reference{abouts[kind], kind, t.tables.Object(name)}
			if ref.property.IsZero() || ref.object == nil {
				return fmt.Errorf("about %q: expected ifIndex=, interface=, address= or neighbor= and an object", word)
			}
			r.about = append(r.about, ref)
		}
	}
	if i := slices.Index([]string{"no", "yes"}, cells[5]); i >= 0 {
		r.read = i == 1
	} else {
		return fmt.Errorf("read %q: expected yes or no", cells[5])
	}
	t.rules[o] = append(t.rules[o], r)
	return nil
}

// find returns the rule of a notification whose variables have these values.
func (t *table) find(o *mib.Object, values map[*mib.Object]string) (rule, bool) {
	for _, r := range t.rules[o] {
		fits := !slices.ContainsFunc(r.where, func(c condition) bool { return values[c.object] != c.value })
		if fits {
			return r, true
		}
	}
	return rule{}, false
}
