package ontology_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
	"nettwin/ontology"
	"nettwin/reasoning/rules"
	"nettwin/sparql"
)

// base and now of all tests of rules, see rules/README.md.
const base = "https://twin.test/"

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// shippedRules loads the embedded rules; a file that cannot be used fails.
func shippedRules(tb testing.TB, base string) *rules.Set {
	tb.Helper()
	set, err := rules.LoadSet(ontology.Knowledge(), base)
	if err != nil {
		tb.Fatal(err)
	}
	for _, err := range set.Broken {
		tb.Error(err)
	}
	return set
}

// world is a store in memory that rules run on.
type world struct {
	tb    testing.TB
	base  string
	store graph.Store
}

func newWorld(tb testing.TB, base string, quads []rdf.Quad) *world {
	tb.Helper()
	w := &world{tb: tb, base: base, store: mem.New(mem.Options{})}
	tb.Cleanup(func() { w.store.Close() })
	w.add(quads)
	return w
}

func (w *world) add(quads []rdf.Quad) {
	w.tb.Helper()
	if _, err := w.store.Commit(context.Background(), &graph.Batch{Adds: quads}); err != nil {
		w.tb.Fatal(err)
	}
}

// construct returns what a rule says of the store now.
func (w *world) construct(r *rules.Rule) []rdf.Triple {
	w.tb.Helper()
	ctx := context.Background()
	snapshot, err := w.store.Snapshot(graph.At{})
	if err != nil {
		w.tb.Fatal(err)
	}
	defer snapshot.Close()
	said, err := r.Ask(ctx, snapshot, sparql.Options{Now: now})
	if err != nil {
		w.tb.Fatal(err)
	}
	return said
}

// run runs all rules in their order and adds what they say.
func (w *world) run(set *rules.Set) {
	w.tb.Helper()
	for _, r := range set.Rules() {
		target := map[rules.Target]rdf.Term{
			rules.TargetDerived:  rdf.IRI(w.base + "graph/derived"),
			rules.TargetIntended: rdf.IRI(w.base + "graph/intended"),
		}[r.Target]
		start := time.Now()
		var quads []rdf.Quad
		for _, t := range w.construct(r) {
			quads = append(quads, t.In(target))
		}
		w.add(quads)
		if d := time.Since(start); d > 150*time.Millisecond {
			w.tb.Logf("%s took %v for %d facts", r.Name, d, len(quads))
		}
	}
}

// rows runs a SELECT and returns its rows as text, cells split by a blank.
func (w *world) rows(query string) []string {
	w.tb.Helper()
	ctx := context.Background()
	q, err := sparql.Parse("PREFIX twin: <https://w3id.org/nettwin/ns#>\n"+query, w.base)
	if err != nil {
		w.tb.Fatal(err)
	}
	snapshot, err := w.store.Snapshot(graph.At{})
	if err != nil {
		w.tb.Fatal(err)
	}
	defer snapshot.Close()
	result, err := q.Run(ctx, snapshot, sparql.Options{Now: now})
	if err != nil {
		w.tb.Fatal(err)
	}
	defer result.Close()
	var out []string
	for {
		row, err := result.Rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			w.tb.Fatal(err)
		}
		var cells []string
		for _, t := range row {
			cells = append(cells, strings.TrimPrefix(t.Value(), w.base))
		}
		out = append(out, strings.Join(cells, " "))
	}
}

// Goal: every shipped rule file is a rule, none depends on itself, and its
// words are words of the vocabulary. Method: load them all; look up each
// twin: name that a file uses.
func TestShippedRules(t *testing.T) {
	set := shippedRules(t, base)
	if len(set.Rules()) < 30 {
		t.Errorf("%d rules, expected at least 30", len(set.Rules()))
	}
	vocabulary := string(ontology.Vocabulary())
	for _, r := range set.Rules() {
		for _, word := range strings.FieldsFunc(r.Text, func(c rune) bool { return strings.ContainsRune(" \n;,.()|{}/^*+?", c) }) {
			name, ok := strings.CutPrefix(word, "twin:")
			if ok && name != "" && !strings.Contains(vocabulary, "\ntwin:"+name+" a ") {
				t.Errorf("%s uses twin:%s, which twin.ttl does not have", r.File, name)
			}
		}
	}
}

// readQuads reads a file beside this test.
func readQuads(t *testing.T, file string, format rdf.Format) []rdf.Quad {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	quads, err := rdf.ReadAll(f, format, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return quads
}

// Goal: each rule says what its case expects, and nothing in the case that
// looks alike. Method: rules/testdata and align/testdata, at a fixed time; the
// expected files are written by hand. Alignments without a case of their own
// are tested together, see TestAlignment.
func TestRuleCases(t *testing.T) {
	cases := map[string]bool{}
	for _, r := range shippedRules(t, base).Rules() {
		dir := "rules/testdata/" + r.Name
		if r.Target != rules.TargetDerived {
			dir = "align/testdata/" + r.Name
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
				continue
			}
		}
		cases[dir] = true
		t.Run(r.Name, func(t *testing.T) { ruleCase(t, r, dir) })
	}
	dirs, err := filepath.Glob("*/testdata/*/")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "fires.trig")); err == nil && !cases[filepath.Clean(dir)] {
			t.Errorf("%s is the case of no rule", dir)
		}
	}
}

func ruleCase(t *testing.T, r *rules.Rule, dir string) {
	if said := newWorld(t, base, readQuads(t, dir+"/silent.trig", rdf.TriG)).construct(r); len(said) > 0 {
		t.Errorf("it should be silent and says %v", said)
	}
	var got, want []string
	for _, tr := range newWorld(t, base, readQuads(t, dir+"/fires.trig", rdf.TriG)).construct(r) {
		got = append(got, fmt.Sprint(tr))
	}
	for _, q := range readQuads(t, dir+"/fires.expected.nt", rdf.NTriples) {
		want = append(want, fmt.Sprint(q.Triple()))
	}
	compare(t, r.Name, got, want)
}

// vocabularyWord finds words of the vocabulary in product code.
var vocabularyWord = regexp.MustCompile(`\b(?:naming\.Twin|[tT]win) \+ "([A-Za-z]+)"`)

// Goal: product code says nothing that the vocabulary does not explain.
// Method: read the Go files for the namespace with a word behind it.
func TestWordsInCode(t *testing.T) {
	vocabulary := string(ontology.Vocabulary())
	found := 0
	for _, folder := range []string{"ingest", "naming", "reasoning", "control", "web", "cmd"} {
		err := filepath.WalkDir(filepath.Join(testenv.ProjectRoot(), folder), func(path string, d os.DirEntry, err error) error {
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range vocabularyWord.FindAllStringSubmatch(string(text), -1) {
				found++
				if !strings.Contains(vocabulary, "\ntwin:"+m[1]+" a ") {
					t.Errorf("%s uses twin:%s, which twin.ttl does not have", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 10 {
		t.Errorf("%d words found, expected more: does the code write them in another way?", found)
	}
}
