package ipfix

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"nettwin/graph/rdf"
)

// LengthError is a field whose length does not fit its type: the field is lost,
// the rest of the record is not.
type LengthError struct {
	Element string
	Bytes   int
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("ipfix: %s: a value of %d octets does not fit the type", e.Element, e.Bytes)
}

// Number reads an unsigned integer of 1 to 8 octets (RFC 7011 §6.1.1, §6.2);
// false if the length is another.
func Number(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 8 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, true
}

// ntpEpoch is that of dateTimeMicroseconds and dateTimeNanoseconds
// (RFC 7011 §6.1.9, RFC 5905 §6): seconds from 1900 to 1970.
const ntpEpoch = 2208988800

// Time reads a value of a dateTime type (RFC 7011 §6.1.7 – §6.1.10); false if
// the length does not fit.
func Time(t Type, b []byte) (time.Time, bool) {
	switch {
	case t == Seconds && len(b) == 4:
		return time.Unix(int64(binary.BigEndian.Uint32(b)), 0).UTC(), true
	case t == Milliseconds && len(b) == 8:
		ms := binary.BigEndian.Uint64(b)
		if ms > maxMilliseconds {
			return time.Time{}, false
		}
		return time.UnixMilli(int64(ms)).UTC(), true
	case (t == Microseconds || t == Nanoseconds) && len(b) == 8:
		fraction := uint64(binary.BigEndian.Uint32(b[4:]))
		if t == Microseconds {
			fraction &^= 0x7FF // the lowest 11 bits say nothing
		}
		ns := fraction * 1_000_000_000 >> 32
		return time.Unix(int64(binary.BigEndian.Uint32(b))-ntpEpoch, int64(ns)).UTC(), true
	}
	return time.Time{}, false
}

// maxMilliseconds is the end of the year 9999.
const maxMilliseconds = 253402300799999

// Value reads a value of the element as a literal. The error is an *LengthError.
func (e *Element) Value(b []byte) (rdf.Term, error) {
	switch e.Type {
	case Unsigned:
		if n, ok := Number(b); ok {
			return rdf.Literal(strconv.FormatUint(n, 10), rdf.XSDInteger), nil
		}
	case Signed:
		if n, ok := Number(b); ok {
			shift := 64 - 8*len(b)
			return rdf.Literal(strconv.FormatInt(int64(n<<shift)>>shift, 10), rdf.XSDInteger), nil
		}
	case Float:
		if f, ok := FloatValue(b); ok {
			return rdf.Literal(double(f), rdf.XSD+"double"), nil
		}
	case Boolean: // RFC 7011 §6.1.5: 1 is true, 2 is false
		if len(b) == 1 && (b[0] == 1 || b[0] == 2) {
			return rdf.Literal(strconv.FormatBool(b[0] == 1), rdf.XSD+"boolean"), nil
		}
	case IPv4Address, IPv6Address:
		if a, ok := netip.AddrFromSlice(b); ok && a.Is4() == (e.Type == IPv4Address) {
			return rdf.String(a.String()), nil
		}
	case MACAddress:
		if len(b) == 6 {
			return rdf.String(colons(b)), nil
		}
	case String:
		return rdf.String(Text(b)), nil
	case Seconds, Milliseconds, Microseconds, Nanoseconds:
		if t, ok := Time(e.Type, b); ok {
			return DateTime(t), nil
		}
	case OctetArray, List:
		return rdf.Literal(strings.ToUpper(hex.EncodeToString(b)), rdf.XSD+"hexBinary"), nil
	}
	return rdf.Term{}, &LengthError{e.Name, len(b)}
}

// DateTime returns a time as a literal.
func DateTime(t time.Time) rdf.Term {
	return rdf.Literal(t.UTC().Format(time.RFC3339Nano), rdf.XSD+"dateTime")
}

// Text returns a string without the zeros that fill it up; octets that are
// not UTF-8 are replaced.
func Text(b []byte) string {
	return strings.ToValidUTF8(strings.TrimRight(string(b), "\x00"), "\uFFFD")
}

// FloatValue reads a float of 4 or 8 octets (RFC 7011 §6.1.3); false if the
// length is another.
func FloatValue(b []byte) (float64, bool) {
	switch len(b) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), true
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), true
	}
	return 0, false
}

// double writes the canonical form of xsd:double.
func double(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "INF"
	case math.IsInf(f, -1):
		return "-INF"
	}
	text := strconv.FormatFloat(f, 'E', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(n)
}

func colons(b []byte) string {
	var s strings.Builder
	for i, c := range b {
		if i > 0 {
			s.WriteByte(':')
		}
		s.WriteString(hex.EncodeToString([]byte{c}))
	}
	return s.String()
}
