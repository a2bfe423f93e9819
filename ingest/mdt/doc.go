// Package mdt receives what Cisco's routers push by model-driven telemetry
// (dial-out over TCP and UDP): messages in self-describing protocol buffers
// (GPB-KV) or in JSON. Compact protocol buffers, which a file of the maker
// would have to explain, are counted and left.
//
// A message tells rows below one path: each has its keys and its content. They
// become data in JSON (RFC 7951) below the path with these keys, which
// ingest/telemetry maps by the device's schema. What is no YANG (commands and
// objects of NX-OS) is kept below the module "mdt".
//
// # Framing over TCP
//
//	+---------------+---------------+---------------+---------------+
//	|        message type (1)       |   encoding (1 GPB, 2 JSON)    |
//	+---------------+---------------+---------------+---------------+
//	|       header version (1)      |     flags (1: deflated)       |
//	+---------------+---------------+---------------+---------------+
//	|                            length                             |
//	+---------------------------------------------------------------+
//
// A datagram has the same header, or none.
//
// # Invariants
//
//  1. A damaged message costs itself; a damaged header costs its connection,
//     since what follows cannot be found.
//  2. Connections, the size of messages and what waits for them are bounded.
package mdt
