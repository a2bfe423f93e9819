package cayley

import (
	"cmp"
	"context"
	"slices"

	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/cayley/graph/shape"
)

// Cayley's And loses paths: where two of its parts have several for one node,
// it gives the first of one with each of the other and then the rest, not
// every pair. A path with two tags of several values would lack answers, so an
// intersection of ours takes its place.

// intersect is a shape: nodes, or quads, that all of sub have, with the tags
// of those of opt that have them too.
type intersect struct {
	sub, opt []shape.Shape
}

// BuildIterator returns the iterator.
func (s intersect) BuildIterator(qs cayley.QuadStore) cayley.Iterator {
	built := func(list []shape.Shape) []cayley.IteratorShape {
		out := make([]cayley.IteratorShape, len(list))
		for i, s := range list {
			out[i] = cayley.AsShape(s.BuildIterator(qs))
		}
		return out
	}
	return newIterator(&intersection{sub: built(s.sub), opt: built(s.opt)})
}

// Optimize finds nothing to improve: its parts are optimized already.
func (s intersect) Optimize(shape.Optimizer) (shape.Shape, bool) { return s, false }

// intersection is an iterator over all combinations of its parts' paths.
// Invariant: sub is not empty.
type intersection struct {
	sub []cayley.IteratorShape // the first is listed, the others are asked
	opt []cayley.IteratorShape // asked too, but need not agree
}

func (s *intersection) String() string { return "NettwinIntersection" }

// Iterate lists the first part.
func (s *intersection) Iterate() cayley.Scanner {
	return &combination{scan: s.sub[0].Iterate(), sub: lookups(s.sub[1:]), opt: lookups(s.opt), has: make([]bool, len(s.opt))}
}

// Lookup asks every part.
func (s *intersection) Lookup() cayley.Index {
	return &combination{sub: lookups(s.sub), opt: lookups(s.opt), has: make([]bool, len(s.opt))}
}

func lookups(list []cayley.IteratorShape) []cayley.Index {
	out := make([]cayley.Index, len(list))
	for i, s := range list {
		out[i] = s.Lookup()
	}
	return out
}

func (s *intersection) AsLegacy() cayley.Iterator { return newIterator(s) }

func (s *intersection) SubIterators() []cayley.IteratorShape { return slices.Concat(s.sub, s.opt) }

// Stats are those of Cayley's And.
func (s *intersection) Stats(ctx context.Context) (cayley.IteratorCosts, error) {
	return s.and().Stats(ctx)
}

func (s *intersection) and() cayley.IteratorShape {
	subs := make([]cayley.Iterator, len(s.sub))
	for i, sub := range s.sub {
		subs[i] = cayley.AsLegacy(sub)
	}
	return iterator.NewAnd(subs...).AsShape()
}

// Optimize optimizes the parts and takes Cayley's choice of the one to list;
// the others are asked by their cost.
func (s *intersection) Optimize(ctx context.Context) (cayley.IteratorShape, bool) {
	out := &intersection{opt: make([]cayley.IteratorShape, len(s.opt))}
	for i, o := range s.opt {
		out.opt[i], _ = o.Optimize(ctx)
	}
	if len(s.sub) == 1 {
		only, _ := s.sub[0].Optimize(ctx)
		out.sub = []cayley.IteratorShape{only}
		if len(s.opt) == 0 {
			return only, true
		}
		return out, true
	}
	and, _ := s.and().Optimize(ctx)
	if out.sub = and.SubIterators(); len(out.sub) != len(s.sub) {
		return and, true // a part is empty, and so is the whole
	}
	cost := func(s cayley.IteratorShape) int64 {
		c, _ := s.Stats(ctx) // an error comes again when it is listed
		return c.ContainsCost
	}
	slices.SortStableFunc(out.sub[1:], func(a, b cayley.IteratorShape) int { return cmp.Compare(cost(a), cost(b)) })
	return out, true
}

// combination walks the paths of its parts like the digits of a counter: the
// last that has another path moves on, those behind it begin again.
type combination struct {
	scan cayley.Scanner // nil: an Index
	sub  []cayley.Index
	opt  []cayley.Index
	has  []bool // which of opt have cur
	cur  cayley.Ref
}

func (it *combination) String() string { return "NettwinCombination" }

func (it *combination) Next(ctx context.Context) bool {
	for it.scan.Next(ctx) {
		if it.Contains(ctx, it.scan.Result()) {
			return true
		}
		if it.Err() != nil {
			return false
		}
	}
	return false
}

func (it *combination) Contains(ctx context.Context, ref cayley.Ref) bool {
	it.cur = ref
	return it.restart(ctx, 0)
}

// restart lets the asked parts from one on begin again with their first path.
func (it *combination) restart(ctx context.Context, from int) bool {
	for i := from; i < len(it.sub); i++ {
		if !it.sub[i].Contains(ctx, it.cur) {
			return false
		}
	}
	for i := max(0, from-len(it.sub)); i < len(it.opt); i++ {
		it.has[i] = it.opt[i].Contains(ctx, it.cur)
	}
	return true
}

func (it *combination) NextPath(ctx context.Context) bool {
	for i := len(it.sub) + len(it.opt) - 1; i >= 0; i-- {
		if part := it.asked(i); part != nil && part.NextPath(ctx) {
			return it.restart(ctx, i+1)
		}
		if it.Err() != nil {
			return false
		}
	}
	return it.scan != nil && it.scan.NextPath(ctx) && it.restart(ctx, 0)
}

// asked returns an asked part, nil if it is optional and does not have cur.
func (it *combination) asked(i int) cayley.Index {
	switch k := i - len(it.sub); {
	case k < 0:
		return it.sub[i]
	case it.has[k]:
		return it.opt[k]
	}
	return nil
}

func (it *combination) TagResults(tags map[string]cayley.Ref) {
	if it.scan != nil {
		it.scan.TagResults(tags)
	}
	for i := range len(it.sub) + len(it.opt) {
		if part := it.asked(i); part != nil {
			part.TagResults(tags)
		}
	}
}

func (it *combination) Result() cayley.Ref { return it.cur }

func (it *combination) Err() error {
	if it.scan != nil {
		if err := it.scan.Err(); err != nil {
			return err
		}
	}
	for _, part := range slices.Concat(it.sub, it.opt) {
		if err := part.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (it *combination) Close() error {
	var first error
	if it.scan != nil {
		first = it.scan.Close()
	}
	for _, part := range slices.Concat(it.sub, it.opt) {
		if err := part.Close(); first == nil {
			first = err
		}
	}
	return first
}
