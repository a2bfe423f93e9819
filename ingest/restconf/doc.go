// Package restconf reads devices by RESTCONF (RFC 8040): it finds the root
// resource, asks which YANG modules a device has and where their texts are,
// reads configuration and state in JSON (RFC 7951) or XML, and maps them by
// these schemas (nettwin/ontology/yang) to facts in the modules' own vocabulary,
// the same that NETCONF gives. It names no module besides those that describe
// RESTCONF itself.
//
// # Life of a sample
//
// Collector.Collect discovers the root (client.go), reads capabilities and YANG
// library (inventory.go), has the texts from schemas.Models, reads the data
// (read.go) and maps it.
//
// # Reading
//
// Configuration and state are asked for apart (content, §4.8.1), the
// configuration with If-None-Match: entity tags are kept for configuration only
// (§3.5.2), so that one that did not change need not be sent, while state
// always is. Both are joined before they are mapped, because leafs of one may
// point at entries of the other. A device that has the parameter fields is
// asked for the nodes that are wanted in one request; else, or where it refuses,
// for one node after another: what fails then costs its own node only.
//
// # Watching
//
// Watch follows an event stream (§6) and calls back when an event says that
// something changed, so that the device is read at once and not at its next
// period.
package restconf
