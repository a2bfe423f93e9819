package rdf

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckIRI returns an error if iri is not an absolute IRI that the
// syntaxes can write: it needs a scheme and must hold no control character,
// space, or any of <>"{}|^`\.
func CheckIRI(iri string) error {
	if !utf8.ValidString(iri) {
		return fmt.Errorf("IRI %q: invalid UTF-8", iri)
	}
	for i := range len(iri) {
		if byteClass[iri[i]]&clIRI == 0 {
			return fmt.Errorf("IRI %q: invalid character %q", iri, iri[i:i+1])
		}
	}
	if !hasScheme(iri) {
		return fmt.Errorf("IRI %q: expected an absolute IRI, found no scheme", iri)
	}
	return nil
}

// hasScheme tells whether s begins with scheme ":" (RFC 3986 §3.1).
func hasScheme[T string | []byte](s T) bool { return schemeLen(s) > 0 }

// schemeLen returns the length of the scheme of s, 0 if s has none.
func schemeLen[T string | []byte](s T) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case isAlpha(c):
		case i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return i
		default:
			return 0
		}
	}
	return 0
}

// iriParts are the components of RFC 3986 §3; has* tell an empty component
// from an absent one.
type iriParts struct {
	scheme, authority, path, query, fragment string
	hasAuthority, hasQuery, hasFragment      bool
}

// splitIRI splits by RFC 3986 appendix B, which never fails.
func splitIRI(s string) (p iriParts) {
	if n := schemeLen(s); n > 0 {
		p.scheme, s = s[:n], s[n+1:]
	}
	s, p.fragment, p.hasFragment = strings.Cut(s, "#")
	s, p.query, p.hasQuery = strings.Cut(s, "?")
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		p.hasAuthority = true
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		p.authority, s = rest[:end], rest[end:]
	}
	p.path = s
	return p
}

// String recomposes by RFC 3986 §5.3.
func (p iriParts) String() string {
	var b strings.Builder
	b.Grow(len(p.scheme) + len(p.authority) + len(p.path) + len(p.query) + len(p.fragment) + 6)
	if p.scheme != "" {
		b.WriteString(p.scheme)
		b.WriteByte(':')
	}
	if p.hasAuthority {
		b.WriteString("//")
		b.WriteString(p.authority)
	}
	b.WriteString(p.path)
	if p.hasQuery {
		b.WriteByte('?')
		b.WriteString(p.query)
	}
	if p.hasFragment {
		b.WriteByte('#')
		b.WriteString(p.fragment)
	}
	return b.String()
}

// ResolveIRI resolves ref against the absolute IRI base by the basic
// algorithm of RFC 3986 §5.2, without any other normalisation. A ref that has
// a scheme is returned as it is, dot segments included: Turtle §6.3 and
// SPARQL §4.1.1 resolve relative IRIs only, and RDF compares IRIs as strings.
// Errors: base or ref hold characters that no IRI may, or base has no scheme.
func ResolveIRI(base, ref string) (string, error) {
	if hasScheme(ref) {
		return ref, CheckIRI(ref)
	}
	if err := CheckIRI(base); err != nil {
		return "", fmt.Errorf("resolve <%s>: base: %w", ref, err)
	}
	iri := resolve(splitIRI(base), ref)
	if err := CheckIRI(iri); err != nil {
		return "", fmt.Errorf("resolve <%s>: %w", ref, err)
	}
	return iri, nil
}

// resolve is RFC 3986 §5.2.2 for a ref without scheme.
func resolve(base iriParts, ref string) string {
	r := splitIRI(ref)
	t := iriParts{scheme: base.scheme, fragment: r.fragment, hasFragment: r.hasFragment}
	if r.hasAuthority {
		t.authority, t.hasAuthority = r.authority, true
		t.path = removeDotSegments(r.path)
		t.query, t.hasQuery = r.query, r.hasQuery
		return t.String()
	}
	t.authority, t.hasAuthority = base.authority, base.hasAuthority
	t.query, t.hasQuery = r.query, r.hasQuery
	switch {
	case r.path == "":
		t.path = base.path
		if !r.hasQuery {
			t.query, t.hasQuery = base.query, base.hasQuery
		}
	case r.path[0] == '/':
		t.path = removeDotSegments(r.path)
	default:
		t.path = removeDotSegments(mergePaths(base, r.path))
	}
	return t.String()
}

// mergePaths is RFC 3986 §5.2.3.
func mergePaths(base iriParts, path string) string {
	if base.hasAuthority && base.path == "" {
		return "/" + path
	}
	return base.path[:strings.LastIndexByte(base.path, '/')+1] + path
}

// removeDotSegments is RFC 3986 §5.2.4.
func removeDotSegments(in string) string {
	if !strings.Contains(in, ".") {
		return in
	}
	out := make([]byte, 0, len(in))
	for in != "" {
		switch {
		case strings.HasPrefix(in, "../"):
			in = in[3:]
		case strings.HasPrefix(in, "./"):
			in = in[2:]
		case strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"):
			in, out = in[3:], dropSegment(out)
		case in == "/..":
			in, out = "/", dropSegment(out)
		case in == "." || in == "..":
			in = ""
		default:
			n := strings.IndexByte(in[1:], '/') + 1
			if n == 0 {
				n = len(in)
			}
			out = append(out, in[:n]...)
			in = in[n:]
		}
	}
	return string(out)
}

// dropSegment removes the last segment and its "/".
func dropSegment(path []byte) []byte {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return path[:0]
}
