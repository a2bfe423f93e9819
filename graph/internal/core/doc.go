// Package core is the versioned quad store in memory behind the engines: the
// dictionary, five counted B-trees per version, branches, merge and feed. An
// engine gives it a Log; graph/mem has none, graph/disk has a write-ahead log.
//
// A commit takes its turn, computes its effective changes against the tip of
// its branch, appends them to the log, gives up the turn and waits for the log
// to be durable; only then is its version published to readers. So commits
// that wait together are made durable together.
//
// Locks, in order: Store.turn (one writer), Store.mu (what is published).
// Readers hold mu only to look up a version, never while they read it.
//
// Invariants:
//
//	I1: versions are published in the order of their sequence numbers, and
//	    only after the log is durable up to them.
//	I2: a version's trees never change; the five hold the same quads.
//	I3: a line's tip is its newest version, published or pending.
//	I4: version.refs counts the versions and lines that continue from it.
//	I5: changes of a version are effective, sorted by SPOG, and no quad is in
//	    both halves.
//	I6: after a failed write nothing is appended again (Store.failed).
package core
