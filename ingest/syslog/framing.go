package syslog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Errors of a stream.
var (
	// ErrTooLong: a message is longer than Options.MaxMessage. It is skipped.
	ErrTooLong = errors.New("syslog: the message is too long")
	// ErrFraming: a frame's length is not as RFC 6587 §3.4.1 has it. The
	// stream cannot be read on.
	ErrFraming = errors.New("syslog: broken framing")
)

// frames reads the messages of a stream (RFC 6587 §3.4): with their length
// before them, or ended by a newline; each frame tells by its first octet.
type frames struct {
	r   *bufio.Reader
	max int
	at  int64 // octets of the stream before the frame
}

func newFrames(r io.Reader, limit int) *frames {
	return &frames{r: bufio.NewReaderSize(r, limit+maxLength+1), max: limit}
}

// maxLength is how many digits a length has.
const maxLength = 9

// next returns a message, io.EOF behind the last, ErrTooLong for one that was
// skipped. The bytes are valid until the next call.
func (f *frames) next() ([]byte, error) {
	for {
		first, err := f.r.Peek(1)
		if err != nil {
			return nil, err
		}
		switch c := first[0]; {
		case c == '\n' || c == '\r' || c == 0: // between lines
			_, _ = f.r.Discard(1)
			f.at++
			continue
		case c >= '1' && c <= '9':
			return f.counted()
		}
		return f.line()
	}
}

// counted reads a frame of octet counting.
func (f *frames) counted() ([]byte, error) {
	n, digits := 0, 0
	for {
		c, err := f.r.ReadByte()
		if err != nil {
			return nil, unexpected(err)
		}
		if c == ' ' {
			break
		}
		if digits++; c < '0' || c > '9' || digits > maxLength {
			return nil, fmt.Errorf("octet %d of the stream: %w: a length with %q", f.at, ErrFraming, c)
		}
		n = 10*n + int(c-'0')
	}
	at := f.at
	f.at += int64(digits + 1 + n)
	if n > f.max {
		if _, err := f.r.Discard(n); err != nil {
			return nil, unexpected(err)
		}
		return nil, fmt.Errorf("octet %d of the stream: %w: %d octets, at most %d", at, ErrTooLong, n, f.max)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(f.r, b); err != nil {
		return nil, unexpected(err)
	}
	return b, nil
}

// line reads a frame that a newline or a NUL ends, or the stream's end.
func (f *frames) line() ([]byte, error) {
	var b []byte
	at, long := f.at, false
	for {
		c, err := f.r.ReadByte()
		if err != nil {
			if errors.Is(err, io.EOF) && len(b) > 0 {
				break
			}
			return nil, err
		}
		f.at++
		if c == '\n' || c == 0 {
			break
		}
		if long = long || len(b) >= f.max; !long {
			b = append(b, c)
		}
	}
	if long {
		return nil, fmt.Errorf("octet %d of the stream: %w: a line of more than %d octets", at, ErrTooLong, f.max)
	}
	return b, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
