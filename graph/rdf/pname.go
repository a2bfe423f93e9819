package rdf

import (
	"fmt"
	"unicode/utf8"
)

// name reads a prefixed name, which gives a term, or a bare word, which is
// returned with pos left at its start. Neither is there if both are zero.
func (p *turtleParser) name() (t Term, word string, err error) {
	l := p.l
	l.mark = l.pos
	l.prefixName()
	if c, ok := l.peek(); !ok || c != ':' {
		word := l.bareWord()
		l.pos, l.mark = l.mark, -1
		return Term{}, word, nil
	}
	colon := l.pos - l.mark
	l.pos++
	escaped, err := l.localName()
	if err != nil {
		return Term{}, "", err
	}
	b, err := l.token(l.pos, 0, 0)
	if err != nil {
		return Term{}, "", err
	}
	i, ok := p.spaces[string(b[:colon])]
	if !ok {
		return Term{}, "", l.errAt(l.start, fmt.Sprintf("undefined prefix %q: expected its declaration before", shorten(b[:colon+1])))
	}
	return IRI(l.expand(p.r.decls[i].IRI, b[colon+1:], escaped)), "", nil
}

// prefixName moves pos over an optional PN_PREFIX.
func (l *lexer) prefixName() {
	if r, size := l.peekRune(); size > 0 && isPNBase(r) {
		l.pos += size
		l.nameChars(false)
	}
}

// bareWord returns buf[mark:pos] up to a dot.
func (l *lexer) bareWord() string {
	b := l.buf[l.mark:l.pos]
	for i, c := range b {
		if c == '.' {
			b = b[:i]
			break
		}
	}
	return l.intern(b)
}

// localName moves pos over an optional PN_LOCAL and tells whether it holds a
// PN_LOCAL_ESC.
func (l *lexer) localName() (escaped bool, err error) {
	r, size := l.peekRune()
	switch {
	case size == 0:
		return false, nil
	case isPNBase(r), r == '_', r == ':', r == '%', r == '\\', '0' <= r && r <= '9':
	default:
		return false, nil
	}
	for dots := 0; ; {
		i := l.pos
		for i < l.end && (byteClass[l.buf[i]]&clPNChar != 0 || l.buf[i] == ':') {
			i++
		}
		if i > l.pos {
			l.pos, dots = i, 0
		}
		c, ok := l.peek()
		switch {
		case ok && (byteClass[c]&clPNChar != 0 || c == ':'):
			continue
		case ok && c == '.':
			l.pos++
			dots++
			continue
		case ok && c == '%':
			if !isHex(l.peekAt(1)) || !isHex(l.peekAt(2)) {
				return false, l.fail(l.pos, `invalid "%%" in prefixed name: expected two hexadecimal digits after it`)
			}
			l.pos += 3
			dots = 0
			continue
		case ok && c == '\\':
			if byteClass[l.peekAt(1)]&clLocalEsc == 0 {
				return false, l.fail(l.pos, `invalid escape in prefixed name: expected one of _~.-!$&'()*+,;=/?#@%% after "\"`)
			}
			l.pos += 2
			dots, escaped = 0, true
			continue
		case ok && c >= utf8.RuneSelf:
			if r, size := l.peekRune(); isPNChar(r) {
				l.pos += size
				dots = 0
				continue
			}
		}
		l.pos -= dots
		return escaped, nil
	}
}

// expand returns space followed by the local name.
func (l *lexer) expand(space string, local []byte, escaped bool) string {
	b := append(l.scratch[:0], space...)
	if escaped {
		for _, c := range local {
			if c != '\\' {
				b = append(b, c)
			}
		}
	} else {
		b = append(b, local...)
	}
	l.scratch = b
	return l.intern(b)
}
