// Package restconf is a RESTCONF server for simulated devices, for reading: RFC
// 8040 over TLS with root discovery, the datastore and data resources in JSON
// (RFC 7951) and XML with content, depth and fields, entity tags of the
// configuration, the YANG library (RFC 7895 or RFC 8525) with the schemas'
// texts, the monitoring of capabilities and streams, and event streams by
// server-sent events (§6).
//
// A request's way: ServeHTTP authenticates, finds the resource (resource.go),
// selects from the device's data (select.go) and writes it (write.go). The data
// belongs to the Device, which other protocols look at too.
//
// Left out: everything that changes data, operations, with-defaults, filters
// and replay of events.
//
// Close returns after every goroutine of the server has ended.
package restconf
