// Package canon writes an RDF dataset in its one canonical form: the N-Quads
// of RDFC-1.0 (W3C Recommendation of 21 May 2024), equal for datasets that
// differ only in blank node labels and the order of quads. The name of a
// knowledge item is the hash of these bytes.
//
// Hostile datasets can make the algorithm try every order of their blank
// nodes (RDFC-1.0 §7.1), so that the work is limited. Our own data has no
// blank nodes and takes the short way: write, sort, drop duplicates.
package canon
