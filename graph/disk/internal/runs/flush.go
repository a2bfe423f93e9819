package runs

import (
	"context"
	"slices"

	"nettwin/internal/invariant"
)

// Bar keeps merges in memory from beginning and waits for the one under way,
// so that cells can be frozen whose runs nobody is merging. Unbar ends it.
func (s *Set) Bar(ctx context.Context) error {
	s.mu.Lock()
	s.barred++
	s.mu.Unlock()
	return s.wait(ctx, func() bool { return !s.active[memoryWorker] })
}

// Claim marks the runs in memory of frozen cells, so that only Flush takes
// them. Merges in memory must be barred.
func (s *Set) Claim(cells []*Cell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range cells {
		for _, r := range c.version.runs {
			if r.seg == nil {
				s.busy[r] = true
			}
		}
	}
}

// Unbar allows merges in memory again.
func (s *Set) Unbar() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.barred--
	s.poke()
}

// Flush writes the runs in memory of cells that were claimed to segments and
// puts these in place everywhere. Runs that the same cells share become one
// segment. Replaced runs are in memory, so nothing has to be persisted before
// they go.
func (s *Set) Flush(ctx context.Context, cells []*Cell) error {
	s.mu.Lock()
	jobs := groups(cells)
	s.mu.Unlock()
	for _, j := range jobs {
		merged, err := s.write(ctx, j)
		var old []*Version
		if err == nil {
			old, err = s.install(j, merged)
		}
		if err == nil {
			err = releaseAll(old)
		}
		s.mu.Lock()
		s.done(j.runs)
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	if invariant.Enabled {
		for _, c := range cells {
			_, all := c.Segments()
			invariant.Check(all, "I5: a flushed cell has nothing in memory")
		}
	}
	return nil
}

// groups cuts the lists of runs in memory where cells begin to differ, so that
// what they share is written once. The caller holds Set.mu.
func groups(cells []*Cell) (jobs []job) {
	owners := map[*Run][]int{}
	for i, c := range cells {
		for _, r := range c.version.runs {
			if r.seg == nil {
				owners[r] = append(owners[r], i)
			}
		}
	}
	for _, c := range cells {
		list := c.version.runs
		for from := 0; from < len(list); {
			to := from + 1
			if list[from].seg != nil {
				from = to
				continue
			}
			for to < len(list) && list[to].seg == nil && slices.Equal(owners[list[to]], owners[list[from]]) {
				to++
			}
			j := job{runs: list[from:to], disk: true, whole: from == 0}
			if !slices.ContainsFunc(jobs, func(other job) bool { return slices.Equal(other.runs, j.runs) }) {
				jobs = append(jobs, j)
			}
			from = to
		}
	}
	return jobs
}
