package yang

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Pattern is a pattern restriction (RFC 7950 §9.4.5): the regular expressions
// of XML Schema part 2, appendix F.
type Pattern struct {
	Text   string
	Invert bool // modifier invert-match
	re     *regexp.Regexp
}

// Checked tells whether the pattern can be evaluated. Expressions beyond what
// Go's engine takes (repetitions over 1000, exotic character classes) match
// anything.
func (p *Pattern) Checked() bool { return p.re != nil }

// Match tells whether s satisfies the restriction.
func (p *Pattern) Match(s string) bool {
	return p.re == nil || p.re.MatchString(s) != p.Invert
}

var patternCache sync.Map // text → *regexp.Regexp, nil if it does not compile

func compilePattern(text string) *regexp.Regexp {
	if re, ok := patternCache.Load(text); ok {
		return re.(*regexp.Regexp)
	}
	re, err := translatePattern(text)
	if err != nil {
		re = nil
	}
	patternCache.Store(text, re)
	return re
}

// translatePattern turns an XML Schema expression into Go's syntax. Old
// modules write POSIX anchors around the whole expression: they are taken as
// anchors.
func translatePattern(text string) (*regexp.Regexp, error) {
	if len(text) > 1 && text[0] == '^' && text[len(text)-1] == '$' {
		text = text[1 : len(text)-1]
	}
	t := &translator{src: text}
	if err := t.run(); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + t.out.String() + `)\z`)
}

type translator struct {
	src string
	pos int
	out strings.Builder
}

// multi are the multi-character escapes; the value goes inside a class.
var multi = map[byte]string{
	'd': `\p{Nd}`, 's': `\x20\t\n\r`, 'i': `\p{L}_:`, 'c': `\p{L}\p{Nd}\p{M}._:\-`, 'w': `\p{L}\p{M}\p{N}\p{S}`,
}

var multiNegated = map[byte]string{'D': `\P{Nd}`, 'S': `[^\x20\t\n\r]`, 'I': `[^\p{L}_:]`,
	'C': `[^\p{L}\p{Nd}\p{M}._:\-]`, 'W': `[\p{P}\p{Z}\p{C}]`}

// blocks are the Unicode blocks that modules use; the others do not compile.
var blocks = map[string]string{"IsBasicLatin": `\x{0}-\x{7F}`, "IsLatin-1Supplement": `\x{80}-\x{FF}`}

func (t *translator) run() error {
	for t.pos < len(t.src) {
		c := t.src[t.pos]
		switch c {
		case '\\':
			s, single, err := t.escape()
			if err != nil {
				return err
			}
			if single || strings.HasPrefix(s, "[") || strings.HasPrefix(s, `\P`) {
				t.out.WriteString(s)
			} else {
				t.out.WriteString("[" + s + "]")
			}
		case '[':
			if err := t.class(); err != nil {
				return err
			}
		case '^', '$':
			t.out.WriteString(`\` + string(c))
			t.pos++
		case '.':
			t.out.WriteString(`[^\n\r]`)
			t.pos++
		case '(':
			t.out.WriteString("(?:")
			t.pos++
			if strings.HasPrefix(t.src[t.pos:], "?") {
				return fmt.Errorf("pattern: group with ? is not of XML Schema")
			}
		case '?', '*', '+', '}':
			t.out.WriteByte(c)
			t.pos++
			if t.pos < len(t.src) && t.src[t.pos] == '?' {
				return fmt.Errorf("pattern: doubled quantifier")
			}
		default:
			t.out.WriteByte(c)
			t.pos++
		}
	}
	return nil
}

// escape reads an escape; single says that it stands for one character.
func (t *translator) escape() (s string, single bool, err error) {
	if t.pos+1 >= len(t.src) {
		return "", false, fmt.Errorf("pattern: ends in a backslash")
	}
	c := t.src[t.pos+1]
	t.pos += 2
	switch {
	case c == 'n' || c == 't' || c == 'r':
		return `\` + string(c), true, nil
	case c == 'p' || c == 'P':
		return t.property(c)
	case multi[c] != "":
		return multi[c], false, nil
	case multiNegated[c] != "":
		return multiNegated[c], false, nil
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80:
		return "", false, fmt.Errorf("pattern: escape \\%c is unknown", c)
	}
	return `\` + string(c), true, nil
}

func (t *translator) property(c byte) (string, bool, error) {
	end := strings.IndexByte(t.src[t.pos:], '}')
	if end < 1 || t.src[t.pos] != '{' {
		return "", false, fmt.Errorf("pattern: \\%c without {name}", c)
	}
	name := t.src[t.pos+1 : t.pos+end]
	t.pos += end + 1
	if b, ok := blocks[name]; ok {
		if c == 'P' {
			return "[^" + b + "]", false, nil
		}
		return b, false, nil
	}
	if strings.HasPrefix(name, "Is") {
		return "", false, fmt.Errorf("pattern: block %s is unknown", name)
	}
	return `\` + string(c) + "{" + name + "}", false, nil
}

// class reads a character class. Subtraction ([a-z-[aeiou]]) has no
// counterpart in Go.
func (t *translator) class() error {
	t.out.WriteByte('[')
	t.pos++
	if t.pos < len(t.src) && t.src[t.pos] == '^' {
		t.out.WriteByte('^')
		t.pos++
	}
	for first := true; t.pos < len(t.src); first = false {
		switch c := t.src[t.pos]; {
		case c == ']' && !first:
			t.out.WriteByte(']')
			t.pos++
			return nil
		case c == '[':
			return fmt.Errorf("pattern: class subtraction")
		case c == '\\':
			s, _, err := t.escape()
			if err != nil {
				return err
			}
			if strings.HasPrefix(s, "[") {
				return fmt.Errorf("pattern: negated escape in a class")
			}
			t.out.WriteString(s)
		case c == '&' || c == '~' || c == '^' || c == ']':
			t.out.WriteString(`\` + string(c))
			t.pos++
		default:
			t.out.WriteByte(c)
			t.pos++
		}
	}
	return fmt.Errorf("pattern: class is not closed")
}
