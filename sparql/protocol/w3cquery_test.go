package protocol

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

// byHTTP runs tests of the W3C through a server, which gets a new store for
// each.
type byHTTP struct {
	url     string
	handler *atomic.Pointer[Handler]
}

func newByHTTP(t *testing.T) byHTTP {
	b := byHTTP{handler: &atomic.Pointer[Handler]{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/sparql", func(w http.ResponseWriter, r *http.Request) { b.handler.Load().Query(w, r) })
	mux.HandleFunc("/update", func(w http.ResponseWriter, r *http.Request) { b.handler.Load().Update(w, r) })
	mux.HandleFunc("/data", func(w http.ResponseWriter, r *http.Request) { b.handler.Load().Data(w, r) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b byHTTP) open(ctx context.Context, data []rdf.Quad) error {
	store := mem.New(mem.Options{Base: base})
	b.handler.Store(New(Options{Store: store, Base: base}))
	_, err := store.Commit(ctx, &graph.Batch{Adds: data})
	return err
}

// post sends a text, with its base before it, and returns the body of a 2xx.
func (b byHTTP) post(ctx context.Context, path, contentType, accept, text, textBase string) (body []byte, mediaType string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+path, strings.NewReader("BASE <"+textBase+">\n"+text))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept", accept)
	return read(r)
}

func read(r *http.Request) (body []byte, mediaType string, err error) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err == nil && resp.StatusCode/100 != 2 {
		err = &statusError{resp.StatusCode, string(body)}
	}
	return body, resp.Header.Get("Content-Type"), err
}

// Query implements sparqltest.Runner.
func (b byHTTP) Query(ctx context.Context, data []rdf.Quad, query, queryBase string) (*results.Result, error) {
	if err := b.open(ctx, data); err != nil {
		return nil, err
	}
	body, mediaType, err := b.post(ctx, "/sparql", typeQuery, "application/sparql-results+xml, application/n-triples", query, queryBase)
	if err != nil {
		return nil, err
	}
	if mediaType == rdf.NTriples.MediaType() {
		quads, err := rdf.ReadAll(bytes.NewReader(body), rdf.NTriples, rdf.ReaderOptions{})
		if err != nil {
			return nil, err
		}
		var triples []rdf.Triple
		for _, q := range quads {
			triples = append(triples, q.Triple())
		}
		return results.NewGraph(triples), nil
	}
	return results.Read(bytes.NewReader(body), results.XML, 0)
}

// Update implements sparqltest.Runner.
func (b byHTTP) Update(ctx context.Context, data []rdf.Quad, update, updateBase string) ([]rdf.Quad, error) {
	if err := b.open(ctx, data); err != nil {
		return nil, err
	}
	if _, _, err := b.post(ctx, "/update", typeUpdate, "*/*", update, updateBase); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/data?format=nquads", nil)
	if err != nil {
		return nil, err
	}
	body, _, err := read(r)
	if err != nil {
		return nil, err
	}
	return rdf.ReadAll(bytes.NewReader(body), rdf.NQuads, rdf.ReaderOptions{})
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	body   string
}

func (e *statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.body) }

// refusedText keeps the error of a text that the server could not read; what
// it read, it may fail to do.
func refusedText(err error) error {
	var status *statusError
	if errors.As(err, &status) && status.status != http.StatusBadRequest {
		return nil
	}
	return err
}

// CheckQuery implements sparqltest.SyntaxChecker.
func (b byHTTP) CheckQuery(query, queryBase string) error {
	_, err := b.Query(context.Background(), nil, query, queryBase)
	return refusedText(err)
}

// CheckUpdate implements sparqltest.SyntaxChecker.
func (b byHTTP) CheckUpdate(update, updateBase string) error {
	_, err := b.Update(context.Background(), nil, update, updateBase)
	return refusedText(err)
}

// TestW3CQueries: the suites of SPARQL 1.0, 1.1 and 1.2 for queries, results,
// updates and syntax, each test by requests to a server; known failures are
// those of the evaluators.
func TestW3CQueries(t *testing.T) {
	root := testenv.Shared(t, "suites/rdf-tests/sparql")
	skips, err := sparqltest.ReadSkips("../sparqltest/testdata/skips.tsv")
	if err != nil {
		t.Fatal(err)
	}
	runner := newByHTTP(t)
	for _, group := range []struct {
		name   string
		suites []string
	}{{"SPARQL 1.0", sparqltest.Suites10}, {"SPARQL 1.1", sparqltest.Suites11}, {"syntax", sparqltest.SyntaxSuites}, {"SPARQL 1.2", sparqltest.Suites12}} {
		var all sparqltest.Tally
		for _, suite := range group.suites {
			all = all.Add(sparqltest.RunSuite(t, root, suite, runner, skips))
		}
		t.Logf("%-12s %s", group.name, all)
	}
}
