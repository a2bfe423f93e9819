package rdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "nettwin/graph/rdf"
	"nettwin/internal/testenv"
)

// TestRoundTripRandom: random datasets survive every writer.
func TestRoundTripRandom(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		roundTrip(t, randomQuads(rng, 40, seed%2 == 0))
	}
}

// fuzzLimits are small, so that the fuzzer reaches them.
var fuzzLimits = ReaderOptions{Base: "http://a.example/dir/doc", MaxTermBytes: 200, MaxDepth: 8}

// FuzzNQuads: whatever the input, the reader ends with quads or a placed error
// and never panics; reading byte by byte gives the same; what was read, written
// and read again is the same quads with the same labels.
func FuzzNQuads(f *testing.F) { fuzzFormat(f, NQuads, "rdf-n-quads", "*.nq") }

// FuzzTriG: as FuzzNQuads, for TriG and with it Turtle; anonymous blank nodes
// may change their labels.
func FuzzTriG(f *testing.F) { fuzzFormat(f, TriG, "rdf-trig", "*.trig") }

// FuzzRDFXML: whatever the input, the reader ends with quads or a placed error
// and never panics, and reading byte by byte gives the same; what was read
// survives N-Quads, and RDF/XML where that has a form for it.
func FuzzRDFXML(f *testing.F) {
	addSeeds(f, "rdf-tests/rdf/rdf11/rdf-xml/*/*.rdf")
	addSeeds(f, "rdf-tests/rdf/rdf12/rdf-xml/*/*.rdf")
	f.Fuzz(func(t *testing.T, data []byte) {
		quads, err := ReadAll(bytes.NewReader(data), RDFXML, fuzzLimits)
		slow, slowErr := ReadAll(oneByte{bytes.NewReader(data)}, RDFXML, fuzzLimits)
		if fmt.Sprint(quads) != fmt.Sprint(slow) || (err == nil) != (slowErr == nil) {
			t.Fatalf("read at once: %v, %v; byte by byte: %v, %v", quads, err, slow, slowErr)
		}
		var se *SyntaxError
		if err != nil && (!errors.As(err, &se) || se.Line < 1 || se.Column < 1) {
			t.Fatalf("error without a place: %v", err)
		}
		if err == nil {
			roundTripIn(t, quads, NQuads, RDFXML)
		}
	})
}

// FuzzJSONLD: whatever the input, the reader ends with quads that N-Quads can
// hold or with a placed error, and never panics.
func FuzzJSONLD(f *testing.F) {
	addSeeds(f, "json-ld-api/tests/toRdf/*-in.jsonld")
	f.Fuzz(func(t *testing.T, data []byte) {
		quads, err := ReadAll(bytes.NewReader(data), JSONLD, fuzzLimits)
		var se *SyntaxError
		if err != nil && (!errors.As(err, &se) || se.Line < 1 || se.Column < 1) {
			t.Fatalf("error without a place: %v", err)
		}
		if err == nil {
			roundTripIn(t, quads, NQuads)
		}
	})
}

// bothFailAtLimit tells whether two readings end after the same quads, one of
// them because a token is too long. What stands after the limit in a token that
// is wrong too may or may not be in the window when the error is written.
func bothFailAtLimit(quads []Quad, err error, slow []Quad, slowErr error) bool {
	var a, b *SyntaxError
	if !errors.As(err, &a) || !errors.As(slowErr, &b) || fmt.Sprint(quads) != fmt.Sprint(slow) {
		return false
	}
	const limit = "longer than the limit"
	return strings.Contains(a.Msg, limit) || strings.Contains(b.Msg, limit)
}

// addSeeds adds the files of the suites that a pattern names.
func addSeeds(f *testing.F, pattern string) {
	files, err := filepath.Glob(filepath.Join(testenv.Shared(f, "suites"), filepath.FromSlash(pattern)))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds %s: %v", pattern, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func fuzzFormat(f *testing.F, format Format, dir, glob string) {
	addSeeds(f, "rdf-tests/rdf/rdf11/"+dir+"/"+glob)
	addSeeds(f, "rdf-tests/rdf/rdf12/"+dir+"/*/"+glob)
	f.Fuzz(func(t *testing.T, data []byte) {
		quads, err := ReadAll(bytes.NewReader(data), format, fuzzLimits)
		slow, slowErr := ReadAll(oneByte{bytes.NewReader(data)}, format, fuzzLimits)
		if fmt.Sprint(quads, err) != fmt.Sprint(slow, slowErr) && !bothFailAtLimit(quads, err, slow, slowErr) {
			t.Fatalf("read at once: %v, %v; byte by byte: %v, %v", quads, err, slow, slowErr)
		}
		var se *SyntaxError
		if err != nil && (!errors.As(err, &se) || se.Line < 1 || se.Column < 1) {
			t.Fatalf("error without a place: %v", err)
		}
		for _, out := range []Format{NQuads, TriG} {
			var b bytes.Buffer
			if err := WriteAll(&b, out, richWriterOptions, quads); err != nil {
				t.Fatalf("%s: write %v: %v", out, quads, err)
			}
			back, err := ReadAll(&b, out, ReaderOptions{})
			if err != nil {
				t.Fatalf("%s: read again: %v\n%v", out, err, quads)
			}
			same, err := IsomorphicWithin(quads, back, 1_000_000)
			if err == nil && !same {
				t.Fatalf("%s: read %v, wrote it and read %v", out, quads, back)
			}
		}
	})
}
