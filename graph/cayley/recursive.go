package cayley

import (
	"context"
	"maps"
	"reflect"

	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/iterator"
	"github.com/cayleygraph/cayley/graph/shape"
)

// Cayley's iterator of recursive paths mixes up tags when it is asked for
// nodes (Contains) in an order that is not the one in which it finds them: a
// node found by the way keeps the tags of the node asked before. So where it
// may be asked, opened stands in its place.

// open replaces a shape that hides a recursive path. Cayley wraps it, alone
// among shapes, in a function.
func (qs *QuadStore) open(s shape.Shape) shape.Shape {
	if s == nil || reflect.TypeOf(s).Kind() != reflect.Func {
		return s
	}
	return opaque{s}
}

// openAll is open for the shapes of an intersection.
func (qs *QuadStore) openAll(list []shape.Shape) []shape.Shape {
	out := make([]shape.Shape, len(list))
	for i, s := range list {
		out[i] = qs.open(s)
	}
	return out
}

// opaque is the shape of an iterator that Cayley wrapped.
type opaque struct{ shape.Shape }

// BuildIterator builds Cayley's iterator, and ours around a recursive one.
func (o opaque) BuildIterator(qs cayley.QuadStore) cayley.Iterator {
	it := o.Shape.BuildIterator(qs)
	if r, ok := it.(*iterator.Recursive); ok {
		return newIterator(&opened{r.AsShape()})
	}
	return it
}

// Optimize finds nothing to improve.
func (o opaque) Optimize(shape.Optimizer) (shape.Shape, bool) { return o, false }

// opened is a recursive path that is listed by Cayley's iterator, but asked by
// an index of all that it lists, with each node's own tags. It takes as much
// memory as the list of seen nodes within.
type opened struct{ cayley.IteratorShape }

func (s *opened) Lookup() cayley.Index { return &openedIndex{from: s.IteratorShape} }

func (s *opened) AsLegacy() cayley.Iterator { return newIterator(s) }

func (s *opened) SubIterators() []cayley.IteratorShape {
	return []cayley.IteratorShape{s.IteratorShape}
}

func (s *opened) Optimize(ctx context.Context) (cayley.IteratorShape, bool) {
	better, ok := s.IteratorShape.Optimize(ctx)
	if ok {
		s = &opened{better}
	}
	return s, ok
}

// openedIndex is the list by node: the tags of every path that leads there.
type openedIndex struct {
	from  cayley.IteratorShape
	paths map[any][]map[string]cayley.Ref
	cur   cayley.Ref
	at    int
	err   error
}

func (it *openedIndex) String() string { return "NettwinRecursiveIndex" }

func (it *openedIndex) Contains(ctx context.Context, ref cayley.Ref) bool {
	if it.paths == nil && it.err == nil {
		it.err = it.list(ctx)
	}
	if ref == nil || it.err != nil {
		return false
	}
	it.cur, it.at = ref, 0
	return len(it.paths[cayley.ToKey(ref)]) > 0
}

func (it *openedIndex) list(ctx context.Context) error {
	it.paths = map[any][]map[string]cayley.Ref{}
	s := it.from.Iterate()
	defer s.Close()
	for s.Next(ctx) {
		key := cayley.ToKey(s.Result())
		for more := true; more; more = s.NextPath(ctx) {
			tags := map[string]cayley.Ref{}
			s.TagResults(tags)
			it.paths[key] = append(it.paths[key], tags)
		}
	}
	return s.Err()
}

func (it *openedIndex) NextPath(context.Context) bool {
	if it.cur == nil || it.at+1 >= len(it.paths[cayley.ToKey(it.cur)]) {
		return false
	}
	it.at++
	return true
}

func (it *openedIndex) TagResults(tags map[string]cayley.Ref) {
	if paths := it.paths[cayley.ToKey(it.cur)]; it.at < len(paths) {
		maps.Copy(tags, paths[it.at])
	}
}

func (it *openedIndex) Result() cayley.Ref { return it.cur }

func (it *openedIndex) Err() error { return it.err }

func (it *openedIndex) Close() error {
	it.paths = nil
	return nil
}
