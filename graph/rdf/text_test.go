package rdf_test

import (
	"strings"
	"testing"

	. "nettwin/graph/rdf"
)

// TestTermString: the text of each kind of term, by RDF 1.2 N-Triples and
// RDFC-1.0 §5, and that ParseTerm gives the term back.
func TestTermString(t *testing.T) {
	for _, c := range []struct {
		term Term
		want string
	}{
		{IRI("http://e/é"), "<http://e/é>"},
		{BNode("a.b"), "_:a.b"},
		{String(""), `""`},
		{String("a\"\\\b\t\n\f\r\x00\x7F'é\U0001F600"), `"a\"\\\b\t\n\f\r\u0000\u007F'é😀"`},
		{LangString("x", "en-GB"), `"x"@en-GB`},
		{Literal("01", XSDInteger), `"01"^^<` + XSDInteger + `>`},
		{DirLangString("x", "ar-EG", RightToLeft), `"x"@ar-EG--rtl`},
		{TaggedString("x", "en--ltr"), `"x"@en--ltr`},
		{TripleTerm(Triple{BNode("b"), IRI("p:p"), DirLangString("a )>> \"\\", "en", LeftToRight)}),
			`<<( _:b <p:p> "a )>> \"\\"@en--ltr )>>`},
		{TripleTerm(Triple{IRI("s:s"), IRI("p:p"), TripleTerm(Triple{IRI("s:s"), IRI("p:p"), Literal("01", XSDInteger)})}),
			`<<( <s:s> <p:p> <<( <s:s> <p:p> "01"^^<` + XSDInteger + `> )>> )>>`},
	} {
		if got := c.term.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if back, err := ParseTerm(c.want); err != nil || back != c.term {
			t.Errorf("ParseTerm(%s) = %v, %v", c.want, back, err)
		}
	}
	if got := (Term{}).String(); got != "" {
		t.Errorf("zero term: %q", got)
	}
	if got := IRI("a> <b\n").String(); got != `<a\u003E\u0020\u003Cb\u000A>` {
		t.Errorf("an IRI breaks out of its brackets: %s", got)
	}
	if got := String("a\xFFb").String(); got != "\"a\uFFFDb\"" {
		t.Errorf("invalid UTF-8: %s", got)
	}
	q := Quad{IRI("s:s"), IRI("p:p"), String("o"), IRI("g:g")}
	if got := q.String(); got != `<s:s> <p:p> "o" <g:g> .` {
		t.Error(got)
	}
	if got := q.Triple().String(); got != `<s:s> <p:p> "o" .` {
		t.Error(got)
	}
}

// TestCompare: the order is total: over a list in ascending order every pair
// compares as its places do.
func TestCompare(t *testing.T) {
	asc := []Term{{}, IRI("a"), IRI("b"), BNode("a"), BNode("b"),
		Literal("1", XSDDecimal), Literal("1", XSDInteger), String("1"),
		DirLangString("x", "en", LeftToRight), DirLangString("x", "en", RightToLeft),
		LangString("x", "de"), LangString("x", "en"), String("x"),
		TripleTerm(Triple{IRI("a"), IRI("b"), IRI("c")}), TripleTerm(Triple{IRI("a"), IRI("b"), IRI("d")})}
	for i, a := range asc {
		for k, b := range asc {
			want := 0
			switch {
			case i < k:
				want = -1
			case i > k:
				want = 1
			}
			if got := Compare(a, b); got != want {
				t.Errorf("Compare(%v, %v) = %d, want %d", a, b, got, want)
			}
		}
	}
}

// TestFormats: each format is found by its media types (with parameters and
// in any case) and by its extensions; strangers are not.
func TestFormats(t *testing.T) {
	for _, f := range Formats() {
		for _, m := range f.MediaTypes() {
			if got, ok := FormatByMediaType(strings.ToUpper(m) + " ; charset=utf-8"); !ok || got != f {
				t.Errorf("%s: %v %v", m, got, ok)
			}
		}
		for _, ext := range f.Extensions() {
			if got, ok := FormatByExtension(strings.ToUpper(ext)); !ok || got != f {
				t.Errorf("%s: %v %v", ext, got, ok)
			}
		}
		if got, ok := FormatByExtension(f.Extension()[1:]); !ok || got != f {
			t.Errorf("%s without dot: %v %v", f.Extension(), got, ok)
		}
		if f.MediaType() != f.MediaTypes()[0] || !f.Valid() {
			t.Errorf("%s: media type %q", f, f.MediaType())
		}
	}
	if _, ok := FormatByMediaType("text/html"); ok {
		t.Error("text/html is a format")
	}
	if _, ok := FormatByExtension(""); ok {
		t.Error("no extension is a format")
	}
	var none Format
	if none.Valid() || none.MediaType() != "" || none.String() != "unknown format" {
		t.Error("the zero Format describes itself as one")
	}
}
