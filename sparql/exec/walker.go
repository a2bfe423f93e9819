package exec

import (
	"context"
	"slices"

	"nettwin/graph"
	"nettwin/sparql/plan"
)

// walker finds what a repeated step leads to, in one direction. It seeks from
// frontier to frontier, and turns to an adjacency list in memory once that
// would have been cheaper.
type walker struct {
	x     *execution
	n     *plan.Path
	step  plan.Step
	graph graph.TermID // the active graph, if the plan's is a slot
	links map[*plan.LinkStep]*finder

	visited *tuples
	sought  int64 // nodes that steps were sought from
	edges   int64 // of the links of the step; -1: not counted yet
	lists   *adjacency

	nodes    []graph.TermID // all nodes of the graph
	haveAll  bool
	known    map[graph.TermID][]graph.TermID // what nodes lead to
	knownIDs int64
}

func newWalker(x *execution, n *plan.Path, step plan.Step) *walker {
	return &walker{
		x: x, n: n, step: step, links: map[*plan.LinkStep]*finder{}, visited: newTuples(1, x.budget), edges: -1,
		known: map[graph.TermID][]graph.TermID{},
	}
}

// in makes g the active graph.
func (w *walker) in(g graph.TermID) {
	if g == w.graph {
		return
	}
	w.graph = g
	w.lists.release()
	w.nodes, w.haveAll, w.lists, w.edges, w.sought = nil, false, nil, -1, 0
	w.forget()
}

func (w *walker) forget() {
	clear(w.known)
	w.x.budget.shrink(w.knownIDs * idBytes)
	w.knownIDs = 0
}

func (w *walker) close() (err error) {
	for _, f := range w.links {
		if cerr := f.close(); err == nil {
			err = cerr
		}
	}
	return err
}

// The slots of the patterns that walkers seek with.
const (
	slotFrom = iota
	slotTo
	slotPredicate
	slotGraph
)

// pattern is a triple pattern in the active graph.
func (w *walker) pattern(s, p, o plan.Place) pattern4 {
	g := w.n.Graph
	if g.Kind == plan.GraphVar {
		g = plan.Graph{Kind: plan.GraphOne, IDs: []graph.TermID{w.graph}}
	}
	return newPattern4(s, p, o, g)
}

func slotPlace(slot int) plan.Place { return plan.Place{Slot: slot} }

func (w *walker) linkPattern(l *plan.LinkStep) pattern4 {
	s, p, o := slotPlace(slotFrom), plan.Place{Slot: -1, ID: l.ID}, slotPlace(slotTo)
	if l.Not {
		p = slotPlace(slotPredicate)
	}
	if l.Inverse {
		s, o = o, s
	}
	return w.pattern(s, p, o)
}

// ends returns the positions of a link's triples that it goes from and to.
func ends(l *plan.LinkStep) (from, to int) {
	if l.Inverse {
		return graph.O, graph.S
	}
	return graph.S, graph.O
}

// maxKnown bounds the ids of remembered answers.
const maxKnown = 1 << 20

// reach lists the nodes that the path leads to from start, each once.
func (w *walker) reach(ctx context.Context, start graph.TermID) ([]graph.TermID, error) {
	if list, ok := w.known[start]; ok {
		return list, nil
	}
	if err := w.considerLists(ctx); err != nil {
		return nil, err
	}
	var out []graph.TermID
	var err error
	if w.lists != nil {
		out, err = w.lists.reach(ctx, start, w.n.Zero, w.n.Once)
	} else {
		out, err = w.search(ctx, start)
	}
	if err != nil {
		return nil, err
	}
	if w.knownIDs > maxKnown {
		w.forget()
	}
	w.knownIDs += int64(len(out)) + 1
	w.known[start] = out
	return out, w.x.budget.grow(int64(len(out)+1) * idBytes)
}

// search is breadth-first search by seeking.
func (w *walker) search(ctx context.Context, start graph.TermID) (out []graph.TermID, err error) {
	defer w.visited.reset()
	visit := func(id graph.TermID) error {
		_, added, err := w.visited.insert([]graph.TermID{id})
		if added {
			out = append(out, id)
		}
		return err
	}
	if w.n.Zero {
		if err := visit(start); err != nil {
			return nil, err
		}
	}
	frontier := []graph.TermID{start}
	for len(frontier) > 0 {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		before := len(out)
		if err := w.follow(ctx, w.step, frontier, visit); err != nil {
			return nil, err
		}
		if w.n.Once {
			break
		}
		frontier = slices.Clone(out[before:])
	}
	return out, nil
}

// follow visits what one step leads to from any node of the frontier.
func (w *walker) follow(ctx context.Context, s plan.Step, frontier []graph.TermID, visit func(graph.TermID) error) error {
	switch s := s.(type) {
	case *plan.LinkStep:
		return w.followLink(ctx, s, frontier, visit)
	case *plan.AltStep:
		if err := w.follow(ctx, s.L, frontier, visit); err != nil {
			return err
		}
		return w.follow(ctx, s.R, frontier, visit)
	case *plan.SeqStep:
		var between []graph.TermID
		err := w.follow(ctx, s.L, frontier, func(id graph.TermID) error {
			between = append(between, id)
			return nil
		})
		if err != nil {
			return err
		}
		return w.follow(ctx, s.R, between, visit)
	case *plan.RepeatStep:
		return w.followRepeat(ctx, s, frontier, visit)
	}
	return nil
}

// followRepeat visits what repetitions of a step lead to, each node once.
func (w *walker) followRepeat(ctx context.Context, s *plan.RepeatStep, frontier []graph.TermID, visit func(graph.TermID) error) error {
	seen := newTuples(1, w.x.budget)
	defer seen.release()
	var found []graph.TermID
	meet := func(id graph.TermID) error {
		_, added, err := seen.insert([]graph.TermID{id})
		if added && err == nil {
			found = append(found, id)
		}
		return err
	}
	if s.Zero {
		for _, id := range frontier {
			if err := meet(id); err != nil {
				return err
			}
		}
	}
	for from := slices.Clone(frontier); len(from) > 0; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		before := len(found)
		if err := w.follow(ctx, s.In, from, meet); err != nil {
			return err
		}
		if s.Once {
			break
		}
		from = slices.Clone(found[before:])
	}
	for _, id := range found {
		if err := visit(id); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) followLink(ctx context.Context, l *plan.LinkStep, frontier []graph.TermID, visit func(graph.TermID) error) error {
	if !l.Not && l.ID == graph.None {
		return nil
	}
	from, to := ends(l)
	f := w.links[l]
	if f == nil || w.n.Graph.Kind == plan.GraphVar {
		f = newFinder(w.x.src, newAccess(w.linkPattern(l), 1<<from, graph.SPOG, nil))
		if old := w.links[l]; old != nil {
			if err := old.close(); err != nil {
				return err
			}
		}
		w.links[l] = f
	}
	slices.Sort(frontier)
	key := make([]graph.TermID, len(f.a.keys))
	for i, id := range slices.Compact(frontier) {
		if i%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		w.sought++
		for k, part := range f.a.keys {
			key[k] = part.id
			if part.slot == slotFrom {
				key[k] = id
			}
		}
		if err := f.find(ctx, key); err != nil {
			return err
		}
		if err := eachMatch(ctx, f, func(c *graph.Chunk, row int) error {
			if l.Not && slices.Contains(l.IDs, c.Cols[graph.P][row]) {
				return nil
			}
			return visit(c.Cols[to][row])
		}); err != nil {
			return err
		}
	}
	return nil
}

// eachMatch visits the rows under the key that was found.
func eachMatch(ctx context.Context, f *finder, visit func(c *graph.Chunk, row int) error) error {
	var sel []int32
	for {
		lo, hi, err := f.run(ctx)
		if err != nil || lo == hi {
			return err
		}
		sel = f.selectRows(sel[:0], lo, hi)
		for _, row := range sel {
			if err := visit(f.seg, int(row)); err != nil {
				return err
			}
		}
	}
}

// each visits all triples of a pattern with free ends.
func (w *walker) each(ctx context.Context, p pattern4, visit func(c *graph.Chunk, row int) error) (err error) {
	order := graph.SPOG
	if p.slots[graph.P] < 0 {
		order = graph.PSOG
	}
	f := newFinder(w.x.src, newAccess(p, 0, order, nil))
	defer func() {
		if cerr := f.close(); err == nil {
			err = cerr
		}
	}()
	if err := f.find(ctx, nil); err != nil {
		return err
	}
	return eachMatch(ctx, f, visit)
}

// isNode tells whether a term is a subject or object of the active graph.
func (w *walker) isNode(ctx context.Context, id graph.TermID) (bool, error) {
	for _, at := range [2]int{graph.S, graph.O} {
		slots := [2]plan.Place{slotPlace(slotFrom), slotPlace(slotTo)}
		if at == graph.O {
			slots[0], slots[1] = slots[1], slots[0]
		}
		p := w.pattern(slots[0], slotPlace(slotPredicate), slots[1])
		a := newAccess(p, 1<<at, graph.SPOG, nil)
		f := newFinder(w.x.src, a)
		key := make([]graph.TermID, len(a.keys))
		for k, part := range a.keys {
			key[k] = part.id
			if part.slot == slotFrom {
				key[k] = id
			}
		}
		found, err := f.has(ctx, key)
		if cerr := f.close(); err == nil {
			err = cerr
		}
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// has tells whether any row under the key passes the checks.
func (f *finder) has(ctx context.Context, key []graph.TermID) (bool, error) {
	if err := f.find(ctx, key); err != nil {
		return false, err
	}
	for {
		lo, hi, err := f.run(ctx)
		if err != nil || lo == hi {
			return false, err
		}
		if len(f.selectRows(nil, lo, hi)) > 0 {
			return true, nil
		}
	}
}

// starts lists where the path may begin when neither end is given: all nodes
// if no step is needed, else those that a first step leaves.
func (w *walker) starts(ctx context.Context, zero bool) ([]graph.TermID, error) {
	w.sought = 1 << 62 // following from everywhere is worth a list
	if err := w.considerLists(ctx); err != nil {
		return nil, err
	}
	if !zero && w.lists != nil {
		return w.lists.starts(), nil
	}
	if w.haveAll {
		return w.nodes, nil
	}
	seen := newTuples(1, w.x.budget)
	err := w.each(ctx, w.pattern(slotPlace(slotFrom), slotPlace(slotPredicate), slotPlace(slotTo)), func(c *graph.Chunk, row int) error {
		for _, at := range [2]int{graph.S, graph.O} {
			if _, _, err := seen.insert([]graph.TermID{c.Cols[at][row]}); err != nil {
				return err
			}
		}
		return nil
	})
	w.nodes, w.haveAll = seen.keys, true
	return w.nodes, err
}
