package results

import (
	"bufio"
	"context"
	"io"
	"sync"

	"nettwin/graph/rdf"
)

// Columns is what Rows may offer beside: many rows at once, so that what
// repeats is read and written once.
type Columns interface {
	// NextColumns returns the next n rows, at least one, as columns aligned
	// with Result.Vars. They hold until the next call. io.EOF ends; errors are
	// those of Next.
	NextColumns(ctx context.Context) (cols []Column, n int, err error)
}

// Column is the values of one variable in some rows: Terms[Index[i]] in row i,
// or Terms[i] without an Index. The zero Term is unbound.
type Column struct {
	Terms []rdf.Term
	Index []int32
}

// At returns the value in a row.
func (c *Column) At(row int) rdf.Term {
	if c.Index != nil {
		row = int(c.Index[row])
	}
	return c.Terms[row]
}

// columnar is a document that writes columns.
type columnar interface {
	columns(cols []Column, n int)
}

// columns writes an answer column by column of a chunk. Errors are those of
// rows.
func (o *flusher) columns(ctx context.Context, doc columnar, in Columns) error {
	for {
		o.mu.Unlock()
		cols, n, err := in.NextColumns(ctx)
		o.mu.Lock()
		if err == io.EOF {
			return o.failed
		}
		if err != nil {
			return err
		}
		doc.columns(cols, n)
		if err := o.wrote(n); err != nil {
			return err
		}
	}
}

// scratch is memory that documents use and leave for the next.
type scratch struct {
	row   []byte
	cells []cells
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// maxScratchBytes bounds what is left for the next.
const maxScratchBytes = 1 << 20

func (s *scratch) leave() {
	size := cap(s.row)
	for i := range s.cells {
		s.cells[i].index = nil
		size += cap(s.cells[i].text) + 4*cap(s.cells[i].ends)
	}
	if size <= maxScratchBytes {
		scratches.Put(s)
	}
}

// fill encodes columns, each by its own encoder.
func (s *scratch) fill(cols []Column, n int, encoder func(column int) func(b []byte, t rdf.Term) []byte) {
	for len(s.cells) < len(cols) {
		s.cells = append(s.cells, cells{})
	}
	for i := range cols {
		s.cells[i].fill(&cols[i], n, encoder(i))
	}
}

// cells holds the terms of a column as they are written.
type cells struct {
	text  []byte
	ends  []int32 // of each term in text
	index []int32 // by row; nil: as they come
}

// fill encodes the terms of a column.
func (c *cells) fill(col *Column, n int, encode func(b []byte, t rdf.Term) []byte) {
	c.text, c.ends, c.index = c.text[:0], c.ends[:0], col.Index
	terms := col.Terms
	if col.Index == nil {
		terms = terms[:n]
	}
	for _, t := range terms {
		c.text = encode(c.text, t)
		c.ends = append(c.ends, int32(len(c.text)))
	}
}

// at returns the text of a row.
func (c *cells) at(row int) []byte {
	if c.index != nil {
		row = int(c.index[row])
	}
	from := int32(0)
	if row > 0 {
		from = c.ends[row-1]
	}
	return c.text[from:c.ends[row]]
}

// pieceBytes is how much is written at once.
const pieceBytes = writeBufferBytes / 2

func (d *tsvDocument) columns(cols []Column, n int) {
	s := scratches.Get().(*scratch) //nolint:errcheck // the pool holds nothing else
	defer s.leave()
	s.fill(cols, n, func(int) func([]byte, rdf.Term) []byte { return appendTSVTerm })
	b := s.row[:0]
	for row := range n {
		for i := range cols {
			if i > 0 {
				b = append(b, '\t')
			}
			b = append(b, s.cells[i].at(row)...)
		}
		b = handOn(d.w, append(b, '\n'))
	}
	d.w.Write(b) //nolint:errcheck // it sticks
	s.row = b
}

// handOn writes b if it is long enough, and returns what is left of it.
func handOn(w *bufio.Writer, b []byte) []byte {
	if len(b) < pieceBytes {
		return b
	}
	w.Write(b) //nolint:errcheck // it sticks
	return b[:0]
}

func (d *jsonDocument) columns(cols []Column, n int) {
	s := scratches.Get().(*scratch) //nolint:errcheck // the pool holds nothing else
	defer s.leave()
	s.fill(cols, n, func(column int) func([]byte, rdf.Term) []byte {
		return func(b []byte, t rdf.Term) []byte {
			if t.IsZero() {
				return b
			}
			return appendJSONTerm(append(b, d.names[column]...), t)
		}
	})
	b := s.row[:0]
	for row := range n {
		b = d.beginRow(b)
		first := true
		for i := range cols {
			cell := s.cells[i].at(row)
			if len(cell) == 0 {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, cell...)
		}
		b = handOn(d.w, append(b, '}'))
	}
	d.w.Write(b) //nolint:errcheck // it sticks
	s.row = b
}
