// Package schemas is what collectors share that read devices by YANG modules,
// whatever the protocol: what a device says of its modules (Inventory, and the
// YANG library of RFC 7895 and RFC 8525), where their texts come from (Cache,
// Directory, the device itself), the compiled schemas of many devices (Models),
// what of the data is no state of the network (Policy), and how decoded data
// become a sample (Reading).
//
// It names no module besides the YANG library, in which devices describe
// themselves.
package schemas
