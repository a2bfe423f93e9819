// Package ipfix knows the information elements of IPFIX (RFC 7012) and what
// part they play in a flow. Both are data: map/ipfix*.tsv has the elements
// (number, name, abstract type, semantics, unit), map/flow.tsv their roles
// (key, counter, start, end, …), map/netflow5.tsv the layout of a NetFlow v5
// record in terms of elements, map/sflow.tsv what samples of sFlow say.
// map/README.md tells the formats.
//
// A table is loaded once and not changed afterwards: it is safe for
// concurrent use.
package ipfix
