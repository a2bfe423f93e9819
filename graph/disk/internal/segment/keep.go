package segment

import (
	"fmt"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
)

// keepRows is how many rows a block has at least that is taken over from
// another segment, or that is written before such a one, so that rewriting
// again and again leaves no small blocks behind. Where a new graph begins in an
// order by graph it is cutRows.
const keepRows = BlockRows / 4

// Keeping says that blocks of other segments come in this section: those
// between them are then cut so that few rows do not shift all that follow.
func (w *Writer) Keeping() { w.limit = 2 * BlockRows }

// Keep appends the rows of a block of another segment's section of the same
// order, as Append does. Most blocks are taken over as they are in the file, so
// that a merge costs what has changed. The other segment must be of the same
// store.
func (w *Writer) Keep(s *Section, i int) error {
	if w.err != nil {
		return w.err
	}
	if !w.fits(s, i) {
		return w.decode(s, i)
	}
	if w.flush(); w.err != nil {
		return w.err
	}
	return w.take(s, i)
}

// fits tells whether block i may follow what is written, once what is pending
// is.
func (w *Writer) fits(s *Section, i int) bool {
	least := keepRows
	if w.order == graph.GPSO {
		least = cutRows
	}
	if s.rowsOf(i) < least {
		return false
	}
	if w.order == graph.GPSO && w.rows > 0 && w.cols[0][w.rows-1] == s.index.first[i][0] {
		least = keepRows
	}
	return w.rows == 0 || w.rows >= least
}

// decode appends the rows of a block one by one.
func (w *Writer) decode(s *Section, i int) error {
	b, err := s.block(i)
	if err != nil {
		return err
	}
	cols := w.buffer.kept
	for c := range cols {
		cols[c] = cols[c][:b.rows]
	}
	b.read(&cols, 0)
	return w.Append(&cols)
}

// take copies the bytes of a block. They are checked on the way, because what
// is damaged must not get a place in a new file (I5); rows are read only for
// the statistics (I6).
func (w *Writer) take(s *Section, i int) error {
	x, from := w.index, s.index
	if n := len(x.entries); n > 0 && compare(&x.last[n-1], &from.first[i]) >= 0 {
		w.err = fmt.Errorf("segment %s: I1: %s row %v does not ascend after %v", w.name, w.order, from.first[i], x.last[n-1])
		return w.err
	}
	e := from.entries[i]
	if cap(w.buf) < int(e.length) {
		w.buf = make([]byte, e.length)
	}
	w.buf = w.buf[:e.length]
	if err := intact.ReadAt(s.segment.file, s.segment.name, e.offset, w.buf); err != nil {
		return err
	}
	b, err := s.parse(i, w.buf)
	if err != nil {
		return err
	}
	w.gatherBlock(b)
	e.offset = w.at
	x.first = append(x.first, from.first[i])
	x.last = append(x.last, from.last[i])
	x.starts = append(x.starts, x.rows()+uint64(b.rows))
	x.entries = append(x.entries, e)
	w.lastKey = from.last[i]
	w.write(w.buf)
	return w.err
}

// gatherBlock collects statistics from the leading columns of a block.
func (w *Writer) gatherBlock(b *block) {
	var lead int
	switch {
	case w.kind != Adds:
		return
	case w.order == graph.GPSO:
		lead = 1
	case w.order == graph.PSOG || w.order == graph.POSG:
		lead = 2
	}
	if lead == 0 {
		return
	}
	var cols [4][]graph.TermID
	for c := range lead {
		cols[c] = w.buffer.kept[c][:b.rows]
	}
	b.read(&cols, 0)
	w.gather.add(w.order, &cols)
}

// Whole returns the next block and its last key if the next row is its first
// and the cursor goes up to its end.
func (c *Cursor) Whole() (i int, last *Key, ok bool) {
	if c.row >= c.end || c.row != c.sec.index.starts[c.at] || c.end < c.sec.index.starts[c.at+1] {
		return 0, nil, false
	}
	return c.at, &c.sec.index.last[c.at], true
}

// SkipBlock moves behind the block of the next row.
func (c *Cursor) SkipBlock() { c.Skip(c.sec.index.starts[c.at+1] - c.row) }
