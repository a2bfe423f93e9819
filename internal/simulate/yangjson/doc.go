// Package yangjson writes the data of simulated devices, which they keep as
// XML, in JSON (RFC 7951), for protocols that speak it. It shares no code with
// the twin's own reader.
package yangjson
