package patch

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"nettwin/graph/rdf"
)

// Writer writes rows one by one. It is not safe for concurrent use.
type Writer struct {
	w     *bufio.Writer
	line  bytes.Buffer
	quads *rdf.Writer // into line
	err   error       // sticky
}

// NewWriter returns a writer of patches.
func NewWriter(w io.Writer) *Writer {
	p := &Writer{w: bufio.NewWriterSize(w, readBytes)}
	p.quads = rdf.NewWriter(&p.line, rdf.NQuads, rdf.WriterOptions{})
	return p
}

// Write adds a row. One that is none is refused and leaves the patch as it was.
// After an error of the underlying writer every Write returns it.
func (w *Writer) Write(r Row) error {
	if w.err != nil {
		return w.err
	}
	w.line.Reset()
	if err := w.row(r); err != nil {
		return fmt.Errorf("RDF Patch: write: %w", err)
	}
	_, w.err = w.w.Write(w.line.Bytes())
	return w.err
}

// Flush hands what was written so far to the underlying writer.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// row puts a row into line.
func (w *Writer) row(r Row) error {
	if _, ok := opOf(r.Op.String()); !ok {
		return fmt.Errorf("%s is none", r.Op)
	}
	w.line.WriteString(r.Op.String())
	w.line.WriteByte(' ')
	switch r.Op {
	case Add, Delete:
		if err := w.quads.Write(r.Quad); err != nil {
			return err
		}
		return w.quads.Flush()
	case Header:
		if !isWord(r.Name) {
			return fmt.Errorf("%q is no name of a header", r.Name)
		}
		w.line.WriteString(r.Name)
		w.terms(r.Term)
	case AddPrefix:
		w.terms(rdf.String(r.Name), rdf.String(r.Term.Value()))
	case DeletePrefix:
		w.terms(rdf.String(r.Name))
	}
	w.line.WriteString(".\n")
	return nil
}

func (w *Writer) terms(list ...rdf.Term) {
	for _, t := range list {
		if b := w.line.Bytes(); b[len(b)-1] != ' ' {
			w.line.WriteByte(' ')
		}
		w.line.Write(rdf.AppendTerm(nil, t))
		w.line.WriteByte(' ')
	}
}

// isWord tells whether a name can be written without quotes.
func isWord(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}
