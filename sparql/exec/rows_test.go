package exec_test

import (
	"io"
	"slices"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/exec"
	"nettwin/sparql/results"
)

// Goal: rows that come by many at once are those that come one by one, also
// when both are asked for in turn. Method: queries with repeated, unique and
// unbound values, read both ways and mixed, with chunks of several sizes.
func TestColumns(t *testing.T) {
	src := network(t, 60)
	for _, text := range []string{
		`SELECT ?d ?i ?p ?o { ?d :interface ?i . ?i ?p ?o }`,
		`SELECT ?i ?m ?none { ?i :octets ?o OPTIONAL { ?i :missing ?m } }`,
		`SELECT ?i (CONCAT("made of ", STR(?o)) AS ?made) { ?i :octets ?o }`,
		`SELECT * {}`,
	} {
		for _, chunkRows := range []int{1, 30, 0} {
			opt := exec.Options{ChunkRows: chunkRows}
			r, err := runQuery(t, src, text, opt)
			if err != nil {
				t.Fatal(err)
			}
			want, err := results.Collect(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for mixed := range 3 {
				if r, err = runQuery(t, src, text, opt); err != nil {
					t.Fatal(err)
				}
				got := readColumns(t, r, mixed)
				if !slices.EqualFunc(got, want, slices.Equal[[]rdf.Term]) {
					t.Errorf("%s, chunks of %d, %d: %d rows, want %d", text, chunkRows, mixed, len(got), len(want))
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// readColumns reads all rows by columns, with so many single rows in between.
func readColumns(t *testing.T, r *results.Result, single int) (rows [][]rdf.Term) {
	t.Helper()
	for {
		for range single {
			row, err := r.Rows.Next(t.Context())
			if err == io.EOF {
				return rows
			}
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, slices.Clone(row))
		}
		cols, n, err := r.Rows.(results.Columns).NextColumns(t.Context())
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			row := make([]rdf.Term, len(cols))
			for k := range cols {
				row[k] = cols[k].At(i)
			}
			rows = append(rows, row)
		}
	}
}
