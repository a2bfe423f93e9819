package runs

import (
	"slices"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// Present sets out[i] to whether quads[i] is in the version. The quads are
// sorted by SPOG. It is Has for many, which share what searches cost.
func (v *Version) Present(quads []graph.Quad, out []bool) error {
	clear(out)
	open := make([]int32, len(quads)) // those that no run mentioned yet
	for i := range open {
		open[i] = int32(i)
	}
	for _, r := range slices.Backward(v.runs) {
		for kind, present := range [2]bool{segment.Adds: true, segment.Deletes: false} {
			if r.rows[kind] == 0 || len(open) == 0 {
				continue
			}
			p := r.prober(segment.Kind(kind))
			left := open[:0]
			for _, i := range open {
				found, err := p.has((*Key)(&quads[i]))
				if err != nil {
					return err
				}
				if found {
					out[i] = present
					continue
				}
				left = append(left, i)
			}
			open = left
		}
	}
	return nil
}

// prober looks for ascending keys in the rows of a run in the order SPOG.
type prober struct {
	keys []Key // those in memory that are not less than the last key
	disk segment.Prober
	seg  bool
}

func (r *Run) prober(kind segment.Kind) prober {
	if r.seg != nil {
		return prober{seg: true, disk: r.seg.Section(graph.SPOG, kind).Prober()}
	}
	return prober{keys: r.keys(graph.SPOG, kind)}
}

func (p *prober) has(k *Key) (bool, error) {
	if p.seg {
		return p.disk.Has(k)
	}
	p.keys = p.keys[lowerNear(p.keys, k):]
	return len(p.keys) > 0 && p.keys[0] == *k, nil
}

// lowerNear is lower for a key that is near the front more often than not.
func lowerNear(keys []Key, k *Key) int {
	from, step := 0, 1
	for from+step <= len(keys) && compare(&keys[from+step-1], k) < 0 {
		from += step
		step *= 4
	}
	return from + lower(keys[from:min(from+step, len(keys))], k)
}
