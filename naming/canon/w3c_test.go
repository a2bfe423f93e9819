package canon

import (
	"bytes"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
)

const (
	mf   = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
	rdfc = "https://w3c.github.io/rdf-canon/tests/vocab#"
)

// suiteCases is the number of entries of the manifest (64 eval, 21 map, 1
// negative) that must run, so that a broken manifest cannot look like a pass.
const suiteCases = 86

// TestSuite runs the W3C suite of RDFC-1.0 by its manifest: canonical
// documents byte by byte, the map of issued labels, and inputs that must hit
// the work limit.
func TestSuite(t *testing.T) {
	dir := testenv.Shared(t, "suites/rdf-canon/tests")
	cases := readManifest(t, filepath.Join(dir, "manifest.ttl"))
	if len(cases) != suiteCases {
		t.Fatalf("manifest: found %d cases, expected %d", len(cases), suiteCases)
	}
	for id, c := range cases {
		t.Run(id, func(t *testing.T) { c.run(t) })
	}
}

type suiteCase struct{ kind, action, result, algorithm string }

func (c suiteCase) run(t *testing.T) {
	in, err := rdf.ReadAll(bytes.NewReader(readFile(t, c.action)), rdf.NQuads, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var opts Options
	if c.algorithm == "SHA384" {
		opts.Hash = sha512.New384
	}
	got, err := Canonicalize(in, opts)
	if c.kind == rdfc+"RDFC10NegativeEvalTest" {
		if !errors.Is(err, ErrWorkLimit) {
			t.Fatalf("error %v, expected the work limit", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want := readFile(t, c.result)
	switch c.kind {
	case rdfc + "RDFC10EvalTest":
		if !bytes.Equal(got.NQuads, want) {
			t.Errorf("got\n%s\nwant\n%s", got.NQuads, want)
		}
	case rdfc + "RDFC10MapTest":
		var labels map[string]string
		if err := json.Unmarshal(want, &labels); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got.Issued, labels) {
			t.Errorf("issued %v, want %v", got.Issued, labels)
		}
	default:
		t.Fatalf("unknown kind of test %s", c.kind)
	}
}

func readManifest(t *testing.T, path string) map[string]suiteCase {
	t.Helper()
	base := "file://" + path
	quads, err := rdf.ReadAll(bytes.NewReader(readFile(t, path)), rdf.Turtle, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]suiteCase{}
	for _, q := range quads {
		if q.P.Value() == rdf.RDFType && strings.HasPrefix(q.O.Value(), rdfc) {
			cases[q.S.Value()] = suiteCase{kind: q.O.Value()}
		}
	}
	for _, q := range quads {
		c, ok := cases[q.S.Value()]
		if !ok {
			continue
		}
		switch q.P.Value() {
		case mf + "action":
			c.action = strings.TrimPrefix(q.O.Value(), "file://")
		case mf + "result":
			c.result = strings.TrimPrefix(q.O.Value(), "file://")
		case rdfc + "hashAlgorithm":
			c.algorithm = q.O.Value()
		}
		cases[q.S.Value()] = c
	}
	named := map[string]suiteCase{}
	for iri, c := range cases {
		named[iri[strings.LastIndexByte(iri, '#')+1:]] = c
	}
	return named
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
