package syntax

import "strconv"

// tokenKind is a class of terminals.
type tokenKind uint8

const (
	tokEOF   tokenKind = iota
	tokPunct           // text: the operator or bracket
	tokWord            // text: keyword as written
	tokIRI             // text: the IRI reference without brackets, unescaped
	tokPName           // text: prefix; local: local part unescaped; ns tells that it has none
	tokBNode           // text: label
	tokVar             // text: name
	tokLang            // text: language tag, with "--" and a base direction if there is one
	tokInteger
	tokDecimal
	tokDouble
	tokString // text: the value
)

// token is one terminal of the grammar.
type token struct {
	kind  tokenKind
	ns    bool // PNAME_NS rather than PNAME_LN
	glued bool // "<" with no space after it, maybe meant to begin an IRI
	text  string
	local string
	raw   string // as written, for messages
	pos   Pos
}

// maxShown bounds how much of a token a message shows.
const maxShown = 40

// String tells what the token is, for messages.
func (t token) String() string {
	if t.kind == tokEOF {
		return "the end of the text"
	}
	shown := t.raw
	if r := []rune(shown); len(r) > maxShown {
		shown = string(r[:maxShown]) + "…"
	}
	if t.kind == tokPunct {
		return strconv.Quote(shown)
	}
	return shown
}

func (t token) isPunct(s string) bool { return t.kind == tokPunct && t.text == s }

// isWord compares a keyword without regard to case; s is upper-case.
func (t token) isWord(s string) bool { return t.kind == tokWord && equalUpper(t.text, s) }

func (t token) isNumber() bool { return tokInteger <= t.kind && t.kind <= tokDouble }

// isSigned tells whether the token is a number with a sign.
func (t token) isSigned() bool {
	return t.isNumber() && (t.text[0] == '+' || t.text[0] == '-')
}

// equalUpper tells whether ASCII text s in upper case is upper.
func equalUpper(s, upper string) bool {
	if len(s) != len(upper) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}
