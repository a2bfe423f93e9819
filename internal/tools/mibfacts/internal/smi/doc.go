// Package smi reads the part of SMIv1 and SMIv2 (RFC 1155, RFC 1212, RFC 2578,
// RFC 2579) that says what an agent's values look like: object types, their
// place in the OID tree, textual conventions, enumerations, indexes and units.
// Descriptions and compliance statements are read over.
package smi
