// Package rdf holds the RDF 1.1 data model as values (Term, Triple, Quad,
// Dataset) and streaming readers and writers of its four text syntaxes:
// N-Triples, N-Quads, Turtle and TriG. It is a leaf: it imports nothing else
// of nettwin.
package rdf
