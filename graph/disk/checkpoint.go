package disk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/runs"
	"nettwin/internal/invariant"
)

const (
	// maxBacklog bounds the rows that were committed since the last checkpoint,
	// in units of Policy.FlushRows: commits wait for the next one then.
	maxBacklog = 4

	// youngShare: a checkpoint is due once so large a share of the quads was
	// changed, and at least minFlushRows, so that scans find few young rows.
	youngShare   = 24
	minFlushRows = 16 << 10

	// lastShare: closing makes a checkpoint if a share of Policy.FlushRows is
	// not in segments, so that the next opening is quick.
	lastShare = 16

	// maxKept is how many older versions of a branch are kept, so that a version
	// between them is made by few changes. They share what has not changed with
	// newer ones.
	maxKept = 6
)

// atomicSeq is an atomic graph.CommitSeq.
type atomicSeq struct{ v atomic.Uint64 }

// Load returns the number.
func (a *atomicSeq) Load() graph.CommitSeq { return graph.CommitSeq(a.v.Load()) }

// Store sets it.
func (a *atomicSeq) Store(seq graph.CommitSeq) { a.v.Store(uint64(seq)) }

// checkpoint is the state of the store after one record of the log, in frozen
// cells. Once its manifest is durable they have nothing in memory, and hold
// what the manifest names.
type checkpoint struct {
	record uint64
	end    uint64 // position in the log behind the record
	seq    graph.CommitSeq
	terms  uint64
	dicts  []uint64
	lines  []savedLine
	kept   []savedLine
	rows   uint64 // rows that had been committed since the one before

	waiters []chan struct{} // closed when it is durable
}

// savedLine is a version of a branch in a checkpoint.
type savedLine struct {
	line *line
	seq  graph.CommitSeq
	cell *runs.Cell
}

// has tells whether the checkpoint has anything of a line.
func (c *checkpoint) has(id uint64) bool {
	return slices.ContainsFunc(slices.Concat(c.lines, c.kept), func(l savedLine) bool { return l.line.id == id })
}

func cellsOf(list []savedLine) []*runs.Cell {
	cells := make([]*runs.Cell, len(list))
	for i, l := range list {
		cells[i] = l.cell
	}
	return cells
}

// grow counts rows that were committed.
func (s *Store) grow(rows uint64) {
	s.backlog.Add(rows)
	s.rows.Add(rows)
	if s.wantsCheckpoint() {
		s.poke()
	}
}

func (s *Store) poke() {
	select {
	case s.work <- struct{}{}:
	default:
	}
}

// wantsCheckpoint tells whether one is due.
func (s *Store) wantsCheckpoint() bool {
	if s.rows.Load() >= max(1, s.flushAt.Load()) || s.due.Load() {
		return true
	}
	return s.wal.tail() > s.o.TailBytes
}

// setFlush sets after how many rows the next checkpoint is due.
func (s *Store) setFlush(quads uint64) {
	s.flushAt.Store(min(s.policy.FlushRows, max(minFlushRows, quads/youngShare)))
}

// checkpoints makes a checkpoint whenever one is due, until the store ends.
func (s *Store) checkpoints() {
	for {
		select {
		case <-s.leave:
			return
		default:
		}
		if s.wantsCheckpoint() {
			if err := s.checkpoint(s.ctx); err != nil {
				if s.ctx.Err() == nil {
					s.fail(fmt.Errorf("checkpoint: %w", err))
				}
				return
			}
			if !s.wantsCheckpoint() && !s.archiveNext(s.ctx) {
				s.trimNext(s.ctx)
			}
			continue
		}
		if s.archiveNext(s.ctx) || s.trimNext(s.ctx) {
			continue
		}
		select {
		case <-s.work:
		case <-s.leave:
			return
		case <-s.ctx.Done():
			return
		}
	}
}

// waitBacklog waits while too much is in memory.
func (s *Store) waitBacklog(ctx context.Context) error {
	for s.backlog.Load() >= maxBacklog*s.policy.FlushRows {
		s.mu.RLock()
		progress := s.progress
		s.mu.RUnlock()
		if s.backlog.Load() < maxBacklog*s.policy.FlushRows {
			return nil
		}
		s.poke()
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return s.why(graph.ErrClosed)
		}
	}
	return nil
}

// checkpoint writes everything up to now to segments, so that the log up to
// here need not be replayed. Commits go on meanwhile.
func (s *Store) checkpoint(ctx context.Context) error {
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	c, err := s.capture(ctx)
	if err != nil {
		return err
	}
	err = s.save(ctx, c)
	if err != nil {
		return errors.Join(err, s.set.Remove(cellsOf(c.lines)...))
	}
	s.checkpointed(c)
	return nil
}

// checkpointed tells those who wait that c is durable.
func (s *Store) checkpointed(c *checkpoint) {
	s.backlog.Add(^(c.rows - 1))
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.progress)
	s.progress = make(chan struct{})
	for _, done := range c.waiters {
		close(done)
	}
}

// capture takes the state between two commits.
func (s *Store) capture(ctx context.Context) (*checkpoint, error) {
	if err := s.set.Bar(ctx); err != nil {
		return nil, err
	}
	defer s.set.Unbar()
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	if err := s.failure(); err != nil {
		return nil, err
	}
	return s.captured(), nil
}

// captured takes the state. The caller has the turn and barred merges.
func (s *Store) captured() *checkpoint {
	s.due.Store(false)
	c := &checkpoint{seq: s.seq, terms: s.logged, rows: s.rows.Swap(0)}
	c.end, c.record = s.wal.mark()
	s.wal.captured(c.end)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setFlush(s.main.tipCell.Len())
	c.waiters, s.waiters = s.waiters, nil
	for _, l := range s.branches {
		c.lines = append(c.lines, savedLine{line: l, seq: l.tip, cell: s.set.Freeze(l.tipCell)})
	}
	slices.SortFunc(c.lines, func(a, b savedLine) int { return int(a.line.id) - int(b.line.id) })
	s.set.Claim(cellsOf(c.lines))
	return c
}

// save makes a captured state durable. Segments name terms, so the dictionary
// is durable with them.
func (s *Store) save(ctx context.Context, c *checkpoint) error {
	if err := s.saveRuns(ctx, c); err != nil {
		return err
	}
	var sealed uint64
	sealed, c.dicts = s.dict.Sealed()
	if c.terms == sealed {
		return s.commitCheckpoint(c)
	}
	return s.dict.Seal(ctx, c.terms, func(files []uint64) error {
		c.dicts = files
		return s.commitCheckpoint(c)
	})
}

// saveRuns makes all of a state durable but the dictionary.
func (s *Store) saveRuns(ctx context.Context, c *checkpoint) error {
	if err := s.wal.Sync(c.end - 1); err != nil {
		return err
	}
	if err := s.set.Flush(ctx, cellsOf(c.lines)); err != nil {
		return err
	}
	return s.history.Save(c.seq)
}

// commitCheckpoint makes c what the manifest says and lets go of what was
// before it.
func (s *Store) commitCheckpoint(c *checkpoint) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.RLock()
	old := s.durable
	s.mu.RUnlock()
	first, err := s.retain(c)
	if err != nil {
		return err
	}
	gone, err := s.keep(c, old)
	if err != nil {
		return err
	}
	from := s.wal.first
	s.wal.first = first
	if err := s.manifestOf(c).write(s.o.FS, s.dir, s.wal.salt); err != nil {
		return err
	}
	s.mu.Lock()
	s.durable = c
	s.mu.Unlock()
	s.removed(s.wal.remove(from, first))
	s.removed(s.dropLoads(s.floor.Load()))
	if err := s.raise(c); err != nil {
		return err
	}
	return s.removed(s.set.Remove(gone...))
}

// keep chooses the older versions that c keeps, and returns the cells of the
// others. Of a branch that lives they are those between which lie few changes
// (policy.FlushRows), or fewer than from there to its head.
func (s *Store) keep(c, old *checkpoint) (gone []*runs.Cell, err error) {
	if old == nil {
		return nil, nil
	}
	_, floor, _ := s.Oldest() // others hold what the log has let go of some graphs
	for _, now := range c.lines {
		head, err := s.history.Node(now.seq)
		if err != nil {
			return nil, err
		}
		var list []savedLine
		for _, k := range slices.Concat(old.kept, old.lines) {
			if k.line == now.line && k.seq != now.seq && k.seq >= floor && s.compacting.Load() == 0 {
				list = append(list, k)
			}
		}
		if list, err = s.thin(list, head.Cum); err != nil {
			return nil, err
		}
		c.kept = append(c.kept, list...)
	}
	for _, k := range slices.Concat(old.kept, old.lines) {
		if !slices.ContainsFunc(c.kept, func(l savedLine) bool { return l.cell == k.cell }) {
			gone = append(gone, k.cell)
		}
	}
	return gone, nil
}

// thin leaves out versions of a branch, which are given oldest first.
func (s *Store) thin(list []savedLine, head uint64) ([]savedLine, error) {
	cums := make([]uint64, len(list))
	for i, k := range list {
		n, err := s.history.Node(k.seq)
		if err != nil {
			return nil, err
		}
		cums[i] = n.Cum
	}
	var out []savedLine
	before := uint64(0)
	for i, k := range list {
		next := head
		if i+1 < len(list) {
			next = cums[i+1]
		}
		if k.seq == 0 || next-before <= max(s.policy.FlushRows, head-next) {
			continue
		}
		before = cums[i]
		out = append(out, k)
	}
	return out[max(0, len(out)-maxKept):], nil
}

// rewrite writes the manifest again after segments were merged.
func (s *Store) rewrite() error {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.RLock()
	c := s.durable
	s.mu.RUnlock()
	if c == nil {
		return nil
	}
	return s.manifestOf(c).write(s.o.FS, s.dir, s.wal.salt)
}

// manifestOf says what c is now: merges go on in its cells. The caller holds
// saving.
func (s *Store) manifestOf(c *checkpoint) *manifest {
	m := &manifest{record: c.record, end: c.end, firstWAL: s.wal.first, floor: s.floor.Load(), commits: c.seq, terms: c.terms, dicts: c.dicts}
	for _, l := range c.lines {
		nums, all := l.cell.Segments()
		invariant.Check(all, "I9: a checkpoint has nothing in memory")
		m.branches = append(m.branches, savedBranch{id: l.line.id, name: l.line.name, parent: l.line.parent, base: l.line.base, head: l.seq, segments: nums})
	}
	for _, k := range c.kept {
		nums, _ := k.cell.Segments()
		m.kept = append(m.kept, savedVersion{branch: k.line.id, seq: k.seq, segments: nums})
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, seq := range slices.Sorted(maps.Keys(s.loads)) {
		if seq > m.floor && seq <= c.seq {
			m.loads = append(m.loads, savedLoad{seq, []uint64{s.loads[seq].Runs()[0].Segment().Header().Num}})
		}
	}
	return m
}
