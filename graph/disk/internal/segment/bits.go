package segment

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"nettwin/graph"
)

// Packed numbers lie one after the other, width bits each, least significant
// bit first. Widths are 0 to maxPackedWidth, or 64: then one load of 8 bytes
// and a shift by at most 7 bits reads any of them.
const (
	maxPackedWidth = 57

	// tailBytes follow the last column of a block, so that such a load never
	// leaves it.
	tailBytes = 8
)

// widthOf returns the width that holds v.
func widthOf(v uint64) uint {
	w := uint(bits.Len64(v))
	if w > maxPackedWidth {
		return 64
	}
	return w
}

func maskOf(width uint) uint64 { return 1<<width - 1 }

// load reads 8 bytes at p+off. The caller knows that they are there (I7).
func load(p unsafe.Pointer, off uint) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

// packedAt returns number i of those packed at p.
func packedAt(p unsafe.Pointer, width uint, i int) uint64 {
	bit := uint(i) * width
	return load(p, bit>>3) >> (bit & 7) & maskOf(width)
}

// unpack adds base to the numbers from, from+1, … packed at p and writes them
// to dst. 8 numbers take width bytes, so groups of 8 begin at bit 0 of a byte
// and have kernels.
func unpack(dst []graph.TermID, p unsafe.Pointer, width uint, from int, base uint64) {
	for len(dst) > 0 && from&7 != 0 {
		dst[0] = graph.TermID(packedAt(p, width, from) + base)
		dst, from = dst[1:], from+1
	}
	n := len(dst) &^ 7
	kernels[width](dst[:n], unsafe.Add(p, uint(from>>3)*width), base)
	for i := n; i < len(dst); i++ {
		dst[i] = graph.TermID(packedAt(p, width, from+i) + base)
	}
}

// packer appends packed numbers to out.
type packer struct {
	out  []byte
	word uint64
	used uint // bits of word
}

func (k *packer) put(v uint64, width uint) {
	k.word |= v << k.used
	if k.used+width < 64 {
		k.used += width
		return
	}
	k.out = binary.LittleEndian.AppendUint64(k.out, k.word)
	k.word = 0
	if k.used > 0 {
		k.word = v >> (64 - k.used)
	}
	k.used = k.used + width - 64
}

// flush writes the last word, so that out stays a multiple of 8 bytes long.
func (k *packer) flush() {
	if k.used > 0 {
		k.out = binary.LittleEndian.AppendUint64(k.out, k.word)
	}
	k.word, k.used = 0, 0
}

// packedBytes is the length of n packed numbers after flush.
func packedBytes(n int, width uint) int { return (n*int(width) + 63) / 64 * 8 }

// pad8 appends zeros up to a multiple of 8.
func pad8(b []byte) []byte {
	for len(b)&7 != 0 {
		b = append(b, 0)
	}
	return b
}

func round8(n int) int { return (n + 7) &^ 7 }
