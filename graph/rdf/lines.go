package rdf

import (
	"bytes"
	"fmt"
	"io"
)

// nextLine reads up to and with the next statement of N-Triples (§7) or
// N-Quads (§4). Errors: io.EOF, *SyntaxError, read errors.
func (r *Reader) nextLine() error {
	l := r.lex
	for {
		l.blanks()
		c, ok := l.peek()
		switch {
		case !ok:
			return endOr(l.err)
		case c == '\n' || c == '\r':
			l.pos++
		case c == '#':
			l.comment()
		default:
			return r.statement()
		}
	}
}

// endOr returns err, or io.EOF if there is none.
func endOr(err error) error {
	if err != nil {
		return err
	}
	return io.EOF
}

func (r *Reader) statement() error {
	l := r.lex
	s, err := r.iriOrBNode("subject (IRI or blank node)")
	if err != nil {
		return err
	}
	l.blanks()
	if c, ok := l.peek(); !ok || c != '<' {
		return l.expected("predicate (IRI)")
	}
	p, err := r.absoluteIRI()
	if err != nil {
		return err
	}
	l.blanks()
	o, err := r.lineObject()
	if err != nil {
		return err
	}
	l.blanks()
	var g Term
	c, ok := l.peek()
	if r.format == NQuads && ok && c != '.' {
		if g, err = r.iriOrBNode(`graph (IRI or blank node) or "."`); err != nil {
			return err
		}
		l.blanks()
		c, ok = l.peek()
	}
	if !ok || c != '.' {
		return l.expected(`"."`)
	}
	l.pos++
	if err := l.endOfLine(); err != nil {
		return err
	}
	r.emit(s, p, o, g)
	return nil
}

func (r *Reader) iriOrBNode(what string) (Term, error) {
	c, _ := r.lex.peek()
	switch c {
	case '<':
		return r.absoluteIRI()
	case '_':
		return r.bnode()
	}
	return Term{}, r.lex.expected(what)
}

func (r *Reader) lineObject() (Term, error) {
	l := r.lex
	c, _ := l.peek()
	switch c {
	case '<':
		return r.absoluteIRI()
	case '_':
		return r.bnode()
	case '"':
	default:
		return Term{}, l.expected("object (IRI, blank node or literal)")
	}
	b, err := l.stringLiteral(false)
	if err != nil {
		return Term{}, err
	}
	lexical := l.intern(b)
	l.blanks()
	switch c, _ := l.peek(); c {
	case '@':
		tag, err := l.langTag()
		if err != nil {
			return Term{}, err
		}
		return LangString(lexical, r.tag(tag)), nil
	case '^':
		if l.peekAt(1) != '^' {
			return Term{}, l.expected(`"^^"`)
		}
		l.pos += 2
		l.blanks()
		if c, ok := l.peek(); !ok || c != '<' {
			return Term{}, l.expected("datatype IRI")
		}
		dt, err := l.absoluteIRI()
		if err != nil {
			return Term{}, err
		}
		return Literal(lexical, r.datatype(dt)), nil
	}
	return String(lexical), nil
}

func (r *Reader) absoluteIRI() (Term, error) {
	b, err := r.lex.absoluteIRI()
	if err != nil {
		return Term{}, err
	}
	return IRI(r.lex.intern(b)), nil
}

// absoluteIRI scans an IRIREF that must have a scheme.
func (l *lexer) absoluteIRI() ([]byte, error) {
	b, err := l.iriRef()
	if err != nil || hasScheme(b) {
		return b, err
	}
	return nil, l.errAt(l.start, fmt.Sprintf("expected absolute IRI, found relative <%s>", shorten(b)))
}

// shorten cuts b for a message.
func shorten(b []byte) []byte {
	if len(b) <= 2*maxFound {
		return b
	}
	return append(bytes.ToValidUTF8(b[:2*maxFound], nil), "…"...)
}

// blanks skips spaces and tabs.
func (l *lexer) blanks() {
	for {
		for l.pos < l.end {
			if c := l.buf[l.pos]; c != ' ' && c != '\t' {
				return
			}
			l.pos++
		}
		if !l.fill() {
			return
		}
	}
}

// comment skips to the end of the line, not over it.
func (l *lexer) comment() {
	for {
		if i := bytes.IndexAny(l.buf[l.pos:l.end], "\n\r"); i >= 0 {
			l.pos += i
			return
		}
		l.pos = l.end
		if !l.fill() {
			return
		}
	}
}

func (l *lexer) endOfLine() error {
	l.blanks()
	c, ok := l.peek()
	switch {
	case !ok:
		return l.err
	case c == '#':
		l.comment()
		return l.err
	case c == '\n' || c == '\r':
		l.pos++
		return nil
	}
	return l.expected("end of line after the statement")
}

// ParseTerm reads one term in N-Triples form, with nothing before or after
// it. The error is a *SyntaxError.
func ParseTerm(s string) (Term, error) {
	r := &Reader{lex: newStringLexer(s, NTriples), format: NTriples, keepLabels: true}
	t, err := r.lineObject()
	if err == nil {
		err = r.lex.atEnd()
	}
	if err != nil {
		return Term{}, err
	}
	return t, nil
}

func (l *lexer) atEnd() error {
	if _, ok := l.peek(); ok {
		return l.expected("end of input")
	}
	return l.err
}
