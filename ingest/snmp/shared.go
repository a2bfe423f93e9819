package snmp

import client "nettwin/internal/snmp"

// Credential is what a device wants to see.
type Credential = client.Credential

// Varbind is one name and value of an answer.
type Varbind = client.Varbind

// BER tags of values (RFC 3416 §3, RFC 2578 §7.1).
const (
	TagInteger        = client.TagInteger
	TagOctets         = client.TagOctets
	TagNull           = client.TagNull
	TagOID            = client.TagOID
	TagIPAddress      = client.TagIPAddress
	TagCounter32      = client.TagCounter32
	TagGauge32        = client.TagGauge32
	TagTimeTicks      = client.TagTimeTicks
	TagOpaque         = client.TagOpaque
	TagCounter64      = client.TagCounter64
	TagUnsigned32     = client.TagUnsigned32
	TagNoSuchObject   = client.TagNoSuchObject
	TagNoSuchInstance = client.TagNoSuchInstance
	TagEndOfMIBView   = client.TagEndOfMIBView
)

// AuthProtocols lists the names that Credential.Auth takes.
func AuthProtocols() []string { return client.AuthProtocols() }

// PrivProtocols lists the names that Credential.Priv takes.
func PrivProtocols() []string { return client.PrivProtocols() }
