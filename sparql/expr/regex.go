package expr

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// REGEX and REPLACE (SPARQL 1.1 §17.4.3.14, §17.4.3.15) take the regular
// expressions of XPath and XQuery Functions and Operators §5.6.1. They are
// translated to Go's syntax, whose matching time is linear in the text.
// Back-references and Unicode block names have no translation: such a pattern
// is an expression error, like a malformed one.

// Limits of regular expressions.
const (
	maxPatternBytes   = 8 << 10
	maxPatternSteps   = 1 << 14
	maxCachedPatterns = 128 // compiled expressions kept by one Context
	maxCachedSteps    = 1 << 17
)

type regexKey struct{ pattern, flags string }

// compiled returns the regular expression for a pattern, nil if it has none.
func (c *Context) compiled(pattern, flags string) *regex {
	key := regexKey{pattern, flags}
	re, ok := c.regexes[key]
	if !ok {
		re = compileRegex(pattern, flags)
		if c.regexes == nil || len(c.regexes) >= maxCachedPatterns || re != nil && c.regexSteps+re.steps > maxCachedSteps {
			c.regexes, c.regexSteps = map[regexKey]*regex{}, 0
		}
		c.regexes[key] = re
		if re != nil {
			c.regexSteps += re.steps
		}
	}
	if re != nil && re.Regexp == nil {
		c.exceed("regular expression", "%d steps once its repetitions are written out", maxPatternSteps)
		return nil
	}
	return re
}

func compileRegex(pattern, flags string) *regex {
	if len(pattern) > maxPatternBytes || strings.Trim(flags, "ismxq") != "" {
		return nil
	}
	var goFlags string
	for _, f := range []string{"i", "s", "m"} {
		if strings.Contains(flags, f) {
			goFlags += f
		}
	}
	text := regexp.QuoteMeta(pattern)
	if !strings.Contains(flags, "q") {
		var ok bool
		text, ok = translateRegex(pattern, strings.Contains(flags, "x"))
		if !ok {
			return nil
		}
	}
	if goFlags != "" {
		text = "(?" + goFlags + ")" + text
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil
	}
	out := &regex{steps: stepsOf(parsed), anchored: looksBack(parsed)}
	if out.steps > maxPatternSteps {
		return out
	}
	if out.Regexp, err = regexp.Compile(text); err != nil {
		return nil
	}
	return out
}

// regexArgs returns the text and the compiled pattern of a call, whose flags
// are argument at, if there.
func regexArgs(c *Context, args []rdf.Term, at int) (re *regex, flags string) {
	if !isStringLiteral(args[0]) || args[1].Datatype() != rdf.XSDString {
		return nil, ""
	}
	if len(args) > at {
		if args[at].Datatype() != rdf.XSDString {
			return nil, ""
		}
		flags = args[at].Value()
	}
	return c.compiled(args[1].Value(), flags), flags
}

func regexFn(c *Context, args []rdf.Term) (rdf.Term, bool) {
	re, _ := regexArgs(c, args, 2)
	if re == nil {
		return rdf.Term{}, false
	}
	return Bool(re.matches(c, args[0].Value())), true
}

// replaceFn is fn:replace: a pattern that matches the empty string is an error.
func replaceFn(c *Context, args []rdf.Term) (rdf.Term, bool) {
	re, flags := regexArgs(c, args, 3)
	if re == nil || args[2].Datatype() != rdf.XSDString || re.Regexp.MatchString("") {
		return rdf.Term{}, false
	}
	parts := []replacePart{{literal: args[2].Value()}}
	if !strings.Contains(flags, "q") {
		var ok bool
		if parts, ok = parseReplacement(args[2].Value(), re.NumSubexp()); !ok {
			return rdf.Term{}, false
		}
	}
	text, last := args[0].Value(), 0
	var b strings.Builder
	ok := re.each(c, text, func(match []int) bool {
		b.WriteString(text[last:match[0]])
		for _, part := range parts {
			b.WriteString(part.literal)
			if g := 2 * part.group; part.isGroup && match[g] >= 0 {
				b.WriteString(text[match[g]:match[g+1]])
			}
		}
		last = match[1]
		return b.Len() <= MaxStringBytes
	})
	if !ok || b.Len()+len(text)-last > MaxStringBytes {
		c.exceedString()
		return rdf.Term{}, false
	}
	b.WriteString(text[last:])
	return like(args[0], b.String())
}

// replacePart is literal text, then the text of a group if isGroup.
type replacePart struct {
	literal string
	group   int
	isGroup bool
}

// parseReplacement reads $N, \$ and \\; any other use of $ or \ is an error.
// $N takes as many digits as name an existing group; a group that does not
// exist is empty.
func parseReplacement(s string, groups int) ([]replacePart, bool) {
	var parts []replacePart
	var literal strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) || s[i] != '\\' && s[i] != '$' {
				return nil, false
			}
			literal.WriteByte(s[i])
		case '$':
			n := i + 1
			if n == len(s) || s[n] < '0' || s[n] > '9' {
				return nil, false
			}
			group := int(s[n] - '0')
			for n++; n < len(s) && s[n] >= '0' && s[n] <= '9'; n++ {
				longer := group*10 + int(s[n]-'0')
				if longer > groups {
					break
				}
				group = longer
			}
			parts = append(parts, replacePart{literal.String(), group, group <= groups})
			literal.Reset()
			i = n - 1
		default:
			literal.WriteByte(s[i])
		}
	}
	return append(parts, replacePart{literal: literal.String()}), true
}

// regexTranslator walks a pattern of XML Schema and XPath.
type regexTranslator struct {
	in       []rune
	pos      int
	extended bool // flag x: white space outside classes is dropped
	out      strings.Builder
}

func translateRegex(pattern string, extended bool) (string, bool) {
	t := &regexTranslator{in: []rune(pattern), extended: extended}
	for t.pos < len(t.in) {
		if !t.step() {
			return "", false
		}
	}
	return t.out.String(), true
}

// step translates one character, escape or class.
func (t *regexTranslator) step() bool {
	r := t.in[t.pos]
	t.pos++
	switch {
	case r == '\\':
		class, single, ok := t.escape()
		if !ok {
			return false
		}
		if class != "" {
			t.out.WriteString("[" + class + "]")
		} else {
			t.out.WriteString(quoteRune(single))
		}
	case r == '[':
		class, ok := t.class(0)
		if !ok {
			return false
		}
		t.out.WriteString(class)
	case r == '(' && t.pos < len(t.in) && t.in[t.pos] == '?':
		if t.pos+1 >= len(t.in) || t.in[t.pos+1] != ':' {
			return false
		}
		t.pos += 2
		t.out.WriteString("(?:")
	case t.extended && strings.ContainsRune(" \t\r\n", r):
	case r == '{':
		return t.quantifier()
	case r == ']' || r == '}':
		return false
	default:
		t.out.WriteRune(r)
	}
	return true
}

// quantifier reads {n}, {n,} or {n,m} after its brace.
func (t *regexTranslator) quantifier() bool {
	start, comma := t.pos, false
	for t.pos < len(t.in) && t.in[t.pos] != '}' {
		switch r := t.in[t.pos]; {
		case r == ',' && !comma && t.pos > start:
			comma = true
		case r < '0' || r > '9':
			return false
		}
		t.pos++
	}
	if t.pos == len(t.in) || t.pos == start {
		return false
	}
	t.pos++
	t.out.WriteString("{" + string(t.in[start:t.pos]))
	return true
}

func quoteRune(r rune) string { return `\x{` + strconv.FormatInt(int64(r), 16) + `}` }

// Name characters of XML 1.0 §2.3, as ranges inside a class.
const (
	nameStartChars = `:A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}` +
		`\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}`
	nameChars = nameStartChars + `\-.0-9\x{B7}\x{300}-\x{36F}\x{203F}-\x{2040}`
)

// multiCharEscapes are \d and the like as the inside of a Go class.
var multiCharEscapes = map[rune]string{
	'd': `\p{Nd}`, 'D': `\P{Nd}`,
	's': ` \t\n\r`, 'S': `\x00-\x08\x0b\x0c\x0e-\x1f\x21-\x{10FFFF}`,
	'w': `\p{L}\p{M}\p{N}\p{S}`, 'W': `\p{P}\p{Z}\p{C}`,
	'i': nameStartChars, 'c': nameChars,
}

var singleCharEscapes = map[rune]rune{'n': '\n', 'r': '\r', 't': '\t'}

// escape reads what follows a backslash: the inside of a class, or a single
// character.
func (t *regexTranslator) escape() (class string, single rune, ok bool) {
	if t.pos == len(t.in) {
		return "", 0, false
	}
	r := t.in[t.pos]
	t.pos++
	if class, ok := multiCharEscapes[r]; ok {
		return class, 0, true
	}
	if single, ok := singleCharEscapes[r]; ok {
		return "", single, true
	}
	switch r {
	case 'I', 'C':
		return complement(multiCharEscapes[r+('a'-'A')]), 0, true
	case 'p', 'P':
		return t.category(r)
	}
	return "", r, strings.ContainsRune(`\|.-^?*+{}()[]$`, r)
}

// category reads {Lu} after \p or \P. Go knows general categories by the same
// names; block names (IsGreek) have no translation.
func (t *regexTranslator) category(p rune) (class string, single rune, ok bool) {
	end := t.pos
	for end < len(t.in) && t.in[end] != '}' {
		end++
	}
	if end == len(t.in) || t.in[t.pos] != '{' {
		return "", 0, false
	}
	name := string(t.in[t.pos+1 : end])
	t.pos = end + 1
	return `\` + string(p) + `{` + name + `}`, 0, len(name) <= 2 && name != ""
}
