// Package snmprec reads SNMP recordings in snmpsim's text form: one variable a
// line, `OID|TAG|VALUE`, where TAG is the decimal number of the value's BER
// identifier octet, followed by x when VALUE is hexadecimal.
//
//	1.3.6.1.2.1.1.3.0|67|12345
//	1.3.6.1.2.1.2.2.1.6.1|4x|0050568c0b73
//
// Real recordings are odd: rows out of order, an OID twice, addresses masked
// by text. The reader is lenient, but never silently so: a row that is changed,
// replaced or left out appears in Recording.Findings with file and line.
package snmprec
