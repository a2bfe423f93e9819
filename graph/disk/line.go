package disk

import (
	"fmt"

	"nettwin/graph"
	"nettwin/graph/disk/internal/runs"
)

// line is one branch from its fork to its drop. A branch of the same name made
// later is another line. Store.mu guards it; its tip belongs to who has the
// turn.
type line struct {
	id     uint64 // number of the record that forked it; 0 for Main
	name   string
	parent string          // name of the branch that it forked from
	base   graph.CommitSeq // 0: the empty store

	head       graph.CommitSeq // newest published
	headCell   *runs.Cell
	headCommit *graph.Commit // nil: not read yet
	dropped    bool

	tip       graph.CommitSeq // newest, published or pending (I8)
	tipCell   *runs.Cell      // headCell, or that of the last pending commit
	tipCommit *graph.Commit
	tipPos    uint64 // its position in the log; 0 for commits of earlier processes
}

// newLine makes a line that stands at a commit.
func newLine(id uint64, name, parent string, base, head graph.CommitSeq, cell *runs.Cell) *line {
	return &line{id: id, name: name, parent: parent, base: base, head: head, headCell: cell, tip: head, tipCell: cell}
}

// pending is a commit that is in the log and not yet published.
type pending struct {
	line   *line
	commit *graph.Commit
	cell   *runs.Cell
}

// info describes the line as a branch.
func (l *line) info() graph.Branch {
	return graph.Branch{Name: l.name, Base: l.base, Head: l.head, Parent: l.parent}
}

// branch returns the line of a name; "" means Main. The caller holds mu.
func (s *Store) branch(name string) (*line, error) {
	if name == "" {
		name = graph.Main
	}
	l := s.branches[name]
	if l == nil {
		return nil, fmt.Errorf("branch %q: %w", name, graph.ErrNoBranch)
	}
	return l, nil
}

// readCommit returns what the log says of a commit, without its changes.
func (s *Store) readCommit(seq graph.CommitSeq) (*graph.Commit, error) {
	if seq == 0 {
		return &graph.Commit{}, nil
	}
	if c, ok := s.told.get(seq); ok {
		return &c, nil
	}
	r, err := s.readRecord(seq)
	if err != nil {
		return nil, err
	}
	s.told.put(r.commit)
	return &r.commit, nil
}

// readRecord returns the record of a commit.
func (s *Store) readRecord(seq graph.CommitSeq) (*record, error) {
	n, err := s.history.Node(seq)
	if err != nil {
		return nil, err
	}
	r, err := s.wal.ReadCommit(n.Pos)
	if err == nil && r.commit.Seq != seq {
		err = fmt.Errorf("the log has commit %d where the history says %d", r.commit.Seq, seq)
	}
	return r, err
}

// commitOf returns the commit at a line's head.
func (s *Store) commitOf(l *line, seq graph.CommitSeq) (graph.Commit, error) {
	s.mu.RLock()
	c := l.headCommit
	s.mu.RUnlock()
	if c != nil && c.Seq == seq {
		return *c, nil
	}
	c, err := s.readCommit(seq)
	if err != nil {
		return graph.Commit{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.head == seq {
		l.headCommit = c
	}
	return *c, nil
}
