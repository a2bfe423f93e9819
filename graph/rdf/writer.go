package rdf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const writeBufferBytes = 64 << 10

// WriterOptions are the choices of a Writer; the zero value is ready to use.
// N-Triples, N-Quads and JSON-LD know neither prefixes nor a base, RDF/XML no
// base.
type WriterOptions struct {
	// Prefixes are declared in this order at the head of the document.
	Prefixes []PrefixDecl
	// Base, if set, is declared, and IRIs beside it are written relative.
	Base string
	// Canonical writes N-Triples and N-Quads in the canonical form of RDF 1.2
	// (N-Triples §4), which differs from the usual one in language tags: they
	// are in lower case. The order stays that of the quads.
	Canonical bool
}

// Writer writes quads one by one in the order that they come. It is not safe
// for concurrent use.
type Writer struct {
	w      *bufio.Writer
	format Format
	layout layout // nil: a quad a line
	lower  bool   // language tags in lower case
	line   []byte
	err    error // sticky
	closed bool
}

// layout writes what is not a quad a line.
type layout interface {
	// append writes a quad that the format can hold.
	append(dst []byte, q Quad) []byte
	// end closes the document.
	end(dst []byte) []byte
}

// ErrWriterClosed is what Write returns after Close.
var ErrWriterClosed = errors.New("rdf: write: writer is closed")

// TermError says that a format has no form for a term that others have.
type TermError struct {
	Format Format
	Term   Term
	Why    string
}

func (e *TermError) Error() string {
	return fmt.Sprintf("term %s: %s; choose another format", e.Term, e.Why)
}

// NewWriter returns a writer of a document in format f. Errors of the options
// come out of the first Write or Close.
func NewWriter(w io.Writer, f Format, opts WriterOptions) *Writer {
	wr := &Writer{w: bufio.NewWriterSize(w, writeBufferBytes), format: f}
	switch f {
	case NTriples, NQuads:
		wr.lower = opts.Canonical
	case Turtle, TriG:
		wr.layout, wr.err = newTurtleWriter(f, opts)
	case RDFXML:
		wr.layout, wr.err = newRDFXMLWriter(opts)
	case JSONLD:
		wr.layout = &jsonldWriter{}
	default:
		wr.err = errors.New("rdf: write: no format given: expected one of NTriples, NQuads, Turtle, TriG, RDFXML, JSONLD")
	}
	return wr
}

// Write adds a quad. A quad that the format cannot hold is refused and
// leaves the document as it was: one of a named graph in N-Triples or Turtle,
// a literal as subject, a relative IRI, a malformed label or language tag.
// After an error of the underlying writer every Write returns it.
func (w *Writer) Write(q Quad) error {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		return ErrWriterClosed
	}
	if err := w.check(q); err != nil {
		return fmt.Errorf("%s: write: %w", w.format, err)
	}
	if w.layout != nil {
		w.line = w.layout.append(w.line[:0], q)
	} else {
		if w.lower {
			q.O = q.O.lowerTag()
		}
		w.line = append(AppendQuad(w.line[:0], q), '\n')
	}
	_, w.err = w.w.Write(w.line)
	return w.err
}

// Flush hands what was written so far to the underlying writer. The document
// stays open: the last statement may lack its end.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// Close ends the document and flushes it; it does not close the underlying
// writer. A second Close does nothing.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		w.closed = true
		return w.err
	}
	w.closed = true
	if w.layout != nil {
		_, w.err = w.w.Write(w.layout.end(w.line[:0]))
	}
	if err := w.w.Flush(); w.err == nil {
		w.err = err
	}
	return w.err
}

// WriteAll writes a whole document.
func WriteAll(w io.Writer, f Format, opts WriterOptions, quads []Quad) error {
	wr := NewWriter(w, f, opts)
	for _, q := range quads {
		if err := wr.Write(q); err != nil {
			return err
		}
	}
	return wr.Close()
}

func (w *Writer) check(q Quad) error {
	if !w.format.Graphs() && !q.G.IsZero() {
		return fmt.Errorf("graph %s: the format has no named graphs", q.G)
	}
	if q.S.kind != KindIRI && q.S.kind != KindBNode {
		return fmt.Errorf("subject %s: expected IRI or blank node", orNone(q.S))
	}
	if q.P.kind != KindIRI {
		return fmt.Errorf("predicate %s: expected IRI", orNone(q.P))
	}
	if q.O.kind == KindNone {
		return errors.New("object no term: expected IRI, blank node, literal or triple term")
	}
	if q.G.kind == KindLiteral || q.G.kind == KindTriple {
		return fmt.Errorf("graph %s: expected IRI or blank node", q.G)
	}
	if err := q.S.check(); err != nil {
		return err
	}
	if err := q.P.check(); err != nil {
		return err
	}
	if err := q.O.check(); err != nil {
		return err
	}
	if x, ok := w.layout.(interface{ check(Quad) error }); ok {
		if err := x.check(q); err != nil {
			return err
		}
	}
	return q.G.check()
}

func orNone(t Term) string {
	if t.IsZero() {
		return "no term"
	}
	return t.String()
}

// check returns an error if no document can hold the term.
func (t Term) check() error {
	switch t.kind {
	case KindIRI:
		return CheckIRI(t.value)
	case KindBNode:
		if !validBNodeLabel(t.value) {
			return fmt.Errorf("blank node %q: malformed label", t.value)
		}
	case KindLiteral:
		if !utf8.ValidString(t.value) {
			return fmt.Errorf("literal %q: invalid UTF-8", t.value)
		}
		if t.lang != "" {
			if !validLang(t.lang) {
				return fmt.Errorf("literal %s: malformed language tag %q", t, t.lang)
			}
			return nil
		}
		if t.datatype == RDFLangString || t.datatype == RDFDirLangString {
			return fmt.Errorf("literal %s: a language-tagged string without a tag", t)
		}
		if t.datatype != XSDString {
			return CheckIRI(t.datatype)
		}
	case KindTriple:
		return t.checkTriple()
	}
	return nil
}

func (t Term) checkTriple() error {
	if err := CheckTripleTerm(t); err != nil {
		return err
	}
	for t.kind == KindTriple {
		triple, _ := t.Triple()
		if err := triple.S.check(); err != nil {
			return err
		}
		if err := triple.P.check(); err != nil {
			return err
		}
		t = triple.O
	}
	return t.check()
}

// lowerTag returns t with its language tags in lower case, those inside a
// triple term too.
func (t Term) lowerTag() Term {
	switch {
	case t.lang != "":
		t.lang = strings.ToLower(t.lang)
	case t.kind == KindTriple:
		if triple, ok := t.Triple(); ok {
			if o := triple.O.lowerTag(); o != triple.O {
				return TripleTerm(Triple{triple.S, triple.P, o})
			}
		}
	}
	return t
}
