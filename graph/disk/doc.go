// Package disk is the durable engine: a log of commits, and behind it a
// log-structured merge tree of columnar runs.
//
// A data directory holds
//
//	STORE        format version, base IRI, time of creation, salt of checksums
//	LOCK         flock'ed by the process that has the store open
//	wal-000001…  segments of the log: every commit, fork and drop; also the
//	             archive from which old versions, feeds and merges are made;
//	             wal-….z are those that opening does not read, compressed
//	MANIFEST     which of the following make up the store after one record of
//	             the log: the checkpoint
//	seg-000001…  runs of quads in five orders (internal/segment)
//	dict-000001… terms and their numbers (internal/dict)
//	RETAINED     from which commit on some graphs are retained, if less of them is
//	HISTORY      the tree of commits and where they are in the log (internal/history)
//
// Other files are left alone, except debris of the last three kinds.
//
// A commit takes its turn, works out its effective changes against the tip of
// its branch, appends them to the log, gives up the turn and waits for the log
// to be durable; only then is its version published to readers. Commits that
// wait together are made durable together. The changes are a run in memory;
// runs are merged behind the commits (internal/runs). Once enough rows, or
// enough of the log, have come together a checkpoint writes all branches as
// they are after one record to segments and names them in a manifest, so that
// opening reads only the log behind it.
//
// A load (load.go) takes any number of quads in bounded memory. Its rows are
// sorted apart (internal/bulk) and written to one segment, its new terms to one
// file of the dictionary, which becomes part of it just before; then one record
// of the log, which names the segment, is the commit. The segment stays as long
// as the commit is retained, because the log does not have its changes.
//
// A snapshot, a branch and a point in time are a runs.Version, a list of runs
// that versions share. A version that is not at hand is made from the nearest
// one that is by undoing and redoing the commits between; some versions of
// earlier checkpoints are kept for that, fewer the older they are. They share
// all segments that were not rewritten since.
//
// Retention lets go of the log from its front, and of graphs of which less is
// retained by taking their quads out of archives of the log; versions from before
// then lack these graphs.
//
// Memory: half of Options.MemoryBytes is the cache of blocks and pages, a
// quarter bounds young rows, for which commits wait; directories of segments
// and the table of young terms come on top, about 1 % of the files.
//
// Invariants:
//
//	I1: STORE is renamed into place last, so a directory that has one was
//	    created completely and has segment 1 of the log.
//	I2: a segment of the log is fsynced whole before the next one is created,
//	    so only the last can end in a torn record.
//	I3: records are numbered from 1 without gaps over all segments of the log.
//	I4: nothing is written to the log or the manifest after a write, fsync or
//	    rename failed, and no file is removed.
//	I5: a torn tail is cut off and fsynced before anything is appended.
//	I6: versions are published in the order of their sequence numbers, and
//	    only after the log is durable up to them.
//	I7: the history has each commit at its number, in the order of the log.
//	I8: a line's tip is its newest version, published or pending.
//	I9: a manifest is written after all that it names is durable, the log up to
//	    its record included, and names no run in memory. What it names stays
//	    until another one is durable.
//	I10: a segment that a record of a load names is durable before the record,
//	    and stays while the commit's changes are retained.
//
// Locks, in order: load.mu, Store.checkpointing (who makes a checkpoint),
// Store.turn (one writer), Store.saving (who writes the manifest), wal.flushing
// (who writes to the log), Store.mu (what is published), runs.Set's, wal.mu (what
// is to be written). Readers hold mu only to look up a version, never while they
// read it.
package disk
