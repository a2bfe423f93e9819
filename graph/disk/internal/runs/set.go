package runs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
)

// Set holds the versions of a store, each in a Cell, and merges behind them: a
// merged run is put in the place of its runs in every cell that has them.
//
// One goroutine merges in memory and one merges segments, so that runs stay
// few while a large merge is written. Flush, which the store calls at a
// checkpoint, writes what is in memory. Set.mu guards the cells and is never
// held while rows are merged or files written.
type Set struct {
	files  *Files
	policy Policy
	// persist: see Options.Persist.
	persist func() error
	// fail: see Options.Failed.
	failed func(error)

	mu     sync.Mutex
	room   sync.Cond // a merge was put in place, or merging ended
	cells  []*Cell
	all    bool          // merge all segments of each list into one
	barred int           // while it is not 0 no merge in memory begins
	busy   map[*Run]bool // being merged or flushed
	active [2]bool       // merges under way, by worker
	err    error         // why merging ended

	wake    [2]chan struct{}
	stop    context.CancelFunc
	workers sync.WaitGroup
}

// The two workers.
const (
	memoryWorker = iota
	segmentWorker
)

// Options make a Set.
type Options struct {
	Files  *Files
	Policy Policy
	// Persist, if not nil, makes durable which segments the cells name. It is
	// called after segments were merged and before the files of the replaced
	// ones may be removed.
	Persist func() error
	// Failed, if not nil, is told why merging ended, unless by Close.
	Failed func(error)
}

// NewSet starts the merging goroutines, which Close waits for.
func NewSet(o Options) *Set {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Set{files: o.Files, policy: o.Policy, persist: o.Persist, failed: o.Failed, busy: map[*Run]bool{}, stop: cancel}
	s.room.L = &s.mu
	for w := range s.wake {
		s.wake[w] = make(chan struct{}, 1)
		s.workers.Go(func() { s.work(ctx, w) })
	}
	return s
}

// Close stops merging, waits for it and lets go of all cells. Versions that
// others hold stay usable; files stay.
func (s *Set) Close() error {
	s.Stop()
	s.workers.Wait()
	s.mu.Lock()
	cells := slices.Clone(s.cells)
	err := s.err
	s.mu.Unlock()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, s.Remove(cells...))
}

// Stop ends merging without waiting for it. Files stay from now on.
func (s *Set) Stop() {
	s.files.Keep()
	s.stop()
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

// work merges until nothing is to do, again and again.
func (s *Set) work(ctx context.Context, worker int) {
	for {
		more, err := s.step(ctx, worker)
		if err != nil {
			s.end(err)
			return
		}
		if more {
			continue
		}
		select {
		case <-s.wake[worker]:
		case <-ctx.Done():
			s.end(ctx.Err())
			return
		}
	}
}

// end stops merging for good. After a failed write files are not removed any
// more: the manifest that is durable may name them.
func (s *Set) end(err error) {
	s.files.Keep()
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = fmt.Errorf("merge of runs: %w", err)
	}
	s.stop()
	s.room.Broadcast()
	s.mu.Unlock()
	if first && s.failed != nil && !errors.Is(err, context.Canceled) {
		s.failed(err)
	}
}

// step makes one merge, if one is due.
func (s *Set) step(ctx context.Context, worker int) (more bool, err error) {
	j, v := s.next(worker)
	if v == nil {
		return false, nil
	}
	merged, err := s.merge(ctx, j)
	if err == nil {
		var old []*Version
		old, err = s.install(j, merged)
		if err == nil && j.disk && s.persist != nil {
			err = s.persist()
		}
		if err != nil {
			s.files.Keep()
		}
		err = errors.Join(err, releaseAll(old))
	}
	s.mu.Lock()
	s.active[worker] = false
	s.done(j.runs)
	s.mu.Unlock()
	return true, errors.Join(err, v.Release())
}

// done says that runs are merged. The caller holds mu.
func (s *Set) done(list []*Run) {
	for _, r := range list {
		delete(s.busy, r)
	}
	s.poke()
	s.room.Broadcast()
}

// next picks a merge and holds the version that it is for, so that its runs
// stay.
func (s *Set) next(worker int) (job, *Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if worker == memoryWorker && s.barred > 0 {
		return job{}, nil
	}
	for _, c := range slices.Backward(s.cells) {
		if j, ok := s.pick(c, worker); ok {
			for _, r := range j.runs {
				s.busy[r] = true
			}
			s.active[worker] = true
			return j, c.version.Retain()
		}
	}
	return job{}, nil
}

func (s *Set) pick(c *Cell, worker int) (job, bool) {
	if c.frozen {
		return job{}, false
	}
	if worker == memoryWorker {
		return s.policy.pickMemory(c.version, s.busy)
	}
	return s.policy.pickSegments(c.version, s.busy, s.all)
}

func (s *Set) merge(ctx context.Context, j job) (*Run, error) {
	if !j.disk {
		return mergeInMemory(ctx, j.runs)
	}
	return s.write(ctx, j)
}

// write makes a segment of a job's runs whose name is durable.
func (s *Set) write(ctx context.Context, j job) (*Run, error) {
	num := s.files.Next()
	r, err := s.files.mergeToDisk(ctx, num, j.runs, j.whole)
	if err != nil || r == nil {
		return nil, err
	}
	return r, s.files.FS.SyncDir(filepath.Dir(s.files.Name(num)))
}

// install puts the merged run in place everywhere and returns the versions
// that it replaced, for the caller to release.
func (s *Set) install(j job, merged *Run) (old []*Version, err error) {
	if merged != nil {
		merged.retain() // while it is put in place
	}
	s.mu.Lock()
	for _, c := range s.cells {
		if v, ok := c.version.Replace(j.runs, merged); ok {
			old = append(old, c.version)
			c.version = v
		}
	}
	s.mu.Unlock()
	if merged != nil {
		err = merged.release()
	}
	return old, err
}

func releaseAll(list []*Version) error {
	var err error
	for _, v := range list {
		err = errors.Join(err, v.Release())
	}
	return err
}

// wait blocks until ok, merging has ended, or ctx has.
func (s *Set) wait(ctx context.Context, ok func() bool) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.room.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !ok() && s.err == nil && ctx.Err() == nil {
		s.poke()
		s.room.Wait()
	}
	return errors.Join(s.err, ctx.Err())
}

// WaitRoom waits until the cell's list is short enough to be extended.
func (s *Set) WaitRoom(ctx context.Context, c *Cell) error {
	return s.wait(ctx, func() bool { return !c.full() })
}

// Settle waits until no merge is due.
func (s *Set) Settle(ctx context.Context) error {
	return s.wait(ctx, func() bool { return s.active == [2]bool{} && !s.due() })
}

func (s *Set) due() bool {
	return slices.ContainsFunc(s.cells, func(c *Cell) bool {
		_, memory := s.pick(c, memoryWorker)
		_, segments := s.pick(c, segmentWorker)
		return memory || segments
	})
}

// Compact merges the segments of each cell's list into one and waits for it.
func (s *Set) Compact(ctx context.Context) error {
	s.mu.Lock()
	s.all = true
	s.mu.Unlock()
	err := s.Settle(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = false
	return err
}

// SizeBytes adds up the segments of all cells.
func (s *Set) SizeBytes() (sum int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[*Run]bool{}
	for _, c := range s.cells {
		for _, r := range c.version.runs {
			if r.seg != nil && !seen[r] {
				seen[r] = true
				sum += r.seg.SizeBytes()
			}
		}
	}
	return sum
}
