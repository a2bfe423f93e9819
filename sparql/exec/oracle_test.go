package exec_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

// Goal: exec and ref give the same answers. Method: generated queries over
// generated data, with chunks of one, two and many rows, over the store's
// dataset and over the union of all graphs, with true and with perturbed
// costs, by one goroutine and by two; answers are compared as bags up to the names of blank nodes. A failing
// case is shrunk. EXEC_SEED=n runs one seed, EXEC_FROM=n begins there, and
// EXEC_TIMES=n runs so many times as many cases, in all oracle tests.
func TestOracle(t *testing.T) {
	first, cases := uint64(0), uint64(cases(600))
	if seed, err := strconv.ParseUint(os.Getenv("EXEC_FROM"), 10, 64); err == nil {
		first = seed
	}
	if seed, err := strconv.ParseUint(os.Getenv("EXEC_SEED"), 10, 64); err == nil {
		first, cases = seed, 1
	}
	covered, failed := 0, 0
	for seed := first; seed < first+cases && failed < 5; seed++ {
		g := sparqltest.GenerateCase(seed)
		difference, ok := compare(t.Context(), g.Query(), g.Data)
		if ok {
			covered++
		}
		if difference == "" {
			continue
		}
		failed++
		small := sparqltest.Shrink(g, func(query string, data []rdf.Quad) bool {
			difference, _ := compare(t.Context(), query, data)
			return difference != ""
		})
		difference, _ = compare(t.Context(), small.Query(), small.Data)
		text := ""
		for _, q := range small.Data {
			text += string(rdf.AppendQuad(nil, q)) + "\n"
		}
		t.Errorf("reproduce: EXEC_SEED=%d go test -run Oracle ./sparql/exec\n%s\n%s\n%s", seed, small.Query(), text, difference)
	}
	t.Logf("exec covered %d of %d queries", covered, cases)
	if cases > 100 && uint64(covered) < cases*98/100 {
		t.Errorf("exec covers %d of %d queries: some were too large for the oracle, but not so many", covered, cases)
	}
}

// compare returns how exec's answers differ from ref's, "" if they do not,
// and whether exec covers the query.
func compare(ctx context.Context, query string, data []rdf.Quad) (difference string, covered bool) {
	q, err := translate(query, "")
	if err != nil {
		return "", false
	}
	snap, err := load(ctx, data)
	if err != nil {
		return err.Error(), true
	}
	defer snap.Close() //nolint:errcheck // in memory
	for _, union := range []bool{false, true} {
		want, err := answer(ctx, func() (*results.Result, error) {
			return ref.Query(ctx, q, snap, ref.Options{Now: testTime, UnionDefault: union})
		})
		if err != nil {
			return "", false // too large for the oracle
		}
		for i, chunkRows := range []int{1, 2, 0, 3} {
			opt := exec.Options{
				Now: testTime, UnionDefault: union, ChunkRows: chunkRows,
				Delegate: ref.NewDelegate(q, snap, ref.Options{Now: testTime, UnionDefault: union}),
			}
			if i > 1 {
				opt.Perturb = rand.New(rand.NewPCG(uint64(len(data)), uint64(i)))
			}
			if i == 3 {
				opt.Workers, opt.WorkersFrom = 2, 1e-9
			}
			got, err := answer(ctx, func() (*results.Result, error) { return exec.Query(ctx, q, snap, opt) })
			if errors.Is(err, exec.ErrNotCovered) {
				return "", false
			}
			if err != nil {
				return fmt.Sprintf("union %t, chunks of %d: %v", union, chunkRows, err), true
			}
			if d := sparqltest.CompareAnswers(want, got, false); d != "" {
				return fmt.Sprintf("union %t, chunks of %d: %s", union, chunkRows, d), true
			}
		}
	}
	return "", true
}

func answer(ctx context.Context, query func() (*results.Result, error)) (sparqltest.Answer, error) {
	r, err := query()
	if err != nil {
		return sparqltest.Answer{}, err
	}
	return sparqltest.ReadAnswer(ctx, r)
}

// cases returns how many cases a test runs: n, or as many times that as the
// environment asks for.
func cases(n int) int {
	if times, err := strconv.Atoi(os.Getenv("EXEC_TIMES")); err == nil {
		return n * times
	}
	return n
}
