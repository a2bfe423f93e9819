// Package smi holds the values that SNMP carries: object identifiers and the
// base and application types of SMIv2 (RFC 2578 §7.1), both comparable and
// immutable, so that a recording, a simulated device's state and a protocol
// can share them without copying or locking.
//
// It knows nothing of encodings. It is the simulator's own and shares no code
// with the twin, so that it cannot share the twin's bugs.
package smi
