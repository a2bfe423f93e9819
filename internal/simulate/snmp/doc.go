// Package snmp is an SNMP agent for simulated devices: SNMPv2c with
// communities (RFC 1901, RFC 3416) and SNMPv3 with the user-based security
// model (RFC 3412, RFC 3414, RFC 3826, RFC 7860) on a UDP socket.
//
// A packet's way: Agent.serve reads it, Agent.handle dispatches by version,
// usm checks and decrypts it, respond answers from a State, and the reply goes
// out, at once or after the delay that a test asked for. A State is what the
// device knows; Table is one made of a recording that tests and other
// protocols change while the agent runs.
//
// The package has its own BER codec and cryptographic framing and imports
// nothing of the twin nor of its SNMP library, so that it cannot share their
// bugs. SNMPv1 and notifications are outside its scope.
//
// Invariants:
//
//  1. No packet can make the agent panic or allocate more than a small
//     multiple of the largest message.
//  2. Every received packet is counted in Stats.Received and in the counter
//     of what became of it; none is dropped without a count.
//  3. Close returns after every goroutine of the agent has ended.
package snmp
