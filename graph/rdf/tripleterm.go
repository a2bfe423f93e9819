package rdf

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxTripleDepth bounds how deep triple terms nest in each other: readers and
// stores refuse what is deeper.
const MaxTripleDepth = 64

const (
	tripleOpen  = "<<("
	tripleClose = ")>>"
)

// TripleTerm returns the term that stands for a triple, which need not be in
// any graph (RDF 1.2 Concepts §3.5). It does not validate: parsers do, and
// CheckTriple tells whether RDF has such a triple.
func TripleTerm(t Triple) Term {
	b := make([]byte, 0, 2*len(tripleOpen)+len(t.S.value)+len(t.P.value)+len(t.O.value)+len(t.O.datatype)+len(t.O.lang)+16)
	b = append(b, tripleOpen...)
	for _, part := range [...]Term{t.S, t.P, t.O} {
		b = append(b, ' ')
		b = AppendTerm(b, part)
	}
	b = append(b, ' ')
	b = append(b, tripleClose...)
	return Term{kind: KindTriple, value: string(b)}
}

// TripleTermOf returns the triple term of its Value, which it trusts to be that
// of a triple term: it is meant for stores, which keep the text.
func TripleTermOf(value string) Term { return Term{kind: KindTriple, value: value} }

// Triple returns the triple that a triple term stands for; false for other
// terms and for text that TripleTerm never makes of a triple of RDF.
func (t Term) Triple() (Triple, bool) {
	text, ok := strings.CutPrefix(t.value, tripleOpen+" ")
	if t.kind != KindTriple || !ok {
		return Triple{}, false
	}
	if text, ok = strings.CutSuffix(text, " "+tripleClose); !ok {
		return Triple{}, false
	}
	s, text, okS := cutTerm(text)
	p, text, okP := cutTerm(text)
	if !okS || !okP || !p.IsIRI() || s.IsLiteral() {
		return Triple{}, false
	}
	if strings.HasPrefix(text, tripleOpen) {
		return Triple{s, p, TripleTermOf(text)}, true
	}
	o, rest, ok := cutTerm(text + " ")
	return Triple{s, p, o}, ok && rest == ""
}

// cutTerm reads the IRI, blank node or literal that begins s, in the form of
// AppendTerm, and the space behind it.
func cutTerm(s string) (t Term, rest string, ok bool) {
	if s == "" {
		return Term{}, "", false
	}
	switch s[0] {
	case '<':
		iri, rest, ok := cutQuoted(s[1:], '>')
		t := IRI(iri)
		rest, space := strings.CutPrefix(rest, " ")
		return t, rest, ok && space
	case '"':
		return cutLiteral(s)
	}
	label, rest, ok := strings.Cut(s, " ")
	label, isLabel := strings.CutPrefix(label, "_:")
	return BNode(label), rest, ok && isLabel
}

func cutLiteral(s string) (t Term, rest string, ok bool) {
	lexical, rest, ok := cutQuoted(s[1:], '"')
	switch {
	case !ok:
	case strings.HasPrefix(rest, " "):
		return String(lexical), rest[1:], true
	case strings.HasPrefix(rest, "@"):
		tag, rest, ok := strings.Cut(rest[1:], " ")
		return TaggedString(lexical, tag), rest, ok
	case strings.HasPrefix(rest, "^^<"):
		datatype, rest, ok := cutQuoted(rest[len("^^<"):], '>')
		rest, space := strings.CutPrefix(rest, " ")
		return Literal(lexical, datatype), rest, ok && space
	}
	return Term{}, "", false
}

// cutQuoted reads up to the closing character and undoes the escapes of
// AppendTerm.
func cutQuoted(s string, end byte) (text, rest string, ok bool) {
	var b []byte // nil until an escape was found
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case end:
			if b == nil {
				return s[:i], s[i+1:], true
			}
			return string(append(b, s[from:i]...)), s[i+1:], true
		case '\\':
			b = append(b, s[from:i]...)
			if i+1 < len(s) && echar(s[i+1]) != 0 {
				b = append(b, echar(s[i+1]))
				i++
			} else {
				r, size := uchar([]byte(s[i:min(i+10, len(s))]))
				if size == 0 || r < 0 {
					return "", "", false
				}
				b = utf8.AppendRune(b, r)
				i += size - 1
			}
			from = i + 1
		}
	}
	return "", "", false
}

// CheckTriple tells why there is no triple term of t, nil if there is: subjects
// are IRIs or blank nodes, predicates IRIs, and objects may be triple terms of
// less than MaxTripleDepth.
func CheckTriple(t Triple) error {
	switch {
	case !t.S.IsIRI() && !t.S.IsBNode():
		return fmt.Errorf("triple term: subject %s: expected IRI or blank node", orNone(t.S))
	case !t.P.IsIRI():
		return fmt.Errorf("triple term: predicate %s: expected IRI", orNone(t.P))
	case t.O.IsZero():
		return errors.New("triple term: object no term: expected IRI, blank node, literal or triple term")
	}
	if t.O.tripleDepth() >= MaxTripleDepth {
		return errTripleDepth
	}
	return nil
}

var errTripleDepth = fmt.Errorf("triple term: nested deeper than the limit of %d", MaxTripleDepth)

// CheckTripleTerm tells why t is no triple term of RDF within the limit of
// depth, nil if it is.
func CheckTripleTerm(t Term) error {
	if t.tripleDepth() > MaxTripleDepth {
		return errTripleDepth
	}
	for {
		triple, ok := t.Triple()
		if !ok {
			return fmt.Errorf("triple term %s: not a triple of RDF", t)
		}
		if t = triple.O; t.kind != KindTriple {
			return nil
		}
	}
}

// tripleDepth counts how deep triple terms nest in t: 0 for other terms. Only
// the object of a triple can be one, so its text ends in one ")>>" per level.
func (t Term) tripleDepth() int {
	if t.kind != KindTriple {
		return 0
	}
	depth := 0
	for s := t.value; len(s) >= len(tripleClose) && s[len(s)-len(tripleClose):] == tripleClose; {
		depth++
		s = s[:len(s)-len(tripleClose)]
		if len(s) == 0 || s[len(s)-1] != ' ' {
			break
		}
		s = s[:len(s)-1]
	}
	return depth
}

// HasBNode tells whether t is a blank node or a triple term that holds one.
func (t Term) HasBNode() bool {
	switch t.kind {
	case KindBNode:
		return true
	case KindTriple:
		found := false
		t.EachBNode(func(string) { found = true })
		return found
	}
	return false
}

// EachBNode calls f with the label of t if it is a blank node, or with that of
// each blank node in a triple term, in their order, repeated ones too.
func (t Term) EachBNode(f func(label string)) {
	t.eachPart(func(part Term) {
		if part.kind == KindBNode {
			f(part.value)
		}
	})
}

// eachPart calls f with t, or with the terms in a triple term down to those
// that are none, in their order.
func (t Term) eachPart(f func(Term)) {
	for t.kind == KindTriple {
		triple, ok := t.Triple()
		if !ok {
			return
		}
		f(triple.S)
		f(triple.P)
		t = triple.O
	}
	f(t)
}

// MapBNodes returns t with each blank node, also in triple terms, replaced by
// what f returns for its label. If that does not fit where it stands, the
// result is no term of RDF, which CheckTriple tells.
func (t Term) MapBNodes(f func(label string) Term) Term {
	switch t.kind {
	case KindBNode:
		return f(t.value)
	case KindTriple:
		triple, ok := t.Triple()
		if !ok {
			return t
		}
		mapped := Triple{triple.S.MapBNodes(f), triple.P, triple.O.MapBNodes(f)}
		if mapped == triple {
			return t
		}
		return TripleTerm(mapped)
	}
	return t
}
