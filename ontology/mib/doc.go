// Package mib holds the tables of facts about MIB objects: which object an OID
// names, what its index means and how its values become RDF terms. The facts
// are data (map/mib/*.tsv, written by internal/tools/mibfacts or by hand, with
// map/selectors.tsv, map/measures.tsv and map/walk.tsv beside them); no Go
// code names an OID, so a new module is a new file.
//
// # How values are written
//
//   - Numbers: xsd:integer. Enumerations: their label as xsd:string; a number
//     without label stays xsd:integer and is noted. TruthValue: xsd:boolean.
//   - BITS: one xsd:string a set bit, its label; no set bit, no value.
//   - Text: xsd:string. NUL octets at the end are padding of the agent and are
//     taken off. Octets that are not UTF-8 are read as ISO 8859-1, which is
//     reversible. Text with control characters that XML 1.0 §2.2 forbids stays
//     exact as xsd:hexBinary, because no result format could carry it; where a
//     NUL octet is followed by others, what stands before it is a second value.
//   - Octets: xsd:hexBinary in capitals. Physical addresses: "aa:bb:cc:dd:ee:ff".
//   - Internet addresses: their text, by the address type beside them.
//   - DateAndTime: xsd:dateTime; the all-zero "unknown" and malformed ones
//     stay xsd:hexBinary.
//   - Object identifiers: dotted text; a RowPointer to a row of a known table
//     becomes a reference to that row.
//
//go:generate go run nettwin/internal/tools/mibfacts -mibs ../../../shared/data/snmp/mibs -out ../map/mib
package mib
