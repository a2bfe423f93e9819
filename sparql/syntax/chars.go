package syntax

// Character classes of the grammar's terminals (§19.8, rules 164–173).

// isPNCharsBase is rule 164.
func isPNCharsBase(r rune) bool {
	switch {
	case r < 0x80:
		return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
	case r <= 0x2FF:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7
	case r <= 0x1FFF:
		return r >= 0x37F || r >= 0x370 && r <= 0x37D
	case r <= 0x218F:
		return r >= 0x2070 || r == 0x200C || r == 0x200D
	case r <= 0x2FEF:
		return r >= 0x2C00
	case r <= 0xD7FF:
		return r >= 0x3001
	case r <= 0xFDCF:
		return r >= 0xF900
	case r <= 0xFFFD:
		return r >= 0xFDF0
	}
	return 0x10000 <= r && r <= 0xEFFFF
}

// isPNCharsU is rule 165.
func isPNCharsU(r rune) bool { return r == '_' || isPNCharsBase(r) }

// isVarChar tells whether r may follow in a variable name (rule 166).
func isVarChar(r rune) bool {
	return isPNCharsU(r) || isDigit(r) || isCombining(r)
}

// isPNChars is rule 167.
func isPNChars(r rune) bool { return r == '-' || isVarChar(r) }

func isCombining(r rune) bool {
	return r == 0xB7 || 0x300 <= r && r <= 0x36F || r == 0x203F || r == 0x2040
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isLetter(r rune) bool { return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' }

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// isIRIChar tells whether r may stand between "<" and ">" (rule 139).
func isIRIChar(r rune) bool {
	if r <= ' ' || isSurrogate(r) {
		return false
	}
	switch r {
	case '<', '>', '"', '{', '}', '|', '^', '`', '\\':
		return false
	}
	return true
}

// isLocalEscape tells whether "\" r is a PN_LOCAL_ESC (rule 173).
func isLocalEscape(r rune) bool {
	switch r {
	case '_', '~', '.', '-', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=', '/', '?', '#', '@', '%':
		return true
	}
	return false
}

func isSurrogate(r rune) bool { return 0xD800 <= r && r <= 0xDFFF }

// hexValue returns the value of n hexadecimal digits at the start of s.
func hexValue(s string, n int) (rune, bool) {
	if len(s) < n {
		return 0, false
	}
	var v rune
	for i := range n {
		d, ok := hexDigit(s[i])
		if !ok || v > 0x10FFFF>>4 {
			return 0, false
		}
		v = v<<4 | d
	}
	return v, v <= 0x10FFFF
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0'), true
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}
