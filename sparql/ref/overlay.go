package ref

import (
	"cmp"
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// overlay is a snapshot with uncommitted changes on top: what the operations
// of one update request see of the earlier ones.
//
// Invariants:
//  1. adds holds no quad that the base shows after cleared and dels.
//  2. dels holds only quads of the base, in graphs that are not cleared.
type overlay struct {
	base       graph.Source
	adds, dels map[graph.Quad]struct{}
	cleared    map[graph.TermID]bool // graphs whose base quads are hidden
	local      map[rdf.Term]graph.TermID
	locals     []rdf.Term
}

func newOverlay(base graph.Source) *overlay {
	return &overlay{
		base: base, adds: map[graph.Quad]struct{}{}, dels: map[graph.Quad]struct{}{},
		cleared: map[graph.TermID]bool{}, local: map[rdf.Term]graph.TermID{},
	}
}

// IDs implements graph.TermReader.
func (o *overlay) IDs(terms []rdf.Term, out []graph.TermID) error {
	if err := o.base.IDs(terms, out); err != nil {
		return err
	}
	for i, t := range terms {
		if out[i] == graph.None {
			out[i] = o.local[t]
		}
	}
	return nil
}

// Terms implements graph.TermReader.
func (o *overlay) Terms(ids []graph.TermID, out []rdf.Term) error {
	for i, id := range ids {
		if isLocal(id, overlayLocal) {
			out[i] = o.locals[id.Payload()-overlayLocal]
			continue
		}
		if err := o.base.Terms(ids[i:i+1], out[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// intern returns the id of a term, new to the base or not; the zero Term is
// the default graph.
func (o *overlay) intern(t rdf.Term) (graph.TermID, error) {
	if t.IsZero() {
		return graph.DefaultGraph, nil
	}
	var out [1]graph.TermID
	if err := o.IDs([]rdf.Term{t}, out[:]); err != nil || out[0] != graph.None {
		return out[0], err
	}
	id := graph.MakeID(graph.TagSpecial, overlayLocal+uint64(len(o.locals)))
	o.local[t] = id
	o.locals = append(o.locals, t)
	return id, nil
}

func (o *overlay) quadID(q rdf.Quad) (id graph.Quad, err error) {
	for i, t := range [4]rdf.Term{q.S, q.P, q.O, q.G} {
		if id[i], err = o.intern(t); err != nil {
			return id, err
		}
	}
	return id, nil
}

// inBase tells whether the base shows a quad, before dels.
func (o *overlay) inBase(q graph.Quad) (bool, error) {
	if o.cleared[q[graph.G]] || hasLocal(graph.Pattern(q)) {
		return false, nil
	}
	n, err := o.base.Count(graph.Pattern(q))
	return n > 0, err
}

func hasLocal(p graph.Pattern) bool {
	for _, id := range p {
		if isLocal(id, overlayLocal) {
			return true
		}
	}
	return false
}

func (o *overlay) insert(q graph.Quad) error {
	if _, deleted := o.dels[q]; deleted {
		delete(o.dels, q)
		return nil
	}
	present, err := o.inBase(q)
	if err == nil && !present {
		o.adds[q] = struct{}{}
	}
	return err
}

func (o *overlay) delete(q graph.Quad) error {
	if _, added := o.adds[q]; added {
		delete(o.adds, q)
		return nil
	}
	present, err := o.inBase(q)
	if err == nil && present {
		o.dels[q] = struct{}{}
	}
	return err
}

// clear empties a graph.
func (o *overlay) clear(g graph.TermID) {
	for _, set := range []map[graph.Quad]struct{}{o.adds, o.dels} {
		for q := range set {
			if q[graph.G] == g {
				delete(set, q)
			}
		}
	}
	if !isLocal(g, overlayLocal) {
		o.cleared[g] = true
	}
}

func (o *overlay) changes() int { return len(o.adds) + len(o.dels) }

// Count implements graph.Source.
func (o *overlay) Count(p graph.Pattern) (uint64, error) {
	var n uint64
	if !hasLocal(p) && !o.cleared[p[graph.G]] {
		var err error
		if n, err = o.base.Count(p); err != nil {
			return 0, err
		}
		if p[graph.G] == graph.None {
			for g := range o.cleared {
				in := p
				in[graph.G] = g
				hidden, err := o.base.Count(in)
				if err != nil {
					return 0, err
				}
				n -= hidden
			}
		}
	}
	return n - matching(o.dels, p) + matching(o.adds, p), nil
}

func matching(set map[graph.Quad]struct{}, p graph.Pattern) (n uint64) {
	for q := range set {
		if p.Matches(q) {
			n++
		}
	}
	return n
}

// Scan implements graph.Source.
func (o *overlay) Scan(p graph.Pattern, order graph.Order) (graph.Cursor, error) {
	c := &overlayCursor{o: o, order: order, fixed: order.PrefixLen(p)}
	for q := range o.adds {
		if p.Matches(q) {
			c.adds = append(c.adds, q)
		}
	}
	slices.SortFunc(c.adds, func(a, b graph.Quad) int { return compareQuads(order, a, b) })
	if hasLocal(p) || o.cleared[p[graph.G]] {
		return c, nil
	}
	var err error
	c.base, err = o.base.Scan(p, order)
	return c, err
}

func compareQuads(order graph.Order, a, b graph.Quad) int {
	for _, pos := range order.Positions() {
		if c := cmp.Compare(a[pos], b[pos]); c != 0 {
			return c
		}
	}
	return 0
}

// overlayCursor merges the base's rows that are not hidden with the adds.
type overlayCursor struct {
	o      *overlay
	order  graph.Order
	fixed  int          // positions that the pattern fixes
	base   graph.Cursor // nil if the base has nothing to say
	chunk  *graph.Chunk // the base's, nil before the first and after the last
	at     int
	adds   []graph.Quad
	out    graph.Chunk
	closed bool
}

// Next implements graph.Cursor.
func (c *overlayCursor) Next(ctx context.Context) (*graph.Chunk, error) {
	if c.closed {
		return nil, graph.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range c.out.Cols {
		c.out.Cols[i] = c.out.Cols[i][:0]
	}
	for c.out.Len() < graph.ChunkRows {
		q, ok, err := c.peekBase(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case len(c.adds) > 0 && (!ok || compareQuads(c.order, c.adds[0], q) < 0):
			c.emit(c.adds[0])
			c.adds = c.adds[1:]
		case ok:
			c.emit(q)
			c.at++
		case c.out.Len() == 0:
			return nil, nil
		default:
			return &c.out, nil
		}
	}
	return &c.out, nil
}

func (c *overlayCursor) emit(q graph.Quad) {
	for i, id := range q {
		c.out.Cols[i] = append(c.out.Cols[i], id)
	}
}

// peekBase returns the base's next visible row without taking it.
func (c *overlayCursor) peekBase(ctx context.Context) (q graph.Quad, ok bool, err error) {
	for c.base != nil {
		if c.chunk == nil || c.at == c.chunk.Len() {
			if c.chunk, err = c.base.Next(ctx); err != nil {
				return q, false, err
			}
			c.at = 0
			if c.chunk == nil {
				err := c.base.Close()
				c.base = nil
				return q, false, err
			}
		}
		q = c.chunk.Quad(c.at)
		if _, deleted := c.o.dels[q]; !deleted && !c.o.cleared[q[graph.G]] {
			return q, true, nil
		}
		c.at++
	}
	return q, false, nil
}

// before tells whether q lies before key, which begins after the fixed prefix.
func (c *overlayCursor) before(q graph.Quad, key []graph.TermID) bool {
	positions := c.order.Positions()
	for i, id := range key {
		if c.fixed+i >= len(positions) {
			break
		}
		if d := cmp.Compare(q[positions[c.fixed+i]], id); d != 0 {
			return d < 0
		}
	}
	return false
}

// Seek implements graph.Cursor.
func (c *overlayCursor) Seek(key ...graph.TermID) error {
	if c.closed {
		return graph.ErrClosed
	}
	for len(c.adds) > 0 && c.before(c.adds[0], key) {
		c.adds = c.adds[1:]
	}
	for c.chunk != nil && c.at < c.chunk.Len() && c.before(c.chunk.Quad(c.at), key) {
		c.at++
	}
	if c.base == nil || c.chunk != nil && c.at < c.chunk.Len() {
		return nil
	}
	return c.base.Seek(key...)
}

// Close implements graph.Cursor.
func (c *overlayCursor) Close() error {
	c.closed = true
	if c.base == nil {
		return nil
	}
	err := c.base.Close()
	c.base = nil
	return err
}
