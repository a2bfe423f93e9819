package runs

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// Each calls f with the changes of the run, deletes first, each half sorted by
// SPOG.
func (r *Run) Each(ctx context.Context, f func(q graph.Quad, added bool) error) error {
	for _, kind := range []segment.Kind{segment.Deletes, segment.Adds} {
		s, ok, err := sourceOf(r, graph.SPOG, kind, 1, &Key{}, 0)
		if err != nil {
			return err
		}
		for ok && len(s.keys) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, k := range s.keys {
				if err := f(graph.Quad(k), kind == segment.Adds); err != nil {
					return err
				}
			}
			s.keys = nil
			if err := s.refill(); err != nil {
				return err
			}
		}
	}
	return nil
}
