package runs

import "slices"

// Cell is the place of a version that merges may improve.
type Cell struct {
	set     *Set
	version *Version
	// frozen: it is never extended, so nothing is merged for its own sake.
	frozen bool
	gone   bool // it was removed: nobody need wait for room in it
}

// Add makes a cell for a version, whose reference it takes over.
func (s *Set) Add(v *Version) *Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.poke()
	return s.add(v, false)
}

func (s *Set) add(v *Version, frozen bool) *Cell {
	c := &Cell{set: s, version: v, frozen: frozen}
	s.cells = append(s.cells, c)
	return c
}

// Extend makes a cell for the version after one more run.
func (s *Set) Extend(c *Cell, r *Run) *Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.poke()
	return s.add(c.version.With(r), false)
}

// Freeze makes a cell for the version of another that is never extended.
func (s *Set) Freeze(c *Cell) *Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(c.version.Retain(), true)
}

// AddFrozen is Add for a version that is never extended.
func (s *Set) AddFrozen(v *Version) *Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(v, true)
}

// Remove lets go of cells, their versions, and the segments that only they had.
func (s *Set) Remove(cells ...*Cell) error {
	if len(cells) == 0 {
		return nil
	}
	s.mu.Lock()
	var gone []*Version
	s.cells = slices.DeleteFunc(s.cells, func(c *Cell) bool {
		if !slices.Contains(cells, c) {
			return false
		}
		gone = append(gone, c.version)
		c.gone = true
		return true
	})
	s.room.Broadcast()
	s.mu.Unlock()
	return releaseAll(gone)
}

// Get returns the version with a reference of its own.
func (c *Cell) Get() *Version {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	return c.version.Retain()
}

// Segments returns the numbers of the segments that the list begins with, and
// whether it is all of it.
func (c *Cell) Segments() (nums []uint64, all bool) {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	for _, r := range c.version.runs[:segmentsOf(c.version)] {
		nums = append(nums, r.seg.Header().Num)
	}
	return nums, len(nums) == len(c.version.runs)
}

// Full tells whether the list has to become shorter before it is extended.
func (c *Cell) Full() bool {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	return c.full()
}

func (c *Cell) full() bool { return !c.gone && len(c.version.runs) >= MaxRuns }

// Len returns the number of quads.
func (c *Cell) Len() uint64 {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	return c.version.len
}
