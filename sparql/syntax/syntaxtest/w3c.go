package syntaxtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
)

const (
	suites   = "suites/rdf-tests/sparql"
	manifest = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
)

// Text is a query or update of a W3C suite.
type Text struct {
	Name     string // suite and test
	Base     string // IRI of the file
	Text     string
	Update   bool
	Negative bool // must be refused
}

// SyntaxTests returns the syntax tests that a suite's manifest lists, such
// as "sparql11/syntax-query".
func SyntaxTests(tb testing.TB, suite string) []Text {
	tb.Helper()
	dir := testenv.Shared(tb, filepath.Join(suites, suite))
	path := filepath.Join(dir, "manifest.ttl")
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	quads, err := rdf.ReadAll(f, rdf.Turtle, rdf.ReaderOptions{Base: fileIRI(path)})
	if err != nil {
		tb.Fatal(err)
	}
	actions := map[rdf.Term]string{}
	for _, q := range quads {
		if q.P.Value() == manifest+"action" && q.O.IsIRI() {
			actions[q.S] = strings.TrimPrefix(q.O.Value(), "file://")
		}
	}
	var texts []Text
	for _, q := range quads {
		kind, isTest := strings.CutPrefix(q.O.Value(), manifest)
		if q.P.Value() != rdf.RDFType || !isTest || !strings.Contains(kind, "SyntaxTest") {
			continue
		}
		t := readText(tb, actions[q.S])
		t.Name = suite + "/" + filepath.Base(actions[q.S])
		t.Update = strings.Contains(kind, "Update")
		t.Negative = strings.HasPrefix(kind, "Negative")
		texts = append(texts, t)
	}
	return texts
}

// AllTexts returns every query and update file below a folder of suites.
// Whether a file must be refused is not known here.
func AllTexts(tb testing.TB, folder string) []Text {
	tb.Helper()
	root := testenv.Shared(tb, filepath.Join(suites, folder))
	var texts []Text
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := filepath.Ext(path); ext != ".rq" && ext != ".ru" {
			return nil
		}
		t := readText(tb, path)
		rel, err := filepath.Rel(root, path)
		t.Name = filepath.ToSlash(filepath.Join(folder, rel))
		t.Update = filepath.Ext(path) == ".ru"
		texts = append(texts, t)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return texts
}

func readText(tb testing.TB, path string) Text {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return Text{Text: string(data), Base: fileIRI(path)}
}

func fileIRI(path string) string { return "file://" + filepath.ToSlash(path) }
