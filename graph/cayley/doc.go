// Package cayley lets Cayley's query languages run on a nettwin store: a
// QuadStore is Cayley's graph.QuadStore over one snapshot, or over the newest
// version of a branch, which it can also write. Terms map without loss, graph
// names are labels, counts are exact. Cayley's own conformance suite holds it
// to its contract.
//
// It is a module of its own so that Cayley's dependencies, of 2019, do not
// reach the twin's binary.
package cayley
