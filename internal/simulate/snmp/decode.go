package snmp

import (
	"fmt"
	"math"

	"nettwin/internal/simulate/smi"
)

// Identifier octets beside those of smi.Kind (X.690 §8.1.2, RFC 3416 §3).
const (
	tagSequence       = 0x30
	tagNoSuchObject   = 0x80
	tagNoSuchInstance = 0x81
	tagEndOfMibView   = 0x82
)

// A decoder reads BER elements of definite length from buf[pos:end]. Decoders
// of an element's content share buf, so that positions count from the start of
// the message.
type decoder struct {
	buf      []byte
	pos, end int
}

func newDecoder(buf []byte) decoder { return decoder{buf: buf, end: len(buf)} }

func (d *decoder) more() bool { return d.pos < d.end }

func (d *decoder) bytes() []byte { return d.buf[d.pos:d.end] }

func (d *decoder) fail(format string, args ...any) error {
	return fmt.Errorf("offset %d: %s", d.pos, fmt.Sprintf(format, args...))
}

// element reads one element's header and returns a decoder of its content.
func (d *decoder) element() (tag byte, content decoder, err error) {
	if d.end-d.pos < 2 {
		return 0, content, d.fail("%d bytes left, an element needs 2", d.end-d.pos)
	}
	tag = d.buf[d.pos]
	if tag&0x1f == 0x1f {
		return 0, content, d.fail("identifier of several octets")
	}
	size, start, err := d.length(d.pos + 1)
	if err != nil {
		return 0, content, err
	}
	if size > d.end-start {
		return 0, content, d.fail("element of %d bytes, %d left", size, d.end-start)
	}
	d.pos = start + size
	return tag, decoder{buf: d.buf, pos: start, end: start + size}, nil
}

// length reads the length octets at a place (X.690 §8.1.3). Padded forms are
// accepted, the indefinite form is not (RFC 3417 §8).
func (d *decoder) length(at int) (size, start int, err error) {
	const maxLengthOctets = 4
	first := d.buf[at]
	if first < 0x80 {
		return int(first), at + 1, nil
	}
	octets := int(first & 0x7f)
	if octets == 0 || octets > maxLengthOctets {
		return 0, 0, d.fail("length octet 0x%02x", first)
	}
	if octets > d.end-at-1 {
		return 0, 0, d.fail("length is cut off")
	}
	var n uint64
	for _, b := range d.buf[at+1 : at+1+octets] {
		n = n<<8 | uint64(b)
	}
	if n > math.MaxInt32 {
		return 0, 0, d.fail("length %d", n)
	}
	return int(n), at + 1 + octets, nil
}

// expect reads an element that must have the given tag.
func (d *decoder) expect(tag byte, what string) (decoder, error) {
	at := *d
	got, content, err := d.element()
	if err != nil {
		return content, fmt.Errorf("%s: %w", what, err)
	}
	if got != tag {
		return content, fmt.Errorf("%s: %w", what, at.fail("tag 0x%02x, want 0x%02x", got, tag))
	}
	return content, nil
}

// integer reads an INTEGER within lowest and highest.
func (d *decoder) integer(what string, lowest, highest int64) (int32, error) {
	content, err := d.expect(byte(smi.KindInteger), what)
	if err != nil {
		return 0, err
	}
	octets := content.bytes()
	if len(octets) == 0 || len(octets) > 8 {
		return 0, fmt.Errorf("%s: %w", what, content.fail("INTEGER of %d octets", len(octets)))
	}
	n := int64(int8(octets[0]))
	for _, b := range octets[1:] {
		n = n<<8 | int64(b)
	}
	if n < lowest || n > highest {
		return 0, fmt.Errorf("%s: %w", what, content.fail("%d is not within %d..%d", n, lowest, highest))
	}
	return int32(n), nil
}

// octets reads an OCTET STRING; the bytes are part of the message.
func (d *decoder) octets(what string) ([]byte, error) {
	content, err := d.expect(byte(smi.KindOctets), what)
	if err != nil {
		return nil, err
	}
	return content.bytes(), nil
}

// oid reads an OBJECT IDENTIFIER (X.690 §8.19).
func (d *decoder) oid(what string) (smi.OID, error) {
	content, err := d.expect(byte(smi.KindOID), what)
	if err != nil {
		return smi.OID{}, err
	}
	var arcs [smi.MaxArcs]uint32
	n := 0
	for content.more() {
		arc, err := content.arc()
		if err != nil {
			return smi.OID{}, fmt.Errorf("%s: %w", what, err)
		}
		if n == 0 {
			arcs[0] = min(arc/40, 2)
			arc -= arcs[0] * 40
			n = 1
		}
		if n == len(arcs) {
			return smi.OID{}, fmt.Errorf("%s: %w", what, content.fail("OID of more than %d arcs", smi.MaxArcs))
		}
		arcs[n] = arc
		n++
	}
	if n == 0 {
		return smi.OID{}, fmt.Errorf("%s: %w", what, content.fail("OID without arcs"))
	}
	return smi.NewOID(arcs[:n]...), nil
}

func (d *decoder) arc() (uint32, error) {
	var n uint64
	for d.more() {
		b := d.buf[d.pos]
		d.pos++
		n = n<<7 | uint64(b&0x7f)
		if n > math.MaxUint32 {
			return 0, d.fail("arc above 2^32-1")
		}
		if b < 0x80 {
			return uint32(n), nil
		}
	}
	return 0, d.fail("OID is cut off within an arc")
}
