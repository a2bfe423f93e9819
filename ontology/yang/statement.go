package yang

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of one YANG source.
const (
	// MaxSourceBytes bounds the text of one module.
	MaxSourceBytes = 16 << 20
	// MaxStatementDepth bounds how deep statements may nest.
	MaxStatementDepth = 200
)

// statement is one YANG statement (RFC 7950 §6.3). Descriptions, references
// and the like are not kept.
type statement struct {
	keyword string // with prefix for extensions, such as "rc:yang-data"
	arg     string
	hasArg  bool
	line    int
	col     int
	sub     []*statement

	// Definitions directly below, filled after parsing; nil if there are none.
	typedefs, groupings map[string]*statement
}

// find returns the first substatement with the keyword, or nil.
func (s *statement) find(keyword string) *statement {
	for _, c := range s.sub {
		if c.keyword == keyword {
			return c
		}
	}
	return nil
}

// text returns the argument of the first substatement with the keyword.
func (s *statement) text(keyword string) string {
	if c := s.find(keyword); c != nil {
		return c.arg
	}
	return ""
}

// dropped are statements that say nothing about data.
var dropped = map[string]bool{"description": true, "reference": true, "contact": true, "organization": true,
	"error-message": true, "error-app-tag": true}

// keywords are those of RFC 7950 §14, with whether they take an argument.
var keywords = map[string]bool{
	"action": true, "anydata": true, "anyxml": true, "argument": true, "augment": true, "base": true,
	"belongs-to": true, "bit": true, "case": true, "choice": true, "config": true, "contact": true,
	"container": true, "default": true, "description": true, "deviate": true, "deviation": true, "enum": true,
	"error-app-tag": true, "error-message": true, "extension": true, "feature": true, "fraction-digits": true,
	"grouping": true, "identity": true, "if-feature": true, "import": true, "include": true, "input": false,
	"key": true, "leaf": true, "leaf-list": true, "length": true, "list": true, "mandatory": true,
	"max-elements": true, "min-elements": true, "modifier": true, "module": true, "must": true,
	"namespace": true, "notification": true, "ordered-by": true, "organization": true, "output": false,
	"path": true, "pattern": true, "position": true, "prefix": true, "presence": true, "range": true,
	"reference": true, "refine": true, "require-instance": true, "revision": true, "revision-date": true,
	"rpc": true, "status": true, "submodule": true, "type": true, "typedef": true, "unique": true,
	"units": true, "uses": true, "value": true, "when": true, "yang-version": true, "yin-element": true,
}

// parser reads the concrete syntax of RFC 7950 §6.
type parser struct {
	src  string
	pos  int
	line int
	bol  int // start of the current line, for columns
}

// syntaxError says where a source breaks the syntax.
type syntaxError struct {
	line, col int
	reason    string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%d:%d: %s", e.line, e.col, e.reason) }

// parseStatement reads the one statement that a source holds: a module or a
// submodule.
func parseStatement(src []byte) (*statement, error) {
	if len(src) > MaxSourceBytes {
		return nil, &syntaxError{1, 1, fmt.Sprintf("source of %d bytes exceeds the limit of %d", len(src), MaxSourceBytes)}
	}
	if !utf8.Valid(src) {
		return nil, &syntaxError{1, 1, "source is not UTF-8"}
	}
	p := &parser{src: strings.TrimPrefix(string(src), "\uFEFF"), line: 1}
	st, err := p.statement(0)
	if err != nil {
		return nil, err
	}
	if err := p.space(); err != nil {
		return nil, err
	}
	if p.pos < len(p.src) {
		return nil, p.errorf("text after the end of %s %s", st.keyword, st.arg)
	}
	return st, nil
}

func (p *parser) errorf(format string, args ...any) error {
	return &syntaxError{p.line, p.pos - p.bol + 1, fmt.Sprintf(format, args...)}
}

// newline notes that the byte at pos is a line feed.
func (p *parser) newline(pos int) {
	p.line++
	p.bol = pos + 1
}

// space skips white space and comments (RFC 7950 §6.1.1).
func (p *parser) space() error {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '\n':
			p.newline(p.pos)
			p.pos++
		case c == ' ' || c == '\t' || c == '\r':
			p.pos++
		case strings.HasPrefix(p.src[p.pos:], "//"):
			end := strings.IndexByte(p.src[p.pos:], '\n')
			if end < 0 {
				end = len(p.src) - p.pos
			}
			p.pos += end
		case strings.HasPrefix(p.src[p.pos:], "/*"):
			end := strings.Index(p.src[p.pos+2:], "*/")
			if end < 0 {
				return p.errorf("comment is not closed")
			}
			p.advance(end + 4)
		default:
			return nil
		}
	}
	return nil
}

// advance moves n bytes on, counting lines.
func (p *parser) advance(n int) {
	for i := p.pos; i < p.pos+n; i++ {
		if p.src[i] == '\n' {
			p.newline(i)
		}
	}
	p.pos += n
}

func (p *parser) statement(depth int) (*statement, error) {
	if depth > MaxStatementDepth {
		return nil, p.errorf("statements nest deeper than %d", MaxStatementDepth)
	}
	if err := p.space(); err != nil {
		return nil, err
	}
	st := &statement{line: p.line, col: p.pos - p.bol + 1}
	if st.keyword = p.word(); st.keyword == "" {
		return nil, p.errorf("a keyword was expected")
	}
	wantsArg, known := keywords[st.keyword]
	if !known && !strings.Contains(st.keyword, ":") {
		return nil, p.errorf("unknown keyword %q", st.keyword)
	}
	if err := p.argument(st); err != nil {
		return nil, err
	}
	if known && wantsArg != st.hasArg {
		if wantsArg {
			return nil, p.errorf("%s needs an argument", st.keyword)
		}
		return nil, p.errorf("%s takes no argument", st.keyword)
	}
	return st, p.body(st, depth)
}

// body reads ";" or the block of substatements.
func (p *parser) body(st *statement, depth int) error {
	if p.pos >= len(p.src) {
		return p.errorf("%s %s is not closed: \";\" or \"{\" was expected", st.keyword, st.arg)
	}
	switch p.src[p.pos] {
	case ';':
		p.pos++
		return nil
	case '{':
		p.pos++
	default:
		return p.errorf("\";\" or \"{\" was expected after %s %s", st.keyword, st.arg)
	}
	for {
		if err := p.space(); err != nil {
			return err
		}
		if p.pos >= len(p.src) {
			return p.errorf("%s %s of line %d is not closed", st.keyword, st.arg, st.line)
		}
		if p.src[p.pos] == '}' {
			p.pos++
			return nil
		}
		c, err := p.statement(depth + 1)
		if err != nil {
			return err
		}
		st.add(c)
	}
}

// add appends a substatement and files definitions by name.
func (s *statement) add(c *statement) {
	if dropped[c.keyword] {
		return
	}
	s.sub = append(s.sub, c)
	switch c.keyword {
	case "typedef":
		s.typedefs = define(s.typedefs, c)
	case "grouping":
		s.groupings = define(s.groupings, c)
	}
}

func define(m map[string]*statement, c *statement) map[string]*statement {
	if m == nil {
		m = map[string]*statement{}
	}
	if _, ok := m[c.arg]; !ok {
		m[c.arg] = c
	}
	return m
}

// word reads an unquoted string.
func (p *parser) word() string {
	start := p.pos
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\r', '\n', ';', '{', '}':
			return p.src[start:p.pos]
		case '"', '\'':
			if p.pos == start {
				return ""
			}
		}
		p.pos++
	}
	return p.src[start:p.pos]
}

// argument reads the optional argument and the space behind it.
func (p *parser) argument(st *statement) error {
	if err := p.space(); err != nil || p.pos >= len(p.src) {
		return err
	}
	switch p.src[p.pos] {
	case ';', '{':
		return nil
	case '}':
		return p.errorf("\";\" was expected after %s", st.keyword)
	case '"', '\'':
		st.hasArg = true
		return p.quotedStrings(st)
	}
	st.hasArg, st.arg = true, p.word()
	return p.space()
}

// quotedStrings reads "a" + 'b' … (RFC 7950 §6.1.3).
func (p *parser) quotedStrings(st *statement) error {
	var b strings.Builder
	for {
		if p.pos >= len(p.src) || p.src[p.pos] != '"' && p.src[p.pos] != '\'' {
			return p.errorf("a quoted string was expected after \"+\"")
		}
		s, err := p.quoted()
		if err != nil {
			return err
		}
		b.WriteString(s)
		if err := p.space(); err != nil {
			return err
		}
		if p.pos >= len(p.src) || p.src[p.pos] != '+' {
			st.arg = b.String()
			return nil
		}
		p.pos++
		if err := p.space(); err != nil {
			return err
		}
	}
}

func (p *parser) quoted() (string, error) {
	quote := p.src[p.pos]
	if quote == '\'' {
		end := strings.IndexByte(p.src[p.pos+1:], '\'')
		if end < 0 {
			return "", p.errorf("string is not closed")
		}
		s := p.src[p.pos+1 : p.pos+1+end]
		p.advance(end + 2)
		return s, nil
	}
	end := p.pos + 1
	for end < len(p.src) && p.src[end] != '"' {
		if p.src[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.src) {
		return "", p.errorf("string is not closed")
	}
	raw := p.src[p.pos+1 : end]
	indent := columnOf(p.src[p.bol:p.pos]) + 1
	p.advance(end + 1 - p.pos)
	return unescape(layout(raw, indent)), nil
}

// columnOf counts the columns of a line's beginning, a tab being 8.
func columnOf(s string) int {
	n := 0
	for _, r := range s {
		if r == '\t' {
			n += 8
		} else {
			n++
		}
	}
	return n
}

// layout removes the white space that a multi-line string has for its
// indentation (RFC 7950 §6.1.3).
func layout(s string, indent int) string {
	if !strings.Contains(s, "\n") {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if i > 0 {
			line = outdent(line, indent)
		}
		if i < len(lines)-1 {
			line = strings.TrimRight(line, " \t\r")
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

func outdent(line string, indent int) string {
	for indent > 0 && line != "" {
		switch line[0] {
		case ' ':
			indent--
		case '\t':
			indent -= 8
		default:
			return line
		}
		line = line[1:]
	}
	if indent < 0 {
		line = strings.Repeat(" ", -indent) + line
	}
	return line
}

// unescape replaces the four escapes; others stay as they are, which YANG 1
// allows.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case '"', '\\':
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
