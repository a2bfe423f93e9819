package mib

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"nettwin/graph/rdf"
)

// rendering is one way to write octets.
type rendering uint8

const (
	asOctets rendering = iota // hexBinary
	asText
	asHardware // colon-separated octets of any number
	asMAC      // six octets colon-separated, else as text
	asIP       // 4 or 16 octets, and 8 or 20 with a zone
	asFamily   // an octet of IANA's address family before the address
	asDateTime
)

// renderingNames as selectors.tsv has them.
var renderingNames = map[string]rendering{
	"ipv4": asIP, "ipv6": asIP, "ipv4z": asIP, "ipv6z": asIP,
	"mac": asMAC, "family": asFamily, "text": asText, "octets": asOctets,
}

// renderingOf tells how a Selected object's value is read in a row whose
// selecting object has the given value.
func (t *Tables) renderingOf(o *Object, selector Value) rendering {
	byLabel := t.selectors[o.Convention]
	if o.Selector != nil && selector.Kind == Number {
		if r, ok := byLabel[o.Selector.Enum[selector.Int]]; ok {
			return r
		}
	}
	return byLabel["*"]
}

func (r rendering) term(b []byte) rdf.Term {
	switch r {
	case asText:
		return text(b)
	case asHardware:
		return rdf.String(colons(b))
	case asMAC:
		if len(b) == 6 {
			return rdf.String(colons(b))
		}
		return text(b)
	case asIP:
		return address(b)
	case asFamily:
		// IANA address family numbers: 1 IPv4, 2 IPv6, 6 the 48 bits of a MAC.
		switch {
		case len(b) == 5 && b[0] == 1, len(b) == 17 && b[0] == 2:
			return address(b[1:])
		case len(b) == 7 && b[0] == 6:
			return rdf.String(colons(b[1:]))
		}
	case asDateTime:
		return dateTime(b)
	}
	return hexBinary(b)
}

func hexBinary(b []byte) rdf.Term {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, hexDigits[c>>4], hexDigits[c&15])
	}
	return rdf.Literal(string(out), xsdHexBinary)
}

func colons(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 3*len(b))
	for i, c := range b {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// text writes octets that are meant as text, see the package's comment.
func text(b []byte) rdf.Term {
	s := strings.TrimRight(string(b), "\x00")
	if !utf8.ValidString(s) {
		s = latin1(s)
	}
	for _, c := range s {
		control := c < 0x20 && c != '\t' && c != '\n' && c != '\r'
		if control || c == 0xFFFE || c == 0xFFFF {
			return hexBinary(b)
		}
	}
	return rdf.String(s)
}

// head returns what stands before the first NUL octet of a text that has
// other octets behind it, if that is clean text: an agent that copies a C
// string sends the memory behind it too.
func head(b []byte) []rdf.Term {
	end := bytes.IndexByte(b, 0)
	if end <= 0 || len(bytes.TrimRight(b[end:], "\x00")) == 0 {
		return nil
	}
	if t := text(b[:end]); t.Datatype() == rdf.XSDString {
		return []rdf.Term{t}
	}
	return nil
}

func latin1(s string) string {
	out := make([]rune, len(s))
	for i := range len(s) {
		out[i] = rune(s[i])
	}
	return string(out)
}

// address writes an Internet address, with a zone index of four octets behind
// it where there is one (RFC 4001 §4.1).
func address(b []byte) rdf.Term {
	switch len(b) {
	case 4, 16:
		a, _ := netip.AddrFromSlice(b)
		return rdf.String(a.String())
	case 8, 20:
		a, _ := netip.AddrFromSlice(b[:len(b)-4])
		zone := binary.BigEndian.Uint32(b[len(b)-4:])
		return rdf.String(fmt.Sprintf("%s%%%d", a, zone))
	}
	return hexBinary(b)
}

// dateTime writes a DateAndTime of 8 or 11 octets (RFC 2579 §2). A second of
// 60 (leap second) has no xsd:dateTime and stays octets.
func dateTime(b []byte) rdf.Term {
	if len(b) != 8 && len(b) != 11 {
		return hexBinary(b)
	}
	year := binary.BigEndian.Uint16(b)
	month, day, hour, minute, second, deci := b[2], b[3], b[4], b[5], b[6], b[7]
	if year == 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 || deci > 9 {
		return hexBinary(b)
	}
	s := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour, minute, second)
	if deci > 0 {
		s += fmt.Sprintf(".%d", deci)
	}
	if len(b) == 11 {
		sign, h, m := b[8], b[9], b[10]
		if sign != '+' && sign != '-' || h > 14 || m > 59 || h == 14 && m > 0 {
			return hexBinary(b)
		}
		s += fmt.Sprintf("%c%02d:%02d", sign, h, m)
	}
	return rdf.Literal(s, rdf.XSD+"dateTime")
}

func daysIn(year uint16, month byte) byte {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
