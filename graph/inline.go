package graph

import (
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// Limits of what an id can hold.
const (
	maxInlineString = 7
	maxInlineScale  = 15
	decimalBits     = 56
	stringLenShift  = 56
	decimalShift    = 56
	dateTimeLen     = len("2006-01-02T15:04:05Z")
)

// Inline returns the id that holds t itself, if there is one: only terms whose
// exact lexical form comes back from the id are inlined, because equal ids
// must be equal terms. So "1" is, "01", "+1" and "-0" are not.
func Inline(t Term) (TermID, bool) {
	if !t.IsLiteral() || t.Lang() != "" {
		return None, false
	}
	switch t.Datatype() {
	case rdf.XSDString:
		return inlineString(t.Value())
	case rdf.XSDInteger:
		return inlineInteger(t.Value())
	case rdf.XSDBoolean:
		return inlineBoolean(t.Value())
	case rdf.XSDDateTime:
		return inlineDateTime(t.Value())
	case rdf.XSDDecimal:
		return inlineDecimal(t.Value())
	}
	return None, false
}

// Term returns the term that an inlined id holds; false for ids of the
// dictionary, special ids and ids that Inline never makes.
func (id TermID) Term() (Term, bool) {
	switch id.Tag() {
	case TagInteger:
		n, _ := id.Integer()
		return rdf.Literal(strconv.FormatInt(n, 10), rdf.XSDInteger), true
	case TagBoolean:
		b, ok := id.Boolean()
		return rdf.Literal(strconv.FormatBool(b), rdf.XSDBoolean), ok
	case TagDateTime:
		secs, ok := id.DateTime()
		return rdf.Literal(formatDateTime(secs), rdf.XSDDateTime), ok
	case TagString:
		s, ok := id.shortString()
		return rdf.String(s), ok
	case TagDecimal:
		m, scale, _ := id.Decimal()
		return rdf.Literal(formatDecimal(m, scale), rdf.XSDDecimal), true
	}
	return Term{}, false
}

// Integer returns the value of an inlined xsd:integer.
func (id TermID) Integer() (int64, bool) {
	return signExtend(id.Payload(), tagShift), id.Tag() == TagInteger
}

// Boolean returns the value of an inlined xsd:boolean.
func (id TermID) Boolean() (value, ok bool) {
	return id.Payload() == 1, id.Tag() == TagBoolean && id.Payload() <= 1
}

// DateTime returns the value of an inlined xsd:dateTime in seconds since 1970.
func (id TermID) DateTime() (int64, bool) {
	secs := signExtend(id.Payload(), tagShift)
	return secs, id.Tag() == TagDateTime && secs >= minDateTime && secs <= maxDateTime
}

// Decimal returns the value of an inlined xsd:decimal: mantissa / 10^scale.
func (id TermID) Decimal() (mantissa int64, scale int, ok bool) {
	p := id.Payload()
	return signExtend(p, decimalBits), int(p >> decimalShift), id.Tag() == TagDecimal
}

func (id TermID) shortString() (string, bool) {
	p := id.Payload()
	n := int(p >> stringLenShift)
	if n > maxInlineString {
		return "", false
	}
	var b [maxInlineString]byte
	for i := range n {
		b[i] = byte(p >> (8 * i))
	}
	if n < maxInlineString && p&(1<<stringLenShift-1)>>(8*n) != 0 {
		return "", false
	}
	return string(b[:n]), true
}

func inlineString(s string) (TermID, bool) {
	if len(s) > maxInlineString {
		return None, false
	}
	p := uint64(len(s)) << stringLenShift
	for i := range len(s) {
		p |= uint64(s[i]) << (8 * i)
	}
	return MakeID(TagString, p), true
}

func inlineInteger(s string) (TermID, bool) {
	n, ok := parseCanonicalInt(s)
	if !ok || !fits(n, tagShift) {
		return None, false
	}
	return MakeID(TagInteger, uint64(n)), true
}

func inlineBoolean(s string) (TermID, bool) {
	switch s {
	case "true":
		return MakeID(TagBoolean, 1), true
	case "false":
		return MakeID(TagBoolean, 0), true
	}
	return None, false
}

func inlineDecimal(s string) (TermID, bool) {
	whole, frac, dotted := strings.Cut(s, ".")
	if len(frac) > maxInlineScale || dotted && frac == "" {
		return None, false
	}
	digits := strings.TrimPrefix(whole, "-")
	if digits == "" || len(digits)+len(frac) > 18 || len(digits) > 1 && digits[0] == '0' {
		return None, false
	}
	var m int64
	for _, part := range []string{digits, frac} {
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return None, false
			}
			m = m*10 + int64(part[i]-'0')
		}
	}
	if whole[0] == '-' {
		if m == 0 {
			return None, false // "-0.0" would come back without its sign
		}
		m = -m
	}
	if !fits(m, decimalBits) {
		return None, false
	}
	return MakeID(TagDecimal, uint64(len(frac))<<decimalShift|uint64(m)&(1<<decimalBits-1)), true
}

func formatDecimal(m int64, scale int) string {
	var b []byte
	if m < 0 {
		b, m = append(b, '-'), -m
	}
	digits := strconv.FormatInt(m, 10)
	if pad := scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	b = append(b, digits[:len(digits)-scale]...)
	if scale > 0 {
		b = append(b, '.')
		b = append(b, digits[len(digits)-scale:]...)
	}
	return string(b)
}

// parseCanonicalInt reads the canonical form of an integer: no plus sign, no
// leading zeros, no negative zero (XSD 1.1 Part 2 §3.4.13).
func parseCanonicalInt(s string) (int64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	if digits[0] == '0' && len(s) > 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// fits tells whether n is a two's complement number of so many bits.
func fits(n int64, bits uint) bool {
	return n >= -(1<<(bits-1)) && n < 1<<(bits-1)
}

func signExtend(p uint64, bits uint) int64 {
	return int64(p<<(64-bits)) >> (64 - bits)
}
