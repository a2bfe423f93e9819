package rdf

// Kind says what a Term is.
type Kind uint8

// The kinds of terms. KindNone is the zero Term: in the graph position of a
// Quad it means the default graph, elsewhere the absence of a term.
const (
	KindNone Kind = iota
	KindIRI
	KindBNode
	KindLiteral
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
	RDFType       = RDFNS + "type"
	RDFFirst      = RDFNS + "first"
	RDFRest       = RDFNS + "rest"
	RDFNil        = RDFNS + "nil"
)

// Term is an IRI, a blank node or a literal (RDF 1.1 Concepts §3). It is a
// comparable value: == is term equality (RDF 1.1 §3.2–3.4), so lexical forms
// are kept exactly as written and a Term may be a map key. The zero Term is
// no term at all.
type Term struct {
	kind     Kind
	value    string
	datatype string // literals only; never empty for them
	lang     string // language-tagged strings only, as written
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

// Kind tells what the term is.
func (t Term) Kind() Kind { return t.kind }

// Value returns the IRI, the blank node's label or the lexical form.
func (t Term) Value() string { return t.value }

// Datatype returns the datatype IRI of a literal, else "".
func (t Term) Datatype() string { return t.datatype }

// Lang returns the language tag of a language-tagged string, else "".
func (t Term) Lang() string { return t.lang }

// IsZero tells whether t is no term.
func (t Term) IsZero() bool { return t.kind == KindNone }

// IsIRI tells whether t is an IRI.
func (t Term) IsIRI() bool { return t.kind == KindIRI }

// IsBNode tells whether t is a blank node.
func (t Term) IsBNode() bool { return t.kind == KindBNode }

// IsLiteral tells whether t is a literal.
func (t Term) IsLiteral() bool { return t.kind == KindLiteral }

// Triple is a statement without its graph.
type Triple struct{ S, P, O Term }

// Quad is a statement in a graph; the zero G is the default graph.
type Quad struct{ S, P, O, G Term }

// Triple returns the statement without its graph.
func (q Quad) Triple() Triple { return Triple{q.S, q.P, q.O} }

// In returns the statement in graph g.
func (t Triple) In(g Term) Quad { return Quad{t.S, t.P, t.O, g} }
