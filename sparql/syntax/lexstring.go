package syntax

import "strings"

// scanString reads a string literal (rules 156–160) that begins with quote.
func (l *lexer) scanString(start int, quote rune, width int) token {
	from := start + width
	if quotes := strings.Repeat(string(quote), 2); strings.HasPrefix(l.src[from:], quotes) {
		return l.scanLong(start, from+2, quotes+string(quote))
	}
	return l.scanShort(start, from, byte(quote))
}

func (l *lexer) scanShort(start, from int, quote byte) token {
	for i := from; i < len(l.src); i++ {
		switch l.src[i] {
		case quote:
			l.off = i + 1
			return token{kind: tokString, text: l.unescape(from, i)}
		case '\\':
			i++
		case '\n', '\r':
			l.fail(start, CodeUnterminatedString, `this string does not end on its line (a long string is written %s)`, strings.Repeat(string(quote), 3))
		}
	}
	l.fail(start, CodeUnterminatedString, "this string does not end")
	return token{}
}

// scanLong reads a long string. Its value ends at the first three quotes:
// the grammar allows no quote right before them.
func (l *lexer) scanLong(start, from int, quotes string) token {
	for i := from; i < len(l.src); i++ {
		switch {
		case l.src[i] == '\\':
			i++
		case strings.HasPrefix(l.src[i:], quotes):
			l.off = i + len(quotes)
			return token{kind: tokString, text: l.unescape(from, i)}
		}
	}
	l.fail(start, CodeUnterminatedString, "this string does not end with %s", quotes)
	return token{}
}

// unescape returns the value of a string's content.
func (l *lexer) unescape(from, to int) string {
	raw := l.src[from:to]
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		r, width := l.escape(from+i, raw[i:])
		b.WriteRune(r)
		i += width - 1
	}
	return b.String()
}

// escape reads the escape sequence at the start of s.
func (l *lexer) escape(off int, s string) (r rune, width int) {
	if r, n, ok := codepointEscape(s); ok {
		if isSurrogate(r) {
			l.fail(off, CodeBadEscape, "the escape %s names a surrogate, not a character", s[:n])
		}
		return r, n
	}
	i := -1
	if len(s) > 1 {
		i = strings.IndexByte(`tbnrf"'\`, s[1])
	}
	if i < 0 {
		l.fail(off, CodeBadEscape, `in a string "\" must be followed by one of t b n r f " ' \, or by a codepoint as uXXXX or UXXXXXXXX`)
	}
	return rune("\t\b\n\r\f\"'\\"[i]), 2
}
