package exec

import (
	"context"
	"errors"

	"nettwin/graph"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
)

// adjacency is a step as lists: node i leads to targets[offsets[i]:offsets[i+1]].
type adjacency struct {
	nodes   *tuples
	offsets []uint32
	targets []uint32
	seen    []uint32 // by node: the search that saw it last
	round   uint32
	queue   []uint32
	leaving []graph.TermID // nodes that lead anywhere, once asked for
	held    int64          // memory of all that, nodes left out
}

// Building a list pays when it reads fewer edges than this many times the
// nodes that steps were sought from, within a bound on its size.
const (
	edgesPerSeek = 8
	maxListEdges = 1 << 26
)

// considerLists turns to lists when they pay.
func (w *walker) considerLists(ctx context.Context) error {
	if w.lists != nil {
		return nil
	}
	links, ok := alternatives(w.step)
	if !ok {
		return nil
	}
	if w.edges < 0 {
		var edges uint64
		for _, l := range links {
			n, err := w.x.src.Count(w.countable(l))
			if err != nil {
				return err
			}
			edges += n
		}
		w.edges = int64(min(edges, maxListEdges))
	}
	if w.edges >= maxListEdges || w.edges > w.sought*edgesPerSeek && w.sought < 1<<61 {
		return nil
	}
	lists, err := w.buildLists(ctx, links)
	if err == nil {
		w.lists = lists
		return nil
	}
	lists.release()
	var limit *results.LimitError
	if errors.As(err, &limit) {
		w.edges = maxListEdges // seeking needs less
		return nil
	}
	return err
}

// countable is a pattern that holds at least the edges of a link and that is
// quick to count.
func (w *walker) countable(l *plan.LinkStep) graph.Pattern {
	p := graph.Pattern{}
	if !l.Not {
		p[graph.P] = l.ID
	}
	switch {
	case w.n.Graph.Kind == plan.GraphVar:
		p[graph.G] = w.graph
	case w.n.Graph.Kind == plan.GraphOne:
		p[graph.G] = w.n.Graph.IDs[0]
	}
	return p
}

// alternatives lists the links of a step that is nothing but alternatives.
func alternatives(s plan.Step) ([]*plan.LinkStep, bool) {
	switch s := s.(type) {
	case *plan.LinkStep:
		return []*plan.LinkStep{s}, true
	case *plan.AltStep:
		l, lok := alternatives(s.L)
		r, rok := alternatives(s.R)
		return append(l, r...), lok && rok
	}
	return nil, false
}

const (
	edgeBytes     = 16 // the pair while it is read, then the list
	listNodeBytes = 16 // its offset, twice while lists are filled, its mark and its place in the queue
)

func (w *walker) buildLists(ctx context.Context, links []*plan.LinkStep) (*adjacency, error) {
	a := &adjacency{nodes: newTuples(1, w.x.budget)}
	var edges [][2]uint32
	for _, l := range links {
		if !l.Not && l.ID == graph.None {
			continue
		}
		from, to := ends(l)
		err := w.each(ctx, w.linkPattern(l), func(c *graph.Chunk, row int) error {
			for _, id := range l.IDs {
				if l.Not && c.Cols[graph.P][row] == id {
					return nil
				}
			}
			x, err := a.number(c.Cols[from][row])
			if err != nil {
				return err
			}
			y, err := a.number(c.Cols[to][row])
			edges = append(edges, [2]uint32{x, y})
			return err
		})
		if err != nil {
			return a, err
		}
	}
	a.fill(edges)
	return a, nil
}

// number numbers an end of an edge, with room for the edge.
func (a *adjacency) number(id graph.TermID) (uint32, error) {
	n, added, err := a.nodes.insert([]graph.TermID{id})
	bytes := int64(edgeBytes / 2)
	if added {
		bytes += listNodeBytes
	}
	if err == nil {
		err = a.nodes.budget.grow(bytes)
	}
	if err == nil {
		a.held += bytes
	}
	return uint32(n), err
}

// fill sorts edges into lists by counting.
func (a *adjacency) fill(edges [][2]uint32) {
	a.offsets = make([]uint32, a.nodes.n+1)
	for _, e := range edges {
		a.offsets[e[0]+1]++
	}
	for i := range a.nodes.n {
		a.offsets[i+1] += a.offsets[i]
	}
	a.targets = make([]uint32, len(edges))
	at := append([]uint32(nil), a.offsets...)
	for _, e := range edges {
		a.targets[at[e[0]]] = e[1]
		at[e[0]]++
	}
	a.seen = make([]uint32, a.nodes.n)
}

// release gives the memory back; a nil list has none.
func (a *adjacency) release() {
	if a == nil {
		return
	}
	a.nodes.budget.shrink(a.held)
	a.held = 0
	a.nodes.release()
}

// starts lists the nodes that lead anywhere.
func (a *adjacency) starts() ([]graph.TermID, error) {
	if a.leaving != nil {
		return a.leaving, nil
	}
	n := 0
	for i := range a.nodes.n {
		if a.offsets[i] < a.offsets[i+1] {
			n++
		}
	}
	bytes := int64(n) * idBytes
	if err := a.nodes.budget.grow(bytes); err != nil {
		return nil, err
	}
	a.held += bytes
	a.leaving = make([]graph.TermID, 0, n)
	for i := range a.nodes.n {
		if a.offsets[i] < a.offsets[i+1] {
			a.leaving = append(a.leaving, a.nodes.keys[i])
		}
	}
	return a.leaving, nil
}

// search is breadth-first search from start. It leaves what it found in queue
// and tells how many nodes that are, start included where it counts.
func (a *adjacency) search(ctx context.Context, start graph.TermID, zero, once bool) (int, error) {
	a.queue = a.queue[:0]
	first := a.nodes.find([]graph.TermID{start})
	if first < 0 {
		if zero {
			return 1, nil
		}
		return 0, nil
	}
	if a.round++; a.round == 0 { // wrapped around
		clear(a.seen)
		a.round = 1
	}
	if zero {
		a.seen[first] = a.round
		a.queue = append(a.queue, uint32(first))
	}
	a.expand(uint32(first))
	begin := 0
	if zero {
		begin = 1
	}
	for i := begin; i < len(a.queue) && !once; i++ {
		if i%checkEvery == 0 {
			if err := context.Cause(ctx); err != nil {
				return 0, err
			}
		}
		a.expand(a.queue[i])
	}
	return len(a.queue), nil
}

// answer appends what search found.
func (a *adjacency) answer(out []graph.TermID, start graph.TermID, zero bool) []graph.TermID {
	if zero && len(a.queue) == 0 {
		return append(out, start) // a node of no edge
	}
	for _, node := range a.queue {
		out = append(out, a.nodes.keys[node])
	}
	return out
}

func (a *adjacency) expand(node uint32) {
	for _, to := range a.targets[a.offsets[node]:a.offsets[node+1]] {
		if a.seen[to] != a.round {
			a.seen[to] = a.round
			a.queue = append(a.queue, to)
		}
	}
}
