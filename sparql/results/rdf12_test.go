package results

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// TestTerms12: triple terms and base directions come back from every format
// that keeps terms, and stand in the drafts' form in JSON and XML (SPARQL 1.2
// Query Results JSON §3.2.2, XML §2.3.1).
func TestTerms12(t *testing.T) {
	inner := rdf.TripleTerm(rdf.Triple{S: rdf.BNode("b"), P: rdf.IRI("urn:p"), O: rdf.DirLangString("a\t\"<", "ar", rdf.RightToLeft)})
	rows := [][]rdf.Term{{
		rdf.TripleTerm(rdf.Triple{S: rdf.IRI("urn:s"), P: rdf.IRI("urn:p"), O: inner}),
		rdf.DirLangString("x", "en", rdf.LeftToRight),
	}}
	text := map[Format]string{}
	for _, f := range []Format{JSON, XML, TSV, CSV} {
		var b bytes.Buffer
		if err := Write(t.Context(), &b, f, NewBindings([]string{"t", "d"}, rows), WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		text[f] = b.String()
		if f == CSV {
			continue // keeps values only
		}
		r, err := Read(&b, f, 0)
		if err != nil {
			t.Fatalf("%s: %v\n%s", f, err, text[f])
		}
		back, err := Collect(t.Context(), r)
		if err != nil || !slices.EqualFunc(rows, back, slices.Equal[[]rdf.Term]) {
			t.Errorf("%s: %v, %v\n%s", f, back, err, text[f])
		}
	}
	for f, want := range map[Format]string{
		JSON: `"d":{"type":"literal","value":"x","xml:lang":"en","its:dir":"ltr"}`,
		XML:  `<triple><subject><uri>urn:s</uri></subject><predicate><uri>urn:p</uri></predicate><object><triple><subject><bnode>b</bnode></subject>`,
		TSV:  `<<( <urn:s> <urn:p> <<( _:b <urn:p> "a\t\"<"@ar--rtl )>> )>>` + "\t\"x\"@en--ltr\n",
		CSV:  `"<<( <urn:s> <urn:p> <<( _:b <urn:p> ""a\t\""<""@ar--rtl )>> )>>",x`,
	} {
		if !strings.Contains(text[f], want) {
			t.Errorf("%s: no %s in\n%s", f, want, text[f])
		}
	}
}

// TestReadTripleErrors: what is no triple term, or lies deeper than one may, is
// an error that says why.
func TestReadTripleErrors(t *testing.T) {
	nested := func(depth int) string {
		const open = `{"type":"triple","value":{"subject":{"type":"uri","value":"urn:s"},"predicate":{"type":"uri","value":"urn:p"},"object":`
		return strings.Repeat(open, depth) + `{"type":"uri","value":"urn:o"}` + strings.Repeat("}}", depth)
	}
	for doc, want := range map[string]string{
		nested(rdf.MaxTripleDepth):      "",
		nested(rdf.MaxTripleDepth + 1):  "limit of 64",
		`{"type":"triple","value":"x"}`: "triple term",
		`{"type":"triple","value":{"subject":{"type":"literal","value":"s"},"predicate":{"type":"uri","value":"p"},"object":{"type":"uri","value":"o"}}}`: "expected IRI or blank node",
		`{"type":"triple","value":{"subject":{"type":"uri","value":"s"}}}`:                                                                                "predicate",
	} {
		_, err := Read(strings.NewReader(`{"head":{"vars":["x"]},"results":{"bindings":[{"x":`+doc+`}]}}`), JSON, 0)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", doc, err, want)
		}
	}
}
