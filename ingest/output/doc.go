// Package output takes in what devices answer to commands and RPCs, as people
// record it: JSON and XML of any shape, and text of a regular form. No Go code
// names a command, a member or a property: tables (map/output-NAME.tsv) say
// which of an answer is which fact.
//
// # Answers as trees
//
// An answer becomes a tree of named nodes, leaves with a text. An array is
// several nodes of one name, as in XML, so one path fits a member whether it is
// there once or often, and one table fits the XML of a device and the JSON that
// it makes of the same. Attributes are nodes whose names begin with "@".
// Envelopes, such as rpc-reply and data, are taken off where a table says so.
// Text has no tree of its own: the lines row and more of a table, regular
// expressions with named groups, make one of it, line by line.
//
// # Trees as facts
//
// The line each of a table picks nodes; thing and leaf state facts of each of
// them, in the words of a standard's module or MIB: so the alignments that lift
// what SNMP, NETCONF and gNMI tell lift these too. map/README.md tells the format.
//
// # Invariants
//
//  1. An answer that no table knows is nobody's: Tables.Knows says so, and
//     Tables.Read returns ErrUnknown.
//  2. A value that a table reads, and that is none of its type, costs itself and
//     is a warning. Values that no table reads are counted.
//  3. Octets, depth, nodes and facts are bounded (limits.go).
//  4. The same answer gives the same facts in the same order.
package output
