// Package gnmi is a gNMI server for simulated devices, for reading: Capabilities,
// Get, and Subscribe ONCE, POLL and STREAM with SAMPLE, ON_CHANGE and
// TARGET_DEFINED over TLS, in the encodings JSON_IETF, JSON and PROTO (gNMI
// specification 0.10, by the published protobuf definitions).
//
// A call's way: the interceptor authenticates by metadata, a call takes what
// the Device has (leaves.go) and selects by paths (match.go). A stream compares
// what it told with what there is, every Tick, and tells the difference. The
// data belongs to the Device, which other protocols look at too.
//
// Left out: Set, extensions, models chosen by use_models, quality of service.
//
// Close returns after every goroutine of the server has ended.
package gnmi
