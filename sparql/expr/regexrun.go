package expr

import (
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// regex is a compiled regular expression with what tells how long it may take.
type regex struct {
	*regexp.Regexp      // nil if it has too many steps
	steps          int  // about the instructions of its program
	anchored       bool // what it matches may depend on what comes before
}

// stepsOf counts the steps of an expression, repetitions written out.
func stepsOf(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += stepsOf(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, 2*maxCachedSteps)
}

// looksBack tells whether an expression asks for the beginning of the text or of
// a line.
func looksBack(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpBeginLine, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	for _, sub := range re.Sub {
		if looksBack(sub) {
			return true
		}
	}
	return false
}

// longMatch is how many steps times bytes a match may take unwatched: some
// milliseconds.
const longMatch = 1 << 20

func (re *regex) long(text string) bool { return len(text) > longMatch/re.steps }

// watchedText reads a text until nobody waits for what it gives.
type watchedText struct {
	c    *Context
	text string
	at   int
	n    int // runes read
}

// runesPerLook is how many runes a program of so many steps reads between looks.
const runesPerLook = 64

// ReadRune implements io.RuneReader.
func (r *watchedText) ReadRune() (rune, int, error) {
	if r.n++; r.n%runesPerLook == 0 && r.c.stopped() || r.at == len(r.text) {
		return 0, 0, io.EOF
	}
	c, size := utf8.DecodeRuneInString(r.text[r.at:])
	r.at += size
	return c, size, nil
}

// matches tells whether a text has a match.
func (re *regex) matches(c *Context, text string) bool {
	if !re.long(text) {
		return re.MatchString(text)
	}
	return re.MatchReader(&watchedText{c: c, text: text})
}

// each calls f with the places of the matches, one after another, as long as
// it returns true. The expression does not match the empty text.
func (re *regex) each(c *Context, text string, f func(match []int) bool) bool {
	if !re.long(text) || re.anchored {
		if re.anchored && re.long(text) && !re.matches(c, text) {
			return true
		}
		for _, match := range re.FindAllStringSubmatchIndex(text, -1) {
			if !f(match) {
				return false
			}
		}
		return true
	}
	for from := 0; !c.stopped(); {
		var match []int
		if re.long(text[from:]) {
			match = re.FindReaderSubmatchIndex(&watchedText{c: c, text: text[from:]})
		} else {
			match = re.FindStringSubmatchIndex(text[from:])
		}
		if match == nil || match[1] == 0 {
			return true
		}
		for i := range match {
			if match[i] >= 0 {
				match[i] += from
			}
		}
		if !f(match) {
			return false
		}
		from = match[1]
	}
	return true
}
