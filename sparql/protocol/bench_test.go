package protocol

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

// discard is a ResponseWriter that drops the answer.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}
func (d *discard) FlushError() error           { return nil }

// BenchmarkQuery measures short requests and a stream through the handler,
// without the answers kept for the version.
func BenchmarkQuery(b *testing.B) {
	const things = 50_000
	store := mem.New(mem.Options{Base: base})
	batch := &graph.Batch{}
	for i := range things {
		s := rdf.IRI(fmt.Sprintf("http://x/thing/%d", i))
		batch.Adds = append(batch.Adds,
			rdf.Quad{S: s, P: rdf.IRI(rdf.RDFType), O: rdf.IRI("http://x/Thing")},
			rdf.Quad{S: s, P: rdf.IRI("http://x/name"), O: rdf.String(fmt.Sprintf("the thing number %d", i))},
			rdf.Quad{S: s, P: rdf.IRI("http://x/next"), O: rdf.IRI(fmt.Sprintf("http://x/thing/%d", (i*7+1)%things))})
	}
	if _, err := store.Commit(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	h := New(Options{Store: store, Base: base, ResultCacheBytes: -1, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	for _, shape := range []struct{ name, query, format string }{
		{"ask", "ASK {}", "json"},
		{"lookup", "SELECT ?p ?o { <http://x/thing/7> ?p ?o }", "json"},
		{"join", "SELECT ?n { <http://x/thing/7> <http://x/next> ?t . ?t <http://x/next> ?u . ?u <http://x/name> ?n }", "json"},
		{"path", "SELECT (COUNT(*) AS ?n) { <http://x/thing/7> <http://x/next>/<http://x/next>? ?t }", "json"},
		{"stream", "SELECT ?s ?n { ?s <http://x/name> ?n }", "tsv"},
		{"streamjson", "SELECT ?s ?n { ?s <http://x/name> ?n }", "json"},
	} {
		b.Run("shape="+shape.name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/sparql?format="+shape.format+"&query="+url.QueryEscape(shape.query), nil)
			b.ReportAllocs()
			for b.Loop() {
				w := &discard{header: http.Header{}}
				h.Query(w, r)
			}
		})
	}
}
