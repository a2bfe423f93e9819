package graph

import (
	"context"

	"nettwin/graph/rdf"
)

// Loader is a Store that takes any number of quads in one commit, in bounded
// memory.
type Loader interface {
	Store

	// Load begins a load. Nothing of it is visible before Load.Commit, and
	// readers and writers go on meanwhile. Errors: ErrNoBranch, ErrReadOnly,
	// ErrClosed.
	Load(ctx context.Context, o LoadOptions) (Load, error)
}

// LoadOptions are what a Batch says beside its quads.
type LoadOptions struct {
	Branch      string // "" means Main
	Expected    *CommitSeq
	ClearGraphs []Term
	ClearAll    bool
	Note        string
}

// Load collects the quads of one commit. After an error of Add or Commit it can
// only be aborted.
type Load interface {
	// Add adds quads, in any order and as often as one likes. It is safe for
	// concurrent use, so that parsing and numbering terms can use all
	// processors; slices of some thousand quads are best. Neither the slice nor
	// its texts are kept. Errors: ErrBadQuad, ErrTooLarge, ctx.Err(), those of
	// the file system, ErrClosed.
	Add(ctx context.Context, quads []rdf.Quad) error

	// Commit makes the commit, all or nothing, and returns when it is durable.
	// Its effective changes are judged by the branch as it is then. Errors: as
	// Store.Commit.
	Commit(ctx context.Context) (Commit, error)

	// Abort ends a load that was not committed and removes what it wrote. It is
	// idempotent and does nothing after Commit succeeded.
	Abort() error
}
