package rdf

import (
	"io"
	"unsafe"
)

// LineParser parses pieces of an N-Triples or N-Quads document, so that several
// processors can share one. It belongs to one goroutine.
type LineParser struct {
	r *Reader
}

// NewLineParser returns a parser of a line-based format. Errors of the options
// come out of Parse.
func NewLineParser(f Format, opts ReaderOptions) *LineParser {
	p := &LineParser{r: NewReader(noInput{}, f, opts)}
	if p.r.lex != nil {
		p.r.lex.view = true
	}
	return p
}

// noInput is the end of what a LineParser was given.
type noInput struct{}

// Read implements io.Reader.
func (noInput) Read([]byte) (int, error) { return 0, io.EOF }

// Parse appends the quads of text, which are whole lines of a document of which
// the first has number line. Terms share the memory of text: they hold only as
// long as it is not changed. Errors: *SyntaxError.
func (p *LineParser) Parse(out []Quad, text []byte, line int) ([]Quad, error) {
	r := p.r
	if r.format != NTriples && r.format != NQuads && r.err == nil {
		r.err = &SyntaxError{Format: r.format, Line: 1, Column: 1, Msg: "the format is not made of lines"}
	}
	if r.err != nil {
		return out, r.err
	}
	r.lex.over(text, line)
	r.lastDT, r.lastTag = "", "" // they were views of the text before
	r.queue = out
	var err error
	for err == nil {
		err = r.nextLine()
	}
	out, r.queue = r.queue, nil
	if err == io.EOF {
		err = nil
	}
	return out, err
}

// over makes text the whole input, whose first line has a number.
func (l *lexer) over(text []byte, line int) {
	l.buf, l.pos, l.end, l.raw = text, 0, 0, len(text)
	l.mark, l.line, l.col = -1, line, 1
	l.readErr, l.err = io.EOF, nil
	l.validate()
}

// viewOf returns b as a string, which is a view of the window if b is.
func (l *lexer) viewOf(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	at, from := uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&l.buf[0]))
	if at < from || at >= from+uintptr(len(l.buf)) {
		return string(b)
	}
	return unsafe.String(&b[0], len(b))
}
