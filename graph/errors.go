package graph

import (
	"errors"
	"fmt"
)

// Errors of stores and sources. Test with errors.Is.
var (
	// ErrClosed: the store, snapshot, cursor or feed was closed.
	ErrClosed = errors.New("graph: closed")
	// ErrConflict: Batch.Expected is not the branch's newest commit.
	ErrConflict = errors.New("graph: version conflict")
	// ErrNoBranch: no branch has that name.
	ErrNoBranch = errors.New("graph: no such branch")
	// ErrBranchExists: Fork onto a name that is taken.
	ErrBranchExists = errors.New("graph: branch exists")
	// ErrBadBranchName: names are 1 to 100 of a-z A-Z 0-9 . _ -, not beginning with a dot or dash.
	ErrBadBranchName = errors.New("graph: bad branch name")
	// ErrMainBranch: Main cannot be dropped.
	ErrMainBranch = errors.New("graph: main branch cannot be dropped")
	// ErrNoVersion: the version is not retained, lies in the future or is not on the branch.
	ErrNoVersion = errors.New("graph: no such version")
	// ErrTooLarge: a batch or term is beyond a limit of the engine.
	ErrTooLarge = errors.New("graph: too large")
	// ErrReadOnly: an earlier write failed, so the store takes no more until it is opened again.
	ErrReadOnly = errors.New("graph: store is read-only after a failed write")
	// ErrFull: the medium has no room left for a commit. Reads go on, and commits
	// too once there is room again.
	ErrFull = errors.New("graph: no room on the medium")
	// ErrBadQuad: a quad that RDF 1.1 does not allow (a literal subject, a predicate that is no IRI).
	ErrBadQuad = errors.New("graph: not an RDF quad")
)

// RetentionError is ErrNoVersion for a version that was there and is no longer
// retained, or a feed from there.
type RetentionError struct {
	Asked CommitSeq
	// Oldest is the oldest commit that is retained: its version can be read, and
	// a feed can begin after it.
	Oldest CommitSeq
}

func (e *RetentionError) Error() string {
	return fmt.Sprintf("graph: commit %d is no longer retained: the oldest that is, and from which a feed can be resumed, is %d", e.Asked, e.Oldest)
}

// Is makes it an ErrNoVersion.
func (e *RetentionError) Is(target error) bool { return target == ErrNoVersion }

// CorruptionError says which bytes of a store are not what was written.
type CorruptionError struct {
	File   string
	Offset int64
	Reason string
}

func (e *CorruptionError) Error() string {
	return fmt.Sprintf("graph: corrupt file %s at offset %d: %s", e.File, e.Offset, e.Reason)
}

// MergeConflictError lists quads that both branches changed in opposite
// directions, at most MaxReportedConflicts of Total.
type MergeConflictError struct {
	Quads []Quad
	Total int
}

// MaxReportedConflicts bounds MergeConflictError.Quads.
const MaxReportedConflicts = 100

func (e *MergeConflictError) Error() string {
	return fmt.Sprintf("graph: merge: %d quads changed on both branches in opposite directions", e.Total)
}
