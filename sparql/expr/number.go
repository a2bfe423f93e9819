package expr

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// numKind orders the numeric types by promotion (SPARQL 1.1 §17.3, XPath
// operand type promotion): the result of an operator has the greater kind.
type numKind uint8

const (
	numInteger numKind = iota
	numDecimal
	numFloat
	numDouble
)

// number is a numeric value. Integer and decimal are exact (dec); float and
// double are binary (f).
//
// A value has many lexical forms and the standards leave the choice open.
// Results here keep the notation of their operands: a decimal shows a point,
// a float or double an exponent, if an operand (marked) showed one. Constants
// that no operand gives a notation for are marked.
type number struct {
	kind   numKind
	marked bool
	dec    decimal
	f      float64
}

// integerRanges are the types derived from xsd:integer with their bounds
// (XSD 1.1 Part 2 §3.4); "" is no bound.
var integerRanges = map[string]struct{ low, high string }{
	"integer":            {"", ""},
	"nonPositiveInteger": {"", "0"},
	"negativeInteger":    {"", "-1"},
	"long":               {"-9223372036854775808", "9223372036854775807"},
	"int":                {"-2147483648", "2147483647"},
	"short":              {"-32768", "32767"},
	"byte":               {"-128", "127"},
	"nonNegativeInteger": {"0", ""},
	"unsignedLong":       {"0", "18446744073709551615"},
	"unsignedInt":        {"0", "4294967295"},
	"unsignedShort":      {"0", "65535"},
	"unsignedByte":       {"0", "255"},
	"positiveInteger":    {"1", ""},
}

// isNumericType tells whether an IRI names a numeric datatype of §17.1.
func isNumericType(datatype string) bool {
	name, ok := strings.CutPrefix(datatype, rdf.XSD)
	if !ok {
		return false
	}
	switch name {
	case "decimal", "float", "double":
		return true
	}
	_, ok = integerRanges[name]
	return ok
}

// parseNumber returns the value of a numeric literal; ok is false for other
// terms and for ill-typed literals.
func parseNumber(t rdf.Term) (number, bool) {
	name, ok := strings.CutPrefix(t.Datatype(), rdf.XSD)
	if !ok {
		return number{}, false
	}
	switch name {
	case "decimal":
		d, ok := parseDecimal(t.Value(), true)
		return number{kind: numDecimal, dec: d, marked: strings.Contains(t.Value(), ".")}, ok
	case "double", "float":
		return parseBinary(t.Value(), name == "float")
	}
	return parseInteger(t.Value(), name)
}

func parseInteger(lexical, name string) (number, bool) {
	bounds, ok := integerRanges[name]
	if !ok {
		return number{}, false
	}
	d, ok := parseDecimal(lexical, false)
	if !ok || !withinBounds(d, bounds.low, bounds.high) {
		return number{}, false
	}
	return number{kind: numInteger, dec: d}, true
}

func withinBounds(d decimal, low, high string) bool {
	if low != "" {
		if bound, _ := parseDecimal(low, false); d.cmp(bound) < 0 {
			return false
		}
	}
	if high != "" {
		if bound, _ := parseDecimal(high, false); d.cmp(bound) > 0 {
			return false
		}
	}
	return true
}

// parseBinary reads the lexical space of xsd:float and xsd:double (XSD 1.1
// Part 2 §3.3.4, §3.3.5), which is narrower than that of strconv.
func parseBinary(lexical string, single bool) (number, bool) {
	n := number{kind: numDouble}
	size := 64
	if single {
		n.kind, size = numFloat, 32
	}
	switch lexical {
	case "INF", "+INF":
		n.f = math.Inf(1)
		return n, true
	case "-INF":
		n.f = math.Inf(-1)
		return n, true
	case "NaN":
		n.f = math.NaN()
		return n, true
	}
	if strings.Trim(lexical, "0123456789+-.eE") != "" {
		return number{}, false
	}
	n.marked = strings.ContainsAny(lexical, "eE")
	f, err := strconv.ParseFloat(lexical, size)
	if err != nil && !math.IsInf(f, 0) {
		return number{}, false
	}
	n.f = f
	return n, true
}

func integerNumber(i int64) number { return number{kind: numInteger, dec: decimal{small: i}} }

// promote converts n to kind, which must not be below its own.
func (n number) promote(kind numKind) number {
	if n.kind >= kind {
		return n
	}
	if kind >= numFloat && n.kind < numFloat {
		n.f = n.dec.float()
		n.marked = false
	}
	n.kind = kind
	if kind == numFloat {
		n.f = float64(float32(n.f))
	}
	return n
}

// float returns the value as a double.
func (n number) float() float64 {
	if n.kind < numFloat {
		return n.dec.float()
	}
	return n.f
}

func (n number) isZero() bool {
	if n.kind < numFloat {
		return n.dec.sign() == 0
	}
	return n.f == 0
}

// term writes the number as a literal of its type.
func (n number) term() (rdf.Term, bool) {
	switch n.kind {
	case numInteger:
		return rdf.Literal(n.dec.String(), rdf.XSDInteger), !n.dec.tooLarge()
	case numDecimal:
		return rdf.Literal(n.dec.trim(least(n.marked)).padded(n.marked), rdf.XSDDecimal), !n.dec.tooLarge()
	case numFloat:
		return rdf.Literal(formatBinary(n.f, 32, n.marked), rdf.XSDFloat), true
	}
	return rdf.Literal(formatBinary(n.f, 64, n.marked), rdf.XSDDouble), true
}

func least(marked bool) int {
	if marked {
		return 1
	}
	return 0
}

// padded writes d, with ".0" behind an integral value if a point is wanted.
func (d decimal) padded(point bool) string {
	if point && d.scale == 0 {
		return d.String() + ".0"
	}
	return d.String()
}

// formatBinary writes a float (32) or double (64). With an exponent it is the
// canonical form of XSD ("1.5E2", "1.0E0"). Without, it is a plain decimal
// where that is readable (XPath casting to xs:string: 1e-6 <= |f| < 1e6), else
// the canonical form.
func formatBinary(f float64, size int, exponent bool) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	}
	abs := math.Abs(f)
	if !exponent && (f == 0 || abs >= 1e-6 && abs < 1e6) {
		return strconv.FormatFloat(f, 'f', -1, size)
	}
	text := strconv.FormatFloat(f, 'E', -1, size) // d.dddE±dd
	mantissa, exp, _ := strings.Cut(text, "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	e, _ := strconv.Atoi(exp)
	return mantissa + "E" + strconv.Itoa(e)
}

// compareNumbers compares by value, after promotion. ok is false if either is
// NaN.
func compareNumbers(a, b number) (int, bool) {
	kind := max(a.kind, b.kind)
	if kind < numFloat {
		return a.dec.cmp(b.dec), true
	}
	x, y := a.promote(kind).f, b.promote(kind).f
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	case x == y:
		return 0, true
	}
	return 0, false
}

// compareExact compares without promotion, so that the order of any three
// numbers is transitive, as sorting needs; NaN comes first.
func compareExact(a, b number) int {
	if a.kind < numFloat && b.kind < numFloat {
		return a.dec.cmp(b.dec)
	}
	if a.kind >= numFloat && b.kind >= numFloat {
		return compareFloats(a.f, b.f)
	}
	x, xok := a.rat()
	y, yok := b.rat()
	if xok && yok {
		return x.Cmp(y)
	}
	return compareFloats(a.float(), b.float())
}

// rat returns the exact value of a finite number.
func (n number) rat() (*big.Rat, bool) {
	if n.kind < numFloat {
		return new(big.Rat).SetFrac(n.dec.mantissa(), pow10(n.dec.scale)), true
	}
	r := new(big.Rat).SetFloat64(n.f)
	return r, r != nil
}

func compareFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	case math.IsNaN(x) && math.IsNaN(y):
		return 0
	case math.IsNaN(x):
		return -1
	}
	return 1
}
