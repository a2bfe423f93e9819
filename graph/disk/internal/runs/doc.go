// Package runs is the store of quads as lists of runs. A run is the effective
// adds and deletes of a range of commits; it lies in memory (young ones) or in
// a segment. A Version is an immutable list of runs: a snapshot, a branch and
// a point in time are all a Version, and making one from another shares all
// runs but the new one.
//
// Because changes are effective, nobody has to ask which run is newer: a quad
// is in a version if its runs add it once more often than they delete it.
// Counts are sums, and a scan merges the small runs into the rows of the
// largest, block by block, without comparing rows between two changes.
//
// Compaction replaces neighbours in the list by one run with their net
// changes. It makes no version different, so it may happen behind any of them
// at any time.
//
// Invariants:
//
//	I1: in a version's list, oldest first, the runs that mention a quad add
//	    it, delete it, add it, … in turn, beginning with an add.
//	I2: a run is never empty, has no quad among both adds and deletes, and
//	    never changes.
//	I3: a version's length is the rows added less those deleted by its runs.
//	I4: a segment's file is there while a version has it.
//	I5: after Flush the cells that it was given have nothing in memory.
//
// A Version counts its references, and a run those of versions, so that files
// are removed when the last reader is gone.
package runs
