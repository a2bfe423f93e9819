// Package notify sends what simulated devices say by themselves: SNMPv2c traps
// (RFC 3416 §4.2.6) and syslog messages (RFC 5424 over UDP, RFC 5426) about
// their events, and recorded packets with their times, such as those of flow
// exporters.
//
// Every device sends from a socket of its own, so that a collector can tell
// devices on one address apart by port; traps can also carry snmpTrapAddress
// (RFC 3584 §3.1), as a proxy adds it.
//
// Datagrams are sent once and may be lost, as in real networks; Stats tells what
// was sent.
package notify
