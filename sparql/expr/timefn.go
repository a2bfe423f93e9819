package expr

import (
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// Functions on dates and times (SPARQL 1.1 §17.4.5).

const xsdDayTimeDuration = rdf.XSD + "dayTimeDuration"

func nowFn(c *Context, _ []rdf.Term) (rdf.Term, bool) { return formatDateTime(c.Now), true }

// temporalFn makes a function of one dateTime. As in later drafts, date
// properties also apply to xsd:date and time properties to xsd:time.
func temporalFn(f func(temporal) (rdf.Term, bool), kinds ...temporalKind) evalFn {
	return func(_ *Context, args []rdf.Term) (rdf.Term, bool) {
		t, ok := parseTemporal(args[0])
		if !ok {
			return rdf.Term{}, false
		}
		for _, kind := range kinds {
			if t.kind == kind {
				return f(t)
			}
		}
		return rdf.Term{}, false
	}
}

func property(get func(temporal) int64, kinds ...temporalKind) evalFn {
	return temporalFn(func(t temporal) (rdf.Term, bool) { return integerTerm(get(t)), true }, kinds...)
}

func integerTerm(i int64) rdf.Term {
	return rdf.Literal(strconv.FormatInt(i, 10), rdf.XSDInteger)
}

func secondsOf(t temporal) (rdf.Term, bool) {
	return rdf.Literal(t.seconds.trim(0).String(), rdf.XSDDecimal), true
}

// timezoneOf is TIMEZONE: an error without a timezone, unlike TZ.
func timezoneOf(t temporal) (rdf.Term, bool) {
	if !t.zoned {
		return rdf.Term{}, false
	}
	return rdf.Literal(dayTimeLexical(t.offset), xsdDayTimeDuration), true
}

func tzOf(t temporal) (rdf.Term, bool) { return rdf.String(t.zone()), true }

func dayTimeLexical(minutes int) string {
	if minutes == 0 {
		return "PT0S"
	}
	var b strings.Builder
	if minutes < 0 {
		b.WriteByte('-')
		minutes = -minutes
	}
	b.WriteString("PT")
	if minutes >= 60 {
		b.WriteString(strconv.Itoa(minutes/60) + "H")
	}
	if minutes%60 != 0 {
		b.WriteString(strconv.Itoa(minutes%60) + "M")
	}
	return b.String()
}
