package dict

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

func term(i int) rdf.Term {
	text := fmt.Sprintf("term %d", i/5)
	switch i % 5 {
	case 0:
		return rdf.IRI(text)
	case 1:
		return rdf.BNode(text)
	case 2:
		return rdf.String(text)
	case 3:
		return rdf.LangString(text, fmt.Sprintf("x-%d", i%7))
	}
	return rdf.Literal(text, fmt.Sprintf("https://example.org/type%d", i%11))
}

// Goal: terms get distinct ids, keep them while tables, chunks and slabs grow,
// and are found by readers that run beside the writer. Method: 60,000 terms,
// each added twice, with readers that check what was announced to them.
func TestConcurrentReaders(t *testing.T) {
	const n = 60000
	d := New()
	ids := make(chan int, 64)
	given := make([]graph.TermID, n)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range ids {
				if id := d.Find(term(i)); id != given[i] {
					t.Errorf("term %d is found as %#x, want %#x", i, uint64(id), uint64(given[i]))
				}
				if got, err := d.Term(given[i]); err != nil || got != term(i) {
					t.Errorf("id of term %d is %v, %v", i, got, err)
				}
			}
		})
	}
	seen := map[graph.TermID]bool{}
	for i := range n {
		if id := d.Find(term(i)); id != graph.None {
			t.Fatalf("term %d is found before it was added", i)
		}
		id, err := d.Add(term(i))
		again, errAgain := d.Add(term(i))
		if err != nil || errAgain != nil || id != again || seen[id] {
			t.Fatalf("term %d: ids %#x and %#x, %v %v", i, uint64(id), uint64(again), err, errAgain)
		}
		seen[id] = true
		given[i] = id
		ids <- i
	}
	close(ids)
	wg.Wait()
}

// Goal: terms beyond the limit are refused. Method: one byte more.
func TestTooLong(t *testing.T) {
	d := New()
	long := strings.Repeat("x", MaxTermBytes+1)
	for _, tm := range []rdf.Term{rdf.IRI(long), rdf.LangString("a", long), rdf.Literal("a", long)} {
		if _, err := d.Add(tm); !errors.Is(err, graph.ErrTooLarge) {
			t.Errorf("a term of %d bytes: %v", len(long), err)
		}
	}
	if d.Len() != 0 {
		t.Errorf("refused terms left %d entries", d.Len())
	}
}
