package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// lexer cuts the text into tokens, one at a time. Errors panic with a
// *SyntaxError, which the parser's entry points recover.
type lexer struct {
	src    string
	update bool
	off    int // offset of the next byte to read
	mark   int // offset whose place is pos
	pos    Pos
}

func newLexer(src string, update bool) *lexer {
	return &lexer{src: src, update: update, pos: Pos{1, 1}}
}

// checkEncoding fails on text that is not UTF-8.
func (l *lexer) checkEncoding() {
	if utf8.ValidString(l.src) {
		return
	}
	for i := 0; i < len(l.src); {
		r, n := utf8.DecodeRuneInString(l.src[i:])
		if r == utf8.RuneError && n == 1 {
			l.fail(i, CodeBadEncoding, "the text is not UTF-8: byte 0x%02X", l.src[i])
		}
		i += n
	}
}

// fail panics with an error at a byte offset, which must not lie before the
// start of the current token.
func (l *lexer) fail(off int, code Code, format string, args ...any) {
	panic(&SyntaxError{Pos: l.place(off), Code: code, Update: l.update, Msg: fmt.Sprintf(format, args...)})
}

// place returns line and column of an offset ≥ l.mark and moves the mark there.
func (l *lexer) place(off int) Pos {
	for ; l.mark < off; l.mark++ {
		switch c := l.src[l.mark]; {
		case c == '\n', c == '\r' && !strings.HasPrefix(l.src[l.mark+1:], "\n"):
			l.pos = Pos{l.pos.Line + 1, 1}
		case utf8.RuneStart(c):
			l.pos.Column++
		}
	}
	return l.pos
}

// at returns the character at an offset and its width in the text. At the end
// it returns width 0.
func (l *lexer) at(i int) (rune, int) {
	if i >= len(l.src) {
		return 0, 0
	}
	if c := l.src[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(l.src[i:])
}

// codepointEscape reads \uXXXX or \UXXXXXXXX at the start of s. Such escapes
// stand in IRIs and strings only (SPARQL 1.2 §19.2).
func codepointEscape(s string) (r rune, width int, ok bool) {
	if len(s) < 2 || s[0] != '\\' {
		return 0, 0, false
	}
	switch s[1] {
	case 'u':
		r, ok = hexValue(s[2:], 4)
		return r, 6, ok
	case 'U':
		r, ok = hexValue(s[2:], 8)
		return r, 10, ok
	}
	return 0, 0, false
}

// text returns the characters between two offsets.
func (l *lexer) text(from, to int) string { return l.src[from:to] }

// next returns the next token.
func (l *lexer) next() token {
	l.skipSpace()
	start := l.off
	pos := l.place(start)
	t := l.scan(start)
	t.pos, t.raw = pos, l.src[start:l.off]
	return t
}

func (l *lexer) skipSpace() {
	for {
		r, n := l.at(l.off)
		switch {
		case n > 0 && isSpace(r):
			l.off += n
		case r == '#':
			end := strings.IndexAny(l.src[l.off:], "\r\n")
			if end < 0 {
				l.off = len(l.src)
				return
			}
			l.off += end
		default:
			return
		}
	}
}

// scan reads the token that begins at start.
func (l *lexer) scan(start int) token {
	r, n := l.at(start)
	if n == 0 {
		return token{kind: tokEOF}
	}
	switch {
	case r == '?' || r == '$':
		if t, ok := l.scanVar(start, n); ok {
			return t
		}
	case r == '<':
		if t, ok := l.scanIRI(start, n); ok {
			return t
		}
	case r == '"' || r == '\'':
		return l.scanString(start, r, n)
	case r == '@':
		return l.scanLang(start, n)
	case isDigit(r), r == '.', r == '+', r == '-':
		if t, ok := l.scanNumber(start); ok {
			return t
		}
	case r == '_' || r == ':' || isPNCharsBase(r):
		return l.scanName(start)
	}
	return l.scanPunct(start, r)
}

// run returns the end of the longest run of characters that ok accepts.
func (l *lexer) run(i int, ok func(rune) bool) int {
	for {
		r, n := l.at(i)
		if n == 0 || !ok(r) {
			return i
		}
		i += n
	}
}

func (l *lexer) scanVar(start, width int) (token, bool) {
	from := start + width
	first, n := l.at(from)
	if n == 0 || !isPNCharsU(first) && !isDigit(first) {
		return token{}, false
	}
	l.off = l.run(from, isVarChar)
	return token{kind: tokVar, text: l.text(from, l.off)}, true
}

// scanIRI reads an IRIREF (rule 139), or tells that "<" is an operator.
func (l *lexer) scanIRI(start, width int) (token, bool) {
	from := start + width
	var b strings.Builder // what precedes done, if there was an escape
	done := from
	for i := from; i < len(l.src); {
		if l.src[i] == '>' {
			l.off = i + 1
			b.WriteString(l.text(done, i))
			return token{kind: tokIRI, text: b.String()}, true
		}
		if r, n, ok := codepointEscape(l.src[i:]); ok {
			if !isIRIChar(r) {
				l.fail(i, CodeBadIRI, "an IRI cannot hold the escaped character %U", r)
			}
			b.WriteString(l.text(done, i))
			b.WriteRune(r)
			i += n
			done = i
			continue
		}
		r, n := l.at(i)
		if !isIRIChar(r) {
			return token{}, false
		}
		i += n
	}
	return token{}, false
}

func (l *lexer) scanLang(start, width int) token {
	end := l.run(start+width, isLetter)
	if end == start+width {
		l.fail(start, CodeBadCharacter, `expected a language tag after "@"`)
	}
	for {
		r, n := l.at(end)
		if r != '-' {
			break
		}
		sub := l.run(end+n, func(r rune) bool { return isLetter(r) || isDigit(r) })
		if sub == end+n {
			end = l.direction(end)
			break
		}
		end = sub
	}
	l.off = end
	return token{kind: tokLang, text: l.text(start+width, end)}
}

// direction returns the end of "--" and a base direction at offset i, or i if
// there is none (LANG_DIR, SPARQL 1.2 rule 156).
func (l *lexer) direction(i int) int {
	if !strings.HasPrefix(l.src[i:], "--") {
		return i
	}
	if end := l.run(i+2, isLetter); end > i+2 {
		return end
	}
	return i
}

// scanNumber reads a number with or without a sign (rules 146–154), or tells
// that there is none.
func (l *lexer) scanNumber(start int) (token, bool) {
	i := start
	if r, n := l.at(i); r == '+' || r == '-' {
		i += n
	}
	whole := l.run(i, isDigit)
	kind, end := tokInteger, whole
	if r, n := l.at(whole); r == '.' {
		fraction := l.run(whole+n, isDigit)
		if fraction > whole+n {
			kind, end = tokDecimal, fraction
		}
		// Digits and a dot begin a double even without a fraction: "1.e0".
		if whole > i || fraction > whole+n {
			if e, ok := l.exponent(fraction); ok {
				kind, end = tokDouble, e
			}
		}
	} else if e, ok := l.exponent(whole); ok && whole > i {
		kind, end = tokDouble, e
	}
	if end == i {
		return token{}, false
	}
	l.off = end
	return token{kind: kind, text: l.text(start, end)}, true
}

func (l *lexer) exponent(i int) (end int, ok bool) {
	r, n := l.at(i)
	if r != 'e' && r != 'E' {
		return i, false
	}
	i += n
	if r, n := l.at(i); r == '+' || r == '-' {
		i += n
	}
	end = l.run(i, isDigit)
	return end, end > i
}

// scanName reads a blank node label, a prefixed name or a keyword.
func (l *lexer) scanName(start int) token {
	r, n := l.at(start)
	if r == '_' {
		if c, m := l.at(start + n); c == ':' {
			return l.scanBNode(start, start+n+m)
		}
		l.fail(start, CodeBadCharacter, `expected ":" after "_"`)
	}
	end := start
	if r != ':' {
		end = l.dotted(start, isPNChars)
	}
	if c, m := l.at(end); c == ':' {
		return l.scanLocal(l.text(start, end), end+m)
	}
	isWord := func(r rune) bool { return isLetter(r) || isDigit(r) || r == '_' }
	l.off = l.run(start, isWord)
	if l.off == start {
		l.fail(start, CodeBadCharacter, "unexpected character %q", r)
	}
	return token{kind: tokWord, text: l.text(start, l.off)}
}

// dotted returns the end of a run of characters that may hold dots inside but
// not at its end.
func (l *lexer) dotted(i int, ok func(rune) bool) int {
	for {
		end := l.run(i, ok)
		i = l.run(end, func(r rune) bool { return r == '.' })
		if r, n := l.at(i); i == end || n == 0 || !ok(r) {
			return end
		}
	}
}

func (l *lexer) scanBNode(start, from int) token {
	first, _ := l.at(from)
	if !isPNCharsU(first) && !isDigit(first) {
		l.fail(start, CodeBadCharacter, `expected a blank node label after "_:"`)
	}
	l.off = l.dotted(from, isPNChars)
	return token{kind: tokBNode, text: l.text(from, l.off)}
}

// scanLocal reads the local part of a prefixed name (rule 169).
func (l *lexer) scanLocal(prefix string, from int) token {
	var b strings.Builder
	end := from // after the last character that may end the name
	dots := 0   // dots seen since then
	for i := from; ; {
		r, n := l.at(i)
		width := n
		switch {
		case n == 0:
		case r == '%':
			width = l.percent(i, n)
			r = -1
		case r == '\\':
			c, m := l.at(i + n)
			if m == 0 || !isLocalEscape(c) {
				l.fail(i, CodeBadEscape, `in a name "\" must be followed by one of _ ~ . - ! $ & ' ( ) * + , ; = / ? # @ %%`)
			}
			r, width = c, n+m
		case r == '.' && i > from:
			dots++
			i += n
			continue
		case r == ':' || isPNCharsU(r) || isDigit(r) || i > from && isPNChars(r):
		default:
			n = 0
		}
		if n == 0 {
			break
		}
		for ; dots > 0; dots-- {
			b.WriteByte('.')
		}
		if r < 0 {
			b.WriteString(l.text(i, i+width))
		} else {
			b.WriteRune(r)
		}
		i += width
		end = i
	}
	l.off = end
	return token{kind: tokPName, text: prefix, local: b.String(), ns: end == from}
}

// percent returns the width of %HH at offset i, whose "%" is n bytes wide.
func (l *lexer) percent(i, n int) int {
	end := i + n
	for range 2 {
		r, m := l.at(end)
		if _, ok := hexDigit(byte(min(r, 0x7F))); !ok {
			l.fail(i, CodeBadEscape, `"%%" in a name must be followed by two hexadecimal digits`)
		}
		end += m
	}
	return end - i
}

// puncts are the operators and brackets, longer ones first.
var puncts = []string{
	"<<(", ")>>",
	"<<", ">>", "{|", "|}", "^^", "||", "&&", "!=", "<=", ">=",
	"{", "}", "(", ")", "[", "]", ".", ",", ";", "*", "/", "|", "^", "+", "-", "?", "!", "=", "<", ">", "~",
}

func (l *lexer) scanPunct(start int, r rune) token {
	rest := l.text(start, l.end(start, 3))
	for _, p := range puncts {
		if strings.HasPrefix(rest, p) {
			l.off = l.end(start, len(p))
			after, n := l.at(l.off)
			return token{kind: tokPunct, text: p, glued: p == "<" && n > 0 && !isSpace(after)}
		}
	}
	if r == '\\' {
		l.fail(start, CodeBadEscape, `"\" begins an escape only in IRIs and strings`)
	}
	l.fail(start, CodeBadCharacter, "unexpected character %q", r)
	return token{}
}

// end returns the offset that lies n characters after i, or the text's end.
func (l *lexer) end(i, n int) int {
	for range n {
		_, w := l.at(i)
		i += w
	}
	return i
}
