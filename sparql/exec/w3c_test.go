package exec_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
	"nettwin/sparql/algebra"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
	"nettwin/sparql/syntax"
)

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// load makes a snapshot of a store in memory that holds data.
func load(ctx context.Context, data []rdf.Quad) (graph.Snapshot, error) {
	store := mem.New(mem.Options{})
	if _, err := store.Commit(ctx, &graph.Batch{Adds: data}); err != nil {
		return nil, err
	}
	return store.Snapshot(graph.At{})
}

func translate(query, base string) (*algebra.Query, error) {
	parsed, err := syntax.ParseQuery(query, syntax.Options{Base: base})
	if err != nil {
		return nil, err
	}
	return algebra.Translate(parsed)
}

// engine runs W3C tests on exec, and on ref what exec does not cover.
type engine struct {
	chunkRows     int
	covered, left *int
}

// Query implements sparqltest.Runner.
func (e engine) Query(ctx context.Context, data []rdf.Quad, query, base string) (*results.Result, error) {
	q, err := translate(query, base)
	if err != nil {
		return nil, err
	}
	snap, err := load(ctx, data)
	if err != nil {
		return nil, err
	}
	r, err := exec.Query(ctx, q, snap, exec.Options{Now: testTime, ChunkRows: e.chunkRows})
	if !errors.Is(err, exec.ErrNotCovered) {
		*e.covered++
		return r, err
	}
	*e.left++
	return ref.Query(ctx, q, snap, ref.Options{Now: testTime})
}

// Update implements sparqltest.Runner; updates are not exec's.
func (e engine) Update(context.Context, []rdf.Quad, string, string) ([]rdf.Quad, error) {
	return nil, errors.New("exec has no updates")
}

// Goal: exec gives the answers of the W3C suites, whatever the size of its
// chunks. Method: every query evaluation test of SPARQL 1.0, 1.1 and 1.2 with
// chunks of one, two and many rows; known failures are those of ref.
func TestW3C(t *testing.T) {
	root := testenv.Shared(t, "suites/rdf-tests/sparql")
	skips, err := sparqltest.ReadSkips("../sparqltest/testdata/skips.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, chunkRows := range []int{1, 2, 0} {
		covered, left, passed := 0, 0, 0
		for _, suite := range slices.Concat(sparqltest.Suites10, sparqltest.Suites11, sparqltest.Suites12) {
			cases, err := sparqltest.ReadManifest(root, suite)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cases {
				if c.Kind != sparqltest.QueryEvaluation || skips[c.IRI] != "" {
					continue
				}
				difference := sparqltest.RunCase(t.Context(), root, c, engine{chunkRows, &covered, &left})
				if difference != "" {
					t.Errorf("chunks of %d: %s\n%s\n%s", chunkRows, c.IRI, c.File, difference)
					continue
				}
				passed++
			}
		}
		t.Logf("chunks of %d: %d passed; exec covered %d queries, ref answered %d", chunkRows, passed, covered, left)
		if covered < left*10 {
			t.Errorf("exec covers %d queries and leaves %d: fewer than ten of eleven", covered, left)
		}
	}
}
