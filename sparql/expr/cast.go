package expr

import (
	"math"
	"strings"

	"nettwin/graph/rdf"
)

// Constructor functions of XSD types (SPARQL 1.1 §17.5, XPath casting §17.1).

// xmlTrim removes the white space that XSD's "collapse" facet ignores.
func xmlTrim(s string) string { return strings.Trim(s, " \t\r\n") }

// castString writes numbers and booleans in XPath's string form: no trailing
// zeros, no exponent where the number is readable without.
func castString(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	t := args[0]
	if t.IsBNode() || t.IsTriple() || t.Lang() != "" {
		return rdf.Term{}, false
	}
	v := valueOf(t)
	switch v.class {
	case classNumber:
		v.number.marked = false
		out, ok := v.number.term()
		return rdf.String(out.Value()), ok
	case classBoolean:
		return rdf.String(Bool(v.boolean).Value()), true
	}
	return rdf.String(t.Value()), true
}

func castBoolean(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	if args[0].Datatype() == rdf.XSDString {
		b, ok := parseBoolean(xmlTrim(args[0].Value()))
		return Bool(b), ok
	}
	v := valueOf(args[0])
	switch v.class {
	case classBoolean:
		return Bool(v.boolean), true
	case classNumber:
		return Bool(!v.number.isZero() && !math.IsNaN(v.number.f)), true
	}
	return rdf.Term{}, false
}

// numberFrom reads the argument of a numeric cast; text is read as datatype.
func numberFrom(t rdf.Term, datatype string) (number, bool) {
	if t.Datatype() == rdf.XSDString {
		return parseNumber(rdf.Literal(xmlTrim(t.Value()), datatype))
	}
	v := valueOf(t)
	switch v.class {
	case classNumber:
		return v.number, true
	case classBoolean:
		if v.boolean {
			return integerNumber(1), true
		}
		return integerNumber(0), true
	}
	return number{}, false
}

// castBinary makes xsd:float and xsd:double; results are in canonical form.
func castBinary(kind numKind, datatype string) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		n, ok := numberFrom(args[0], datatype)
		if !ok {
			return rdf.Term{}, false
		}
		out := number{kind: kind, f: n.float(), marked: true}
		if kind == numFloat {
			out.f = float64(float32(out.f))
		}
		return out.term()
	}
}

// exactFrom reads the argument of a cast to an exact type.
func exactFrom(t rdf.Term, datatype string) (decimal, bool) {
	n, ok := numberFrom(t, datatype)
	if ok && n.kind >= numFloat {
		if math.Abs(n.f) >= 1e300 {
			return decimal{}, false
		}
		return decimalFromFloat(n.f)
	}
	return n.dec, ok
}

func castDecimal(_ *Context, args []rdf.Term) (rdf.Term, bool) {
	d, ok := exactFrom(args[0], rdf.XSDDecimal)
	if !ok {
		return rdf.Term{}, false
	}
	return number{kind: numDecimal, dec: d, marked: true}.term()
}

// castInteger makes xsd:integer and the types derived from it: a fraction is
// cut off, a value out of bounds is an error.
func castInteger(name string) evalFn {
	datatype, bounds := rdf.XSD+name, integerRanges[name]
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		d, ok := exactFrom(args[0], datatype)
		if !ok {
			return rdf.Term{}, false
		}
		d = d.integral(towardZero)
		return rdf.Literal(d.String(), datatype), withinBounds(d, bounds.low, bounds.high)
	}
}

// castTemporal makes dateTime, date and time from strings and from one
// another. The lexical form of a string is kept.
func castTemporal(kind temporalKind, datatype string) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		t := args[0]
		if t.Datatype() == rdf.XSDString {
			lexical := xmlTrim(t.Value())
			_, ok := parseTemporalAs(lexical, kind)
			return rdf.Literal(lexical, datatype), ok
		}
		v, ok := parseTemporal(t)
		if !ok {
			return rdf.Term{}, false
		}
		switch {
		case v.kind == kind:
			return rdf.Literal(t.Value(), datatype), true
		case v.kind == dateTimeKind && kind == dateKind:
			return rdf.Literal(v.dateLexical(), datatype), true
		case v.kind == dateTimeKind && kind == timeKind:
			return rdf.Literal(v.timeLexical(), datatype), true
		case v.kind == dateKind && kind == dateTimeKind:
			date := strings.TrimSuffix(v.dateLexical(), v.zone())
			return rdf.Literal(date+"T00:00:00"+v.zone(), datatype), true
		}
		return rdf.Term{}, false
	}
}

// castDuration makes durations from strings and durations of a narrower type.
func castDuration(datatype string) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		_, isDuration := durationTypes[args[0].Datatype()]
		if args[0].Datatype() != rdf.XSDString && !isDuration {
			return rdf.Term{}, false
		}
		out := rdf.Literal(xmlTrim(args[0].Value()), datatype)
		_, ok := parseDuration(out)
		return out, ok
	}
}
