package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Goal: which terms are inlined is fixed. Method: a table of lexical forms on
// both sides of each border.
func TestInlineTable(t *testing.T) {
	inlined := []rdf.Term{
		rdf.Literal("0", rdf.XSDInteger), rdf.Literal("-1", rdf.XSDInteger),
		rdf.Literal("576460752303423487", rdf.XSDInteger), rdf.Literal("-576460752303423488", rdf.XSDInteger),
		rdf.Literal("true", rdf.XSDBoolean), rdf.Literal("false", rdf.XSDBoolean),
		rdf.Literal("2026-11-22T02:40:51Z", rdf.XSDDateTime), rdf.Literal("0001-01-01T00:00:00Z", rdf.XSDDateTime),
		rdf.Literal("9999-12-31T23:59:59Z", rdf.XSDDateTime), rdf.Literal("2024-02-29T00:00:00Z", rdf.XSDDateTime),
		rdf.Literal("1969-12-31T23:59:59Z", rdf.XSDDateTime),
		rdf.String(""), rdf.String("a"), rdf.String("1234567"), rdf.String("\x00"), rdf.String("\xff\xfe"), rdf.String("é€"),
		rdf.Literal("1.0", rdf.XSDDecimal), rdf.Literal("1", rdf.XSDDecimal), rdf.Literal("-0.50", rdf.XSDDecimal),
		rdf.Literal("0.000000000000001", rdf.XSDDecimal), rdf.Literal("36028797018963967", rdf.XSDDecimal),
		rdf.Literal("-3602879701896396.8", rdf.XSDDecimal),
	}
	for _, term := range inlined {
		id, ok := graph.Inline(term)
		if !ok || !id.Inlined() {
			t.Errorf("%q^^%s is not inlined", term.Value(), term.Datatype())
			continue
		}
		if back, ok := id.Term(); !ok || back != term {
			t.Errorf("%q^^%s comes back as %q", term.Value(), term.Datatype(), back.Value())
		}
	}
	not := []rdf.Term{
		{}, rdf.IRI("1"), rdf.BNode("1"), rdf.LangString("a", "en"), rdf.Literal("a", rdf.RDFLangString),
		rdf.Literal("1", "https://example.org/integer"), rdf.Literal("1", rdf.XSDDouble), rdf.String("12345678"),
		rdf.Literal("576460752303423488", rdf.XSDInteger), rdf.Literal("-576460752303423489", rdf.XSDInteger),
		rdf.Literal("9223372036854775808", rdf.XSDInteger), rdf.Literal("36028797018963968", rdf.XSDDecimal),
		rdf.Literal("-3602879701896396.9", rdf.XSDDecimal), rdf.Literal("0.0000000000000001", rdf.XSDDecimal),
	}
	bad := map[string][]string{
		rdf.XSDInteger:  {"", "01", "+1", "-0", "-01", "1.0e0", "1.", " 1", "1 ", "-", "1_000", "0x1", "٣"},
		rdf.XSDBoolean:  {"", "1", "0", "True", "TRUE", " true"},
		rdf.XSDDecimal:  {"", ".5", "1.", "+1.0", "-0.0", "-0", "01.0", "00", "1e0", "1.0.0", "-", "-.5", "1.-5", "1.+5", " 1.0"},
		rdf.XSDDateTime: {"", "2026-11-22T02:40:51", "2026-11-22T02:40:51+00:00", "2026-11-22T02:40:51.0Z", "2026-11-22t02:40:51Z", "2026-11-22T24:00:00Z", "2026-11-22T23:59:60Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "0000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "2026-11-22T02:60:51Z"},
	}
	for datatype, forms := range bad {
		for _, form := range forms {
			not = append(not, rdf.Literal(form, datatype))
		}
	}
	for _, term := range not {
		if id, ok := graph.Inline(term); ok {
			t.Errorf("%q^^%s is inlined as %#x", term.Value(), term.Datatype(), uint64(id))
		}
	}
}

// Goal: what is inlined comes back as the very same term, and different terms
// have different ids. Method: random and nasty lexical forms of each datatype.
func TestInlineRoundTrip(t *testing.T) {
	forms := rapid.OneOf(
		rapid.StringMatching(`[+-]?0{0,2}[0-9]{0,20}`),
		rapid.StringMatching(`[+-]?[0-9]{0,12}\.?[0-9]{0,17}([eE][0-9])?`),
		rapid.StringMatching(`-?[0-9]{4,5}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.0+)?(Z|\+00:00)?`),
		rapid.StringMatching(`(true|false|0|1|True)[ ]?`),
		rapid.StringN(0, 4, 9),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "bytes")) }),
		rapid.Custom(func(t *rapid.T) string { return fmt.Sprint(rapid.Int64().Draw(t, "n")) }),
	)
	datatypes := rapid.SampledFrom([]string{rdf.XSDString, rdf.XSDInteger, rdf.XSDBoolean, rdf.XSDDateTime, rdf.XSDDecimal, rdf.XSDDouble})
	seen := map[graph.TermID]rdf.Term{}
	rapid.Check(t, func(t *rapid.T) {
		term := rdf.Literal(forms.Draw(t, "form"), datatypes.Draw(t, "datatype"))
		id, ok := graph.Inline(term)
		if !ok {
			return
		}
		if back, ok := id.Term(); !ok || back != term {
			t.Fatalf("%q^^%s comes back as %q^^%s", term.Value(), term.Datatype(), back.Value(), back.Datatype())
		}
		if other, taken := seen[id]; taken && other != term {
			t.Fatalf("%q and %q have the same id", term.Value(), other.Value())
		}
		seen[id] = term
	})
}

// Goal: an id that Inline never makes names no term, or one that has the same
// id again. Method: random ids of all tags.
func TestTermOfAnyID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := graph.TermID(rapid.Uint64().Draw(t, "id"))
		if rapid.Bool().Draw(t, "small") {
			id = graph.MakeID(id.Tag(), id.Payload()>>rapid.IntRange(0, 59).Draw(t, "shift"))
		}
		term, ok := id.Term()
		if !ok {
			return
		}
		if again, inlined := graph.Inline(term); inlined && again != id {
			t.Fatalf("id %#x is %q, whose id is %#x", uint64(id), term.Value(), uint64(again))
		}
	})
}

func FuzzInline(f *testing.F) {
	for _, s := range []string{"-0", "01", "1.50", "2026-11-22T02:40:51Z", "true", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, datatype := range []string{rdf.XSDString, rdf.XSDInteger, rdf.XSDBoolean, rdf.XSDDateTime, rdf.XSDDecimal} {
			term := rdf.Literal(strings.Clone(s), datatype)
			if id, ok := graph.Inline(term); ok {
				if back, ok := id.Term(); !ok || back != term {
					t.Fatalf("%q^^%s comes back as %q", s, datatype, back.Value())
				}
			}
		}
	})
}
