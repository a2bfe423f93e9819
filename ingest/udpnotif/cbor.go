package udpnotif

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// maxCBORDepth bounds how deep values may nest.
const maxCBORDepth = 128

// cborToJSON rewrites CBOR whose names are texts (RFC 9254 §3.3) as JSON. Names
// by number (YANG SIDs) need a table that nobody has here and are an error.
func cborToJSON(b []byte) ([]byte, error) {
	c := &cbor{b: b}
	if err := c.value(0); err != nil {
		return nil, fmt.Errorf("cbor: octet %d: %w", c.at, err)
	}
	if c.at < len(b) {
		return nil, fmt.Errorf("cbor: octet %d: something stands behind the end", c.at)
	}
	return c.out, nil
}

type cbor struct {
	b   []byte
	at  int
	out []byte
}

// Major types (RFC 8949 §3.1).
const (
	cborUnsigned = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

// indefinite stands for a length that a break ends.
const indefinite = math.MaxUint64

// head reads major type and argument.
func (c *cbor) head() (major byte, n uint64, err error) {
	if c.at >= len(c.b) {
		return 0, 0, fmt.Errorf("%w: it ends too early", ErrHeader)
	}
	first := c.b[c.at]
	c.at++
	major, info := first>>5, first&31
	switch {
	case info < 24:
		return major, uint64(info), nil
	case info <= 27:
		size := 1 << (info - 24)
		if len(c.b)-c.at < size {
			return 0, 0, fmt.Errorf("%w: it ends too early", ErrHeader)
		}
		var wide [8]byte
		copy(wide[8-size:], c.b[c.at:c.at+size])
		c.at += size
		return major, binary.BigEndian.Uint64(wide[:]), nil
	case info == 31 && major >= cborBytes && major <= cborMap:
		return major, indefinite, nil
	}
	return 0, 0, fmt.Errorf("%w: additional information %d of major type %d", ErrHeader, info, major)
}

// ends tells whether a break is next, and passes over it.
func (c *cbor) ends() bool {
	if c.at < len(c.b) && c.b[c.at] == 0xFF {
		c.at++
		return true
	}
	return false
}

func (c *cbor) value(depth int) error {
	if depth > maxCBORDepth {
		return fmt.Errorf("%w: values nest deeper than %d", ErrHeader, maxCBORDepth)
	}
	wide := c.at < len(c.b) && c.b[c.at] == 0xFB
	half := c.at < len(c.b) && c.b[c.at] == 0xF9
	single := c.at < len(c.b) && c.b[c.at] == 0xFA
	major, n, err := c.head()
	if err != nil {
		return err
	}
	switch major {
	case cborUnsigned:
		c.out = strconv.AppendUint(c.out, n, 10)
	case cborNegative:
		if n > math.MaxInt64 {
			return fmt.Errorf("%w: a number below that of 64 bits", ErrHeader)
		}
		c.out = strconv.AppendInt(c.out, -1-int64(n), 10)
	case cborBytes, cborText:
		text, err := c.text(major, n)
		if err != nil {
			return err
		}
		c.quote(text)
	case cborArray:
		return c.array(n, depth)
	case cborMap:
		return c.object(n, depth)
	case cborTag:
		return c.tagged(n, depth)
	default:
		switch {
		case wide:
			c.float(math.Float64frombits(n))
		case single:
			c.float(float64(math.Float32frombits(uint32(n))))
		case half:
			c.float(halfFloat(uint16(n)))
		default:
			return c.simple(n)
		}
	}
	return nil
}

func (c *cbor) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		c.out = append(c.out, "null"...)
		return
	}
	c.out = strconv.AppendFloat(c.out, f, 'f', -1, 64)
}

// halfFloat reads a number of 16 bits (RFC 8949 Appendix D).
func halfFloat(h uint16) float64 {
	exponent, mantissa := int(h>>10&0x1F), float64(h&0x3FF)
	value := math.Inf(1)
	switch {
	case exponent == 0:
		value = math.Ldexp(mantissa, -24)
	case exponent != 31:
		value = math.Ldexp(mantissa+1024, exponent-25)
	case mantissa != 0:
		return math.NaN()
	}
	if h>>15 == 1 {
		return -value
	}
	return value
}

func (c *cbor) simple(n uint64) error {
	switch n {
	case 20:
		c.out = append(c.out, "false"...)
	case 21:
		c.out = append(c.out, "true"...)
	case 22, 23: // null is the value of an empty leaf, as in JSON
		c.out = append(c.out, "[null]"...)
	default:
		return fmt.Errorf("%w: simple value %d", ErrHeader, n)
	}
	return nil
}

// tagDecimal is a decimal fraction: an array of exponent and mantissa
// (RFC 8949 §3.4.4), which decimal64 is written as.
const tagDecimal = 4

func (c *cbor) tagged(tag uint64, depth int) error {
	if tag != tagDecimal {
		return c.value(depth + 1)
	}
	inner := &cbor{b: c.b, at: c.at}
	major, n, err := inner.head()
	if err != nil || major != cborArray || n != 2 {
		return fmt.Errorf("%w: a decimal fraction that is no pair", ErrHeader)
	}
	var parts [2]int64
	for i := range parts {
		major, n, err := inner.head()
		if err != nil || major > cborNegative || n > math.MaxInt64 {
			return fmt.Errorf("%w: a decimal fraction of what is no number", ErrHeader)
		}
		parts[i] = int64(n)
		if major == cborNegative {
			parts[i] = -1 - parts[i]
		}
	}
	c.at = inner.at
	if parts[0] > 0 || parts[0] < -18 { // decimal64 has 1 to 18 fraction digits
		return fmt.Errorf("%w: a decimal fraction with the exponent %d", ErrHeader, parts[0])
	}
	c.quote([]byte(decimal(parts[1], int(-parts[0]))))
	return nil
}

// decimal writes a mantissa with so many digits behind the point.
func decimal(mantissa int64, digits int) string {
	sign, text := "", strconv.FormatInt(mantissa, 10)
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	for len(text) <= digits {
		text = "0" + text
	}
	if digits == 0 {
		return sign + text
	}
	return sign + text[:len(text)-digits] + "." + text[len(text)-digits:]
}

// text reads a string; octets become base64, as YANG's binary is written.
func (c *cbor) text(major byte, n uint64) ([]byte, error) {
	var raw []byte
	if n != indefinite {
		part, err := c.octets(n)
		if err != nil {
			return nil, err
		}
		raw = part
	} else {
		for !c.ends() {
			m, n, err := c.head()
			if err != nil || m != major || n == indefinite {
				return nil, fmt.Errorf("%w: a part of a string that is none", ErrHeader)
			}
			part, err := c.octets(n)
			if err != nil {
				return nil, err
			}
			raw = append(raw, part...)
		}
	}
	if major == cborBytes {
		return []byte(base64.StdEncoding.EncodeToString(raw)), nil
	}
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("%w: a text that is not UTF-8", ErrHeader)
	}
	return raw, nil
}

func (c *cbor) octets(n uint64) ([]byte, error) {
	if n > uint64(len(c.b)-c.at) {
		return nil, fmt.Errorf("%w: a string that ends too early", ErrHeader)
	}
	part := c.b[c.at : c.at+int(n)]
	c.at += int(n)
	return part, nil
}

func (c *cbor) array(n uint64, depth int) error {
	c.out = append(c.out, '[')
	for i := uint64(0); n == indefinite || i < n; i++ {
		if n == indefinite && c.ends() {
			break
		}
		if i > 0 {
			c.out = append(c.out, ',')
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
	c.out = append(c.out, ']')
	return nil
}

func (c *cbor) object(n uint64, depth int) error {
	c.out = append(c.out, '{')
	for i := uint64(0); n == indefinite || i < n; i++ {
		if n == indefinite && c.ends() {
			break
		}
		if i > 0 {
			c.out = append(c.out, ',')
		}
		major, size, err := c.head()
		if err != nil {
			return err
		}
		if major == cborUnsigned || major == cborNegative || major == cborTag {
			return fmt.Errorf("%w: names by number (YANG SID)", ErrEncoding)
		}
		if major != cborText {
			return fmt.Errorf("%w: a name that is no text", ErrHeader)
		}
		name, err := c.text(major, size)
		if err != nil {
			return err
		}
		c.quote(name)
		c.out = append(c.out, ':')
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
	c.out = append(c.out, '}')
	return nil
}

// quote writes a JSON string.
func (c *cbor) quote(text []byte) {
	const digits = "0123456789abcdef"
	c.out = append(c.out, '"')
	for _, b := range text {
		switch {
		case b == '"' || b == '\\':
			c.out = append(c.out, '\\', b)
		case b < 0x20:
			c.out = append(c.out, '\\', 'u', '0', '0', digits[b>>4], digits[b&15])
		default:
			c.out = append(c.out, b)
		}
	}
	c.out = append(c.out, '"')
}
