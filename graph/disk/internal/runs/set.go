package runs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
)

// Set holds the newest versions of lines and whatever other versions are
// kept, each in a Cell, and compacts behind them: a merge is put in the place
// of its runs in every cell that has them.
//
// One goroutine merges in memory and one to disk, so that runs stay few while
// a large merge is written. A commit adds its run to a cell and waits only
// when the cell has MaxRuns, or maxBacklog times what is due to be flushed, in
// memory. Set.mu guards the cells and is never held during a merge.
type Set struct {
	files  Files
	policy Policy
	// write: see Options.Persist. Its error ends compaction.
	write func(m *Manifest) error

	mu    sync.Mutex
	room  sync.Cond // a merge was put in place, or compaction ended
	cells []*Cell
	known []*Run  // segments of cells, each with a reference
	num   uint64  // newest segment's number
	busy  [2]*job // merges under way, by worker
	err   error   // why compaction ended

	wake    [2]chan struct{}
	stop    context.CancelFunc
	workers sync.WaitGroup
}

// The two workers.
const (
	memoryWorker = iota
	diskWorker
)

// maxBacklog bounds the rows in memory of a cell, in units of
// Policy.FlushRows.
const maxBacklog = 4

// Cell is the place of a version that compaction may improve.
type Cell struct {
	set     *Set
	name    string
	version *Version
}

// Options make a Set.
type Options struct {
	Files  Files
	Policy Policy
	// LastNum is the greatest number of a segment that may exist.
	LastNum uint64
	// Persist, if not nil, makes a manifest durable. It is called after every
	// merge to disk and before the files of replaced runs may be removed, with
	// the set's lock held: it must not use the set.
	Persist func(m *Manifest) error
}

// NewSet starts the merging goroutines, which Close waits for.
func NewSet(o Options) *Set {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Set{
		files: o.Files, policy: o.Policy, write: o.Persist, num: o.LastNum,
		stop: cancel,
	}
	s.room.L = &s.mu
	for w := range s.wake {
		s.wake[w] = make(chan struct{}, 1)
		s.workers.Go(func() { s.compact(ctx, w) })
	}
	return s
}

// Close stops merging and waits for it. The cells and the versions that others
// hold stay usable; files stay.
func (s *Set) Close() error {
	s.stop()
	s.workers.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, r := range s.known {
		err = errors.Join(err, r.release())
	}
	s.known = nil
	if !errors.Is(s.err, context.Canceled) {
		err = errors.Join(err, s.err)
	}
	return err
}

// Add makes a cell for a version, whose reference it takes over. The name is
// for manifests.
func (s *Set) Add(name string, v *Version) *Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Cell{set: s, name: name, version: v}
	s.learn(v.runs)
	s.cells = append(s.cells, c)
	s.poke()
	return c
}

// Remove lets go of a cell, its version, and the segments that only it had.
func (s *Set) Remove(c *Cell) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cells = slices.DeleteFunc(s.cells, func(other *Cell) bool { return other == c })
	err := c.version.Release()
	if slices.ContainsFunc(c.version.runs, func(r *Run) bool { return r.seg != nil }) {
		err = errors.Join(err, s.persist())
	}
	return err
}

// Name returns the cell's name.
func (c *Cell) Name() string { return c.name }

// Get returns the version with a reference of its own.
func (c *Cell) Get() *Version {
	c.set.mu.Lock()
	defer c.set.mu.Unlock()
	return c.version.Retain()
}

// Append puts the version after one more run in the cell. It waits while the
// list is too long for it, which compaction is about to shorten.
func (c *Cell) Append(ctx context.Context, r *Run) error {
	s := c.set
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.room.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c.full() && s.err == nil && ctx.Err() == nil {
		s.poke()
		s.room.Wait()
	}
	if err := errors.Join(s.err, ctx.Err()); err != nil {
		return err
	}
	old := c.version
	c.version = old.With(r)
	s.poke()
	return old.Release()
}

// full tells whether a commit has to wait for merges.
func (c *Cell) full() bool {
	var rows uint64
	for _, r := range c.version.runs {
		if r.seg == nil {
			rows += r.size()
		}
	}
	return len(c.version.runs) >= MaxRuns || rows >= maxBacklog*c.set.policy.FlushRows
}

// poke wakes the merging goroutines.
func (s *Set) poke() {
	for _, wake := range s.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// compact merges until nothing is to do, again and again.
func (s *Set) compact(ctx context.Context, worker int) {
	for {
		more, err := s.step(ctx, worker)
		if err != nil {
			s.fail(err)
			return
		}
		if more {
			continue
		}
		select {
		case <-s.wake[worker]:
		case <-ctx.Done():
			s.fail(ctx.Err())
			return
		}
	}
}

func (s *Set) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = fmt.Errorf("compaction: %w", err)
	}
	s.stop()
	s.room.Broadcast()
}

// step makes one merge, if one is due.
func (s *Set) step(ctx context.Context, worker int) (more bool, err error) {
	j, v, num := s.next(worker)
	if v == nil {
		return false, nil
	}
	merged, err := s.merge(ctx, j, num)
	if err == nil {
		err = s.install(j, merged)
	}
	err = errors.Join(err, v.Release())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[worker] = nil
	s.poke()
	s.room.Broadcast()
	return true, err
}

// next picks a merge and holds the version that it is for, so that its runs
// stay.
func (s *Set) next(worker int) (job, *Version, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.cells {
		if j, ok := s.pick(c.version, worker); ok {
			if j.disk {
				s.num++
			}
			s.busy[worker] = &j
			return j, c.version.Retain(), s.num
		}
	}
	return job{}, nil, 0
}

// pick asks the policy for a merge that is none of the other worker's runs.
func (s *Set) pick(v *Version, worker int) (job, bool) {
	var busy []*Run
	if other := s.busy[1-worker]; other != nil {
		busy = other.runs
	}
	if worker == memoryWorker {
		return s.policy.pickMemory(v, busy)
	}
	return s.policy.pickDisk(v, busy)
}

func (s *Set) merge(ctx context.Context, j job, num uint64) (*Run, error) {
	if !j.disk {
		return mergeInMemory(ctx, j.runs)
	}
	r, err := s.files.mergeToDisk(ctx, num, j.runs, j.whole)
	if err != nil {
		return nil, err
	}
	return r, s.files.FS.SyncDir(filepath.Dir(s.files.Name(num)))
}

// install puts the merged run in place everywhere.
func (s *Set) install(j job, merged *Run) error {
	if merged != nil {
		merged.retain() // while it is put in place
	}
	s.mu.Lock()
	var old []*Version
	for _, c := range s.cells {
		if v, ok := c.version.Replace(j.runs, merged); ok {
			old = append(old, c.version)
			c.version = v
		}
	}
	var err error
	if j.disk {
		if merged != nil {
			s.learn([]*Run{merged})
		}
		err = s.persist()
	}
	s.mu.Unlock()
	for _, v := range old {
		err = errors.Join(err, v.Release())
	}
	if merged != nil {
		err = errors.Join(err, merged.release())
	}
	return err
}

// sweep lets go of the segments that no cell names any more, after the
// manifest does not either: their last reader removes the file.
func (s *Set) sweep() error {
	var gone []*Run
	s.known = slices.DeleteFunc(s.known, func(r *Run) bool {
		if slices.ContainsFunc(s.cells, func(c *Cell) bool { return slices.Contains(c.version.runs, r) }) {
			return false
		}
		gone = append(gone, r)
		return true
	})
	var err error
	for _, r := range gone {
		name := r.seg.Name()
		r.seg.OnClose(func() error { return s.files.FS.Remove(name) })
		err = errors.Join(err, r.release())
	}
	return err
}

// learn notes the segments of a version.
func (s *Set) learn(list []*Run) {
	for _, r := range list {
		if r.seg != nil && !slices.Contains(s.known, r) {
			r.retain()
			s.known = append(s.known, r)
		}
	}
}

// persist writes the manifest and lets go of what it does not name.
func (s *Set) persist() error {
	if s.write != nil {
		if err := s.write(s.manifest()); err != nil {
			return err
		}
	}
	return s.sweep()
}

// manifest names the segments of all cells.
func (s *Set) manifest() *Manifest {
	m := &Manifest{LastNum: s.num}
	for _, c := range s.cells {
		l := Line{Name: c.name}
		for _, r := range c.version.runs[:segmentsOf(c.version)] {
			l.Segments = append(l.Segments, r.seg.Header().Num)
			l.Flushed = max(l.Flushed, r.to)
		}
		m.Lines = append(m.Lines, l)
	}
	return m
}

// Settle waits until no merge is due.
func (s *Set) Settle(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.room.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.err == nil && ctx.Err() == nil && (s.busy != [2]*job{} || s.due()) {
		s.poke()
		s.room.Wait()
	}
	return errors.Join(s.err, ctx.Err())
}

func (s *Set) due() bool {
	return slices.ContainsFunc(s.cells, func(c *Cell) bool {
		_, memory := s.policy.pickMemory(c.version, nil)
		_, disk := s.policy.pickDisk(c.version, nil)
		return memory || disk
	})
}
