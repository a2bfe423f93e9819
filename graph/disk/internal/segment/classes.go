package segment

import (
	"encoding/binary"
	"math/bits"

	"nettwin/graph"
)

// The classed codec is for columns of mixed types, such as objects sorted by
// subject: up to maxClasses ranges of values, each with its own base and
// width. Which class a row has is told by bits.Len(classes-1) planes of one
// bit a row; its place among the values of the class by a count at each frame
// and the rows of the class before it in the frame.
//
//	8 × classes            base of each class
//	classes                width of each class; padded to 8
//	2 × classes × (frames+1)  rows of each class before each frame, and in all; padded to 8
//	8 × planes × frames    bit i of plane j of frame f: bit j of the class of row 64f+i
//	per class              its values - base, packed; padded to 8
//
// Rows past the last one have class 0 in the planes and are not counted.
const maxClasses = 16

func planesOf(classes int) int { return bits.Len(uint(classes - 1)) }

// classer chooses and writes classes. Ranges are made of buckets, which order
// values as numbers: by tag, then by length in bits or what takes its place.
type classer struct {
	count   [numBuckets]int32
	lo, hi  [numBuckets]uint64
	ranges  []valueRange
	best    []valueRange
	classOf [numBuckets]uint8
	rows    [BlockRows]uint8
}

type valueRange struct {
	lo, hi uint64
	n      int
	last   int // bucket
}

const (
	subBuckets = 16
	numBuckets = 16 * subBuckets
)

// bucketOf puts small strings of one length and decimals of one scale
// together, since that is in their upper bits; other payloads by 4 bits of length.
func bucketOf(id graph.TermID) int {
	tag, p := id.Tag(), id.Payload()
	sub := (bits.Len64(p) + 3) / 4
	if tag == graph.TagString || tag == graph.TagDecimal {
		sub = int(p >> 56)
	}
	return int(tag)*subBuckets + sub
}

func (r valueRange) width() uint { return widthOf(r.hi - r.lo) }

// bits is what the range's rows and its part of the tables take.
func (r valueRange) bits(frames int) int {
	return r.n*int(r.width()) + 64 + 8 + 16*(frames+1) + 32
}

// plan finds the ranges that take least room, joining neighbours one by one;
// false if one class is best, for which there are simpler codecs.
func (c *classer) plan(col []graph.TermID) (plan, bool) {
	c.fillBuckets(col)
	frames := framesOf(len(col))
	bestBits := -1
	for len(c.ranges) > 1 {
		if len(c.ranges) <= maxClasses {
			total := len(col) * planesOf(len(c.ranges))
			for _, r := range c.ranges {
				total += r.bits(frames)
			}
			if bestBits < 0 || total < bestBits {
				bestBits = total
				c.best = append(c.best[:0], c.ranges...)
			}
		}
		c.joinCheapest()
	}
	if bestBits < 0 {
		return plan{}, false
	}
	return plan{classed, uint8(len(c.best)), c.bytes(len(col))}, true
}

func (c *classer) fillBuckets(col []graph.TermID) {
	clear(c.count[:])
	for _, id := range col {
		b, v := bucketOf(id), uint64(id)
		if c.count[b] == 0 {
			c.lo[b], c.hi[b] = v, v
		} else {
			c.lo[b], c.hi[b] = min(c.lo[b], v), max(c.hi[b], v)
		}
		c.count[b]++
	}
	c.ranges = c.ranges[:0]
	for b, n := range c.count {
		if n > 0 {
			c.ranges = append(c.ranges, valueRange{c.lo[b], c.hi[b], int(n), b})
		}
	}
}

func join(a, b valueRange) valueRange { return valueRange{a.lo, b.hi, a.n + b.n, b.last} }

func (c *classer) joinCheapest() {
	at, least := 0, int(^uint(0)>>1)
	for i := range len(c.ranges) - 1 {
		a, b := c.ranges[i], c.ranges[i+1]
		j := join(a, b)
		extra := j.n*int(j.width()) - a.n*int(a.width()) - b.n*int(b.width())
		if extra < least {
			at, least = i, extra
		}
	}
	c.ranges[at] = join(c.ranges[at], c.ranges[at+1])
	c.ranges = append(c.ranges[:at+1], c.ranges[at+2:]...)
}

func (c *classer) bytes(rows int) int {
	k, frames := len(c.best), framesOf(rows)
	n := 8*k + round8(k) + round8(2*k*(frames+1)) + 8*planesOf(k)*frames
	for _, r := range c.best {
		n += packedBytes(r.n, r.width())
	}
	return n
}

func (c *classer) put(pack *packer, col []graph.TermID) {
	k := len(c.best)
	for _, r := range c.best {
		pack.out = binary.LittleEndian.AppendUint64(pack.out, r.lo)
	}
	for _, r := range c.best {
		pack.out = append(pack.out, byte(r.width()))
	}
	pack.out = pad8(pack.out)
	bucket := 0
	for i, r := range c.best {
		for ; bucket <= r.last; bucket++ {
			c.classOf[bucket] = uint8(i)
		}
	}
	for i, id := range col {
		c.rows[i] = c.classOf[bucketOf(id)]
	}
	c.putCounts(pack, len(col), k)
	c.putPlanes(pack, len(col), planesOf(k))
	for i, r := range c.best {
		width := r.width()
		for row, id := range col {
			if int(c.rows[row]) == i {
				pack.put(uint64(id)-r.lo, width)
			}
		}
		pack.flush()
	}
}

func (c *classer) putCounts(pack *packer, rows, k int) {
	var counts [maxClasses]uint16
	for f := 0; ; f++ {
		for _, n := range counts[:k] {
			pack.out = binary.LittleEndian.AppendUint16(pack.out, n)
		}
		if f*frameRows >= rows {
			break
		}
		for _, class := range c.rows[f*frameRows : min((f+1)*frameRows, rows)] {
			counts[class]++
		}
	}
	pack.out = pad8(pack.out)
}

func (c *classer) putPlanes(pack *packer, rows, planes int) {
	for at := 0; at < rows; at += frameRows {
		for j := range planes {
			var word uint64
			for i, class := range c.rows[at:min(at+frameRows, rows)] {
				word |= uint64(class>>j&1) << i
			}
			pack.out = binary.LittleEndian.AppendUint64(pack.out, word)
		}
	}
}
