package disk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/dict"
	"nettwin/graph/disk/internal/history"
	"nettwin/graph/disk/internal/runs"
	"nettwin/graph/internal/batch"
	"nettwin/internal/invariant"
)

// Commit implements graph.Store.
func (s *Store) Commit(ctx context.Context, b *graph.Batch) (graph.Commit, error) {
	if err := batch.Check(b); err != nil {
		return graph.Commit{}, fmt.Errorf("commit: %w", err)
	}
	c, err := s.write(ctx, func() (*graph.Commit, uint64, error) { return s.prepare(b) })
	if err != nil {
		return graph.Commit{}, fmt.Errorf("commit: %w", err)
	}
	return c, nil
}

// write takes its turn, makes a commit and publishes it. make returns the
// commit that holds afterwards and its position in the log, whether or not it
// is new.
func (s *Store) write(ctx context.Context, make func() (*graph.Commit, uint64, error)) (graph.Commit, error) {
	if err := s.room(); err != nil && !s.closed.Load() {
		return graph.Commit{}, err
	}
	for {
		if err := s.waitBacklog(ctx); err != nil {
			return graph.Commit{}, err
		}
		if err := s.take(ctx); err != nil {
			return graph.Commit{}, err
		}
		c, pos, err := make()
		s.give()
		var full *fullError
		if errors.As(err, &full) {
			s.due.Store(true) // segments of a delta may lie behind runs in memory
			s.poke()
			if err := s.set.WaitRoom(ctx, full.cell); err != nil {
				return graph.Commit{}, s.why(err)
			}
			continue
		}
		var lost *conflictError
		if errors.As(err, &lost) { // see conflictError
			err = errors.Join(err, s.publish(lost.tip, lost.pos))
		}
		if err != nil {
			return graph.Commit{}, err
		}
		if err := s.publish(c.Seq, pos); err != nil {
			return graph.Commit{}, err
		}
		return *c, nil
	}
}

// conflictError is graph.ErrConflict with the commit that came first. Who lost
// waits until readers see that commit: else it would try again on the state
// that it knows, and lose again and again for as long as the log is synced.
type conflictError struct {
	text string
	tip  graph.CommitSeq
	pos  uint64
}

func (e *conflictError) Error() string { return e.text + ": " + graph.ErrConflict.Error() }
func (e *conflictError) Unwrap() error { return graph.ErrConflict }

// fullError names the cell whose list of runs has to become shorter first.
type fullError struct{ cell *runs.Cell }

func (e *fullError) Error() string { return "disk: too many runs" }

// why returns why the store writes no more, if it does not.
func (s *Store) why(err error) error {
	if s.closed.Load() {
		return graph.ErrClosed
	}
	if failed := s.failure(); failed != nil {
		return failed
	}
	return err
}

// unchanged is the commit that holds after a batch without effect.
func (s *Store) unchanged(l *line) (*graph.Commit, uint64, error) {
	if l.tipCommit == nil {
		c, err := s.readCommit(l.tip)
		if err != nil {
			return nil, 0, err
		}
		l.tipCommit = c
	}
	c := *l.tipCommit
	c.Adds, c.Deletes, c.Effective = 0, 0, false
	return &c, l.tipPos, nil
}

// prepare makes and appends the commit of a batch. The caller has the turn.
func (s *Store) prepare(b *graph.Batch) (*graph.Commit, uint64, error) {
	if err := s.failure(); err != nil {
		return nil, 0, err
	}
	s.mu.RLock()
	l, err := s.branch(b.Branch)
	s.mu.RUnlock()
	if err != nil {
		return nil, 0, err
	}
	if b.Expected != nil && *b.Expected != l.tip {
		return nil, 0, &conflictError{fmt.Sprintf("branch %q is at commit %d, expected %d", l.name, l.tip, *b.Expected), l.tip, l.tipPos}
	}
	v := l.tipCell.Get()
	changes, err := batch.Effective(terms{s.dict}, v, b)
	if err = errors.Join(err, v.Release()); err != nil {
		return nil, 0, err
	}
	if changes.Len() == 0 {
		return s.unchanged(l)
	}
	return s.append(l, changes, b.Note)
}

// terms is the dictionary as package batch wants it.
type terms struct{ *dict.Dict }

// Find implements batch.Dict.
func (t terms) Find(term graph.Term) (graph.TermID, error) { return t.FindTerm(term) }

// append makes a commit of effective changes and gives it to the log. The
// caller has the turn.
func (s *Store) append(l *line, c *batch.Changes, note string) (*graph.Commit, uint64, error) {
	r := &record{kind: recordCommit, changes: c}
	r.commit.Adds, r.commit.Deletes, r.commit.Note = uint64(len(c.Adds)), uint64(len(c.Deletes)), note
	return s.appendCommit(l, r, nil)
}

// appendCommit gives the record of a commit, whose changes are set, to the log.
// run has the changes of a load.
func (s *Store) appendCommit(l *line, r *record, run *runs.Run) (*graph.Commit, uint64, error) {
	if l.tipCell.Full() {
		return nil, 0, &fullError{l.tipCell}
	}
	c := &r.commit
	c.Seq, c.Parent, c.Branch, c.Time, c.Effective = s.seq+1, l.tip, l.name, s.nextTime(), true
	r.firstTerm = s.logged
	commit := r.commit
	terms := s.dict.Len()
	for n := s.logged; n < terms; n++ {
		raw, err := s.dict.Raw(n)
		if err != nil {
			return nil, 0, err
		}
		r.terms = append(r.terms, raw)
	}
	pos, err := s.appendLog(r)
	if err != nil {
		return nil, 0, err
	}
	s.logged = terms
	if run != nil {
		s.keepLoad(commit.Seq, runs.NewVersion(run))
	}
	cell, err := s.advance(l, &commit, r.changes, run, pos)
	if err != nil {
		return nil, 0, s.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil { // a sync failed meanwhile
		return nil, 0, s.failed
	}
	s.pending = append(s.pending, pending{l, &commit, cell})
	return &commit, pos, nil
}

// advance moves the tip of a line to a commit that is in the log. The changes
// of a load are in run, which is else nil.
func (s *Store) advance(l *line, commit *graph.Commit, c *batch.Changes, run *runs.Run, pos uint64) (*runs.Cell, error) {
	n, err := s.history.Append(history.Node{
		Seq: commit.Seq, Parent: commit.Parent, Time: commit.Time, Adds: commit.Adds, Dels: commit.Deletes, Pos: pos,
	})
	if err != nil {
		return nil, err
	}
	invariant.Check(n.Seq == commit.Seq, "I7: the history has each commit at its number")
	if c != nil {
		run = runs.NewRun(commit.Seq, commit.Seq, c.Adds, c.Deletes)
	}
	cell := s.set.Extend(l.tipCell, run)
	l.tip, l.tipCell, l.tipCommit, l.tipPos = commit.Seq, cell, commit, pos
	s.seq, s.last = commit.Seq, commit.Time
	if c != nil {
		s.grow(uint64(c.Len()))
	} else { // the next opening need not look for it in the log
		s.due.Store(true)
		s.poke()
	}
	return cell, nil
}

func (s *Store) appendLog(r *record) (uint64, error) {
	pos, err := s.wal.Append(r)
	if err != nil && !errors.Is(err, graph.ErrTooLarge) {
		err = s.fail(err)
	}
	return pos, err
}

func (s *Store) nextTime() time.Time {
	now := instant(s.o.Clock())
	s.mu.RLock()
	asked := s.asked
	s.mu.RUnlock()
	for _, floor := range []time.Time{s.last, asked} {
		if !now.After(floor) {
			now = floor.Add(time.Nanosecond)
		}
	}
	return now
}

// instant drops the monotonic reading and the zone.
func instant(t time.Time) time.Time { return t.Round(0).UTC() }

// publish waits until commit seq at pos is durable and shows it and all before
// it to readers (I6). It may be published already.
func (s *Store) publish(seq graph.CommitSeq, pos uint64) error {
	if seq == 0 {
		return nil
	}
	if err := s.wal.Sync(pos); err != nil {
		return s.fail(err)
	}
	s.mu.Lock()
	var old []*runs.Cell
	n := 0
	for ; n < len(s.pending) && s.pending[n].commit.Seq <= seq; n++ {
		p := s.pending[n]
		old = append(old, p.line.headCell)
		p.line.head, p.line.headCell, p.line.headCommit = p.commit.Seq, p.cell, p.commit
	}
	if n > 0 {
		s.pending = slices.Delete(s.pending, 0, n)
		s.wake()
	}
	s.mu.Unlock()
	return s.removed(s.set.Remove(old...))
}

// removed deals with an error of removing the file of a segment that nobody
// needs any more: it is no reason to fail a commit, and the next opening
// removes the file.
func (s *Store) removed(err error) error {
	if err != nil {
		s.o.Log.Warn("file of a replaced segment left behind", "error", err)
	}
	return nil
}

// settle publishes all that is pending. The caller has the turn.
func (s *Store) settle() error {
	s.mu.RLock()
	err := s.failed
	var last graph.CommitSeq
	if n := len(s.pending); n > 0 {
		last = s.pending[n-1].commit.Seq
	}
	s.mu.RUnlock()
	if err != nil || last == 0 {
		return err
	}
	end, _ := s.wal.mark()
	return s.publish(last, end-1)
}

func (s *Store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
