package ref_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

const testBase = "http://ex/"

// Goal: each operator means what §18 says, in the corners that the W3C suites
// leave out. Method: files of cases, each with its data (TriG) and the rows or
// quads worked out by hand. Rows are sorted unless the command is "ordered";
// IRIs under the base are written short, blank nodes as "_".
func TestOperators(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			var data []rdf.Quad
			syntaxtest.RunFile(t, file, func(t *testing.T, c syntaxtest.Case) string {
				switch c.Command {
				case "data":
					var err error
					data, err = rdf.ReadAll(strings.NewReader("@prefix : <"+testBase+"> .\n"+c.Input), rdf.TriG, rdf.ReaderOptions{Base: testBase})
					if err != nil {
						t.Fatal(err)
					}
					return fmt.Sprintf("%d quads", len(data))
				case "query", "ordered":
					return runQuery(t, data, c)
				case "update":
					return runUpdate(t, data, c)
				}
				t.Fatalf("%s:%d: unknown command %s", file, c.Line, c.Command)
				return ""
			})
		})
	}
}

func prologue(text string) string { return "PREFIX : <" + testBase + ">\n" + text }

func runQuery(t *testing.T, data []rdf.Quad, c syntaxtest.Case) string {
	result, err := engine{}.Query(t.Context(), data, prologue(c.Input), testBase)
	if err != nil {
		return "error: " + err.Error()
	}
	a, err := sparqltest.ReadAnswer(t.Context(), result)
	if err != nil {
		return "error: " + err.Error()
	}
	if a.Kind == results.Boolean {
		return fmt.Sprint(a.Boolean)
	}
	lines := quadLines(a.Graph)
	for _, row := range a.Rows {
		lines = append(lines, shown(row...))
	}
	if c.Command != "ordered" {
		slices.Sort(lines)
	}
	if len(lines) == 0 {
		return "none"
	}
	return strings.Join(lines, "\n")
}

func runUpdate(t *testing.T, data []rdf.Quad, c syntaxtest.Case) string {
	after, err := engine{}.Update(t.Context(), data, prologue(c.Input), testBase)
	if err != nil {
		return "error: " + err.Error()
	}
	lines := quadLines(after)
	slices.Sort(lines)
	if len(lines) == 0 {
		return "none"
	}
	return strings.Join(lines, "\n")
}

func quadLines(quads []rdf.Quad) (lines []string) {
	for _, q := range quads {
		terms := []rdf.Term{q.S, q.P, q.O}
		if !q.G.IsZero() {
			terms = append(terms, q.G)
		}
		lines = append(lines, shown(terms...))
	}
	return lines
}

func shown(row ...rdf.Term) string {
	var out []string
	for _, t := range row {
		switch {
		case t.IsZero():
			out = append(out, "-")
		case t.IsBNode():
			out = append(out, "_")
		case t.IsIRI():
			out = append(out, ":"+strings.TrimPrefix(t.Value(), testBase))
		case t.Datatype() == rdf.XSDString || t.Lang() != "":
			out = append(out, string(rdf.AppendTerm(nil, t)))
		default:
			out = append(out, t.Value())
		}
	}
	return strings.Join(out, " ")
}

func translate(t testing.TB, query string) *algebra.Query {
	t.Helper()
	parsed, err := syntax.ParseQuery(prologue(query), syntax.Options{Base: testBase})
	if err != nil {
		t.Fatal(err)
	}
	q, err := algebra.Translate(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func translateUpdate(t testing.TB, update string) *algebra.Update {
	t.Helper()
	parsed, err := syntax.ParseUpdate(prologue(update), syntax.Options{Base: testBase})
	if err != nil {
		t.Fatal(err)
	}
	u, err := algebra.TranslateUpdate(parsed)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// chain returns n nodes in a row: :n0 :p :n1 …
func chain(n int) (quads []rdf.Quad) {
	node := func(i int) rdf.Term { return rdf.IRI(fmt.Sprint(testBase, "n", i)) }
	for i := range n {
		quads = append(quads, rdf.Quad{S: node(i), P: rdf.IRI(testBase + "p"), O: node(i + 1)})
	}
	return quads
}

func snapshot(t testing.TB, quads []rdf.Quad) graph.Snapshot {
	t.Helper()
	store, err := newStore(t.Context(), quads)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snap.Close() }) //nolint:errcheck // a test's own store
	return snap
}

// Goal: limits end a query with their own error, after the right rows.
// Method: a result of 100 rows under a limit of 10; a product of 10⁹ rows
// under a memory limit.
func TestLimits(t *testing.T) {
	snap := snapshot(t, chain(100))
	for _, form := range []string{"SELECT * { ?s :p ?o }", "CONSTRUCT { ?s :q ?o } WHERE { ?s :p ?o }"} {
		r, err := ref.Query(t.Context(), translate(t, form), snap, ref.Options{MaxRows: 10})
		if err != nil {
			t.Fatal(err)
		}
		a, err := sparqltest.ReadAnswer(t.Context(), r)
		var limit *results.LimitError
		if !errors.As(err, &limit) || limit.Limit != "rows" {
			t.Errorf("%s: error %v", form, err)
		}
		if n := len(a.Rows) + len(a.Graph); r.Kind == results.Bindings && n != 10 {
			t.Errorf("%s: %d rows before the error, want 10", form, n)
		}
	}
	product := "SELECT * { ?a :p ?b . ?c :p ?d . ?e :p ?f . ?g :p ?h . ?i :p ?j }"
	_, err := ref.Query(t.Context(), translate(t, product), snap, ref.Options{MaxMemoryBytes: 10 << 20})
	var limit *results.LimitError
	if !errors.As(err, &limit) || limit.Limit != "memory" {
		t.Errorf("product: error %v", err)
	}
}

// Goal: every operator's loop sees that its context ended.
// Method: queries that would run for hours, each under a context that soon
// ends with a cause of its own, which must come out.
func TestCancellation(t *testing.T) {
	snap := snapshot(t, chain(400))
	stop := errors.New("stop")
	for _, query := range []string{
		"SELECT * { ?a :p ?b . ?c :p ?d . ?e :p ?f . ?g :p ?h }",
		"SELECT * { { ?a :p ?b } { ?c :p ?d } { ?e :p ?f } { ?g :p ?h } }",
		"SELECT * { ?a :p* ?b . ?c :p* ?d . ?e :p* ?f }",
		"SELECT * { ?a :p ?b OPTIONAL { ?c :p ?d . ?e :p ?f . ?h :p ?i FILTER(?d = ?b) } }",
		"SELECT * { ?a :p ?b FILTER NOT EXISTS { ?c :p ?d . ?e :p ?f . ?g :p ?h FILTER(?d = ?a && ?d != ?a) } }",
		"SELECT (COUNT(*) AS ?n) { ?a :p ?b . ?c :p ?d . ?e :p ?f . ?g :p ?h }",
		"SELECT * { ?a :p ?b MINUS { ?c :p ?d . ?e :p ?f . ?g :p ?h } }",
	} {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, stop)
		_, err := ref.Query(ctx, translate(t, query), snap, ref.Options{MaxMemoryBytes: 1 << 40})
		if !errors.Is(err, stop) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v", query, err)
		}
		cancel()
	}
}

// Goal: options choose the dataset as the protocol asks, before the query.
// Method: the same query under default, union and given graphs.
func TestDatasetOptions(t *testing.T) {
	data, err := rdf.ReadAll(strings.NewReader(`@prefix : <http://ex/> . :a :p 1 . :g { :a :p 1, 2 } :h { :a :p 3 }`), rdf.TriG, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap := snapshot(t, data)
	g, h := rdf.IRI("http://ex/g"), rdf.IRI("http://ex/h")
	for name, c := range map[string]struct {
		opt   ref.Options
		query string
		want  string
	}{
		"store":       {ref.Options{}, "SELECT ?o { ?s ?p ?o }", "1"},
		"union":       {ref.Options{UnionDefault: true}, "SELECT ?o { ?s ?p ?o }", "1 2 3"},
		"union named": {ref.Options{UnionDefault: true}, "SELECT ?o { GRAPH :h { ?s ?p ?o } }", "3"},
		"merge":       {ref.Options{DefaultGraphs: []rdf.Term{g, h, g}}, "SELECT ?o { ?s ?p ?o }", "1 2 3"},
		"override":    {ref.Options{DefaultGraphs: []rdf.Term{h}}, "SELECT ?o FROM :g { ?s ?p ?o }", "3"},
		"named only":  {ref.Options{NamedGraphs: []rdf.Term{h}}, "SELECT ?o { { ?s ?p ?o } UNION { GRAPH ?x { ?s ?p ?o } } }", "3"},
		"from union":  {ref.Options{UnionDefault: true}, "SELECT ?o FROM :h { ?s ?p ?o }", "3"},
	} {
		r, err := ref.Query(t.Context(), translate(t, c.query), snap, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := results.Collect(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range rows {
			got = append(got, row[0].Value())
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}

// Goal: SERVICE joins what the endpoint answers, asks each endpoint of a
// variable once, keeps blank nodes apart, and fails or not by SILENT.
// Method: an endpoint by hand.
func TestService(t *testing.T) {
	data, err := rdf.ReadAll(strings.NewReader(`@prefix : <http://ex/> . :a :at :one . :b :at :one . :c :at :two .`), rdf.TriG, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	opt := ref.Options{Service: func(_ context.Context, endpoint rdf.Term, s *algebra.Service) (*results.Result, error) {
		asked[endpoint.Value()]++
		if endpoint.Value() == testBase+"two" {
			return nil, errors.New("connection refused")
		}
		return results.NewBindings([]string{"x", "other"}, [][]rdf.Term{{rdf.IRI(testBase + "a"), rdf.BNode("n")}, {rdf.Term{}, rdf.BNode("n")}}), nil
	}}
	for query, want := range map[string]string{
		"SELECT ?x ?y { ?x :at :one SERVICE :one { ?x :q ?y } }":                      ":a -|:a -|:b -",
		"SELECT ?x { ?x :at ?e SERVICE SILENT ?e { ?x :q ?y } }":                      ":a|:a|:b|:c",
		"SELECT ?x { ?x :at ?e SERVICE ?e { ?x :q ?y } }":                             "error: query: service: <http://ex/two>: connection refused",
		"SELECT ?x { SERVICE ?e { ?x :q ?y } }":                                       "error: query: service: : endpoint: expected an IRI",
		"SELECT (COUNT(*) AS ?n) { SERVICE SILENT ?e { ?x :q ?y } }":                  "1",
		"SELECT (COUNT(DISTINCT ?y) AS ?n) { SERVICE :one { ?x :q ?y } ?x :at :one }": "0",
	} {
		got := ""
		r, err := ref.Query(t.Context(), translate(t, query), snapshot(t, data), opt)
		if err != nil {
			got = "error: " + err.Error()
		} else {
			rows, err := results.Collect(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, row := range rows {
				lines = append(lines, shown(row...))
			}
			slices.Sort(lines)
			got = strings.Join(lines, "|")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	if asked[testBase+"one"] != 4 {
		t.Errorf("endpoint one was asked %d times", asked[testBase+"one"])
	}
	_, err = ref.Query(t.Context(), translate(t, "SELECT * { SERVICE :one { ?x :q ?y } }"), snapshot(t, data), ref.Options{})
	if !errors.Is(err, ref.ErrNoService) {
		t.Errorf("without a way to other endpoints: %v", err)
	}
}

// Goal: a request is one commit, computed again when another came between.
// Method: a store in which a rival commits before each of our first tries;
// the count that the update writes must include the rivals' quads.
func TestUpdateConflict(t *testing.T) {
	for _, c := range []struct {
		rivals int
		fail   bool
	}{{3, false}, {1000, true}} {
		store := &rivalStore{Store: mem.New(mem.Options{}), left: c.rivals}
		u := translateUpdate(t, "INSERT DATA { :x :p 0 } ; INSERT { :x :count ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?s :p ?o } }")
		commit, err := ref.Update(t.Context(), u, store, options())
		if c.fail {
			if !errors.Is(err, graph.ErrConflict) {
				t.Errorf("%d rivals: error %v", c.rivals, err)
			}
			continue
		}
		if err != nil || commit.Adds != 2 || commit.Seq != graph.CommitSeq(c.rivals+1) {
			t.Errorf("%d rivals: commit %+v, error %v", c.rivals, commit, err)
		}
		quads, err := allQuads(t.Context(), store.Store)
		if err != nil || !slices.Contains(quadLines(quads), ":x :count 4") {
			t.Errorf("%d rivals: %v, %v", c.rivals, quadLines(quads), err)
		}
	}
}

// rivalStore lets another writer in before a commit.
type rivalStore struct {
	graph.Store
	left int
}

func (s *rivalStore) Commit(ctx context.Context, b *graph.Batch) (graph.Commit, error) {
	if s.left > 0 {
		s.left--
		rival := rdf.Quad{S: rdf.IRI(testBase + "rival"), P: rdf.IRI(testBase + "p"), O: rdf.Literal(fmt.Sprint(s.left), rdf.XSDInteger)}
		if _, err := s.Store.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{rival}}); err != nil {
			return graph.Commit{}, err
		}
	}
	return s.Store.Commit(ctx, b)
}

// Goal: LOAD takes all of a document or nothing, with its own blank nodes,
// and SILENT forgives a document that fails but not a cancelled request.
// Method: a loader by hand that can fail in the middle.
func TestLoad(t *testing.T) {
	triple := rdf.Triple{S: rdf.BNode("x"), P: rdf.IRI(testBase + "p"), O: rdf.BNode("x")}
	opt := options()
	opt.Load = func(_ context.Context, source rdf.Term, yield func(rdf.Triple) error) error {
		if err := yield(triple); err != nil {
			return err
		}
		if strings.HasSuffix(source.Value(), "broken") {
			return errors.New("line 2: syntax")
		}
		return nil
	}
	for update, want := range map[string]string{
		"LOAD <doc>":                                          "_ :p _",
		"LOAD <doc> INTO GRAPH :g":                            "_ :p _ :g",
		"LOAD <doc> ; LOAD <doc>":                             "_ :p _|_ :p _",
		"LOAD <broken>":                                       "error: update: operation 1: load <http://ex/broken>: line 2: syntax",
		"LOAD SILENT <broken> ; LOAD <doc>":                   "_ :p _",
		"LOAD <doc> ; LOAD <broken>":                          "error: update: operation 2: load <http://ex/broken>: line 2: syntax",
		"LOAD <doc> ; DELETE { ?x ?p ?x } WHERE { ?x ?p ?x }": "",
	} {
		store := mem.New(mem.Options{})
		got := ""
		if _, err := ref.Update(t.Context(), translateUpdate(t, update), store, opt); err != nil {
			got = "error: " + err.Error()
		}
		quads, err := allQuads(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		if got == "" {
			got = strings.Join(quadLines(quads), "|")
		} else if len(quads) > 0 {
			t.Errorf("%s: left %v", update, quadLines(quads))
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", update, got, want)
		}
	}
	_, err := ref.Update(t.Context(), translateUpdate(t, "LOAD <doc>"), mem.New(mem.Options{}), options())
	if !errors.Is(err, ref.ErrNoLoader) {
		t.Errorf("without a loader: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ref.Update(ctx, translateUpdate(t, "LOAD SILENT <doc>"), mem.New(mem.Options{}), opt); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
