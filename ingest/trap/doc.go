// Package trap takes what devices tell by SNMP notifications: traps of SNMPv1,
// v2c and v3 and informs (RFC 3416 §4.2.6, §4.2.7), which it acknowledges once
// they are in the graph. What a notification and its variables are called is
// said by the tables of facts (nettwin/ontology/mib), what it means for the
// twin by map/trap.tsv; this package names no OID but sysUpTime and
// snmpTrapOID.
//
// A datagram goes: socket → sender known? (Senders: rate) → queue → header,
// credential, digest (decode.go, usm.go) → Event (mapping.go) →
// ingest.EventLog → ingest.Pipeline. Whatever is not taken is counted with its
// reason.
//
// # What the source graph holds
//
// <base>graph/source/trap/<device>/event/<time>-<hash> is a trap:Notification,
// with trap:notification (the notification's IRI), trap:notificationOID where
// no table knows it, trap:upTime, trap:version, the variables as
// trap:<MODULE>/<object>, and what every event has (twin:receivedTime,
// twin:reportedType …). Properties are not those of the MIB: a variable of a
// trap is no state that a table holds.
package trap
