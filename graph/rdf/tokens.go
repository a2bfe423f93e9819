package rdf

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// token ends the token in work at buf[i]: pos moves there and the bytes from
// mark+skip to i-drop are returned, valid until the next fill.
func (l *lexer) token(i, skip, drop int) ([]byte, error) {
	start := l.mark
	l.pos, l.mark, l.start = i, -1, start
	if i-start > l.maxTerm {
		return nil, l.tooLong(start)
	}
	return l.buf[start+skip : i-drop], nil
}

// tooLong says that the token that begins at buf[start] exceeds the limit.
func (l *lexer) tooLong(start int) error {
	return l.errAt(start, fmt.Sprintf("term is longer than the limit of %d bytes", l.maxTerm))
}

// fail ends the token in work with an error at buf[i]. A token that has
// passed the limit by then is too long before it is wrong: the error does not
// depend on how much of it the window held.
func (l *lexer) fail(i int, format string, args ...any) error {
	if l.mark >= 0 && i-l.mark > l.maxTerm {
		return l.tooLong(l.mark)
	}
	l.mark = -1
	return l.errAt(i, fmt.Sprintf(format, args...))
}

// failFound is fail with a message about the character at buf[i].
func (l *lexer) failFound(i int, what string) error {
	if l.mark >= 0 && i-l.mark > l.maxTerm {
		return l.tooLong(l.mark)
	}
	l.pos, l.mark = i, -1
	if _, ok := l.peek(); !ok {
		return l.errAt(l.pos, what+": found end of input")
	}
	r, _ := utf8.DecodeRune(l.buf[l.pos:l.end])
	if r == '\n' || r == '\r' {
		return l.errAt(l.pos, what+": found end of line")
	}
	return l.errAt(l.pos, what+": found "+quoteText([]byte(string(r))))
}

// iriRef scans an IRIREF at pos ('<' is there) and returns its content
// unescaped, valid until the next scan.
func (l *lexer) iriRef() ([]byte, error) {
	l.mark = l.pos
	i, escaped := l.pos+1, false
	for {
		for i < l.end && byteClass[l.buf[i]]&clIRI != 0 {
			i++
		}
		if i < l.end {
			switch l.buf[i] {
			case '>':
				b, err := l.token(i+1, 1, 1)
				if err != nil || !escaped {
					return b, err
				}
				return l.unescape(b, i+1-len(b)-1, true)
			case '\\':
				escaped = true
				i++
				continue
			}
			return nil, l.failFound(i, "invalid character in IRI")
		}
		l.pos = i
		if !l.fill() {
			return nil, l.fail(l.mark, "IRI is not closed: expected \">\", found end of input")
		}
		i = l.pos
	}
}

// stringLiteral scans a quoted string at pos, where a quote is, and returns
// the lexical form, valid until the next scan. long allows the three-quote
// forms of Turtle.
func (l *lexer) stringLiteral(long bool) ([]byte, error) {
	quote := l.buf[l.pos]
	if long && l.have(3) && l.buf[l.pos+1] == quote && l.buf[l.pos+2] == quote {
		return l.longString(quote)
	}
	l.mark = l.pos
	i, escaped := l.pos+1, false
	for {
		for i < l.end {
			c := l.buf[i]
			if c != quote && c != '\\' && c != '\n' && c != '\r' {
				i++
				continue
			}
			switch c {
			case quote:
				return l.stringToken(i+1, 1, escaped)
			case '\\':
				escaped = true
				if i+1 == l.end {
					l.pos = i
					if !l.fill() {
						return nil, l.unclosed(quote, 1)
					}
					i = l.pos
				}
				i += 2
			default:
				return nil, l.fail(i, "string is not closed: expected %c, found end of line", quote)
			}
		}
		// A skipped multi-byte character may leave i inside it; it is an
		// invalid escape that unescape reports.
		over := i - l.end
		l.pos = l.end
		if !l.fill() {
			return nil, l.unclosed(quote, 1)
		}
		i = l.pos + over
	}
}

func (l *lexer) longString(quote byte) ([]byte, error) {
	l.mark = l.pos
	i, escaped, quotes := l.pos+3, false, 0
	for {
		for i < l.end {
			c := l.buf[i]
			i++
			switch c {
			case quote:
				if quotes++; quotes == 3 {
					return l.stringToken(i, 3, escaped)
				}
				continue
			case '\\':
				escaped = true
				if i == l.end {
					l.pos = i
					if !l.fill() {
						return nil, l.unclosed(quote, 3)
					}
					i = l.pos
				}
				i++
			}
			quotes = 0
		}
		over := i - l.end
		l.pos = l.end
		if !l.fill() {
			return nil, l.unclosed(quote, 3)
		}
		i = l.pos + over
	}
}

func (l *lexer) unclosed(quote byte, n int) error {
	q := string([]byte{quote, quote, quote}[:n])
	return l.fail(l.mark, "string is not closed: expected %s, found end of input", q)
}

func (l *lexer) stringToken(i, quotes int, escaped bool) ([]byte, error) {
	b, err := l.token(i, quotes, quotes)
	if err != nil || !escaped {
		return b, err
	}
	return l.unescape(b, i-quotes-len(b), false)
}

// unescape replaces ECHAR and UCHAR in b, which begins at buf[at], in
// scratch. An IRI knows only UCHAR, and none for a character that it may not
// hold.
func (l *lexer) unescape(b []byte, at int, iri bool) ([]byte, error) {
	out := l.scratch[:0]
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			out = append(out, b[i])
			i++
			continue
		}
		next := byte(0)
		if i+1 < len(b) {
			next = b[i+1]
		}
		if c := echar(next); c != 0 && !iri {
			out = append(out, c)
			i += 2
			continue
		}
		r, size := uchar(b[i:])
		switch {
		case size == 0:
			return nil, l.fail(at+i, "invalid escape %s in %s", quoteEscape(b[i:]), whatHas(iri))
		case r < 0:
			return nil, l.fail(at+i, "escape %s is no Unicode character", b[i:i+size])
		case iri && r < utf8.RuneSelf && byteClass[r]&clIRI == 0:
			return nil, l.fail(at+i, "invalid character in IRI: found escaped %q", string(r))
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	l.scratch = out
	return out, nil
}

func whatHas(iri bool) string {
	if iri {
		return "IRI"
	}
	return "string"
}

// quoteEscape quotes the start of a broken escape.
func quoteEscape(b []byte) string {
	n := 1
	if len(b) > 1 {
		_, size := utf8.DecodeRune(b[1:])
		n += size
		switch b[1] {
		case 'u':
			n = min(6, len(b))
		case 'U':
			n = min(10, len(b))
		}
	}
	return quoteText(b[:n])
}

// echar returns the character that \e stands for, or 0.
func echar(e byte) byte {
	switch e {
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case '"', '\'', '\\':
		return e
	}
	return 0
}

// uchar decodes the UCHAR at the start of b: size is 0 if there is none, r is
// -1 if its number is no Unicode scalar value.
func uchar(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case 'u':
		size = 6
	case 'U':
		size = 10
	}
	if size == 0 || len(b) < size {
		return 0, 0
	}
	var n uint32
	for _, c := range b[2:size] {
		if !isHex(c) {
			return 0, 0
		}
		n = n<<4 | uint32(hexValue(c))
	}
	if n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return -1, size
	}
	return rune(n), size
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// maxSubtag bounds a subtag of a language tag (BCP 47, RFC 5646 §2.1).
const maxSubtag = 8

// langTag scans a LANG_DIR at pos, where "@" is, and returns it without it:
// a language tag, and behind "--" a direction, which tagged checks.
func (l *lexer) langTag() ([]byte, error) {
	l.mark = l.pos
	l.pos++
	for first := true; ; first = false {
		n := 0
		for {
			c, ok := l.peek()
			if !ok || !isAlpha(c) && (first || !isDigit(c)) {
				break
			}
			l.pos++
			n++
		}
		if c, ok := l.peek(); n == 0 && ok && c == '-' && !first {
			return l.langDirection()
		}
		if n == 0 {
			return nil, l.failFound(l.pos, "invalid language tag")
		}
		if n > maxSubtag {
			return nil, l.fail(l.pos, "invalid language tag: a part of it is longer than %d characters", maxSubtag)
		}
		if c, ok := l.peek(); !ok || c != '-' {
			return l.token(l.pos, 1, 0)
		}
		l.pos++
	}
}

// langDirection scans on behind "@tag-" where another "-" is.
func (l *lexer) langDirection() ([]byte, error) {
	l.pos++
	for {
		c, ok := l.peek()
		if !ok || !isAlpha(c) {
			return l.token(l.pos, 1, 0)
		}
		l.pos++
	}
}

// tagged returns the string of a tag that langTag scanned.
func (l *lexer) tagged(lexical string, tag []byte) (Term, error) {
	text := l.intern(tag)
	if !strings.Contains(text, dirSeparator) {
		return LangString(lexical, text), nil
	}
	lang, dir, ok := splitTag(text)
	if !ok {
		return Term{}, l.errAt(l.start, fmt.Sprintf(`invalid base direction in %q: expected "ltr" or "rtl" after "--"`, shorten(tag)))
	}
	return DirLangString(lexical, lang, dir), nil
}

// checkDatatype refuses the datatypes of language-tagged strings, which have no
// other form than the one with a tag (RDF 1.2 Concepts §3.4).
func (l *lexer) checkDatatype(datatype string) error {
	if datatype == RDFLangString || datatype == RDFDirLangString {
		return l.errAt(l.start, fmt.Sprintf("datatype <%s>: expected a language tag instead of it", datatype))
	}
	return nil
}

// bnodeLabel scans a BLANK_NODE_LABEL at pos, where "_" is, and returns it
// without "_:".
func (l *lexer) bnodeLabel() ([]byte, error) {
	if l.peekAt(1) != ':' {
		return nil, l.expected("blank node label")
	}
	l.mark = l.pos
	l.pos += 2
	r, size := l.peekRune()
	if size == 0 || !isPNBase(r) && r != '_' && !('0' <= r && r <= '9') {
		return nil, l.failFound(l.pos, "invalid blank node label")
	}
	l.pos += size
	l.nameChars(false)
	return l.token(l.pos, 2, 0)
}

// nameChars moves pos over PN_CHARS and dots (and colons if asked), leaving
// dots at the end unread.
func (l *lexer) nameChars(colon bool) {
	dots := 0
	for {
		i := l.pos
		for i < l.end {
			c := l.buf[i]
			switch {
			case byteClass[c]&clPNChar != 0, colon && c == ':':
				dots = 0
			case c == '.':
				dots++
			case c >= utf8.RuneSelf:
				r, size := utf8.DecodeRune(l.buf[i:l.end])
				if !isPNChar(r) {
					l.pos = i - dots
					return
				}
				dots = 0
				i += size - 1
			default:
				l.pos = i - dots
				return
			}
			i++
		}
		l.pos = i
		if !l.fill() {
			l.pos -= dots
			return
		}
	}
}

// peekRune returns the next character and its size, 0 at the end.
func (l *lexer) peekRune() (rune, int) {
	if _, ok := l.peek(); !ok {
		return 0, 0
	}
	return utf8.DecodeRune(l.buf[l.pos:l.end])
}
