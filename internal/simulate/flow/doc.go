// Package flow makes recorded packets of flow exporters current: NetFlow
// version 9 (RFC 3954) and IPFIX (RFC 7011). A recording that is played in
// rounds becomes what one exporter that keeps running would send: times, uptimes
// and sequence numbers go on from round to round. All else stays as recorded.
//
// It reads templates only to find the fields that hold times. What it cannot
// read it leaves as it is.
package flow
