package algebra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nettwin/sparql/algebra"
	"nettwin/sparql/syntax"
)

func mustTranslate(t *testing.T, text string) *algebra.Query {
	t.Helper()
	q, err := syntax.ParseQuery(text, syntax.Options{Prefixes: map[string]string{"": "urn:"}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := algebra.Translate(q)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Goal: InScope is the table of §18.2.1. Method: one pattern for each row,
// variables expected by hand.
func TestInScope(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{`{ ?s ?p _:o . ?x :p* ?y }`, "s p _:o x y"},
		{`{ ?s :p/:q ?o }`, "s _:.p1 o"},
		{`{ { ?a :p 1 } UNION { ?b :p 1 } }`, "a b"},
		{`{ ?a :p 1 OPTIONAL { ?b :p 1 FILTER (?c) } }`, "a b"},
		{`{ ?a :p 1 MINUS { ?b :p 1 } FILTER EXISTS { ?c :p 1 } }`, "a"},
		{`{ GRAPH ?g { ?a :p 1 } SERVICE ?s { ?b :p 1 } }`, "g a s b"},
		{`{ BIND (?x AS ?y) VALUES (?v ?w) { (1 UNDEF) } }`, "y v w"},
		{`{ { SELECT ?a (?b AS ?c) { ?a :p ?b ; :q ?d } } }`, "a c"},
	} {
		got := algebra.InScope(mustTranslate(t, "ASK "+c.pattern).Op)
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s: in scope %v, want %s", c.pattern, got, c.want)
		}
	}
	grouped := mustTranslate(t, "ASK { ?s :p ?o } GROUP BY ?s HAVING (COUNT(*) > 1)")
	if got := algebra.InScope(grouped.Op); !slices.Equal(got, []string{"s", "_:.a1"}) {
		t.Errorf("group binds %v, want its key and aggregate", got)
	}
}

// Goal: Walk meets every operator, patterns of EXISTS in all places included,
// and stops where it is told. Method: count the basic graph patterns of a
// query that has one in each place that can hold a pattern.
func TestWalk(t *testing.T) {
	q := mustTranslate(t, `SELECT (EXISTS { ?x :a 1 } AS ?e) (MAX(IF(EXISTS { ?x :b 1 }, 1, 2)) AS ?m) {
		?x :c 1 OPTIONAL { ?x :d 1 FILTER (!EXISTS { ?x :e 1 } && ?x IN (1, EXISTS { ?x :f 1 })) }
		{ ?x :g 1 } UNION { GRAPH ?g { ?x :h 1 } } MINUS { SERVICE ?s { ?x :i 1 } }
		BIND (COALESCE(STR(EXISTS { ?x :j 1 })) AS ?b) FILTER (EXISTS { ?x :k 1 } || ?x)
	} GROUP BY (EXISTS { ?x :l 1 }) ORDER BY (EXISTS { ?x :m 1 }) LIMIT 1`)
	var seen []string
	algebra.Walk(q.Op, func(op algebra.Op) bool {
		if bgp, ok := op.(*algebra.BGP); ok {
			seen = append(seen, strings.TrimPrefix(bgp.Patterns[0].P.Term.Value(), "urn:"))
		}
		return true
	})
	slices.Sort(seen)
	if got := strings.Join(seen, ""); got != "abcdefghijklm" {
		t.Errorf("met %s, want each of a to m once", got)
	}
	n := 0
	algebra.Walk(q.Op, func(algebra.Op) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("visited %d operators, want to stop at the third", n)
	}
}

// Goal: the text of SERVICE needs no prologue and means its pattern. Method:
// compare it with the expected text, then parse it without any prefix.
func TestServiceText(t *testing.T) {
	q := mustTranslate(t, `PREFIX ex: <http://example/> ASK { SERVICE ex:e { ex:s ex:p/^:q "a\nb"@en . FILTER (?x > 1.0) } }`)
	service := q.Op.(*algebra.Service)
	want := `{
  <http://example/s> <http://example/p>/^<urn:q> "a\nb"@en .
  FILTER (?x > 1.0)
}`
	if service.Text != want {
		t.Errorf("text:\n%s\nwant:\n%s", service.Text, want)
	}
	again, err := syntax.ParseQuery("ASK "+service.Text, syntax.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := algebra.Translate(again)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := algebra.String(out.Op), algebra.String(service.P); a != b {
		t.Errorf("text means\n%s\nwant\n%s", a, b)
	}
}

// Goal: the largest trees that the limits allow can be translated, walked and
// printed. Method: chains of each left-recursive construct at the limit; one
// more element must be refused.
func TestLargest(t *testing.T) {
	const n = syntax.DefaultMaxElements
	for name, c := range map[string]struct {
		head, link, tail string
		used             int // elements besides the links
	}{
		"or":       {"ASK { FILTER (?x", "||?x", ") }", 2},
		"path":     {"ASK { ?s (:a", "/:a", ")* ?o }", 3},
		"optional": {"ASK {", "OPTIONAL{}", "}", 1},
		"union":    {"ASK { {}", "UNION{}", "}", 3},
		"select":   {"SELECT ", "(1 AS ?v%d)", "{}", 1},
	} {
		perLink := 1
		if name == "optional" {
			perLink = 2
		}
		text := func(links int) string {
			var b strings.Builder
			b.WriteString(c.head)
			for i := range links {
				if strings.Contains(c.link, "%d") {
					fmt.Fprintf(&b, c.link, i)
				} else {
					b.WriteString(c.link)
				}
			}
			return b.String() + c.tail
		}
		most := (n - c.used) / perLink
		q := mustTranslate(t, text(most))
		ops := 0
		algebra.Walk(q.Op, func(algebra.Op) bool { ops++; return true })
		algebra.InScope(q.Op)
		if len(algebra.String(q.Op)) == 0 || ops == 0 {
			t.Errorf("%s: empty", name)
		}
		if _, err := syntax.ParseQuery(text(most+1), syntax.Options{Prefixes: map[string]string{"": "urn:"}}); err == nil {
			t.Errorf("%s: one element over the limit is accepted", name)
		}
	}
}
