// Package telemetry is what receivers of pushed YANG data share, whatever
// carries it: NETCONF, UDP-notif, Cisco's model-driven telemetry, files.
//
// # The way of a message
//
// Intake.Take decodes a message by the schema of its device (ontology/yang) and
// merges its facts into the device's window: of what several messages say of
// one property of a thing, the last holds. Notifications of YANG-push (RFC 8641)
// are taken apart: contents, edits, and what edits delete. When a window closes,
// one sample a device goes to the pipeline; if the pipeline does not take it,
// the window stays open.
//
// A message tells a part of a device only, so that what it does not repeat
// stays, and only what it says to be gone goes.
//
// # Invariants
//
//  1. A message is taken whole or refused whole, with an error that says why.
//  2. No sender makes a window grow beyond its limits (limits.go); what is
//     refused for that is counted.
//
// Locks: Intake.mu guards the windows; no other lock is held with it, and
// neither decoding nor the pipeline runs under it.
package telemetry
