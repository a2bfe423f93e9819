package segment

import (
	"encoding/binary"
	"errors"
	"fmt"

	"nettwin/graph"
)

// BlockRows is the greatest number of rows in a block.
const BlockRows = 4096

// Key is a quad with its ids in the sequence of a section's order.
type Key = [4]graph.TermID

// The layout of a block. Its columns are in the sequence of the order.
//
//	offset size
//	0      2    rows, 1 to BlockRows
//	2      8    per column: 1 byte codec, 1 byte parameter (codec.go)
//	10     8    per column: length in units of 8 bytes
//	18     6    0
//	24     …    the columns, one after the other
//	end-8  8    0, so that loads of 8 bytes stay inside
const blockHeaderLen = 24

// maxBlockBytes bounds a block: no column form is chosen that takes more than
// packed numbers of 64 bits.
const maxBlockBytes = blockHeaderLen + 4*(8+8*BlockRows) + tailBytes

// appendBlock encodes columns of equal length.
func (e *encoder) appendBlock(out []byte, cols *[4][]graph.TermID) []byte {
	start := len(out)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(cols[0])))
	out = append(out, make([]byte, blockHeaderLen-2)...)
	for i, col := range cols {
		at := len(out)
		var k codec
		var param uint8
		out, k, param = e.encode(out, col)
		head := out[start:]
		head[2+2*i], head[3+2*i] = byte(k), param
		binary.LittleEndian.PutUint16(head[10+2*i:], uint16((len(out)-at)/8))
	}
	return append(out, make([]byte, tailBytes)...)
}

// block is a block in memory.
type block struct {
	rows int
	cols [4]column
	size int64 // bytes that it takes
}

// blockOverhead is about what a block takes beside its bytes.
const blockOverhead = 512

var errBlockLength = errors.New("block's length is not that of its columns")

// parseBlock checks a block (I7). It keeps b.
func parseBlock(b []byte) (*block, error) {
	if len(b) < blockHeaderLen+tailBytes {
		return nil, errBlockLength
	}
	k := &block{rows: int(binary.LittleEndian.Uint16(b)), size: int64(len(b)) + blockOverhead}
	if k.rows < 1 || k.rows > BlockRows {
		return nil, fmt.Errorf("block of %d rows", k.rows)
	}
	at := blockHeaderLen
	for i := range k.cols {
		n := 8 * int(binary.LittleEndian.Uint16(b[10+2*i:]))
		if n < 8 || at+n+tailBytes > len(b) {
			return nil, errBlockLength
		}
		var err error
		if k.cols[i], err = parseColumn(codec(b[2+2*i]), b[3+2*i], b[at:at+n:at+n+tailBytes], k.rows); err != nil {
			return nil, fmt.Errorf("column %d: %w", i, err)
		}
		at += n
	}
	if at+tailBytes != len(b) {
		return nil, errBlockLength
	}
	return k, nil
}

func (k *block) key(row int) (key Key) {
	for i := range k.cols {
		key[i] = graph.TermID(k.cols[i].get(row))
	}
	return key
}

// lower returns the first row in [from, rows) that is >= key; rows before from
// are known to be less.
func (k *block) lower(from int, key *Key) int {
	to := k.rows
	for from < to {
		mid := int(uint(from+to) >> 1)
		if k.less(mid, key) {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from
}

// less tells whether a row sorts before key.
func (k *block) less(row int, key *Key) bool {
	for i := range k.cols {
		if v := k.cols[i].get(row); v != uint64(key[i]) {
			return v < uint64(key[i])
		}
	}
	return false
}

// read copies rows from, from+1, … to the columns that are not nil, which
// have equal lengths.
func (k *block) read(dst *[4][]graph.TermID, from int) {
	for i := range k.cols {
		if dst[i] != nil {
			k.cols[i].read(dst[i], from)
		}
	}
}

// compare returns -1, 0 or 1 as a sorts before, with or after b.
func compare(a, b *Key) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}
