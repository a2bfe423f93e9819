package cayley

import (
	"context"
	"fmt"
	"maps"
	"slices"

	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/shape"
	"github.com/cayleygraph/quad"

	"nettwin/graph"
)

// OptimizeShape is what Cayley's optimizer asks in the end. It replaces shapes that Cayley would run as an intersection of
// single-column lookups by one scan of the order that suits all fixed columns.
func (qs *QuadStore) OptimizeShape(s shape.Shape) (shape.Shape, bool) {
	switch s := s.(type) {
	case shape.QuadsAction:
		return qs.optimizeAction(s)
	case shape.Quads:
		return qs.optimizeQuads(s)
	case shape.Intersect:
		if len(s) > 0 {
			return intersect{sub: qs.openAll(s)}, true
		}
	case shape.IntersectOpt:
		if len(s.Sub) > 0 {
			return intersect{sub: qs.openAll(s.Sub), opt: qs.openAll(s.Opt)}, true
		}
	}
	return s, false
}

func (qs *QuadStore) optimizeAction(s shape.QuadsAction) (shape.Shape, bool) {
	a := action{qs: qs, result: s.Result, save: s.Save}
	for d, ref := range s.Filter {
		var ok bool
		var err error
		if a.pattern, ok, err = qs.narrow(a.pattern, d, ref); err != nil {
			return s, false
		} else if !ok {
			return nil, true
		}
	}
	return a, true
}

func (qs *QuadStore) optimizeQuads(s shape.Quads) (shape.Shape, bool) {
	m := matching{qs: qs}
	for _, f := range s {
		ref, one := shape.One(f.Values)
		if !one {
			f.Values = qs.open(f.Values)
			m.links = append(m.links, f)
			continue
		}
		var ok bool
		var err error
		if m.pattern, ok, err = qs.narrow(m.pattern, f.Dir, ref); err != nil {
			return s, false
		} else if !ok {
			return nil, true
		}
	}
	if len(m.links) == 0 && len(s) == 1 {
		return s, false // QuadIterator does it
	}
	return m, true
}

// matching is a shape: the quads that match a pattern and have, in other
// positions, nodes of other shapes.
type matching struct {
	qs      *QuadStore
	pattern graph.Pattern
	links   []shape.QuadFilter
}

// BuildIterator intersects the scan with a walk from each other shape, so that
// the optimizer may begin with whichever is smaller; the walk too scans only
// quads that match the pattern.
func (m matching) BuildIterator(qs cayley.QuadStore) cayley.Iterator {
	all := &intersection{}
	if m.pattern != (graph.Pattern{}) || len(m.links) == 0 {
		all.sub = append(all.sub, &quads{qs: m.qs, pattern: m.pattern})
	}
	for _, f := range m.links {
		nodes := cayley.AsShape(f.Values.BuildIterator(qs))
		all.sub = append(all.sub, &link{qs: m.qs, pattern: m.pattern, dir: f.Dir, nodes: nodes})
	}
	if len(all.sub) == 1 {
		return cayley.AsLegacy(all.sub[0])
	}
	return newIterator(all)
}

// Optimize optimizes the other shapes.
func (m matching) Optimize(r shape.Optimizer) (shape.Shape, bool) {
	links, changed := slices.Clone(m.links), false
	for i, f := range links {
		v, ok := f.Values.Optimize(r)
		if shape.IsNull(v) {
			return nil, true
		}
		links[i].Values, changed = v, changed || ok
	}
	m.links = links
	return m, changed
}

// action is a shape and an iterator: for each quad that matches the pattern,
// the node at one position, with tags for nodes at others.
type action struct {
	qs      *QuadStore
	pattern graph.Pattern
	result  quad.Direction
	save    map[quad.Direction][]string
}

// BuildIterator returns the iterator.
func (a action) BuildIterator(cayley.QuadStore) cayley.Iterator {
	return newIterator(&actionIterator{a})
}

// Optimize finds nothing to improve.
func (a action) Optimize(shape.Optimizer) (shape.Shape, bool) { return a, false }

// takes tells whether a quad counts: tagging the label, or asking for it,
// leaves out quads of the default graph, which have none.
func (a *action) takes(q graph.Quad) bool {
	return q[graph.G] != graph.DefaultGraph || a.result != quad.Label && len(a.save[quad.Label]) == 0
}

type actionIterator struct{ action }

func (s *actionIterator) String() string {
	return fmt.Sprintf("NettwinAction(%v of %v, tags %v)", s.result, s.pattern, slices.Sorted(maps.Keys(s.save)))
}

// Iterate lists the results of all quads.
func (s *actionIterator) Iterate() cayley.Scanner {
	return &actionScanner{action: &s.action, scan: scan{qs: s.qs, pattern: s.pattern}}
}

// Lookup tests nodes by a scan for each.
func (s *actionIterator) Lookup() cayley.Index {
	return &actionScanner{action: &s.action, scan: scan{qs: s.qs, done: true}}
}

func (s *actionIterator) AsLegacy() cayley.Iterator { return newIterator(s) }

func (s *actionIterator) SubIterators() []cayley.IteratorShape { return nil }

func (s *actionIterator) Optimize(context.Context) (cayley.IteratorShape, bool) { return s, false }

// Stats counts exactly, but for results that takes leaves out.
func (s *actionIterator) Stats(ctx context.Context) (cayley.IteratorCosts, error) {
	size, err := s.qs.count(ctx, s.pattern)
	size.Exact = s.result != quad.Label && len(s.save[quad.Label]) == 0
	return cayley.IteratorCosts{NextCost: nextCost, ContainsCost: scanContainsCost, Size: size}, err
}

// actionScanner walks the quads of an action: of all of it as a Scanner, of
// one node as an Index, where further quads are further paths.
type actionScanner struct {
	*action
	scan  scan
	index bool
	quad  graph.Quad
	cur   cayley.Ref
}

func (it *actionScanner) String() string { return "NettwinActionScanner" }

func (it *actionScanner) Next(ctx context.Context) bool {
	for {
		q, ok := it.scan.step(ctx)
		if !ok {
			it.cur = nil
			return false
		}
		if it.takes(q) {
			it.quad, it.cur = q, it.qs.nodeAt(q[position(it.result)])
			return true
		}
	}
}

func (it *actionScanner) Contains(ctx context.Context, ref cayley.Ref) bool {
	if it.scan.err != nil || ref == nil {
		return false
	}
	it.index = true
	p, ok, err := it.qs.narrow(it.pattern, it.result, ref)
	if !ok || err != nil {
		it.scan = scan{qs: it.qs, done: true, err: err}
		return false
	}
	it.scan = scan{qs: it.qs, pattern: p, rows: it.scan.rows[:0]}
	return it.Next(ctx)
}

// NextPath moves to the next quad of the node that Contains was asked for.
func (it *actionScanner) NextPath(ctx context.Context) bool { return it.index && it.Next(ctx) }

func (it *actionScanner) TagResults(tags map[string]cayley.Ref) {
	for d, names := range it.save {
		for _, name := range names {
			tags[name] = it.qs.nodeAt(it.quad[position(d)])
		}
	}
}

func (it *actionScanner) Result() cayley.Ref { return it.cur }

func (it *actionScanner) Err() error { return it.scan.err }

func (it *actionScanner) Close() error {
	it.scan.close()
	return nil
}
