package output

import (
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// function makes texts of a text; none drops it.
type function func(string) []string

// parseFunctions reads functions in the order in which they are applied,
// separated by " | ".
func parseFunctions(cell string) ([]function, error) {
	if cell == "" || cell == "-" {
		return nil, nil
	}
	var list []function
	for part := range strings.SplitSeq(cell, " | ") {
		name, argument, _ := strings.Cut(part, " ")
		f, err := parseFunction(name, argument)
		if err != nil {
			return nil, fmt.Errorf("function %s: %w", name, err)
		}
		list = append(list, f)
	}
	return list, nil
}

// apply applies functions one after another.
func apply(list []function, text string) []string {
	texts := []string{text}
	for _, f := range list {
		var next []string
		for _, t := range texts {
			next = append(next, f(t)...)
		}
		texts = next
	}
	return texts
}

var plainFunctions = map[string]func(string) (string, bool){
	"lower": func(s string) (string, bool) { return strings.ToLower(s), true },
	"upper": func(s string) (string, bool) { return strings.ToUpper(s), true },
	"trim":  func(s string) (string, bool) { return strings.TrimSpace(s), true },
	"mac":   mac, "ip": address, "bits": bits, "mask": maskLength, "asn": asn, "time": instant,
}

func parseFunction(name, argument string) (function, error) {
	if plain, ok := plainFunctions[name]; ok {
		return one(plain), nil
	}
	switch name {
	case "match", "not":
		re, err := regexp.Compile(argument)
		if err != nil {
			return nil, err
		}
		return one(matcher(re, name == "not")), nil
	case "sub":
		if argument == "" {
			return nil, fmt.Errorf("expected /PATTERN/REPLACEMENT/")
		}
		parts := strings.Split(argument[1:], argument[:1])
		if len(parts) != 3 {
			return nil, fmt.Errorf("expected /PATTERN/REPLACEMENT/, with any sign for the slashes")
		}
		re, err := regexp.Compile(parts[0])
		if err != nil {
			return nil, err
		}
		return one(func(s string) (string, bool) { return re.ReplaceAllString(s, parts[1]), true }), nil
	case "map":
		return mapper(argument)
	case "split":
		re, err := regexp.Compile(argument)
		if err != nil {
			return nil, err
		}
		return func(s string) []string { return re.Split(s, -1) }, nil
	case "times":
		factor, ok := new(big.Rat).SetString(argument)
		if !ok {
			return nil, fmt.Errorf("%q is no number", argument)
		}
		return one(func(s string) (string, bool) { return scale(s, factor) }), nil
	}
	return nil, fmt.Errorf("there is none of this name")
}

// one makes a function of one that gives at most one text.
func one(f func(string) (string, bool)) function {
	return func(s string) []string {
		if t, ok := f(s); ok {
			return []string{t}
		}
		return nil
	}
}

// matcher lets through what matches, or its first group.
func matcher(re *regexp.Regexp, not bool) func(string) (string, bool) {
	return func(s string) (string, bool) {
		m := re.FindStringSubmatch(s)
		switch {
		case not:
			return s, m == nil
		case m == nil:
			return "", false
		case len(m) > 1:
			return m[1], true
		}
		return m[0], true
	}
}

// mapper replaces whole texts; "*=X" is for all others, "*=" drops nothing
// and keeps them as they are.
func mapper(argument string) (function, error) {
	to := map[string]string{}
	rest, others := "", false
	for pair := range strings.FieldsSeq(argument) {
		from, text, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q: expected FROM=TO", pair)
		}
		if from == "*" {
			rest, others = text, true
			continue
		}
		to[strings.ReplaceAll(from, "_", " ")] = text
	}
	return one(func(s string) (string, bool) {
		if t, ok := to[s]; ok {
			return t, true
		}
		if others && rest == "" {
			return s, true
		}
		return rest, others
	}), nil
}

var notHex = regexp.MustCompile(`[^0-9a-fA-F]`)

// mac writes an address of six octets as standards do: in pairs, with colons.
func mac(s string) (string, bool) {
	digits := notHex.ReplaceAllString(s, "")
	if len(digits) != 12 || len(strings.TrimSpace(s)) > 17 {
		return "", false
	}
	hw, err := net.ParseMAC(digits[:4] + "." + digits[4:8] + "." + digits[8:])
	return hw.String(), err == nil
}

// address is an IP address in its canonical form, without port, length and
// zone.
func address(s string) (string, bool) {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "/")
	s, _, _ = strings.Cut(s, "+")
	a, err := netip.ParseAddr(s)
	return a.WithZone("").String(), err == nil
}

var quantity = regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT]?)`)

// bits is a number with a prefix of its unit as a plain number: 10Gbps is
// 10000000000.
func bits(s string) (string, bool) {
	m := quantity.FindStringSubmatch(s)
	if m == nil || len(m[1]) > 30 {
		return "", false
	}
	factor := map[string]int64{"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}[strings.ToLower(m[2])]
	return scale(m[1], new(big.Rat).SetInt64(factor))
}

// scale multiplies exactly.
func scale(s string, factor *big.Rat) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 40 || strings.ContainsAny(s, "eE/") {
		return "", false
	}
	n, ok := new(big.Rat).SetString(s)
	if !ok {
		return "", false
	}
	n.Mul(n, factor)
	if n.IsInt() {
		return n.Num().String(), true
	}
	return strings.TrimRight(n.FloatString(9), "0"), true
}

// maskLength is the length of a network mask; a length stays.
func maskLength(s string) (string, bool) {
	if n, err := strconv.Atoi(s); err == nil {
		return strconv.Itoa(n), n >= 0 && n <= 128
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return "", false
	}
	ones, size := net.IPMask(a.AsSlice()).Size()
	return strconv.Itoa(ones), size == 32
}

// asn is the number of an autonomous system, which may be written in two
// parts (RFC 5396).
func asn(s string) (string, bool) {
	high, low, dotted := strings.Cut(strings.TrimSpace(s), ".")
	if !dotted {
		n, err := strconv.ParseUint(high, 10, 32)
		return strconv.FormatUint(n, 10), err == nil
	}
	h, err := strconv.ParseUint(high, 10, 16)
	l, err2 := strconv.ParseUint(low, 10, 16)
	return strconv.FormatUint(h<<16+l, 10), err == nil && err2 == nil
}

var secondsText = regexp.MustCompile(`^([0-9]{1,11})(\.[0-9]{1,9})?[0-9]*$`)

// instant is a time that is told in seconds since 1970.
func instant(s string) (string, bool) {
	m := secondsText.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return time.Unix(n, 0).UTC().Format("2006-01-02T15:04:05") + strings.TrimRight(strings.TrimRight(m[2], "0"), ".") + "Z", err == nil
}
