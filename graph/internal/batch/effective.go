package batch

import (
	"slices"

	"nettwin/graph"
)

// Version is the version that a batch changes.
type Version interface {
	Len() uint64
	Has(q graph.Quad) (bool, error)
	// Rows appends the quads of a pattern that is a prefix of the order.
	Rows(out []graph.Quad, p graph.Pattern, o graph.Order) ([]graph.Quad, error)
}

// manyVersion is a Version that looks for many quads at once.
type manyVersion interface {
	// Present sets out[i] to whether quads[i] is there. They are sorted by SPOG.
	Present(quads []graph.Quad, out []bool) error
}

// Effective works out what a batch changes in a version. New terms of its
// adds are numbered.
func Effective(d Dict, v Version, b *graph.Batch) (*Changes, error) {
	r := resolver{dict: d}
	adds, err := r.addAll(b.Adds)
	if err != nil {
		return nil, err
	}
	gone, err := cleared(d, v, b)
	if err != nil {
		return nil, err
	}
	found, err := r.findAll(b.Deletes)
	if err != nil {
		return nil, err
	}
	found = normal(found)
	if gone, err = keep(gone, found, v, true); err != nil {
		return nil, err
	}
	gone, adds = normal(gone), normal(adds)
	c := &Changes{Deletes: without(gone, adds), Adds: adds}
	if v.Len() > 0 {
		c.Adds, err = keep(adds[:0:0], adds, v, false)
	}
	return c, err
}

// keep appends the quads, which are sorted, that the version has, or has not.
func keep(out, quads []graph.Quad, v Version, present bool) ([]graph.Quad, error) {
	if many, ok := v.(manyVersion); ok {
		return keepMany(out, quads, many, present)
	}
	for _, q := range quads {
		has, err := v.Has(q)
		if err != nil {
			return nil, err
		}
		if has == present {
			out = append(out, q)
		}
	}
	return out, nil
}

func keepMany(out, quads []graph.Quad, v manyVersion, present bool) ([]graph.Quad, error) {
	has := make([]bool, len(quads))
	if err := v.Present(quads, has); err != nil {
		return nil, err
	}
	out = slices.Grow(out, len(quads))
	for i, q := range quads {
		if has[i] == present {
			out = append(out, q)
		}
	}
	return out, nil
}

// without returns the quads of a that are not in b. Both are sorted.
func without(a, b []graph.Quad) []graph.Quad {
	out := a[:0:0]
	for i, j := 0, 0; i < len(a); i++ {
		for j < len(b) && Compare(b[j], a[i]) < 0 {
			j++
		}
		if j == len(b) || b[j] != a[i] {
			out = append(out, a[i])
		}
	}
	return out
}

// cleared lists the quads of the graphs that a batch empties.
func cleared(d Dict, v Version, b *graph.Batch) (out []graph.Quad, err error) {
	if b.ClearAll {
		return v.Rows(out, graph.Pattern{}, graph.SPOG)
	}
	for _, g := range b.ClearGraphs {
		id := graph.DefaultGraph
		if !g.IsZero() {
			if id, err = FindID(d, g); err != nil {
				return nil, err
			}
			if id == graph.None {
				continue
			}
		}
		if out, err = v.Rows(out, graph.Pattern{graph.G: id}, graph.GPSO); err != nil {
			return nil, err
		}
	}
	return out, nil
}
