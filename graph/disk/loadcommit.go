package disk

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"nettwin/graph"
	"nettwin/graph/disk/internal/bulk"
	"nettwin/graph/disk/internal/runs"
	"nettwin/graph/disk/internal/segment"
	"nettwin/graph/internal/batch"
)

// maxLoadTries is how often a load is held against its branch while writers go
// on; then they wait.
const maxLoadTries = 3

// errStale: what a load changes is not effective any more.
var errStale = errors.New("disk: the branch changed under a load")

// Commit implements graph.Load.
func (l *load) Commit(ctx context.Context) (graph.Commit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := l.commit(ctx)
	if err != nil {
		if l.err == nil {
			l.err = err
		}
		return graph.Commit{}, fmt.Errorf("load: %w", err)
	}
	return c, l.end()
}

func (l *load) commit(ctx context.Context) (graph.Commit, error) {
	if err := l.usable(); err != nil {
		return graph.Commit{}, err
	}
	if err := l.install(ctx); err != nil {
		return graph.Commit{}, err
	}
	if err := l.input.Finish(); err != nil {
		return graph.Commit{}, err
	}
	for try := 1; ; try++ {
		c, err := l.try(ctx, try == maxLoadTries)
		if !errors.Is(err, errStale) {
			return c, err
		}
	}
}

// try works out what is effective of the load on the branch as it is, and makes
// it a commit unless the branch changed meanwhile so that it is not any more.
// With hold nobody else writes from the beginning.
func (l *load) try(ctx context.Context, hold bool) (graph.Commit, error) {
	s := l.store
	if hold {
		var e *effect
		defer func() { e.close(s) }()
		return s.write(ctx, func() (_ *graph.Commit, _ uint64, err error) {
			base, err := l.base()
			if err == nil && e == nil {
				e, err = l.effect(ctx, base)
			}
			if err != nil {
				return nil, 0, err
			}
			return l.append(e)
		})
	}
	if err := s.take(ctx); err != nil {
		return graph.Commit{}, s.why(err)
	}
	base, err := l.base()
	s.give()
	if err != nil {
		return graph.Commit{}, err
	}
	e, err := l.effect(ctx, base)
	if err != nil {
		return graph.Commit{}, err
	}
	defer e.close(s)
	return s.write(ctx, func() (*graph.Commit, uint64, error) { return l.append(e) })
}

// base is the version that a load is held against.
type base struct {
	line    *line
	seq     graph.CommitSeq
	version *runs.Version
}

// base returns the branch as it is. The caller has the turn.
func (l *load) base() (*base, error) {
	s := l.store
	if err := s.failure(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	line, err := s.branch(l.o.Branch)
	s.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	if err := l.expected(line); err != nil {
		return nil, err
	}
	return &base{line, line.tip, line.tipCell.Get()}, nil
}

func (l *load) expected(at *line) error {
	if e := l.o.Expected; e != nil && *e != at.tip {
		return fmt.Errorf("branch %q is at commit %d, expected %d: %w", at.name, at.tip, *e, graph.ErrConflict)
	}
	return nil
}

// effect is what a load changes in a version, as a segment.
type effect struct {
	*base
	run     *runs.Run
	held    *runs.Version // of run alone; nil: nothing changes
	present *bulk.Sorter  // rows that the version has already; nil: none
}

func (e *effect) close(s *Store) {
	if e == nil {
		return
	}
	s.removed(e.version.Release())
	if e.held != nil {
		s.removed(e.held.Release())
	}
	if e.present != nil {
		s.removed(e.present.Close())
	}
}

// effect works out what the load changes and writes it to a segment. It takes
// over the base.
func (l *load) effect(ctx context.Context, b *base) (_ *effect, err error) {
	e := &effect{base: b}
	defer func() {
		if err != nil {
			e.close(l.store)
		}
	}()
	var deletes *bulk.Sorter
	if b.version.Len() > 0 {
		if e.present, err = l.present(ctx, b.version); err != nil {
			return nil, err
		}
		if deletes, err = l.deletes(ctx, b.version); err != nil {
			return nil, err
		}
		if deletes != nil {
			defer func() { err = errors.Join(err, deletes.Close()) }()
		}
	}
	if e.present.Len() == l.input.Len() && deletes.Len() == 0 {
		return e, nil
	}
	return e, l.writeEffect(ctx, e, deletes)
}

// present collects the rows that a version has already; nil if there are none.
func (l *load) present(ctx context.Context, v *runs.Version) (*bulk.Sorter, error) {
	in, err := l.input.Stream(graph.SPOG)
	if err != nil {
		return nil, err
	}
	c, err := v.Scan(graph.Pattern{}, graph.SPOG)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	out := l.sorter(4)
	err = bulk.Both(ctx, in, c, func(rows *bulk.Columns) error { return out.AddIDs(ctx, rows) })
	return finished(out, err)
}

// finished returns a sorter that takes no more, nil if it is empty.
func finished(s *bulk.Sorter, err error) (*bulk.Sorter, error) {
	if err == nil && s.Len() > 0 {
		err = s.Finish()
	}
	if err != nil || s.Len() == 0 {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// deletes collects the rows of the cleared graphs that the load does not add;
// nil if there are none.
func (l *load) deletes(ctx context.Context, v *runs.Version) (*bulk.Sorter, error) {
	patterns, err := l.cleared()
	if err != nil || len(patterns) == 0 {
		return nil, err
	}
	var list []bulk.Stream
	for _, p := range patterns {
		c, err := v.Scan(p, graph.SPOG)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		list = append(list, bulk.Scanned(ctx, c, graph.SPOG))
	}
	all, err := bulk.Merged(list)
	if err != nil {
		return nil, err
	}
	in, err := l.input.Stream(graph.SPOG)
	if err != nil {
		return nil, err
	}
	gone, err := bulk.Without(all, in)
	if err != nil {
		return nil, err
	}
	out := l.sorter(4)
	err = bulk.Each(ctx, gone, func(rows *bulk.Columns) error { return out.AddIDs(ctx, rows) })
	return finished(out, err)
}

// cleared returns patterns of what the load empties first.
func (l *load) cleared() (list []graph.Pattern, err error) {
	if l.o.ClearAll {
		return []graph.Pattern{{}}, nil
	}
	for _, g := range l.o.ClearGraphs {
		id := graph.DefaultGraph
		if !g.IsZero() {
			if id, err = batch.FindID(terms{l.store.dict}, g); err != nil {
				return nil, err
			}
		}
		if p := (graph.Pattern{graph.G: id}); id != graph.None && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list, nil
}

// writeEffect writes adds and deletes in all orders.
func (l *load) writeEffect(ctx context.Context, e *effect, deletes *bulk.Sorter) error {
	s := l.store
	num := s.files.Next()
	w, err := segment.NewWriter(s.o.FS, s.segmentFile(num), s.wal.salt, segment.Header{Num: num})
	if err != nil {
		return err
	}
	err = bulk.Write(ctx, w, segment.Adds, l.input, e.present)
	if err == nil && deletes.Len() > 0 {
		err = bulk.Write(ctx, w, segment.Deletes, deletes, nil)
	}
	if err == nil {
		_, err = w.Finish()
	}
	if err == nil {
		err = s.o.FS.SyncDir(filepath.Dir(s.segmentFile(num)))
	}
	if err == nil {
		e.run, err = s.files.Open(num)
	}
	if err != nil {
		return errors.Join(err, w.Abort(), s.discard(s.segmentFile(num)))
	}
	e.held = runs.NewVersion(e.run)
	return nil
}

// discard removes a file that nothing names, if it is there.
func (s *Store) discard(name string) error {
	if _, err := s.o.FS.Stat(name); err != nil {
		return nil
	}
	return s.o.FS.Remove(name)
}

// append makes the commit of an effect and gives it to the log, unless it is
// stale. The caller has the turn.
func (l *load) append(e *effect) (*graph.Commit, uint64, error) {
	s := l.store
	if err := s.failure(); err != nil {
		return nil, 0, err
	}
	s.mu.RLock()
	at := s.branches[e.line.name]
	s.mu.RUnlock()
	if at != e.line {
		return nil, 0, fmt.Errorf("branch %q: %w", e.line.name, graph.ErrNoBranch)
	}
	if err := l.expected(at); err != nil {
		return nil, 0, err
	}
	if stale, err := l.stale(e); stale || err != nil {
		return nil, 0, errors.Join(err, errStale)
	}
	if e.held == nil {
		return s.unchanged(at)
	}
	adds, deletes := e.run.Rows()
	r := &record{kind: recordLoad, segments: []uint64{e.run.Segment().Header().Num}}
	r.commit.Adds, r.commit.Deletes, r.commit.Note = adds, deletes, l.o.Note
	return s.appendCommit(at, r, e.run)
}

// stale tells whether what came after the base makes the effect wrong: somebody
// added what the load adds, or deleted what it found.
func (l *load) stale(e *effect) (bool, error) {
	s := l.store
	path, err := s.path(e.line.tip, e.seq)
	if err != nil || len(path) == 0 {
		return false, err
	}
	if l.o.ClearAll || len(l.o.ClearGraphs) > 0 {
		return true, nil
	}
	for _, seq := range path {
		r, err := s.readRecord(seq)
		if err != nil {
			return false, err
		}
		if r.kind == recordLoad {
			return true, nil
		}
		for _, q := range r.changes.Adds {
			if e.held == nil {
				break
			}
			if has, err := e.held.Has(q); has || err != nil {
				return has, err
			}
		}
		for _, q := range r.changes.Deletes {
			if has, err := e.present.Has(q); has || err != nil {
				return has, err
			}
		}
	}
	return false, nil
}
