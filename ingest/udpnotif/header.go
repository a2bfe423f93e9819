package udpnotif

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Media types of messages, as the newer drafts number them.
const (
	mediaJSON = 1
	mediaXML  = 2
	mediaCBOR = 3
)

// oldCBOR is CBOR in version 0.
const oldCBOR = 0

// Option types.
const (
	optionSegment  = 1
	optionEncoding = 2 // a private encoding
)

const (
	leastHeader = 12
	// optionHeader is type and length, which count in the length.
	optionHeader = 2
)

// Errors of datagrams.
var (
	// ErrHeader: a header that cannot be.
	ErrHeader = errors.New("damaged header")
	// ErrEncoding: the content is in an encoding that is not read.
	ErrEncoding = errors.New("encoding is not read")
)

// header says what a datagram carries.
type header struct {
	version   uint8
	media     uint8
	publisher uint32
	message   uint32
	segmented bool
	segment   uint16
	last      bool
}

// parse splits a datagram.
func parse(b []byte) (header, []byte, error) {
	if len(b) < leastHeader {
		return header{}, nil, fmt.Errorf("%w: %d octets", ErrHeader, len(b))
	}
	h := header{version: b[0] >> 5, media: b[0] & 15, publisher: binary.BigEndian.Uint32(b[4:]), message: binary.BigEndian.Uint32(b[8:])}
	size, length := int(b[1]), int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case h.version > 1:
		return h, nil, fmt.Errorf("%w: version %d, expected 0 or 1", ErrHeader, h.version)
	case b[0]&0x10 != 0:
		return h, nil, fmt.Errorf("%w: private media type %d", ErrEncoding, h.media)
	case size < leastHeader || size > len(b):
		return h, nil, fmt.Errorf("%w: a header of %d octets in a datagram of %d", ErrHeader, size, len(b))
	case length < size || length > len(b):
		return h, nil, fmt.Errorf("%w: a message of %d octets in a datagram of %d", ErrHeader, length, len(b))
	}
	if h.version == 0 && h.media == oldCBOR {
		h.media = mediaCBOR
	}
	if h.media < mediaJSON || h.media > mediaCBOR {
		return h, nil, fmt.Errorf("%w: media type %d", ErrEncoding, h.media)
	}
	if err := h.options(b[leastHeader:size]); err != nil {
		return h, nil, err
	}
	return h, b[size:length], nil
}

// options reads the options; those that are not known are passed over.
func (h *header) options(b []byte) error {
	for len(b) > 0 {
		if len(b) < optionHeader || int(b[1]) < optionHeader || int(b[1]) > len(b) {
			return fmt.Errorf("%w: an option that ends too early", ErrHeader)
		}
		value := b[optionHeader:b[1]]
		switch b[0] {
		case optionSegment:
			if len(value) != 2 {
				return fmt.Errorf("%w: a segment option of %d octets", ErrHeader, len(value))
			}
			n := binary.BigEndian.Uint16(value)
			h.segmented, h.segment, h.last = true, n>>1, n&1 == 1
		case optionEncoding:
			return fmt.Errorf("%w: private encoding", ErrEncoding)
		}
		b = b[b[1]:]
	}
	return nil
}
