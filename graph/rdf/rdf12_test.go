package rdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	. "nettwin/graph/rdf"
)

// random12 puts random quads' objects into triple terms, up to three deep, and
// gives tags a direction.
func random12(rng *rand.Rand, quads []Quad) []Quad {
	for i := range quads {
		o := quads[i].O
		if o.Lang() != "" && rng.IntN(2) == 0 {
			o = DirLangString(o.Value(), o.Lang(), []Direction{LeftToRight, RightToLeft}[rng.IntN(2)])
		}
		for range rng.IntN(4) {
			inner := quads[rng.IntN(len(quads))]
			o = TripleTerm(Triple{S: inner.S, P: inner.P, O: o})
		}
		quads[i].O = o
	}
	return quads
}

// TestRoundTripRandom12: random datasets with triple terms and directions
// survive every writer that can hold them.
func TestRoundTripRandom12(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 12))
		roundTrip(t, random12(rng, randomQuads(rng, 30, seed%2 == 0)))
	}
}

// TestTripleTermParts: a triple term gives back the triple that it was made of,
// whatever stands in it: also terms that no document can hold.
func TestTripleTermParts(t *testing.T) {
	inner := TripleTerm(Triple{BNode("x"), IRI("p:p"), String(" )>> ")})
	for _, want := range []Triple{
		{IRI("s:s"), IRI("p:p"), IRI("o:o")},
		{IRI("a> <b\n"), IRI(""), BNode("l.1")},
		{BNode("x"), IRI("p:p"), String("a\"\\\b\t\n\f\r\x00\x7F'é\U0001F600\uFFFE ")},
		{BNode("x"), IRI("p:p"), DirLangString("", "en-GB", RightToLeft)},
		{BNode("x"), IRI("p:p"), LangString("<<( a )>>", "EN")},
		{BNode("x"), IRI("p:p"), Literal("01", "d:d>")},
		{BNode("x"), IRI("p:p"), inner},
		{BNode("x"), IRI("p:p"), TripleTerm(Triple{IRI("s:s"), IRI("q:q"), inner})},
	} {
		if got, ok := TripleTerm(want).Triple(); !ok || got != want {
			t.Errorf("got %v, %v, want %v", got, ok, want)
		}
		if err := CheckTriple(want); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []Triple{
		{String("s"), IRI("p:p"), IRI("o:o")},
		{IRI("s:s"), BNode("p"), IRI("o:o")},
		{IRI("s:s"), IRI("p:p"), Term{}},
		{inner, IRI("p:p"), IRI("o:o")},
	} {
		if _, ok := TripleTerm(bad).Triple(); ok || CheckTriple(bad) == nil {
			t.Errorf("%v is a triple of RDF", bad)
		}
	}
	if _, ok := IRI("s:s").Triple(); ok {
		t.Error("an IRI is a triple term")
	}
}

// TestTripleDepth: what nests up to the limit is read, in both families of
// syntaxes, and what is deeper is refused.
func TestTripleDepth(t *testing.T) {
	nested := func(depth int) Term {
		term := String("x")
		for range depth {
			term = TripleTerm(Triple{IRI("s:s"), IRI("p:p"), term})
		}
		return term
	}
	for _, f := range []Format{NTriples, Turtle} {
		for _, depth := range []int{1, MaxTripleDepth, MaxTripleDepth + 1} {
			doc := fmt.Sprintf("<s:s> <p:p> %s .\n", nested(depth))
			quads, err := ReadAll(strings.NewReader(doc), f, ReaderOptions{})
			var syntax *SyntaxError
			if depth > MaxTripleDepth {
				if !errors.As(err, &syntax) || !strings.Contains(syntax.Msg, "limit of 64") {
					t.Errorf("%s: depth %d: %v", f, depth, err)
				}
			} else if err != nil || len(quads) != 1 || quads[0].O != nested(depth) {
				t.Errorf("%s: depth %d: %v, %v", f, depth, quads, err)
			}
		}
	}
	deep := strings.Repeat("<<", MaxTripleDepth+1) + "<s:s> <p:p> <o:o>" + strings.Repeat(">> <p:p> <o:o>", MaxTripleDepth) + ">> <p:p> <o:o> ."
	if _, err := ReadAll(strings.NewReader(deep), Turtle, ReaderOptions{}); err == nil || !strings.Contains(err.Error(), "limit of 64") {
		t.Errorf("reified triples beyond the limit: %v", err)
	}
	if err := CheckTriple(Triple{IRI("s:s"), IRI("p:p"), nested(MaxTripleDepth)}); err == nil {
		t.Error("CheckTriple lets a term beyond the limit pass")
	}
	var b bytes.Buffer
	if err := WriteAll(&b, NTriples, WriterOptions{}, []Quad{{S: IRI("s:s"), P: IRI("p:p"), O: nested(MaxTripleDepth + 1)}}); err == nil {
		t.Error("a writer writes what no reader reads")
	}
}

// TestTripleTermScope: labels inside triple terms have the scope of the
// document like all others, and the reserved ones are renamed alike.
func TestTripleTermScope(t *testing.T) {
	const doc = "_:a <p:p> <<( _:a <p:p> <<( _:anon-1 <p:p> _:a )>> )>> .\n"
	for scope, want := range map[string]string{
		"":   "_:a <p:p> <<( _:a <p:p> <<( _:anon-1_ <p:p> _:a )>> )>> .",
		"s1": "_:s1a <p:p> <<( _:s1a <p:p> <<( _:s1anon-1_ <p:p> _:s1a )>> )>> .",
	} {
		for _, f := range []Format{NQuads, TriG} {
			quads, err := ReadAll(strings.NewReader(doc), f, ReaderOptions{BNodeScope: scope})
			if err != nil || len(quads) != 1 || quads[0].String() != want {
				t.Errorf("%s, scope %q: %v, %v, want %s", f, scope, quads, err, want)
			}
		}
	}
}

// TestMapBNodes: blank nodes are found and replaced at every depth, and nothing
// else is touched.
func TestMapBNodes(t *testing.T) {
	term, err := ParseTerm(`<<( _:a <p:p> <<( <a:a> <p:p> _:b )>> )>>`)
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	term.EachBNode(func(label string) { labels = append(labels, label) })
	if fmt.Sprint(labels) != "[a b]" || !term.HasBNode() || IRI("a:a").HasBNode() {
		t.Errorf("labels %v", labels)
	}
	got := term.MapBNodes(func(label string) Term { return BNode(label + label) })
	if got.String() != `<<( _:aa <p:p> <<( <a:a> <p:p> _:bb )>> )>>` {
		t.Error(got)
	}
}

// TestIsomorphic12: blank nodes inside triple terms count as any other.
func TestIsomorphic12(t *testing.T) {
	read := func(doc string) []Quad {
		quads, err := ReadAll(strings.NewReader(doc), NQuads, ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return quads
	}
	a := read("_:a <p:p> <<( _:a <p:p> _:b )>> .\n_:c <p:p> _:b .")
	for doc, want := range map[string]bool{
		"_:x <p:p> <<( _:x <p:p> _:y )>> .\n_:z <p:p> _:y .": true,
		"_:x <p:p> <<( _:y <p:p> _:x )>> .\n_:z <p:p> _:y .": false,
		"_:x <p:p> <<( _:x <p:p> _:y )>> .\n_:x <p:p> _:y .": false,
		"_:x <p:p> <<( _:x <q:q> _:y )>> .\n_:z <p:p> _:y .": false,
	} {
		if got := Isomorphic(a, read(doc)); got != want {
			t.Errorf("%s: %v", doc, got)
		}
	}
}

// TestVersionLines: version directives change nothing, wherever the grammar has
// them.
func TestVersionLines(t *testing.T) {
	for f, doc := range map[Format]string{
		NTriples: "VERSION \"1.2\"\n<s:s> <p:p> <o:o> .\nVERSION \"1.2-basic\" # comment\n",
		NQuads:   " VERSION\t\"1.1\"\n<s:s> <p:p> <o:o> .",
		Turtle:   "VERSION \"1.2\" <s:s> <p:p> <o:o> . @version '1.2' .",
		TriG:     "version '1.2' <s:s> <p:p> <o:o> .",
	} {
		quads, err := ReadAll(strings.NewReader(doc), f, ReaderOptions{})
		if err != nil || len(quads) != 1 {
			t.Errorf("%s: %v, %v", f, quads, err)
		}
	}
}
