package yang

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// number is an integer of −2⁶³ … 2⁶⁴−1: every value of YANG's integer types
// and every decimal64 scaled by its digits. It is comparable with ==.
type number struct {
	neg bool
	abs uint64
}

func (a number) compare(b number) int {
	switch {
	case a.neg && !b.neg:
		return -1
	case !a.neg && b.neg:
		return 1
	case a.neg:
		return cmp.Compare(b.abs, a.abs)
	}
	return cmp.Compare(a.abs, b.abs)
}

func (a number) String() string {
	if a.neg {
		return "-" + strconv.FormatUint(a.abs, 10)
	}
	return strconv.FormatUint(a.abs, 10)
}

var errNumber = errors.New("not a number")

// parseInteger reads a decimal integer, as data hold it.
func parseInteger(s string) (number, error) { return parseIntegerBase(s, 10) }

// parseIntegerBase reads an integer. Base 0 also takes what a default in a
// module may be (RFC 7950 §9.2.1): hexadecimal after "0x", octal after "0".
func parseIntegerBase(s string, base int) (number, error) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if base == 0 {
		base = 10
		switch {
		case strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"):
			base, s = 16, s[2:]
		case len(s) > 1 && s[0] == '0':
			base, s = 8, s[1:]
		}
	}
	if s == "" || s[0] == '+' || s[0] == '-' {
		return number{}, errNumber
	}
	abs, err := strconv.ParseUint(s, base, 64)
	if err != nil || neg && abs > 1<<63 {
		return number{}, errNumber
	}
	return number{neg && abs != 0, abs}, nil
}

// parseDecimal reads a decimal64 and scales it by 10^digits (RFC 7950 §9.3).
func parseDecimal(s string, digits int) (number, error) {
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	whole, frac, dot := strings.Cut(s, ".")
	if whole == "" || dot && frac == "" {
		return number{}, errNumber
	}
	frac = strings.TrimRight(frac, "0")
	if len(frac) > digits || !allDigits(whole) || !allDigits(frac) {
		return number{}, errNumber
	}
	abs, err := strconv.ParseUint(whole+frac+strings.Repeat("0", digits-len(frac)), 10, 64)
	if err != nil || abs > 1<<63 || !neg && abs == 1<<63 {
		return number{}, errNumber
	}
	return number{neg && abs != 0, abs}, nil
}

// formatDecimal writes the canonical form: at least one digit on each side of
// the point, no trailing zeros.
func formatDecimal(n number, digits int) string {
	s := strconv.FormatUint(n.abs, 10)
	if len(s) <= digits {
		s = strings.Repeat("0", digits+1-len(s)) + s
	}
	frac := strings.TrimRight(s[len(s)-digits:], "0")
	if frac == "" {
		frac = "0"
	}
	s = s[:len(s)-digits] + "." + frac
	if n.neg {
		return "-" + s
	}
	return s
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Interval is one part of a range or length, with both ends.
type Interval struct{ Low, High number }

// String writes the interval as its type reads it; decimal64 ends are scaled.
func (iv Interval) String() string {
	if iv.Low == iv.High {
		return iv.Low.String()
	}
	return iv.Low.String() + ".." + iv.High.String()
}

// contains tells whether n lies in one of the intervals.
func contains(ivs []Interval, n number) bool {
	for _, iv := range ivs {
		if iv.Low.compare(n) <= 0 && n.compare(iv.High) <= 0 {
			return true
		}
	}
	return false
}

// parseIntervals reads a range or length argument (RFC 7950 §9.2.4, §9.4.4):
// min and max are the ends of what is restricted.
func parseIntervals(arg string, base []Interval, parse func(string) (number, error)) ([]Interval, error) {
	var out []Interval
	end := func(s string) (number, error) {
		switch s {
		case "min":
			return base[0].Low, nil
		case "max":
			return base[len(base)-1].High, nil
		}
		return parse(s)
	}
	for part := range strings.SplitSeq(arg, "|") {
		low, high, both := strings.Cut(part, "..")
		if !both {
			high = low
		}
		l, err := end(strings.TrimSpace(low))
		if err != nil {
			return nil, fmt.Errorf("range %s: %s is no number", quote(arg), quote(low))
		}
		h, err := end(strings.TrimSpace(high))
		if err != nil {
			return nil, fmt.Errorf("range %s: %s is no number", quote(arg), quote(high))
		}
		if l.compare(h) > 0 || len(out) > 0 && out[len(out)-1].High.compare(l) >= 0 {
			return nil, fmt.Errorf("range %s is not ascending", quote(arg))
		}
		if !within(base, l, h) {
			return nil, fmt.Errorf("range %s is not within that of its base type", quote(arg))
		}
		out = append(out, Interval{l, h})
	}
	return out, nil
}

func within(base []Interval, low, high number) bool {
	for _, iv := range base {
		if iv.Low.compare(low) <= 0 && high.compare(iv.High) <= 0 {
			return true
		}
	}
	return false
}
