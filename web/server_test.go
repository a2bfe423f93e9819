package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-chi/chi/v5"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/reasoning/rules"
	"nettwin/sparql/protocol"
)

const testBase = "https://twin.test/"

// oneItem is a content store with one item.
type oneItem struct{ items.Item }

func (o oneItem) Get(name naming.Name) (items.Item, error) {
	if name == o.Name() {
		return o.Item, nil
	}
	return items.Item{}, items.ErrNotFound
}

var testItem = oneItem{items.Item{Kind: items.KindKnowledge, Codec: naming.CodecRDFC1, Bytes: []byte("<http://x/a> <http://x/p> \"1\" .\n")}}

// newTestServer serves a small twin on a loopback address.
func newTestServer(t *testing.T) (*Server, *httptest.Server) {
	t.Helper()
	store := mem.New(mem.Options{Base: testBase})
	log := slog.New(slog.DiscardHandler)
	quads, err := rdf.ReadAll(strings.NewReader(`@prefix t: <https://w3id.org/nettwin/ns#> .
		<https://twin.test/id/device/r1> a t:Device ; t:name "r<1>" . <https://twin.test/id/link/1> t:linkOf <https://twin.test/id/device/r1> .`), rdf.Turtle, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(context.Background(), &graph.Batch{Adds: quads, Note: "test"}); err != nil {
		t.Fatal(err)
	}
	derived := naming.DerivedGraph(testBase).Value()
	server := New(Options{
		Store: store, Items: testItem, Base: testBase, Log: log, Now: time.Now, Version: "test", Metrics: NewMetrics(),
		Rules:    rules.New(rules.Options{Store: store, Base: testBase, Derived: derived, Knowledge: fstest.MapFS{}, Log: log, Now: time.Now}),
		Protocol: protocol.New(protocol.Options{Store: store, Base: testBase, Derived: derived, Log: log}),
		Ontology: []byte("# vocabulary"), Gate: NewGate(GateOptions{Loopback: true}),
		Ready: func() error { return errors.New("still starting") },
	})
	running := httptest.NewServer(server.Handler())
	t.Cleanup(func() { running.Close(); store.Close() })
	return server, running
}

// TestOpenAPI: every route is in the OpenAPI document with its method, and
// the document names no other.
func TestOpenAPI(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for path, methods := range doc.Paths {
		for method := range methods {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	server, _ := newTestServer(t)
	err := chi.Walk(server.Handler().(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method == http.MethodOptions {
			return nil
		}
		route = strings.NewReplacer("/id/*", "/id/{path}", "/data/*", "/data/{path}", "/inventory/*", "/inventory/{device}", "/*", "/").Replace(route)
		if !described[method+" "+route] {
			t.Errorf("%s %s is not described", method, route)
		}
		delete(described, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for route := range described {
		t.Errorf("%s is described and does not exist", route)
	}
}

// TestAnswers asks the routes that are not SPARQL and reads status, type and
// a piece of the answer.
func TestAnswers(t *testing.T) {
	_, running := newTestServer(t)
	for _, c := range []struct {
		path, accept, wantType, want string
		status                       int
	}{
		{"/names/" + testItem.Name().String(), "", "application/n-quads", `"1"`, 200},
		{"/names/" + naming.Of(naming.CodecRaw, []byte("other")).String(), "", "application/problem+json", "no such item", 404},
		{"/names/nonsense", "", "application/problem+json", "not a name", 400},
		{"/id/device/r1", "text/turtle", "text/turtle", "twin.test/id/link/1", 200},
		{"/id/device/r1", "application/n-quads", "application/n-quads", `"r<1>"`, 200},
		{"/id/device/r1", "text/html", "text/html", "r&lt;1&gt;", 200},
		{"/id/device/none", "", "application/problem+json", "nothing is known of <https://twin.test/id/device/none>", 404},
		{"/ns", "", "text/turtle", "vocabulary", 200},
		{"/api/v1/info", "", "application/json", `"quads": 3`, 200},
		{"/api/v1/commits", "", "application/json", `"note": "test"`, 200},
		{"/api/v1/commits?limit=many", "", "application/problem+json", `limit=\"many\" must be a whole number`, 400},
		{"/api/v1/feed", "", "application/json", `"op": "add"`, 200},
		{"/api/v1/feed?after=1", "", "application/json", `"commits": []`, 200},
		{"/api/v1/feed?branch=none", "", "application/problem+json", "no such branch", 404},
		{"/api/v1/events?branch=none", "", "application/problem+json", "no such branch", 404},
		{"/api/v1/events?after=soon", "", "application/problem+json", "is not a commit number", 404},
		{"/api/v1/branches", "", "application/json", `"name": "main"`, 200},
		{"/api/v1/rules", "", "application/json", `"rules": []`, 200},
		{"/api/v1/sources", "", "application/json", `"sources": []`, 200},
		{"/api/v1/queries", "", "application/json", `"queries": []`, 200},
		{"/api/v1/explain", "", "application/problem+json", "one statement in N-Quads", 400},
		{"/api/v1/explain?fact=%3Cx%3E", "", "application/problem+json", "parameter fact: n-quads: 1:", 400},
		{"/api/v1/explain?fact=" + "%3Chttps://twin.test/id/device/r1%3E%20%3Chttps://w3id.org/nettwin/ns%23name%3E%20%22r%3C1%3E%22", "", "application/json", `"asserted": true`, 200},
		{"/api/v1/explain?fact=%3Chttp://x/a%3E%20%3Chttp://x/b%3E%201", "", "application/problem+json", "", 400},
		{"/api/v1/explain?fact=%3Chttp://x/a%3E%20%3Chttp://x/b%3E%20%221%22", "", "application/problem+json", "no such fact", 404},
		{"/api/openapi.json", "", "application/json", `"openapi"`, 200},
		{"/healthz", "", "text/plain", "ok", 200},
		{"/readyz", "", "text/plain", "still starting", 503},
		{"/tmf-api/intentManagement/v5/intent", "", "application/json", "keeps no intents", 503},
		{"/metrics", "", "text/plain", "nettwin_http_request_seconds", 200},
		{"/", "", "text/html", "make ui", 200},
		{"/nowhere", "", "text/plain", "not found", 404},
	} {
		req, _ := http.NewRequest(http.MethodGet, running.URL+c.path, nil)
		req.Header.Set("Accept", c.accept)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.status || !strings.HasPrefix(resp.Header.Get("Content-Type"), c.wantType) || !strings.Contains(string(body), c.want) {
			t.Errorf("GET %s: %d %s %.300s; want %d %s with %q", c.path, resp.StatusCode, resp.Header.Get("Content-Type"), body, c.status, c.wantType, c.want)
		}
	}
}

// TestEvents reads a commit from the stream of events, then resumes after it.
func TestEvents(t *testing.T) {
	server, running := newTestServer(t)
	for round := range 2 {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, running.URL+"/api/v1/events", nil)
		if round == 1 {
			req.Header.Set("Last-Event-ID", "1")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			quad := rdf.Quad{S: rdf.IRI("http://x/s"), P: rdf.IRI("http://x/p"), O: rdf.String("v")}
			if _, err := server.opt.Store.Commit(ctx, &graph.Batch{Adds: []rdf.Quad{quad}, Note: "event"}); err != nil {
				t.Fatal(err)
			}
		}
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") {
		}
		if !strings.Contains(lines.Text(), `"seq":2`) || !strings.Contains(lines.Text(), `"note":"event"`) {
			t.Errorf("round %d: %q", round, lines.Text())
		}
		cancel()
		resp.Body.Close()
	}
}

// TestBranches forks and drops a branch by the API.
func TestBranches(t *testing.T) {
	_, running := newTestServer(t)
	do := func(method, path, body string, want int) {
		t.Helper()
		req, _ := http.NewRequest(method, running.URL+path, strings.NewReader(body))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if text, _ := io.ReadAll(resp.Body); resp.StatusCode != want {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, resp.StatusCode, text, want)
		}
	}
	do("POST", "/api/v1/branches", `{"name": "try"}`, 201)
	do("POST", "/api/v1/branches", `{"name": "try"}`, 409)
	do("POST", "/api/v1/branches", `{"name": "../x"}`, 400)
	do("POST", "/api/v1/branches", `{`, 400)
	do("DELETE", "/api/v1/branches/main", "", 400)
	do("DELETE", "/api/v1/branches/try", "", 204)
	do("DELETE", "/api/v1/branches/try", "", 404)
	do("DELETE", "/api/v1/queries/x", "", 401)
}
