package patch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"nettwin/graph/rdf"
)

// Limits of a Reader.
const (
	// maxRowBytes bounds rows that are not of quads.
	maxRowBytes = 64 << 10
	// maxAhead bounds the rows that are read before the quad after them.
	maxAhead = 1 << 16

	readBytes = 64 << 10
)

// Reader reads rows one by one. Its memory does not grow with the patch. It is
// not safe for concurrent use.
type Reader struct {
	rows  *rowSource
	quads *rdf.Reader

	quad    rdf.Quad // read, and of a row that is not yet returned, if pending
	pending bool
	err     error // of the quads: due when no row before it is left
}

// NewReader returns a reader of patches.
func NewReader(r io.Reader) *Reader {
	rows := &rowSource{in: bufio.NewReaderSize(r, readBytes), line: 1}
	return &Reader{rows: rows, quads: rdf.NewReader(rows, rdf.NQuads, rdf.ReaderOptions{})}
}

// Read returns the next row. Errors: io.EOF, *SyntaxError, *rdf.SyntaxError,
// those of the reader behind it.
func (r *Reader) Read() (Row, error) {
	for {
		if len(r.rows.ahead) > 0 {
			row := r.rows.ahead[0]
			ofQuad := row.Op == Add || row.Op == Delete
			if !ofQuad || r.pending {
				r.rows.ahead = r.rows.ahead[1:]
			}
			switch {
			case !ofQuad:
				return row, nil
			case r.pending:
				row.Quad, r.pending = r.quad, false
				return row, nil
			}
		}
		if r.rows.bad != nil && len(r.rows.ahead) == 0 {
			return Row{}, r.rows.bad
		}
		if r.err == io.EOF && r.rows.bad != nil { // in the row of the quad that is due
			return Row{}, r.rows.bad
		}
		if r.err != nil {
			return Row{}, r.err
		}
		r.read()
	}
}

// read makes the quad reader go on, and with it the rows.
func (r *Reader) read() {
	q, err := r.quads.Read()
	if err != nil {
		r.err = err
		return
	}
	r.quad, r.pending = q, true
	for _, t := range []*rdf.Term{&r.quad.S, &r.quad.O, &r.quad.G} {
		*t = t.MapBNodes(asWritten)
	}
}

// asWritten undoes what package rdf does to labels that look like those of
// anonymous nodes: it adds a "_".
func asWritten(label string) rdf.Term {
	rest, ok := strings.CutPrefix(label, "anon-")
	digits := strings.TrimRight(rest, "_")
	if ok && digits != "" && digits != rest && strings.Trim(digits, "0123456789") == "" {
		label = label[:len(label)-1]
	}
	return rdf.BNode(label)
}

// rowSource takes the rows apart: it keeps what they do, and is itself the
// N-Quads document of their quads, with every character where it was, so that
// lines and columns of errors are right.
type rowSource struct {
	in    *bufio.Reader
	line  int
	ahead []Row
	bad   error // a row that is none, or an error of in

	row       []byte // a piece of one
	out       []byte // for who reads the document
	inComment bool
	inQuad    bool // in the rest of a row of a quad that is longer than the buffer
	quoted    bool // in a literal of it
	escape    bool // after a backslash
	angle     bool // in <_:…>
}

// Read implements io.Reader.
func (s *rowSource) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.bad != nil {
			return 0, io.EOF // whoever reads rows is told why
		}
		if err := s.next(); err != nil {
			if err != io.EOF {
				s.bad = err
			}
			return 0, io.EOF
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// next takes a row, or as much of it as the buffer holds.
func (s *rowSource) next() error {
	part, err := s.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil
	}
	if len(part) == 0 {
		return err
	}
	if err != nil && err != io.EOF {
		return err
	}
	whole := part[len(part)-1] == '\n'
	switch {
	case s.inQuad:
		err = s.pass(part)
	case !s.inComment:
		err = s.begin(part, whole)
	case whole:
		s.out = newline
	}
	if err != nil && err != io.EOF {
		return err
	}
	if whole {
		s.line++
		s.inQuad, s.inComment, s.quoted, s.escape, s.angle = false, false, false, false, false
	}
	return nil
}

func (s *rowSource) fault(column int, format string, args ...any) error {
	return &SyntaxError{Line: s.line, Column: column + 1, Msg: fmt.Sprintf(format, args...)}
}

// begin reads the code of a row.
func (s *rowSource) begin(part []byte, whole bool) error {
	at := 0
	for at < len(part) && strings.IndexByte(" \t\r\n", part[at]) >= 0 {
		at++
	}
	if at == len(part) || part[at] == '#' {
		s.inComment = true // nothing in it, but it may be long
		if whole {
			s.out = newline
		}
		return nil
	}
	end := at
	for end < len(part) && part[end] >= 'A' && part[end] <= 'Z' {
		end++
	}
	op, ok := opOf(string(part[at:end]))
	if !ok || end < len(part) && strings.IndexByte(" \t.\r\n<\"_", part[end]) < 0 {
		return s.fault(at, "%q begins no row: expected H, TX, TC, TA, A, D, PA or PD", clip(part[at:]))
	}
	if len(s.ahead) >= maxAhead {
		return s.fault(at, "more than %d rows without a quad", maxAhead)
	}
	if op == Add || op == Delete {
		subject := strings.TrimLeft(string(part[end:]), " \t")
		if subject == "" || subject[0] != '<' && subject[0] != '_' {
			return s.fault(end, "expected a subject (IRI or blank node)")
		}
		s.ahead = append(s.ahead, Row{Op: op, Line: s.line})
		for i := at; i < end; i++ {
			part[i] = ' '
		}
		s.inQuad = true
		return s.pass(part)
	}
	if !whole && len(part) >= readBytes {
		return s.fault(at, "row of more than %d bytes", maxRowBytes)
	}
	row, err := s.parse(op, string(part), end)
	if err != nil {
		return err
	}
	s.ahead = append(s.ahead, row)
	s.out = newline
	return nil
}

var newline = []byte{'\n'}

func clip(b []byte) string {
	const most = 20
	text := strings.TrimRight(string(b), "\r\n")
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}

// pass hands on a piece of a row of a quad, with <_:label> as " _:label ".
func (s *rowSource) pass(part []byte) error {
	s.row = append(s.row[:0], part...) // looking ahead moves what part is of
	part = s.row
	for i, c := range part {
		switch {
		case c == '\r' && !s.follows(part[i+1:], "\n"):
			return s.fault(i, "a carriage return inside a row")
		case s.escape:
			s.escape = false
		case s.quoted && c == '\\':
			s.escape = true
		case c == '"':
			s.quoted = !s.quoted
		case s.quoted:
		case c == '<' && s.follows(part[i+1:], "_:"):
			part[i], s.angle = ' ', true
		case c == '>' && s.angle:
			part[i], s.angle = ' ', false
		}
	}
	s.out = part
	return nil
}

// follows tells whether text comes next, in rest or behind it.
func (s *rowSource) follows(rest []byte, text string) bool {
	if len(rest) >= len(text) {
		return string(rest[:len(text)]) == text
	}
	more, _ := s.in.Peek(len(text) - len(rest)) // what is not there does not follow
	return string(rest)+string(more) == text
}

// parse reads a row that is not of a quad, from behind its code on.
func (s *rowSource) parse(op Op, text string, at int) (Row, error) {
	row := Row{Op: op, Line: s.line}
	p := &fields{s: s, text: text, at: at}
	var err error
	if op == Header || op == AddPrefix || op == DeletePrefix {
		if row.Name, err = p.word(); err != nil {
			return row, err
		}
	}
	if op == Header || op == AddPrefix {
		if row.Term, err = p.term(); err != nil {
			return row, err
		}
	}
	if (op == AddPrefix || op == DeletePrefix) && !p.atEnd() { // a graph
		if _, err = p.term(); err != nil {
			return row, err
		}
	}
	return row, p.end()
}

// fields takes the fields of a row one by one.
type fields struct {
	s    *rowSource
	text string
	at   int
}

func (p *fields) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *fields) atEnd() bool {
	p.blanks()
	return p.at == len(p.text) || p.text[p.at] == '.'
}

// word reads a name, in quotes or not.
func (p *fields) word() (string, error) {
	p.blanks()
	if p.at < len(p.text) && p.text[p.at] == '"' {
		t, err := p.term()
		return t.Value(), err
	}
	from := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n<\"", p.text[p.at]) < 0 {
		p.at++
	}
	word := strings.TrimSuffix(p.text[from:p.at], ":")
	if from == p.at || word == "." {
		return "", p.s.fault(from, "expected a name")
	}
	return word, nil
}

// term reads a term, which ends with a blank.
func (p *fields) term() (rdf.Term, error) {
	p.blanks()
	from, quoted := p.at, false
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if quoted && c == '\\' {
			p.at++
		} else if c == '"' {
			quoted = !quoted
		} else if !quoted && strings.IndexByte(" \t\r\n", c) >= 0 {
			break
		}
	}
	p.at = min(p.at, len(p.text))
	text := p.text[from:p.at]
	if label, ok := strings.CutPrefix(text, "<_:"); ok {
		text = "_:" + strings.TrimSuffix(label, ">")
	}
	t, err := rdf.ParseTerm(text)
	if err != nil {
		return t, p.s.fault(from, "%q is no term: %v", clip([]byte(text)), err)
	}
	return t, nil
}

// end wants the dot and nothing more than a comment.
func (p *fields) end() error {
	p.blanks()
	if p.at == len(p.text) || p.text[p.at] != '.' {
		return p.s.fault(p.at, `expected "." at the end of the row`)
	}
	p.at++
	p.blanks()
	if p.at < len(p.text) && p.text[p.at] != '#' {
		return p.s.fault(p.at, "%q follows the end of the row", clip([]byte(p.text[p.at:])))
	}
	return nil
}
