package segment

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
	"nettwin/internal/invariant"
)

// Header says what a segment is.
type Header struct {
	Num  uint64          // the segment's number in its store
	From graph.CommitSeq // of its run: the commits From to To
	To   graph.CommitSeq
}

const writeBuffer = 1 << 20

// buffers are what writers need for a while: many segments are small.
var buffers = sync.Pool{New: func() any {
	b := &buffer{out: bufio.NewWriterSize(nil, writeBuffer)}
	for i := range b.cols {
		b.cols[i] = make([]graph.TermID, 2*BlockRows)
		b.kept[i] = make([]graph.TermID, BlockRows)
	}
	return b
}}

type buffer struct {
	out  *bufio.Writer
	cols [4][]graph.TermID
	kept [4][]graph.TermID // rows of a block of another segment
}

// cutRows: a section sorted by graph begins a new block at a new graph once
// the block has so many rows, so that scans of one graph read little else.
const cutRows = 512

// Writer writes a segment section by section. It holds one block, a write
// buffer and the directory in memory, however many rows there are. Unless
// Finish succeeds the file is debris, which Abort removes.
type Writer struct {
	fs   vfs.FS
	name string
	salt []byte
	file vfs.File
	out  *bufio.Writer
	at   int64
	err  error

	buffer *buffer // nil once it was given back

	dir    directory
	gather gather
	enc    encoder
	graphs graphCollector
	buf    []byte

	order   graph.Order
	kind    Kind
	index   *index // of the section being written; nil before the first
	rows    int    // of cols
	limit   int    // rows that are written at the latest: BlockRows or, see Keeping, twice as many
	cols    [4][]graph.TermID
	lastKey Key
}

// NewWriter begins a segment. Its checksums are salted, so that only who
// knows the salt reads it.
func NewWriter(fs vfs.FS, name string, salt []byte, h Header) (*Writer, error) {
	f, err := fs.Create(name)
	if err != nil {
		return nil, err
	}
	b := buffers.Get().(*buffer)
	b.out.Reset(f)
	w := &Writer{fs: fs, name: name, salt: salt, file: f, buffer: b, out: b.out, cols: b.cols}
	w.write(h.encode(salt))
	return w, w.err
}

func (h Header) encode(salt []byte) []byte {
	b := append(make([]byte, 0, headerLen), headerMagic...)
	b = binary.LittleEndian.AppendUint64(b, h.Num)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.From))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.To))
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(salt, b))
	return append(b, 0, 0, 0, 0)
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.at += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write %s: %w", w.name, err)
	}
}

// Begin starts the section of an order and kind, which the segment must not
// have yet.
func (w *Writer) Begin(o graph.Order, kind Kind) error {
	w.end()
	if w.dir.sections[kind][o] != nil {
		return fmt.Errorf("segment %s: section %s of %s is there already", w.name, o, kind)
	}
	w.order, w.kind, w.limit = o, kind, BlockRows
	w.index = &index{starts: []uint64{0}}
	w.dir.sections[kind][o] = w.index
	w.lastKey = Key{}
	w.gather.begin()
	return w.err
}

// Append adds rows to the section: columns of equal length in the sequence of
// its order, strictly ascending (I1), also after those of earlier calls.
func (w *Writer) Append(cols *[4][]graph.TermID) error {
	if w.kind == Adds {
		w.gather.add(w.order, cols)
	}
	in := *cols
	for len(in[0]) > 0 && w.err == nil {
		n := w.room(in[0])
		for i := range in {
			copy(w.cols[i][w.rows:], in[i][:n])
			in[i] = in[i][n:]
		}
		w.rows += n
		if w.rows == w.limit || len(in[0]) > 0 {
			w.flush()
		}
	}
	return w.err
}

// room returns how many of the next rows, of which lead is the first column,
// go to the block; at least 1, unless the block has to be cut before them.
func (w *Writer) room(lead []graph.TermID) int {
	n := min(len(lead), w.limit-w.rows)
	if w.order != graph.GPSO {
		return n
	}
	for i := range n {
		before := w.cols[0][max(w.rows-1, 0)]
		if i > 0 {
			before = lead[i-1]
		}
		if w.rows+i >= cutRows && lead[i] != before {
			return i
		}
	}
	return n
}

// flush writes what is pending, as blocks of about one size.
func (w *Writer) flush() {
	blocks := (w.rows + BlockRows - 1) / BlockRows
	for i := range blocks {
		w.writeBlock(w.rows*i/blocks, w.rows*(i+1)/blocks)
	}
	w.rows = 0
}

// writeBlock writes the pending rows [from, to) as a block.
func (w *Writer) writeBlock(from, to int) {
	if w.err != nil {
		return
	}
	var cols [4][]graph.TermID
	for i := range cols {
		cols[i] = w.cols[i][from:to]
	}
	rows := to - from
	if w.err = w.checkOrder(&cols); w.err != nil {
		return
	}
	w.buf = w.enc.appendBlock(w.buf[:0], &cols)
	e := entry{offset: w.at, length: uint32(len(w.buf)), sum: intact.Sum(w.salt, w.buf)}
	positions := w.order.Positions()
	for i, pos := range positions {
		if pos == graph.G {
			e.graphs = w.graphs.collect(cols[i])
		}
	}
	e.union = unionable(w.order, &cols)
	x := w.index
	x.first = append(x.first, rowKey(&cols, 0))
	x.last = append(x.last, rowKey(&cols, rows-1))
	x.starts = append(x.starts, x.rows()+uint64(rows))
	x.entries = append(x.entries, e)
	w.write(w.buf)
}

func rowKey(cols *[4][]graph.TermID, row int) Key {
	return Key{cols[0][row], cols[1][row], cols[2][row], cols[3][row]}
}

// checkOrder holds I1 inside the block under invariants, and always between
// blocks.
func (w *Writer) checkOrder(cols *[4][]graph.TermID) error {
	last, seen := w.lastKey, len(w.index.entries) > 0
	rows := 1
	if invariant.Enabled {
		rows = len(cols[0])
	}
	for row := range rows {
		k := rowKey(cols, row)
		if seen && compare(&last, &k) >= 0 {
			return fmt.Errorf("segment %s: I1: %s row %v does not ascend after %v", w.name, w.order, k, last)
		}
		last, seen = k, true
	}
	w.lastKey = rowKey(cols, len(cols[0])-1)
	return nil
}

// unionable tells whether no two neighbours of a block differ in nothing but
// the graph; orders that begin with the graph cannot tell.
func unionable(o graph.Order, cols *[4][]graph.TermID) bool {
	if o == graph.GPSO {
		return false
	}
	for i := 1; i < len(cols[0]); i++ {
		if cols[2][i] == cols[2][i-1] && cols[1][i] == cols[1][i-1] && cols[0][i] == cols[0][i-1] {
			return false
		}
	}
	return true
}

// end closes the section being written.
func (w *Writer) end() {
	if w.index != nil {
		w.flush()
	}
	w.index = nil
}

// Finish writes directory and footer, makes the file durable and closes it.
// The caller makes its name durable (vfs.FS.SyncDir).
func (w *Writer) Finish() (sizeBytes int64, err error) {
	w.end()
	w.dir.stats = w.gather.stats
	if w.err == nil {
		w.err = w.dir.check()
	}
	start := w.at
	dir := w.dir.encode()
	w.write(dir)
	var b []byte
	b = binary.LittleEndian.AppendUint64(b, uint64(start))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(dir)))
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(w.salt, dir))
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(w.salt, b))
	w.write(append(b, footerMagic...))
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil {
		w.err = w.file.Sync()
	}
	err = errors.Join(w.err, w.file.Close())
	w.file = nil
	w.giveBack()
	if w.err == nil {
		w.err = errFinished
	}
	return w.at, err
}

// giveBack ends the use of the buffers.
func (w *Writer) giveBack() {
	w.buffer.out.Reset(nil)
	buffers.Put(w.buffer)
	w.buffer, w.out, w.cols = nil, nil, [4][]graph.TermID{}
}

var errFinished = errors.New("segment: the writer has finished")

// Abort closes and removes a file that was not finished.
func (w *Writer) Abort() error {
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file, w.err = nil, io.ErrClosedPipe
	w.giveBack()
	return errors.Join(err, w.fs.Remove(w.name))
}
