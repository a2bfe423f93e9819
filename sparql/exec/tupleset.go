package exec

import (
	"context"

	"nettwin/graph"
)

// tupleSet tells different tuples of ids. Those for which there is no room are
// put away and told at the end.
type tupleSet struct {
	x     *execution
	width int
	seen  *tuples
	level int
	later *parts // nil: all had room
	row   *buffer
}

func (x *execution) newTupleSet(width int) *tupleSet {
	return &tupleSet{x: x, width: width, seen: newTuples(width, x.budget)}
}

// insert tells whether a tuple is new; false for one that is put away.
func (s *tupleSet) insert(key []graph.TermID) (added bool, err error) {
	if s.later == nil {
		_, added, err = s.seen.insert(key)
		if err == nil || !s.x.spills(err) {
			return added, err
		}
		if s.seen.n == 0 {
			return true, s.first(key)
		}
		if err := s.spill(); err != nil {
			return false, err
		}
	}
	if s.seen.find(key) >= 0 {
		return false, nil
	}
	for i, id := range key {
		s.row.cols[i] = s.row.column(i, 1)
		s.row.cols[i][0] = id
	}
	return false, s.later.of[s.later.part(key)].add(&s.row.chunk, onlyRow)
}

var onlyRow = []int32{0}

// first inserts a tuple into an empty set even if there is no room.
func (s *tupleSet) first(key []graph.TermID) error {
	s.x.budget.admit(s.seen.growth(1), true)
	defer s.x.budget.settle()
	_, _, err := s.seen.insert(key)
	return err
}

func (s *tupleSet) spill() (err error) {
	slots := make([]int, s.width)
	for i := range slots {
		slots[i] = i
	}
	s.row = s.x.newBuffer()
	s.row.n = 1
	s.later, err = s.x.newParts(slots, s.level)
	return err
}

// rest gives each the tuples that are new among those put away, and forgets
// everything.
func (s *tupleSet) rest(ctx context.Context, each func(key []graph.TermID) error) error {
	s.seen.release()
	if s.later == nil {
		return nil
	}
	if err := s.later.done(); err != nil {
		return err
	}
	key := make([]graph.TermID, s.width)
	for _, part := range s.later.of {
		sub := &tupleSet{x: s.x, width: s.width, seen: newTuples(s.width, s.x.budget), level: s.level + 1}
		in := part.read()
		for {
			c, err := in.next(ctx)
			if err != nil {
				return err
			}
			if c == nil {
				break
			}
			for row := range c.n {
				for i := range key {
					key[i] = c.at(i, row)
				}
				added, err := sub.insert(key)
				if err != nil {
					return err
				}
				if !added {
					continue
				}
				if err := each(key); err != nil {
					return err
				}
			}
		}
		if err := sub.rest(ctx, each); err != nil {
			return err
		}
	}
	s.x.drop(s.later.file)
	s.later = nil
	return nil
}
