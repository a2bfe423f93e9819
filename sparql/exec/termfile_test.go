package exec

import (
	"fmt"
	"os"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// noTerms is a source that knows no terms.
type noTerms struct{ graph.TermReader }

func (noTerms) IDs(_ []rdf.Term, out []graph.TermID) error {
	clear(out)
	return nil
}

func (noTerms) Terms(_ []graph.TermID, out []rdf.Term) error {
	clear(out)
	return nil
}

// Goal: computed terms keep their ids when they go to a file, and are found
// again there. Method: terms of every kind in a table with a small budget, asked
// for twice; then all of them by id, one by one and together.
func TestTermFile(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // the test is over
	spill, err := NewSpill(root, 0)
	if err != nil {
		t.Fatal(err)
	}
	table := &termTable{src: noTerms{}, budget: &budget{max: 40_000}, spill: spill.create}
	var all []rdf.Term
	for i := range 300 {
		text := fmt.Sprintf("term %d\x00\n\"", i)
		all = append(all, rdf.IRI("http://x/ "+text), rdf.BNode(fmt.Sprint("b", i)), rdf.String(text), rdf.Literal(text, "http://x/type"),
			rdf.LangString(text, "de-CH"), rdf.DirLangString(text, "ar", rdf.RightToLeft), rdf.TripleTerm(rdf.Triple{S: rdf.IRI("http://x/s"), P: rdf.IRI("http://x/p"), O: rdf.String(text)}))
	}
	ids := make([]graph.TermID, len(all))
	for range 2 {
		for i, term := range all {
			id, err := table.id(term)
			if err != nil {
				t.Fatalf("term %d: %v", i, err)
			}
			if ids[i] != graph.None && ids[i] != id {
				t.Fatalf("%v: id %v, then %v", term, ids[i], id)
			}
			ids[i] = id
		}
	}
	if table.inFile() == 0 || table.numbered() != len(all) {
		t.Errorf("%d terms of %d, %d in the file", table.numbered(), len(all), table.inFile())
	}
	got := make([]rdf.Term, len(all))
	if err := table.terms(ids, got); err != nil {
		t.Fatal(err)
	}
	for i, term := range all {
		one, err := table.term(ids[i])
		if err != nil || one != term || got[i] != term {
			t.Errorf("%v: %v, %v, %v", term, one, got[i], err)
		}
	}
	if table.bytes > 2*table.budget.max || table.bytes != table.budget.used {
		t.Errorf("%d bytes counted, %d used of %d", table.bytes, table.budget.used, table.budget.max)
	}
	table.filed.at[1]--
	if _, err := table.term(ids[0]); err == nil {
		t.Error("half a term is read")
	}
	if err := table.filed.file.close(); err != nil {
		t.Error(err)
	}
}

// FuzzTermFile: any bytes are a term or refused, and a term is written as it was
// read.
func FuzzTermFile(f *testing.F) {
	f.Add(appendTerm(nil, rdf.DirLangString("x", "en", rdf.LeftToRight)))
	f.Add(appendTerm(nil, rdf.IRI("http://x/")))
	f.Fuzz(func(t *testing.T, b []byte) {
		term, ok := decodeTerm(b)
		if !ok {
			return
		}
		if again, ok := decodeTerm(appendTerm(nil, term)); !ok || again != term {
			t.Errorf("%v becomes %v, %t", term, again, ok)
		}
	})
}
