package core

import (
	"errors"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/internal/btree"
)

// SetLog gives an empty store the log from which it is replayed and to which
// it then appends.
func SetLog(s *Store, log Log) { s.log = log }

// Replay repeats a record that the log holds at pos. Records come in the order
// in which they were appended. An error means that the record does not follow
// from those before, so the log is not what was written.
func Replay(s *Store, r *Record, pos uint64) error {
	if s.edit == 0 {
		s.edit = btree.NewEdit()
	}
	switch r.Kind {
	case RecordCommit:
		return s.replayCommit(r, pos)
	case RecordFork:
		return s.replayFork(r)
	case RecordDrop:
		return s.replayDrop(r)
	}
	return fmt.Errorf("record of kind %d", r.Kind)
}

// Start ends replaying: from now on the store may be used.
func Start(s *Store) {
	for _, l := range s.branches {
		l.freeze()
	}
	s.edit = 0
	s.logged = s.dict.Len()
}

// Head returns the number of the newest commit of any branch. It is meant for
// the time between Replay and Start.
func Head(s *Store) graph.CommitSeq { return s.seq }

func (s *Store) replayCommit(r *Record, pos uint64) error {
	l := s.branches[r.Commit.Branch]
	switch c := &r.Commit; {
	case l == nil:
		return fmt.Errorf("commit %d on branch %q, which does not exist", c.Seq, c.Branch)
	case c.Seq != s.seq+1 || c.Parent != seqOf(l.tip):
		return fmt.Errorf("commit %d after %d follows commit %d: branch %q is at %d and the store at %d",
			c.Seq, c.Parent, s.seq, c.Branch, seqOf(l.tip), s.seq)
	case !c.Time.After(s.last):
		return fmt.Errorf("commit %d is dated %s, not after the one before", c.Seq, c.Time)
	case r.FirstTerm != s.dict.Len():
		return fmt.Errorf("commit %d numbers terms from %d, the dictionary has %d", c.Seq, r.FirstTerm, s.dict.Len())
	}
	for _, t := range r.Terms {
		if err := s.dict.AddRaw(t); err != nil {
			return err
		}
	}
	if err := s.checkChanges(l, r.Changes); err != nil {
		return fmt.Errorf("commit %d: %w", r.Commit.Seq, err)
	}
	v := &version{commit: r.Commit, line: l, parent: l.tip, pos: pos, cum: cumOf(l.tip) + uint64(r.Changes.Len())}
	s.freezeSome(l)
	if err := l.tipTrees.apply(s.edit, r.Changes); err != nil {
		return fmt.Errorf("commit %d: %w", r.Commit.Seq, err)
	}
	l.tip = v
	s.seq, s.last = v.commit.Seq, v.commit.Time
	v.refs = 1
	l.versions = append(l.versions, v)
	return nil
}

// checkChanges holds what a record says against I5 and the dictionary.
func (s *Store) checkChanges(l *line, c *Changes) error {
	for half, quads := range [][]graph.Quad{c.Deletes, c.Adds} {
		for i, q := range quads {
			if i > 0 && compareQuads(quads[i-1], q) >= 0 {
				return fmt.Errorf("quad %v is out of order", q)
			}
			if deleted := half == 0; l.tipTrees.has(q) != deleted {
				return fmt.Errorf("quad %v changes nothing", q)
			}
			for pos, id := range q {
				if !s.known(pos, id) {
					return fmt.Errorf("quad %v has an unknown id", q)
				}
			}
		}
	}
	if c.Len() == 0 {
		return errors.New("it changes nothing")
	}
	return nil
}

func (s *Store) known(pos int, id graph.TermID) bool {
	switch id.Tag() {
	case graph.TagSpecial:
		return pos == graph.G && id == graph.DefaultGraph
	case graph.TagIRI, graph.TagBNode, graph.TagLiteral:
		return id.Payload() < s.dict.Len()
	}
	_, ok := id.Term()
	return ok
}

// freezeSome keeps the trees of the tip when enough has changed since the last
// that were kept; else the next commit changes them in place, which is what
// makes replay quick.
func (s *Store) freezeSome(l *line) {
	last := cumOf(l.base)
	if n := len(l.kept); n > 0 {
		last = l.kept[n-1].cum
	}
	if cumOf(l.tip)-last >= keepChanges {
		s.freezeAll(l)
	}
}

func (s *Store) freezeAll(l *line) {
	l.freeze()
	if s.opts.Thin {
		l.thin()
	}
	s.edit = btree.NewEdit()
}

// freeze keeps the trees of the line's newest version.
func (l *line) freeze() {
	n := len(l.versions)
	if n == 0 || l.dropped || l.versions[n-1].trees != nil {
		return // the tip of a dropped line is not its newest version any more
	}
	trees := l.tipTrees
	l.versions[n-1].trees = &trees
	l.kept = append(l.kept, l.versions[n-1])
}

func (s *Store) replayFork(r *Record) error {
	from := s.branches[r.Parent]
	if err := checkBranchName(r.Name); err != nil {
		return err
	}
	if from == nil || s.branches[r.Name] != nil {
		return fmt.Errorf("fork of %q from %q: no such parent, or the name is taken", r.Name, r.Parent)
	}
	var base *version
	if r.Base != 0 {
		if base = from.find(r.Base); base == nil {
			return fmt.Errorf("fork of %q from commit %d, which is not on %q", r.Name, r.Base, r.Parent)
		}
	}
	s.freezeAll(from)
	if base != nil && base.line != from {
		s.freezeAll(base.line)
	}
	trees, err := s.treesOf(from, base)
	if err != nil {
		return err
	}
	s.addLine(r.Name, from, base, *trees)
	return nil
}

func (s *Store) replayDrop(r *Record) error {
	if r.Name == graph.Main || s.branches[r.Name] == nil {
		return fmt.Errorf("drop of branch %q, which cannot be", r.Name)
	}
	s.removeLine(r.Name)
	return nil
}
