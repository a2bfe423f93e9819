// Package udpnotif receives notifications of YANG-push that devices send in UDP
// datagrams (draft-ietf-netconf-udp-notif), in JSON, XML, or CBOR with names
// (RFC 9254). What they mean is the business of ingest/telemetry.
//
// # Header
//
//	 0                   1                   2                   3
//	+-----+-+-------+---------------+-------------------------------+
//	| Ver |S|   MT  |  Header Len   |        Message Length         |
//	+-----+-+-------+---------------+-------------------------------+
//	|                   Message Publisher ID                        |
//	+---------------------------------------------------------------+
//	|                        Message ID                             |
//	+---------------------------------------------------------------+
//	~                 Options (type, length, value)                 ~
//	+---------------------------------------------------------------+
//
// Version 1 is that of the newer drafts; version 0 that of older ones, which
// number CBOR otherwise. A message that is larger than a datagram comes in
// segments, each with an option that numbers it.
//
// # Invariants
//
//  1. A damaged datagram costs itself and, if it is a segment, its message.
//  2. What waits for further segments is bounded in bytes and time; who sends
//     most pays.
package udpnotif
