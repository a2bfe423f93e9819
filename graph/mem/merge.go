package mem

import (
	"context"
	"fmt"
	"slices"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
	"nettwin/graph/mem/internal/btree"
)

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
	for _, adds := range []bool{false, true} {
		more, err := diffHalf(ctx, a, b, adds, yield)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// diffHalf yields the adds or the deletes, and checks ctx now and then.
func diffHalf(ctx context.Context, a, b *Snapshot, adds bool, yield func(graph.Change) bool) (more bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	n := 0
	more = true
	btree.Diff(a.trees[graph.SPOG], b.trees[graph.SPOG], func(k btree.Key, inB bool) bool {
		if n++; n%graph.ChunkRows == 0 {
			if err = ctx.Err(); err != nil {
				return false
			}
		}
		if inB == adds {
			more = yield(graph.Change{Quad: graph.Quad(k), Delete: !adds})
		}
		return more
	})
	return more && err == nil, err
}

// Merge implements graph.Store. What a side did to a quad is its last
// effective change of it since the fork.
func (s *Store) Merge(ctx context.Context, from, into, note string) (graph.Commit, error) {
	if err := s.take(ctx); err != nil {
		return graph.Commit{}, fmt.Errorf("merge: %w", err)
	}
	v, effective, err := s.prepareMerge(ctx, from, into, note)
	s.give()
	if err != nil {
		return graph.Commit{}, fmt.Errorf("merge: %q into %q: %w", from, into, err)
	}
	return result(v, effective), nil
}

func (s *Store) prepareMerge(ctx context.Context, from, into, note string) (*version, bool, error) {
	s.mu.RLock()
	source, errSource := s.branch(from)
	target, errTarget := s.branch(into)
	s.mu.RUnlock()
	if errSource != nil {
		return nil, false, errSource
	}
	if errTarget != nil {
		return nil, false, errTarget
	}
	base := meet(source, target)
	if err := findConflicts(ctx, base, source, target); err != nil {
		return nil, false, err
	}
	c := netChanges(base, source, target)
	if c.Len() == 0 {
		return target.tip, false, nil
	}
	v, err := s.append(target, c, note)
	return v, true, err
}

// netChanges are those of source since base that have an effect on target.
func netChanges(base *version, source, target *line) *Changes {
	old := treesOf(base)
	c := &Changes{}
	btree.Diff(old[graph.SPOG], source.tipTrees[graph.SPOG], func(k btree.Key, inB bool) bool {
		q := graph.Quad(k)
		switch has := target.tipTrees.has(q); {
		case inB && !has:
			c.Adds = append(c.Adds, q)
		case !inB && has:
			c.Deletes = append(c.Deletes, q)
		}
		return true
	})
	return c
}

func findConflicts(ctx context.Context, base *version, source, target *line) error {
	if source.tip == base || target.tip == base {
		return nil
	}
	mine, err := lastChanges(ctx, base, source.tip, nil)
	if err != nil {
		return err
	}
	theirs, err := lastChanges(ctx, base, target.tip, mine)
	if err != nil {
		return err
	}
	var bad []graph.Quad
	for q, added := range theirs {
		if mine[q] != added {
			bad = append(bad, q)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.SortFunc(bad, batch.Compare)
	return &graph.MergeConflictError{Quads: bad[:min(len(bad), graph.MaxReportedConflicts)], Total: len(bad)}
}

// lastChanges tells, for each quad changed between base and tip, whether its
// last change was an add. If only is given, other quads are left out.
func lastChanges(ctx context.Context, base, tip *version, only map[graph.Quad]bool) (map[graph.Quad]bool, error) {
	last := map[graph.Quad]bool{}
	note := func(q graph.Quad, added bool) {
		if _, wanted := only[q]; only != nil && !wanted {
			return
		}
		if _, seen := last[q]; !seen { // from the newest backwards
			last[q] = added
		}
	}
	for v := tip; v != base; v = v.parent {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, q := range v.changes.Deletes {
			note(q, false)
		}
		for _, q := range v.changes.Adds {
			note(q, true)
		}
	}
	return last, nil
}
