package rdf

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// The window starts small, for there are many small documents, and takes
	// its full size once that was filled. Only a longer term makes it larger.
	firstBufferBytes = 4 << 10
	readBufferBytes  = 64 << 10
	// maxEmptyReads bounds how often a reader may return nothing at all.
	maxEmptyReads = 100
	// internSlots and internBytes bound the memory that keeps repeated
	// strings from being allocated again.
	internSlots = 1 << 10
	internBytes = 128
)

// SyntaxError says where a document breaks its grammar (or a limit of the
// reader), what was expected there and what was found. Line and Column count
// from 1; lines end with LF, columns are characters.
type SyntaxError struct {
	Format       Format
	Line, Column int
	Msg          string
}

// Error returns "format: line:column: message".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: %d:%d: %s", e.Format, e.Line, e.Column, e.Msg)
}

// lexer is a window over the input and scans the tokens that the four
// grammars share.
//
// Invariants:
//  1. buf[pos:end] is unread, valid UTF-8 that ends between characters.
//  2. buf[end:raw] is read but not yet valid: the start of a split character
//     or a byte that is not UTF-8.
//  3. If mark ≥ 0, buf[mark:pos] is the token in work and survives fill;
//     every index that a scanner keeps is taken from mark or pos after fill.
//  4. buf[0] stands at line, col of the input.
type lexer struct {
	format    Format
	r         io.Reader
	buf       []byte
	pos, end  int
	raw       int
	mark      int
	start     int // where the last token began; valid until fill
	line, col int
	maxTerm   int
	readErr   error  // from r, io.EOF included
	err       error  // why the window cannot grow; io.EOF is not kept here
	scratch   []byte // of unescape and expansion: valid until the next of them
	interned  []string
	seed      maphash.Seed
	view      bool // strings are views of the window, which never moves: see LineParser
}

func newLexer(r io.Reader, f Format, maxTerm int) *lexer {
	return &lexer{format: f, r: r, buf: make([]byte, firstBufferBytes), mark: -1,
		line: 1, col: 1, maxTerm: maxTerm, seed: maphash.MakeSeed()}
}

// newStringLexer scans one string; the window holds all of it.
func newStringLexer(s string, f Format) *lexer {
	l := &lexer{format: f, buf: []byte(s), mark: -1, line: 1, col: 1,
		maxTerm: len(s), raw: len(s), readErr: io.EOF, seed: maphash.MakeSeed()}
	l.validate()
	return l
}

// fill makes at least one more byte available after end. It returns false at
// the end of the input and sets l.err if that end is an error. It moves the
// window: pos and mark are adjusted.
func (l *lexer) fill() bool {
	if l.err != nil {
		return false
	}
	if l.mark >= 0 && l.end-l.mark > l.maxTerm {
		l.err = l.tooLong(l.mark)
		return false
	}
	if l.view { // the window is all there is, and strings hold it where it is
		l.err = l.endError()
		return false
	}
	l.shift()
	before := l.end
	for l.end == before {
		if l.readErr != nil || l.end < l.raw && !startsRune(l.buf[l.end:l.raw]) {
			l.err = l.endError()
			return false
		}
		l.read()
		l.validate()
	}
	return true
}

// startsRune tells whether b, shorter than a character, may become one.
func startsRune(b []byte) bool { return !utf8.FullRune(b) }

// endError says why the input ends at l.end; nil for a clean end.
func (l *lexer) endError() error {
	switch {
	case l.readErr != nil && l.readErr != io.EOF:
		return fmt.Errorf("rdf: read %s: %w", l.format, l.readErr)
	case l.end < l.raw:
		return l.errAt(l.end, fmt.Sprintf("invalid UTF-8: byte 0x%02X", l.buf[l.end]))
	}
	return nil
}

// shift drops what is before the token in work (or before pos) and makes
// room to read.
func (l *lexer) shift() {
	keep := l.pos
	if l.mark >= 0 {
		keep = l.mark
	}
	full := l.raw == len(l.buf) && l.readErr == nil
	if keep > 0 {
		l.line, l.col = l.position(keep)
		copy(l.buf, l.buf[keep:l.raw])
		l.pos -= keep
		l.end -= keep
		l.raw -= keep
		if l.mark >= 0 {
			l.mark = 0
		}
	}
	switch {
	case full && len(l.buf) < readBufferBytes:
		l.buf = append(make([]byte, 0, readBufferBytes), l.buf[:l.raw]...)[:readBufferBytes]
	case full && l.raw == len(l.buf):
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
}

func (l *lexer) read() {
	for range maxEmptyReads {
		n, err := l.r.Read(l.buf[l.raw:])
		l.raw += n
		l.readErr = err
		if n > 0 || err != nil {
			return
		}
	}
	l.readErr = io.ErrNoProgress
}

// validate moves end over the valid UTF-8 of buf[end:raw].
func (l *lexer) validate() {
	b := l.buf[l.end:l.raw]
	if utf8.Valid(b) {
		l.end = l.raw
		return
	}
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			return
		}
		b = b[size:]
		l.end += size
	}
}

// have tells whether n bytes are available from pos on.
func (l *lexer) have(n int) bool {
	for l.end-l.pos < n {
		if !l.fill() {
			return false
		}
	}
	return true
}

// peek returns the next byte; ok is false at the end of the input.
func (l *lexer) peek() (c byte, ok bool) {
	if l.pos < l.end || l.fill() {
		return l.buf[l.pos], true
	}
	return 0, false
}

// peekAt returns the byte at pos+n, 0 if the input ends before it.
func (l *lexer) peekAt(n int) byte {
	if !l.have(n + 1) {
		return 0
	}
	return l.buf[l.pos+n]
}

// position returns line and column of buf[i].
func (l *lexer) position(i int) (line, col int) {
	b := l.buf[:i]
	if last := bytes.LastIndexByte(b, '\n'); last >= 0 {
		return l.line + bytes.Count(b, []byte{'\n'}), 1 + utf8.RuneCount(b[last+1:])
	}
	return l.line, l.col + utf8.RuneCount(b)
}

// errAt returns a syntax error at buf[i], or what made the window end, for
// then that is the cause.
func (l *lexer) errAt(i int, msg string) error {
	if l.err != nil {
		return l.err
	}
	line, col := l.position(i)
	return &SyntaxError{Format: l.format, Line: line, Column: col, Msg: msg}
}

// expected returns the error "expected what, found …" at pos.
func (l *lexer) expected(what string) error {
	if l.peek(); l.err != nil {
		return l.err
	}
	line, col := l.position(l.pos)
	return &SyntaxError{Format: l.format, Line: line, Column: col,
		Msg: "expected " + what + ", found " + l.found()}
}

// maxFound is how many characters of the input a message quotes.
const maxFound = 32

// found describes what stands at pos for a message.
func (l *lexer) found() string {
	if _, ok := l.peek(); !ok {
		return "end of input"
	}
	l.have(4 * maxFound)
	b := l.buf[l.pos:l.end]
	switch c := b[0]; {
	case c == '\n' || c == '\r':
		return "end of line"
	case c == '<' || c == '"':
		return quoteShort(b, 1, func(d byte) bool { return isSpace(d) || d == '>' })
	case bytes.IndexByte([]byte(".;,[](){}^"), c) >= 0:
		return fmt.Sprintf("%q", b[:1])
	}
	return quoteShort(b, 1, func(d byte) bool {
		return isSpace(d) || bytes.IndexByte([]byte(";,[](){}<>\"'"), d) >= 0
	})
}

// quoteShort quotes b up to the first byte at or after from where stop holds.
func quoteShort(b []byte, from int, stop func(byte) bool) string {
	n, chars := 0, 0
	for n < len(b) && (n < from || !stop(b[n])) {
		if chars == maxFound {
			return quoteText(b[:n]) + "…"
		}
		_, size := utf8.DecodeRune(b[n:])
		n += size
		chars++
	}
	if n < len(b) && b[n] == '>' && b[0] == '<' {
		n++
	}
	return quoteText(b[:n])
}

// quoteText quotes b, with backquotes if that spares escapes.
func quoteText(b []byte) string {
	s := string(b)
	if strings.ContainsAny(s, "\"\\") && strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// intern returns b as a string, without allocating if the same bytes were
// seen lately.
func (l *lexer) intern(b []byte) string {
	if l.view {
		return l.viewOf(b)
	}
	if len(b) == 0 || len(b) > internBytes {
		return string(b)
	}
	if l.interned == nil {
		l.interned = make([]string, internSlots)
	}
	slot := &l.interned[maphash.Bytes(l.seed, b)%internSlots]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
