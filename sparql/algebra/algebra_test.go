package algebra_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

// Goal: the algebra of patterns, queries and updates is that of SPARQL 1.1
// §18.2, and calls that cannot be resolved are refused with place and code.
// Method: S-expressions in testdata, written by hand from the standard.
func TestTranslate(t *testing.T) {
	codes := map[syntax.Code]bool{}
	for _, file := range []string{"patterns", "queries", "updates", "errors"} {
		t.Run(file, func(t *testing.T) {
			syntaxtest.RunFile(t, "testdata/"+file, func(t *testing.T, c syntaxtest.Case) string {
				out, err := translate(c.Command, c.Input)
				var se *syntax.SyntaxError
				if errors.As(err, &se) {
					codes[se.Code] = true
					return fmt.Sprintf("%v [%s]", se, se.Code)
				}
				if err != nil {
					t.Fatalf("line %d: %v", c.Line, err)
				}
				return out
			})
		})
	}
	for _, code := range []syntax.Code{syntax.CodeUnknownFunction, syntax.CodeFunctionArity, syntax.CodeDistinctCall} {
		if !codes[code] {
			t.Errorf("testdata has no example of %s", code)
		}
	}
}

func translate(command, text string) (string, error) {
	opts := syntax.Options{Prefixes: map[string]string{"": "urn:"}}
	if command == "update" {
		u, err := syntax.ParseUpdate(text, opts)
		if err != nil {
			return "", err
		}
		out, err := algebra.TranslateUpdate(u)
		if err != nil {
			return "", err
		}
		return updateString(out), nil
	}
	if command == "pattern" {
		text = "ASK " + text
	}
	q, err := syntax.ParseQuery(text, opts)
	if err != nil {
		return "", err
	}
	out, err := algebra.Translate(q)
	if err != nil {
		return "", err
	}
	if command == "pattern" {
		return algebra.String(out.Op), nil
	}
	return queryString(out), nil
}

func queryString(q *algebra.Query) string {
	var b strings.Builder
	switch q.Form {
	case algebra.Select:
		fmt.Fprintf(&b, "select (?%s)\n", strings.Join(q.Vars, " ?"))
	case algebra.Ask:
		b.WriteString("ask\n")
	case algebra.Describe:
		fmt.Fprintf(&b, "describe %v\n", parenthesised(q.Describe))
	case algebra.Construct:
		b.WriteString("construct\n")
		for _, t := range q.Template {
			b.WriteString(quadString(t) + "\n")
		}
	}
	b.WriteString(datasetString(q.Dataset))
	return b.String() + algebra.String(q.Op)
}

func parenthesised(nodes []algebra.Node) string {
	var parts []string
	for _, n := range nodes {
		parts = append(parts, n.String())
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func quadString(q algebra.QuadPattern) string {
	s := parenthesised([]algebra.Node{q.S, q.P, q.O})
	if q.G != (algebra.Node{}) {
		s += " in " + q.G.String()
	}
	return s
}

func datasetString(d algebra.DatasetClause) string {
	var b strings.Builder
	for _, g := range d.From {
		b.WriteString("from " + syntax.PrintTerm(g) + "\n")
	}
	for _, g := range d.FromNamed {
		b.WriteString("from named " + syntax.PrintTerm(g) + "\n")
	}
	return b.String()
}

func updateString(u *algebra.Update) string {
	var b strings.Builder
	for _, op := range u.Operations {
		b.WriteString(operationString(op) + "\n")
	}
	return b.String()
}

func operationString(op algebra.Operation) string {
	switch op := op.(type) {
	case *algebra.Modify:
		return modifyString(op)
	case *algebra.Load:
		s := "load" + silent(op.Silent) + " " + graph(op.Source)
		if !op.Into.IsZero() {
			s += " into " + graph(op.Into)
		}
		return s
	case *algebra.Clear:
		s := map[bool]string{false: "clear", true: "drop"}[op.Drop] + silent(op.Silent)
		kind := []string{"graph", "default", "named", "all"}[op.Target.Kind]
		if op.Target.Kind == algebra.TargetGraph {
			kind += " " + graph(op.Target.Graph)
		}
		return s + " " + kind
	case *algebra.Create:
		return "create" + silent(op.Silent) + " " + graph(op.Graph)
	case *algebra.Transfer:
		kind := []string{"add", "move", "copy"}[op.Kind]
		return kind + silent(op.Silent) + " " + graph(op.From) + " to " + graph(op.To)
	}
	return fmt.Sprintf("unknown operation %T", op)
}

func modifyString(m *algebra.Modify) string {
	var b strings.Builder
	b.WriteString("modify\n")
	if !m.With.IsZero() {
		b.WriteString("with " + graph(m.With) + "\n")
	}
	b.WriteString(datasetString(m.Using))
	for _, q := range m.Delete {
		b.WriteString("delete " + quadString(q) + "\n")
	}
	for _, q := range m.Insert {
		b.WriteString("insert " + quadString(q) + "\n")
	}
	return b.String() + algebra.String(m.Where)
}

func silent(yes bool) string {
	if yes {
		return " silent"
	}
	return ""
}

func graph(g rdf.Term) string {
	if g.IsZero() {
		return "default"
	}
	return syntax.PrintTerm(g)
}
