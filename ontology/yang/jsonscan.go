package yang

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner reads JSON (RFC 8259) keeping numbers as written, which int64
// and decimal64 values need.
type jsonScanner struct {
	src []byte
	pos int
	buf []byte
}

func (j *jsonScanner) errorf(format string, args ...any) error {
	pos := min(j.pos, len(j.src))
	line := 1 + bytes.Count(j.src[:pos], []byte{'\n'})
	col := pos - bytes.LastIndexByte(j.src[:pos], '\n')
	return fmt.Errorf("json: %d:%d: %s", line, col, fmt.Sprintf(format, args...))
}

// peek returns the next byte that is no white space, 0 at the end.
func (j *jsonScanner) peek() byte {
	for j.pos < len(j.src) {
		switch c := j.src[j.pos]; c {
		case ' ', '\t', '\r', '\n':
			j.pos++
		default:
			return c
		}
	}
	return 0
}

// take consumes c if it comes next.
func (j *jsonScanner) take(c byte) bool {
	if j.peek() == c && j.pos < len(j.src) {
		j.pos++
		return true
	}
	return false
}

func (j *jsonScanner) expect(c byte) error {
	if !j.take(c) {
		return j.errorf("%q was expected", c)
	}
	return nil
}

// literal reads a number, true, false or null as written.
func (j *jsonScanner) literal() (string, error) {
	start := j.pos
	for j.pos < len(j.src) && bytes.IndexByte([]byte(" \t\r\n,]}:\"[{"), j.src[j.pos]) < 0 {
		j.pos++
	}
	s := string(j.src[start:j.pos])
	switch {
	case s == "true" || s == "false" || s == "null":
	case isJSONNumber(s):
	default:
		j.pos = start
		return "", j.errorf("a value was expected")
	}
	return s, nil
}

func isJSONNumber(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	if s == "" || s[0] == '0' && len(s) > 1 && '0' <= s[1] && s[1] <= '9' || !digits() {
		return false
	}
	if s != "" && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// string reads a string; the opening quote comes next.
func (j *jsonScanner) string() (string, error) {
	if err := j.expect('"'); err != nil {
		return "", err
	}
	j.buf = j.buf[:0]
	for j.pos < len(j.src) {
		switch c := j.src[j.pos]; {
		case c == '"':
			j.pos++
			if !utf8.Valid(j.buf) {
				return "", j.errorf("string is not UTF-8")
			}
			return string(j.buf), nil
		case c == '\\':
			if err := j.escape(); err != nil {
				return "", err
			}
		case c < 0x20:
			return "", j.errorf("control character %#02x in a string", c)
		default:
			j.buf = append(j.buf, c)
			j.pos++
		}
	}
	return "", j.errorf("string is not closed")
}

func (j *jsonScanner) escape() error {
	if j.pos+1 >= len(j.src) {
		return j.errorf("string is not closed")
	}
	c := j.src[j.pos+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return j.unicode()
	default:
		return j.errorf("escape \\%c is unknown", c)
	}
	j.buf = append(j.buf, c)
	j.pos += 2
	return nil
}

func (j *jsonScanner) unicode() error {
	r, ok := j.hex4()
	if !ok {
		return j.errorf("\\u needs four hexadecimal digits")
	}
	if utf16.IsSurrogate(r) {
		save := j.pos
		second, ok := j.hex4()
		if joined := utf16.DecodeRune(r, second); ok && joined != utf8.RuneError {
			r = joined
		} else {
			j.pos = save
			r = utf8.RuneError
		}
	}
	j.buf = utf8.AppendRune(j.buf, r)
	return nil
}

// hex4 reads \uXXXX.
func (j *jsonScanner) hex4() (rune, bool) {
	if j.pos+6 > len(j.src) || j.src[j.pos] != '\\' || j.src[j.pos+1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(j.src[j.pos+2:j.pos+6]), 16, 16)
	if err != nil {
		return 0, false
	}
	j.pos += 6
	return rune(v), true
}
