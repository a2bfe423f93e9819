package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"nettwin/graph"
)

// rowFile is a sequence of rows in a file that others may share, in blocks:
//
//	rows      u32
//	checksum  u32, CRC32C of what follows
//	presence  a byte for each column: 0, unbound in all rows; 1, it follows
//	columns   ids of 8 bytes
//
// all little-endian.
type rowFile struct {
	x      *execution
	file   *spillFile
	slots  []int
	blocks []blockAt
	n      int     // rows, those pending included
	wait   *buffer // rows pending
}

type blockAt struct {
	at   int64
	size int32
}

const (
	blockHeaderBytes = 8
	maxBlockRows     = 1024
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (x *execution) newRowFile(f *spillFile, slots []int) *rowFile {
	return &rowFile{x: x, file: f, slots: slots, wait: x.newBuffer()}
}

// blockRows is how many rows a block has at most.
func (x *execution) blockRows() int { return min(x.chunkRows, maxBlockRows) }

// add appends rows of a chunk.
func (r *rowFile) add(c *chunk, rows []int32) error {
	for len(rows) > 0 {
		part := rows[:min(len(rows), r.x.blockRows()-r.wait.n)]
		rows = rows[len(part):]
		from := r.wait.n
		for _, slot := range r.slots {
			dst := r.wait.column(slot, from+len(part))[from:]
			if src := c.cols[slot]; src != nil {
				gather(dst, src, part)
			} else {
				clear(dst)
			}
		}
		r.wait.n += len(part)
		r.n += len(part)
		if r.wait.n == r.x.blockRows() {
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes what is pending.
func (r *rowFile) flush() error {
	n := r.wait.n
	if n == 0 {
		return nil
	}
	b := append(r.x.block[:0], make([]byte, blockHeaderBytes+len(r.slots))...)
	binary.LittleEndian.PutUint32(b, uint32(n))
	for i, slot := range r.slots {
		col := r.wait.column(slot, n)
		if unbound(col) {
			continue
		}
		b[blockHeaderBytes+i] = 1
		for _, id := range col {
			b = binary.LittleEndian.AppendUint64(b, uint64(id))
		}
	}
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[blockHeaderBytes:], castagnoli))
	r.x.block = b
	at, err := r.file.write(b)
	r.blocks = append(r.blocks, blockAt{at, int32(len(b))})
	r.wait.n = 0
	return err
}

func unbound(col []graph.TermID) bool {
	for _, id := range col {
		if id != graph.None {
			return false
		}
	}
	return true
}

// done ends writing and gives the memory of pending rows back.
func (r *rowFile) done() error {
	if r.wait == nil {
		return nil
	}
	err := r.flush()
	r.wait = nil
	return err
}

// read returns an operator that yields the rows. Several may read at once.
func (r *rowFile) read() *fileOp { return &fileOp{from: r, out: r.x.newBuffer()} }

// fileOp yields the rows of a rowFile that is done.
type fileOp struct {
	from *rowFile
	at   int
	out  *buffer
}

func (o *fileOp) next(ctx context.Context) (*chunk, error) {
	if o.at == len(o.from.blocks) {
		return nil, nil
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	o.at++
	return &o.out.chunk, o.block(o.from.blocks[o.at-1])
}

func (o *fileOp) block(at blockAt) error {
	b := sized(&o.from.x.block, int(at.size))
	if _, err := o.from.file.f.ReadAt(b, at.at); err != nil {
		return fmt.Errorf("spill: %w", err)
	}
	if binary.LittleEndian.Uint32(b[4:]) != crc32.Checksum(b[blockHeaderBytes:], castagnoli) {
		return fmt.Errorf("spill: %s: the block at %d is not what was written", o.from.file.name, at.at)
	}
	o.out.clear()
	o.out.n = int(binary.LittleEndian.Uint32(b))
	present := b[blockHeaderBytes:][:len(o.from.slots)]
	b = b[blockHeaderBytes+len(present):]
	for i, slot := range o.from.slots {
		if present[i] == 0 {
			continue
		}
		col := o.out.column(slot, o.out.n)
		for row := range col {
			col[row] = graph.TermID(binary.LittleEndian.Uint64(b[row*idBytes:]))
		}
		b = b[o.out.n*idBytes:]
		o.out.cols[slot] = col
	}
	return nil
}

func (o *fileOp) reset()       { o.at = 0 }
func (o *fileOp) close() error { return nil }
