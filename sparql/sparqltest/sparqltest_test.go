package sparqltest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
	"nettwin/sparql/results"
	"nettwin/sparql/syntax"
)

// Goal: every generated query parses, one seed gives one case, and all kinds
// of operators come up. Method: 2,000 seeds, parsed, and a count of keywords.
func TestGenerate(t *testing.T) {
	seen := map[string]int{}
	words := strings.Fields("OPTIONAL UNION MINUS FILTER EXISTS BIND VALUES GRAPH ASK CONSTRUCT DISTINCT GROUP HAVING ORDER LIMIT )* )+ )? !( ^( COUNT( SUM( AVG( MIN( MAX(")
	for seed := range uint64(2000) {
		query, data := Generate(seed)
		if _, err := syntax.ParseQuery(query, syntax.Options{}); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, query)
		}
		again, sameData := Generate(seed)
		if again != query || !slices.Equal(data, sameData) {
			t.Fatalf("seed %d gives two cases", seed)
		}
		for _, word := range words {
			if strings.Contains(query, word) {
				seen[word]++
			}
		}
		if strings.Count(query, "SELECT") > 1 {
			seen["subquery"]++
		}
	}
	for word, n := range seen {
		if n < 20 {
			t.Errorf("%s comes up in %d of 2000 queries", word, n)
		}
	}
	if len(seen) != len(words)+1 {
		t.Errorf("%d kinds of operators come up: %v", len(seen), seen)
	}
}

// Goal: Shrink finds a small case. Method: a made-up bug that shows when the
// query has MINUS and the data a certain predicate.
func TestShrink(t *testing.T) {
	fails := func(query string, data []rdf.Quad) bool {
		_, err := syntax.ParseQuery(query, syntax.Options{})
		return err == nil && strings.Contains(query, "MINUS") &&
			slices.ContainsFunc(data, func(q rdf.Quad) bool { return q.P.Value() == genNS+"p1" })
	}
	found := 0
	for seed := uint64(0); found < 10; seed++ {
		g := GenerateCase(seed)
		if !fails(g.Query(), g.Data) {
			continue
		}
		found++
		Shrink(g, fails)
		if !fails(g.Query(), g.Data) || len(g.Data) != 1 || len(g.Query()) > 250 {
			t.Errorf("seed %d: %d quads, %d bytes:\n%s", seed, len(g.Data), len(g.Query()), g.Query())
		}
	}
}

func answer(vars string, rows ...[]rdf.Term) Answer {
	return Answer{Kind: results.Bindings, Vars: strings.Fields(vars), Rows: rows}
}

// Goal: the judge tells right answers from wrong ones.
// Method: pairs of answers that must or must not be the same.
func TestCompareAnswers(t *testing.T) {
	a, b, one, uno := rdf.BNode("a"), rdf.BNode("b"), rdf.Literal("1", rdf.XSDInteger), rdf.Literal("01", rdf.XSDInteger)
	row := func(terms ...rdf.Term) []rdf.Term { return terms }
	ordered := answer("x", row(one), row(uno))
	ordered.Ordered = true
	for name, c := range map[string]struct {
		want, got Answer
		lax, same bool
	}{
		"order does not matter":    {answer("x", row(one), row(uno)), answer("x", row(uno), row(one)), false, true},
		"order matters":            {ordered, answer("x", row(uno), row(one)), false, false},
		"same order":               {ordered, answer("x", row(one), row(uno)), false, true},
		"counts matter":            {answer("x", row(one), row(one)), answer("x", row(one)), false, false},
		"counts of equal length":   {answer("x", row(one), row(one), row(uno)), answer("x", row(one), row(uno), row(uno)), false, false},
		"lexical forms matter":     {answer("x", row(one)), answer("x", row(uno)), false, false},
		"columns may be swapped":   {answer("x y", row(one, uno)), answer("y x", row(uno, one)), false, true},
		"columns must be the same": {answer("x", row(one)), answer("y", row(one)), false, false},
		"names of blank nodes":     {answer("x y", row(a, b), row(b, a)), answer("x y", row(b, a), row(a, b)), false, true},
		"one blank node or two":    {answer("x y", row(a, a)), answer("x y", row(a, b)), false, false},
		"blank nodes across rows":  {answer("x", row(a), row(a)), answer("x", row(a), row(b)), false, false},
		"unbound is no term":       {answer("x", row(rdf.Term{})), answer("x", row(one)), false, false},
		"case of tags":             {answer("x", row(rdf.LangString("a", "en-US"))), answer("x", row(rdf.LangString("a", "en-us"))), false, true},
		"lax allows fewer":         {answer("x", row(one), row(one)), answer("x", row(one)), true, true},
		"lax needs one":            {answer("x", row(one), row(uno)), answer("x", row(one)), true, false},
		"lax allows no more":       {answer("x", row(one)), answer("x", row(one), row(one)), true, false},
		"kinds":                    {answer("x"), Answer{Kind: results.Boolean}, false, false},
		"booleans":                 {Answer{Kind: results.Boolean, Boolean: true}, Answer{Kind: results.Boolean}, false, false},
	} {
		if got := CompareAnswers(c.want, c.got, c.lax); (got == "") != c.same {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Goal: a manifest gives every test with its files, and every entry of the
// list of skips names a test. Method: read all suites; the counts are those
// that grep finds in the manifests.
func TestManifests(t *testing.T) {
	root := testenv.Shared(t, "suites/rdf-tests/sparql")
	skips, err := ReadSkips("testdata/skips.tsv")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, group := range []struct {
		suites []string
		tests  int
	}{{Suites10, 283}, {Suites11, 346}, {SyntaxSuites, 351}} {
		n := 0
		for _, suite := range group.suites {
			cases, err := ReadManifest(root, suite)
			if err != nil {
				t.Fatal(err)
			}
			n += len(cases)
			for _, c := range cases {
				known[c.IRI] = true
				for _, f := range slices.Concat(c.Data, c.After, []GraphFile{{File: c.File}}) {
					if _, err := os.Stat(f.File); err != nil {
						t.Errorf("%s: %v", c.IRI, err)
					}
				}
				if c.Kind == QueryEvaluation && filepath.Ext(c.Result) == "" {
					t.Errorf("%s: no result", c.IRI)
				}
			}
		}
		if n != group.tests {
			t.Errorf("%v: %d tests, want %d", group.suites, n, group.tests)
		}
	}
	for iri := range skips {
		if !known[iri] {
			t.Errorf("skips.tsv: no test %s", iri)
		}
	}
}

// Goal: a list of skips without reasons is refused.
func TestReadSkips(t *testing.T) {
	path := filepath.Join(t.TempDir(), "skips.tsv")
	if err := os.WriteFile(path, []byte("# comment\nhttp://a\t \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSkips(path); err == nil || !strings.Contains(err.Error(), "skips.tsv:2") {
		t.Errorf("error %v", err)
	}
}
