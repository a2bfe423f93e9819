package expr

import (
	"regexp/syntax"
	"strings"
	"unicode"
)

// maxClassDepth bounds nested class subtractions.
const maxClassDepth = 16

// class reads a character class after "[" and returns it in Go's syntax. A
// subtraction ([a-z-[aeiou]]) is carried out here, for Go has none.
func (t *regexTranslator) class(depth int) (string, bool) {
	if depth > maxClassDepth {
		return "", false
	}
	var b strings.Builder
	b.WriteByte('[')
	if t.peek('^') {
		t.pos++
		b.WriteByte('^')
	}
	for first := true; t.pos < len(t.in); first = false {
		r := t.in[t.pos]
		t.pos++
		switch {
		case r == ']' && !first:
			b.WriteByte(']')
			return b.String(), true
		case r == '-' && t.peek('['):
			t.pos++
			return t.subtract(b.String()+"]", depth)
		case r == '[' || r == ']':
			return "", false
		case r == '\\':
			class, single, ok := t.escape()
			if !ok {
				return "", false
			}
			if class == "" {
				class = quoteRune(single)
			}
			b.WriteString(class)
		case r == '-' && !first && t.pos < len(t.in) && t.in[t.pos] != ']':
			b.WriteByte('-') // of a range
		default:
			b.WriteString(quoteRune(r))
		}
	}
	return "", false
}

func (t *regexTranslator) peek(r rune) bool { return t.pos < len(t.in) && t.in[t.pos] == r }

// subtract reads the class that follows "-[" and takes it away from left.
func (t *regexTranslator) subtract(left string, depth int) (string, bool) {
	right, ok := t.class(depth + 1)
	if !ok || !t.peek(']') {
		return "", false
	}
	t.pos++
	a, aok := classRanges(left)
	b, bok := classRanges(right)
	if !aok || !bok {
		return "", false
	}
	return "[" + writeRanges(subtractRanges(a, b)) + "]", true
}

// classRanges returns the sorted pairs of first and last characters.
func classRanges(class string) ([]rune, bool) {
	re, err := syntax.Parse(class, syntax.Perl)
	if err != nil {
		return nil, false
	}
	switch re.Op {
	case syntax.OpCharClass:
		return re.Rune, true
	case syntax.OpLiteral:
		return []rune{re.Rune[0], re.Rune[0]}, len(re.Rune) == 1
	case syntax.OpAnyChar:
		return []rune{0, unicode.MaxRune}, true
	case syntax.OpNoMatch:
		return nil, true
	}
	return nil, false
}

func subtractRanges(a, b []rune) []rune {
	var out []rune
	for i := 0; i < len(a); i += 2 {
		low, high := a[i], a[i+1]
		for j := 0; j < len(b) && low <= high; j += 2 {
			if b[j+1] < low || b[j] > high {
				continue
			}
			if b[j] > low {
				out = append(out, low, b[j]-1)
			}
			low = b[j+1] + 1
		}
		if low <= high {
			out = append(out, low, high)
		}
	}
	return out
}

// writeRanges writes the inside of a class; an empty one matches nothing.
func writeRanges(ranges []rune) string {
	if len(ranges) == 0 {
		return `^\x00-\x{10FFFF}`
	}
	var b strings.Builder
	for i := 0; i < len(ranges); i += 2 {
		b.WriteString(quoteRune(ranges[i]) + "-" + quoteRune(ranges[i+1]))
	}
	return b.String()
}

// complement returns the inside of the class of all characters that are not
// in the class with the given inside.
func complement(inside string) string {
	ranges, _ := classRanges("[" + inside + "]")
	return writeRanges(subtractRanges([]rune{0, unicode.MaxRune}, ranges))
}
