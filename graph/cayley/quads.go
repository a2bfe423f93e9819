package cayley

import (
	"context"
	"fmt"

	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/quad"

	"nettwin/graph"
)

// quadsWith returns the quads that match p and have a node at a position.
func (qs *QuadStore) quadsWith(p graph.Pattern, d quad.Direction, ref cayley.Ref) cayley.Iterator {
	p, ok, err := qs.narrow(p, d, ref)
	switch {
	case err != nil:
		return iterator.NewError(err)
	case !ok:
		return iterator.NewNull()
	}
	return newIterator(&quads{qs: qs, pattern: p})
}

// quads is the set of quads that match a pattern.
type quads struct {
	qs      *QuadStore
	pattern graph.Pattern
}

func (s *quads) String() string { return fmt.Sprintf("NettwinQuads(%v)", s.pattern) }

// Iterate lists the quads in the order that suits the pattern.
func (s *quads) Iterate() cayley.Scanner {
	return &quadScanner{scan: scan{qs: s.qs, pattern: s.pattern}}
}

// Lookup tests quads by their ids.
func (s *quads) Lookup() cayley.Index { return &quadIndex{quads: s} }

func (s *quads) AsLegacy() cayley.Iterator { return newIterator(s) }

func (s *quads) SubIterators() []cayley.IteratorShape { return nil }

func (s *quads) Optimize(context.Context) (cayley.IteratorShape, bool) { return s, false }

// Stats counts exactly.
func (s *quads) Stats(ctx context.Context) (cayley.IteratorCosts, error) {
	size, err := s.qs.count(ctx, s.pattern)
	return cayley.IteratorCosts{NextCost: nextCost, ContainsCost: quadContainsCost, Size: size}, err
}

// A scan reads firstRows rows, then growth times more each time, up to a chunk
// or a little more: most scans of a query are of few rows.
const (
	firstRows = 64
	growth    = 8
)

// scan walks the quads of a pattern. It holds no cursor between two reads,
// because Cayley does not close every iterator that it opens, but finds its
// place again by Seek.
type scan struct {
	qs      *QuadStore
	pattern graph.Pattern

	rows    []graph.Quad
	next    int // index in rows
	last    graph.Quad
	want    int
	started bool
	done    bool // there is nothing behind rows
	steps   int
	err     error
}

// step moves to the next quad.
func (s *scan) step(ctx context.Context) (graph.Quad, bool) {
	if s.steps++; s.steps%checkContextEvery == 0 && s.err == nil {
		s.err = ctx.Err()
	}
	if s.err == nil && s.next == len(s.rows) && !s.done {
		s.err = s.qs.read(func(v *version) error { return s.fill(ctx, v) })
	}
	if s.err != nil || s.next == len(s.rows) {
		return graph.Quad{}, false
	}
	q := s.rows[s.next]
	s.next++
	return q, true
}

// fill reads the rows behind the last one.
func (s *scan) fill(ctx context.Context, v *version) (err error) {
	s.rows, s.next = s.rows[:0], 0
	order := graph.BestOrder(s.pattern)
	c, err := v.Scan(s.pattern, order)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := c.Close(); err == nil {
			err = cerr
		}
	}()
	if s.started {
		if s.done, err = seekAfter(c, order, order.PrefixLen(s.pattern), s.last); s.done || err != nil {
			return err
		}
	}
	s.want = min(max(firstRows, growth*s.want), graph.ChunkRows)
	for len(s.rows) < s.want {
		chunk, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if chunk == nil {
			s.done = true
			break
		}
		for i := range chunk.Len() {
			if q := chunk.Quad(i); !s.started || q != s.last {
				s.rows = append(s.rows, q)
			}
		}
	}
	if n := len(s.rows); n > 0 {
		s.started, s.last = true, s.rows[n-1]
	}
	return nil
}

// seekAfter moves a new cursor to a quad that another one returned before, or
// to where it would be; true if nothing can follow it.
func seekAfter(c graph.Cursor, o graph.Order, prefix int, last graph.Quad) (end bool, err error) {
	var key []graph.TermID
	for i, pos := range o.Positions() {
		if i >= prefix {
			key = append(key, last[pos])
		}
	}
	if len(key) == 0 {
		return true, nil
	}
	return false, c.Seek(key...)
}

// close lets go of the rows; nothing follows.
func (s *scan) close() { s.rows, s.next, s.done = nil, 0, true }

// quadScanner lists quads.
type quadScanner struct {
	leaf
	scan scan
	cur  cayley.Ref
}

func (it *quadScanner) String() string { return "NettwinQuadScanner" }

func (it *quadScanner) Next(ctx context.Context) bool {
	q, ok := it.scan.step(ctx)
	it.cur = nil
	if ok {
		it.cur = quadRef(q)
	}
	return ok
}

func (it *quadScanner) Result() cayley.Ref { return it.cur }

func (it *quadScanner) Err() error { return it.scan.err }

func (it *quadScanner) Close() error {
	it.scan.close()
	return nil
}

// quadIndex tests quads.
type quadIndex struct {
	leaf
	quads *quads
	cur   cayley.Ref
}

func (it *quadIndex) String() string { return "NettwinQuadIndex" }

func (it *quadIndex) Contains(_ context.Context, ref cayley.Ref) bool {
	q, ok := ref.(quadRef)
	if ok = ok && it.quads.pattern.Matches(graph.Quad(q)); ok {
		it.cur = q
	}
	return ok
}

func (it *quadIndex) Result() cayley.Ref { return it.cur }

func (it *quadIndex) Err() error { return nil }
