package graphtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Start is the time of Clock's first reading: a Sunday before any test.
var Start = time.Date(2026, 1, 4, 12, 0, 0, 0, time.UTC)

// Clock returns a clock that begins at Start and advances a second a reading.
func Clock() func() time.Time {
	var mu sync.Mutex
	now := Start.Add(-time.Second)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

// Run tests an engine. open returns an empty store whose clock is Clock() or
// the real one; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) graph.Store) {
	groups := []struct {
		name string
		run  func(t *testing.T, open func(t *testing.T) graph.Store)
	}{
		{"scan", testScan}, {"terms", testTerms}, {"commit", testCommit}, {"versions", testVersions},
		{"branches", testBranches}, {"merge", testMerge}, {"feed", testFeed}, {"restrict", testRestrict},
		{"load", testLoad}, {"concurrent", testConcurrent}, {"closed", testClosed},
		{"model", func(t *testing.T, open func(t *testing.T) graph.Store) { Model(t, open) }},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.run(t, open) })
	}
}

var ctx = context.Background()

// opened opens a store that the test's end closes.
func opened(t *testing.T, open func(t *testing.T) graph.Store) graph.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// ex makes an IRI of the tests.
func ex(name string) rdf.Term { return rdf.IRI("https://example.org/" + name) }

// q makes a quad of IRIs from names; the graph "" is the default graph.
func q(s, p, o, g string) rdf.Quad {
	quad := rdf.Quad{S: ex(s), P: ex(p), O: ex(o)}
	if g != "" {
		quad.G = ex(g)
	}
	return quad
}

func show(q rdf.Quad) string {
	return fmt.Sprintf("%v %v %v %v", showTerm(q.S), showTerm(q.P), showTerm(q.O), showTerm(q.G))
}

func showTerm(t rdf.Term) string {
	switch {
	case t.IsZero():
		return "-"
	case t.IsLiteral():
		return fmt.Sprintf("%q^^%s@%s", t.Value(), t.Datatype(), t.Lang())
	}
	return fmt.Sprintf("<%s>", t.Value())
}

func commit(t testing.TB, s graph.Store, b *graph.Batch) graph.Commit {
	t.Helper()
	c, err := s.Commit(ctx, b)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return c
}

func add(t testing.TB, s graph.Store, branch string, quads ...rdf.Quad) graph.Commit {
	t.Helper()
	return commit(t, s, &graph.Batch{Branch: branch, Adds: quads})
}

func remove(t testing.TB, s graph.Store, branch string, quads ...rdf.Quad) graph.Commit {
	t.Helper()
	return commit(t, s, &graph.Batch{Branch: branch, Deletes: quads})
}

func snapshot(t testing.TB, s graph.Store, at graph.At) graph.Snapshot {
	t.Helper()
	snap, err := s.Snapshot(at)
	if err != nil {
		t.Fatalf("snapshot %+v: %v", at, err)
	}
	return snap
}

// contents returns all quads of a source, shown as text, sorted.
func contents(t testing.TB, src graph.Source) []string {
	t.Helper()
	out := []string{}
	for quad, err := range graph.ExportQuads(ctx, src, graph.Pattern{}) {
		if err != nil {
			t.Fatalf("export: %v", err)
		}
		out = append(out, show(quad))
	}
	slices.Sort(out)
	return out
}

func at(t testing.TB, s graph.Store, at graph.At) []string {
	t.Helper()
	snap := snapshot(t, s, at)
	defer snap.Close()
	return contents(t, snap)
}

// wantQuads compares what a version holds with the quads expected.
func wantQuads(t testing.TB, what string, got []string, want ...rdf.Quad) {
	t.Helper()
	text := []string{}
	for _, quad := range want {
		text = append(text, show(quad))
	}
	slices.Sort(text)
	if !slices.Equal(got, text) {
		t.Fatalf("%s:\n got %q\nwant %q", what, got, text)
	}
}

// rows reads a cursor to its end and closes it.
func rows(t testing.TB, c graph.Cursor) []graph.Quad {
	t.Helper()
	var out []graph.Quad
	for {
		chunk, err := c.Next(ctx)
		if err != nil {
			t.Fatalf("next: %v", err)
		}
		if chunk == nil {
			break
		}
		n := chunk.Len()
		if n == 0 || n > graph.ChunkRows {
			t.Fatalf("chunk of %d rows: want 1 to %d", n, graph.ChunkRows)
		}
		for pos, col := range chunk.Cols {
			if len(col) != n {
				t.Fatalf("column %d has %d rows, column 0 has %d", pos, len(col), n)
			}
		}
		for i := range n {
			out = append(out, chunk.Quad(i))
		}
	}
	if err := c.Close(); err != nil {
		t.Fatalf("close cursor: %v", err)
	}
	return out
}

func scan(t testing.TB, src graph.Source, p graph.Pattern, o graph.Order) []graph.Quad {
	t.Helper()
	c, err := src.Scan(p, o)
	if err != nil {
		t.Fatalf("scan %v in %s: %v", p, o, err)
	}
	return rows(t, c)
}

// compareIn compares two quads in an order.
func compareIn(o graph.Order, a, b graph.Quad) int {
	for _, pos := range o.Positions() {
		if a[pos] != b[pos] {
			if a[pos] < b[pos] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// matching returns the quads that a scan must yield.
func matching(all []graph.Quad, p graph.Pattern, o graph.Order) []graph.Quad {
	var out []graph.Quad
	for _, quad := range all {
		if p.Matches(quad) {
			out = append(out, quad)
		}
	}
	slices.SortFunc(out, func(a, b graph.Quad) int { return compareIn(o, a, b) })
	return out
}
