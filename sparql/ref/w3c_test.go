package ref_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
	"nettwin/sparql/algebra"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
	"nettwin/sparql/syntax"
)

// engine runs tests on package ref over graph/mem.
type engine struct{}

func newStore(ctx context.Context, data []rdf.Quad) (graph.Store, error) {
	store := mem.New(mem.Options{})
	_, err := store.Commit(ctx, &graph.Batch{Adds: data})
	return store, err
}

func options() ref.Options {
	return ref.Options{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

// Query implements sparqltest.Runner.
func (engine) Query(ctx context.Context, data []rdf.Quad, query, base string) (*results.Result, error) {
	parsed, err := syntax.ParseQuery(query, syntax.Options{Base: base})
	if err != nil {
		return nil, err
	}
	q, err := algebra.Translate(parsed)
	if err != nil {
		return nil, err
	}
	store, err := newStore(ctx, data)
	if err != nil {
		return nil, err
	}
	snap, err := store.Snapshot(graph.At{})
	if err != nil {
		return nil, err
	}
	return ref.Query(ctx, q, snap, options())
}

// Update implements sparqltest.Runner.
func (engine) Update(ctx context.Context, data []rdf.Quad, update, base string) ([]rdf.Quad, error) {
	parsed, err := syntax.ParseUpdate(update, syntax.Options{Base: base})
	if err != nil {
		return nil, err
	}
	u, err := algebra.TranslateUpdate(parsed)
	if err != nil {
		return nil, err
	}
	store, err := newStore(ctx, data)
	if err != nil {
		return nil, err
	}
	if _, err := ref.Update(ctx, u, store, options()); err != nil {
		return nil, err
	}
	return allQuads(ctx, store)
}

// CheckQuery implements sparqltest.SyntaxChecker.
func (engine) CheckQuery(query, base string) error {
	parsed, err := syntax.ParseQuery(query, syntax.Options{Base: base})
	if err == nil {
		_, err = algebra.Translate(parsed)
	}
	return err
}

// CheckUpdate implements sparqltest.SyntaxChecker.
func (engine) CheckUpdate(update, base string) error {
	parsed, err := syntax.ParseUpdate(update, syntax.Options{Base: base})
	if err == nil {
		_, err = algebra.TranslateUpdate(parsed)
	}
	return err
}

// allQuads reads the newest state of a store.
func allQuads(ctx context.Context, store graph.Store) (out []rdf.Quad, err error) {
	snap, err := store.Snapshot(graph.At{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	cursor, err := snap.Scan(graph.Pattern{}, graph.SPOG)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cursor.Close()) }()
	for {
		chunk, err := cursor.Next(ctx)
		if err != nil || chunk == nil {
			return out, err
		}
		for i := range chunk.Len() {
			q := chunk.Quad(i)
			var t [4]rdf.Term
			if err := snap.Terms(q[:], t[:]); err != nil {
				return nil, err
			}
			out = append(out, rdf.Quad{S: t[graph.S], P: t[graph.P], O: t[graph.O], G: t[graph.G]})
		}
	}
}

// Goal: answers are those of the W3C suites, to the lexical form.
// Method: every test of the manifests of SPARQL 1.0, 1.1 and 1.2 query evaluation,
// result formats, update and syntax on a store in memory; what is listed in
// sparqltest/testdata/skips.tsv must still fail, and counts as failed.
func TestW3C(t *testing.T) {
	root := testenv.Shared(t, "suites/rdf-tests/sparql")
	skips, err := sparqltest.ReadSkips("../sparqltest/testdata/skips.tsv")
	if err != nil {
		t.Fatal(err)
	}
	const needed = 0.95
	for _, group := range []struct {
		name   string
		suites []string
	}{
		{"SPARQL 1.0 evaluation", sparqltest.Suites10},
		{"SPARQL 1.1 evaluation, results, update", sparqltest.Suites11},
		{"syntax", sparqltest.SyntaxSuites},
		{"SPARQL 1.2", sparqltest.Suites12},
	} {
		var all sparqltest.Tally
		for _, suite := range group.suites {
			tally := sparqltest.RunSuite(t, root, suite, engine{}, skips)
			t.Logf("%-36s %s", suite, tally)
			all = all.Add(tally)
		}
		t.Logf("%-36s %s", group.name, all)
		if float64(all.Passed) < needed*float64(all.Total) {
			t.Errorf("%s: %s passed, want at least %.0f %%", group.name, all, 100*needed)
		}
	}
}
