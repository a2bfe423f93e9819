package rdf

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// String returns the term in N-Triples form; "" for the zero Term.
func (t Term) String() string {
	if t.kind == KindNone {
		return ""
	}
	return string(AppendTerm(nil, t))
}

// String returns the triple as an N-Triples statement without the newline.
func (t Triple) String() string { return t.In(Term{}).String() }

// String returns the quad as an N-Quads statement without the newline.
func (q Quad) String() string { return string(AppendQuad(nil, q)) }

// AppendQuad appends the quad as a canonical N-Quads statement without the
// newline.
func AppendQuad(dst []byte, q Quad) []byte {
	dst = AppendTerm(dst, q.S)
	dst = append(dst, ' ')
	dst = AppendTerm(dst, q.P)
	dst = append(dst, ' ')
	dst = AppendTerm(dst, q.O)
	if !q.G.IsZero() {
		dst = append(dst, ' ')
		dst = AppendTerm(dst, q.G)
	}
	return append(dst, " ."...)
}

// AppendTerm appends the canonical N-Triples form of t: nothing for the zero
// Term, no datatype for xsd:string, and in lexical forms no escapes but those
// that RDFC-1.0 §5 (and RDF 1.2 N-Triples §4) ask for: \b \t \n \f \r \" \\,
// and \uXXXX for the other control characters, U+FFFE and U+FFFF. This is a form that RDF 1.1
// reads back, without tabs and raw controls, and the one that content
// identifiers of RDF are computed on. Bytes that no IRI may hold come out as
// \u escapes, so that a term never breaks out of its place; readers refuse
// such IRIs. Bytes that are not UTF-8 become U+FFFD.
func AppendTerm(dst []byte, t Term) []byte {
	switch t.kind {
	case KindIRI:
		return appendIRI(dst, t.value)
	case KindBNode:
		dst = append(dst, "_:"...)
		return append(dst, t.value...)
	case KindLiteral:
		dst = appendQuoted(dst, t.value)
		switch {
		case t.lang != "":
			dst = append(dst, '@')
			dst = append(dst, t.lang...)
			if t.dir != NoDirection {
				dst = append(dst, dirSeparator...)
				dst = append(dst, t.dir.String()...)
			}
			return dst
		case t.datatype != XSDString:
			dst = append(dst, "^^"...)
			return appendIRI(dst, t.datatype)
		}
	case KindTriple:
		return append(dst, t.value...)
	}
	return dst
}

func appendIRI(dst []byte, iri string) []byte {
	dst = append(dst, '<')
	from := 0
	for i := range len(iri) {
		c := iri[i]
		if byteClass[c]&clIRI != 0 {
			continue
		}
		dst = append(dst, iri[from:i]...)
		dst = appendEscape(dst, c)
		from = i + 1
	}
	dst = append(dst, iri[from:]...)
	return append(dst, '>')
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				dst = append(dst, s[from:i]...)
				dst = append(dst, "\uFFFD"...)
				from = i + size
			case r == 0xFFFE || r == 0xFFFF:
				dst = append(dst, s[from:i]...)
				dst = append(dst, `\uFFF`...)
				dst = append(dst, byte('A'+r&15-10))
				from = i + size
			}
			i += size
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' || c == 0x7F {
			dst = append(dst, s[from:i]...)
			if e := echarOf(c); e != 0 {
				dst = append(dst, '\\', e)
			} else {
				dst = appendEscape(dst, c)
			}
			from = i + 1
		}
		i++
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// appendEscape appends the UCHAR of an ASCII character.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// echarOf returns the letter of the ECHAR that stands for c, or 0.
func echarOf(c byte) byte {
	switch c {
	case '\b':
		return 'b'
	case '\t':
		return 't'
	case '\n':
		return 'n'
	case '\f':
		return 'f'
	case '\r':
		return 'r'
	case '"', '\\':
		return c
	}
	return 0
}

// Compare orders terms totally: no term, IRIs, blank nodes, literals, triple
// terms; within a kind by value, then datatype, then language tag, each
// bytewise, then direction. It is 0 only for equal terms.
func Compare(a, b Term) int {
	if c := cmp.Compare(a.kind, b.kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.value, b.value); c != 0 {
		return c
	}
	if c := strings.Compare(a.datatype, b.datatype); c != 0 {
		return c
	}
	if c := strings.Compare(a.lang, b.lang); c != 0 {
		return c
	}
	return cmp.Compare(a.dir, b.dir)
}
