package runs

import (
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// Diff calls yield with what turns a into b, sorted by SPOG, until it returns
// false. It reads only runs that the two do not share.
func Diff(ctx context.Context, a, b *Version, yield func(q graph.Quad, added bool) bool) error {
	sources, err := diffSources(a, b)
	if err != nil {
		return err
	}
	m, err := newMerger(sources)
	for n := 0; err == nil && m.sign != 0; n++ {
		if n%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if !yield(graph.Quad(m.key), m.sign > 0) {
			return nil
		}
		err = m.next()
	}
	return err
}

// diffSources are the runs of b alone as they are, those of a alone reversed.
func diffSources(a, b *Version) (out []*source, err error) {
	for side, v := range [2]*Version{a, b} {
		other := [2]*Version{b, a}[side]
		only := &Version{}
		for _, r := range v.runs {
			if !slices.Contains(other.runs, r) {
				only.runs = append(only.runs, r)
			}
		}
		sources, err := only.sources(graph.SPOG, &Key{}, 0, nil)
		if err != nil {
			return nil, err
		}
		if side == 0 {
			for _, s := range sources {
				s.sign = -s.sign
			}
		}
		out = append(out, sources...)
	}
	return out, nil
}

// Stats adds up what the runs know about a predicate: exact rows, and distinct
// subjects and objects as the largest run has them.
func (v *Version) Stats(p graph.TermID) (segment.PredicateStats, error) {
	rows, err := v.Count(graph.Pattern{graph.P: p})
	out := segment.PredicateStats{Predicate: p, Rows: rows}
	for _, r := range v.runs {
		if r.seg == nil {
			continue
		}
		s, ok := r.seg.Stats().Predicate(p)
		if ok && s.Rows > 0 && s.Subjects >= out.Subjects {
			out.Subjects, out.Objects, out.MinObject, out.MaxObject = s.Subjects, s.Objects, s.MinObject, s.MaxObject
		}
	}
	out.Subjects, out.Objects = min(out.Subjects, rows), min(out.Objects, rows)
	return out, err
}
