package smi

import (
	"fmt"
	"strings"
)

// kind of a token.
type kind uint8

const (
	tokEOF kind = iota
	tokWord
	tokNumber
	tokString // a quoted text; its content is kept for DISPLAY-HINT and UNITS
	tokPunct  // one of { } ( ) [ ] , ; | .. ::= and single characters
)

type token struct {
	kind kind
	text string
	line int
}

// lexer splits a module's text. A comment runs from "--" to the end of the
// line: the second "--" that ASN.1 allows as its end is not used by modules,
// rows of dashes are.
type lexer struct {
	file string
	src  string
	pos  int
	line int
}

func (l *lexer) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", l.file, line, fmt.Sprintf(format, args...))
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == '\n':
			l.line++
			l.pos++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			l.pos++
		case strings.HasPrefix(l.src[l.pos:], "--"):
			end := strings.IndexByte(l.src[l.pos:], '\n')
			if end < 0 {
				l.pos = len(l.src)
				return
			}
			l.pos += end
		default:
			return
		}
	}
}

func (l *lexer) next() (token, error) {
	l.skipSpace()
	if l.pos >= len(l.src) {
		return token{kind: tokEOF, line: l.line}, nil
	}
	start, line := l.pos, l.line
	c := l.src[start]
	switch {
	case c == '"':
		end := strings.IndexByte(l.src[start+1:], '"')
		if end < 0 {
			return token{}, l.errorf(line, "a quoted text has no end")
		}
		text := l.src[start+1 : start+1+end]
		l.pos = start + end + 2
		l.line += strings.Count(text, "\n")
		return token{tokString, text, line}, nil
	case c == '\'': // 'FF'H or '0101'B
		end := strings.IndexByte(l.src[start+1:], '\'')
		if end < 0 {
			return token{}, l.errorf(line, "a binary or hexadecimal literal has no end")
		}
		l.pos = min(start+end+3, len(l.src))
		return token{tokString, l.src[start:l.pos], line}, nil
	case isDigit(c) || c == '-' && start+1 < len(l.src) && isDigit(l.src[start+1]):
		l.pos++
		for l.pos < len(l.src) && isDigit(l.src[l.pos]) {
			l.pos++
		}
		return token{tokNumber, l.src[start:l.pos], line}, nil
	case isLetter(c):
		for l.pos < len(l.src) && isWordByte(l.src[l.pos]) && !strings.HasPrefix(l.src[l.pos:], "--") {
			l.pos++
		}
		return token{tokWord, l.src[start:l.pos], line}, nil
	case strings.HasPrefix(l.src[start:], "::="):
		l.pos += 3
		return token{tokPunct, "::=", line}, nil
	case strings.HasPrefix(l.src[start:], ".."):
		l.pos += 2
		return token{tokPunct, "..", line}, nil
	}
	l.pos++
	return token{tokPunct, string(c), line}, nil
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isWordByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '-' || c == '_'
}
