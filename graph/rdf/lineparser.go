package rdf

import (
	"bytes"
	"encoding/binary"
	"io"
	"unsafe"
)

// LineParser parses pieces of an N-Triples or N-Quads document, so that several
// processors can share one. It belongs to one goroutine.
type LineParser struct {
	r *Reader
}

// knownIRIs remembers IRIs that were checked, since most come again and again.
// One is remembered when it comes a second time before another of its slot.
type knownIRIs struct {
	slots [knownSlots]string
	once  [knownSlots]uint64 // hash of the last that was not found
}

const (
	knownSlots = 1 << 10
	knownBytes = 200
)

// find returns the IRI between the < at pos and the next >, if it is known, and
// moves behind it.
func (k *knownIRIs) find(l *lexer) (string, bool) {
	b := l.buf[l.pos+1 : l.end]
	n := bytes.IndexByte(b, '>')
	if n < 8 || n > knownBytes {
		return "", false
	}
	b = b[:n]
	const k1, k2 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	h := (binary.LittleEndian.Uint64(b[n-8:])^uint64(n))*k1 ^ binary.LittleEndian.Uint64(b[(n-8)/2:])*k2
	h ^= h >> 29
	slot := h % knownSlots
	if k.slots[slot] == string(b) {
		l.start = l.pos
		l.pos += n + 2
		return k.slots[slot], true
	}
	if k.once[slot] != h {
		k.once[slot] = h
		return "", false
	}
	for _, c := range b {
		if byteClass[c]&clIRI == 0 {
			return "", false
		}
	}
	if !hasScheme(b) {
		return "", false
	}
	k.slots[slot] = string(b)
	l.start = l.pos
	l.pos += n + 2
	return k.slots[slot], true
}

// NewLineParser returns a parser of a line-based format. Errors of the options
// come out of Parse.
func NewLineParser(f Format, opts ReaderOptions) *LineParser {
	p := &LineParser{r: NewReader(noInput{}, f, opts)}
	if p.r.lex != nil {
		p.r.lex.view = true
		p.r.known = &knownIRIs{}
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
