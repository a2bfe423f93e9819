package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cayleygraph/quad"

	"nettwin/graph/cayley"
	"nettwin/graph/rdf"
)

// answer is what a query gave.
type answer struct {
	Results   []result `json:"results"`
	Value     any      `json:"value,omitempty"` // of the query's last expression
	Truncated bool     `json:"truncated"`
}

// result is one result of a path, or what the query emitted.
type result struct {
	Tags map[string]term `json:"tags,omitempty"`
	Emit any             `json:"emit,omitempty"`
}

// term is an RDF term as in the SPARQL 1.2 Query Results JSON Format §3.2.2.
// The value of a triple term is a tripleParts, of others a string.
type term struct {
	Type      string `json:"type"`
	Value     any    `json:"value"`
	Lang      string `json:"xml:lang,omitempty"`
	Direction string `json:"its:dir,omitempty"`
	Datatype  string `json:"datatype,omitempty"`

	plain string // for people
}

type tripleParts struct {
	Subject   term `json:"subject"`
	Predicate term `json:"predicate"`
	Object    term `json:"object"`
}

func newTerm(v quad.Value) (term, error) {
	t, err := cayley.TermOf(v)
	return termOf(t), err
}

func termOf(t rdf.Term) term {
	out := term{Type: "literal", Value: t.Value(), Lang: t.Lang(), Direction: t.Direction().String(), plain: t.Value()}
	switch {
	case t.IsIRI():
		out.Type, out.plain = "uri", t.String()
	case t.IsBNode():
		out.Type, out.plain = "bnode", t.String()
	case t.IsTriple():
		if parts, ok := t.Triple(); ok {
			out.Type, out.Value = "triple", tripleParts{termOf(parts.S), termOf(parts.P), termOf(parts.O)}
		}
	case t.Lang() == "" && t.Datatype() != rdf.XSDString:
		out.Datatype = t.Datatype()
	}
	return out
}

// text is a term for people: IRIs in angle brackets, literals plainly.
func (t term) text() string { return t.plain }

// scriptValue is a value of the script as JSON can hold it: values of the
// graph as Gizmo writes them.
func scriptValue(v any) any {
	switch v := v.(type) {
	case quad.Value:
		if native := v.Native(); native != any(v) {
			return native
		}
		return quad.StringOf(v)
	case []any:
		for i := range v {
			v[i] = scriptValue(v[i])
		}
		return v
	case map[string]any:
		for key := range v {
			v[key] = scriptValue(v[key])
		}
		return v
	}
	if opaque(v) {
		return nil
	}
	return v
}

// opaque tells whether JSON has no way to write a value: a path, a function.
func opaque(v any) bool {
	switch reflect.ValueOf(v).Kind() {
	case reflect.Pointer, reflect.Struct, reflect.Func, reflect.Chan:
		_, isValue := v.(quad.Value)
		_, isJSON := v.(json.Marshaler)
		return !isValue && !isJSON
	}
	return false
}

func (a *answer) writeJSON(w io.Writer) error {
	if a.Results == nil {
		a.Results = []result{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(a)
}

// writeText writes the tags as a table, and what was emitted as JSON, one a line.
func (a *answer) writeText(w io.Writer) error {
	columns := map[string]bool{}
	for _, r := range a.Results {
		for name := range r.Tags {
			columns[name] = true
		}
	}
	names := slices.SortedFunc(maps.Keys(columns), func(x, y string) int {
		if (x == "id") != (y == "id") {
			return map[bool]int{true: -1, false: 1}[x == "id"]
		}
		return strings.Compare(x, y)
	})
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.DiscardEmptyColumns)
	rows := 0
	for _, r := range a.Results {
		if r.Tags == nil {
			continue
		}
		if rows == 0 {
			fmt.Fprintln(table, strings.Join(names, "\t"))
		}
		rows++
		cells := make([]string, len(names))
		for i, name := range names {
			cells[i] = cell(r.Tags[name].text())
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range a.Results {
		if r.Tags == nil {
			if err := writeLine(w, r.Emit); err != nil {
				return err
			}
		}
	}
	if a.Value != nil {
		return writeLine(w, a.Value)
	}
	_, err := fmt.Fprintf(w, "%d results\n", len(a.Results))
	return err
}

// maxCellRunes is how much of a value a table shows.
const maxCellRunes = 120

var escaper = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`)

// cell keeps a value from breaking the table.
func cell(s string) string {
	s = escaper.Replace(s)
	if runes := []rune(s); len(runes) > maxCellRunes {
		s = string(runes[:maxCellRunes-1]) + "…"
	}
	return s
}

func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
