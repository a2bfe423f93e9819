package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/sparqltest"
)

const genNS = "http://example.org/gen/"

// report fails with a case that can be run again.
func report(t *testing.T, seed uint64, query string, data []rdf.Quad, difference string) {
	t.Helper()
	var text strings.Builder
	for _, q := range data {
		text.Write(rdf.AppendQuad(nil, q))
		text.WriteByte('\n')
	}
	t.Errorf("seed %d\n%s\n%s\n%s", seed, query, text.String(), difference)
}

// Goal: EXISTS means the same in exec and ref whatever its pattern and
// wherever it stands. Method: generated patterns inside EXISTS, below filters,
// conditions of OPTIONAL, BIND, grouping, GRAPH and another EXISTS, over
// solutions that leave some variables unbound.
func TestOracleExists(t *testing.T) {
	shapes := []string{
		"SELECT * WHERE { ?v0 ?p ?v1 FILTER EXISTS %s }",
		"SELECT * WHERE { ?v0 ?p ?v1 FILTER NOT EXISTS %s }",
		"SELECT * WHERE { ?v0 :p0 ?v1 OPTIONAL { ?v1 :p1 ?v2 } FILTER NOT EXISTS %s }",
		"SELECT * WHERE { ?v0 :p0 ?v1 OPTIONAL { ?v1 :p1 ?v2 FILTER EXISTS %s } }",
		"SELECT * WHERE { ?v0 :p0 ?v1 BIND(EXISTS %s AS ?e) }",
		"SELECT ?e (COUNT(*) AS ?n) WHERE { ?v0 ?p ?v1 } GROUP BY (EXISTS %s AS ?e)",
		"SELECT * WHERE { GRAPH ?g { ?v0 ?p ?v1 FILTER EXISTS %s } }",
		"SELECT * WHERE { ?v0 ?p ?v1 FILTER EXISTS { ?v1 :p0 ?v2 FILTER NOT EXISTS %s } }",
		"SELECT * WHERE { { ?v0 :p0 ?v1 } UNION { ?v2 :p1 ?v1 } FILTER(EXISTS %s || ?v1 = 1) }",
		"SELECT * WHERE { ?v0 :p0 ?v1 . ?v1 ?p ?v2 FILTER EXISTS %s FILTER(?v0 != ?v2) }",
	}
	covered, tried := 0, 0
	for seed := uint64(0); tried < cases(200) && !t.Failed(); seed++ {
		query, data := sparqltest.Generate(seed)
		prologue, group, found := strings.Cut(query, "ASK ")
		if !found {
			continue
		}
		tried++
		query = prologue + fmt.Sprintf(shapes[tried%len(shapes)], group)
		difference, ok := compare(t.Context(), query, data)
		if ok {
			covered++
		}
		if difference != "" {
			report(t, seed, query, data, difference)
		}
	}
	t.Logf("exec covered %d of %d queries", covered, tried)
	if covered < tried/3 {
		t.Errorf("exec covers %d of %d queries with EXISTS: fewer than one of three", covered, tried)
	}
}

// Goal: FROM and FROM NAMED choose the same graphs in exec and ref. Method:
// generated queries with dataset clauses of one and several graphs, known to
// the store or not.
func TestOracleDataset(t *testing.T) {
	clauses := []string{
		"FROM :g0", "FROM :g0 FROM :g1", "FROM :g0 FROM :g0 FROM :nowhere", "FROM :nowhere",
		"FROM NAMED :g1", "FROM :g1 FROM NAMED :g0 FROM NAMED :g2 FROM NAMED :nowhere",
	}
	for seed := uint64(0); seed < uint64(cases(200)) && !t.Failed(); seed++ {
		query, data := sparqltest.Generate(seed)
		for i := range data { // mostly in graphs
			if data[i].G.IsZero() && i%4 > 0 {
				data[i].G = rdf.IRI(fmt.Sprintf("%sg%d", genNS, i%3))
			}
		}
		clause := clauses[seed%uint64(len(clauses))]
		if before, after, found := strings.Cut(query, "WHERE "); found && !strings.Contains(before, "ASK") {
			query = before + clause + " WHERE " + after
		} else {
			query = strings.Replace(query, "ASK ", "ASK "+clause+" ", 1)
		}
		if difference, _ := compare(t.Context(), query, data); difference != "" {
			report(t, seed, query, data, difference)
		}
	}
}

// Goal: GRAPH with a variable means the same in exec and ref around any
// pattern. Method: generated patterns inside GRAPH, alone and joined.
func TestOracleGraph(t *testing.T) {
	shapes := []string{
		"SELECT * WHERE { GRAPH ?g %s }",
		"SELECT * WHERE { GRAPH ?g %s OPTIONAL { ?v0 :p0 ?w } }",
		"SELECT * WHERE { ?v0 ?p ?v1 . GRAPH ?g %s }",
		"SELECT * WHERE { GRAPH ?g { ?v0 ?p ?v1 OPTIONAL %s } }",
		"SELECT * WHERE { GRAPH ?g { ?v0 ?p ?v1 MINUS %s } }",
		"SELECT * WHERE { GRAPH ?g { { ?v0 ?p ?v1 } UNION %s } GRAPH ?g { ?v2 :p0 ?v3 } }",
		"SELECT * WHERE { GRAPH ?g { { SELECT DISTINCT ?v0 ?v1 %s } } }",
		"SELECT * WHERE { GRAPH :g0 { OPTIONAL %s } }",
		"SELECT * WHERE { GRAPH ?g { } OPTIONAL { GRAPH ?g %s } }",
	}
	tried := 0
	for seed := uint64(0); tried < cases(200) && !t.Failed(); seed++ {
		query, data := sparqltest.Generate(seed)
		prologue, group, found := strings.Cut(query, "ASK ")
		if !found {
			continue
		}
		tried++
		query = prologue + fmt.Sprintf(shapes[tried%len(shapes)], group)
		if difference, _ := compare(t.Context(), query, data); difference != "" {
			report(t, seed, query, data, difference)
		}
	}
}

// Goal: rewrites stop where they would change the answer. Method: for each
// condition of package plan, queries that break it, over generated data.
func TestOracleShapes(t *testing.T) {
	shapes := []string{
		// Solutions given to an OPTIONAL inside must not restrict it (safe.go).
		"?v0 :p0 ?v1 OPTIONAL { ?v1 :p1 ?v2 OPTIONAL { ?v2 :p0 ?v0 } }",
		"?v0 :p0 ?v1 OPTIONAL { ?v1 ?p ?v2 OPTIONAL { ?v3 :p0 ?v0 FILTER(?v0 != ?v2) } }",
		"?v0 ?p ?v1 . { ?v2 :p1 ?v3 OPTIONAL { ?v2 :p2 ?v1 } }",
		"?v0 :p0 ?v1 OPTIONAL { ?v0 :p1 ?v2 FILTER(!BOUND(?v1)) }",
		"?v0 :p0 ?v1 OPTIONAL { { ?v1 :p1 ?v2 } UNION { ?v0 :p2 ?v2 FILTER(BOUND(?v1)) } }",
		"?v0 :p0 ?v1 OPTIONAL { ?v1 :p1 ?v2 BIND(STR(?v0) AS ?x) }",
		"?v0 :p0 ?v1 OPTIONAL { ?v1 :p1 ?v2 BIND(STR(?v2) AS ?x) }",
		"?v0 :p0 ?v1 OPTIONAL { ?v1 ?p ?v2 MINUS { ?v0 :p1 ?v2 } }",
		"?v0 :p0 ?v1 OPTIONAL { SELECT ?v1 (COUNT(*) AS ?n) { ?v1 ?p ?v2 } GROUP BY ?v1 }",
		"?v0 :p0 ?v1 OPTIONAL { { { ?v0 :p1 ?v2 } UNION { ?v1 :p1 ?v2 } ?v2 ?p ?v3 FILTER(!BOUND(?v1)) } }",
		"?v0 :p0 ?v1 OPTIONAL { { ?v0 :p1 ?v2 } UNION { ?v1 :p1 ?v2 } BIND(BOUND(?v1) AS ?x) }",
		"?v0 :p0 ?x OPTIONAL { ?v0 ?p ?v2 BIND(?v2 AS ?x) }",
		"?v0 :p0 ?v1 OPTIONAL { ?v2 :p1 ?v3 BIND(BNODE() AS ?x) }",
		"GRAPH ?g { ?v0 ?p ?v1 MINUS { ?v2 :p1 ?v3 OPTIONAL { ?v2 :p0 ?v1 } } }",
		"GRAPH ?g { ?v0 ?p ?v1 MINUS { { ?v0 :p1 ?v2 } UNION { VALUES ?v3 { 1 } } } }",
		// Filters move only over what leaves their variables alone (algebra.go).
		"{ ?v0 :p0 ?v1 OPTIONAL { ?v0 :p1 ?v2 } FILTER(!BOUND(?v2)) } ?v0 ?p ?v2",
		"{ ?v0 :p0 ?v1 FILTER(!BOUND(?v2)) } { ?v0 :p1 ?v2 }",
		"?v0 :p0 ?v1 OPTIONAL { ?v0 :p1 ?v2 } FILTER(?v2 = ?v1 || !BOUND(?v2))",
		"{ { ?v0 :p0 ?v1 } UNION { ?v0 :p1 ?v2 } } FILTER(BOUND(?v1) || ?v2 > 1)",
		"{ SELECT ?v0 { ?v0 :p0 ?v1 } } ?v0 :p1 ?v1",
		"{ SELECT ?v0 { ?v0 :p0 ?v1 } LIMIT 100 } FILTER(?v0 != :s1)",
		// Variables that may be unbound join with anything.
		"{ ?v0 :p0 ?v1 OPTIONAL { ?v1 :p1 ?v2 } } { ?v3 :p2 ?v0 OPTIONAL { ?v3 :p0 ?v2 } }",
		"?v0 :p0 ?v1 OPTIONAL { ?v0 :p1 ?v2 } ?v2 ?p ?v3",
		"VALUES (?v0 ?v1) { (:s1 UNDEF) (UNDEF :s2) (UNDEF UNDEF) } ?v0 :p0 ?v1",
		"?v0 :p0 ?v1 OPTIONAL { ?v0 :p1 ?v2 } MINUS { ?v2 :p0 ?v1 }",
		"?v0 :p0 ?v1 MINUS { ?v2 :p1 ?v3 OPTIONAL { ?v2 :p0 ?v1 } }",
		"?v0 :p0 ?v1 MINUS { ?v2 :p1 ?v3 }",
		// The graph of GRAPH ?g is no variable of the pattern inside.
		"GRAPH ?g { ?v0 :p0 ?v1 MINUS { ?v2 :p1 ?v3 } }",
		"GRAPH ?g { ?v0 :p0 ?v1 MINUS { ?v0 :p1 ?v3 } }",
		"GRAPH ?g { ?v0 :p0 ?v1 FILTER(!BOUND(?g)) }",
		"GRAPH ?g { ?v0 :p0 ?v1 FILTER EXISTS { ?v0 ?p ?g } }",
		"GRAPH ?g { OPTIONAL { ?v0 :p0 ?v1 } }",
		// Paths need their graph, and between variables only nodes count.
		"?v0 ?p ?v1 . GRAPH ?g { ?v0 (:p0|:p1)* ?v2 }",
		"GRAPH ?g { ?v0 (:p0|:p1)+ ?v2 } ?v0 :p0 ?v1",
		"VALUES ?v0 { :s1 :nowhere 5 } ?v0 :p0* ?v1",
		"VALUES ?v1 { :s1 :nowhere 5 } ?v0 (:p0/:p1)? ?v1",
		":nowhere :p0* ?v1", ":nowhere :p0+ ?v1", "?v0 (:p0|^:p1)+ ?v0", "?v0 !(:p0|^:p1) ?v1",
		"FILTER EXISTS { ?v0 :p0* :nowhere }", "?v0 ?p ?v1 FILTER EXISTS { ?v1 (:p0|!:p1)* ?v0 }",
		// One solution, several times the same variable.
		"?v0 ?v0 ?v1", "?v0 ?p ?v0", "GRAPH ?g { ?v0 ?p ?v0 } ?v0 ?p ?v1",
		"BIND(1 AS ?v1) ?v0 :p0 ?v1", "BIND(BNODE(\"a\") AS ?x) BIND(BNODE(\"a\") AS ?y) ?v0 :p0 ?v1 FILTER(?x = ?y)",
	}
	for i, shape := range shapes {
		for seed := range uint64(cases(12)) {
			_, data := sparqltest.Generate(seed*uint64(len(shapes)) + uint64(i))
			query := "PREFIX : <" + genNS + "> SELECT * WHERE { " + shape + " }"
			difference, covered := compare(t.Context(), query, data)
			if difference != "" {
				report(t, seed, query, data, difference)
				break
			}
			if !covered {
				t.Logf("not covered: %s", shape)
				break
			}
		}
	}
}
