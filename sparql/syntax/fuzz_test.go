package syntax_test

import (
	"errors"
	"testing"

	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

var seeds = []string{
	"SELECT * { ?s ?p ?o }",
	"PREFIX : <urn:> SELECT (COUNT(DISTINCT *) AS ?n) { ?s (:a/^:b|!(:c|^a))* [ :d ( 1 -2 .5e1 ) ] } GROUP BY (?s) HAVING (?n IN (1, 2)) ORDER BY DESC(?n) LIMIT 1 OFFSET 2 VALUES ?z { UNDEF 'x'@en }",
	`CONSTRUCT { _:a ?p "\u0041\n" } WHERE { { ?x ?p 1 FILTER (-?x - -1 *2 < +3 && !BOUND(?x)) } UNION { GRAPH ?g { } } OPTIONAL { BIND (IF(?x, 1, ?y) AS ?k) } MINUS { SERVICE SILENT <urn:s> { SELECT * { } } } FILTER NOT EXISTS { } }`,
	"DESCRIBE <urn:x> ?y",
	"BASE <urn:x> DELETE { GRAPH ?g { ?s ?p 1 } } INSERT { ?s ?p 2 } USING NAMED <urn:g> WHERE { ?s ?p ?o } ; INSERT DATA { [] <urn:p> true } ; DELETE WHERE { GRAPH <urn:g> { } ?s ?p ?o }",
	"VERSION '1.2' PREFIX : <urn:> SELECT * { << ?s :p <<( [] a \"x\"@en--ltr )>> ~ ?r >> :q ?o ~ _:b {| :r/:s 1 ; :t << :a :b :c >> |} ~ {| ?x ?y |} BIND (<<( ?s :p 1 )>> AS ?t) VALUES ?v { <<( :s :p <<( :s :p 1 )>> )>> } }",
	"PREFIX : <urn:> INSERT DATA { << :a :b _:c >> :p :o {| :y :z |} } ; DELETE { ?s ?p <<( ?a ?b ?c )>> } WHERE { ?s ?p ?o ~ :r }",
	"LOAD SILENT <urn:x> INTO GRAPH <urn:g> ; CLEAR ALL ; DROP GRAPH <urn:g> ; CREATE GRAPH <urn:h> ; COPY DEFAULT TO <urn:z> ;",
}

// Goal: no text makes the query parser panic, and what it accepts prints and
// parses again to an equal tree. Method: fuzzing from one text per construct.
func FuzzParseQuery(f *testing.F) { fuzz(f, false) }

// Goal and method as FuzzParseQuery, for updates.
func FuzzParseUpdate(f *testing.F) { fuzz(f, true) }

func fuzz(f *testing.F, update bool) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := roundTrip(t, syntaxtest.Text{Name: "fuzz", Text: text, Update: update})
		var se *syntax.SyntaxError
		if err != nil && (!errors.As(err, &se) || se.Line < 1 || se.Column < 1 || se.Code == "") {
			t.Errorf("error %T without place or code: %v", err, err)
		}
	})
}
