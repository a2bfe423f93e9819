package protocol

import (
	"net/url"
	"strings"
	"testing"
)

// TestVersion: what clients announce by SPARQL 1.2 Protocol §2.1 is accepted
// everywhere and comes back in the media type, nothing else changes, and the
// terms of RDF 1.2 survive the way in by one door and out by all others.
func TestVersion(t *testing.T) {
	e := newEndpoint(t, Options{})
	const data = "<urn:s> <urn:p> <<( <urn:a> <urn:b> \"x\"@ar--rtl )>> .\n"
	if status, body, _ := e.do("POST", "/data?default", "application/n-triples; version=1.2", data); status/100 != 2 {
		t.Fatalf("load: %d %s", status, body)
	}
	query := "/sparql?query=" + url.QueryEscape("SELECT ?o { ?s ?p ?o }")
	for _, c := range []struct {
		name, method, path, contentType, body, accept, want string
	}{
		{"parameter", "GET", query + "&version=1.2", "", "", "text/csv", "text/csv; charset=utf-8; version=1.2"},
		{"older version", "GET", query + "&version=1.1", "", "", "text/csv", "text/csv; charset=utf-8"},
		{"nothing", "GET", query, "", "", "application/sparql-results+json", "application/sparql-results+json"},
		{"Accept", "GET", query, "", "", "application/sparql-results+json;version=1.2-basic", "application/sparql-results+json; version=1.2"},
		{"Content-Type", "POST", "/sparql", "application/sparql-query; version=1.2", "SELECT ?o { ?s ?p ?o }", "application/sparql-results+xml", "application/sparql-results+xml; version=1.2"},
		{"data", "GET", "/data?default", "", "", "text/turtle; version=1.2", "text/turtle; charset=utf-8; version=1.2"},
	} {
		status, body, header := e.do(c.method, c.path, c.contentType, c.body, "Accept", c.accept)
		if status != 200 || header.Get("Content-Type") != c.want {
			t.Errorf("%s: %d, %q, want %q", c.name, status, header.Get("Content-Type"), c.want)
		}
		if !strings.Contains(body, "urn:b") || !strings.Contains(body, "rtl") {
			t.Errorf("%s: the triple term is lost: %s", c.name, body)
		}
	}
	if status, _, _ := e.do("GET", query+"&version=1.2&version=1.1", "", ""); status != 400 {
		t.Errorf("two versions: %d", status)
	}
	if status, body, _ := e.do("GET", "/data?default&format=jsonld", "", ""); status != 406 || !strings.Contains(body, "no triple terms") {
		t.Errorf("JSON-LD: %d %s", status, body)
	}
	for _, format := range []string{"turtle", "ntriples", "rdfxml", "trig", "nquads"} {
		status, body, _ := e.do("GET", "/data?default&format="+format, "", "")
		if status != 200 || !strings.Contains(body, "rtl") {
			t.Errorf("%s: %d %s", format, status, body)
		}
	}
}
