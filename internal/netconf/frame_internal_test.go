package netconf

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll reads messages until the transport ends or fails.
func readAll(r io.Reader, chunked bool, limit int64) (messages []string, err error) {
	f := newFrameReader(r, limit)
	f.chunked = chunked
	for {
		m, err := f.next()
		if err == io.EOF {
			return messages, nil
		}
		if err != nil {
			return messages, err
		}
		b, err := io.ReadAll(m)
		if err != nil {
			return messages, err
		}
		messages = append(messages, string(b))
	}
}

// TestReadFrames reads messages of both framings, whole and byte by byte. The
// chunked example and the rules for sizes are those of RFC 6242 §4.2.
func TestReadFrames(t *testing.T) {
	const rfcExample = "\n#4\n<rpc\n#18\n message-id=\"102\"\n\n#79\n     xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">\n  <close-session/>\n</rpc>\n##\n"
	for _, c := range []struct {
		name, in string
		chunked  bool
		want     string // messages joined by |
		err      error
	}{
		{"rfc", rfcExample, true, "<rpc message-id=\"102\"\n     xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">\n  <close-session/>\n</rpc>", nil},
		{"two", "\n#1\na\n##\n\n#2\nbc\n##\n", true, "a|bc", nil},
		{"end mark in a chunk", "\n#6\n]]>]]>\n##\n", true, "]]>]]>", nil},
		{"chunk marks in a chunk", "\n#4\n\n##\n\n##\n", true, "\n##\n", nil},
		{"leading zero", "\n#01\na\n##\n", true, "", ErrProtocol},
		{"size zero", "\n#0\n\n##\n", true, "", ErrProtocol},
		{"size too long", "\n#4294967296\na", true, "", ErrProtocol},
		{"largest size", "\n#4294967295\na", true, "", ErrTooLarge},
		{"no size", "\n#\na", true, "", ErrProtocol},
		{"letter in a size", "\n#1a\na", true, "", ErrProtocol},
		{"empty message", "\n##\n", true, "", ErrProtocol},
		{"no header", "<hello/>", true, "", ErrProtocol},
		{"short chunk", "\n#5\nab\n##\n", true, "", io.ErrUnexpectedEOF},
		{"ends in a chunk", "\n#5\nab", true, "", io.ErrUnexpectedEOF},
		{"ends in a header", "\n#5", true, "", io.ErrUnexpectedEOF},
		{"too large together", "\n#90\n" + strings.Repeat("a", 90) + "\n#12\n" + strings.Repeat("a", 12) + "\n##\n", true, "", ErrTooLarge},
		{"delimited", "<a/>]]>]]><b/>]]>]]>", false, "<a/>|<b/>", nil},
		{"space between", " \r\n<a/>]]>]]>\n<b/>]]>]]>\n", false, "<a/>|<b/>", nil},
		{"parts of the mark", "]]]>]]>]]>]]]]>]]>", false, "]|]]>]]", nil},
		{"empty delimited", "]]>]]>a]]>]]>", false, "|a", nil},
		{"no mark", "<a/>]]>]]", false, "", io.ErrUnexpectedEOF},
		{"too large delimited", strings.Repeat("a", 102) + "]]>]]>", false, "", ErrTooLarge},
		{"at the limit", strings.Repeat("a", 101) + "]]>]]>", false, strings.Repeat("a", 101), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
				got, err := readAll(r, c.chunked, 101)
				if !errors.Is(err, c.err) || strings.Join(got, "|") != c.want {
					t.Errorf("got %q, %v; want %q, %v", got, err, c.want, c.err)
				}
			}
		})
	}
}

// TestWriteFrames writes messages and reads them back; what base:1.0 cannot
// carry is refused.
func TestWriteFrames(t *testing.T) {
	for _, chunked := range []bool{true, false} {
		var wire []byte
		var err error
		for _, m := range []string{"<a/>", "]]", "<b>\n##\n</b>"} {
			if wire, err = appendFrame(wire, []byte(m), chunked); err != nil {
				t.Fatal(err)
			}
		}
		got, err := readAll(bytes.NewReader(wire), chunked, 100)
		if err != nil || strings.Join(got, "|") != "<a/>|]]|<b>\n##\n</b>" {
			t.Errorf("chunked %v: %q, %v", chunked, got, err)
		}
	}
	if _, err := appendFrame(nil, []byte("<a>]]>]]></a>"), false); !errors.Is(err, ErrRequest) {
		t.Errorf("end mark inside: %v", err)
	}
	if _, err := appendFrame(nil, nil, true); !errors.Is(err, ErrRequest) {
		t.Errorf("empty: %v", err)
	}
}

// FuzzFraming: no bytes make the reader panic or exceed its limit, chopping
// them up does not change what is read, and what was read can be written and
// read again.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("\n#4\n<rpc\n#1\n/\n##\n"), true)
	f.Add([]byte("<a/>]]>]]>\n<b/>]]>]]>"), false)
	f.Add([]byte("]]]>]]>"), false)
	f.Fuzz(func(t *testing.T, wire []byte, chunked bool) {
		const limit = 200
		whole, err := readAll(bytes.NewReader(wire), chunked, limit)
		single, err1 := readAll(iotest.OneByteReader(bytes.NewReader(wire)), chunked, limit)
		if strings.Join(whole, "\x00") != strings.Join(single, "\x00") || (err == nil) != (err1 == nil) {
			t.Fatalf("whole %q %v, byte by byte %q %v", whole, err, single, err1)
		}
		var again []byte
		for _, m := range whole {
			if len(m) > limit {
				t.Fatalf("%d bytes, limit %d", len(m), limit)
			}
			again, err = appendFrame(again, []byte(m), chunked)
			if err != nil && chunked {
				t.Fatal(err)
			}
		}
		if chunked {
			if twice, err := readAll(bytes.NewReader(again), chunked, limit); err != nil || strings.Join(twice, "\x00") != strings.Join(whole, "\x00") {
				t.Fatalf("%q, %v; want %q", twice, err, whole)
			}
		}
	})
}
