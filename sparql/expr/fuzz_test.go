package expr

import (
	"testing"

	"nettwin/graph/rdf"
)

// FuzzRegex: no pattern makes the translation or the matching panic, and
// flags do not either.
func FuzzRegex(f *testing.F) {
	for _, p := range []string{`[a-z-[aeiou]]`, `\p{Lu}+\d`, `(a|b)*?{2,3}`, `\c\I`, `[^\]\-x]`, `$1`, `[[:alpha:]]`} {
		f.Add(p, "i", "text", "$1")
	}
	f.Fuzz(func(t *testing.T, pattern, flags, text, replacement string) {
		c := &Context{}
		args := []rdf.Term{rdf.String(text), rdf.String(pattern), rdf.String(flags)}
		regexFn(c, args)
		replaceFn(c, []rdf.Term{args[0], args[1], rdf.String(replacement), args[2]})
	})
}

// FuzzLiteral: whatever a literal holds, reading its value does not panic, a
// value equals itself unless it is NaN, and the order agrees with equality.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"1", "-0.50", "1e400", "NaN", "2026-02-29T24:00:00.5+14:00", "P1DT2H", "--12-31", "true"} {
		f.Add(s, s, uint8(0))
	}
	types := []string{"integer", "decimal", "double", "float", "byte", "boolean", "dateTime", "date", "time", "gMonthDay",
		"duration", "dayTimeDuration", "yearMonthDuration", "gYear", "gDay", "string"}
	f.Fuzz(func(t *testing.T, a, b string, kind uint8) {
		datatype := rdf.XSD + types[int(kind)%len(types)]
		x, y := rdf.Literal(a, datatype), rdf.Literal(b, datatype)
		if eq, ok := Equal(x, x); ok && !eq && a != "NaN" {
			t.Errorf("%s is not equal to itself", x)
		}
		if OrderCompare(x, y) != -OrderCompare(y, x) {
			t.Errorf("order of %s and %s", x, y)
		}
		cmp, ok := Compare(x, y)
		if eq, known := Equal(x, y); ok && known && eq != (cmp == 0) {
			t.Errorf("compare %s and %s: %d, equal %t", x, y, cmp, eq)
		}
	})
}
