// Package netconf writes to devices by NETCONF (RFC 6241): it computes an
// edit-config from what a plan's branch says of a device and from the device's
// own YANG schema, and carries it through candidate and confirmed commit. It
// names no module.
//
// Servers with faults are met as internal/netconf tells: the edit is tested by
// test-then-set and not by a validate of its own, and after the commit the
// running configuration is read and compared fact by fact. A commit has a
// persist token (RFC 6241 §8.4), so that any session may confirm or cancel it.
// What a commit makes of a startup datastore is left to the operator.
package netconf
