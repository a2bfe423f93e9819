package rdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "nettwin/graph/rdf"
	"nettwin/internal/testenv"
)

const (
	mf   = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	rdft = "http://www.w3.org/ns/rdftest#"
)

// w3cCase is one entry of a manifest.
type w3cCase struct {
	name, kind     string
	action, result string // files
	base           string // IRI of the action
}

// w3cSuites names each suite with the number of its cases by kind, counted in
// the manifests.
var w3cSuites = []struct {
	dir    string
	format Format
	kinds  map[string]int
}{
	{"rdf11/rdf-n-triples", NTriples, map[string]int{"TestNTriplesPositiveSyntax": 41, "TestNTriplesNegativeSyntax": 29}},
	{"rdf11/rdf-n-quads", NQuads, map[string]int{"TestNQuadsPositiveSyntax": 53, "TestNQuadsNegativeSyntax": 34}},
	{"rdf11/rdf-turtle", Turtle, map[string]int{"TestTurtlePositiveSyntax": 74, "TestTurtleNegativeSyntax": 94, "TestTurtleEval": 145}},
	{"rdf11/rdf-trig", TriG, map[string]int{"TestTrigPositiveSyntax": 98, "TestTrigNegativeSyntax": 115, "TestTrigEval": 143}},
	{"rdf11/rdf-xml", RDFXML, map[string]int{"TestXMLEval": 126, "TestXMLNegativeSyntax": 40}},
	{"rdf12/rdf-n-triples/syntax", NTriples, map[string]int{"TestNTriplesPositiveSyntax": 7, "TestNTriplesNegativeSyntax": 22}},
	{"rdf12/rdf-n-triples/c14n", NTriples, map[string]int{"TestNTriplesPositiveC14N": 41}},
	{"rdf12/rdf-n-quads/syntax", NQuads, map[string]int{"TestNQuadsPositiveSyntax": 7, "TestNQuadsNegativeSyntax": 20}},
	{"rdf12/rdf-n-quads/c14n", NQuads, map[string]int{"TestNQuadsPositiveC14N": 41}},
	{"rdf12/rdf-turtle/syntax", Turtle, map[string]int{"TestTurtlePositiveSyntax": 41, "TestTurtleNegativeSyntax": 33}},
	{"rdf12/rdf-turtle/eval", Turtle, map[string]int{"TestTurtleEval": 29}},
	{"rdf12/rdf-trig/syntax", TriG, map[string]int{"TestTrigPositiveSyntax": 24, "TestTrigNegativeSyntax": 11}},
	{"rdf12/rdf-trig/eval", TriG, map[string]int{"TestTrigEval": 25}},
	{"rdf12/rdf-xml/eval", RDFXML, map[string]int{"TestXMLEval": 29, "TestXMLNegativeSyntax": 2}},
}

// readManifest reads the entries of a suite with our own Turtle reader.
func readManifest(t *testing.T, dir string) []w3cCase {
	t.Helper()
	folder := testenv.Shared(t, "suites/rdf-tests/rdf/"+dir)
	quads := readFile(t, filepath.Join(folder, "manifest.ttl"), Turtle, ReaderOptions{Base: "file:///manifest/"})
	values := map[Term]map[string]Term{}
	for _, q := range quads {
		if values[q.S] == nil {
			values[q.S] = map[string]Term{}
		}
		values[q.S][q.P.Value()] = q.O
	}
	var manifest Term
	for s, v := range values {
		if !v[mf+"entries"].IsZero() {
			manifest = s
		}
	}
	base := values[manifest][mf+"assumedTestBase"].Value()
	file := func(t Term) string { return strings.TrimPrefix(t.Value(), "file:///manifest/") }
	var cases []w3cCase
	cell := values[manifest][mf+"entries"]
	for cell != IRI(RDFNil) {
		entry := values[values[cell][RDFFirst]]
		c := w3cCase{
			name: entry[mf+"name"].Value(),
			kind: strings.TrimPrefix(entry[RDFType].Value(), rdft),
		}
		if base != "" { // N-Triples and N-Quads need none
			c.base = base + file(entry[mf+"action"])
		}
		c.action = filepath.Join(folder, file(entry[mf+"action"]))
		if r := entry[mf+"result"]; !r.IsZero() {
			c.result = filepath.Join(folder, file(r))
		}
		cases = append(cases, c)
		if cell = values[cell][RDFRest]; cell.IsZero() {
			t.Fatal("manifest: list of entries is not closed")
		}
	}
	return cases
}

func readFile(t *testing.T, path string, f Format, opts ReaderOptions) []Quad {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	quads, err := ReadAll(bytes.NewReader(data), f, opts)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return quads
}

// TestW3C: every RDF 1.1 and RDF 1.2 case of the W3C for five syntaxes. Negative
// cases must end in a *SyntaxError with a place, positive ones must read,
// evaluation must give the expected quads, canonicalisation the expected bytes
// (the order of lines is the caller's); each document is also read through a reader
// that returns one byte at a time, and what was read must survive every
// writer that can hold it.
func TestW3C(t *testing.T) {
	for _, suite := range w3cSuites {
		t.Run(suite.dir, func(t *testing.T) {
			counts := map[string]int{}
			for _, c := range readManifest(t, suite.dir) {
				counts[c.kind]++
				t.Run(c.name, func(t *testing.T) { runW3C(t, suite.format, c) })
			}
			if fmt.Sprint(counts) != fmt.Sprint(suite.kinds) {
				t.Errorf("cases in the manifest: %v, expected %v", counts, suite.kinds)
			}
		})
	}
}

func runW3C(t *testing.T, f Format, c w3cCase) {
	data, err := os.ReadFile(c.action)
	if err != nil {
		t.Fatal(err)
	}
	opts := ReaderOptions{Base: c.base}
	quads, err := ReadAll(bytes.NewReader(data), f, opts)
	slow, slowErr := ReadAll(oneByte{bytes.NewReader(data)}, f, opts)
	if fmt.Sprint(err) != fmt.Sprint(slowErr) || fmt.Sprint(quads) != fmt.Sprint(slow) {
		t.Errorf("read byte by byte: %v, %v; at once: %v, %v", slow, slowErr, quads, err)
	}
	if strings.HasSuffix(c.kind, "NegativeSyntax") {
		var se *SyntaxError
		if !errors.As(err, &se) || se.Line < 1 || se.Column < 1 || se.Format != f {
			t.Fatalf("expected a *SyntaxError with its place, got %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(c.kind, "C14N") {
		checkCanonical(t, f, quads, c.result)
	} else if c.result != "" {
		want := readFile(t, c.result, NQuads, ReaderOptions{})
		if !Isomorphic(quads, want) {
			t.Errorf("got:\n%v\nwant:\n%v", quads, want)
		}
	}
	roundTrip(t, quads)
}

// checkCanonical compares the canonical form, line by line.
func checkCanonical(t *testing.T, f Format, quads []Quad, result string) {
	t.Helper()
	want, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := WriteAll(&got, f, WriterOptions{Canonical: true}, quads); err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := slices.Sorted(strings.Lines(got.String())), slices.Sorted(strings.Lines(string(want)))
	if !slices.Equal(gotLines, wantLines) {
		t.Errorf("got:\n%s\nwant:\n%s", gotLines, wantLines)
	}
}

// roundTrip writes quads in every format that holds them and reads them back.
func roundTrip(t *testing.T, quads []Quad) {
	t.Helper()
	roundTripIn(t, quads, Formats()...)
}

func roundTripIn(t *testing.T, quads []Quad, formats ...Format) {
	t.Helper()
	named := false
	for _, q := range quads {
		named = named || !q.G.IsZero()
	}
	for _, f := range formats {
		if named && !f.Graphs() {
			continue
		}
		for _, opts := range []WriterOptions{{}, richWriterOptions} {
			var b bytes.Buffer
			var predicate *PredicateError
			if err := WriteAll(&b, f, opts, quads); errors.As(err, &predicate) && f == RDFXML || f == RDFXML && hasControl(quads) || f == JSONLD && has12(quads) {
				continue // the format has no form for it
			} else if err != nil {
				t.Errorf("%s: %v", f, err)
				continue
			}
			back, err := ReadAll(bytes.NewReader(b.Bytes()), f, ReaderOptions{})
			want := quads
			if f == JSONLD {
				want = lowerTags(quads) // JSON-LD Processing §5.3 puts them in lower case
			}
			if err != nil || !Isomorphic(want, back) {
				t.Errorf("%s: wrote\n%s\nread back %v\nerror %v", f, b.Bytes(), back, err)
			}
		}
	}
}

// has12 tells whether the quads hold what JSON-LD 1.1 cannot give back.
func has12(quads []Quad) bool {
	return slices.ContainsFunc(quads, func(q Quad) bool { return q.O.IsTriple() || q.O.Direction() != NoDirection })
}

func lowerTags(quads []Quad) (out []Quad) {
	for _, q := range quads {
		if q.O.Lang() != "" {
			q.O = LangString(q.O.Value(), strings.ToLower(q.O.Lang()))
		}
		out = append(out, q)
	}
	return out
}

// hasControl tells whether a term has a character that XML has not.
func hasControl(quads []Quad) bool {
	return slices.ContainsFunc(quads, func(q Quad) bool {
		o := q.O
		for inner, ok := o.Triple(); ok; inner, ok = o.Triple() {
			o = inner.O
		}
		return strings.ContainsFunc(o.Value(), func(r rune) bool {
			return r < ' ' && !strings.ContainsRune("\t\n\r", r) || r >= 0xFFFE && r <= 0xFFFF
		})
	})
}

// richWriterOptions shorten much of what the suites hold.
var richWriterOptions = WriterOptions{
	Base: "http://a.example/dir/doc?q#f",
	Prefixes: []PrefixDecl{
		{"", "http://example.org/ns#"}, {"a", "http://a.example/"}, {"e", "http://example/"},
		{"eg", "http://example.org/"}, {"xsd", XSD}, {"rdf", RDFNS}, {"t", "http://www.w3.org/2013/TurtleTests/"},
		{"u.n-1", "urn:ex:"}, {"scheme", "scheme:"},
	},
}

// oneByte returns one byte a Read.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return o.r.Read(p[:1])
}
