package disk

import (
	"time"

	"nettwin/graph"
)

// Retention says how much of the past a store keeps. The zero Retention keeps
// all of it. A commit stays if either limit keeps it, and as long as a branch
// begins there or before.
type Retention struct {
	Commits uint64        // the newest so many of all branches; 0: no limit by number
	Age     time.Duration // those not older; 0: no limit by age
}

// limited tells whether anything is ever let go.
func (r Retention) limited() bool { return r.Commits > 0 || r.Age > 0 }

// retain raises the floor of a checkpoint that is about to be saved: the
// changes of commits up to it are needed no more. It returns the first segment
// of the log that is. The caller holds saving.
func (s *Store) retain(c *checkpoint) (first uint64, err error) {
	first = s.wal.first
	if !s.o.Retention.limited() {
		return first, nil
	}
	floor, err := s.oldest(c)
	if err != nil || floor <= s.floor.Load() {
		return first, err
	}
	next, err := s.history.Node(floor + 1)
	if err != nil {
		return first, err
	}
	s.floor.Store(floor)
	segment, _ := splitPosition(next.Pos)
	return max(first, segment), nil
}

// oldest returns the newest commit whose changes need not be kept.
func (s *Store) oldest(c *checkpoint) (graph.CommitSeq, error) {
	if c.seq == 0 {
		return 0, nil
	}
	floor := c.seq - 1
	if n := s.o.Retention.Commits; n > 0 {
		floor = min(floor, c.seq-graph.CommitSeq(min(n, uint64(c.seq))))
	}
	if age := s.o.Retention.Age; age > 0 {
		old, err := s.newestBefore(c.seq, instant(s.o.Clock()).Add(-age))
		if err != nil {
			return 0, err
		}
		floor = min(floor, old)
	}
	for _, l := range c.lines {
		if l.seq > 0 { // its own record says who made it and why
			floor = min(floor, l.seq-1)
		}
		if l.line.id > 0 { // a merge asks what happened since
			floor = min(floor, l.line.base)
		}
	}
	return floor, nil
}

// newestBefore returns the newest commit up to a number that is older than t.
func (s *Store) newestBefore(seq graph.CommitSeq, t time.Time) (graph.CommitSeq, error) {
	lo, hi := graph.CommitSeq(0), seq // commits up to lo are older, those after hi are not
	for lo < hi {
		mid := lo + (hi-lo+1)/2
		n, err := s.history.Node(mid)
		if err != nil {
			return 0, err
		}
		if n.Time.Before(t) {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo, nil
}

// Oldest returns the oldest commit whose version can be read and after which a
// feed can begin; 0 while all of the past is kept.
func (s *Store) Oldest() graph.CommitSeq { return s.floor.Load() }
