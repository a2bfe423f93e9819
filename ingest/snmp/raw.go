package snmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"nettwin/ontology/mib"
)

// A raw item is a sequence of Response-PDUs:
//
//	A2 len                          Response-PDU (RFC 3416 §3)
//	   02 01 00                     request-id, always 0
//	   02 01 es  02 01 ei           error-status, error-index
//	   30 len                       variable-bindings
//	      30 len                    VarBind
//	         06 len …               name
//	         tag len …              value
const (
	tagSequence = 0x30
	tagResponse = 0xA2
)

// maxArcs bounds an OID (RFC 2578 §3.5).
const maxArcs = 128

// Response is one answer of an agent.
type Response struct {
	ErrorStatus, ErrorIndex int
	Varbinds                []Varbind
}

// AppendResponse appends the response to a raw item.
func AppendResponse(dst []byte, r Response) []byte {
	var name, value, bind []byte // room that all varbinds share
	list := make([]byte, 0, len(r.Varbinds)*bindBytes)
	for _, v := range r.Varbinds {
		name, value = appendOID(name[:0], v.Name), appendValue(value[:0], v)
		bind = appendTLV(appendTLV(bind[:0], TagOID, name), v.Tag, value)
		list = appendTLV(list, tagSequence, bind)
	}
	body := make([]byte, 0, len(list)+bindBytes)
	body = appendTLV(body, TagInteger, appendInt(nil, 0))
	body = appendTLV(body, TagInteger, appendInt(nil, int64(r.ErrorStatus)))
	body = appendTLV(body, TagInteger, appendInt(nil, int64(r.ErrorIndex)))
	body = appendTLV(body, tagSequence, list)
	return appendTLV(dst, tagResponse, body)
}

// bindBytes is room for most varbinds.
const bindBytes = 32

func appendTLV(dst []byte, tag byte, value []byte) []byte {
	dst = append(dst, tag)
	n := len(value)
	switch {
	case n < 0x80:
		dst = append(dst, byte(n))
	case n < 0x100:
		dst = append(dst, 0x81, byte(n))
	case n < 0x10000:
		dst = append(dst, 0x82, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, value...)
}

func appendValue(dst []byte, v Varbind) []byte {
	switch v.Value.Kind {
	case mib.Number:
		if v.Value.Big != 0 {
			return binary.BigEndian.AppendUint64(append(dst, 0), v.Value.Big)
		}
		return appendInt(dst, v.Value.Int)
	case mib.Bytes:
		return append(dst, v.Value.Bytes...)
	case mib.ObjectID:
		return appendOID(dst, v.Value.OID)
	}
	return dst
}

func appendInt(dst []byte, n int64) []byte {
	start := len(dst)
	for shift := 56; shift >= 0; shift -= 8 {
		c := byte(n >> shift)
		if len(dst) == start && shift > 0 {
			// Leading octets that only repeat the sign are left out (X.690 §8.3.2).
			next := byte(n >> (shift - 8))
			if c == 0 && next < 0x80 || c == 0xff && next >= 0x80 {
				continue
			}
		}
		dst = append(dst, c)
	}
	return dst
}

func appendOID(dst []byte, oid []uint32) []byte {
	var first [2]uint32 // an OID of fewer arcs ends with zeros
	copy(first[:], oid)
	dst = appendArc(dst, uint64(first[0])*40+uint64(first[1]))
	for _, arc := range oid[min(2, len(oid)):] {
		dst = appendArc(dst, uint64(arc))
	}
	return dst
}

func appendArc(dst []byte, n uint64) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	for shift := 63; shift > 0; shift -= 7 {
		if n>>shift > 0 {
			dst = append(dst, byte(n>>shift)|0x80)
		}
	}
	return append(dst, byte(n)&0x7f)
}

// errShort: a length reaches beyond the item's end.
var errShort = errors.New("the item ends early")

// DecodeResponses reads a raw item. An error names the octet; what was read
// before it is returned.
func DecodeResponses(raw []byte) ([]Response, error) {
	var out []Response
	d := decoder{b: raw}
	for d.pos < len(raw) {
		r, err := d.response()
		if err != nil {
			return out, fmt.Errorf("snmp: raw item: octet %d: %w", d.pos, err)
		}
		out = append(out, r)
	}
	return out, nil
}

type decoder struct {
	b   []byte
	pos int
}

// tlv reads a header; the value is d.b[d.pos:end].
func (d *decoder) tlv() (tag byte, end int, err error) {
	if len(d.b)-d.pos < 2 {
		return 0, 0, errShort
	}
	tag = d.b[d.pos]
	n := int(d.b[d.pos+1])
	d.pos += 2
	if n >= 0x80 {
		octets := n & 0x7f
		if octets == 0 || octets > 4 {
			return 0, 0, fmt.Errorf("a length of %d octets", octets)
		}
		if len(d.b)-d.pos < octets {
			return 0, 0, errShort
		}
		n = 0
		for range octets {
			n = n<<8 | int(d.b[d.pos])
			d.pos++
		}
	}
	if n > len(d.b)-d.pos {
		return 0, 0, errShort
	}
	return tag, d.pos + n, nil
}

func (d *decoder) enter(want byte) (end int, err error) {
	tag, end, err := d.tlv()
	if err == nil && tag != want {
		err = fmt.Errorf("tag 0x%02x, expected 0x%02x", tag, want)
	}
	return end, err
}

func (d *decoder) response() (r Response, err error) {
	if _, err = d.enter(tagResponse); err != nil {
		return r, err
	}
	var head [3]int
	for i := range head {
		end, err := d.enter(TagInteger)
		if err != nil {
			return r, err
		}
		n, err := decodeInt(d.b[d.pos:end])
		if err != nil {
			return r, err
		}
		head[i], d.pos = int(n), end
	}
	r.ErrorStatus, r.ErrorIndex = head[1], head[2]
	end, err := d.enter(tagSequence)
	if err != nil {
		return r, err
	}
	for d.pos < end {
		v, err := d.varbind()
		if err != nil {
			return r, err
		}
		r.Varbinds = append(r.Varbinds, v)
	}
	return r, nil
}

func (d *decoder) varbind() (v Varbind, err error) {
	if _, err = d.enter(tagSequence); err != nil {
		return v, err
	}
	end, err := d.enter(TagOID)
	if err != nil {
		return v, err
	}
	if v.Name, err = decodeOID(d.b[d.pos:end]); err != nil {
		return v, err
	}
	d.pos = end
	if v.Tag, end, err = d.tlv(); err != nil {
		return v, err
	}
	v.Value, err = decodeValue(v.Tag, d.b[d.pos:end])
	d.pos = end
	return v, err
}

func decodeValue(tag byte, b []byte) (v mib.Value, err error) {
	switch tag {
	case TagInteger, TagCounter32, TagGauge32, TagTimeTicks, TagUnsigned32, TagCounter64:
		v.Kind = mib.Number
		if len(b) == 9 && b[0] == 0 {
			for _, c := range b[1:] {
				v.Big = v.Big<<8 | uint64(c)
			}
			if v.Big <= math.MaxInt64 {
				v.Int, v.Big = int64(v.Big), 0
			}
			return v, nil
		}
		v.Int, err = decodeInt(b)
	case TagOID:
		v.Kind = mib.ObjectID
		v.OID, err = decodeOID(b)
	case TagNull, TagNoSuchObject, TagNoSuchInstance, TagEndOfMIBView:
	default:
		v.Kind, v.Bytes = mib.Bytes, b
	}
	return v, err
}

func decodeInt(b []byte) (int64, error) {
	if len(b) == 0 || len(b) > 8 {
		return 0, fmt.Errorf("an integer of %d octets", len(b))
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return n, nil
}

func decodeOID(b []byte) ([]uint32, error) {
	var oid []uint32
	var n uint64
	for i, c := range b {
		if n = n<<7 | uint64(c&0x7f); n > math.MaxUint32+80 {
			return nil, errors.New("an arc of an OID above 32 bits")
		}
		if c&0x80 != 0 {
			if i == len(b)-1 {
				return nil, errors.New("an OID ends inside an arc")
			}
			continue
		}
		if oid == nil {
			first := min(n/40, 2)
			oid = append(oid, uint32(first))
			n -= 40 * first
		}
		if n > math.MaxUint32 {
			return nil, errors.New("an arc of an OID above 32 bits")
		}
		oid = append(oid, uint32(n))
		n = 0
		if len(oid) > maxArcs {
			return nil, fmt.Errorf("an OID of more than %d arcs", maxArcs)
		}
	}
	return oid, nil
}
