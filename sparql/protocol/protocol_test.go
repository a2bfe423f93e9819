package protocol

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	krdf "github.com/knakk/rdf"
	ksparql "github.com/knakk/sparql"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

const base = "http://twin.test/"

// endpoint is a handler over an in-memory store on a real socket.
type endpoint struct {
	t     *testing.T
	store graph.Store
	*Handler
	url string
}

func newEndpoint(t *testing.T, opt Options) *endpoint {
	store := mem.New(mem.Options{Base: base})
	opt.Store, opt.Base, opt.Derived, opt.Log = store, base, base+"graph/derived", slog.New(slog.DiscardHandler)
	h := New(opt)
	mux := http.NewServeMux()
	mux.HandleFunc("/sparql", h.Query)
	mux.HandleFunc("/update", h.Update)
	mux.HandleFunc("/data", h.Data)
	mux.HandleFunc("/data/", h.Data)
	server := httptest.NewServer(mux)
	t.Cleanup(func() { server.Close(); store.Close() })
	return &endpoint{t, store, h, server.URL}
}

// do sends a request and returns status and body.
func (e *endpoint) do(method, path, contentType, body string, header ...string) (int, string, http.Header) {
	e.t.Helper()
	req, err := http.NewRequest(method, e.url+path, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func (e *endpoint) quads() uint64 { return e.store.Info().Quads }

const sample = `@prefix : <http://x/> . :a :p 1 ; :q "eins"@de . :b :p 2 .
<http://twin.test/graph/derived> { :a :needs :care }`

// TestRealClient asks by knakk/sparql, a client that nobody of this project
// wrote: SELECT, CONSTRUCT and UPDATE.
func TestRealClient(t *testing.T) {
	e := newEndpoint(t, Options{})
	query, err := ksparql.NewRepo(e.url+"/sparql", ksparql.Timeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	update, err := ksparql.NewRepo(e.url + "/update")
	if err != nil {
		t.Fatal(err)
	}
	if err := update.Update(`INSERT DATA { <http://x/a> <http://x/p> 1, "eins"@de ; <http://x/q> <http://x/b> }`); err != nil {
		t.Fatal(err)
	}
	res, err := query.Query(`SELECT ?o WHERE { <http://x/a> <http://x/p> ?o } ORDER BY ?o`)
	if err != nil {
		t.Fatal(err)
	}
	rows := res.Solutions()
	if len(rows) != 2 || rows[0]["o"].String() != "eins" && rows[1]["o"].String() != "eins" {
		t.Errorf("the client reads %v, want 1 and eins", rows)
	}
	triples, err := query.Construct(`CONSTRUCT { ?s <http://x/r> ?o } WHERE { ?s <http://x/q> ?o }`)
	if err != nil {
		t.Fatal(err)
	}
	if len(triples) != 1 || triples[0].Obj.Type() != krdf.TermIRI || triples[0].Obj.String() != "http://x/b" {
		t.Errorf("the client constructs %v", triples)
	}
}

// TestQueryRequests sends each form of a query and reads each format.
func TestQueryRequests(t *testing.T) {
	e := newEndpoint(t, Options{})
	if status, text, _ := e.do("PUT", "/data", "application/trig", sample); status != 204 {
		t.Fatalf("load: %d %s", status, text)
	}
	const q = `SELECT ?o WHERE { <http://x/a> <http://x/p> ?o }`
	get := "/sparql?query=" + url.QueryEscape(q)
	const wantJSON = `"value":"1"`
	for _, c := range []struct {
		name, method, path, contentType, body, accept, want string
		status                                              int
	}{
		{"get", "GET", get, "", "", "", wantJSON, 200},
		{"form", "POST", "/sparql", "application/x-www-form-urlencoded", url.Values{"query": {q}}.Encode(), "", wantJSON, 200},
		{"text", "POST", "/sparql", "application/sparql-query", q, "", wantJSON, 200},
		{"xml", "GET", get, "", "", "application/sparql-results+xml", ">1</literal>", 200},
		{"csv", "GET", get, "", "", "text/csv", "o\r\n1\r\n", 200},
		{"tsv", "GET", get, "", "", "text/tab-separated-values", "?o\n1\n", 200},
		{"format=", "GET", get + "&format=csv", "", "", "application/json", "o\r\n1\r\n", 200},
		{"construct", "GET", "/sparql?query=" + url.QueryEscape("CONSTRUCT WHERE { <http://x/b> ?p ?o }"), "", "", "application/n-triples", "<http://x/b> <http://x/p> \"2\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n", 200},
		{"ask", "GET", "/sparql?query=ASK%7B%7D", "", "", "", "true", 200},
		{"union", "GET", "/sparql?union=true&query=" + url.QueryEscape("ASK { <http://x/a> <http://x/needs> ?o }"), "", "", "", "true", 200},
		{"no union", "GET", "/sparql?query=" + url.QueryEscape("ASK { <http://x/a> <http://x/needs> ?o }"), "", "", "", "false", 200},
		{"reasoning off", "GET", "/sparql?reasoning=off&query=" + url.QueryEscape("ASK { GRAPH ?g { ?s ?p ?o } }"), "", "", "", "false", 200},
		{"default-graph-uri", "GET", "/sparql?default-graph-uri=http://twin.test/graph/derived&query=" + url.QueryEscape("ASK { <http://x/a> <http://x/needs> ?o }"), "", "", "", "true", 200},
		{"as of the empty store", "GET", "/sparql?asOf=99&query=ASK%7B%7D", "", "", "", "no such version", 404},
		{"as of nonsense", "GET", "/sparql?asOf=soon&query=ASK%7B%7D", "", "", "", `asOf="soon" is neither a commit number nor a dateTime`, 400},
		{"branch", "GET", "/sparql?branch=none&query=ASK%7B%7D", "", "", "", "no such branch", 404},
		{"no query", "GET", "/sparql", "", "", "", "a sd:Service", 200},
		{"no query posted", "POST", "/sparql", "application/x-www-form-urlencoded", "timeout=1s", "", "parameter query is missing", 400},
		{"update to the query endpoint", "GET", "/sparql?update=CLEAR+ALL", "", "", "", "parameter query is missing", 400},
		{"wrong method", "DELETE", get, "", "", "", "DELETE is not allowed", 405},
		{"rdf/xml", "GET", "/sparql?query=" + url.QueryEscape("CONSTRUCT WHERE { <http://x/b> ?p ?o }"), "", "", "application/rdf+xml", `<rdf:Description rdf:about="http://x/b">`, 200},
		{"json-ld", "GET", "/sparql?format=json&query=" + url.QueryEscape("CONSTRUCT WHERE { <http://x/b> ?p ?o }"), "", "", "", `{"@id":"http://x/b"`, 200},
		{"describe", "GET", "/sparql?query=" + url.QueryEscape("DESCRIBE <http://x/b>"), "", "", "text/turtle", "2", 200},
		{"two queries", "GET", get + "&query=ASK%7B%7D", "", "", "", "given more than once", 400},
		{"malformed", "GET", "/sparql?query=" + url.QueryEscape("SELECT ?s WHERE {\n ?s ?p }"), "", "", "", "2:8", 400},
		{"bad type", "POST", "/sparql", "text/plain", q, "", "send application/x-www-form-urlencoded or application/sparql-query", 415},
		{"not acceptable", "GET", get, "", "", "image/png", "no acceptable format", 406},
		{"bad timeout", "GET", get + "&timeout=never", "", "", "", `timeout="never" is no duration`, 400},
	} {
		status, text, _ := e.do(c.method, c.path, c.contentType, c.body, "Accept", c.accept)
		if status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %q, want %d with %q", c.name, status, text, c.status, c.want)
		}
	}
}

// TestGraphStore walks through the Graph Store Protocol on one graph, the
// default graph and the dataset, with conditions and compressed bodies.
func TestGraphStore(t *testing.T) {
	e := newEndpoint(t, Options{})
	const g = "/data?graph=http://x/g"
	steps := []struct {
		method, path, contentType, body, want string
		status                                int
	}{
		{"GET", g, "", "", "no graph <http://x/g>", 404},
		{"PUT", g, "text/turtle", "<http://x/a> <p> 1 .", "", 201},
		{"GET", g, "", "", "http://x/p", 200}, // relative to the graph's IRI
		{"POST", g, "text/turtle", "<http://x/b> <http://x/p> 2 .", "", 204},
		{"PUT", "/data?default", "application/n-triples", "<http://x/c> <http://x/p> \"3\" .", "", 204},
		{"GET", "/data?default", "", "", "http://x/c", 200},
		{"GET", "/data", "", "", "http://x/g", 200},
		{"HEAD", g, "", "", "", 200},
		{"PUT", g, "text/turtle", "<http://x/a> <p> .", "turtle: 1:", 400},
		{"PUT", g, "application/trig", "<http://x/h> { <http://x/a> <http://x/p> 1 }", "holds several graphs", 415},
		{"PUT", g, "text/csv", "a,b", "media type text/csv cannot be read", 415},
		{"PUT", g + "&default", "text/turtle", "", "not both", 400},
		{"PATCH", g, "", "", "not allowed", 405},
		{"DELETE", "/data", "", "", "name what to delete", 400},
	}
	for _, s := range steps {
		status, text, _ := e.do(s.method, s.path, s.contentType, s.body)
		if status != s.status || !strings.Contains(text, s.want) {
			t.Errorf("%s %s: %d %q, want %d with %q", s.method, s.path, status, text, s.status, s.want)
		}
	}
	if n := e.quads(); n != 3 {
		t.Errorf("%d quads after refused requests, want 3", n)
	}
	if status, text, _ := e.do("POST", g, "text/turtle", "<http://x/z> <http://x/p> 9 .", "If-Match", `"1"`); status != 409 {
		t.Errorf("a stale If-Match: %d %s, want 409", status, text)
	}
	var zipped strings.Builder
	zip := gzip.NewWriter(&zipped)
	io.WriteString(zip, "<http://x/d> <http://x/p> 4 .")
	zip.Close()
	if status, text, _ := e.do("POST", g, "text/turtle", zipped.String(), "Content-Encoding", "gzip"); status != 204 {
		t.Errorf("a gzip body: %d %s", status, text)
	}
	if status, _, _ := e.do("DELETE", g, "", ""); status != 204 || e.quads() != 1 {
		t.Errorf("delete: %d, %d quads left, want 204 and 1", status, e.quads())
	}
}

// TestUpdateIsOneCommit: a request of two operations is one commit, and one
// that fails in its second stores nothing.
func TestUpdateIsOneCommit(t *testing.T) {
	e := newEndpoint(t, Options{})
	status, text, header := e.do("POST", "/update", "application/sparql-update",
		`INSERT DATA { <http://x/a> <http://x/p> 1 } ; INSERT { ?s <http://x/q> 2 } WHERE { ?s <http://x/p> 1 }`)
	if status != 204 || header.Get("Nettwin-Commit") != "1" || e.quads() != 2 {
		t.Errorf("%d %s, commit %s, %d quads; want one commit with 2 quads", status, text, header.Get("Nettwin-Commit"), e.quads())
	}
	status, text, _ = e.do("POST", "/update", "application/sparql-update",
		`INSERT DATA { <http://x/b> <http://x/p> 1 } ; LOAD <http://nowhere.test/x.ttl>`)
	if status < 400 || e.quads() != 2 {
		t.Errorf("a failing request: %d %s, %d quads; want an error and 2 quads", status, text, e.quads())
	}
}

// TestLimits: a query over its time and one over its rows end with an error
// that the client sees, never with a shorter answer.
func TestLimits(t *testing.T) {
	e := newEndpoint(t, Options{MaxRows: 5000})
	var quads []rdf.Quad
	for i := range 300 {
		s := rdf.IRI("http://x/" + strings.Repeat("i", i+1))
		quads = append(quads, rdf.Quad{S: s, P: rdf.IRI("http://x/p"), O: rdf.String("v")})
	}
	if _, err := e.store.Commit(context.Background(), &graph.Batch{Adds: quads}); err != nil {
		t.Fatal(err)
	}
	status, text, _ := e.do("GET", "/sparql?timeout=50ms&query="+
		url.QueryEscape("SELECT (COUNT(*) AS ?n) { ?a <http://x/p> ?v1 . ?b <http://x/p> ?v2 . ?c <http://x/p> ?v3 . ?d <http://x/p> ?v4 FILTER(?a != ?b && STRLEN(STR(?c)) < STRLEN(STR(?d))) }"), "", "")
	if status != 503 || !strings.Contains(text, "time limit of 50ms exceeded") {
		t.Errorf("over the time: %d %q", status, text)
	}
	resp, err := http.Get(e.url + "/sparql?format=json&query=" + url.QueryEscape("SELECT * { ?a <http://x/p> ?v . ?b <http://x/p> ?v }"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode == 200 && err == nil && json.Valid(body) {
		t.Errorf("over the rows: a whole answer of %d bytes", len(body))
	}
}

// TestCancel ends a running query by its id.
func TestCancel(t *testing.T) {
	e := newEndpoint(t, Options{})
	var quads []rdf.Quad
	for i := range 500 {
		quads = append(quads, rdf.Quad{S: rdf.IRI("http://x/" + strings.Repeat("i", i+1)), P: rdf.IRI("http://x/p"), O: rdf.String("v")})
	}
	if _, err := e.store.Commit(context.Background(), &graph.Batch{Adds: quads}); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		status int
		text   string
	}
	got := make(chan answer)
	go func() {
		status, text, _ := e.do("GET", "/sparql?query="+url.QueryEscape(
			"SELECT (COUNT(*) AS ?n) { ?a ?p ?v1 . ?b ?q ?v2 . ?c ?r ?v3 . ?d ?s ?v4 FILTER(STRLEN(STR(?a)) + STRLEN(STR(?b)) < STRLEN(STR(?c)) + STRLEN(STR(?d))) }"), "", "")
		got <- answer{status, text}
	}()
	deadline := time.Now().Add(10 * time.Second)
	for {
		if list := e.Running.List(); len(list) == 1 {
			if !e.Running.Cancel(list[0].ID) {
				t.Error("the query that was listed could not be cancelled")
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the query was never listed")
		}
		time.Sleep(time.Millisecond)
	}
	if a := <-got; a.status != 503 || !strings.Contains(a.text, "cancelled by request") {
		t.Errorf("the cancelled query answers %d %q", a.status, a.text)
	}
	if e.Running.Cancel("none") {
		t.Error("an unknown id was cancelled")
	}
}
