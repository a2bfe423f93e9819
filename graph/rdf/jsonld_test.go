package rdf_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "nettwin/graph/rdf"
	"nettwin/internal/testenv"
)

// jsonldCase is an entry of the suite's manifest.
type jsonldCase struct {
	ID     string   `json:"@id"`
	Types  []string `json:"@type"`
	Input  string   `json:"input"`
	Expect string   `json:"expect"`
	Option struct {
		Base        string `json:"base"`
		SpecVersion string `json:"specVersion"`
		Mode        string `json:"processingMode"`
		Generalized bool   `json:"produceGeneralizedRdf"`
		Direction   string `json:"rdfDirection"`
		Expand      string `json:"expandContext"`
	} `json:"option"`
}

// TestJSONLD: documents of the W3C suite for JSON-LD to RDF give the expected
// quads or the expected refusal. Tests of options that the reader has not, and
// of JSON-LD 1.0, are left out; what json-gold gets wrong is listed in
// testdata/jsonld-skips.tsv with the reason and must still fail.
func TestJSONLD(t *testing.T) {
	folder := testenv.Shared(t, "suites/json-ld-api/tests")
	data, err := os.ReadFile(filepath.Join(folder, "toRdf-manifest.jsonld"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Base     string       `json:"baseIri"`
		Sequence []jsonldCase `json:"sequence"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	skips := readSkips(t, "testdata/jsonld-skips.tsv")
	passed, left, known := 0, 0, 0
	for _, c := range manifest.Sequence {
		o := c.Option
		if o.SpecVersion == "json-ld-1.0" || o.Mode == "json-ld-1.0" || o.Generalized || o.Direction != "" || o.Expand != "" {
			left++
			continue
		}
		wrong := runJSONLD(t, folder, manifest.Base, c)
		reason, skipped := skips[c.ID]
		switch {
		case skipped && wrong == "":
			t.Errorf("%s passes, but the list says: %s", c.ID, reason)
		case skipped:
			known++
		case wrong != "":
			t.Errorf("%s: %s", c.ID, wrong)
		default:
			passed++
		}
	}
	t.Logf("%d of %d passed, %d known failures, %d ask for other options or JSON-LD 1.0", passed, len(manifest.Sequence), known, left)
}

func runJSONLD(t *testing.T, folder, base string, c jsonldCase) (wrong string) {
	in, err := os.ReadFile(filepath.Join(folder, c.Input))
	if err != nil {
		t.Fatal(err)
	}
	base += c.Input
	if c.Option.Base != "" {
		base = c.Option.Base
	}
	quads, err := ReadAll(bytes.NewReader(in), JSONLD, ReaderOptions{Base: base})
	switch kinds := strings.Join(c.Types, " "); {
	case strings.Contains(kinds, "Negative"):
		var se *SyntaxError
		if !errors.As(err, &se) {
			return "accepted, must be refused"
		}
		return ""
	case err != nil:
		return err.Error()
	case strings.Contains(kinds, "PositiveSyntax"):
		return ""
	}
	want := lowerTags(readFile(t, filepath.Join(folder, c.Expect), NQuads, ReaderOptions{}))
	if !Isomorphic(want, quads) {
		return "quads differ"
	}
	return ""
}

// readSkips reads lines of a test's id, a tab and the reason.
func readSkips(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	skips := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "# ") {
			continue
		}
		id, reason, ok := strings.Cut(lines.Text(), "\t")
		if !ok || reason == "" {
			t.Fatalf("%s: expected an id, a tab and the reason: %s", path, lines.Text())
		}
		skips[id] = reason
	}
	return skips
}
