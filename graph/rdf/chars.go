package rdf

import "unicode/utf8"

// Classes of ASCII bytes, as bits of byteClass. Bytes ≥ 0x80 have none of
// them except clIRI: they are decoded and looked up by isPNBase and isPNChar.
const (
	clSpace    = 1 << iota // WS: tab, LF, CR, space
	clIRI                  // allowed unescaped between < and >
	clBase                 // PN_CHARS_BASE
	clDigit                // [0-9]
	clPNChar               // PN_CHARS
	clHex                  // HEX
	clLocalEsc             // the character after \ in PN_LOCAL_ESC
)

var byteClass = buildByteClass()

func buildByteClass() (t [256]uint8) {
	mark := func(s string, cl uint8) {
		for i := range len(s) {
			t[s[i]] |= cl
		}
	}
	for c := 0x21; c < 0x100; c++ {
		t[c] |= clIRI
	}
	for _, c := range []byte("<>\"{}|^`\\") {
		t[c] &^= clIRI
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	const digits = "0123456789"
	mark("\t\n\r ", clSpace)
	mark(letters, clBase|clPNChar)
	mark(digits, clDigit|clPNChar|clHex)
	mark("abcdefABCDEF", clHex)
	mark("_-", clPNChar)
	mark("_~.-!$&'()*+,;=/?#@%", clLocalEsc)
	return t
}

// isPNBase tells whether r is a PN_CHARS_BASE (Turtle §6.5).
func isPNBase(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && byteClass[r]&clBase != 0
	}
	switch {
	case r <= 0x2FF:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7
	case r <= 0x1FFF:
		return r >= 0x370 && r != 0x37E
	case r <= 0x218F:
		return r == 0x200C || r == 0x200D || r >= 0x2070
	case r <= 0x2FEF:
		return r >= 0x2C00
	case r <= 0xD7FF:
		return r >= 0x3001
	case r <= 0xFFFD:
		return r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0
	}
	return r >= 0x10000 && r <= 0xEFFFF
}

// isPNChar tells whether r is a PN_CHARS (Turtle §6.5).
func isPNChar(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && byteClass[r]&clPNChar != 0
	}
	return isPNBase(r) || r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

func isSpace(c byte) bool { return byteClass[c]&clSpace != 0 }
func isDigit(c byte) bool { return byteClass[c]&clDigit != 0 }
func isHex(c byte) bool   { return byteClass[c]&clHex != 0 }

// isAlpha and isAlnum are the letters of a LANGTAG and of a keyword.
func isAlpha(c byte) bool { return byteClass[c]&clBase != 0 }
func isAlnum(c byte) bool { return byteClass[c]&(clBase|clDigit) != 0 }

// validBNodeLabel tells whether s is what follows "_:" in a
// BLANK_NODE_LABEL.
func validBNodeLabel(s string) bool {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !validRuneErrorAt(s, i):
			return false
		case i == 0 && (isPNBase(r) || r == '_' || r < utf8.RuneSelf && isDigit(byte(r))):
		case i > 0 && (isPNChar(r) || r == '.'):
		default:
			return false
		}
	}
	return s != "" && s[len(s)-1] != '.'
}

// validRuneErrorAt tells whether the U+FFFD that ranging over s gave at i is
// written in s, not the sign of invalid UTF-8.
func validRuneErrorAt(s string, i int) bool {
	_, size := utf8.DecodeRuneInString(s[i:])
	return size > 1
}

// validPrefixName tells whether s is a PN_PREFIX or empty.
func validPrefixName(s string) bool {
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !validRuneErrorAt(s, i):
			return false
		case i == 0 && isPNBase(r):
		case i > 0 && (isPNChar(r) || r == '.'):
		default:
			return false
		}
	}
	return s == "" || s[len(s)-1] != '.'
}

// validLocal tells whether s is empty or a PN_LOCAL that needs no
// PN_LOCAL_ESC.
func validLocal(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if size == 1 || !isPNChar(r) || i == 0 && !isPNBase(r) {
				return false
			}
			i += size
			continue
		}
		switch {
		case byteClass[c]&(clBase|clDigit) != 0, c == '_', c == ':':
		case c == '-', c == '.':
			if i == 0 {
				return false
			}
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
		default:
			return false
		}
		i++
	}
	return s == "" || s[len(s)-1] != '.'
}

// validLang tells whether s is a language tag: the LANG_DIR of RDF 1.2 Turtle
// without its "@" and direction, in parts of at most maxSubtag.
func validLang(s string) bool {
	first, n := true, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '-':
			if n == 0 {
				return false
			}
			first, n = false, 0
		case isAlpha(c), !first && isDigit(c):
			if n++; n > maxSubtag {
				return false
			}
		default:
			return false
		}
	}
	return n > 0
}
