package cayley

import (
	"context"
	"slices"

	cayley "github.com/cayleygraph/cayley/graph"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// countAnyway is how many quads are few enough to count their nodes where an
// estimate would do.
const countAnyway = 1 << 18

// allNodes is the set of terms that a quad has.
type allNodes struct{ qs *QuadStore }

func (s *allNodes) String() string { return "NettwinNodes" }

// Iterate lists the terms by their ids.
func (s *allNodes) Iterate() cayley.Scanner { return &nodeScanner{walk: nodeWalk{qs: s.qs}} }

// Lookup tests whether a term is in a quad.
func (s *allNodes) Lookup() cayley.Index { return &nodeIndex{qs: s.qs} }

func (s *allNodes) AsLegacy() cayley.Iterator { return newIterator(s) }

func (s *allNodes) SubIterators() []cayley.IteratorShape { return nil }

func (s *allNodes) Optimize(context.Context) (cayley.IteratorShape, bool) { return s, false }

// Stats counts exactly where that is cheap.
func (s *allNodes) Stats(ctx context.Context) (cayley.IteratorCosts, error) {
	size, err := s.qs.countNodes(ctx, false)
	return cayley.IteratorCosts{NextCost: nextCost, ContainsCost: nodeContainsCost, Size: size}, err
}

// countNodes counts the nodes of the version; without exact it may estimate
// them by the number of quads.
func (qs *QuadStore) countNodes(ctx context.Context, exact bool) (size cayley.Size, err error) {
	err = qs.read(func(v *version) error {
		quads, err := v.Count(graph.Pattern{})
		if err != nil {
			return err
		}
		if !exact && quads > countAnyway {
			size = cayley.Size{Size: int64(quads)}
			return nil
		}
		v.counting.Lock()
		defer v.counting.Unlock()
		if !v.counted {
			if v.nodes, err = qs.walkedNodes(ctx, v); err != nil {
				return err
			}
			v.counted = true
		}
		size = cayley.Size{Size: v.nodes, Exact: true}
		return nil
	})
	return size, err
}

// walkedNodes counts nodes by walking over them.
func (qs *QuadStore) walkedNodes(ctx context.Context, v *version) (n int64, err error) {
	w := nodeWalk{qs: qs}
	for !w.done {
		if err := w.fill(ctx, v); err != nil {
			return 0, err
		}
		n += int64(len(w.refs))
	}
	return n, nil
}

// nodeWalk lists terms in the order of their ids. Like scan it holds no cursor
// between two reads.
type nodeWalk struct {
	qs    *QuadStore
	ids   []graph.TermID
	refs  []cayley.Ref
	next  int // index in refs
	after graph.TermID
	done  bool // there is nothing behind refs
	steps int
	err   error
}

func (w *nodeWalk) step(ctx context.Context) (cayley.Ref, bool) {
	if w.steps++; w.steps%checkContextEvery == 0 && w.err == nil {
		w.err = ctx.Err()
	}
	for w.err == nil && w.next == len(w.refs) && !w.done {
		w.err = w.qs.read(func(v *version) error { return w.fill(ctx, v) })
	}
	if w.err != nil || w.next == len(w.refs) {
		return nil, false
	}
	ref := w.refs[w.next]
	w.next++
	return ref, true
}

// fill reads the nodes behind the last one. The ids of each position come
// sorted from the order that begins with it; the four lists are merged.
func (w *nodeWalk) fill(ctx context.Context, v *version) (err error) {
	w.ids, w.refs, w.next = w.ids[:0], w.refs[:0], 0
	var lists [4]distinct
	defer func() {
		for i := range lists {
			if cerr := lists[i].close(); err == nil {
				err = cerr
			}
		}
	}()
	after := max(w.after, graph.DefaultGraph)
	for pos, order := range [4]graph.Order{graph.S: graph.SPOG, graph.P: graph.PSOG, graph.O: graph.OSPG, graph.G: graph.GPSO} {
		if lists[pos], err = newDistinct(ctx, v, order, after); err != nil {
			return err
		}
	}
	for len(w.ids) < graph.ChunkRows {
		least := graph.None
		for i := range lists {
			if id := lists[i].id; id != graph.None && (least == graph.None || id < least) {
				least = id
			}
		}
		if least == graph.None {
			w.done = true
			break
		}
		w.ids = append(w.ids, least)
		w.after = least
		for i := range lists {
			if lists[i].id == least {
				if err := lists[i].advance(ctx); err != nil {
					return err
				}
			}
		}
	}
	return w.resolve(v)
}

// resolve makes nodes of ids. In generalized RDF it leaves out a surrogate
// whose term is in the list by itself.
func (w *nodeWalk) resolve(v *version) error {
	w.refs = slices.Grow(w.refs, len(w.ids))
	if !w.qs.opt.Generalized {
		for _, id := range w.ids {
			w.refs = append(w.refs, node(id))
		}
		return nil
	}
	terms := make([]rdf.Term, len(w.ids))
	if err := v.Terms(w.ids, terms); err != nil {
		return err
	}
	for i, id := range w.ids {
		if isSurrogate(terms[i]) {
			listed, err := w.qs.listed(v, original(terms[i]))
			if err != nil {
				return err
			}
			if listed {
				continue
			}
		}
		w.refs = append(w.refs, generalNodeOf(id, terms[i]))
	}
	return nil
}

// listed tells whether a quad has the term in a position where RDF allows it.
func (qs *QuadStore) listed(v *version, t rdf.Term) (bool, error) {
	id, err := graph.ID(v, t)
	if id == graph.None || err != nil {
		return false, err
	}
	for pos := range 4 {
		var p graph.Pattern
		p[pos] = id
		if n, err := v.Count(p); n > 0 || err != nil {
			return n > 0, err
		}
	}
	return false, nil
}

// distinct lists the different ids of an order's first position.
type distinct struct {
	cursor graph.Cursor
	col    []graph.TermID
	pos    int
	id     graph.TermID // None at the end
}

// newDistinct stands at the first id behind after.
func newDistinct(ctx context.Context, v *version, o graph.Order, after graph.TermID) (distinct, error) {
	c, err := v.Scan(graph.Pattern{}, o)
	if err != nil {
		return distinct{}, err
	}
	d := distinct{cursor: c, pos: o.Positions()[0], id: after}
	return d, d.advance(ctx)
}

// advance moves to the next id: within the chunk, else by Seek.
func (d *distinct) advance(ctx context.Context) error {
	for {
		for len(d.col) > 0 && d.col[0] <= d.id {
			d.col = d.col[1:]
		}
		if len(d.col) > 0 {
			d.id = d.col[0]
			return nil
		}
		if err := d.cursor.Seek(d.id + 1); err != nil {
			return err
		}
		chunk, err := d.cursor.Next(ctx)
		if err != nil {
			return err
		}
		if chunk == nil {
			d.id = graph.None
			return nil
		}
		d.col = chunk.Cols[d.pos]
	}
}

func (d *distinct) close() error {
	if d.cursor == nil {
		return nil
	}
	return d.cursor.Close()
}

// nodeScanner lists nodes.
type nodeScanner struct {
	leaf
	walk nodeWalk
	cur  cayley.Ref
}

func (it *nodeScanner) String() string { return "NettwinNodeScanner" }

func (it *nodeScanner) Next(ctx context.Context) (ok bool) {
	it.cur, ok = it.walk.step(ctx)
	return ok
}

func (it *nodeScanner) Result() cayley.Ref { return it.cur }

func (it *nodeScanner) Err() error { return it.walk.err }

func (it *nodeScanner) Close() error {
	it.walk.ids, it.walk.refs, it.walk.next, it.walk.done = nil, nil, 0, true
	return nil
}

// nodeIndex tests nodes.
type nodeIndex struct {
	leaf
	qs  *QuadStore
	cur cayley.Ref
	err error
}

func (it *nodeIndex) String() string { return "NettwinNodeIndex" }

func (it *nodeIndex) Contains(ctx context.Context, ref cayley.Ref) bool {
	if it.err == nil {
		it.err = ctx.Err()
	}
	if it.err != nil || ref == nil {
		return false
	}
	var used bool
	it.err = it.qs.read(func(v *version) (err error) {
		used, err = it.qs.used(v, ref)
		return err
	})
	if used {
		it.cur = ref
	}
	return used && it.err == nil
}

func (it *nodeIndex) Result() cayley.Ref { return it.cur }

func (it *nodeIndex) Err() error { return it.err }
