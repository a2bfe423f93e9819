package graph

import (
	"context"
	"maps"
)

// Restrict returns s as v shows it: quads that v hides are neither scanned nor
// counted. Terms and ids are those of s, and closing the result closes s.
func Restrict(s Snapshot, v View) Snapshot {
	if v.IsZero() {
		return s
	}
	return restrictedSnapshot{restricted{s, v.clone()}, s}
}

// RestrictSource is Restrict for any Source.
func RestrictSource(s Source, v View) Source {
	if v.IsZero() {
		return s
	}
	return restricted{s, v.clone()}
}

// clone makes the view safe from later writes to its maps, and drops entries
// that are false.
func (v View) clone() View {
	return View{Graphs: trueOnly(v.Graphs), HideGraphs: trueOnly(v.HideGraphs), HidePreds: trueOnly(v.HidePreds)}
}

func trueOnly(m map[TermID]bool) map[TermID]bool {
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(_ TermID, in bool) bool { return !in })
	return out
}

// restricted is a Source behind a view.
type restricted struct {
	Source
	view View
}

type restrictedSnapshot struct {
	restricted
	snap Snapshot
}

func (s restrictedSnapshot) Commit() Commit { return s.snap.Commit() }
func (s restrictedSnapshot) Close() error   { return s.snap.Close() }

// Missing implements Partial.
func (s restrictedSnapshot) Missing() []string { return Missing(s.snap) }

// verdict is what a pattern alone tells about the rows that it selects.
type verdict uint8

const (
	hidden verdict = iota
	shown
	mixed
)

func (v View) judge(p Pattern) verdict {
	if p[G] != None && !v.showsGraph(p[G]) || p[P] != None && v.HidePreds[p[P]] {
		return hidden
	}
	graphsOpen := p[G] == None && (v.Graphs != nil || len(v.HideGraphs) > 0)
	predsOpen := p[P] == None && len(v.HidePreds) > 0
	if graphsOpen || predsOpen {
		return mixed
	}
	return shown
}

func (v View) showsGraph(g TermID) bool {
	return (v.Graphs == nil || v.Graphs[g]) && !v.HideGraphs[g]
}

func (r restricted) Scan(p Pattern, o Order) (Cursor, error) {
	c, err := r.Source.Scan(p, o)
	if err != nil {
		return nil, err
	}
	switch r.view.judge(p) {
	case hidden:
		return &emptyCursor{Cursor: c}, nil
	case shown:
		return c, nil
	}
	return &viewCursor{Cursor: c, view: r.view}, nil
}

// emptyCursor has no rows; it closes and checks like the cursor behind it.
type emptyCursor struct {
	Cursor
	closed bool
}

func (c *emptyCursor) Next(ctx context.Context) (*Chunk, error) {
	if c.closed {
		return nil, ErrClosed
	}
	return nil, ctx.Err()
}

func (c *emptyCursor) Close() error {
	c.closed = true
	return c.Cursor.Close()
}

// viewCursor leaves out the rows that its view hides.
type viewCursor struct {
	Cursor
	view  View
	chunk Chunk

	graph, pred           TermID // the last ones judged
	graphShown, predShown bool
}

func (c *viewCursor) Next(ctx context.Context) (*Chunk, error) {
	for {
		in, err := c.Cursor.Next(ctx)
		if in == nil || err != nil {
			return nil, err
		}
		if out := c.filter(in); out.Len() > 0 {
			return out, nil
		}
	}
}

// filter copies the visible rows, or returns in when all are.
func (c *viewCursor) filter(in *Chunk) *Chunk {
	n, first := in.Len(), 0
	for first < n && c.shows(in, first) {
		first++
	}
	if first == n {
		return in
	}
	for i := range c.chunk.Cols {
		c.chunk.Cols[i] = append(c.chunk.Cols[i][:0], in.Cols[i][:first]...)
	}
	for row := first + 1; row < n; row++ {
		if !c.shows(in, row) {
			continue
		}
		for i := range c.chunk.Cols {
			c.chunk.Cols[i] = append(c.chunk.Cols[i], in.Cols[i][row])
		}
	}
	return &c.chunk
}

// shows asks the view's maps only when graph or predicate change from row to row.
func (c *viewCursor) shows(in *Chunk, row int) bool {
	if g := in.Cols[G][row]; g != c.graph {
		c.graph, c.graphShown = g, c.view.showsGraph(g)
	}
	if p := in.Cols[P][row]; p != c.pred {
		c.pred, c.predShown = p, !c.view.HidePreds[p]
	}
	return c.graphShown && c.predShown
}

// scanPerCount is how many rows a count may read instead of asking for the
// count of one more pattern.
const scanPerCount = 256

// Count is exact. It adds up the counts of shown parts, or takes those of
// hidden parts away, whichever are fewer; few rows are read instead.
func (r restricted) Count(p Pattern) (uint64, error) {
	switch r.view.judge(p) {
	case hidden:
		return 0, nil
	case shown:
		return r.Source.Count(p)
	}
	all, err := r.Source.Count(p)
	if err != nil || all == 0 {
		return 0, err
	}
	graphs, subtract := r.countedGraphs(p)
	if all <= scanPerCount*uint64(len(graphs)+1)*uint64(len(r.view.HidePreds)+1) {
		return r.scanCount(p)
	}
	var sum uint64
	for _, g := range graphs {
		part := p
		part[G] = g
		n, err := r.countPreds(part)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	if !subtract {
		return sum, nil
	}
	total, err := r.countPreds(p)
	return total - sum, err
}

// countedGraphs returns the graphs whose counts make up that of p: those shown,
// or those hidden, which are to be taken from the whole.
func (r restricted) countedGraphs(p Pattern) (graphs []TermID, subtract bool) {
	switch {
	case p[G] != None:
		return []TermID{p[G]}, false
	case r.view.Graphs == nil:
		for g := range r.view.HideGraphs {
			graphs = append(graphs, g)
		}
		return graphs, true
	}
	for g := range r.view.Graphs {
		if r.view.showsGraph(g) {
			graphs = append(graphs, g)
		}
	}
	return graphs, false
}

// countPreds counts p without the hidden predicates, whatever the graph.
func (r restricted) countPreds(p Pattern) (uint64, error) {
	sum, err := r.Source.Count(p)
	if err != nil || p[P] != None || sum == 0 {
		return sum, err
	}
	for pred := range r.view.HidePreds {
		part := p
		part[P] = pred
		n, err := r.Source.Count(part)
		if err != nil {
			return 0, err
		}
		sum -= n
	}
	return sum, nil
}

func (r restricted) scanCount(p Pattern) (uint64, error) {
	c, err := r.Scan(p, BestOrder(p))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var sum uint64
	for {
		chunk, err := c.Next(context.Background())
		if chunk == nil || err != nil {
			return sum, err
		}
		sum += uint64(chunk.Len())
	}
}
