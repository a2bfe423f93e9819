// Package mem is the plain in-memory engine: what it holds is gone when it is
// closed. It is a dictionary, five counted B-trees per version, branches, merge
// and feed. Every version is retained and shares its structure with the ones
// before, so that a snapshot, a fork and a past version cost nothing. It is the
// oracle that other engines are compared with, and shares little with
// graph/disk, so that each is a test of the other.
//
// A commit takes its turn, computes its effective changes against the tip of
// its branch and publishes the version that they make.
//
// Locks, in order: Store.turn (one writer), Store.mu (what is published).
// Readers hold mu only to look up a version, never while they read it.
//
// Invariants:
//
//	I1: versions are published in the order of their sequence numbers.
//	I2: a version's trees never change; the five hold the same quads.
//	I3: a line's tip is its newest version, its base before the first.
//	I4: version.refs counts the versions and lines that continue from it.
//	I5: changes of a version are effective, sorted by SPOG, and no quad is in
//	    both halves.
package mem
