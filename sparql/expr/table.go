package expr

import (
	"maps"
	"slices"
	"strings"

	"nettwin/graph/rdf"
)

// Function is one row of the table of functions.
type Function struct {
	Name          string // upper-case keyword, operator, or IRI
	MinArgs       int
	MaxArgs       int    // -1: no limit
	Section       string // of the standard
	Deterministic bool   // false: RAND, UUID, STRUUID, BNODE, and NOW between executions
	Eval          func(c *Context, args []rdf.Term) (rdf.Term, bool)
}

type evalFn = func(c *Context, args []rdf.Term) (rdf.Term, bool)

// Lookup returns the function or operator of that name: an operator ("<=",
// "unary-"), a keyword in upper case, or an IRI. nil if there is none.
func Lookup(name string) *Function { return functions[name] }

// Functions returns the whole table, sorted by name.
func Functions() []*Function {
	return slices.SortedFunc(maps.Values(functions), func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
}

// functions is the table of SPARQL 1.1 §17, with what SPARQL 1.2 adds. Only functions whose arguments
// are all evaluated first stand here: the functional forms (BOUND, IF,
// COALESCE, EXISTS, IN, &&, ||, !) are nodes of their own.
var functions = makeTable([]Function{
	// §17.3 operators
	{"=", 2, 2, "17.3", true, equalFn},
	{"!=", 2, 2, "17.3", true, notEqualFn},
	{"<", 2, 2, "17.3", true, ordering(func(c int) bool { return c < 0 })},
	{">", 2, 2, "17.3", true, ordering(func(c int) bool { return c > 0 })},
	{"<=", 2, 2, "17.3", true, ordering(func(c int) bool { return c <= 0 })},
	{">=", 2, 2, "17.3", true, ordering(func(c int) bool { return c >= 0 })},
	{"+", 2, 2, "17.3", true, arithFn(add)},
	{"-", 2, 2, "17.3", true, arithFn(subtract)},
	{"*", 2, 2, "17.3", true, arithFn(multiply)},
	{"/", 2, 2, "17.3", true, arithFn(divide)},
	{"unary+", 1, 1, "17.3", true, unaryPlus},
	{"unary-", 1, 1, "17.3", true, numericFn(negate)},
	{"SAMETERM", 2, 2, "17.4.1.8", true, sameTermFn},
	{"SAMEVALUE", 2, 2, "SPARQL 1.2 17.4.1", true, sameValueFn},

	// §17.4.2 functions on RDF terms
	{"ISIRI", 1, 1, "17.4.2.1", true, termTest(rdf.Term.IsIRI)},
	{"ISURI", 1, 1, "17.4.2.1", true, termTest(rdf.Term.IsIRI)},
	{"ISBLANK", 1, 1, "17.4.2.2", true, termTest(rdf.Term.IsBNode)},
	{"ISLITERAL", 1, 1, "17.4.2.3", true, termTest(rdf.Term.IsLiteral)},
	{"ISNUMERIC", 1, 1, "17.4.2.4", true, termTest(isNumericTerm)},
	{"STR", 1, 1, "17.4.2.5", true, strFn},
	{"LANG", 1, 1, "17.4.2.6", true, langFn},
	{"DATATYPE", 1, 1, "17.4.2.7", true, datatypeFn},
	{"IRI", 1, 1, "17.4.2.8", true, iriFn},
	{"URI", 1, 1, "17.4.2.8", true, iriFn},
	{"BNODE", 0, 1, "17.4.2.9", false, bnodeFn},
	{"STRDT", 2, 2, "17.4.2.10", true, strdtFn},
	{"STRLANG", 2, 2, "17.4.2.11", true, strlangFn},
	{"STRLANGDIR", 3, 3, "SPARQL 1.2 17.4.2", true, strlangdirFn},
	{"LANGDIR", 1, 1, "SPARQL 1.2 17.4.2", true, langdirFn},
	{"HASLANG", 1, 1, "SPARQL 1.2 17.4.2", true, termTest(func(t rdf.Term) bool { return t.Lang() != "" })},
	{"HASLANGDIR", 1, 1, "SPARQL 1.2 17.4.2", true, termTest(func(t rdf.Term) bool { return t.Direction() != rdf.NoDirection })},
	{"UUID", 0, 0, "17.4.2.12", false, uuidFn},
	{"STRUUID", 0, 0, "17.4.2.13", false, struuidFn},

	// SPARQL 1.2 §17.4.6 functions on triple terms
	{"TRIPLE", 3, 3, "SPARQL 1.2 17.4.6", true, tripleFn},
	{"ISTRIPLE", 1, 1, "SPARQL 1.2 17.4.6", true, termTest(rdf.Term.IsTriple)},
	{"SUBJECT", 1, 1, "SPARQL 1.2 17.4.6", true, triplePart(func(t rdf.Triple) rdf.Term { return t.S })},
	{"PREDICATE", 1, 1, "SPARQL 1.2 17.4.6", true, triplePart(func(t rdf.Triple) rdf.Term { return t.P })},
	{"OBJECT", 1, 1, "SPARQL 1.2 17.4.6", true, triplePart(func(t rdf.Triple) rdf.Term { return t.O })},

	// §17.4.3 functions on strings
	{"STRLEN", 1, 1, "17.4.3.2", true, strlenFn},
	{"SUBSTR", 2, 3, "17.4.3.3", true, substrFn},
	{"UCASE", 1, 1, "17.4.3.4", true, stringFn(strings.ToUpper)},
	{"LCASE", 1, 1, "17.4.3.5", true, stringFn(strings.ToLower)},
	{"STRSTARTS", 2, 2, "17.4.3.6", true, stringTest(strings.HasPrefix)},
	{"STRENDS", 2, 2, "17.4.3.7", true, stringTest(strings.HasSuffix)},
	{"CONTAINS", 2, 2, "17.4.3.8", true, stringTest(strings.Contains)},
	{"STRBEFORE", 2, 2, "17.4.3.9", true, strBeforeFn},
	{"STRAFTER", 2, 2, "17.4.3.10", true, strAfterFn},
	{"ENCODE_FOR_URI", 1, 1, "17.4.3.11", true, encodeForURIFn},
	{"CONCAT", 0, -1, "17.4.3.12", true, concatFn},
	{"LANGMATCHES", 2, 2, "17.4.3.13", true, langMatchesFn},
	{"REGEX", 2, 3, "17.4.3.14", true, regexFn},
	{"REPLACE", 3, 4, "17.4.3.15", true, replaceFn},

	// §17.4.4 functions on numbers
	{"ABS", 1, 1, "17.4.4.1", true, numericFn(absolute)},
	{"ROUND", 1, 1, "17.4.4.2", true, rounder(halfUp)},
	{"CEIL", 1, 1, "17.4.4.3", true, rounder(up)},
	{"FLOOR", 1, 1, "17.4.4.4", true, rounder(down)},
	{"RAND", 0, 0, "17.4.4.5", false, randFn},

	// §17.4.5 functions on dates and times
	{"NOW", 0, 0, "17.4.5.1", false, nowFn},
	{"YEAR", 1, 1, "17.4.5.2", true, property(func(t temporal) int64 { return t.year }, dateTimeKind, dateKind, gYearKind, gYearMonthKind)},
	{"MONTH", 1, 1, "17.4.5.3", true, property(func(t temporal) int64 { return int64(t.month) }, dateTimeKind, dateKind, gYearMonthKind, gMonthKind, gMonthDayKind)},
	{"DAY", 1, 1, "17.4.5.4", true, property(func(t temporal) int64 { return int64(t.day) }, dateTimeKind, dateKind, gMonthDayKind, gDayKind)},
	{"HOURS", 1, 1, "17.4.5.5", true, property(func(t temporal) int64 { return int64(t.hour) }, dateTimeKind, timeKind)},
	{"MINUTES", 1, 1, "17.4.5.6", true, property(func(t temporal) int64 { return int64(t.minute) }, dateTimeKind, timeKind)},
	{"SECONDS", 1, 1, "17.4.5.7", true, temporalFn(secondsOf, dateTimeKind, timeKind)},
	{"TIMEZONE", 1, 1, "17.4.5.8", true, temporalFn(timezoneOf, dateTimeKind, dateKind, timeKind)},
	{"TZ", 1, 1, "17.4.5.9", true, temporalFn(tzOf, dateTimeKind, dateKind, timeKind)},

	// §17.4.6 hash functions
	{"MD5", 1, 1, "17.4.6.1", true, md5Fn},
	{"SHA1", 1, 1, "17.4.6.2", true, sha1Fn},
	{"SHA256", 1, 1, "17.4.6.3", true, sha256Fn},
	{"SHA384", 1, 1, "17.4.6.4", true, sha384Fn},
	{"SHA512", 1, 1, "17.4.6.5", true, sha512Fn},

	// §17.5 constructor functions; the types beyond its table are those that
	// XPath constructors cover as well
	{rdf.XSDString, 1, 1, "17.5", true, castString},
	{rdf.XSDBoolean, 1, 1, "17.5", true, castBoolean},
	{rdf.XSDDecimal, 1, 1, "17.5", true, castDecimal},
	{rdf.XSDFloat, 1, 1, "17.5", true, castBinary(numFloat, rdf.XSDFloat)},
	{rdf.XSDDouble, 1, 1, "17.5", true, castBinary(numDouble, rdf.XSDDouble)},
	{rdf.XSDDateTime, 1, 1, "17.5", true, castTemporal(dateTimeKind, rdf.XSDDateTime)},
	{rdf.XSDDate, 1, 1, "17.5", true, castTemporal(dateKind, rdf.XSDDate)},
	{rdf.XSD + "time", 1, 1, "17.5", true, castTemporal(timeKind, rdf.XSD+"time")},
	{rdf.XSD + "duration", 1, 1, "17.5", true, castDuration(rdf.XSD + "duration")},
	{rdf.XSD + "dayTimeDuration", 1, 1, "17.5", true, castDuration(rdf.XSD + "dayTimeDuration")},
	{rdf.XSD + "yearMonthDuration", 1, 1, "17.5", true, castDuration(rdf.XSD + "yearMonthDuration")},
})

func makeTable(rows []Function) map[string]*Function {
	table := make(map[string]*Function, len(rows)+len(integerRanges))
	for i := range rows {
		table[rows[i].Name] = &rows[i]
	}
	for name := range integerRanges {
		iri := rdf.XSD + name
		table[iri] = &Function{iri, 1, 1, "17.5", true, castInteger(name)}
	}
	return table
}
