// Package xmltree reads and writes XML as trees with resolved names, the form
// in which a NETCONF server looks at messages and data (RFC 6241 §3).
//
// Prefixes are resolved on reading and chosen anew on writing. Those that
// occur in values, as in identity references, are kept as declarations
// (Node.Decls), so that a value means the same after a round trip.
//
// It shares no code with the twin, so that it cannot share the twin's bugs.
package xmltree
