// Package snmp reads devices by SNMPv2c and SNMPv3: bulk walks of the subtrees
// that the tables of facts name, mapped to facts in the MIB's own vocabulary.
//
// # Life of a sample
//
// Collector.Collect opens a session (session.go), walks each root (walk.go)
// within its budgets, and hands the varbinds to the Mapper (mapping.go). What
// an object is called, what its index means and how its values are written is
// said by nettwin/ontology/mib; this package names no OID.
//
// # Raw items
//
// One raw item holds the answers of one walk in their order, after decryption,
// as RFC 3416 Response-PDUs in the definite and shortest form of BER. Their
// request-id is 0, so that equal answers have equal bytes. DecodeResponses
// reads them.
//
// # Incomplete samples
//
// A sample whose error wraps ingest.ErrPartial holds what was read. Its
// Complete lists the things all of whose walks came to their end; an absent
// row of another table says nothing.
package snmp
