package yang

import (
	"fmt"
	"strings"
)

// parseInstanceID writes an instance-identifier with module names as RFC 7951
// §6.11 does: a name has its module where it differs from that of the step
// before.
func parseInstanceID(text string, lx lexical) (string, error) {
	current, first := "", true
	return rewriteInstanceID(text, func(prefix, name string, inKey bool) (string, error) {
		module := current
		if prefix != "" {
			m, ok := lx.prefix(prefix)
			if !ok {
				return "", fmt.Errorf("instance-identifier %s: prefix %s is unknown", quote(text), quote(prefix))
			}
			module = m
		} else if first {
			m, ok := lx.prefix("")
			if !ok {
				return "", fmt.Errorf("instance-identifier %s: its first name has no module", quote(text))
			}
			module = m
		}
		out := segment(current, module, name)
		if !inKey {
			current, first = module, false
		}
		return out, nil
	})
}

// rewriteInstanceID copies an instance-identifier (RFC 7950 §9.13) and hands
// each name to rewrite. Values get single quotes where they can.
func rewriteInstanceID(text string, rewrite func(prefix, name string, inKey bool) (string, error)) (string, error) {
	bad := fmt.Errorf("%s is no instance-identifier", quote(text))
	if !strings.HasPrefix(text, "/") {
		return "", bad
	}
	var b strings.Builder
	inKey, afterEquals := false, false
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(text[i+1:], c)
			if !inKey || end < 0 {
				return "", bad
			}
			quote := byte('\'')
			if strings.IndexByte(text[i+1:i+1+end], quote) >= 0 {
				quote = '"'
			}
			b.WriteByte(quote)
			b.WriteString(text[i+1 : i+1+end])
			b.WriteByte(quote)
			i += end + 2
		case c == '[' || c == ']':
			if inKey == (c == '[') {
				return "", bad
			}
			inKey, afterEquals = c == '[', false
			b.WriteByte(c)
			i++
		case c == '=':
			afterEquals = true
			b.WriteByte(c)
			i++
		case c == '/' || c == '.' || '0' <= c && c <= '9' && inKey:
			if c == '/' && inKey {
				return "", bad
			}
			b.WriteByte(c)
			i++
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		default:
			end := strings.IndexAny(text[i:], "/[]= \t\r\n'\"")
			if end < 0 {
				end = len(text) - i
			}
			prefix, name, ok := strings.Cut(text[i:i+end], ":")
			if !ok {
				prefix, name = "", text[i:i+end]
			}
			if afterEquals || !isIdentifier(name) || ok && !isIdentifier(prefix) {
				return "", bad
			}
			s, err := rewrite(prefix, name, inKey)
			if err != nil {
				return "", err
			}
			b.WriteString(s)
			i += end
		}
	}
	if inKey {
		return "", bad
	}
	return b.String(), nil
}
