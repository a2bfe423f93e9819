package algebra_test

import (
	"slices"
	"testing"

	"nettwin/sparql/algebra"
	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

// Goal: every W3C query and update that parses translates, its columns are in
// scope, and the printed query means the same algebra. Method: walk all files
// of the SPARQL 1.0 and 1.1 suites.
func TestW3CTranslate(t *testing.T) {
	n := 0
	for _, folder := range []string{"sparql10", "sparql11"} {
		for _, x := range syntaxtest.AllTexts(t, folder) {
			if x.Update {
				n += translateUpdate(t, x)
			} else {
				n += translateQuery(t, x)
			}
		}
	}
	// 1042 files lie there; the parser refuses 94 negative tests of the syntax
	// suites, 16 of the evaluation suites and 9 files in the syntax of a
	// draft, see sparql/syntax.
	if n != 1042-94-16-9 {
		t.Errorf("%d texts translated, want %d", n, 1042-94-16-9)
	}
	t.Logf("%d texts translated", n)
}

func translateQuery(t *testing.T, x syntaxtest.Text) int {
	q, err := syntax.ParseQuery(x.Text, syntax.Options{Base: x.Base})
	if err != nil {
		return 0
	}
	out, err := algebra.Translate(q)
	if err != nil {
		t.Errorf("%s: %v\n%s", x.Name, err, x.Text)
		return 1
	}
	if out.Form == algebra.Select && !slices.Equal(out.Vars, algebra.InScope(out.Op)) {
		t.Errorf("%s: columns %v, in scope %v", x.Name, out.Vars, algebra.InScope(out.Op))
	}
	again, err := syntax.ParseQuery(syntax.Print(q), syntax.Options{})
	if err != nil {
		t.Fatalf("%s: %v", x.Name, err)
	}
	out2, err := algebra.Translate(again)
	if err != nil {
		t.Fatalf("%s: %v", x.Name, err)
	}
	if a, b := algebra.String(out.Op), algebra.String(out2.Op); a != b {
		t.Errorf("%s: the print has another algebra:\n%s\nthe query's:\n%s", x.Name, b, a)
	}
	return 1
}

func translateUpdate(t *testing.T, x syntaxtest.Text) int {
	u, err := syntax.ParseUpdate(x.Text, syntax.Options{Base: x.Base})
	if err != nil {
		return 0
	}
	out, err := algebra.TranslateUpdate(u)
	if err != nil {
		t.Errorf("%s: %v\n%s", x.Name, err, x.Text)
		return 1
	}
	if len(out.Operations) != len(u.Operations) {
		t.Errorf("%s: %d operations, want %d", x.Name, len(out.Operations), len(u.Operations))
	}
	return 1
}
