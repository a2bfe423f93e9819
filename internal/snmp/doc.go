// Package snmp is what those who speak SNMP share: credentials, and the names
// and values of messages. It names no object.
package snmp
