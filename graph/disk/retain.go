package disk

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"nettwin/graph"
)

// Retention says how much of the past a store keeps. The zero Retention keeps
// all of it. A commit stays if either limit keeps it, and as long as a branch
// begins there or before.
type Retention struct {
	Commits uint64        // the newest so many of all branches; 0: no limit by number
	Age     time.Duration // those not older; 0: no limit by age

	// Graphs are classes of graphs of which less is kept. Versions that are
	// older lack them (graph.Partial), and feeds do not begin there.
	Graphs []GraphRetention
}

// GraphRetention is the retention of a class of graphs. A graph belongs to the
// class that names most of its IRI.
type GraphRetention struct {
	// Graph is the IRI of a graph, what the IRIs of graphs begin with if it ends
	// in "/" or "#", or "" for the default graph.
	Graph   string
	Commits uint64
	Age     time.Duration
}

// limited tells whether anything is ever let go.
func (r Retention) limited() bool { return r.Commits > 0 || r.Age > 0 }

// maxClasses bounds Retention.Graphs and the classes that a store remembers.
const maxClasses = 1000

func (r Retention) check() error {
	if len(r.Graphs) > maxClasses {
		return fmt.Errorf("retention of %d classes of graphs is beyond the limit of %d: %w", len(r.Graphs), maxClasses, graph.ErrTooLarge)
	}
	seen := map[string]bool{}
	for _, g := range r.Graphs {
		if strings.ContainsAny(g.Graph, "<> \t\r\n") || g.Graph != "" && !strings.Contains(g.Graph, ":") {
			return fmt.Errorf("retention of %q: it is no IRI, nor the beginning of one", g.Graph)
		}
		if seen[g.Graph] {
			return fmt.Errorf("retention of %q is given twice", g.Graph)
		}
		seen[g.Graph] = true
	}
	return nil
}

// of returns the limits of a class: its own, or those of the class of which it
// is a part; false if there are none.
func (r Retention) of(pattern string) (best Retention, ok bool) {
	longest := -1
	for _, g := range r.Graphs {
		if covers(g.Graph, pattern) && len(g.Graph) > longest {
			longest, best = len(g.Graph), Retention{Commits: g.Commits, Age: g.Age}
		}
	}
	return best, longest >= 0 && best.limited()
}

// covers tells whether a class holds all graphs of another, or a graph.
func covers(class, other string) bool {
	if class == other {
		return true
	}
	return (strings.HasSuffix(class, "/") || strings.HasSuffix(class, "#")) && strings.HasPrefix(other, class)
}

// retain raises the floor of a checkpoint that is about to be saved: the
// changes of commits up to it are needed no more. It returns the first segment
// of the log that is. The caller holds saving.
func (s *Store) retain(c *checkpoint) (first uint64, err error) {
	first = s.wal.first
	if !s.o.Retention.limited() {
		return first, nil
	}
	floor, err := s.oldest(c, s.o.Retention)
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
func (s *Store) oldest(c *checkpoint, r Retention) (graph.CommitSeq, error) {
	if c.seq == 0 {
		return 0, nil
	}
	floor := c.seq - 1
	if n := r.Commits; n > 0 {
		floor = min(floor, c.seq-graph.CommitSeq(min(n, uint64(c.seq))))
	}
	if age := r.Age; age > 0 {
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

// retained refuses commits that were there and whose versions, or whose
// successors in the log, may be no more.
func retained(asked, oldest graph.CommitSeq) error {
	if asked < oldest {
		return &graph.RetentionError{Asked: asked, Oldest: oldest}
	}
	return nil
}

// Retained says from which commit on a class of graphs is retained.
type Retained struct {
	Graph  string // as GraphRetention.Graph
	Oldest graph.CommitSeq
}

// Oldest returns the oldest commit whose version can be read, the one after
// which a feed can begin, and the classes of graphs that older versions lack.
func (s *Store) Oldest() (version, feed graph.CommitSeq, lack []Retained) {
	version = s.floor.Load()
	feed = version
	for _, c := range s.past().classes {
		if c.floor > version {
			lack = append(lack, Retained{c.graph, c.floor})
			feed = max(feed, c.floor)
		}
	}
	return version, feed, lack
}

// wholeFrom is the oldest commit whose version lacks nothing.
func (s *Store) wholeFrom() graph.CommitSeq {
	_, whole, _ := s.Oldest()
	return whole
}

// errNotWhole: a fork or merge would begin at a version that lacks graphs.
var errNotWhole = errors.New("the version lacks graphs whose past is not retained so far back")
