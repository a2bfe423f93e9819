package protocol

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql"
)

// unpack undoes a content coding.
func unpack(t *testing.T, coding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	switch coding {
	case "gzip":
		zipped, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = zipped
	case "zstd":
		zipped, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer zipped.Close()
		r = zipped
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCodings: answers come in the coding that the client prefers and hold the
// same bytes; small ones and those cut off come as they are; bodies of queries,
// updates and data may be compressed, and none may unfold beyond its limit.
func TestCodings(t *testing.T) {
	e := newEndpoint(t, Options{MaxQueryBytes: 10_000})
	var data strings.Builder
	for i := range 3000 {
		data.WriteString("<http://x/s> <http://x/p> " + string(rdf.AppendTerm(nil, rdf.Literal(strings.Repeat("1", i%18+1), rdf.XSDInteger))) + " .\n")
	}
	var zipped bytes.Buffer
	z, err := zstd.NewWriter(&zipped)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(z, data.String()); err != nil {
		t.Fatal(err)
	}
	z.Close()
	if status, text, _ := e.do("PUT", "/data?default", "application/n-triples", zipped.String(), "Content-Encoding", "zstd"); status != 204 {
		t.Fatalf("zstd body: %d %s", status, text)
	}
	const all = "/sparql?format=tsv&query=SELECT+*+%7B%3Fs+%3Fp+%3Fo+%3B+%3Fq+%3Fr%7D"
	_, want, _ := e.do("GET", all, "", "", "Accept-Encoding", "identity")
	for accept, coding := range map[string]string{
		"gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "gzip;q=1, zstd;q=0.5": "gzip",
		"br": "", "identity": "", "gzip;q=0": "", "*": "gzip",
	} {
		for range 2 { // made, then kept
			_, body, header := e.do("GET", all, "", "", "Accept-Encoding", accept)
			if got := header.Get("Content-Encoding"); got != coding {
				t.Errorf("Accept-Encoding %q: coding %q, want %q", accept, got, coding)
			}
			if coding != "" && len(body) >= len(want)/2 {
				t.Errorf("%s: %d of %d bytes", coding, len(body), len(want))
			}
			if unpack(t, coding, body) != want {
				t.Errorf("Accept-Encoding %q: another answer", accept)
			}
			if !strings.Contains(strings.Join(header.Values("Vary"), ","), "Accept-Encoding") {
				t.Errorf("Vary %q", header.Values("Vary"))
			}
		}
	}
	var bomb bytes.Buffer
	g := gzip.NewWriter(&bomb)
	if _, err := g.Write(append([]byte("ASK {} #"), bytes.Repeat([]byte(" "), 1<<20)...)); err != nil {
		t.Fatal(err)
	}
	g.Close()
	if status, text, _ := e.do("POST", "/sparql", typeQuery, bomb.String(), "Content-Encoding", "gzip"); status != 413 || !strings.Contains(text, "larger than the limit of") {
		t.Errorf("body that unfolds beyond the limit: %d %s", status, text)
	}
	if status, _, _ := e.do("POST", "/sparql", typeQuery, "ASK {}", "Content-Encoding", "br"); status != 415 {
		t.Errorf("unknown coding: %d", status)
	}
	if status, _, _ := e.do("POST", "/update", typeUpdate, "not gzip", "Content-Encoding", "gzip"); status != 400 {
		t.Errorf("broken coding: %d", status)
	}
}

// TestETag: an answer has a tag that stays while the version, the view, the
// dataset, the text and the format stay, in any coding, and 304 says so; a
// query with a clock or chance has none.
func TestETag(t *testing.T) {
	role := "reader"
	e := newEndpoint(t, Options{Role: func(*http.Request) string { return role }})
	e.do("PUT", "/data", "application/trig", sample)
	query := func(params string, header ...string) (int, string) {
		status, _, h := e.do("GET", "/sparql?query=SELECT+*+%7B%3Fs+%3Fp+%3Fo%7D"+params, "", "", append(header, "Accept-Encoding", "identity")...)
		return status, h.Get("ETag")
	}
	_, tag := query("")
	if tag == "" {
		t.Fatal("no ETag")
	}
	seen := map[string]string{tag: "plain"}
	for _, params := range []string{"&format=csv", "&union=true", "&reasoning=off", "&default-graph-uri=http://x/g", "+"} {
		_, other := query(params)
		if seen[other] != "" {
			t.Errorf("%s has the tag of %s", params, seen[other])
		}
		seen[other] = params
	}
	role = "admin"
	if _, other := query(""); other == tag {
		t.Error("another role has the same tag")
	}
	role = "reader"
	for _, match := range []string{tag, `"x", ` + tag, "W/" + tag, "*", strings.TrimSuffix(tag, `"`) + `-gzip"`} {
		if status, _ := query("", "If-None-Match", match); status != 304 {
			t.Errorf("If-None-Match %s: status %d", match, status)
		}
	}
	if status, _ := query("", "If-None-Match", `"other"`); status != 200 {
		t.Errorf("another tag: status %d", status)
	}
	e.do("POST", "/update", typeUpdate, "INSERT DATA { <http://x/n> <http://x/p> 3 }")
	if status, now := query("", "If-None-Match", tag); status != 200 || now == tag {
		t.Errorf("after a commit: status %d", status)
	}
	for _, text := range []string{"SELECT (NOW() AS ?n) {}", "SELECT (RAND() AS ?n) {}", "SELECT * { SERVICE SILENT <http://x/> { ?s ?p ?o } }", "CONSTRUCT { [] <http://x/p> ?s } { ?s ?p ?o }"} {
		if status, _, h := e.do("GET", "/sparql?query="+url.QueryEscape(text), "", ""); h.Get("ETag") != "" || status != 200 {
			t.Errorf("%s: status %d, tag %s", text, status, h.Get("ETag"))
		}
	}
	status, _, h := e.do("GET", "/data?default", "", "", "Accept", "text/turtle")
	if tag = h.Get("ETag"); status != 200 || tag == "" || h.Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("data: status %d, tag %q", status, tag)
	}
	if status, _, _ := e.do("GET", "/data?default", "", "", "Accept", "text/turtle", "If-None-Match", tag); status != 304 {
		t.Errorf("data: status %d", status)
	}
}

// TestCaches: what was asked before is neither parsed, planned nor run again
// while the version stays, answers after a commit are new ones, and one large
// answer does not drive out all others.
func TestCaches(t *testing.T) {
	e := newEndpoint(t, Options{ResultCacheBytes: 100_000})
	e.do("PUT", "/data", "application/trig", sample)
	const count = "/sparql?format=csv&query=SELECT+(COUNT(*)+AS+%3Fn)+%7B%3Fs+%3Fp+%3Fo%7D"
	for i, want := range []string{"3", "3", "4", "4"} {
		if i == 2 {
			e.do("POST", "/update", typeUpdate, "INSERT DATA { <http://x/n> <http://x/p> 3 }")
		}
		if _, text, _ := e.do("GET", count, "", ""); !strings.Contains(text, want) {
			t.Errorf("request %d: %q, want %s", i, text, want)
		}
	}
	if s := e.results.Stats(); s.Hits != 2 || s.Misses != 2 || s.Entries != 2 {
		t.Errorf("results: %+v", s)
	}
	if s := e.parses.Stats(); s.Hits != 3 || s.Entries != 1 {
		t.Errorf("parses: %+v", s)
	}
	const random = "/sparql?format=csv&query=SELECT+(RAND()+AS+%3Fn)+%7B%3Fs+%3Fp+%3Fo%7D"
	e.do("GET", random, "", "")
	if _, text, _ := e.do("GET", random, "", ""); len(text) < 10 {
		t.Error(text)
	}
	if s := e.plans.Stats(); s.Hits != 2 { // the count's, which does not hold any more, and the second RAND's
		t.Errorf("plans: %+v", s)
	}
	before := e.results.Stats().Entries
	e.do("PUT", "/data?graph=http://x/big", "text/turtle", `<http://x/s> <http://x/p> "`+strings.Repeat("x", 50_000)+`" .`)
	e.do("GET", "/sparql?query=SELECT+*+%7BGRAPH+%3Fg+%7B%3Fs+%3Fp+%3Fo%7D%7D", "", "")
	if s := e.results.Stats(); s.Entries != before || s.Bytes > 100_000 {
		t.Errorf("after a large answer: %+v", s)
	}
}

// TestExplain: explain=plan tells operators and estimates without running the
// query, explain=profile rows and times too, as text and as JSON.
func TestExplain(t *testing.T) {
	e := newEndpoint(t, Options{})
	e.do("PUT", "/data", "application/trig", sample)
	query := "/sparql?query=" + url.QueryEscape("SELECT ?s { ?s <http://x/p> ?o FILTER(?o > 1) }")
	if status, text, h := e.do("GET", query+"&explain=plan", "", ""); status != 200 || !strings.Contains(text, "scan ?s <http://x/p> ?o") || strings.Contains(text, "seen=") || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") {
		t.Errorf("plan: %d %s", status, text)
	}
	if _, text, _ := e.do("GET", query+"&explain=profile", "", ""); !strings.Contains(text, "seen=2") || !strings.Contains(text, "took=") || !strings.Contains(text, "1 rows in ") {
		t.Errorf("profile: %s", text)
	}
	_, text, _ := e.do("GET", query+"&explain=profile", "", "", "Accept", "application/json")
	var out explanation
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err, text)
	}
	if out.Rows == nil || *out.Rows != 1 || out.Plan.Rows == nil || len(out.Plan.Inputs) != 1 || !strings.HasPrefix(out.Plan.Inputs[0].Operator, "filter") || out.Plan.EstimatedRows <= 0 {
		t.Errorf("profile: %s", text)
	}
	if status, _, _ := e.do("GET", query+"&explain=magic", "", ""); status != 400 {
		t.Errorf("unknown kind: %d", status)
	}
}

// TestSlowQuery: a query that takes longer than the limit is logged with its
// text, time and rows; others are not.
func TestSlowQuery(t *testing.T) {
	var log bytes.Buffer
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	step := time.Millisecond
	e := newEndpoint(t, Options{SlowQuery: time.Second, Now: func() time.Time { now = now.Add(step); return now }})
	e.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
	e.do("GET", "/sparql?query=ASK%7B%7D", "", "")
	if log.Len() > 0 {
		t.Errorf("logged %s", log.String())
	}
	step = 2 * time.Second
	e.do("GET", "/sparql?query=ASK%7B+%7D", "", "")
	if text := log.String(); !strings.Contains(text, "slow query") || !strings.Contains(text, "ASK{ }") || !strings.Contains(text, "took=") {
		t.Errorf("logged %q", text)
	}
}

// TestVoID: the description of the data tells its numbers, and changes with
// the data.
func TestVoID(t *testing.T) {
	e := newEndpoint(t, Options{Prefixes: map[string]string{"x": "http://x/"}})
	e.do("PUT", "/data", "application/trig", sample+" <http://x/c> a <http://x/Thing> . <http://x/d> a <http://x/Thing> .")
	get := func(h http.HandlerFunc, accept string) (string, http.Header) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "http://twin.test/.well-known/void", nil)
		r.Header.Set("Accept", accept)
		h(w, r)
		return w.Body.String(), w.Header()
	}
	text, header := get(e.VoID, "application/n-triples")
	for _, want := range []string{
		`<http://rdfs.org/ns/void#triples> "6"`, `<http://rdfs.org/ns/void#classes> "1"`, `<http://rdfs.org/ns/void#entities> "2"`,
		`<http://rdfs.org/ns/void#property> <http://x/p>`, `<http://rdfs.org/ns/void#sparqlEndpoint> <http://twin.test/sparql>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if header.Get("ETag") == "" {
		t.Error("no ETag")
	}
	e.do("POST", "/update", typeUpdate, "INSERT DATA { <http://x/n> <http://x/new> 3 }")
	if text, _ = get(e.VoID, "application/n-triples"); !strings.Contains(text, `<http://rdfs.org/ns/void#property> <http://x/new>`) {
		t.Error("the description is stale")
	}
	if text, _ = get(e.PrefixList, "application/json"); !strings.Contains(text, `"x": "http://x/"`) {
		t.Error(text)
	}
	if text, _ = get(e.PrefixList, "text/turtle"); !strings.Contains(text, `<http://www.w3.org/ns/shacl#prefix> "x"`) {
		t.Error(text)
	}
}

// TestClient: only allowed places are asked, redirects included; an answer
// that is too long, late or of another kind is an error; LOAD reads documents
// from allowed places of any format.
func TestClient(t *testing.T) {
	far := newEndpoint(t, Options{})
	far.do("PUT", "/data", "application/trig", sample)
	mux := http.NewServeMux()
	mux.Handle("/ok/sparql", http.HandlerFunc(far.Query))
	mux.HandleFunc("/ok/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, far.url+"/sparql?"+r.URL.RawQuery, http.StatusFound)
	})
	mux.HandleFunc("/ok/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/ok/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
	})
	mux.HandleFunc("/ok/doc", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rdf+xml")
		_, _ = io.WriteString(w, `<rdf:RDF xmlns:rdf="`+rdf.RDFNS+`" xmlns:x="http://x/"><x:Thing rdf:about="#a"/></rdf:RDF>`)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.ttl"), []byte("<b> a <http://x/File> ."), 0o600); err != nil {
		t.Fatal(err)
	}
	client := &Client{Allow: []string{server.URL + "/ok/", "file://" + dir + "/"}, Timeout: 300 * time.Millisecond, MaxBytes: 2000}
	near := newEndpoint(t, Options{Service: client.Select, Load: client.Load})
	var refused *NotAllowedError
	for path, want := range map[string]string{
		server.URL + "/ok/sparql":         "",
		far.url + "/sparql":               "not among the places",
		server.URL + "/ok/../sparql":      "not among the places",
		server.URL + "/ok/away":           "not among the places",
		"http://user:pw@127.0.0.1/ok/":    "not among the places",
		server.URL + "/ok/page":           "expected solutions",
		server.URL + "/ok/slow":           "deadline exceeded",
		server.URL + "/ok/missing/sparql": "404",
	} {
		status, text, _ := near.do("GET", "/sparql?format=csv&query="+url.QueryEscape("SELECT ?o { SERVICE <"+path+"> { <http://x/b> <http://x/p> ?o } }"), "", "")
		if want == "" && (status != 200 || text != "o\r\n2\r\n") || want != "" && (status == 200 || !strings.Contains(text, want)) {
			t.Errorf("%s: %d %q, want %q", path, status, text, want)
		}
	}
	if _, err := client.Select(t.Context(), rdf.IRI("ftp://x/"), "ASK {}"); !errors.As(err, &refused) {
		t.Errorf("ftp: %v", err)
	}
	long := strings.Repeat(" ", 3000)
	if status, text, _ := near.do("POST", "/sparql", typeQuery, "ASK { SERVICE <"+server.URL+"/ok/sparql> { ?s ?p ?o FILTER(?p != \""+long+"\") } }"); status != 200 {
		t.Errorf("a long query: %d %s", status, text)
	}
	for doc, want := range map[string]int{server.URL + "/ok/doc": 204, "file://" + dir + "/a.ttl": 204, "file:///etc/passwd": 403, far.url + "/data?default": 403, server.URL + "/ok/page": 502} {
		if status, text, _ := near.do("POST", "/update", typeUpdate, "LOAD <"+doc+"> INTO GRAPH <http://x/loaded>"); status != want {
			t.Errorf("LOAD %s: %d %s, want %d", doc, status, text, want)
		}
	}
	snapshot, err := near.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	query, err := sparql.Parse("ASK { GRAPH <http://x/loaded> { <"+server.URL+"/ok/doc#a> a <http://x/Thing> . <file://"+dir+"/b> a <http://x/File> } }", "")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := query.Run(t.Context(), snapshot, sparql.Options{}); err != nil || !r.Boolean {
		t.Errorf("loaded: %v %v", r, err)
	}
}

// TestSharedPlans: requests at the same time that share one plan give the same
// answers; run with -race. Method: shapes of every kind of operator, without
// the answers kept.
func TestSharedPlans(t *testing.T) {
	e := newEndpoint(t, Options{ResultCacheBytes: -1})
	e.do("PUT", "/data", "application/trig", sample+" <http://x/a> <http://x/r> <http://x/b> . <http://x/b> <http://x/r> <http://x/c> .")
	for _, text := range []string{
		"SELECT * { ?s ?p ?o OPTIONAL { ?o <http://x/p> ?v } FILTER NOT EXISTS { ?s <http://x/none> ?o } } ORDER BY ?s ?p ?o LIMIT 5",
		"SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o MINUS { ?s <http://x/q> ?o } } GROUP BY ?p ORDER BY ?p",
		"SELECT * { ?s <http://x/r>+ ?o FILTER EXISTS { { SELECT ?s { ?s <http://x/p> ?v } } } } ORDER BY ?s ?o",
		"DESCRIBE <http://x/a> ?o { <http://x/a> <http://x/r> ?o }",
	} {
		path := "/sparql?query=" + url.QueryEscape(text)
		_, want, _ := e.do("GET", path, "", "")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					if status, got, _ := e.do("GET", path, "", ""); status != 200 || got != want {
						t.Errorf("%s: %d %s, want %s", text, status, got, want)
					}
				}
			})
		}
		all.Wait()
	}
	if s := e.plans.Stats(); s.Hits < 150 {
		t.Errorf("plans: %+v", s)
	}
}
