package graphtest

import (
	"slices"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// nasty are terms that stores confuse when they take shortcuts.
var nasty = []rdf.Term{
	rdf.IRI("https://example.org/x"), rdf.BNode("https://example.org/x"), rdf.String("https://example.org/x"),
	rdf.IRI("a"), rdf.BNode("a"), rdf.String("a"), rdf.LangString("a", "en"), rdf.LangString("a", "EN"),
	rdf.LangString("a", "de"), rdf.Literal("a", "en"), rdf.Literal("a", "https://example.org/x"),
	rdf.String(""), rdf.LangString("", "en"), rdf.Literal("", "https://example.org/x"),
	rdf.Literal("1", rdf.XSDInteger), rdf.Literal("01", rdf.XSDInteger), rdf.Literal("+1", rdf.XSDInteger),
	rdf.Literal("1", rdf.XSDDecimal), rdf.Literal("1.0", rdf.XSDDecimal), rdf.Literal("1.00", rdf.XSDDecimal),
	rdf.Literal("1", rdf.XSDString), rdf.Literal("1", rdf.XSDDouble), rdf.Literal("1.0e0", rdf.XSDDouble),
	rdf.Literal("-0", rdf.XSDInteger), rdf.Literal("0", rdf.XSDInteger),
	rdf.Literal("true", rdf.XSDBoolean), rdf.Literal("1", rdf.XSDBoolean), rdf.String("true"),
	rdf.Literal("2026-11-22T02:40:51Z", rdf.XSDDateTime), rdf.Literal("2026-11-22T02:40:51.0Z", rdf.XSDDateTime),
	rdf.Literal("2026-11-22T02:40:51+00:00", rdf.XSDDateTime),
	rdf.String("1234567"), rdf.String("12345678"), rdf.String("\x00\n\"\\"), rdf.String("\xff"), rdf.String("日本語"),
	rdf.Literal("9999999999999999999999", rdf.XSDInteger), rdf.String(strings.Repeat("long ", 60000)),
	rdf.IRI("https://example.org/" + strings.Repeat("x", 1000)),
	rdf.DirLangString("a", "en", rdf.LeftToRight), rdf.DirLangString("a", "en", rdf.RightToLeft), rdf.LangString("ltr", "en"),
	tripleOf(rdf.IRI("a")), tripleOf(rdf.BNode("a")), tripleOf(rdf.String("a")), tripleOf(rdf.DirLangString("a", "en", rdf.LeftToRight)),
	tripleOf(tripleOf(rdf.Literal("01", rdf.XSDInteger))), rdf.String(tripleOf(rdf.IRI("a")).Value()),
}

func tripleOf(o rdf.Term) rdf.Term {
	return rdf.TripleTerm(rdf.Triple{S: rdf.BNode("a"), P: rdf.IRI("a"), O: o})
}

// Goal: terms and ids translate one to one, in batches, and inlined ids are
// those of graph.Inline. Method: nasty terms as objects of one commit; a
// second commit names them again.
func testTerms(t *testing.T, open func(t *testing.T) graph.Store) {
	s := opened(t, open)
	unknown := snapshot(t, s, graph.At{})
	ids := make([]graph.TermID, len(nasty))
	if err := unknown.IDs(nasty, ids); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if want, _ := graph.Inline(nasty[i]); id != want {
			t.Errorf("id of %s in an empty store is %#x, want %#x", showTerm(nasty[i]), uint64(id), uint64(want))
		}
	}
	unknown.Close()

	var quads []rdf.Quad
	for _, term := range nasty {
		quads = append(quads, rdf.Quad{S: ex("s"), P: ex("p"), O: term})
	}
	if c := add(t, s, "", quads...); c.Adds != uint64(len(nasty)) {
		t.Fatalf("%d of %d different terms added", c.Adds, len(nasty))
	}
	snap := snapshot(t, s, graph.At{})
	defer snap.Close()
	if err := snap.IDs(nasty, ids); err != nil {
		t.Fatal(err)
	}
	checkIDs(t, snap, ids)
	add(t, s, "", rdf.Quad{S: ex("other"), P: ex("p"), O: nasty[0]}, rdf.Quad{S: ex("s"), P: ex("p2"), O: nasty[4]})
	later := snapshot(t, s, graph.At{})
	defer later.Close()
	again := make([]graph.TermID, len(nasty))
	if err := later.IDs(nasty, again); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ids, again) {
		t.Error("ids changed with a later commit")
	}
	checkMisuse(t, snap)
}

func checkIDs(t *testing.T, r graph.TermReader, ids []graph.TermID) {
	t.Helper()
	seen := map[graph.TermID]int{}
	for i, id := range ids {
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s have the same id", showTerm(nasty[i]), showTerm(nasty[other]))
		}
		seen[id] = i
		if inline, ok := graph.Inline(nasty[i]); ok != id.Inlined() || ok && inline != id {
			t.Errorf("id of %s is %#x, inlined would be %#x (%v)", showTerm(nasty[i]), uint64(id), uint64(inline), ok)
		}
		want := map[bool]graph.Tag{true: graph.TagIRI, false: graph.TagLiteral}[nasty[i].IsIRI()]
		if nasty[i].IsBNode() {
			want = graph.TagBNode
		}
		if nasty[i].IsTriple() {
			want = graph.TagTriple
		}
		if id == graph.None || !id.Inlined() && id.Tag() != want {
			t.Errorf("id of %s has tag %d", showTerm(nasty[i]), id.Tag())
		}
	}
	terms := make([]rdf.Term, len(ids))
	if err := r.Terms(ids, terms); err != nil {
		t.Fatal(err)
	}
	for i := range terms {
		if terms[i] != nasty[i] {
			t.Errorf("%s comes back as %s", showTerm(nasty[i]), showTerm(terms[i]))
		}
	}
}

func checkMisuse(t *testing.T, r graph.TermReader) {
	t.Helper()
	special := []graph.TermID{graph.None, graph.DefaultGraph}
	terms := []rdf.Term{ex("x"), ex("y")}
	if err := r.Terms(special, terms); err != nil || !terms[0].IsZero() || !terms[1].IsZero() {
		t.Errorf("terms of None and DefaultGraph: %v, %v", terms, err)
	}
	never := []graph.TermID{
		2, graph.MakeID(graph.TagIRI, 1<<50), graph.MakeID(graph.TagLiteral, 1<<50), graph.MakeID(15, 1), graph.MakeID(graph.TagTriple, 1<<50),
		graph.MakeID(graph.TagBoolean, 2), graph.MakeID(graph.TagString, 9<<56),
	}
	for _, id := range never {
		if err := r.Terms([]graph.TermID{id}, terms[:1]); err == nil {
			t.Errorf("id %#x, never given out, is %s", uint64(id), showTerm(terms[0]))
		}
	}
	if id, err := graph.ID(r, ex("never seen")); id != graph.None || err != nil {
		t.Errorf("id of an unknown term: %#x, %v", uint64(id), err)
	}
	if id, err := graph.ID(r, rdf.Term{}); id != graph.None || err != nil {
		t.Errorf("id of the zero term: %#x, %v", uint64(id), err)
	}
	if id, err := graph.GraphID(r, rdf.Term{}); id != graph.DefaultGraph || err != nil {
		t.Errorf("id of the default graph: %#x, %v", uint64(id), err)
	}
	if err := r.IDs(terms, make([]graph.TermID, 1)); err == nil {
		t.Error("ids of two terms into room for one succeeds")
	}
	if err := r.Terms(special, make([]rdf.Term, 3)); err == nil {
		t.Error("terms of two ids into room for three succeeds")
	}
}
