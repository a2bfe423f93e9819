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
		case c == 'V':
			if err := r.versionLine(); err != nil {
				return err
			}
		default:
			return r.statement()
		}
	}
}

// versionLine reads a version directive (RDF 1.2 N-Triples §2.6). Its label
// changes nothing: every version is read alike.
func (r *Reader) versionLine() error {
	l := r.lex
	const keyword = "VERSION"
	if !l.have(len(keyword)) || string(l.buf[l.pos:l.pos+len(keyword)]) != keyword {
		return l.expected("subject (IRI or blank node)")
	}
	l.pos += len(keyword)
	l.blanks()
	if c, ok := l.peek(); !ok || c != '"' {
		return l.expected("version in quotes")
	}
	if _, err := l.stringLiteral(false); err != nil {
		return err
	}
	return l.endOfLine()
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
		if l.pos+1 < l.end && l.buf[l.pos+1] != '<' {
			return r.absoluteIRI() // nearly all objects
		}
		if l.peekAt(1) != '<' {
			return r.absoluteIRI()
		}
		return r.lineTripleTerm()
	case '_':
		return r.bnode()
	case '"':
	default:
		return Term{}, l.expected("object (IRI, blank node, literal or triple term)")
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
		return r.tagged(lexical, tag)
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
		return r.typed(lexical, dt)
	}
	return String(lexical), nil
}

// lineTripleTerm reads a triple term of N-Triples, which may nest in others:
// level by level, so that a deep one needs no deep stack.
func (r *Reader) lineTripleTerm() (Term, error) {
	l := r.lex
	var first [2]Triple
	outer := first[:0]
	for depth := 0; ; depth++ {
		if depth == MaxTripleDepth {
			return Term{}, l.errAt(l.pos, fmt.Sprintf("triple terms are nested deeper than the limit of %d", MaxTripleDepth))
		}
		if l.peekAt(2) != '(' {
			return Term{}, l.expected("object (IRI, blank node, literal or triple term)")
		}
		l.pos += len(tripleOpen)
		t, nested, err := r.lineTriple()
		if err != nil {
			return Term{}, err
		}
		outer = append(outer, t)
		if nested {
			continue
		}
		for ; ; depth-- {
			term := TripleTerm(outer[depth])
			if len(term.value) > l.maxTerm {
				return Term{}, l.errAt(l.pos, fmt.Sprintf("term is longer than the limit of %d bytes", l.maxTerm))
			}
			l.blanks()
			if c, ok := l.peek(); !ok || c != ')' || l.peekAt(1) != '>' || l.peekAt(2) != '>' {
				return Term{}, l.expected(`")>>"`)
			}
			l.pos += len(tripleClose)
			if depth == 0 {
				return term, nil
			}
			outer[depth-1].O = term
		}
	}
}

// lineTriple reads subject, predicate and object of a triple term. If the
// object is a triple term, nested is true and pos at its start.
func (r *Reader) lineTriple() (t Triple, nested bool, err error) {
	l := r.lex
	l.blanks()
	if t.S, err = r.iriOrBNode("subject (IRI or blank node)"); err != nil {
		return t, false, err
	}
	l.blanks()
	if c, ok := l.peek(); !ok || c != '<' {
		return t, false, l.expected("predicate (IRI)")
	}
	if t.P, err = r.absoluteIRI(); err != nil {
		return t, false, err
	}
	l.blanks()
	if c, ok := l.peek(); ok && c == '<' && l.peekAt(1) == '<' {
		return t, true, nil
	}
	t.O, err = r.lineObject()
	return t, false, err
}

func (r *Reader) absoluteIRI() (Term, error) {
	if r.known != nil {
		if iri, ok := r.known.find(r.lex); ok {
			return IRI(iri), nil
		}
	}
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
