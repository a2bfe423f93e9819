package segment

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unsafe"

	"nettwin/graph"
)

// column reads rows of a compressed column. Its pointers are into the block's
// bytes, which they keep alive; parseColumn made sure that every row leads to
// bytes of the block (I7).
type column struct {
	codec  codec
	width  uint // packed: of a number; table: of an index; framed: bytes of a frame's base
	base   uint64
	data   unsafe.Pointer // the packed numbers
	heads  unsafe.Pointer // framed: beginnings; table: values
	bases  unsafe.Pointer // framed
	class  *classes
	planes unsafe.Pointer // classed
}

// classes are the tables of a classed column.
type classes struct {
	n, planes int
	base      [maxClasses]uint64
	width     [maxClasses]uint
	data      [maxClasses]unsafe.Pointer
	counts    unsafe.Pointer
}

// parseColumn checks a column of n rows in b and returns its reader. rest is
// the block from the column on, which goes on for tailBytes after b at least.
func parseColumn(k codec, param uint8, b []byte, n int) (column, error) {
	c := column{codec: k, width: uint(param)}
	switch k {
	case constant:
		if len(b) != 8 || param != 0 {
			return c, fmt.Errorf("constant column of %d bytes, parameter %d", len(b), param)
		}
		c.base = binary.LittleEndian.Uint64(b)
		return c, nil
	case packed:
		if !goodWidth(c.width) || len(b) != 8+packedBytes(n, c.width) {
			return c, fmt.Errorf("packed column of %d bytes, width %d", len(b), param)
		}
		c.base, c.data = binary.LittleEndian.Uint64(b), after(b, 8)
		return c, nil
	case table:
		if param < 1 || param > maxTableWidth || len(b) != 8<<param+packedBytes(n, c.width) {
			return c, fmt.Errorf("table column of %d bytes, width %d", len(b), param)
		}
		c.heads, c.data = after(b, 0), after(b, 8<<param)
		return c, nil
	case framed:
		return c, c.parseFramed(b, n)
	case classed:
		return c, c.parseClassed(b, n)
	}
	return c, fmt.Errorf("unknown codec %d", k)
}

func goodWidth(w uint) bool { return w <= maxPackedWidth || w == 64 }

// after points behind the first n bytes of b, which may be its end: the
// block's tail follows.
func after(b []byte, n int) unsafe.Pointer { return unsafe.Pointer(&b[:n+1][n]) }

func (c *column) parseFramed(b []byte, n int) error {
	frames := framesOf(n)
	bases := 8 + round8(2*(frames+1))
	data := bases + round8(frames*int(c.width))
	if c.width > 8 || len(b) < data {
		return fmt.Errorf("framed column of %d bytes, bases of %d bytes", len(b), c.width)
	}
	last := uint(0)
	for f := range frames + 1 {
		at := uint(binary.LittleEndian.Uint16(b[8+2*f:]))
		if f == 0 && at != 0 || f > 0 && (at < last || !goodWidth(at-last)) {
			return fmt.Errorf("framed column with a bad beginning of frame %d", f)
		}
		last = at
	}
	if len(b) != data+8*int(last) {
		return fmt.Errorf("framed column of %d bytes, its frames end at %d", len(b), data+8*int(last))
	}
	c.base = binary.LittleEndian.Uint64(b)
	c.heads, c.bases, c.data = after(b, 8), after(b, bases), after(b, data)
	return nil
}

func (c *column) parseClassed(b []byte, n int) error {
	k, frames := int(c.width), framesOf(n)
	if k < 2 || k > maxClasses {
		return fmt.Errorf("column of %d classes", k)
	}
	t := &classes{n: k, planes: planesOf(k)}
	widths := 8 * k
	counts := widths + round8(k)
	planes := counts + round8(2*k*(frames+1))
	data := planes + 8*t.planes*frames
	if len(b) < data {
		return fmt.Errorf("classed column of %d bytes", len(b))
	}
	t.counts, c.planes = after(b, counts), after(b, planes)
	for i := range k {
		t.base[i], t.width[i] = binary.LittleEndian.Uint64(b[8*i:]), uint(b[widths+i])
		if !goodWidth(t.width[i]) {
			return fmt.Errorf("class %d of width %d", i, t.width[i])
		}
		if data > len(b) {
			return fmt.Errorf("class %d begins after the column", i)
		}
		t.data[i] = after(b, data)
		data += packedBytes(t.count(frames, i), t.width[i])
	}
	if data != len(b) {
		return fmt.Errorf("classed column of %d bytes, its classes end at %d", len(b), data)
	}
	c.class = t
	return c.checkCounts(n)
}

// checkCounts makes sure that the planes name only known classes and that the
// counts are theirs, since counts lead to bytes.
func (c *column) checkCounts(n int) error {
	t := c.class
	for f := range framesOf(n) {
		rows := bits.OnesCount64(c.rowsOf(f, n))
		for i := range t.n {
			inFrame := bits.OnesCount64(c.members(f, i) & c.rowsOf(f, n))
			if t.count(f, i)+inFrame != t.count(f+1, i) || f == 0 && t.count(f, i) != 0 {
				return fmt.Errorf("class %d counts %d and %d around frame %d with %d", i, t.count(f, i), t.count(f+1, i), f, inFrame)
			}
			rows -= inFrame
		}
		if rows != 0 {
			return fmt.Errorf("frame %d has rows of no class", f)
		}
	}
	return nil
}

// rowsOf has a bit for each row of a frame that exists.
func (c *column) rowsOf(f, n int) uint64 { return maskOf(uint(min(n-f*frameRows, frameRows))) }

// count is the number of rows of class i before frame f.
func (t *classes) count(f, i int) int {
	return int(binary.LittleEndian.Uint16((*[2]byte)(unsafe.Add(t.counts, 2*(f*t.n+i)))[:]))
}

// members has a bit for each row of frame f that is of class i.
func (c *column) members(f, i int) uint64 {
	p := unsafe.Add(c.planes, 8*f*c.class.planes)
	m := load(p, 0) ^ (uint64(i&1) - 1)
	for j := 1; j < c.class.planes; j++ {
		m &= load(p, uint(8*j)) ^ (uint64(i>>j&1) - 1)
	}
	return m
}

func (c *column) classOf(f int, bit uint) (i int) {
	p := unsafe.Add(c.planes, 8*f*c.class.planes)
	for j := range c.class.planes {
		i |= int(load(p, uint(8*j))>>bit&1) << j
	}
	return i
}

// frame returns the beginning, width and base of a frame.
func (c *column) frame(f int) (p unsafe.Pointer, width uint, base uint64) {
	ends := binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(c.heads, 2*f))[:])
	at := uint(ends & 0xFFFF)
	base = c.base + load(c.bases, uint(f)*c.width)&maskOf(8*c.width)
	return unsafe.Add(c.data, 8*at), uint(ends>>16) - at, base
}

// get returns the value of row i.
func (c *column) get(i int) uint64 {
	switch c.codec {
	case constant:
		return c.base
	case packed:
		return c.base + packedAt(c.data, c.width, i)
	case framed:
		p, width, base := c.frame(i >> frameShift)
		return base + packedAt(p, width, i&(frameRows-1))
	case table:
		return load(c.heads, 8*uint(packedAt(c.data, c.width, i)))
	}
	f, bit := i>>frameShift, uint(i)%frameRows
	class := c.classOf(f, bit)
	before := bits.OnesCount64(c.members(f, class) & maskOf(bit))
	t := c.class
	return t.base[class] + packedAt(t.data[class], t.width[class], t.count(f, class)+before)
}

// read copies rows from, from+1, … to dst.
func (c *column) read(dst []graph.TermID, from int) {
	switch c.codec {
	case constant:
		for i := range dst {
			dst[i] = graph.TermID(c.base)
		}
	case packed:
		unpack(dst, c.data, c.width, from, c.base)
	case framed:
		for len(dst) > 0 {
			in := from & (frameRows - 1)
			n := min(frameRows-in, len(dst))
			p, width, base := c.frame(from >> frameShift)
			unpack(dst[:n], p, width, in, base)
			dst, from = dst[n:], from+n
		}
	case table:
		unpack(dst, c.data, c.width, from, 0)
		for i, index := range dst {
			dst[i] = graph.TermID(load(c.heads, 8*uint(index)))
		}
	case classed:
		for len(dst) > 0 {
			in := from & (frameRows - 1)
			n := min(frameRows-in, len(dst))
			c.readClassed(dst[:n], from>>frameShift, uint(in))
			dst, from = dst[n:], from+n
		}
	}
}

// readClassed reads rows of one frame, class by class.
func (c *column) readClassed(dst []graph.TermID, f int, in uint) {
	t := c.class
	left := maskOf(uint(len(dst)))
	for i := 0; left != 0; i++ { // every row has a class: checkCounts
		all := c.members(f, i)
		m := all >> in & maskOf(uint(len(dst)))
		if m == 0 {
			continue
		}
		at := t.count(f, i) + bits.OnesCount64(all&maskOf(in))
		if m == maskOf(uint(len(dst))) {
			unpack(dst, t.data[i], t.width[i], at, t.base[i])
			return
		}
		left &^= m
		if t.width[i] == 0 {
			scatterOne(dst, m, graph.TermID(t.base[i]))
			continue
		}
		scatter(dst, m, t.data[i], t.width[i], at, t.base[i])
	}
}

// scatter writes the numbers from, from+1, … packed at p, plus base, to the
// rows that have a bit.
func scatter(dst []graph.TermID, m uint64, p unsafe.Pointer, width uint, from int, base uint64) {
	mask := maskOf(width)
	for bit := uint(from) * width; m != 0; m &= m - 1 {
		if row := bits.TrailingZeros64(m); row < len(dst) {
			dst[row] = graph.TermID(load(p, bit>>3)>>(bit&7)&mask + base)
		}
		bit += width
	}
}

// scatterOne writes a value to the rows that have a bit.
func scatterOne(dst []graph.TermID, m uint64, value graph.TermID) {
	for ; m != 0; m &= m - 1 {
		if row := bits.TrailingZeros64(m); row < len(dst) {
			dst[row] = value
		}
	}
}
