package snmp

import (
	"encoding/binary"

	"nettwin/internal/simulate/smi"
)

// appendElement appends an element with the given content, its length in the
// shortest form.
func appendElement(dst []byte, tag byte, content []byte) []byte {
	return append(appendHeader(dst, tag, len(content)), content...)
}

func appendHeader(dst []byte, tag byte, size int) []byte {
	dst = append(dst, tag)
	switch {
	case size < 0x80:
		return append(dst, byte(size))
	case size <= 0xff:
		return append(dst, 0x81, byte(size))
	case size <= 0xffff:
		return append(dst, 0x82, byte(size>>8), byte(size))
	default:
		return binary.BigEndian.AppendUint32(append(dst, 0x84), uint32(size))
	}
}

// appendSigned appends a number in the fewest octets of two's complement
// (X.690 §8.3).
func appendSigned(dst []byte, tag byte, n int64) []byte {
	size := 1
	for m := n; m > 127 || m < -128; m >>= 8 {
		size++
	}
	dst = append(dst, tag, byte(size))
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		dst = append(dst, byte(n>>shift))
	}
	return dst
}

func appendInt(dst []byte, n int32) []byte {
	return appendSigned(dst, byte(smi.KindInteger), int64(n))
}

// appendUnsigned appends a number that may have its highest bit set; such a
// number takes a leading zero octet, nine in all for a Counter64.
func appendUnsigned(dst []byte, tag byte, n uint64) []byte {
	if n>>63 == 0 {
		return appendSigned(dst, tag, int64(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, tag, 9, 0), n)
}

func appendOctets(dst []byte, octets string) []byte {
	return append(appendHeader(dst, byte(smi.KindOctets), len(octets)), octets...)
}

// appendOID appends an encodable OID (smi.OID.Encodable).
func appendOID(dst []byte, oid smi.OID) []byte {
	const mostOctets = smi.MaxArcs * 5
	var buf [mostOctets]byte
	content := appendArc(buf[:0], oid.Arc(0)*40+oid.Arc(1))
	for i := 2; i < oid.Len(); i++ {
		content = appendArc(content, oid.Arc(i))
	}
	return appendElement(dst, byte(smi.KindOID), content)
}

func appendArc(dst []byte, arc uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if arc>>shift != 0 {
			dst = append(dst, byte(arc>>shift)|0x80)
		}
	}
	return append(dst, byte(arc)&0x7f)
}

// appendValue appends a variable's value (RFC 3416 §3).
func appendValue(dst []byte, v smi.Value) []byte {
	switch v.Kind() {
	case smi.KindInteger:
		return appendInt(dst, v.Int())
	case smi.KindOID:
		return appendOID(dst, v.OID())
	case smi.KindCounter32, smi.KindGauge32, smi.KindTimeTicks, smi.KindCounter64:
		return appendUnsigned(dst, byte(v.Kind()), v.Uint())
	case smi.KindOctets, smi.KindOpaque, smi.KindIPAddress:
		return append(appendHeader(dst, byte(v.Kind()), len(v.Octets())), v.Octets()...)
	default:
		return append(dst, byte(smi.KindNull), 0)
	}
}
