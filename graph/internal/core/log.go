package core

import (
	"nettwin/graph"
	"nettwin/graph/internal/dict"
)

// Log makes records durable. Append and Changes are called by one goroutine
// at a time, which has the store's turn; Sync and ReadChanges by any.
type Log interface {
	// Append adds r after all earlier records and returns its position. It may
	// return before r is durable. An error that wraps graph.ErrTooLarge means
	// that nothing was written; any other ends writing.
	Append(r *Record) (pos uint64, err error)
	// Sync returns when all records up to the one at pos are durable.
	Sync(pos uint64) error
	// ReadChanges returns the changes of the commit at pos.
	ReadChanges(pos uint64) (*Changes, error)
}

// RecordKind says what a Record does.
type RecordKind uint8

// The kinds of records.
const (
	RecordCommit RecordKind = 1 + iota
	RecordFork
	RecordDrop
)

// Record is one step in the life of a store, as a Log holds it.
type Record struct {
	Kind RecordKind

	// RecordCommit: the commit, the dictionary's new entries, of which the
	// first has number FirstTerm, and the effective changes.
	Commit    graph.Commit
	FirstTerm uint64
	Terms     []dict.Raw
	Changes   *Changes

	// RecordFork: branch Name starts from commit Base of branch Parent, whose
	// line contains it. RecordDrop: branch Name goes.
	Name   string
	Parent string
	Base   graph.CommitSeq
}
