package exec_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

// spreadQueries have chains of every operator that goroutines share, below
// those that they do not.
var spreadQueries = map[string]string{
	"joins":  `SELECT ?d ?i ?o { ?d :interface ?i . ?i :octets ?o . ?d :site ?s }`,
	"filter": `SELECT ?d ?i { ?d :interface ?i . ?i :octets ?o FILTER(?o > 300 && STRLEN(STR(?i)) > 10) }`,
	"hash":   `SELECT * { ?i :octets ?o { SELECT ?i ?x { ?i :index ?x } } }`,
	"group":  `SELECT ?s (SUM(?o) AS ?sum) (COUNT(*) AS ?n) { ?d :site ?s ; :interface ?i . ?i :octets ?o } GROUP BY ?s`,
	"order":  `SELECT ?i ?o { ?d :interface ?i . ?i :octets ?o } ORDER BY DESC(?o) ?i`,
	"slice":  `SELECT ?i ?o { ?d :interface ?i . ?i :octets ?o } LIMIT 5`,
	"exists": `SELECT ?i { ?d :interface ?i . ?i :octets ?o FILTER NOT EXISTS { ?i :index 3 } }`,
	"twice":  `SELECT ?i ?j { { ?d :interface ?i . ?i :index 1 } UNION { ?d :interface ?j . ?j :index 2 } }`,
	"fanout": `SELECT (COUNT(*) AS ?n) { ?d :interface ?i . ?e :site ?s . ?d :site ?s }`,
	"left":   `SELECT * { ?d :interface ?i . ?i :octets ?o OPTIONAL { ?i :missing ?m } }`,
}

// Goal: goroutines that share a part of a plan give the same answer, in the
// same order, as one alone. Method: queries with such parts, several times,
// with chunks of many sizes, compared with one goroutine row by row.
func TestSpread(t *testing.T) {
	src := network(t, 60)
	spill, root := newSpill(t, 0)
	for name, text := range spreadQueries {
		for _, chunkRows := range []int{1, 7, 0} {
			r, err := runQuery(t, src, text, exec.Options{ChunkRows: chunkRows})
			want, err := readAll(t, r, err)
			if err != nil {
				t.Fatal(err)
			}
			for round := range 6 {
				opt := exec.Options{ChunkRows: chunkRows, Workers: 2 + round%3, WorkersFrom: 1}
				if round > 3 && name != "exists" { // which remembers what it found
					opt.Spill, opt.MaxMemoryBytes = spill, 5_000
				}
				r, err := runQuery(t, src, text, opt)
				got, err := readAll(t, r, err)
				if err != nil {
					t.Errorf("%s, chunks of %d: %v", name, chunkRows, err)
					continue
				}
				inOrder := opt.Spill == nil || name == "order"
				if d := sparqltest.CompareAnswers(want, got, inOrder); d != "" && (name != "slice" || inOrder) {
					t.Errorf("%s, chunks of %d, %d goroutines: %s", name, chunkRows, opt.Workers, d)
				}
			}
		}
	}
	if names := left(t, root); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

// Goal: the same for any query. Method: generated queries over generated data
// as in TestOracle, compared with ref.
func TestSpreadOracle(t *testing.T) {
	for seed := range uint64(cases(400)) {
		g := sparqltest.GenerateCase(seed)
		q, err := translate(g.Query(), "")
		if err != nil {
			continue
		}
		snap, err := load(t.Context(), g.Data)
		if err != nil {
			t.Fatal(err)
		}
		want, err := answer(t.Context(), func() (*results.Result, error) {
			return ref.Query(t.Context(), q, snap, ref.Options{Now: testTime})
		})
		for i := range 3 {
			if err != nil {
				break // too large for the oracle
			}
			opt := exec.Options{
				Now: testTime, ChunkRows: 1 + 2*i, Workers: 3, WorkersFrom: 1e-9, Perturb: rand.New(rand.NewPCG(seed, uint64(i))),
				Delegate: ref.NewDelegate(q, snap, ref.Options{Now: testTime}),
			}
			got, err := answer(t.Context(), func() (*results.Result, error) { return exec.Query(t.Context(), q, snap, opt) })
			if errors.Is(err, exec.ErrNotCovered) {
				break
			}
			difference := fmt.Sprint(err)
			if err == nil {
				difference = sparqltest.CompareAnswers(want, got, false)
			}
			if difference != "" {
				t.Fatalf("seed %d:\n%s\n%s", seed, g.Query(), difference)
			}
		}
		snap.Close() //nolint:errcheck // in memory
	}
}

// Goal: goroutines end with their query, however it ends, and give their turns
// and their memory back. Method: results that are closed after the first row,
// cancelled while they run, and that fail in a goroutine, under a share.
func TestSpreadEnds(t *testing.T) {
	src := network(t, 200)
	share := exec.NewShare(0, 2)
	opt := exec.Options{Workers: 3, WorkersFrom: 1, Share: share, ChunkRows: 4, Now: testTime}
	const text = "PREFIX : <" + benchNS + "> SELECT ?i ?o { ?d :interface ?i . ?i :octets ?o FILTER(STRLEN(STR(?i)) > 10) }"
	q, err := translate(text, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := exec.Query(ctx, q, src, opt)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
		}
		for n := 0; i%2 == 0 || n < 200*i; n++ {
			if _, err = r.Rows.Next(ctx); err != nil {
				break
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		cancel()
	}
	bad := &failing{Source: src}
	bad.rows.Store(3000)
	r, err := exec.Query(t.Context(), q, bad, opt)
	if err == nil {
		_, err = sparqltest.ReadAnswer(t.Context(), r)
		r.Close() //nolint:errcheck // it failed
	}
	if !errors.Is(err, errStorage) {
		t.Errorf("a source that fails: %v", err)
	}
	if used := share.UsedBytes(); used != 0 || share.Waiting() != 0 {
		t.Errorf("%d bytes, %d waiting", used, share.Waiting())
	}
}

// failing is a source for many goroutines that fails after some rows.
type failing struct {
	graph.Source
	rows atomic.Int64
}

func (f *failing) Scan(p graph.Pattern, o graph.Order) (graph.Cursor, error) {
	c, err := f.Source.Scan(p, o)
	return &failingCursor{c, f}, err
}

type failingCursor struct {
	graph.Cursor
	f *failing
}

func (c *failingCursor) Next(ctx context.Context) (*graph.Chunk, error) {
	chunk, err := c.Cursor.Next(ctx)
	if chunk != nil && c.f.rows.Add(-int64(chunk.Len())) < 0 {
		return nil, errStorage
	}
	return chunk, err
}
