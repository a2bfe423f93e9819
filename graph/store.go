package graph

import (
	"context"
	"time"

	"nettwin/graph/rdf"
)

// Term is rdf.Term, named here because every signature needs it.
type Term = rdf.Term

// CommitSeq numbers the commits of a store from 1, over all branches. 0 is
// the empty store before the first commit.
type CommitSeq uint64

// Main is the branch that every store has: operational data.
const Main = "main"

// At selects a version. The zero At is the newest commit of Main. At most one
// of Seq and Time may be set.
type At struct {
	Branch string    // "" means Main
	Seq    CommitSeq // that commit's state, which must lie on the branch or its ancestors
	Time   time.Time // the newest commit of the branch not later than this instant, which must not lie in the future or before the store was created; once answered it stays the same
}

// Snapshot is one version of a branch. It never changes, is safe for
// concurrent use and neither blocks nor is blocked by writers. It holds
// resources until Close.
type Snapshot interface {
	Source

	// Commit returns the commit that made this version; the zero Commit for
	// the empty store.
	Commit() Commit

	// Close releases the version. It is idempotent; cursors of the snapshot
	// must be closed before.
	Close() error
}

// Partial is a Snapshot of a version that lacks graphs whose past is not
// retained so far back: they are as if they were empty.
type Partial interface {
	// Missing names them: the IRI of a graph, "" for the default graph, or what
	// their IRIs begin with, ending in "/" or "#".
	Missing() []string
}

// Missing names the graphs that a snapshot lacks, as Partial does; nil if it is
// whole.
func Missing(s Snapshot) []string {
	if p, ok := s.(Partial); ok {
		return p.Missing()
	}
	return nil
}

// Store is a versioned quad store with one writer at a time (Commit calls
// queue up) and any number of readers. All methods are safe for concurrent
// use.
type Store interface {
	// Snapshot opens a version. An engine may retain less of the past of some
	// graphs: Missing tells which of them an old version lacks. Errors:
	// ErrNoBranch, ErrNoVersion (in the future, or not on the branch; a
	// *RetentionError if it is not retained), ErrClosed.
	Snapshot(at At) (Snapshot, error)

	// Commit applies b to its branch, all or nothing, and returns when it is
	// durable. A batch with no effect makes no commit: it returns the
	// branch's newest commit with Adds and Deletes 0 and Effective false.
	// Errors: ErrConflict, ErrNoBranch, ErrTooLarge, ErrFull, ErrReadOnly (after
	// a failed write; reads go on), ctx.Err(), ErrClosed.
	Commit(ctx context.Context, b *Batch) (Commit, error)

	// Fork makes branch name start at a version, in O(1), which must be whole.
	// Errors: ErrBranchExists, ErrBadBranchName, ErrNoVersion as of Snapshot.
	Fork(ctx context.Context, name string, at At) (Branch, error)

	// Branches lists the branches, Main first, then by name.
	Branches() ([]Branch, error)

	// Drop removes a branch other than Main and frees what only it held.
	// Errors: ErrNoBranch, ErrMainBranch.
	Drop(ctx context.Context, name string) error

	// Diff yields what turns version from into version to, as changes sorted
	// by SPOG within deletes and within adds, deletes first. The snapshots
	// must be of this store and not restricted: filter the changes by
	// View.Shows. It stops when yield returns false.
	Diff(ctx context.Context, from, to Snapshot, yield func(Change) bool) error

	// Merge brings the effective changes of branch from since it forked into
	// branch into, as one commit. A quad changed on both sides since the fork
	// in opposite directions (one side added what the other deleted) is a
	// conflict: *MergeConflictError, nothing is written. The branches stay.
	Merge(ctx context.Context, from, into string, note string) (Commit, error)

	// Feed follows the effective changes of a branch, beginning after commit
	// after; 0 begins with the first. It delivers commits in order, each
	// once, waits for new ones, and can be resumed from any sequence seen.
	// Errors: ErrNoBranch, ErrNoVersion, which is a *RetentionError when the log
	// no longer reaches back; Next says so too if it comes to that meanwhile.
	Feed(branch string, after CommitSeq) (Feed, error)

	// Info describes the store.
	Info() Info

	// Close waits for the running commit, then closes. It is idempotent.
	Close() error
}

// Batch is what one commit changes. Deletes apply before adds: a quad in both
// is present afterwards. Terms are given as written; blank node labels are
// identities within the store, so loaders must scope them per document.
type Batch struct {
	Branch   string     // "" means Main
	Expected *CommitSeq // if set, the branch's newest commit must be this: else ErrConflict
	// ClearGraphs empties whole graphs first (the zero Term is the default
	// graph); ClearAll empties all.
	ClearGraphs []Term
	ClearAll    bool
	Deletes     []rdf.Quad
	Adds        []rdf.Quad
	Note        string // who and why, one line, for logs and history
}

// Commit is one version.
type Commit struct {
	Seq       CommitSeq
	Parent    CommitSeq // 0 for the first
	Branch    string
	Time      time.Time // UTC, strictly increasing over the store
	Adds      uint64    // effective: were absent, are present
	Deletes   uint64    // effective: were present, are absent
	Note      string
	Effective bool // false when the batch changed nothing
}

// Branch is a named line of versions.
type Branch struct {
	Name   string
	Base   CommitSeq // where it forked; 0 for Main
	Head   CommitSeq // its newest commit
	Parent string    // the branch that it forked from; "" for Main
}

// Change is one effective add or delete.
type Change struct {
	Quad   Quad
	Delete bool
}

// CommitChanges is one commit with its effective changes, deletes first. The
// slice is shared: do not write into it.
type CommitChanges struct {
	Commit  Commit
	Changes []Change
	// More: the commit has more changes than fit in memory (MaxFeedChanges at
	// least), and the feed goes on with them, as the same commit.
	More bool
}

// MaxFeedChanges is how many changes a feed delivers at once.
const MaxFeedChanges = 4 << 20

// Feed is a position in the change feed of a branch. One goroutine.
type Feed interface {
	// Next returns the next commit, waiting for it until ctx ends. Errors:
	// ctx.Err(), ErrClosed, ErrNoBranch when the branch was dropped.
	Next(ctx context.Context) (CommitChanges, error)

	// Close ends the feed. It is idempotent.
	Close() error
}

// Info describes a store.
type Info struct {
	Engine    string    // "mem", "disk"
	Base      string    // the base IRI fixed when the store was created
	Quads     uint64    // on Main's newest version
	Terms     uint64    // in the dictionary
	Head      CommitSeq // Main's newest commit
	Created   time.Time
	SizeBytes int64 // on disk; 0 in memory
}
