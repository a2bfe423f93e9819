package bulk

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// Write writes the rows of a sorter that another, which may be nil, has not, in
// all orders.
func Write(ctx context.Context, w *segment.Writer, kind segment.Kind, rows, gone *Sorter) error {
	for o := range graph.NumOrders {
		if err := w.Begin(o, kind); err != nil {
			return err
		}
		s, err := rows.Stream(o)
		if err == nil && gone.Len() > 0 {
			var g Stream
			if g, err = gone.Stream(o); err == nil {
				s, err = Without(s, g)
			}
		}
		if err == nil {
			err = Each(ctx, s, w.Append)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Scanner is a scan of quads that can be moved forward.
type Scanner interface {
	Next(ctx context.Context) (*graph.Chunk, error)
	Seek(key ...graph.TermID) error
}

// scanned is the stream of a scan.
type scanned struct {
	ctx   context.Context
	from  Scanner
	order [4]int
}

// Scanned returns the rows of a scan, as the stream that one call uses.
func Scanned(ctx context.Context, from Scanner, o graph.Order) Stream {
	return &scanned{ctx, from, o.Positions()}
}

// Fill implements Stream.
func (s *scanned) Fill(dst *Columns) (int, error) {
	c, err := s.from.Next(s.ctx)
	if c == nil || err != nil {
		return 0, err
	}
	for i, pos := range s.order {
		copy(dst[i], c.Cols[pos])
	}
	return c.Len(), nil
}

// Both calls f with the rows that a stream and a scan of all quads, both in
// SPOG, have.
func Both(ctx context.Context, in Stream, scan Scanner, f func(rows *Columns) error) error {
	base, err := scan.Next(ctx)
	if err != nil {
		return err
	}
	at := 0
	out := NewColumns(graph.ChunkRows)
	return Each(ctx, in, func(rows *Columns) error {
		n := 0
		for i := 0; i < len(rows[0]) && base != nil; i++ {
			k := keyAt(rows, i)
			for {
				at += below(&base.Cols, at, base.Len(), &k)
				if at < base.Len() {
					break
				}
				at = 0
				if err := scan.Seek(k[:]...); err != nil {
					return err
				}
				if base, err = scan.Next(ctx); err != nil {
					return err
				}
				if base == nil {
					break
				}
			}
			if base != nil && keyAt(&base.Cols, at) == k {
				for c := range out {
					out[c][n] = k[c]
				}
				n++
			}
		}
		if n == 0 {
			return nil
		}
		same := cut(out, 0, n)
		return f(&same)
	})
}
