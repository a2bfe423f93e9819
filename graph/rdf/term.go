package rdf

import "strings"

// Kind says what a Term is.
type Kind uint8

// The kinds of terms. KindNone is the zero Term: in the graph position of a
// Quad it means the default graph, elsewhere the absence of a term.
const (
	KindNone Kind = iota
	KindIRI
	KindBNode
	KindLiteral
	KindTriple
)

// Datatypes that the syntax of RDF and SPARQL itself needs.
const (
	XSD           = "http://www.w3.org/2001/XMLSchema#"
	XSDString     = XSD + "string"
	XSDBoolean    = XSD + "boolean"
	XSDInteger    = XSD + "integer"
	XSDDecimal    = XSD + "decimal"
	XSDDouble     = XSD + "double"
	XSDFloat      = XSD + "float"
	XSDDateTime   = XSD + "dateTime"
	XSDDate       = XSD + "date"
	RDFNS         = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	RDFLangString = RDFNS + "langString"
	// RDFDirLangString is the datatype of language-tagged strings with a base
	// direction (RDF 1.2 Concepts §3.4).
	RDFDirLangString = RDFNS + "dirLangString"
	RDFType          = RDFNS + "type"
	RDFFirst         = RDFNS + "first"
	RDFRest          = RDFNS + "rest"
	RDFNil           = RDFNS + "nil"
	RDFReifies       = RDFNS + "reifies"
)

// Direction is the base direction of a directional language-tagged string.
type Direction uint8

// The base directions; the zero Direction is none.
const (
	NoDirection Direction = iota
	LeftToRight
	RightToLeft
)

// String returns "ltr", "rtl" or "", as RDF 1.2 writes it.
func (d Direction) String() string {
	switch d {
	case LeftToRight:
		return "ltr"
	case RightToLeft:
		return "rtl"
	}
	return ""
}

// DirectionOf returns the direction that s names: "ltr" or "rtl", no others.
func DirectionOf(s string) (Direction, bool) {
	switch s {
	case "ltr":
		return LeftToRight, true
	case "rtl":
		return RightToLeft, true
	}
	return NoDirection, false
}

// Term is an IRI, a blank node, a literal or a triple term (RDF 1.2 Concepts
// §3). It is a comparable value: == is term equality (RDF 1.2 Concepts §3.2 to
// §3.5), so lexical forms and language tags are kept exactly as written and a
// Term may be a map key. The zero Term is no term at all.
type Term struct {
	kind     Kind
	dir      Direction // language-tagged strings only
	value    string    // of a triple term: its canonical N-Triples text
	datatype string    // literals only; never empty for them
	lang     string    // language-tagged strings only, as written
}

// IRI returns the term for an absolute IRI. It does not validate: parsers do.
func IRI(iri string) Term { return Term{kind: KindIRI, value: iri} }

// BNode returns the blank node with the given label, without "_:". Labels
// have the scope of the document or store that they came from.
func BNode(label string) Term { return Term{kind: KindBNode, value: label} }

// Literal returns a literal with a datatype IRI; an empty datatype means
// xsd:string.
func Literal(lexical, datatype string) Term {
	if datatype == "" {
		datatype = XSDString
	}
	return Term{kind: KindLiteral, value: lexical, datatype: datatype}
}

// String returns a literal of type xsd:string.
func String(lexical string) Term { return Literal(lexical, XSDString) }

// LangString returns a language-tagged string.
func LangString(lexical, lang string) Term {
	return Term{kind: KindLiteral, value: lexical, datatype: RDFLangString, lang: lang}
}

// DirLangString returns a language-tagged string with a base direction, which
// NoDirection makes a plain one.
func DirLangString(lexical, lang string, dir Direction) Term {
	if dir == NoDirection {
		return LangString(lexical, lang)
	}
	return Term{kind: KindLiteral, dir: dir, value: lexical, datatype: RDFDirLangString, lang: lang}
}

// dirSeparator stands between a language tag and a base direction. No tag
// holds it.
const dirSeparator = "--"

// TaggedString returns the language-tagged string of a tag as N-Triples writes
// it: "en", or "en--ltr" with a base direction. A tag that ends in anything
// else but a direction is taken as a whole.
func TaggedString(lexical, tag string) Term {
	if lang, dir, ok := splitTag(tag); ok {
		return DirLangString(lexical, lang, dir)
	}
	return LangString(lexical, tag)
}

// splitTag splits a tag with a direction.
func splitTag(tag string) (lang string, dir Direction, ok bool) {
	lang, rest, found := strings.Cut(tag, dirSeparator)
	if !found {
		return tag, NoDirection, false
	}
	dir, ok = DirectionOf(rest)
	return lang, dir, ok
}

// Kind tells what the term is.
func (t Term) Kind() Kind { return t.kind }

// Value returns the IRI, the blank node's label, the lexical form, or the
// canonical N-Triples text of a triple term.
func (t Term) Value() string { return t.value }

// Datatype returns the datatype IRI of a literal, else "".
func (t Term) Datatype() string { return t.datatype }

// Lang returns the language tag of a language-tagged string, else "".
func (t Term) Lang() string { return t.lang }

// Direction returns the base direction of a language-tagged string, else
// NoDirection.
func (t Term) Direction() Direction { return t.dir }

// Tag returns the language tag with the base direction as N-Triples writes
// them after "@", such as "en" or "en--ltr"; "" if there is no tag.
func (t Term) Tag() string {
	if t.dir == NoDirection {
		return t.lang
	}
	return t.lang + dirSeparator + t.dir.String()
}

// IsZero tells whether t is no term.
func (t Term) IsZero() bool { return t.kind == KindNone }

// IsIRI tells whether t is an IRI.
func (t Term) IsIRI() bool { return t.kind == KindIRI }

// IsBNode tells whether t is a blank node.
func (t Term) IsBNode() bool { return t.kind == KindBNode }

// IsLiteral tells whether t is a literal.
func (t Term) IsLiteral() bool { return t.kind == KindLiteral }

// IsTriple tells whether t is a triple term.
func (t Term) IsTriple() bool { return t.kind == KindTriple }

// Triple is a statement without its graph.
type Triple struct{ S, P, O Term }

// Quad is a statement in a graph; the zero G is the default graph.
type Quad struct{ S, P, O, G Term }

// Triple returns the statement without its graph.
func (q Quad) Triple() Triple { return Triple{q.S, q.P, q.O} }

// In returns the statement in graph g.
func (t Triple) In(g Term) Quad { return Quad{t.S, t.P, t.O, g} }
