package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
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
	if covered < tried*95/100 {
		t.Errorf("exec covers %d of %d queries with EXISTS", covered, tried)
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
		// An empty optional side leaves the condition of the one before alone.
		"OPTIONAL { ?v4 :p0 ?v2 FILTER(?v2 = ?v3) } OPTIONAL { ?v3 :p2 \"nowhere\" }",
		"OPTIONAL { ?v4 :p0 ?v2 FILTER(false) } OPTIONAL { ?v3 :nowhere ?v4 }",
		// Shapes that another evaluator answers inside the plan.
		"GRAPH ?g { ?v0 ?p ?g }", "GRAPH ?g { { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } } ?v0 :p0 ?n",
		"GRAPH ?g { { SELECT ?v0 ?g { ?v0 :p0 ?v1 } } } ?v0 :p1 ?v2",
		"?v0 :p0 ?v1 OPTIONAL { GRAPH ?g { { SELECT ?v0 { ?v0 ?p ?o } ORDER BY ?v0 ?p ?o } } }",
		"?v0 ?p ?v1 FILTER EXISTS { { SELECT ?v0 { ?v0 :p1 ?v1 } } }",
		"?v0 ?p ?v1 FILTER EXISTS { { SELECT (COUNT(*) AS ?n) { ?v0 :p1 ?v1 } } FILTER(?n > 1) }",
		"?v0 ?p ?v1 FILTER NOT EXISTS { ?v0 :p0 ?v2 MINUS { ?v0 :p1 ?v1 } }",
		"?v0 :p0 ?v1 OPTIONAL { ?v1 :p1 ?v2 } FILTER EXISTS { ?v3 :p0 ?v4 FILTER(!BOUND(?v2) || ?v2 = ?v4) }",
		"GRAPH ?g { ?v0 ?p ?v1 FILTER NOT EXISTS { ?v0 :p0 ?v2 MINUS { ?v0 :p1 ?v1 } } }",
		"?v0 :p0 ?v1 FILTER EXISTS { ?v1 ?p ?v2 FILTER NOT EXISTS { ?v2 :p0 ?v3 MINUS { ?v0 :p1 ?v3 } } }",
		// Repetitions inside repetitions.
		"?v0 (:p0*/:p1)+ ?v1", "?v0 ((:p0|:p1+)?/^:p0)* ?v1", ":s1 (:p0*)+ ?v1", "VALUES ?v0 { :s1 :nowhere } ?v0 (:p0*)+ ?v1",
		"?v0 (:p0|:p1*/:p0) ?v1", ":nowhere (:p0*/:p1*|:p2) ?v1", "?v0 (:p0?)? ?v1 . ?v1 ^(:p1*/:p0)* ?v2",
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

// remote answers SELECT queries over the default graph of a snapshot, as
// another endpoint would; the endpoint :down fails.
func remote(snap graph.Source) func(context.Context, rdf.Term, string) (*results.Result, error) {
	return func(ctx context.Context, endpoint rdf.Term, query string) (*results.Result, error) {
		if endpoint.Value() == genNS+"down" {
			return nil, errors.New("endpoint is down")
		}
		q, err := translate(query, "")
		if err != nil {
			return nil, err
		}
		return ref.Query(ctx, q, snap, ref.Options{Now: testTime})
	}
}

// Goal: SERVICE means the same in exec, which sends solutions along, and in
// ref, which does not. Method: generated patterns at an endpoint in this
// process, alone, joined, optional, with a variable for the endpoint and with
// one that fails, with chunks of one, two and many rows.
func TestOracleService(t *testing.T) {
	shapes := []string{
		"SELECT * WHERE { SERVICE :e %s }",
		"SELECT * WHERE { ?v0 :p0 ?v1 SERVICE :e %s }",
		"SELECT * WHERE { ?v0 ?p ?v1 OPTIONAL { SERVICE :e %s } }",
		"SELECT * WHERE { ?v0 ?p ?v1 OPTIONAL { ?v1 :p0 ?v2 } SERVICE :e %s FILTER(?v0 != ?v1) }",
		"SELECT * WHERE { ?v0 :p0 ?v1 SERVICE SILENT :down %s }",
		"SELECT * WHERE { VALUES ?e { :e :down } ?v0 :p0 ?v1 SERVICE SILENT ?e %s }",
		"SELECT * WHERE { { ?v0 :p0 ?v1 } UNION { SERVICE :e %s } }",
		"SELECT * WHERE { VALUES (?v0 ?v1) { (:s1 UNDEF) (UNDEF :s2) } SERVICE :e %s }",
		"SELECT ?v0 (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?v0 ?p ?v1 SERVICE :e %s } } GROUP BY ?v0",
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
		q, err := translate(query, "")
		if err != nil {
			t.Fatal(err)
		}
		snap, err := load(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		far := remote(snap)
		oracle := ref.Options{Now: testTime, Service: func(ctx context.Context, endpoint rdf.Term, s *algebra.Service) (*results.Result, error) {
			return far(ctx, endpoint, s.Query(nil))
		}}
		want, err := answer(t.Context(), func() (*results.Result, error) { return ref.Query(t.Context(), q, snap, oracle) })
		if err != nil {
			continue // too large for the oracle
		}
		for _, chunkRows := range []int{1, 2, 0} {
			opt := exec.Options{Now: testTime, ChunkRows: chunkRows, Service: far, Delegate: ref.NewDelegate(q, snap, oracle)}
			got, err := answer(t.Context(), func() (*results.Result, error) { return exec.Query(t.Context(), q, snap, opt) })
			if err != nil {
				report(t, seed, query, data, err.Error())
			} else if d := sparqltest.CompareAnswers(want, got, false); d != "" {
				report(t, seed, query, data, d)
			}
		}
	}
}

// Goal: SERVICE sends the values that its solutions need, each once, in
// requests of ServiceBatch, and none where they are too many. Method: count
// requests and values.
func TestServiceBatches(t *testing.T) {
	var data []rdf.Quad
	for i := range 3 * exec.ServiceGather {
		data = append(data, rdf.Quad{S: rdf.IRI(fmt.Sprint(genNS, "n", i)), P: rdf.IRI(genNS + "p"), O: rdf.Literal(fmt.Sprint(i/2), rdf.XSDInteger)})
	}
	snap, err := load(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]int{2 * exec.ServiceBatch: 1, 5 * exec.ServiceBatch: 3, 3 * exec.ServiceGather: 1} {
		q, err := translate(fmt.Sprintf("PREFIX : <%s> SELECT * { { SELECT * { ?s :p ?o } ORDER BY ?o LIMIT %d } SERVICE :e { ?x :q ?o } }", genNS, limit), "")
		if err != nil {
			t.Fatal(err)
		}
		requests, values := 0, 0
		opt := exec.Options{Service: func(_ context.Context, _ rdf.Term, query string) (*results.Result, error) {
			requests++
			values += strings.Count(query, " )") - 1
			return results.NewBindings([]string{"x", "o"}, [][]rdf.Term{{rdf.IRI("urn:x"), rdf.Literal("7", rdf.XSDInteger)}}), nil
		}}
		got, err := answer(t.Context(), func() (*results.Result, error) { return exec.Query(t.Context(), q, snap, opt) })
		if err != nil {
			t.Fatal(err)
		}
		if requests != want {
			t.Errorf("%d solutions: %d requests, want %d", limit, requests, want)
		}
		if limit < exec.ServiceGather && values != limit/2 {
			t.Errorf("%d solutions: %d values, want %d", limit, values, limit/2)
		}
		if rows := len(got.Rows); rows != 2*requests {
			t.Errorf("%d solutions: %d joined, want %d", limit, rows, 2*requests)
		}
	}
}
