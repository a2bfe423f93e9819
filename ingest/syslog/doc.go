// Package syslog takes the log messages of devices: RFC 5424 and RFC 3164, by
// UDP (RFC 5426), TCP with octet counting or lines (RFC 6587) and TLS (RFC
// 5425). What a message means for the twin is said by map/syslog.tsv, a table
// of patterns; this package knows nobody's messages.
//
// A message goes: socket → sender known? (Senders: rate) → frame (framing.go)
// → queue → Message (parse.go) → Event (table.go) → ingest.EventLog →
// ingest.Pipeline. Both times are kept: the device's and that of receipt, by
// which events are ordered.
//
// # What the source graph holds
//
// <base>graph/source/syslog/<device>/event/<time>-<hash> is a syslog:Message
// with syslog:facility, syslog:hostname, syslog:appName, syslog:procid,
// syslog:msgid, structured data as syslog:sd/<SD-ID>/<name>, and what every
// event has (twin:receivedTime, twin:reportedTime, twin:reportedSeverity,
// twin:reportedMessage …).
package syslog
