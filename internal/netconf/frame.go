package netconf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// eom ends a message of base:1.0 and every hello (RFC 6242 §4.3).
var eom = []byte("]]>]]>")

// maxChunkBytes is the largest chunk that the framing can state (RFC 6242 §4.2).
const maxChunkBytes = 1<<32 - 1

// frameReader takes messages off a transport. It is for one goroutine.
type frameReader struct {
	r       *bufio.Reader
	chunked bool
	limit   int64 // bytes of one message
}

func newFrameReader(r io.Reader, limit int64) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(r, 64<<10), limit: limit}
}

// next returns the next message, to be read to its end before the one behind
// it. io.EOF means that the transport ended between messages.
func (f *frameReader) next() (*message, error) {
	m := &message{f: f, left: f.limit}
	if f.chunked {
		if _, err := f.r.Peek(1); err != nil {
			return nil, err
		}
		return m, m.chunkHeader()
	}
	// Some servers put white space between messages.
	for {
		c, err := f.r.ReadByte()
		if err != nil {
			return nil, err
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return m, f.r.UnreadByte()
		}
	}
}

// message reads the content of one message; it ends with io.EOF. A transport
// that ends inside is io.ErrUnexpectedEOF.
type message struct {
	f     *frameReader
	chunk int64 // bytes left of the current chunk
	left  int64 // bytes that the message may still have
	done  bool
	one   [1]byte
}

// ReadByte keeps encoding/xml from reading further than it needs.
func (m *message) ReadByte() (byte, error) {
	_, err := io.ReadFull(m, m.one[:])
	return m.one[0], err
}

// Read reads up to len(p) bytes of the content.
func (m *message) Read(p []byte) (int, error) {
	if m.done {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := m.read(p)
	if m.left -= int64(n); m.left < 0 {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, m.f.limit)
	}
	if err == io.EOF && !m.done {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (m *message) read(p []byte) (int, error) {
	if !m.f.chunked {
		return m.readDelimited(p)
	}
	if m.chunk == 0 {
		if err := m.chunkHeader(); err != nil {
			return 0, err
		}
	}
	if int64(len(p)) > m.chunk {
		p = p[:m.chunk]
	}
	n, err := m.f.r.Read(p)
	m.chunk -= int64(n)
	return n, err
}

// readDelimited hands out what cannot be the beginning of the end mark.
func (m *message) readDelimited(p []byte) (int, error) {
	r := m.f.r
	for want := 1; ; {
		if _, err := r.Peek(want); err != nil {
			return 0, err
		}
		buf, _ := r.Peek(r.Buffered())
		n := bytes.Index(buf, eom)
		if n == 0 {
			m.done = true
			_, err := r.Discard(len(eom))
			if err == nil {
				err = io.EOF
			}
			return 0, err
		}
		if n < 0 {
			n = len(buf) - heldBack(buf)
		}
		if n > 0 {
			n = copy(p, buf[:n])
			_, err := r.Discard(n)
			return n, err
		}
		want = len(buf) + 1
	}
}

// heldBack is how many bytes at the end of buf may begin the end mark.
func heldBack(buf []byte) int {
	for n := min(len(eom)-1, len(buf)); n > 0; n-- {
		if bytes.HasSuffix(buf, eom[:n]) {
			return n
		}
	}
	return 0
}

// chunkHeader reads LF # size LF, or LF # # LF, which ends the message
// (RFC 6242 §4.2).
func (m *message) chunkHeader() error {
	if err := m.expect("\n#"); err != nil {
		return err
	}
	c, err := m.f.r.ReadByte()
	switch {
	case err != nil:
		return unexpected(err)
	case c == '#':
		if err := m.expect("\n"); err != nil {
			return err
		}
		if m.left == m.f.limit {
			return fmt.Errorf("%w: a message without chunks (RFC 6242 §4.2)", ErrProtocol)
		}
		m.done = true
		return io.EOF
	case c < '1' || c > '9':
		return fmt.Errorf("%w: a chunk size begins with %q (RFC 6242 §4.2)", ErrProtocol, c)
	}
	size := int64(c - '0')
	for {
		c, err := m.f.r.ReadByte()
		switch {
		case err != nil:
			return unexpected(err)
		case c == '\n':
			m.chunk = size
			if size > m.left {
				return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, m.f.limit)
			}
			return nil
		case c < '0' || c > '9':
			return fmt.Errorf("%w: %q in a chunk size (RFC 6242 §4.2)", ErrProtocol, c)
		}
		if size = 10*size + int64(c-'0'); size > maxChunkBytes {
			return fmt.Errorf("%w: a chunk of more than %d bytes (RFC 6242 §4.2)", ErrProtocol, int64(maxChunkBytes))
		}
	}
}

func (m *message) expect(text string) error {
	for i := range len(text) {
		c, err := m.f.r.ReadByte()
		if err != nil {
			return unexpected(err)
		}
		if c != text[i] {
			return fmt.Errorf("%w: %q where a chunk header should have %q (RFC 6242 §4.2)", ErrProtocol, c, text[i])
		}
	}
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// appendFrame appends body as one framed message. A body that holds the end
// mark cannot be sent with base:1.0 framing.
func appendFrame(out, body []byte, chunked bool) ([]byte, error) {
	if !chunked {
		if bytes.Contains(body, eom) {
			return out, fmt.Errorf("%w: it holds %s, which ends a message of base:1.0", ErrRequest, eom)
		}
		return append(append(out, body...), eom...), nil
	}
	if len(body) == 0 {
		return out, fmt.Errorf("%w: it is empty", ErrRequest)
	}
	for len(body) > 0 {
		n := min(int64(len(body)), maxChunkBytes)
		out = fmt.Appendf(out, "\n#%d\n", n)
		out = append(out, body[:n]...)
		body = body[n:]
	}
	return append(out, "\n##\n"...), nil
}
