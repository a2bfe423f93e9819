// Package patch reads and writes RDF Patch, the rows in which Apache Jena and
// RDF Delta write changes of a dataset
// (https://jena.apache.org/documentation/rdf-patch/), and turns the feed of a
// store into it and back.
//
//	H id <uuid:…> .     header: a word and a term
//	TX .                begins a transaction, TC . commits it, TA . takes it back
//	A s p o g .         adds a quad, D s p o g . deletes one; without g in the
//	                    default graph
//	PA "rdf" "http…" .  adds a prefix, PD "rdf" . deletes one
//
// Here a row is a line. Terms are those of N-Quads; a blank node may also be
// written <_:label>. Labels of blank nodes are identities: the reader leaves
// them as they are, unlike those of other syntaxes, so that what one patch adds
// another can delete.
//
// A patch log is one patch after another, each with its header: id, and prev,
// the id of the patch before.
package patch
