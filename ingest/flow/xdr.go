package flow

import "encoding/binary"

// xdr reads numbers and octets as XDR writes them (RFC 4506): big-endian, in
// units of four octets. Once something is missing, it is short and reads
// nothing more.
type xdr struct {
	b     []byte
	short bool
}

// next returns the next n octets; nil if there are not so many.
func (x *xdr) next(n int) []byte {
	if x.short || n < 0 || n > len(x.b) {
		x.short = true
		return nil
	}
	out := x.b[:n:n]
	x.b = x.b[n:]
	return out
}

func (x *xdr) uint32() uint32 {
	if b := x.next(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// opaque reads a length and so many octets, filled up to a multiple of four.
func (x *xdr) opaque() []byte {
	n := x.uint32()
	if n > uint32(len(x.b)) {
		x.short = true
		return nil
	}
	out := x.next(int(n))
	x.next(min(-int(n)&3, len(x.b))) // the last filling may be cut off
	return out
}
