package netconf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Errors of reading messages; all of them end the session (RFC 6242 §4.2).
var (
	ErrFraming = errors.New("malformed framing")
	ErrTooLong = errors.New("message too long")
)

// endOfMessage ends messages in base:1.0 and hellos (RFC 6242 §4.3).
const endOfMessage = "]]>]]>"

// maxSizeDigits is the length of the greatest chunk size, 4294967295.
const maxSizeDigits = 10

// A frameReader reads messages in either framing.
type frameReader struct {
	in       *bufio.Reader
	chunked  bool
	maxBytes int
}

// next returns the next message. io.EOF means that the stream ended between
// messages.
func (f *frameReader) next() ([]byte, error) {
	if f.chunked {
		return f.nextChunked()
	}
	return f.nextDelimited()
}

func (f *frameReader) nextDelimited() ([]byte, error) {
	var message []byte
	for {
		part, err := f.in.ReadSlice('>')
		message = append(message, part...)
		if bytes.HasSuffix(message, []byte(endOfMessage)) && len(message) <= f.maxBytes+len(endOfMessage) {
			return message[:len(message)-len(endOfMessage)], nil
		}
		if len(message) > f.maxBytes+len(endOfMessage) {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, f.maxBytes)
		}
		switch {
		case err == nil || errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(bytes.TrimSpace(message)) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// nextChunked reads chunks up to the end of a message (RFC 6242 §4.2):
//
//	message = 1*("\n#" size "\n" octets) "\n##\n"
func (f *frameReader) nextChunked() ([]byte, error) {
	var message []byte
	for first := true; ; first = false {
		size, err := f.chunkHeader(first)
		if err != nil {
			return nil, err
		}
		if size == 0 {
			return message, nil
		}
		if size > int64(f.maxBytes-len(message)) {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, f.maxBytes)
		}
		from := len(message)
		message = append(message, make([]byte, size)...)
		if _, err := io.ReadFull(f.in, message[from:]); err != nil {
			return nil, cut(err)
		}
	}
}

// chunkHeader returns the size of the chunk that follows, 0 at the end of the
// message.
func (f *frameReader) chunkHeader(first bool) (int64, error) {
	c, err := f.in.ReadByte()
	if err == io.EOF && first {
		return 0, io.EOF
	}
	if err != nil {
		return 0, cut(err)
	}
	if c != '\n' {
		return 0, fmt.Errorf("%w: %q where a chunk begins", ErrFraming, c)
	}
	if c, err = f.in.ReadByte(); err != nil || c != '#' {
		if err == nil {
			err = fmt.Errorf("%w: %q where a chunk begins", ErrFraming, c)
		}
		return 0, cut(err)
	}
	return f.chunkSize(first)
}

func (f *frameReader) chunkSize(first bool) (int64, error) {
	var digits []byte
	for {
		c, err := f.in.ReadByte()
		if err != nil {
			return 0, cut(err)
		}
		if c == '\n' {
			break
		}
		if len(digits) == maxSizeDigits {
			return 0, fmt.Errorf("%w: chunk size %q…", ErrFraming, digits)
		}
		digits = append(digits, c)
	}
	if string(digits) == "#" && !first {
		return 0, nil
	}
	size, err := strconv.ParseUint(string(digits), 10, 32)
	if err != nil || digits[0] < '1' || digits[0] > '9' {
		return 0, fmt.Errorf("%w: chunk size %q", ErrFraming, digits)
	}
	return int64(size), nil
}

// cut tells the end of the stream within a message.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// frame puts a message into its framing, in chunks of at most chunkBytes.
func frame(message []byte, chunked bool, chunkBytes int) []byte {
	if !chunked {
		return append(bytes.Clone(message), endOfMessage...)
	}
	framed := make([]byte, 0, len(message)+32)
	for len(message) > 0 {
		size := min(len(message), chunkBytes)
		framed = append(framed, "\n#"...)
		framed = append(strconv.AppendInt(framed, int64(size), 10), '\n')
		framed = append(framed, message[:size]...)
		message = message[size:]
	}
	return append(framed, "\n##\n"...)
}
