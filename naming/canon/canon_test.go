package canon

import (
	"math/rand/v2"
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

func parse(t testing.TB, text string) []rdf.Quad {
	t.Helper()
	quads, err := rdf.ReadAll(strings.NewReader(text), rdf.NQuads, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return quads
}

// TestWithoutBNodes: the short way sorts lines by code point, drops
// duplicates and escapes as RDFC-1.0 §5 says. Expected text by hand.
func TestWithoutBNodes(t *testing.T) {
	in := parse(t, `<http://e/b> <http://e/p> "tab\tand\u0001" .
<http://e/a> <http://e/p> "1"^^<http://www.w3.org/2001/XMLSchema#string> <http://e/g> .
<http://e/a> <http://e/p> "1" <http://e/g> .
`)
	got, err := NQuads(in)
	if err != nil {
		t.Fatal(err)
	}
	want := "<http://e/a> <http://e/p> \"1\" <http://e/g> .\n<http://e/b> <http://e/p> \"tab\\tand\\u0001\" .\n"
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestLabelsAndOrderDoNotMatter shuffles and relabels a small ring of blank
// nodes: the canonical form must stay the same.
func TestLabelsAndOrderDoNotMatter(t *testing.T) {
	quads := parse(t, `_:a <http://e/n> _:b .
_:b <http://e/n> _:c .
_:c <http://e/n> _:a .
_:c <http://e/q> _:d _:g .
_:d <http://e/q> "x" .
`)
	want, err := NQuads(quads)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		names := map[string]string{}
		perm := rng.Perm(26)
		shuffled := make([]rdf.Quad, len(quads))
		for i, j := range rng.Perm(len(quads)) {
			shuffled[i] = relabel(quads[j], func(l string) string {
				if names[l] == "" {
					names[l] = "n" + string(rune('a'+perm[len(names)]))
				}
				return names[l]
			})
		}
		got, err := NQuads(shuffled)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
	}
}

// TestRefusesWhatIsNoQuad: a literal as subject is an error, not a name.
func TestRefusesWhatIsNoQuad(t *testing.T) {
	_, err := NQuads([]rdf.Quad{{S: rdf.String("x"), P: rdf.IRI("http://e/p"), O: rdf.String("y")}})
	if err == nil || !strings.Contains(err.Error(), "not an RDF quad") {
		t.Errorf("error %v", err)
	}
}

// FuzzCanonicalize: whatever parses canonicalises to a document that parses
// again, is isomorphic to the input and is its own canonical form; or the
// work limit is hit.
func FuzzCanonicalize(f *testing.F) {
	f.Add("_:a <http://e/p> _:b .\n_:b <http://e/p> _:a <http://e/g> .\n")
	f.Add("<http://e/s> <http://e/p> \"\\u007F\"@en .\n")
	f.Fuzz(func(t *testing.T, text string) {
		quads, err := rdf.ReadAll(strings.NewReader(text), rdf.NQuads, rdf.ReaderOptions{})
		if err != nil {
			return
		}
		first, err := Canonicalize(quads, Options{MaxWork: 2000})
		if err != nil {
			return
		}
		again := parse(t, string(first.NQuads))
		if same, err := rdf.IsomorphicWithin(quads, again, 100_000); err == nil && !same {
			t.Fatalf("not isomorphic: %q became %q", text, first.NQuads)
		}
		second, err := Canonicalize(again, Options{MaxWork: 2000})
		if err == nil && string(second.NQuads) != string(first.NQuads) {
			t.Fatalf("%q canonicalises to %q", first.NQuads, second.NQuads)
		}
	})
}
