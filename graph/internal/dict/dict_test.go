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

// Goal: a dictionary comes back from its raw entries, and entries that were
// never written are refused. Method: copy one with all kinds of terms, some
// longer than a slab.
func TestRaw(t *testing.T) {
	d := New()
	terms := []rdf.Term{rdf.String(strings.Repeat("x", slabBytes)), rdf.IRI(strings.Repeat("y", slabBytes/4)), rdf.String("")}
	for i := range 500 {
		terms = append(terms, term(i))
	}
	var ids []graph.TermID
	for _, tm := range terms {
		id, err := d.Add(tm)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	c := New()
	for n := range d.Len() {
		if err := c.AddRaw(d.Raw(n)); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range ids {
		if got, err := c.Term(id); err != nil || got != terms[i] || c.Find(terms[i]) != id {
			t.Fatalf("term %d comes back as %v, %v", i, got, err)
		}
	}
	language := uint32(0)
	for n := range d.Len() {
		if d.Raw(n).Kind == uint8(kindLang) {
			language = uint32(n) + 1
		}
	}
	for _, bad := range []Raw{
		{Kind: 0, Text: "a"}, {Kind: 7, Text: "a"}, d.Raw(3), {Kind: 3, Lang: true, Text: "a"},
		{Kind: 1, Extra: 1, Text: "new"}, {Kind: 3, Extra: 1 << 30, Text: "a"}, {Kind: 3, Extra: 1, Text: "a"},
		{Kind: 3, Extra: language, Text: "a"}, {Kind: 1, Lang: true, Text: "a"},
	} {
		if err := c.AddRaw(bad); err == nil {
			t.Errorf("raw entry %+v is accepted", bad)
		}
	}
	if _, err := c.Term(graph.MakeID(graph.TagIRI, uint64(language)-1)); err == nil {
		t.Error("a language tag is a term")
	}
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
