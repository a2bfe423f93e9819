package syntax_test

import (
	"strings"
	"testing"

	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

var termOptions = syntax.Options{
	Base:     "http://example/a/b",
	Prefixes: map[string]string{"": "http://example/ns#"},
}

// Goal: terms, operators and paths are read as the grammar says, and printed
// in the shortest form that reads back the same. Method: testdata/terms,
// written by hand; terms stand in a VALUES, expressions in a FILTER, paths in
// a triple.
func TestTerms(t *testing.T) {
	frames := map[string][2]string{
		"term": {"ASK { VALUES ?x {\n", "} }"},
		"expr": {"ASK { FILTER (\n", ") }"},
		"path": {"ASK { ?s\n", "?o }"},
	}
	syntaxtest.RunFile(t, "testdata/terms", func(t *testing.T, c syntaxtest.Case) string {
		frame, ok := frames[c.Command]
		if !ok {
			t.Fatalf("line %d: unknown command %q", c.Line, c.Command)
		}
		q, err := syntax.ParseQuery(frame[0]+c.Input+frame[1], termOptions)
		if err != nil {
			return err.Error()
		}
		switch el := q.Where.Elements[0].(type) {
		case *syntax.Values:
			var terms []string
			for _, row := range el.Rows {
				terms = append(terms, syntax.PrintTerm(row[0]))
			}
			return strings.Join(terms, " ")
		case *syntax.Filter:
			out := strings.TrimPrefix(syntax.PrintGroup(q.Where), "{\n  FILTER (")
			out = strings.TrimSuffix(out, ")\n}")
			return strings.ReplaceAll(out, "\n  ", "\n")
		}
		out := strings.TrimPrefix(syntax.PrintGroup(q.Where), "{\n  ?s ")
		return strings.TrimSuffix(out, " ?o .\n}")
	})
}

// Goal: options that would make bad trees are refused. Method: one bad value
// of each kind, and the good ones beside them.
func TestOptions(t *testing.T) {
	for _, c := range []struct {
		opts syntax.Options
		want string
	}{
		{syntax.Options{Base: "a/b"}, "options: base"},
		{syntax.Options{Base: "http://a b/"}, "options: base"},
		{syntax.Options{Prefixes: map[string]string{"a": "b"}}, `options: prefix "a"`},
		{syntax.Options{Prefixes: map[string]string{"a b": "urn:"}}, `options: prefix "a b"`},
		{syntax.Options{Prefixes: map[string]string{"a.": "urn:"}}, `options: prefix "a."`},
		{syntax.Options{Prefixes: map[string]string{"": "urn:", "a.b-c": "urn:"}, Base: "urn:x"}, ""},
	} {
		_, err := syntax.ParseQuery("ASK {}", c.opts)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", c.opts, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%+v: error %v, want %s…", c.opts, err, c.want)
		}
	}
}
