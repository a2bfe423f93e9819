package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"nettwin/graph"
)

// The layout of a segment. Integers are little-endian.
//
//	header      8 "NTSEG01\n", 8 number, 8 first commit, 8 last commit, 4 CRC-32C, 4 0
//	blocks      one after the other
//	directory
//	  4         sections
//	  per section
//	    1 order, 1 kind, 2 0, 4 blocks
//	    per block
//	      8 offset, 4 length, 4 CRC-32C
//	      2 rows, 1 graphs (number of ids; bloomMark + words of a filter), 1 flags, 4 0
//	      4×8 first key, 4×8 last key, 8 × graph ids or words of the filter
//	  4         predicates
//	    per predicate: 8 id, 8 rows, 8 distinct subjects, 8 distinct objects, 8 least object, 8 greatest
//	  4         graphs
//	    per graph: 8 id, 8 rows
//	footer      8 offset of the directory, 8 its length, 4 its CRC-32C,
//	            4 CRC-32C of the 20 bytes before, 8 "NTSEGEND"
const (
	headerMagic = "NTSEG01\n"
	footerMagic = "NTSEGEND"
	headerLen   = 40
	footerLen   = 32

	sectionHeadLen = 8
	entryLen       = 8 + 4 + 4 + 8 + 64
	predicateLen   = 48
	graphLen       = 16
)

// flagUnion: no two rows of the block have equal S, P and O, so a union of
// graphs needs no removal of duplicates inside it.
const flagUnion = 1

// Kind says whether the rows of a section are adds or deletes.
type Kind uint8

// The kinds. A quad is never of both in one segment.
const (
	Adds Kind = iota
	Deletes
	numKinds
)

// String returns "adds" or "deletes".
func (k Kind) String() string { return [...]string{"adds", "deletes"}[k] }

// entry describes a block in the directory.
type entry struct {
	offset int64
	length uint32
	sum    uint32
	union  bool
	graphs graphSet // I3
}

// directory is what a segment holds beside blocks.
type directory struct {
	sections [numKinds][graph.NumOrders]*index
	stats    Stats
}

// index is the directory of one section, the parts that searches read in
// slices of their own.
type index struct {
	first, last []Key
	starts      []uint64 // number of the first row of each block, and of all rows
	entries     []entry
}

func (x *index) rows() uint64 { return x.starts[len(x.starts)-1] }

func appendKey(b []byte, k *Key) []byte {
	for _, id := range k {
		b = binary.LittleEndian.AppendUint64(b, uint64(id))
	}
	return b
}

func (d *directory) encode() []byte {
	var b []byte
	n := 0
	b = binary.LittleEndian.AppendUint32(b, 0)
	for kind := range numKinds {
		for o := range graph.NumOrders {
			if x := d.sections[kind][o]; x != nil {
				n++
				b = append(b, byte(o), byte(kind), 0, 0)
				b = binary.LittleEndian.AppendUint32(b, uint32(len(x.entries)))
				b = x.encode(b)
			}
		}
	}
	binary.LittleEndian.PutUint32(b, uint32(n))
	return d.stats.encode(b)
}

func (x *index) encode(b []byte) []byte {
	for i := range x.entries {
		e := &x.entries[i]
		b = binary.LittleEndian.AppendUint64(b, uint64(e.offset))
		b = binary.LittleEndian.AppendUint32(b, e.length)
		b = binary.LittleEndian.AppendUint32(b, e.sum)
		b = binary.LittleEndian.AppendUint16(b, uint16(x.starts[i+1]-x.starts[i]))
		mark, flags := byte(len(e.graphs.words)), byte(0)
		if e.graphs.bloom {
			mark |= bloomMark
		}
		if e.union {
			flags |= flagUnion
		}
		b = append(b, mark, flags, 0, 0, 0, 0)
		b = appendKey(b, &x.first[i])
		b = appendKey(b, &x.last[i])
		for _, g := range e.graphs.words {
			b = binary.LittleEndian.AppendUint64(b, g)
		}
	}
	return b
}

// reader takes fields from the front of a directory until one is missing.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.bad, r.b = true, nil
		return make([]byte, n) // n is that of a field
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u16() uint16      { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32      { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64      { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *reader) id() graph.TermID { return graph.TermID(r.u64()) }
func (r *reader) key() (k Key)     { return Key{r.id(), r.id(), r.id(), r.id()} }
func (r *reader) zero(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

// count reads a number of things of at least size bytes each.
func (r *reader) count(size int) int {
	n := r.u32()
	if uint64(n)*uint64(size) > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return int(n)
}

var errShort = errors.New("the directory ends early")

// decodeDirectory reads a directory. Blocks must lie one after the other from
// headerLen to end (I5).
func decodeDirectory(b []byte, end int64) (*directory, error) {
	d := &directory{}
	r := &reader{b: b}
	at := int64(headerLen)
	for range r.count(sectionHeadLen) {
		head := r.take(4)
		o, kind := graph.Order(head[0]), Kind(head[1])
		if r.bad || o >= graph.NumOrders || kind >= numKinds || head[2]|head[3] != 0 || d.sections[kind][o] != nil {
			return nil, fmt.Errorf("a section of order %d and kind %d cannot be", o, kind)
		}
		x, err := decodeIndex(r, &at, o)
		if err != nil {
			return nil, fmt.Errorf("section %s of %s: %w", o, kind, err)
		}
		d.sections[kind][o] = x
	}
	if at != end {
		return nil, fmt.Errorf("blocks end at offset %d, the directory begins at %d", at, end)
	}
	d.stats.decode(r)
	switch {
	case r.bad:
		return nil, errShort
	case len(r.b) > 0:
		return nil, fmt.Errorf("the directory has %d bytes too many", len(r.b))
	}
	return d, d.check()
}

func decodeIndex(r *reader, at *int64, o graph.Order) (*index, error) {
	n := r.count(entryLen)
	x := &index{
		first: make([]Key, n), last: make([]Key, n), starts: make([]uint64, 1, n+1), entries: make([]entry, n),
	}
	for i := range n {
		e := &x.entries[i]
		e.offset, e.length, e.sum = int64(r.u64()), r.u32(), r.u32()
		rows := r.u16()
		head := r.take(6)
		x.first[i], x.last[i] = r.key(), r.key()
		e.graphs.decode(r, head[0])
		e.union = head[1]&flagUnion != 0
		if r.bad {
			return nil, errShort
		}
		if head[1]&^flagUnion != 0 || !r.zero(head[2:]) || rows < 1 || rows > BlockRows {
			return nil, fmt.Errorf("entry of block %d cannot be", i)
		}
		if e.offset != *at || e.length > maxBlockBytes {
			return nil, fmt.Errorf("block %d is at offset %d with %d bytes: %d is due", i, e.offset, e.length, *at)
		}
		if c := compare(&x.first[i], &x.last[i]); c > 0 || (c == 0) != (rows == 1) ||
			i > 0 && compare(&x.last[i-1], &x.first[i]) >= 0 {
			return nil, fmt.Errorf("I2: keys of block %d of order %s do not ascend", i, o)
		}
		*at += int64(e.length)
		x.starts = append(x.starts, x.starts[i]+uint64(rows))
	}
	return x, nil
}

// check holds I4 as far as numbers of rows tell.
func (d *directory) check() error {
	for kind, sections := range d.sections {
		var seen *index
		for o, x := range sections {
			switch {
			case x == nil:
			case seen == nil:
				seen = x
			case x.rows() != seen.rows():
				return fmt.Errorf("I4: section %s of %s has %d rows, another order %d", graph.Order(o), Kind(kind), x.rows(), seen.rows())
			}
		}
	}
	return nil
}
