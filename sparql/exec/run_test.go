package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/exec"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

// watched is a source that counts the rows that cursors deliver and the
// cursors that are open, and that fails on demand.
type watched struct {
	graph.Source
	rows, open int
	failAfter  int // rows; 0: never
}

var errStorage = errors.New("storage is gone")

func (w *watched) Scan(p graph.Pattern, o graph.Order) (graph.Cursor, error) {
	c, err := w.Source.Scan(p, o)
	w.open++
	return &watchedCursor{Cursor: c, w: w}, err
}

type watchedCursor struct {
	graph.Cursor
	w      *watched
	closed bool
}

func (c *watchedCursor) Next(ctx context.Context) (*graph.Chunk, error) {
	chunk, err := c.Cursor.Next(ctx)
	if chunk != nil {
		c.w.rows += chunk.Len()
	}
	if c.w.failAfter > 0 && c.w.rows > c.w.failAfter {
		return nil, errStorage
	}
	return chunk, err
}

func (c *watchedCursor) Close() error {
	if !c.closed {
		c.closed = true
		c.w.open--
	}
	return c.Cursor.Close()
}

// network is the source of benchData for so many devices.
func network(t *testing.T, devices int) graph.Source {
	t.Helper()
	snap, err := load(t.Context(), benchData(devices))
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func runQuery(t *testing.T, src graph.Source, text string, opt exec.Options) (*results.Result, error) {
	t.Helper()
	q, err := translate("PREFIX : <"+benchNS+">\n"+text, "")
	if err != nil {
		t.Fatal(err)
	}
	opt.Now = testTime
	return exec.Query(t.Context(), q, src, opt)
}

// everything is a query of each kind of operator that keeps rows.
var everything = map[string]string{
	"hash":     `SELECT * { ?i :octets ?o { SELECT ?i (COUNT(*) AS ?n) { ?i ?p ?x } GROUP BY ?i } }`,
	"distinct": `SELECT DISTINCT ?o ?i { ?i :octets ?o }`,
	"group":    `SELECT ?i (COUNT(*) AS ?n) { ?i ?p ?o } GROUP BY ?i`,
	"concat":   `SELECT (GROUP_CONCAT(STR(?i)) AS ?all) { ?i :octets ?o }`,
	"order":    `SELECT ?i { ?i :octets ?o } ORDER BY STR(?i)`,
	"minus":    `SELECT ?i { ?i :octets ?o MINUS { ?i :speed ?o } }`,
	"optional": `SELECT * { ?i :octets ?o OPTIONAL { SELECT ?o { ?k :octets ?o } } }`,
	"path":     `SELECT (COUNT(*) AS ?n) { ?a :adjacentTo* ?b }`,
	"terms":    `SELECT (COUNT(*) AS ?n) { ?i :octets ?o BIND(CONCAT("a long text before ", STR(?i)) AS ?x) }`,
	"exists":   `SELECT ?i { ?i :octets ?o FILTER EXISTS { ?j :octets ?o FILTER(?j != ?i) } }`,
	"make":     `CONSTRUCT { ?i :is ?o } { ?i :octets ?o }`,
}

func readAll(t *testing.T, r *results.Result, err error) (sparqltest.Answer, error) {
	t.Helper()
	if err != nil {
		return sparqltest.Answer{}, err
	}
	return sparqltest.ReadAnswer(t.Context(), r)
}

// Goal: what a query keeps has a limit, and exceeding it is an error that says
// so. Method: queries of every operator that keeps rows under a small limit.
func TestMemoryLimit(t *testing.T) {
	src := &watched{Source: network(t, 200)}
	for name, text := range everything {
		r, err := runQuery(t, src, text, exec.Options{MaxMemoryBytes: 20_000})
		_, err = readAll(t, r, err)
		var limit *results.LimitError
		if !errors.As(err, &limit) || limit.Limit != "memory" {
			t.Errorf("%s: want a memory limit error, got %v", name, err)
		}
		r, err = runQuery(t, src, text, exec.Options{})
		if _, err = readAll(t, r, err); err != nil {
			t.Errorf("%s: without a limit: %v", name, err)
		}
	}
	if src.open != 0 {
		t.Errorf("%d cursors are still open", src.open)
	}
}

// Goal: a failure of storage ends a query with that error, whatever runs, and
// leaves no cursor open. Method: a source that fails after some rows.
func TestStorageError(t *testing.T) {
	all := network(t, 200)
	for name, text := range everything {
		for _, after := range []int{1, 100, 1500} {
			src := &watched{Source: all, failAfter: after}
			r, err := runQuery(t, src, text, exec.Options{ChunkRows: 64})
			if _, err = readAll(t, r, err); !errors.Is(err, errStorage) {
				t.Errorf("%s after %d rows: want the storage's error, got %v", name, after, err)
			}
			if src.open != 0 {
				t.Errorf("%s after %d rows: %d cursors are still open", name, after, src.open)
			}
		}
	}
}

// Goal: the end of the context ends a query with its cause. Method: a context
// cancelled before the query, and one cancelled between rows.
func TestCancel(t *testing.T) {
	src := &watched{Source: network(t, 200)}
	cause := errors.New("the client went away")
	for name, text := range everything {
		q, err := translate("PREFIX : <"+benchNS+">\n"+text, "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if _, err := exec.Query(ctx, q, src, exec.Options{}); !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: want the cause, got %v", name, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	q, err := translate("PREFIX : <"+benchNS+">\nSELECT * { ?i :octets ?o }", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := exec.Query(ctx, q, src, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Rows.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cancel(cause)
	if _, err := r.Rows.Next(ctx); !errors.Is(err, cause) {
		t.Errorf("between rows: want the cause, got %v", err)
	}
	if err := r.Close(); err != nil || src.open != 0 {
		t.Errorf("after Close: %v, %d cursors open", err, src.open)
	}
}

// Goal: a query that needs few rows reads few, and Close ends one that has
// more. Method: LIMIT, ASK and EXISTS over a store of 106,000 quads,
// counting the rows that cursors deliver.
func TestStreaming(t *testing.T) {
	const maxRead = 10_000
	all := network(t, 1000)
	for _, text := range []string{
		`SELECT ?i ?s ?o { ?i a :Interface ; :speed ?s ; :octets ?o } LIMIT 10`,
		`SELECT ?i { ?i a :Interface FILTER(STRLEN(STR(?i)) > 3) BIND(STR(?i) AS ?x) } LIMIT 10`,
		`SELECT ?i { { ?i :octets ?o } UNION { ?i :speed ?o } } LIMIT 10`,
		`SELECT DISTINCT ?i { ?i :octets ?o OPTIONAL { ?i :nothing ?x } } LIMIT 10`,
		`ASK { ?i :octets ?o . ?d :interface ?i }`,
		`SELECT ?d { :Device ^a ?d . FILTER EXISTS { ?d :interface ?i } } LIMIT 5`,
		`CONSTRUCT { ?i :is ?o } { ?i :octets ?o } LIMIT 10`,
	} {
		src := &watched{Source: all}
		r, err := runQuery(t, src, text, exec.Options{})
		if _, err = readAll(t, r, err); err != nil {
			t.Fatal(text, err)
		}
		if src.rows > maxRead {
			t.Errorf("%s: %d rows were read", text, src.rows)
		}
		if src.open != 0 {
			t.Errorf("%s: %d cursors are still open", text, src.open)
		}
	}
	src := &watched{Source: all}
	r, err := runQuery(t, src, `SELECT * { ?i :octets ?o }`, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil || src.open != 0 || src.rows > maxRead {
		t.Errorf("closed at once: %v, %d cursors open, %d rows read", err, src.open, src.rows)
	}
	if _, err := r.Rows.Next(t.Context()); err != io.EOF {
		t.Errorf("after Close: want EOF, got %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// Goal: the first rows of a sort are right when it drops what cannot be among
// them, ties and mixed values included. Method: top-k over 16,000 rows against
// the head of the whole sort.
func TestTopK(t *testing.T) {
	src := &watched{Source: network(t, 1000)}
	for _, order := range []string{"?o ?i", "DESC(?o) ?i", "DESC(?s) DESC(?i)", "STRLEN(STR(?i)) ?o ?i", "?st DESC(?o) ?i"} {
		text := `SELECT ?i ?o ?s ?st { ?i :octets ?o ; :speed ?s ; :status ?st } ORDER BY ` + order
		r, err := runQuery(t, src, text, exec.Options{})
		all, err := readAll(t, r, err)
		if err != nil {
			t.Fatal(err)
		}
		for _, cut := range []string{" LIMIT 7", " LIMIT 5 OFFSET 3", " LIMIT 0", " OFFSET 15990", " LIMIT 20 OFFSET 15990"} {
			var limit, offset int = -1, 0
			fmt.Sscanf(cut, " LIMIT %d OFFSET %d", &limit, &offset) //nolint:errcheck // parts may be missing
			fmt.Sscanf(cut, " OFFSET %d", &offset)                  //nolint:errcheck // parts may be missing
			want := all
			want.Rows = all.Rows[offset:]
			if limit >= 0 {
				want.Rows = want.Rows[:min(limit, len(want.Rows))]
			}
			want.Ordered = true
			r, err := runQuery(t, src, text+cut, exec.Options{})
			got, err := readAll(t, r, err)
			if err != nil {
				t.Fatal(err)
			}
			if d := sparqltest.CompareAnswers(want, got, false); d != "" {
				t.Errorf("%s%s: %s", order, cut, d)
			}
		}
	}
}

// Goal: a sort of few leaves out nothing that is among the first, whatever the
// kind of values, and does so before joins. Method: values of several kinds with
// ties, under costs that are perturbed; the first rows of the whole order.
func TestBar(t *testing.T) {
	property := func(name string) rdf.Term { return rdf.IRI(benchNS + name) }
	r := rand.New(rand.NewPCG(3, 4))
	var data []rdf.Quad
	for i := range 6000 {
		item := rdf.IRI(fmt.Sprintf("https://noc.example/id/item/%d", i))
		add := func(p string, o rdf.Term) { data = append(data, rdf.Quad{S: item, P: property(p), O: o}) }
		n := r.IntN(4000)
		when := rdf.Literal(time.Unix(int64(n)*3600, 0).UTC().Format("2006-01-02T15:04:05Z"), rdf.XSDDateTime)
		add("when", when)
		add("number", rdf.Literal(fmt.Sprint(n-2000), rdf.XSDInteger))
		add("mixed", []rdf.Term{when, rdf.Literal(fmt.Sprint(n), rdf.XSDInteger), rdf.String(fmt.Sprint("text ", n)), rdf.Literal(fmt.Sprintf("%d.5", n), rdf.XSDDecimal)}[i%4*(i%7/6)])
		add("name", rdf.String(fmt.Sprint("item ", i)))
		if i%50 == 0 {
			add("rare", rdf.String("yes"))
		}
	}
	src, err := load(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	barred := 0
	for _, pattern := range []string{`?i :%s ?v ; :name ?n`, `?i :%s ?v ; :name ?n ; :rare ?r`, `?i :%s ?v ; :name ?n ; :number ?k FILTER(?k > 0)`} {
		for _, order := range []string{"?v ?i", "DESC(?v) ?i", "DESC(?v) DESC(?i)"} {
			for _, kind := range []string{"when", "number", "mixed"} {
				text := "SELECT ?i ?v ?n { " + fmt.Sprintf(pattern, kind) + " } ORDER BY " + order
				r, err := runQuery(t, src, text, exec.Options{})
				want, err := readAll(t, r, err)
				if err != nil {
					t.Fatal(err)
				}
				want.Ordered = true
				want.Rows = want.Rows[:min(15, len(want.Rows))]
				for seed := range uint64(6) {
					opt := exec.Options{Explain: func(p *plan.Plan) { barred += strings.Count(p.String(), "bar ?v") }}
					if seed > 0 {
						opt.Perturb = rand.New(rand.NewPCG(seed, 0))
					}
					r, err := runQuery(t, src, text+" LIMIT 15", opt)
					got, err := readAll(t, r, err)
					if err != nil {
						t.Fatal(err)
					}
					if d := sparqltest.CompareAnswers(want, got, false); d != "" {
						t.Errorf("%s, seed %d: %s", text, seed, d)
					}
				}
			}
		}
	}
	if barred == 0 {
		t.Error("no plan had a bar")
	}
}

// Goal: EXPLAIN tells what each operator has delivered. Method: a small query
// whose numbers are known.
func TestExplain(t *testing.T) {
	src := &watched{Source: network(t, 20)}
	var text string
	opt := exec.Options{Explain: func(p *plan.Plan) { text = p.String() }}
	r, err := runQuery(t, src, `SELECT ?d ?i { ?d :name "router-7" ; :interface ?i }`, opt)
	if a, err := readAll(t, r, err); err != nil || len(a.Rows) != 16 {
		t.Fatal(len(a.Rows), err)
	}
	if strings.Count(text, "seen=16") != 2 || strings.Count(text, "seen=1\n") != 1 {
		t.Errorf("plan:\n%s", text)
	}
}

// Goal: computed terms join with stored ones, and equal computed terms are one
// (invariant 1). Method: terms computed in forms that are inlined, stored, and
// neither.
func TestComputedTerms(t *testing.T) {
	data := []rdf.Quad{
		{S: rdf.IRI("urn:a"), P: rdf.IRI("urn:p"), O: rdf.Literal("3", rdf.XSDInteger)},
		{S: rdf.IRI("urn:b"), P: rdf.IRI("urn:p"), O: rdf.String("a text that is long")},
		{S: rdf.IRI("urn:c"), P: rdf.IRI("urn:p"), O: rdf.Literal("03", rdf.XSDInteger)},
	}
	snap, err := load(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		`SELECT * { BIND(1 + 2 AS ?o) ?s <urn:p> ?o }`:                                       1,
		`SELECT * { BIND(CONCAT("a text ", "that is long") AS ?o) { ?s <urn:p> ?o } }`:       1,
		`SELECT * { BIND(CONCAT("a text ", "that is not there") AS ?o) { ?s <urn:p> ?o } }`:  0,
		`SELECT DISTINCT ?x { ?s <urn:p> ?o BIND(CONCAT("the same ", "every time") AS ?x) }`: 1,
		`SELECT * { ?s <urn:p> ?o BIND(IRI(CONCAT("urn:", "a")) AS ?s2) FILTER(?s = ?s2) }`:  1,
		`SELECT * { VALUES ?o { "nowhere stored at all" 3 } ?s <urn:p> ?o }`:                 1,
		`SELECT ?x { { BIND(STR(<urn:made>) AS ?x) } { VALUES ?x { "urn:made" "other" } } }`: 1,
	} {
		r, err := runQuery(t, snap, text, exec.Options{})
		a, err := readAll(t, r, err)
		if err != nil || len(a.Rows) != want {
			t.Errorf("%s: %d rows, want %d (%v)", text, len(a.Rows), want, err)
		}
	}
}

// FuzzOracle looks for generated queries on which exec and ref differ.
func FuzzOracle(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		query, data := sparqltest.Generate(seed)
		if difference, _ := compare(t.Context(), query, data); difference != "" {
			report(t, seed, query, data, difference)
		}
	})
}
