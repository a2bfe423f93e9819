package syntax_test

import (
	"testing"

	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

// suites are the W3C syntax suites of SPARQL 1.0, 1.1 and 1.2 with the number of
// tests that their manifests list.
var suites = []struct {
	name  string
	tests int
}{
	{"sparql10/syntax-sparql1", 81},
	{"sparql10/syntax-sparql2", 53},
	{"sparql10/syntax-sparql3", 51},
	{"sparql10/syntax-sparql4", 12},
	{"sparql10/syntax-sparql5", 2},
	{"sparql11/syntax-query", 94},
	{"sparql11/syntax-update-1", 54},
	{"sparql11/syntax-update-2", 1},
	{"sparql11/syntax-fed", 3},
	{"sparql12/syntax", 6},
	{"sparql12/syntax-triple-terms-positive", 113},
	{"sparql12/syntax-triple-terms-negative", 65},
	{"sparql12/codepoint-escapes", 9},
	{"sparql12/lang-basedir", 1},
	{"sparql12/version", 9},
}

// Goal: the parser accepts and refuses what the W3C syntax suites say.
// Method: every test of their manifests; what is accepted must also survive
// parse, print, parse with an equal tree.
func TestW3CSyntax(t *testing.T) {
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) {
			tests := syntaxtest.SyntaxTests(t, s.name)
			if len(tests) != s.tests {
				t.Errorf("manifest lists %d tests, want %d", len(tests), s.tests)
			}
			for _, x := range tests {
				err := roundTrip(t, x)
				if x.Negative && err == nil {
					t.Errorf("%s: accepted, must be refused:\n%s", x.Name, x.Text)
				}
				if !x.Negative && err != nil {
					t.Errorf("%s: refused: %v\n%s", x.Name, err, x.Text)
				}
			}
		})
	}
}

// roundTrip parses a text; if that succeeds, it prints it, parses the print
// and compares. It returns the error of the first parse.
func roundTrip(t testing.TB, x syntaxtest.Text) error {
	t.Helper()
	opts := syntax.Options{Base: x.Base}
	if x.Update {
		u, err := syntax.ParseUpdate(x.Text, opts)
		if err != nil {
			return err
		}
		text := syntax.PrintUpdate(u)
		again, err := syntax.ParseUpdate(text, syntax.Options{})
		if err != nil {
			t.Errorf("%s: print does not parse: %v\n%s\nprinted:\n%s", x.Name, err, x.Text, text)
		} else if d := diff(u, again); d != "" {
			t.Errorf("%s: print parses to another tree: %s\n%s\nprinted:\n%s", x.Name, d, x.Text, text)
		}
		return nil
	}
	q, err := syntax.ParseQuery(x.Text, opts)
	if err != nil {
		return err
	}
	text := syntax.Print(q)
	again, err := syntax.ParseQuery(text, syntax.Options{})
	if err != nil {
		t.Errorf("%s: print does not parse: %v\n%s\nprinted:\n%s", x.Name, err, x.Text, text)
	} else if d := diff(q, again); d != "" {
		t.Errorf("%s: print parses to another tree: %s\n%s\nprinted:\n%s", x.Name, d, x.Text, text)
	}
	return nil
}

// refused are the files of the evaluation suites that their manifests list
// as negative syntax tests.
var refused = map[string]bool{
	"sparql11/aggregates/agg08.rq":                true,
	"sparql11/aggregates/agg09.rq":                true,
	"sparql11/aggregates/agg10.rq":                true,
	"sparql11/aggregates/agg11.rq":                true,
	"sparql11/aggregates/agg12.rq":                true,
	"sparql11/grouping/group06.rq":                true,
	"sparql11/grouping/group07.rq":                true,
	"sparql11/construct/constructwhere05.rq":      true,
	"sparql11/construct/constructwhere06.rq":      true,
	"sparql11/delete-insert/delete-insert-03.ru":  true,
	"sparql11/delete-insert/delete-insert-03b.ru": true,
	"sparql11/delete-insert/delete-insert-05.ru":  true,
	"sparql11/delete-insert/delete-insert-07.ru":  true,
	"sparql11/delete-insert/delete-insert-07b.ru": true,
	"sparql11/delete-insert/delete-insert-08.ru":  true,
	"sparql11/delete-insert/delete-insert-09.ru":  true,

	// In no manifest: path{n,m} of a draft of SPARQL 1.1.
	"sparql11/property-path/path-2-1.rq": true,
	"sparql11/property-path/path-2-3.rq": true,
	"sparql11/property-path/path-3-1.rq": true,
	"sparql11/property-path/path-3-2.rq": true,
	"sparql11/property-path/path-3-4.rq": true,
	"sparql11/property-path/pp04.rq":     true,
	"sparql11/property-path/pp05.rq":     true,
	"sparql11/property-path/pp13.rq":     true,
	"sparql11/property-path/pp15.rq":     true,
}

// Goal: every query and update of the evaluation suites parses and survives
// the printer. Method: walk the folders, leaving out the syntax suites, whose
// manifests say more.
func TestW3CTexts(t *testing.T) {
	syntaxSuite := map[string]bool{}
	for _, s := range suites {
		for _, x := range syntaxtest.AllTexts(t, s.name) {
			syntaxSuite[x.Name] = true
		}
	}
	seen, negative := 0, 0
	for _, folder := range []string{"sparql10", "sparql11", "sparql12/eval-triple-terms", "sparql12/expression", "sparql12/grouping", "sparql12/rdf11"} {
		for _, x := range syntaxtest.AllTexts(t, folder) {
			if syntaxSuite[x.Name] {
				continue
			}
			seen++
			switch err := roundTrip(t, x); {
			case refused[x.Name]:
				negative++
				if err == nil {
					t.Errorf("%s: accepted, must be refused", x.Name)
				}
			case err != nil:
				t.Errorf("%s: %v\n%s", x.Name, err, x.Text)
			}
		}
	}
	if negative != len(refused) {
		t.Errorf("saw %d of the %d texts to refuse", negative, len(refused))
	}
	t.Logf("%d texts, %d of them refused as they must", seen, negative)
}
