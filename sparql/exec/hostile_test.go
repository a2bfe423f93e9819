package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"nettwin/graph/rdf"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
)

// times repeats text: @ in it is the number of the repetition, ~ the next.
func times(n int, text, between string) string {
	var parts []string
	for i := range n {
		parts = append(parts, strings.NewReplacer("@", fmt.Sprint(i), "~", fmt.Sprint(i+1)).Replace(text))
	}
	return strings.Join(parts, between)
}

// clique is a pattern of each of n variables with each other.
func clique(n int) string {
	var b strings.Builder
	for i := range n {
		for j := range i {
			fmt.Fprintf(&b, "?v%d :jump ?v%d . ", j, i)
		}
	}
	return b.String()
}

// hostileShapes are queries that may grow without bound in planning, time or
// memory.
var hostileShapes = map[string]string{
	"chain":             "SELECT * { " + times(40, "?v@ :next|:jump ?v~", " . ") + " }",
	"plain chain":       "SELECT * { " + times(40, "?v@ ?p@ ?v~", " . ") + " }",
	"star":              "SELECT * { " + times(40, "?s ?p@ ?v@", " . ") + " }",
	"clique":            "SELECT * { " + clique(9) + " }",
	"product":           "SELECT (COUNT(*) AS ?n) { " + times(40, "?s@ ?p@ ?o@", " . ") + " }",
	"optionals":         "SELECT * { ?s :site ?k " + times(40, "OPTIONAL { ?s@ :site ?k . ?s@ ?p@ ?o@ }", " ") + " }",
	"nested optionals":  "SELECT * { ?s0 :site ?k " + times(40, "OPTIONAL { ?s~ :site ?k . ?s@ :jump ?o@ ", " ") + strings.Repeat("}", 40) + " }",
	"unions":            "SELECT * { " + times(40, "{ ?s ?p@ ?o . ?t :site ?k }", " UNION ") + " }",
	"joined unions":     "SELECT * { " + times(40, "{ { ?s@ :site ?k } UNION { ?s@ :next ?t@ } }", " ") + " }",
	"nested groups":     "SELECT * " + strings.Repeat("{ ?s :site ?k . ", 100) + "?t :site ?k" + strings.Repeat("}", 100),
	"nested subqueries": "SELECT * { " + times(60, "{ SELECT * { ?s :site ?k ", " ") + " . ?t :site ?k " + strings.Repeat("} }", 60) + " }",
	"nested exists":     "SELECT * { ?s0 :site ?k " + times(40, "FILTER EXISTS { ?s~ :site ?k . ?s@ :jump ?s~ ", " ") + strings.Repeat("}", 40) + " }",
	"nested minus":      "SELECT * { ?s0 :site ?k " + times(40, "MINUS { ?s~ :site ?k . ?s@ :jump ?x@ ", " ") + strings.Repeat("}", 40) + " }",
	"values by values":  "SELECT (COUNT(*) AS ?n) { " + times(8, "VALUES ?v@ { "+times(100, "@", " ")+" }", " ") + " }",
	"long in":           "SELECT * { ?s ?p ?o . ?t ?q ?u FILTER(?o IN (" + times(100_000, "@", ",") + ")) }",
	"long not in":       "SELECT * { ?s :next ?o . ?t :site ?u FILTER(STR(?o) NOT IN (" + times(20_000, `"@"`, ",") + ")) }",
	"many alternatives": "SELECT * { ?s :site ?k . ?t :site ?k FILTER(" + times(5_000, `?s = :none@`, " || ") + ") }",
	"regex":             `SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?t :site ?k FILTER(REGEX(STR(?o), "^(([a-z0-9 :/.#])*)*([a-z]+)*\\.$")) }`,
	"large regex":       `SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?t :site ?k FILTER(REGEX(STR(?o), CONCAT("` + strings.Repeat("(a?b?){500}", 500) + `", STR(?s), STR(?t)))) }`,
	"regex of a text":   `SELECT (COUNT(*) AS ?n) { VALUES ?a { "aaaaaaaaaaaaaaaa" } ` + doubled(17) + ` FILTER(REGEX(?v17, "(a?){900}(a|b|c)*d$")) }`,
	"replace of a text": `SELECT (COUNT(*) AS ?n) { VALUES ?a { "aaaaaaaaaaaaaaaa" } ` + doubled(17) + ` BIND(REPLACE(?v17, "((a?){900}(a|b|c)*)d", "$1$1$1") AS ?x) FILTER(BOUND(?x)) }`,
	"replace":           `SELECT * { ?s :name ?o ` + replaced(40) + ` }`,
	"doubling":          `SELECT * { ?s :name ?a ` + doubled(40) + ` }`,
	"group concat":      `SELECT (GROUP_CONCAT(?n; separator=", ") AS ?x) { ?s :name ?n . ?t :site ?k }`,
	"group concats":     `SELECT ?s (GROUP_CONCAT(?n; separator=", ") AS ?x) { ?s :site ?k . ?t :site ?k . ?t :name ?n } GROUP BY ?s`,
	"star of a star":    `SELECT * { ?a (((:next)*)*)* ?b . ?b ((:jump*)+)* ?c }`,
	"back and forth":    `SELECT (COUNT(*) AS ?n) { ?a (:next|^:next)* ?b . ?b (:jump|^:jump)* ?c }`,
	"long path":         `SELECT (COUNT(*) AS ?n) { ?a ` + strings.Repeat("(:next|:jump)/", 60) + `:site ?c }`,
	"optional path":     `SELECT (COUNT(*) AS ?n) { ?a ` + strings.Repeat("((:next|:jump)?)/", 40) + `:site ?c }`,
	"negated path":      `SELECT (COUNT(*) AS ?n) { ?a !(:none|^:none)* ?b . ?c !(:none)+ ?b }`,
	"order":             `SELECT * { ?s ?p ?o . ?t ?q ?u } ORDER BY CONCAT(STR(?s), STR(?u)) ?o`,
	"distinct":          `SELECT DISTINCT ?s ?o ?t ?u { ?s ?p ?o . ?t ?q ?u }`,
	"deep expression":   `SELECT * { ?s :site ?k . ?t :site ?k FILTER(` + strings.Repeat("!(", 200) + "?k = 7" + strings.Repeat(")", 200) + `) }`,
	"long sum":          `SELECT * { ?s :site ?k . ?t :site ?k FILTER(?k` + strings.Repeat(" + ?k", 3000) + ` > 1000000) }`,
	"services":          "SELECT * { ?s :site ?k " + times(60, "SERVICE SILENT <http://127.0.0.1:1/sparql> { ?s :next ?t@ ", " ") + strings.Repeat("}", 60) + " }",
	"service each":      "SELECT * { ?s :next ?g . ?t :site ?k SERVICE SILENT ?g { ?s :next ?t } }",
	"power":             `SELECT * { ?s :site ?k ` + squared(40) + ` }`,
}

// doubled binds texts of which each is twice as long as the one before.
func doubled(n int) string {
	return "BIND(?a AS ?v0) " + times(n, "BIND(CONCAT(?v@, ?v@) AS ?v~)", " ")
}

func replaced(n int) string {
	return "BIND(?o AS ?v0) " + times(n, `BIND(REPLACE(?v@, "[0-9a-z]", "$0$0$0$0") AS ?v~)`, " ")
}

func squared(n int) string {
	return "BIND(?k + 10 AS ?v0) " + times(n, `BIND(?v@ * ?v@ AS ?v~)`, " ")
}

// Goal: no shape of query plans slowly, outlives its cancellation, keeps more
// than its memory or fails without saying by which limit. Method: such shapes
// over a graph, cancelled after a while, under a limit of memory while the heap
// is watched.
func TestHostile(t *testing.T) {
	const (
		things     = 3_000
		limit      = 16 << 20
		allowHeap  = 3*limit + 64<<20
		allowPlan  = 2 * time.Second        // some milliseconds on a machine that does nothing else
		allowAfter = 400 * time.Millisecond // the aim is 50
		runs       = 300 * time.Millisecond
	)
	var data []rdf.Quad
	node := func(i int) rdf.Term { return rdf.IRI(fmt.Sprint(genNS, "node/", i%things)) }
	for i := range things {
		data = append(data,
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "next"), O: node(i + 1)},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "jump"), O: node(i*i + 7)},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "jump"), O: node(i*31 + 3)},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "name"), O: rdf.String(fmt.Sprintf("%x is the name", i*2654435761%1000003))},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "site"), O: rdf.Literal(fmt.Sprint(i%3), rdf.XSDInteger)})
	}
	snap, err := load(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close() //nolint:errcheck // in memory
	spill, _ := newSpill(t, 256<<20)
	for name, text := range hostileShapes {
		q, err := translate("PREFIX : <"+genNS+"> "+text, "")
		if err != nil {
			t.Errorf("%s: %.300v", name, err)
			continue
		}
		began := time.Now()
		opt := exec.Options{Now: testTime, MaxMemoryBytes: limit, Spill: spill, Delegate: ref.NewDelegate(q, snap, ref.Options{Now: testTime, MaxMemoryBytes: limit})}
		opt.Service = func(_ context.Context, endpoint rdf.Term, _ string) (*results.Result, error) {
			return nil, &results.ServiceError{Endpoint: endpoint, Err: syscall.ECONNREFUSED}
		}
		if _, err := exec.Plan(t.Context(), q, snap, opt); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		planned := time.Since(began)
		watch := watchHeap()
		ctx, cancel := context.WithCancel(t.Context())
		var at time.Time
		timer := time.AfterFunc(runs, func() { at = time.Now(); cancel() })
		err = discard(ctx, func() (*results.Result, error) { return exec.Query(ctx, q, snap, opt) })
		ended := time.Now()
		after := time.Duration(0)
		if !timer.Stop() {
			<-ctx.Done()
			after = ended.Sub(at)
		}
		cancel()
		grown := watch()
		var reached *results.LimitError
		if err != nil && !errors.Is(err, context.Canceled) && !errors.As(err, &reached) {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%-18s planned in %6v, ended %8v after it was cancelled, %3d MiB: %.120v", name, planned.Round(100*time.Microsecond), after.Round(100*time.Microsecond), grown>>20, err)
		if planned > allowPlan || after > allowAfter || grown > allowHeap {
			t.Errorf("%s: planned in %v, ended %v after it was cancelled, %d MiB: %v", name, planned, after, grown>>20, err)
		}
	}
}

// discard reads an answer to its end.
func discard(ctx context.Context, query func() (*results.Result, error)) error {
	r, err := query()
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // what it read counts
	for err == nil {
		_, err = r.Rows.Next(ctx)
	}
	if err == io.EOF {
		return nil
	}
	return err
}
