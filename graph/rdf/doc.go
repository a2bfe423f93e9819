// Package rdf holds the RDF 1.2 data model as values (Term, Triple, Quad,
// Dataset) and streaming readers and writers of its text syntaxes:
// N-Triples, N-Quads, Turtle, TriG, RDF/XML and JSON-LD (which is written as a
// stream but read as a whole). It is a leaf: it imports nothing else
// of nettwin.
//
// Readers follow the W3C grammars strictly and say line, column, what was
// expected and what was found (SyntaxError). Their memory does not grow with
// the document; the limits are DefaultMaxTermBytes, DefaultMaxDepth and
// MaxPrefixes. Relative IRIs are resolved by RFC 3986 §5 (ResolveIRI); lexical
// forms and language tags stay as written.
//
// A triple term (RDF 1.2 Concepts §3.5) is a Term whose value is its canonical
// text, so that it stays comparable; Term.Triple takes it apart, and
// Term.MapBNodes is for whoever renames blank nodes, which may stand inside.
//
// Term, Triple and Quad print in one canonical form of N-Quads (AppendTerm).
// Isomorphic compares datasets up to the labels of blank nodes, within
// MaxIsomorphismWork.
package rdf
