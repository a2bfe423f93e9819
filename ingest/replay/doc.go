// Package replay reads files and folders of recorded messages, so that a twin
// can be made of devices that cannot be reached: walks of SNMP agents
// (snmpsim's .snmprec, the output of snmpwalk -On), replies and notifications of
// NETCONF (XML), data in JSON (RFC 7951), captures (pcap) and single datagrams
// of flows, syslog, UDP-notif and Cisco's telemetry, responses of gNMI in
// the JSON of protocol buffers, lines of syslog, lines of JSON that a recorder
// wrote, and outputs of commands that the caller knows (Options.Knows).
//
// What a file holds is found by its name and its content. A Player for each
// kind takes the messages on; which there are is the business of who calls.
//
// # Whose message it is
//
// Options.Device names the device of all files. Without it, a file in a folder
// below the one that is read belongs to the device of the folder's name, any
// other to that of its own name without extensions; a captured datagram belongs
// to whom Options.Resolve finds by its sender, else to its sender's address.
//
// # Invariants
//
//  1. No file, line or message ends the reading: what cannot be read is reported
//     with file and position, and what follows is read.
//  2. Files, lines, datagrams and failures are bounded (limits.go).
//  3. The same files give the same messages, in the same order: files by their
//     path, messages as they stand.
package replay
