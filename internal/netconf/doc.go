// Package netconf is a NETCONF client: sessions over SSH (RFC 6241, RFC 6242),
// pipelined calls with a context each, candidate and confirmed commit, schema
// retrieval (RFC 6022) and notifications (RFC 5277). It knows the protocol's
// own operations and no data model; it imports nothing of the twin.
//
// # Life of a call
//
// Dial opens the transport and New exchanges hellos (hello.go). RPC registers
// the call under its message-id and hands the message to the writer
// goroutine; the reader goroutine takes messages off the transport (frame.go),
// finds the call (session.go) and hands the reply over; RPC reads it
// (reply.go). A reply is collected up to Config.MaxMessageBytes, or streamed
// to the caller's io.Writer by RPCTo.
//
// # Invariants
//
//  1. A session has one reader and one writer goroutine; both have ended when
//     Close returns.
//  2. A call is in Session.pending from before its message is queued until its
//     reply's header was read or it was given up. A reply to none is dropped.
//  3. After a call returned, nothing writes to its io.Writer.
//  4. Session.err is set once, before Session.done is closed.
//
// # Blast radius
//
// A framing error, a message without a readable root element and a message
// beyond MaxStreamBytes end the session. A reply that is too large or not
// well-formed inside fails its call only. An unreadable notification is
// dropped and counted.
//
// # Servers with faults
//
// Some servers lose a request that arrives together with the client's hello:
// New waits Config.HelloDelay first. Some drop the edits of a candidate that
// was validated by itself: write with EditConfig and TestThenSet instead of
// Validate, and compare running with what was meant after each commit. Some
// measure a confirmed commit's timeout from the last message: do not ask more
// often than once in 1.1 s while one runs out.
package netconf
