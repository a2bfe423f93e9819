package cayley

import (
	"math"
	"testing"
	"time"

	"github.com/cayleygraph/quad"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// TestTermsAndValues checks the mapping against a table: which value a term
// is, and that the value is that very term again. Canonical forms are those of
// XSD 1.1 Part 2 (appendix E), others stay strings with a type.
func TestTermsAndValues(t *testing.T) {
	typed := func(lexical, datatype string) quad.Value {
		return quad.TypedString{Value: quad.String(lexical), Type: quad.IRI(datatype)}
	}
	for _, c := range []struct {
		term  rdf.Term
		value quad.Value
	}{
		{rdf.IRI("https://x.example/a"), quad.IRI("https://x.example/a")},
		{rdf.BNode("b1"), quad.BNode("b1")},
		{rdf.String("say \"hi\"\n\\"), quad.String("say \"hi\"\n\\")},
		{rdf.String(""), quad.String("")},
		{rdf.LangString("Straße", "de-CH"), quad.LangString{Value: "Straße", Lang: "de-CH"}},
		{rdf.DirLangString("x", "ar", rdf.RightToLeft), quad.LangString{Value: "x", Lang: "ar--rtl"}},
		{rdf.TripleTerm(rdf.Triple{S: rdf.BNode("b"), P: rdf.IRI("p:p"), O: rdf.String("o")}),
			typed(`<<( _:b <p:p> "o" )>>`, "https://w3id.org/nettwin/generalized/triple")},
		{rdf.Literal("-7", rdf.XSDInteger), quad.Int(-7)},
		{rdf.Literal("9223372036854775807", rdf.XSDInteger), quad.Int(math.MaxInt64)},
		{rdf.Literal("9223372036854775808", rdf.XSDInteger), typed("9223372036854775808", rdf.XSDInteger)},
		{rdf.Literal("007", rdf.XSDInteger), typed("007", rdf.XSDInteger)},
		{rdf.Literal("+7", rdf.XSDInteger), typed("+7", rdf.XSDInteger)},
		{rdf.Literal("1.5E0", rdf.XSDDouble), quad.Float(1.5)},
		{rdf.Literal("1.0E1", rdf.XSDDouble), quad.Float(10)},
		{rdf.Literal("-2.5E-7", rdf.XSDDouble), quad.Float(-2.5e-7)},
		{rdf.Literal("0.0E0", rdf.XSDDouble), quad.Float(0)},
		{rdf.Literal("INF", rdf.XSDDouble), quad.Float(math.Inf(1))},
		{rdf.Literal("-INF", rdf.XSDDouble), quad.Float(math.Inf(-1))},
		{rdf.Literal("1.5", rdf.XSDDouble), typed("1.5", rdf.XSDDouble)},
		{rdf.Literal("+Inf", rdf.XSDDouble), typed("+Inf", rdf.XSDDouble)},
		{rdf.Literal("1.5", rdf.XSDDecimal), typed("1.5", rdf.XSDDecimal)},
		{rdf.Literal("true", rdf.XSDBoolean), quad.Bool(true)},
		{rdf.Literal("1", rdf.XSDBoolean), typed("1", rdf.XSDBoolean)},
		{rdf.Literal("2026-11-22T06:48:23Z", rdf.XSDDateTime), quad.Time(time.Date(2026, 11, 22, 6, 48, 23, 0, time.UTC))},
		{rdf.Literal("2026-11-22T06:48:23.25Z", rdf.XSDDateTime), quad.Time(time.Date(2026, 11, 22, 6, 48, 23, 250e6, time.UTC))},
		{rdf.Literal("2026-11-22T07:48:23+01:00", rdf.XSDDateTime), typed("2026-11-22T07:48:23+01:00", rdf.XSDDateTime)},
		{rdf.Literal("2026-11-22", rdf.XSDDate), typed("2026-11-22", rdf.XSDDate)},
		{rdf.Literal("00", "https://x.example/octets"), typed("00", "https://x.example/octets")},
	} {
		if got := ValueOfTerm(c.term); got != c.value {
			t.Errorf("%v is value %#v, want %#v", c.term, got, c.value)
		}
		if got, err := TermOf(c.value); got != c.term || err != nil {
			t.Errorf("%#v is term %v, %v, want %v", c.value, got, err, c.term)
		}
	}
	for _, v := range []quad.Value{nil, quad.IRI(""), quad.BNode(""), quad.LangString{Value: "x"},
		quad.TypedString{Value: "x", Type: rdf.RDFLangString}, quad.TypedString{Value: "x", Type: tripleType}} {
		if got, err := TermOf(v); err == nil {
			t.Errorf("%#v is term %v, want an error", v, got)
		}
	}
}

// FuzzTerms checks that every literal comes back from its value, and that a
// surrogate spells its term.
func FuzzTerms(f *testing.F) {
	for _, s := range [][3]string{{"1", rdf.XSDInteger, ""}, {"1.0E1", rdf.XSDDouble, ""}, {"NaN", rdf.XSDDouble, ""},
		{"a:b %2F+ c", rdf.XSDString, ""}, {"x", "", "en"}, {"0001-01-01T00:00:00Z", rdf.XSDDateTime, ""}} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, lexical, datatype, lang string) {
		term := rdf.Literal(lexical, datatype)
		if lang != "" {
			term = rdf.LangString(lexical, lang)
		} else if datatype == rdf.RDFLangString {
			return // no RDF term
		}
		if got, err := TermOf(ValueOfTerm(term)); got != term || err != nil {
			t.Fatalf("%#v came back as %#v, %v", term, got, err)
		}
		for _, term := range []rdf.Term{term, rdf.BNode(lexical)} {
			s, err := stored(term, graph.P, true)
			if !s.IsIRI() || original(s) != term || err != nil {
				t.Fatalf("surrogate of %#v is %v (%v), which spells %#v", term, s, err, original(s))
			}
		}
	})
}

// FuzzSurrogate checks that no IRI makes original fail.
func FuzzSurrogate(f *testing.F) {
	for _, s := range []string{"", "b:", "b:x", "t:a:b", "t:a", "l:en:%", "x:y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		iri := rdf.IRI(surrogateNS + text)
		if got := original(iri); got != iri && !got.IsLiteral() && !got.IsBNode() {
			t.Fatalf("%v spells %#v", iri, got)
		}
	})
}
