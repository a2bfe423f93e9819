package disk

import (
	"context"
	"fmt"
	"slices"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
)

// Merge implements graph.Store. What a side did to a quad is its last
// effective change of it since the fork.
func (s *Store) Merge(ctx context.Context, from, into, note string) (graph.Commit, error) {
	c, err := s.write(ctx, func() (*graph.Commit, uint64, error) { return s.prepareMerge(ctx, from, into, note) })
	if err != nil {
		return graph.Commit{}, fmt.Errorf("merge: %q into %q: %w", from, into, err)
	}
	return c, nil
}

func (s *Store) prepareMerge(ctx context.Context, from, into, note string) (*graph.Commit, uint64, error) {
	if err := s.settle(); err != nil {
		return nil, 0, err
	}
	s.mu.RLock()
	source, errSource := s.branch(from)
	target, errTarget := s.branch(into)
	s.mu.RUnlock()
	if errSource != nil {
		return nil, 0, errSource
	}
	if errTarget != nil {
		return nil, 0, errTarget
	}
	base, err := s.history.Meet(source.tip, target.tip)
	if err != nil {
		return nil, 0, err
	}
	mine, err := s.changesSince(ctx, base.Seq, source.tip, nil)
	if err != nil {
		return nil, 0, err
	}
	theirs, err := s.changesSince(ctx, base.Seq, target.tip, mine)
	if err != nil {
		return nil, 0, err
	}
	if err := conflicts(mine, theirs); err != nil {
		return nil, 0, err
	}
	c, err := netChanges(mine, target)
	if err != nil {
		return nil, 0, err
	}
	if c.Len() == 0 {
		return s.unchanged(target)
	}
	return s.append(target, c, note)
}

// touched is what happened to a quad on one side: the first of its changes and
// the last, which is an add or a delete.
type touched struct{ firstAdd, lastAdd bool }

// changesSince tells what happened to each quad between base and tip. If only
// is given, other quads are left out.
func (s *Store) changesSince(ctx context.Context, base, tip graph.CommitSeq, only map[graph.Quad]touched) (map[graph.Quad]touched, error) {
	out := map[graph.Quad]touched{}
	if only != nil && len(only) == 0 {
		return out, nil
	}
	path, err := s.path(tip, base)
	if err != nil {
		return nil, err
	}
	note := func(q graph.Quad, added bool) error {
		if _, wanted := only[q]; only != nil && !wanted {
			return nil
		}
		t, seen := out[q] // from the newest backwards
		if !seen {
			t.lastAdd = added
		}
		t.firstAdd = added
		out[q] = t
		return nil
	}
	for _, seq := range path {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r, err := s.readRecord(seq)
		if err != nil {
			return nil, err
		}
		if r.kind == recordTrimmed {
			return nil, fmt.Errorf("changes of commit %d: %w: %w", seq, errNotWhole, &graph.RetentionError{Asked: seq, Oldest: s.wholeFrom()})
		}
		if err := s.eachChange(ctx, r, note); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// conflicts is an error if quads changed on both sides in opposite directions.
func conflicts(mine, theirs map[graph.Quad]touched) error {
	var bad []graph.Quad
	for q, t := range theirs {
		if m, ok := mine[q]; ok && m.lastAdd != t.lastAdd {
			bad = append(bad, q)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.SortFunc(bad, batch.Compare)
	return &graph.MergeConflictError{Quads: bad[:min(len(bad), graph.MaxReportedConflicts)], Total: len(bad)}
}

// netChanges are those of the source since the base that have an effect on the
// target. Changes of a quad alternate, so a quad whose first and last change
// differ is at the tip what it was at the base.
func netChanges(mine map[graph.Quad]touched, target *line) (*batch.Changes, error) {
	v := target.tipCell.Get()
	defer v.Release()
	c := &batch.Changes{}
	for q, t := range mine {
		if t.firstAdd != t.lastAdd {
			continue
		}
		has, err := v.Has(q)
		if err != nil {
			return nil, err
		}
		switch {
		case t.lastAdd && !has:
			c.Adds = append(c.Adds, q)
		case !t.lastAdd && has:
			c.Deletes = append(c.Deletes, q)
		}
	}
	slices.SortFunc(c.Adds, batch.Compare)
	slices.SortFunc(c.Deletes, batch.Compare)
	return c, nil
}
