package runs

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// Each calls f with the changes of the run, deletes first, each half sorted by
// SPOG.
func (r *Run) Each(ctx context.Context, f func(q graph.Quad, added bool) error) error {
	return r.EachOf(ctx, 0, r.size(), f)
}

// EachOf is Each for the changes from one number up to another.
func (r *Run) EachOf(ctx context.Context, from, to uint64, f func(q graph.Quad, added bool) error) error {
	for _, kind := range []segment.Kind{segment.Deletes, segment.Adds} {
		rows := r.rows[kind]
		if err := r.eachOf(ctx, kind, min(from, rows), min(to, rows), f); err != nil {
			return err
		}
		from, to = from-min(from, rows), to-min(to, rows)
	}
	return nil
}

func (r *Run) eachOf(ctx context.Context, kind segment.Kind, from, to uint64, f func(q graph.Quad, added bool) error) error {
	if from >= to {
		return nil
	}
	if r.seg == nil {
		for _, k := range r.keys(graph.SPOG, kind)[from:to] {
			if err := f(graph.Quad(k), kind == segment.Adds); err != nil {
				return err
			}
		}
		return nil
	}
	c := r.seg.Section(graph.SPOG, kind).Cursor(from, to)
	cols := columns(sourceRows)
	for {
		n, err := c.Next(&cols, sourceRows)
		if n == 0 || err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range n {
			if err := f(graph.Quad{cols[0][i], cols[1][i], cols[2][i], cols[3][i]}, kind == segment.Adds); err != nil {
				return err
			}
		}
	}
}
