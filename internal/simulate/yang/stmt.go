package yang

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits on one module's text.
const (
	MaxModuleBytes = 8 << 20
	maxStatements  = 1 << 19
	maxNesting     = 64
)

// ErrSyntax is wrapped by errors about a module's text, which name the line.
var ErrSyntax = errors.New("YANG syntax error")

// A stmt is a statement (RFC 7950 §6.3): keyword, argument, substatements.
type stmt struct {
	keyword, arg string
	subs         []*stmt
	parent       *stmt
	scope        *scope // set on the root
	line         int
}

// sub returns the first substatement with this keyword, or nil.
func (s *stmt) sub(keyword string) *stmt {
	for _, k := range s.subs {
		if k.keyword == keyword {
			return k
		}
	}
	return nil
}

// value is the argument of the first substatement with this keyword.
func (s *stmt) value(keyword string) string {
	if k := s.sub(keyword); k != nil {
		return k.arg
	}
	return ""
}

// within returns the module or submodule that s stands in.
func (s *stmt) within() *scope {
	for s.parent != nil {
		s = s.parent
	}
	return s.scope
}

func (s *stmt) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", s.within().file(), s.line, fmt.Errorf(format, args...))
}

// parseText reads a module's or submodule's text.
func parseText(text []byte) (*stmt, error) {
	if len(text) > MaxModuleBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d allowed", ErrSyntax, len(text), MaxModuleBytes)
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrSyntax)
	}
	l := &lexer{text: string(text), line: 1}
	root, err := l.statement(nil, 0)
	if err == nil {
		if l.skip(); l.pos < len(l.text) {
			err = errors.New("text after the module")
		}
	}
	if err == nil && root.keyword != "module" && root.keyword != "submodule" {
		err = fmt.Errorf("%q where a module begins", root.keyword)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: line %d: %w", ErrSyntax, l.line, err)
	}
	return root, nil
}

type lexer struct {
	text  string
	pos   int
	line  int
	count int
}

func (l *lexer) statement(parent *stmt, depth int) (*stmt, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("statements nest deeper than %d", maxNesting)
	}
	if l.count++; l.count > maxStatements {
		return nil, fmt.Errorf("more than %d statements", maxStatements)
	}
	l.skip()
	s := &stmt{parent: parent, line: l.line}
	if s.keyword = l.word(); s.keyword == "" {
		return nil, errors.New("a keyword is missing")
	}
	l.skip()
	if c := l.peek(); c != ';' && c != '{' {
		var err error
		if s.arg, err = l.argument(); err != nil {
			return nil, err
		}
		l.skip()
	}
	switch l.next() {
	case ';':
		return s, nil
	case '{':
		return s, l.body(s, depth)
	}
	return nil, fmt.Errorf("%q is followed by neither ; nor {", s.keyword)
}

func (l *lexer) body(s *stmt, depth int) error {
	for {
		l.skip()
		switch l.peek() {
		case 0:
			return fmt.Errorf("the body of %q has no end", s.keyword)
		case '}':
			l.pos++
			return nil
		}
		sub, err := l.statement(s, depth+1)
		if err != nil {
			return err
		}
		s.subs = append(s.subs, sub)
	}
}

func (l *lexer) peek() byte {
	if l.pos == len(l.text) {
		return 0
	}
	return l.text[l.pos]
}

func (l *lexer) next() byte {
	c := l.peek()
	if c != 0 {
		l.pos++
	}
	if c == '\n' {
		l.line++
	}
	return c
}

// skip passes white space and comments (RFC 7950 §6.1.1).
func (l *lexer) skip() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				end = len(rest) - 2
			}
			l.line += strings.Count(rest[:end], "\n")
			l.pos += end + 2
		case strings.IndexByte(" \t\r\n\ufeff", rest[0]) >= 0 && rest[0] < utf8.RuneSelf:
			l.next()
		default:
			return
		}
	}
}

// word reads an unquoted string.
func (l *lexer) word() string {
	start := l.pos
	for l.pos < len(l.text) && !strings.ContainsRune(" \t\r\n;{}\"'", rune(l.text[l.pos])) {
		rest := l.text[l.pos:]
		if strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "/*") {
			break
		}
		l.pos++
	}
	return l.text[start:l.pos]
}

// argument reads a string, joined by + where it is in parts (RFC 7950 §6.1.3).
func (l *lexer) argument() (string, error) {
	if c := l.peek(); c != '"' && c != '\'' {
		word := l.word()
		if word == "" {
			return "", errors.New("an argument is missing")
		}
		return word, nil
	}
	var all strings.Builder
	for {
		part, err := l.quoted()
		if err != nil {
			return "", err
		}
		all.WriteString(part)
		l.skip()
		if l.peek() != '+' {
			return all.String(), nil
		}
		l.pos++
		l.skip()
	}
}

func (l *lexer) quoted() (string, error) {
	quote := l.next()
	if quote != '"' && quote != '\'' {
		return "", errors.New("a quoted string must follow +")
	}
	var out strings.Builder
	for {
		c := l.next()
		switch {
		case c == 0:
			return "", errors.New("a quoted string has no end")
		case c == quote:
			return out.String(), nil
		case c == '\\' && quote == '"':
			l.escape(&out)
		default:
			out.WriteByte(c)
		}
	}
}

// escape reads what follows a backslash; unknown escapes stay as they are, as
// YANG 1 allows (RFC 6020 §6.1.3).
func (l *lexer) escape(out *strings.Builder) {
	switch c := l.next(); c {
	case 'n':
		out.WriteByte('\n')
	case 't':
		out.WriteByte('\t')
	case '"', '\\':
		out.WriteByte(c)
	case 0:
	default:
		out.WriteByte('\\')
		out.WriteByte(c)
	}
}
