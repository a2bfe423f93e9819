package disk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/runs"
	"nettwin/graph/internal/batch"
)

// Snapshot is one version. It implements graph.Snapshot and holds what its
// version needs until it is closed.
type Snapshot struct {
	store   *Store
	commit  graph.Commit
	version *runs.Version
	closed  atomic.Bool

	missing []string     // graph.Partial
	shown   graph.Source // the version without the graphs that are missing; nil: it has none of them
}

var _ graph.Partial = (*Snapshot)(nil)

// Missing implements graph.Partial.
func (s *Snapshot) Missing() []string { return s.missing }

// lack hides the graphs of classes that are not retained so far back: what the
// version has of them is as of some other time.
func (s *Snapshot) lack(missing []string) error {
	if s.missing = missing; len(missing) == 0 {
		return nil
	}
	lacked := s.store.lacked(missing)
	hide := map[graph.TermID]bool{}
	err := s.leading(s.store.ctx, graph.GPSO, func(id graph.TermID) error {
		gone, err := lacked(id)
		if gone {
			hide[id] = true
		}
		return err
	})
	if err == nil && len(hide) > 0 {
		s.shown = graph.RestrictSource(all{s}, graph.View{HideGraphs: hide})
	}
	return err
}

// lacked tells of graphs whether they are of some classes.
func (s *Store) lacked(missing []string) func(graph.TermID) (bool, error) {
	past, known := s.past(), map[graph.TermID]bool{}
	return func(id graph.TermID) (bool, error) {
		if gone, ok := known[id]; ok || len(missing) == 0 {
			return gone, nil
		}
		g, err := terms{s.dict}.graphName(id)
		if err != nil {
			return false, err
		}
		c, ok := past.of(g)
		known[id] = ok && slices.Contains(missing, c.graph)
		return known[id], nil
	}
}

// all is a snapshot with the graphs that it hides.
type all struct{ *Snapshot }

func (a all) Scan(p graph.Pattern, o graph.Order) (graph.Cursor, error) { return a.scan(p, o) }
func (a all) Count(p graph.Pattern) (uint64, error)                     { return a.count(p) }

func (s *Snapshot) check() error {
	if s.closed.Load() || s.store.closed.Load() {
		return graph.ErrClosed
	}
	return nil
}

// outcome turns an error of reading after Close into what it is.
func (s *Snapshot) outcome(err error) error {
	if err != nil {
		if closed := s.check(); closed != nil {
			return closed
		}
	}
	return err
}

// Commit returns the commit that made this version.
func (s *Snapshot) Commit() graph.Commit { return s.commit }

// Close releases the version.
func (s *Snapshot) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.store.removed(s.version.Release())
}

// Scan implements graph.Source.
func (s *Snapshot) Scan(p graph.Pattern, o graph.Order) (graph.Cursor, error) {
	if s.shown != nil {
		return s.shown.Scan(p, o)
	}
	return s.scan(p, o)
}

func (s *Snapshot) scan(p graph.Pattern, o graph.Order) (graph.Cursor, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	c, err := s.version.Scan(p, o)
	if err != nil {
		return nil, s.outcome(err)
	}
	c.Guard(s.check)
	return c, nil
}

// Count implements graph.Source.
func (s *Snapshot) Count(p graph.Pattern) (uint64, error) {
	if s.shown != nil {
		return s.shown.Count(p)
	}
	return s.count(p)
}

func (s *Snapshot) count(p graph.Pattern) (uint64, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	n, err := s.version.Count(p)
	return n, s.outcome(err)
}

// IDs implements graph.TermReader.
func (s *Snapshot) IDs(list []graph.Term, out []graph.TermID) error {
	if err := s.check(); err != nil {
		return err
	}
	if len(out) != len(list) {
		return fmt.Errorf("ids: %d terms, room for %d", len(list), len(out))
	}
	d := terms{s.store.dict}
	for i, t := range list {
		var err error
		if out[i], err = batch.FindID(d, t); err != nil {
			return s.outcome(err)
		}
	}
	return nil
}

// Terms implements graph.TermReader.
func (s *Snapshot) Terms(ids []graph.TermID, out []graph.Term) error {
	if err := s.check(); err != nil {
		return err
	}
	if len(out) != len(ids) {
		return fmt.Errorf("terms: %d ids, room for %d", len(ids), len(out))
	}
	for i := 0; i < len(ids); {
		if inDictionary(ids[i]) {
			to := i + 1
			for to < len(ids) && inDictionary(ids[to]) {
				to++
			}
			if err := s.store.dict.Terms(ids[i:to], out[i:to]); err != nil {
				return s.outcome(err)
			}
			i = to
			continue
		}
		t, ok := ids[i].Term()
		if !ok && ids[i] > graph.DefaultGraph {
			return fmt.Errorf("terms: id %#x was never given out", uint64(ids[i]))
		}
		out[i] = t
		i++
	}
	return nil
}

func inDictionary(id graph.TermID) bool { return id.InDictionary() }

// Verify reads the whole version and checks its invariants: it is meant for
// tests and checkers.
func (s *Snapshot) Verify() error { return s.version.Check() }

// Diff implements graph.Store.
func (s *Store) Diff(ctx context.Context, from, to graph.Snapshot, yield func(graph.Change) bool) error {
	a, okA := from.(*Snapshot)
	b, okB := to.(*Snapshot)
	if !okA || !okB || a.store != s || b.store != s {
		return fmt.Errorf("diff: a snapshot is restricted or of another store: diff the versions themselves and filter the changes")
	}
	for _, snap := range []*Snapshot{a, b} {
		if err := snap.check(); err != nil {
			return fmt.Errorf("diff: %w", err)
		}
	}
	lacked := s.lacked(slices.Concat(a.missing, b.missing))
	for _, half := range []bool{false, true} {
		if err := ctx.Err(); err != nil {
			return err
		}
		more := true
		var lackErr error
		err := runs.Diff(ctx, a.version, b.version, func(q graph.Quad, added bool) bool {
			if added != half {
				return true
			}
			var gone bool
			if gone, lackErr = lacked(q[graph.G]); lackErr == nil && !gone {
				more = yield(graph.Change{Quad: q, Delete: !added})
			}
			return more && lackErr == nil
		})
		err = errors.Join(err, lackErr)
		if err != nil || !more {
			return a.outcome(err)
		}
	}
	return nil
}
