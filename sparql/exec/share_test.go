package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/results"
	"nettwin/sparql/syntax"
)

// shareCase is a store with n quads and a way to run queries over it.
func shareCase(t *testing.T, n int) func(ctx context.Context, query string, opt Options) (*results.Result, error) {
	t.Helper()
	store := mem.New(mem.Options{})
	batch := &graph.Batch{}
	for i := range n {
		batch.Adds = append(batch.Adds, rdf.Quad{S: rdf.IRI(fmt.Sprint("urn:s", i)), P: rdf.IRI("urn:p"), O: rdf.String(fmt.Sprint("value ", i))})
	}
	if _, err := store.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	snap, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snap.Close() }) //nolint:errcheck // in memory
	return func(ctx context.Context, query string, opt Options) (*results.Result, error) {
		parsed, err := syntax.ParseQuery(query, syntax.Options{})
		if err != nil {
			t.Fatal(err)
		}
		q, err := algebra.Translate(parsed)
		if err != nil {
			t.Fatal(err)
		}
		return Query(ctx, q, snap, opt)
	}
}

const sorted = "SELECT * { ?s <urn:p> ?o } ORDER BY STR(?o)"

// Goal: executions together keep no more than their share, the error says so,
// and what ended gives its memory back. Method: open sorts until one fails,
// close them, and try again.
func TestShareMemory(t *testing.T) {
	run := shareCase(t, 20_000)
	share := NewShare(8<<20, 0)
	var open []*results.Result
	var limit *results.LimitError
	for len(open) < 100 && limit == nil {
		r, err := run(t.Context(), sorted, Options{Share: share})
		if err != nil && !errors.As(err, &limit) {
			t.Fatal(err)
		}
		if err == nil {
			open = append(open, r)
		}
	}
	if limit == nil || len(open) == 0 || limit.Limit != "memory" {
		t.Fatalf("%d sorts, then %v", len(open), limit)
	}
	for _, r := range open {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if used := share.UsedBytes(); used != 0 {
		t.Errorf("%d bytes are still taken", used)
	}
	r, err := run(t.Context(), sorted, Options{Share: share})
	if err != nil {
		t.Fatal(err)
	}
	r.Close() //nolint:errcheck // the test is over
}

// Goal: long executions wait for their turn, short ones do not, and a turn is
// given back while nothing is computed. Method: take the only turn away; then
// run both kinds, and many long ones at once.
func TestShareTurns(t *testing.T) {
	const long = "SELECT (COUNT(*) AS ?n) { ?a <urn:p> ?x . ?b <urn:p> ?y FILTER(STRLEN(?x) > STRLEN(?y)) }"
	run := shareCase(t, 600)
	share := NewShare(0, 1)
	share.tryAcquire()
	r, err := run(t.Context(), "SELECT * { <urn:s7> ?p ?o }", Options{Share: share})
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := results.Collect(t.Context(), r); err != nil || len(rows) != 1 {
		t.Errorf("a short one without a turn: %v %v", rows, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := run(ctx, long, Options{Share: share}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a long one without a turn: %v", err)
	}
	share.release()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			r, err := run(t.Context(), long, Options{Share: share})
			if err != nil {
				t.Error(err)
				return
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if share.free != 1 || share.Waiting() != 0 || share.UsedBytes() != 0 {
		t.Errorf("%d turns free, %d waiting, %d bytes", share.free, share.Waiting(), share.UsedBytes())
	}
}

// Goal: a turn goes to the one that has computed least, one that gives up waits
// no more, and beyond the bound of the queue newcomers are told so while those
// that have begun wait all the same. Method: a share with one turn that is
// taken, and leases that have computed for various times.
func TestShareQueue(t *testing.T) {
	share := NewShare(0, 1)
	share.maxWaiting = 3
	share.tryAcquire()
	got := make(chan int)
	wait := func(ctx context.Context, i int, ran time.Duration) {
		l := NewLease(share, 0)
		l.turn.ran = ran
		l.Begin()
		waiting := share.Waiting()
		go func() {
			if err := l.Use(ctx, 0); err != nil {
				got <- -i
				return
			}
			got <- i
			l.End()
		}()
		for share.Waiting() == waiting {
			time.Sleep(time.Millisecond)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait(t.Context(), 3, 3*time.Second)
	wait(t.Context(), 1, time.Second)
	wait(ctx, 2, 2*time.Second)
	late := NewLease(share, 0)
	late.turn.ran = time.Second
	late.Begin()
	var busy *BusyError
	if err := late.Use(t.Context(), 0); !errors.As(err, &busy) || busy.Waiting != 3 {
		t.Errorf("a newcomer: %v", err)
	}
	cancel()
	if i := <-got; i != -2 {
		t.Errorf("after cancelling 2: %d", i)
	}
	share.release()
	for _, want := range []int{1, 3} {
		if i := <-got; i != want {
			t.Errorf("turn of %d, want %d", i, want)
		}
	}
}
