package results

import "testing"

// Goal: Accept is understood as RFC 9110 §12.5.1 says.
// Method: headers that real clients send and corner cases, with the format
// that the rules give.
func TestNegotiate(t *testing.T) {
	for _, c := range []struct {
		accept string
		kind   Kind
		want   Format // 0: not acceptable
	}{
		{"", Bindings, JSON},
		{"*/*", Bindings, JSON},
		{"*/*", Graph, Turtle},
		{"application/sparql-results+xml", Bindings, XML},
		{"application/sparql-results+xml;q=0.5, text/csv;q=0.9", Bindings, CSV},
		{"text/csv;q=0.9, application/json", Bindings, JSON},
		{"text/tab-separated-values, */*;q=0.1", Bindings, TSV},
		{"application/sparql-results+json;q=0, */*", Bindings, XML},
		{"text/*", Bindings, CSV},
		{"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", Bindings, XML},
		{"text/html", Bindings, 0},
		{"text/csv", Boolean, 0},
		{"text/csv, application/sparql-results+xml;q=0.1", Boolean, XML},
		{"application/n-triples, text/turtle;q=0.9", Graph, NTriples},
		{"Text/Turtle ; Q=0.3 , application/n-triples;q=0.2", Graph, Turtle},
		{"application/sparql-results+json", Graph, 0},
		{"text/turtle;q=nonsense", Graph, 0},
		{",,;", Bindings, 0},
	} {
		got, ok := Negotiate(c.accept, c.kind)
		if got != c.want || ok != (c.want != 0) {
			t.Errorf("%q for %s: got %s %t, want %s", c.accept, c.kind, got, ok, c.want)
		}
	}
}

// Goal: ?format= takes names, extensions and media types.
func TestFormatByName(t *testing.T) {
	for name, want := range map[string]Format{
		"json": JSON, "XML": XML, "csv": CSV, "tsv": TSV, "turtle": Turtle, "ttl": Turtle, "ntriples": NTriples, "n-triples": NTriples,
		".srj": JSON, ".srx": XML, "application/sparql-results+json": JSON, "text/turtle": Turtle, ".nt": NTriples,
	} {
		if got, ok := FormatByName(name); got != want || !ok {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if _, ok := FormatByName("yaml"); ok {
		t.Error("yaml is no format")
	}
}
