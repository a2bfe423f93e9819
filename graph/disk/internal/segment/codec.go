package segment

import (
	"encoding/binary"
	"slices"

	"nettwin/graph"
)

// codec is how a column of a block is compressed. Each allows to read any row
// by itself. The header of the block holds the codec and a parameter; what
// follows, in units of 8 bytes, is drawn here. n is the number of rows, frames
// are of 64 rows, the last may be shorter; integers are little-endian.
//
//	constant  parameter 0
//	  8             the value of all rows
//	packed    parameter: width
//	  8             base
//	  n × width     value - base, packed
//	framed    parameter: bytes of a frame's base, 0 to 8
//	  8             base
//	  2 × (frames+1) where each frame begins in the data, in units of 8 bytes, and the end; padded to 8
//	  parameter × frames  frame's base - base; padded to 8
//	  data          per frame 64 × width packed: the width is the difference of
//	                two beginnings, since 64 numbers take 8 × width bytes
//	table     parameter: width of an index
//	  8 << width    values, of which those past the last used one are 0
//	  n × width     index of the value, packed
//	classed   parameter: number of classes: see classes.go
type codec uint8

const (
	constant codec = 1 + iota
	packed
	framed
	table
	classed
)

const (
	frameShift = 6
	frameRows  = 1 << frameShift

	// maxTableWidth bounds a table to 256 values.
	maxTableWidth = 8
)

func framesOf(rows int) int { return (rows + frameRows - 1) >> frameShift }

// plan is how a column is best stored, and in how many bytes.
type plan struct {
	codec codec
	param uint8
	bytes int
}

// encoder holds what encoding columns needs, so that it is allocated once.
type encoder struct {
	pack    packer
	frames  [BlockRows / frameRows]frameSpan
	values  []uint64 // of the table, sorted
	set     [tableSlots]uint64
	slots   [tableSlots]uint16
	classes classer
}

type frameSpan struct {
	min   uint64
	width uint
}

// encode appends the best form of a column to out and returns it with the
// codec and its parameter.
func (e *encoder) encode(out []byte, col []graph.TermID) ([]byte, codec, uint8) {
	e.pack.out = out
	p, lo := e.choose(col)
	switch p.codec {
	case constant:
		e.pack.out = binary.LittleEndian.AppendUint64(e.pack.out, lo)
	case packed:
		e.putPacked(col, lo, uint(p.param))
	case framed:
		e.putFramed(col, lo, int(p.param))
	case table:
		e.putTable(col, uint(p.param))
	case classed:
		e.classes.put(&e.pack, col)
	}
	return e.pack.out, p.codec, p.param
}

// choose compares the sizes of all forms that may be worth it. The costlier
// ones are tried only where the cheap ones leave something to gain.
func (e *encoder) choose(col []graph.TermID) (best plan, lo uint64) {
	lo, hi := e.span(col)
	if lo == hi {
		return plan{codec: constant, bytes: 8}, lo
	}
	width := widthOf(hi - lo)
	best = plan{packed, uint8(width), 8 + packedBytes(len(col), width)}
	if p := e.planFramed(len(col), lo); p.bytes < best.bytes {
		best = p
	}
	const worthMore = 4 // bits a row
	if best.bytes*8 > worthMore*len(col) {
		if p, ok := e.planTable(col); ok && p.bytes < best.bytes {
			best = p
		}
	}
	if best.bytes*8 > 2*worthMore*len(col) {
		if p, ok := e.classes.plan(col); ok && p.bytes < best.bytes {
			best = p
		}
	}
	return best, lo
}

// span finds the least and greatest value, and those of each frame.
func (e *encoder) span(col []graph.TermID) (lo, hi uint64) {
	lo = ^uint64(0)
	for f := 0; len(col) > 0; f++ {
		frame := col[:min(frameRows, len(col))]
		col = col[len(frame):]
		flo, fhi := uint64(frame[0]), uint64(frame[0])
		for _, id := range frame[1:] {
			flo, fhi = min(flo, uint64(id)), max(fhi, uint64(id))
		}
		e.frames[f] = frameSpan{flo, widthOf(fhi - flo)}
		lo, hi = min(lo, flo), max(hi, fhi)
	}
	return lo, hi
}

func (e *encoder) planFramed(rows int, lo uint64) plan {
	n := framesOf(rows)
	var most uint64
	bytes := 8 + round8(2*(n+1))
	for _, f := range e.frames[:n] {
		most = max(most, f.min-lo)
		bytes += 8 * int(f.width)
	}
	baseBytes := (int(widthOf(most)) + 7) / 8
	return plan{framed, uint8(baseBytes), bytes + round8(n*baseBytes)}
}

func (e *encoder) putPacked(col []graph.TermID, lo uint64, width uint) {
	e.pack.out = binary.LittleEndian.AppendUint64(e.pack.out, lo)
	for _, id := range col {
		e.pack.put(uint64(id)-lo, width)
	}
	e.pack.flush()
}

func (e *encoder) putFramed(col []graph.TermID, lo uint64, baseBytes int) {
	frames := e.frames[:framesOf(len(col))]
	out := binary.LittleEndian.AppendUint64(e.pack.out, lo)
	var at uint
	for _, f := range frames {
		out = binary.LittleEndian.AppendUint16(out, uint16(at))
		at += f.width
	}
	out = pad8(binary.LittleEndian.AppendUint16(out, uint16(at)))
	for _, f := range frames {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], f.min-lo)
		out = append(out, b[:baseBytes]...)
	}
	e.pack.out = pad8(out)
	for _, f := range frames {
		rows := col[:min(frameRows, len(col))]
		col = col[len(rows):]
		for _, id := range rows {
			e.pack.put(uint64(id)-f.min, f.width)
		}
		for range frameRows - len(rows) {
			e.pack.put(0, f.width)
		}
		e.pack.flush() // 64 numbers end at a word's end
	}
}

// tableSlots is the size of the hash set that counts distinct values.
const tableSlots = 1 << (maxTableWidth + 2)

func slotOf(v uint64) uint { return uint(v * 0x9E3779B97F4A7C15 >> (64 - maxTableWidth - 2)) }

// planTable collects the distinct values; false if they are too many.
func (e *encoder) planTable(col []graph.TermID) (plan, bool) {
	e.values = e.values[:0]
	clear(e.slots[:])
	var last uint64
	for i, id := range col {
		v := uint64(id)
		if i > 0 && v == last {
			continue
		}
		last = v
		s := slotOf(v)
		for e.slots[s] != 0 && e.set[s] != v {
			s = (s + 1) % tableSlots
		}
		if e.slots[s] == 0 {
			if len(e.values) == 1<<maxTableWidth {
				return plan{}, false
			}
			e.values = append(e.values, v)
			e.set[s], e.slots[s] = v, uint16(len(e.values))
		}
	}
	width := max(widthOf(uint64(len(e.values)-1)), 1)
	return plan{table, uint8(width), 8<<width + packedBytes(len(col), width)}, true
}

// putTable stores the values sorted, so that the bytes depend on the rows alone.
func (e *encoder) putTable(col []graph.TermID, width uint) {
	slices.Sort(e.values)
	for i, v := range e.values {
		e.pack.out = binary.LittleEndian.AppendUint64(e.pack.out, v)
		s := slotOf(v)
		for e.set[s] != v || e.slots[s] == 0 {
			s = (s + 1) % tableSlots
		}
		e.slots[s] = uint16(i + 1)
	}
	for range 1<<width - len(e.values) {
		e.pack.out = binary.LittleEndian.AppendUint64(e.pack.out, 0)
	}
	for _, id := range col {
		s := slotOf(uint64(id))
		for e.set[s] != uint64(id) || e.slots[s] == 0 {
			s = (s + 1) % tableSlots
		}
		e.pack.put(uint64(e.slots[s]-1), width)
	}
	e.pack.flush()
}
