package dict

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"nettwin/graph"
	"nettwin/graph/disk/internal/intact"
	"nettwin/graph/vfs"
)

// The layout of a file of terms. Integers are little-endian.
//
//	header     8 "NTDIC01\n", 8 number of the file, 8 first entry or all ones: the
//	           one after those of the file before, 8 entries, 4 CRC-32C, 4 0
//	pages      of entries (page.go), one after the other
//	table      pages of slotsPerPage slots of 8 bytes, the last may be shorter:
//	           32 bits of hash above the entry's place in the file plus 1, or 0.
//	           An entry is in the first free slot from hash >> (32 - bits) on.
//	directory  4 pages × (4 length, 4 first entry's place, 4 CRC-32C)
//	           1 bits of the table's size, 3 0, then per page of the table 4 CRC-32C
//	footer     8 offset of the table, 8 of the directory, 4 its CRC-32C,
//	           4 CRC-32C of the 20 bytes before, 8 "NTDICEND"
const (
	headerMagic  = "NTDIC01\n"
	footerMagic  = "NTDICEND"
	headerLen    = 40
	footerLen    = 32
	pageEntryLen = 12
	slotsPerPage = 4096

	minTableBits = 4

	// anywhere is the first entry of a file whose place in the dictionary only
	// the manifest says: a load writes it before that is known.
	anywhere = ^uint64(0)

	// maxFileTerms fill a table of 32 bits.
	maxFileTerms = 3 << 30
)

type pageEntry struct {
	offset int64
	length uint32
	first  uint32 // place of its first entry
	sum    uint32
}

// buffers are write buffers: many files are small.
var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 1<<20) }}

// writer writes a file of terms. It holds the hash table in memory, 11 to 21
// bytes a term, and one page.
type writer struct {
	fs    vfs.FS
	name  string
	salt  []byte
	seed  uint64
	file  vfs.File
	out   *bufio.Writer
	at    int64
	err   error
	build pageBuilder
	buf   []byte
	pages []pageEntry
	first uint32 // place of the open page's first entry
	count uint32
	total uint32
	bits  uint
	table []uint64
}

// newWriter begins the file of the entries first, first+1, … of which there
// will be count.
func newWriter(fsys vfs.FS, name string, salt []byte, num, first, count uint64) (*writer, error) {
	if count == 0 || count > maxFileTerms || first != anywhere && first+count > maxTerms {
		return nil, fmt.Errorf("dictionary: file of %d terms from %d: %w", count, first, graph.ErrTooLarge)
	}
	f, err := fsys.Create(name)
	if err != nil {
		return nil, err
	}
	w := &writer{fs: fsys, name: name, salt: salt, seed: seedOf(salt), file: f, out: buffers.Get().(*bufio.Writer), total: uint32(count), bits: tableBits(count)}
	w.out.Reset(f)
	w.table = make([]uint64, 1<<w.bits)
	w.write(encodeHeader(salt, num, first, count))
	return w, nil
}

// tableBits makes a table that is at most three quarters full.
func tableBits(count uint64) uint {
	b := uint(minTableBits)
	for 3<<b < 4*count {
		b++
	}
	return b
}

func encodeHeader(salt []byte, num, first, count uint64) []byte {
	b := append(make([]byte, 0, headerLen), headerMagic...)
	b = binary.LittleEndian.AppendUint64(b, num)
	b = binary.LittleEndian.AppendUint64(b, first)
	b = binary.LittleEndian.AppendUint64(b, count)
	b = binary.LittleEndian.AppendUint32(b, intact.Sum(salt, b))
	return append(b, 0, 0, 0, 0)
}

func (w *writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.at += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write %s: %w", w.name, err)
	}
}

// add writes the next entry.
func (w *writer) add(e *Raw) error {
	w.build.add(e)
	hash := hashEntry(w.seed, e)
	mask := uint32(len(w.table) - 1)
	i := hash >> (32 - w.bits)
	for w.table[i&mask] != 0 {
		i++
	}
	w.count++
	w.table[i&mask] = uint64(hash)<<32 | uint64(w.count)
	if w.build.full() {
		w.flush()
	}
	return w.err
}

func (w *writer) flush() {
	if len(w.build.starts) == 0 {
		return
	}
	w.buf = w.build.take(w.buf[:0])
	w.pages = append(w.pages, pageEntry{offset: w.at, length: uint32(len(w.buf)), first: w.first, sum: intact.Sum(w.salt, w.buf)})
	w.first = w.count
	w.write(w.buf)
}

// finish writes table, directory and footer and makes the file durable.
func (w *writer) finish() error {
	w.flush()
	if w.err == nil && w.count != w.total {
		w.err = fmt.Errorf("dictionary: file %s has %d entries, %d were announced", w.name, w.count, w.total)
	}
	table := w.at
	var sums []uint32
	for at := 0; at < len(w.table); at += slotsPerPage {
		w.buf = w.buf[:0]
		for _, word := range w.table[at:min(at+slotsPerPage, len(w.table))] {
			w.buf = binary.LittleEndian.AppendUint64(w.buf, word)
		}
		sums = append(sums, intact.Sum(w.salt, w.buf))
		w.write(w.buf)
	}
	dir := w.at
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(w.pages)))
	for _, p := range w.pages {
		b = binary.LittleEndian.AppendUint32(b, p.length)
		b = binary.LittleEndian.AppendUint32(b, p.first)
		b = binary.LittleEndian.AppendUint32(b, p.sum)
	}
	b = append(b, byte(w.bits), 0, 0, 0)
	for _, sum := range sums {
		b = binary.LittleEndian.AppendUint32(b, sum)
	}
	w.write(b)
	foot := binary.LittleEndian.AppendUint64(nil, uint64(table))
	foot = binary.LittleEndian.AppendUint64(foot, uint64(dir))
	foot = binary.LittleEndian.AppendUint32(foot, intact.Sum(w.salt, b))
	foot = binary.LittleEndian.AppendUint32(foot, intact.Sum(w.salt, foot))
	w.write(append(foot, footerMagic...))
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil {
		w.err = w.file.Sync()
	}
	return errors.Join(w.err, w.close())
}

func (w *writer) close() error {
	err := w.file.Close()
	w.out.Reset(nil)
	buffers.Put(w.out)
	w.file, w.out = nil, nil
	return err
}

// abort closes and removes a file that was not finished.
func (w *writer) abort() error {
	var err error
	if w.file != nil {
		err = w.close()
	}
	return errors.Join(err, w.fs.Remove(w.name))
}
