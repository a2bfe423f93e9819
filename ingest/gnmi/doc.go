// Package gnmi reads devices by gNMI (openconfig/reference, gNMI specification
// 0.8 and later, by the published protobuf definitions): Capabilities, Get, and
// Subscribe ONCE, POLL and STREAM over TLS. What a device tells is kept as the
// device's tree of data and mapped by its YANG modules (nettwin/ontology/yang)
// to facts in the modules' own vocabulary, the same that NETCONF gives. It names
// no module.
//
// # Life of a sample
//
// Collector.Collect opens a connection, asks for the models (inventory.go), has
// their texts from schemas.Models, asks for the data (read.go), applies each
// notification to a tree (path.go, value.go, tree.go) and maps the tree. gNMI
// hands out no schemas: texts are those that the same device told by another
// protocol, else those of the local folder. Data without a schema are kept as
// such.
//
// # Streams
//
// Watch subscribes and keeps the device's tree up to date by updates, deletes
// and atomic replacements (stream.go). Once the device said sync_response,
// Collect maps this tree and asks nothing; Watch calls back after changes. When
// a stream breaks, its tree is given up: Collect asks the device until a new one
// is in sync. A stream that says no more than half of what was promised by its
// period is not believed either.
//
// A connection is proven alive by pings of HTTP/2; a sample of a live stream is
// as fresh as the last. Times of notifications are the device's: they serve to
// estimate how far its clock is off, and as times of nothing else.
//
// # Bounds
//
// Nothing is queued: what is received is applied before the next is read, so
// that a flood fills the window of HTTP/2 and slows the device. A tree has at
// most Options.MaxElements elements, the raw messages of one sample at most
// maxRawBytes; what is beyond ends the stream, or leaves the raw messages out.
//
// Locks: Collector.mu before stream.mu.
package gnmi
