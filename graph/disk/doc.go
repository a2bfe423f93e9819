// Package disk is the durable engine. In this form it is a write-ahead log
// over the indexes of graph/internal/core: a commit is acknowledged when its
// record is fsynced, and opening replays the log.
//
// A data directory holds
//
//	STORE        format version, base IRI, time of creation, salt of checksums
//	LOCK         flock'ed by the process that has the store open
//	wal-000001…  segments of the log
//
// Other files are left alone.
//
// Invariants:
//
//	I1: STORE is renamed into place last, so a directory that has one was
//	    created completely and has segment 1.
//	I2: a segment is fsynced whole before the next one is created, so only the
//	    last can end in a torn record.
//	I3: records are numbered from 1 without gaps over all segments.
//	I4: nothing is written after a write, fsync or rename failed.
//	I5: a torn tail is cut off and fsynced before anything is appended.
//
// Locks, in order: wal.flushing (who writes to the file), wal.mu (what is to
// be written). Neither is held while the store's own locks are taken.
package disk
