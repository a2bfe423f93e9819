package mdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Errors of messages.
var (
	// ErrMessage: a message that cannot be.
	ErrMessage = errors.New("damaged message")
	// ErrEncoding: content that only a file of the maker would explain.
	ErrEncoding = errors.New("encoding is not read")
)

// Wire types of protocol buffers.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// wireField is one field of a message in protocol buffers.
type wireField struct {
	number uint64
	kind   uint8
	n      uint64 // of numbers
	bytes  []byte
}

func (f wireField) float64() float64 { return math.Float64frombits(f.n) }
func (f wireField) float32() float64 { return float64(math.Float32frombits(uint32(f.n))) }

// zigzag reads a number of the types sint32 and sint64.
func (f wireField) zigzag() int64 { return int64(f.n>>1) ^ -int64(f.n&1) }

// fields calls f for each field of a message.
func fields(b []byte, f func(wireField) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 {
			return fmt.Errorf("%w: a tag ends too early", ErrMessage)
		}
		b = b[n:]
		field := wireField{number: tag >> 3, kind: uint8(tag & 7)}
		size := 0
		switch field.kind {
		case wireVarint:
			if field.n, size = binary.Uvarint(b); size <= 0 {
				return fmt.Errorf("%w: field %d: a number ends too early", ErrMessage, field.number)
			}
		case wireFixed64, wireFixed32:
			if size = 8; field.kind == wireFixed32 {
				size = 4
			}
			if len(b) < size {
				return fmt.Errorf("%w: field %d ends too early", ErrMessage, field.number)
			}
			var wide [8]byte
			copy(wide[:], b[:size])
			field.n = binary.LittleEndian.Uint64(wide[:])
		case wireBytes:
			length, n := binary.Uvarint(b)
			if n <= 0 || length > uint64(len(b)-n) {
				return fmt.Errorf("%w: field %d ends too early", ErrMessage, field.number)
			}
			field.bytes, size = b[n:n+int(length)], n+int(length)
		default:
			return fmt.Errorf("%w: field %d has the wire type %d", ErrMessage, field.number, field.kind)
		}
		b = b[size:]
		if err := f(field); err != nil {
			return err
		}
	}
	return nil
}
