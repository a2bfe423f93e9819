package segment

import (
	"context"
	"fmt"
	"slices"

	"nettwin/graph"
)

// Verify reads the whole file and checks the invariants. Errors:
// *graph.CorruptionError, ctx.Err(), those of the file system.
func (s *Segment) Verify(ctx context.Context) error {
	var sums [numKinds]struct {
		sum  uint64
		seen bool
	}
	var g gather
	for kind, sections := range s.sections {
		for o, sec := range sections {
			if sec == nil {
				continue
			}
			g.begin()
			sum, err := sec.verify(ctx, &g)
			if err != nil {
				return err
			}
			if k := &sums[kind]; k.seen && k.sum != sum {
				return s.corrupt(0, fmt.Sprintf("I4: section %s of %s does not hold the quads of the one before", graph.Order(o), Kind(kind)))
			}
			sums[kind].sum, sums[kind].seen = sum, true
		}
	}
	if !slices.Equal(g.stats.Predicates, s.stats.Predicates) || !slices.Equal(g.stats.Graphs, s.stats.Graphs) {
		return s.corrupt(0, "I6: the statistics are not those of the rows")
	}
	return nil
}

// verify checks all rows and returns a sum over them that is the same in any order.
func (s *Section) verify(ctx context.Context, g *gather) (sum uint64, err error) {
	var bufs, cols [4][]graph.TermID
	for i := range bufs {
		bufs[i] = make([]graph.TermID, BlockRows)
	}
	pos := s.order.Positions()
	var last Key
	for i := range s.index.entries {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		b, err := s.read(i)
		if err != nil {
			return 0, err
		}
		for c := range cols {
			cols[c] = bufs[c][:b.rows]
		}
		b.read(&cols, 0)
		e := &s.index.entries[i]
		for row := range b.rows {
			k := rowKey(&cols, row)
			if (i > 0 || row > 0) && compare(&last, &k) >= 0 {
				return 0, s.segment.corrupt(e.offset, fmt.Sprintf("I1: row %d of block %d of %s does not ascend", row, i, s.order))
			}
			var q graph.Quad
			for c, p := range pos {
				q[p] = k[c]
			}
			if !e.graphs.mayHold(q[graph.G]) {
				return 0, s.segment.corrupt(e.offset, fmt.Sprintf("I3: graph %#x of row %d of block %d of %s is not in the directory", uint64(q[graph.G]), row, i, s.order))
			}
			sum += quadSum(&q)
			last = k
		}
		if rowKey(&cols, 0) != s.index.first[i] || last != s.index.last[i] || e.union != unionable(s.order, &cols) {
			return 0, s.segment.corrupt(e.offset, fmt.Sprintf("I2: block %d of %s is not what the directory says", i, s.order))
		}
		if s.kind == Adds {
			g.add(s.order, &cols)
		}
	}
	return sum, nil
}

func quadSum(q *graph.Quad) uint64 {
	h := uint64(0)
	for _, id := range q {
		h = (h ^ uint64(id)) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	return h
}
