package sparqltest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
)

// Runner is an engine under test. Every call begins with an empty store.
type Runner interface {
	// Query puts data into the store and evaluates a query whose relative
	// IRIs resolve against base.
	Query(ctx context.Context, data []rdf.Quad, query, base string) (*results.Result, error)

	// Update puts data into the store, runs an update and returns what the
	// store then holds.
	Update(ctx context.Context, data []rdf.Quad, update, base string) ([]rdf.Quad, error)
}

// SyntaxChecker is a Runner that can check a text without running it. For
// other runners, syntax tests are run over an empty store.
type SyntaxChecker interface {
	CheckQuery(query, base string) error
	CheckUpdate(update, base string) error
}

// Tally counts the tests of a run. ByValue are those of the list of skips whose
// answers are right by value but not by lexical form; they have not passed.
type Tally struct{ Passed, ByValue, Total int }

func (t Tally) String() string {
	if t.Total == 0 {
		return "0/0"
	}
	text := fmt.Sprintf("%d/%d (%.1f %%)", t.Passed, t.Total, 100*float64(t.Passed)/float64(t.Total))
	if t.ByValue > 0 {
		text += fmt.Sprintf(" and %d by value", t.ByValue)
	}
	return text
}

// Add adds another tally.
func (t Tally) Add(u Tally) Tally {
	return Tally{t.Passed + u.Passed, t.ByValue + u.ByValue, t.Total + u.Total}
}

// RunSuite runs the tests of one suite as subtests and returns the tally. A
// test in skips must fail, or its entry is wrong, but only by the lexical
// forms of numbers: its answer must be right by value. It never counts as
// passed.
func RunSuite(t *testing.T, root, suite string, r Runner, skips map[string]string) (tally Tally) {
	t.Helper()
	cases, err := ReadManifest(root, suite)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("suite %s: no tests", suite)
	}
	for _, c := range cases {
		tally.Total++
		t.Run(strings.NewReplacer("/", "_", " ", "_").Replace(suite+":"+c.Name), func(t *testing.T) {
			difference := RunCase(t.Context(), root, c, r)
			reason, skipped := skips[c.IRI]
			switch {
			case skipped && difference == "":
				t.Errorf("%s passes, but the list of skips says: %s", c.IRI, reason)
			case skipped && runCase(t.Context(), root, c, r, true) != "":
				t.Errorf("%s is not even right by value\n%s", c.IRI, difference)
			case skipped:
				tally.ByValue++
				t.Logf("known: %s: %s", c.IRI, reason)
			case difference != "":
				t.Errorf("%s\n%s\n%s", c.IRI, c.File, difference)
			default:
				tally.Passed++
			}
		})
	}
	return tally
}

// RunCase runs one test and returns "" if it passes, else what is wrong.
func RunCase(ctx context.Context, root string, c Case, r Runner) string {
	return runCase(ctx, root, c, r, false)
}

// runCase is RunCase; with values, numbers are compared by value.
func runCase(ctx context.Context, root string, c Case, r Runner, values bool) string {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err.Error()
	}
	base := fileIRI(root, c.File)
	switch c.Kind {
	case QueryEvaluation:
		return runQuery(ctx, root, c, r, string(text), base, values)
	case UpdateEvaluation:
		return runUpdate(ctx, root, c, r, string(text), base)
	}
	return runSyntax(ctx, c, r, string(text), base)
}

func runQuery(ctx context.Context, root string, c Case, r Runner, query, base string, values bool) string {
	data, err := readDataset(root, c.Data)
	if err != nil {
		return err.Error()
	}
	want, err := ReadExpected(root, c.Result)
	if err != nil {
		return err.Error()
	}
	result, err := r.Query(ctx, data, query, base)
	if err != nil {
		return "query: " + err.Error()
	}
	if want.Format != 0 && want.Kind == result.Kind {
		if result, err = throughFormat(ctx, result, want.Format); err != nil {
			return err.Error()
		}
	}
	got, err := ReadAnswer(ctx, result)
	if err != nil {
		return err.Error()
	}
	if values {
		want, got = byValue(want), byValue(got)
	}
	return CompareAnswers(want, got, c.Lax)
}

// throughFormat writes a result in the format of the expected one and reads
// it back, so that the format is tested too and CSV loses what it loses.
func throughFormat(ctx context.Context, r *results.Result, f results.Format) (*results.Result, error) {
	var b bytes.Buffer
	if err := results.Write(ctx, &b, f, r, results.WriteOptions{}); err != nil {
		return nil, err
	}
	return results.Read(&b, f, 0)
}

func runUpdate(ctx context.Context, root string, c Case, r Runner, update, base string) string {
	data, err := readDataset(root, c.Data)
	if err != nil {
		return err.Error()
	}
	want, err := readDataset(root, c.After)
	if err != nil {
		return err.Error()
	}
	got, err := r.Update(ctx, data, update, base)
	if err != nil {
		return "update: " + err.Error()
	}
	if !rdf.Isomorphic(want, got) {
		return "datasets are not isomorphic\nwant:\n" + quadText(want) + "got:\n" + quadText(got)
	}
	return ""
}

func runSyntax(ctx context.Context, c Case, r Runner, text, base string) string {
	var err error
	checker, ok := r.(SyntaxChecker)
	update := c.Kind == PositiveUpdateSyntax || c.Kind == NegativeUpdateSyntax
	switch {
	case ok && update:
		err = checker.CheckUpdate(text, base)
	case ok:
		err = checker.CheckQuery(text, base)
	case update:
		_, err = r.Update(ctx, nil, text, base)
	default:
		var result *results.Result
		if result, err = r.Query(ctx, nil, text, base); err == nil {
			_, err = ReadAnswer(ctx, result)
		}
	}
	negative := c.Kind == NegativeQuerySyntax || c.Kind == NegativeUpdateSyntax
	switch {
	case negative && err == nil:
		return "accepted, must be refused:\n" + text
	case !negative && err != nil:
		return "refused: " + err.Error()
	}
	return ""
}

// ReadSkips reads a list of tests that are known to fail: one a line, its IRI,
// a tab and the reason. Lines that begin with "#" are comments.
func ReadSkips(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	skips := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if lines.Text() == "" || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		iri, reason, ok := strings.Cut(lines.Text(), "\t")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("skips: %s:%d: expected a test's IRI, a tab and the reason", path, n)
		}
		skips[iri] = reason
	}
	return skips, lines.Err()
}
