package netconf

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func reader(in io.Reader, chunked bool) *frameReader {
	return &frameReader{in: bufio.NewReaderSize(in, 16), chunked: chunked, maxBytes: 100}
}

// Goal: messages come out of their framing whatever the chunk sizes and
// however the bytes arrive. Method: texts with parts of delimiters, framed in
// chunks of 1 to 7 bytes and delimited, read whole and byte by byte.
func TestFraming(t *testing.T) {
	messages := []string{"<a/>", "]]>]", "\n##\n", "\n#3\nabc", strings.Repeat("x>", 50)}
	for size := range 8 {
		var stream []byte
		for _, m := range messages {
			stream = append(stream, frame([]byte(m), size > 0, size)...)
		}
		for name, in := range map[string]io.Reader{"whole": bytes.NewReader(stream), "bytes": iotest.OneByteReader(bytes.NewReader(stream))} {
			r := reader(in, size > 0)
			for _, want := range messages {
				if got, err := r.next(); err != nil || string(got) != want {
					t.Fatalf("chunks of %d, %s: %q, %v, want %q", size, name, got, err, want)
				}
			}
			if _, err := r.next(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		}
	}
}

// Goal: the example of RFC 6242 §4.2 is read. Method: its bytes.
func TestFramingExample(t *testing.T) {
	got, err := reader(strings.NewReader("\n#4\n<rpc\n#18\n message-id=\"102\"\n\n#7\n     xm\n##\n"), true).next()
	if want := "<rpc message-id=\"102\"\n     xm"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}

// Goal: what breaks the grammar of RFC 6242 §4.2 or the limit is refused.
// Method: one stream per rule.
func TestFramingRefused(t *testing.T) {
	for stream, want := range map[string]error{
		"\n#4\n<rp": io.ErrUnexpectedEOF, "\n#4\nabcd": io.ErrUnexpectedEOF, "\n": io.ErrUnexpectedEOF, "\n#": io.ErrUnexpectedEOF,
		"#4\nabcd\n##\n": ErrFraming, "\n4\nabcd": ErrFraming, "\n#04\nabcd\n##\n": ErrFraming, "\n#0\n\n##\n": ErrFraming,
		"\n##\n": ErrFraming, "\n#\n": ErrFraming, "\n#x\n": ErrFraming, "\n#+1\na\n##\n": ErrFraming, "\n#-1\n": ErrFraming,
		"\n#4294967296\n": ErrFraming, "\n#11111111111\n": ErrFraming, "\n#4294967295\n": ErrTooLong, "\n#101\n": ErrTooLong,
		"\n#4\nabcdx": ErrFraming, "\n#60\n" + strings.Repeat("x", 60) + "\n#60\n": ErrTooLong,
	} {
		if _, err := reader(strings.NewReader(stream), true).next(); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", stream, err, want)
		}
	}
	for stream, want := range map[string]error{
		"<a/>": io.ErrUnexpectedEOF, "<a/>]]>]]": io.ErrUnexpectedEOF, " \n": io.EOF,
		strings.Repeat("x", 200): ErrTooLong, strings.Repeat("x", 101) + endOfMessage: ErrTooLong,
	} {
		if _, err := reader(strings.NewReader(stream), false).next(); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", stream, err, want)
		}
	}
}

// Goal: no stream makes the reader panic or exceed its limit, and what it reads
// it reads again from its own framing. Method: fuzzing.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("\n#4\n<rpc\n#1\n/\n##\n\n#1\na\n##\n"), true)
	f.Add([]byte("<a/>]]>]]><b/>]]>]]>"), false)
	f.Fuzz(func(t *testing.T, stream []byte, chunked bool) {
		r := reader(bytes.NewReader(stream), chunked)
		for {
			message, err := r.next()
			if err != nil {
				return
			}
			if len(message) > r.maxBytes {
				t.Fatalf("%d bytes", len(message))
			}
			again, err := reader(bytes.NewReader(frame(message, chunked, 3)), chunked).next()
			if chunked && len(message) == 0 {
				t.Fatal("an empty message in chunks")
			}
			if err != nil || !bytes.Equal(again, message) {
				t.Fatalf("%q became %q: %v", message, again, err)
			}
		}
	})
}

// Goal: a client that does not read is not served without end: put waits, offer
// refuses, and end lets what waits be sent. Method: an outbox without sender.
func TestOutbox(t *testing.T) {
	b := newOutbox()
	big := make([]byte, maxQueueBytes+1)
	b.put(big)
	if b.offer([]byte("x")) {
		t.Error("offer beyond the limit")
	}
	done := make(chan struct{})
	go func() { b.put([]byte("y")); close(done) }()
	select {
	case <-done:
		t.Error("put did not wait")
	default:
	}
	var sent bytes.Buffer
	if m, ok := b.take(); !ok || len(m) != len(big) {
		t.Error("take")
	}
	<-done
	b.end()
	b.send(&sent)
	if sent.String() != "y" {
		t.Errorf("sent %q", sent.String())
	}
}
