// Package netconf reads devices by NETCONF (nettwin/internal/netconf): it asks
// a device which YANG modules it has, fetches their texts from the device
// itself, reads configuration and state, and maps them by these schemas
// (nettwin/ontology/yang) to facts in the modules' own vocabulary. It names no
// module besides those that describe NETCONF itself.
//
// # Life of a sample
//
// Collector.Collect opens a session, reads which modules there are
// (inventory.go), takes their texts from the SchemaCache or by get-schema and
// compiles them (schema.go), reads the data (read.go) and maps it
// (mapping.go).
//
// # Reading
//
// One get asks for all top-level nodes that the schema has. A device that
// refuses it, or whose answer is too large, is asked for one node after
// another: what fails then costs its own node only. The sample's Complete
// lists the nodes that were read, whether they had data or not. Nodes about
// NETCONF itself, which change with every session, are left out.
//
// # Watching
//
// Watch subscribes to a device's notifications and calls back when one says
// that something changed, so that the device is read at once and not at its
// next period.
package netconf
