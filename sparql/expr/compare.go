package expr

import (
	"math"
	"strings"

	"nettwin/graph/rdf"
)

// valueClass is a value space whose members can be compared with one another.
// The order of the constants is the order of literals in ORDER BY.
type valueClass uint8

const (
	classUnknown valueClass = iota // no literal, unknown datatype or ill-typed
	classNumber
	classString
	classLangString
	classBoolean
	classTemporal
	classDuration
)

// value is a literal's value, in the field of its class.
type value struct {
	class    valueClass
	number   number
	boolean  bool
	temporal temporal
	duration duration
}

// valueOf reads a literal. Strings keep their value in the term.
func valueOf(t rdf.Term) value {
	switch datatype := t.Datatype(); {
	case datatype == rdf.XSDString:
		return value{class: classString}
	case datatype == rdf.RDFLangString || datatype == rdf.RDFDirLangString:
		return value{class: classLangString}
	case datatype == rdf.XSDBoolean:
		if b, ok := parseBoolean(t.Value()); ok {
			return value{class: classBoolean, boolean: b}
		}
	case temporalKinds[datatype] != 0:
		if v, ok := parseTemporal(t); ok {
			return value{class: classTemporal, temporal: v}
		}
	case durationTypes[datatype] != "":
		if v, ok := parseDuration(t); ok {
			return value{class: classDuration, duration: v}
		}
	default:
		if n, ok := parseNumber(t); ok {
			return value{class: classNumber, number: n}
		}
	}
	return value{}
}

func parseBoolean(lexical string) (b, ok bool) {
	switch lexical {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// Equal is the operator "=" (§17.3, RDFterm-equal §17.4.1.7): by value where
// the datatypes are known, by term otherwise. Two different literals of which
// one has an unknown datatype, or whose order is not determined, are an error
// (ok == false): nobody knows whether they mean the same. Triple terms are
// equal if their parts are (SPARQL 1.2 §17.4.1).
func Equal(a, b rdf.Term) (equal, ok bool) {
	if a.IsTriple() && b.IsTriple() {
		return equalTriples(a, b)
	}
	if !a.IsLiteral() || !b.IsLiteral() {
		return a == b, true
	}
	if a == b && a.Datatype() == rdf.XSDString {
		return true, true
	}
	x, y := valueOf(a), valueOf(b)
	switch {
	case (a.Lang() != "") != (b.Lang() != ""):
		return false, true // no datatype has language-tagged strings in its value space
	case x.class == classUnknown || y.class == classUnknown:
		return a == b, a == b
	case x.class != y.class:
		return false, true
	}
	switch x.class {
	case classNumber:
		cmp, ok := compareNumbers(x.number, y.number)
		return ok && cmp == 0, true
	case classString:
		return a.Value() == b.Value(), true
	case classLangString:
		return a.Value() == b.Value() && a.Direction() == b.Direction() && strings.EqualFold(a.Lang(), b.Lang()), true
	case classBoolean:
		return x.boolean == y.boolean, true
	case classDuration:
		return x.duration.months.Cmp(y.duration.months) == 0 && x.duration.seconds.cmp(y.duration.seconds) == 0, true
	}
	if x.temporal.kind != y.temporal.kind {
		return false, true
	}
	cmp, ok := compareTemporal(x.temporal, y.temporal)
	return ok && cmp == 0, ok
}

// equalTriples compares the parts of triple terms. Those of which a part
// differs are different, whatever an error says of another.
func equalTriples(a, b rdf.Term) (equal, ok bool) {
	x, okX := a.Triple()
	y, okY := b.Triple()
	if a == b || !okX || !okY {
		return a == b, true
	}
	if x.S != y.S || x.P != y.P { // never literals
		return false, true
	}
	return Equal(x.O, y.O)
}

// Compare orders two literals as the operators "<" and ">" do (§17.3): numbers,
// strings, booleans, and times and durations of one kind. ok is false where
// these operators are an error, and for NaN, which has no order: see Less.
func Compare(a, b rdf.Term) (cmp int, ok bool) {
	x, y := valueOf(a), valueOf(b)
	if x.class != y.class {
		return 0, false
	}
	switch x.class {
	case classNumber:
		return compareNumbers(x.number, y.number)
	case classString:
		return strings.Compare(a.Value(), b.Value()), true
	case classBoolean:
		return compareBooleans(x.boolean, y.boolean), true
	case classDuration:
		return compareDurations(x.duration, y.duration)
	case classTemporal:
		if x.temporal.kind == y.temporal.kind {
			return compareTemporal(x.temporal, y.temporal)
		}
	}
	return 0, false
}

func compareBooleans(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// OrderLess tells whether a comes before b in ORDER BY, ascending: see
// OrderCompare.
func OrderLess(a, b rdf.Term) bool { return OrderCompare(a, b) < 0 }

// OrderCompare is the order of ORDER BY (§15.1), total over all terms:
// unbound (the zero Term), blank nodes, IRIs, literals, triple terms. Blank
// nodes are equal to each other; triple terms go by subject, predicate, object. Literals come by kind of value (numbers, strings, tagged
// strings, booleans, times, durations, others) and then by value; equal
// values tie whatever their form. A time without a timezone counts as UTC.
func OrderCompare(a, b rdf.Term) int {
	if a == b {
		return 0
	}
	if c := int(orderRank(a)) - int(orderRank(b)); c != 0 {
		return c
	}
	switch a.Kind() {
	case rdf.KindIRI:
		return strings.Compare(a.Value(), b.Value())
	case rdf.KindLiteral:
		return orderLiterals(a, b)
	case rdf.KindTriple:
		return orderTriples(a, b)
	}
	return 0
}

func orderTriples(a, b rdf.Term) int {
	x, okX := a.Triple()
	y, okY := b.Triple()
	if !okX || !okY {
		return strings.Compare(a.Value(), b.Value())
	}
	if c := OrderCompare(x.S, y.S); c != 0 {
		return c
	}
	if c := OrderCompare(x.P, y.P); c != 0 {
		return c
	}
	return OrderCompare(x.O, y.O)
}

func orderRank(t rdf.Term) uint8 {
	switch t.Kind() {
	case rdf.KindBNode:
		return 1
	case rdf.KindIRI:
		return 2
	case rdf.KindLiteral:
		return 3
	case rdf.KindTriple:
		return 4
	}
	return 0
}

func orderLiterals(a, b rdf.Term) int {
	x, y := valueOf(a), valueOf(b)
	if x.class != y.class {
		return int(classOrder(x.class)) - int(classOrder(y.class))
	}
	switch x.class {
	case classNumber:
		return compareExact(x.number, y.number)
	case classString:
		return strings.Compare(a.Value(), b.Value())
	case classBoolean:
		return compareBooleans(x.boolean, y.boolean)
	case classDuration:
		return orderDurations(x.duration, y.duration)
	case classTemporal:
		if x.temporal.kind != y.temporal.kind {
			return int(x.temporal.kind) - int(y.temporal.kind)
		}
		return x.temporal.timeline().cmp(y.temporal.timeline())
	case classLangString:
		if c := strings.Compare(a.Value(), b.Value()); c != 0 {
			return c
		}
		if c := strings.Compare(strings.ToLower(a.Lang()), strings.ToLower(b.Lang())); c != 0 {
			return c
		}
		return int(a.Direction()) - int(b.Direction())
	}
	if c := strings.Compare(a.Datatype(), b.Datatype()); c != 0 {
		return c
	}
	return strings.Compare(a.Value(), b.Value())
}

// classOrder puts what has no known value last.
func classOrder(c valueClass) valueClass {
	if c == classUnknown {
		return classDuration + 1
	}
	return c
}

// orderDurations makes a total order by counting a month as 30 days.
func orderDurations(a, b duration) int {
	const month = 30 * 86400
	x := makeDecimal(a.months, 0).mul(decimal{small: month}).add(a.seconds)
	y := makeDecimal(b.months, 0).mul(decimal{small: month}).add(b.seconds)
	return x.cmp(y)
}

// EBV is the effective boolean value (§17.2.2). ok is false for terms that
// have none, ill-typed ones among them: SPARQL 1.2 makes these an error, which
// SPARQL 1.1 took for false.
func EBV(t rdf.Term) (truth, ok bool) {
	switch datatype := t.Datatype(); {
	case datatype == rdf.XSDBoolean:
		return parseBoolean(t.Value())
	case datatype == rdf.XSDString:
		return t.Value() != "", true
	case isNumericType(datatype):
		n, valid := parseNumber(t)
		return valid && !n.isZero() && !math.IsNaN(n.f), valid
	}
	return false, false
}

var (
	trueTerm  = rdf.Literal("true", rdf.XSDBoolean)
	falseTerm = rdf.Literal("false", rdf.XSDBoolean)
)

// Bool returns the xsd:boolean literal of b.
func Bool(b bool) rdf.Term {
	if b {
		return trueTerm
	}
	return falseTerm
}

func equalFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	eq, ok := Equal(args[0], args[1])
	return Bool(eq), ok
}

func notEqualFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	eq, ok := Equal(args[0], args[1])
	return Bool(!eq), ok
}

// ordering makes one of < > <= >=, which are false for NaN and an error for
// terms without an order.
func ordering(holds func(cmp int) bool) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		if cmp, ok := Compare(args[0], args[1]); ok {
			return Bool(holds(cmp)), true
		}
		_, aok := parseNumber(args[0])
		_, bok := parseNumber(args[1])
		return falseTerm, aok && bok
	}
}

// sameValueFn is sameValue: "=" without its errors, and NaN is itself.
func sameValueFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	return Bool(sameValue(args[0], args[1])), true
}

func sameValue(a, b rdf.Term) bool {
	if a == b {
		return true
	}
	x, okX := a.Triple()
	y, okY := b.Triple()
	if okX && okY {
		return x.S == y.S && x.P == y.P && sameValue(x.O, y.O)
	}
	if m, ok := parseNumber(a); ok && math.IsNaN(m.f) {
		n, ok := parseNumber(b)
		return ok && math.IsNaN(n.f)
	}
	equal, ok := Equal(a, b)
	return equal && ok
}

func sameTermFn(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	return Bool(args[0] == args[1]), true
}
