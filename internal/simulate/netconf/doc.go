// Package netconf is a NETCONF server for simulated devices: RFC 6241 over SSH
// (RFC 6242) with base 1.0 and 1.1, the candidate, confirmed-commit, validate,
// rollback-on-error, startup and writable-running capabilities, schema
// retrieval (RFC 6022), notifications (RFC 5277, RFC 6470) and the YANG library
// (RFC 7895).
//
// A connection's way: Server.accept takes it, serveConn authenticates, each
// channel with the subsystem netconf becomes a session, which exchanges hellos,
// reads messages (framing.go), dispatches operations (rpc.go) and answers
// through its outbox. Datastores, locks and the pending confirmed commit belong
// to the server (store.go); the running configuration belongs to the Device,
// which other protocols look at too.
//
// Bugs of a real server can be switched on (Bugs), so that clients can be
// tested against them.
//
// Left out: XPath filters, URLs, partial locks, with-defaults, access control,
// and replay of notifications.
//
// Invariants:
//
//  1. At most one session holds a lock on a datastore, and that session exists.
//  2. A confirmed commit that is neither confirmed nor followed up ends in the
//     configuration before it: by timeout, by cancel, by the end of its session
//     unless it persists, or by the end of the server.
//  3. No message can make the server panic or hold more than a small multiple
//     of the largest message and queue.
//  4. Close returns after every goroutine of the server has ended.
//
// Lock order: Server.mu before the device's own locks; Server.sessionsMu and
// outbox.mu are innermost.
package netconf
