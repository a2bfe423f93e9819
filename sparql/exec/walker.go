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
	found   []graph.TermID // scratch
	sought  int64          // nodes that steps were sought from
	edges   int64          // of the links of the step; -1: not counted yet
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

// Bounds of remembered answers.
const (
	maxKnown   = 1 << 20 // ids
	knownExtra = 8       // ids that an answer takes beside its own
)

// reach lists the nodes that the path leads to from start, each once. The list
// holds until the next call.
func (w *walker) reach(ctx context.Context, start graph.TermID) ([]graph.TermID, error) {
	if list, ok := w.known[start]; ok {
		return list, nil
	}
	if err := w.considerLists(ctx); err != nil {
		return nil, err
	}
	var found []graph.TermID
	var err error
	if w.lists != nil {
		found, err = w.reachByLists(ctx, start)
	} else {
		found, err = w.search(ctx, start)
	}
	if err != nil {
		return nil, err
	}
	return w.remember(start, found), nil
}

func (w *walker) reachByLists(ctx context.Context, start graph.TermID) ([]graph.TermID, error) {
	n, err := w.lists.search(ctx, start, w.n.Zero, w.n.Once)
	if err != nil {
		return nil, err
	}
	if err := w.room(int64(max(0, n-cap(w.found))) * idBytes); err != nil {
		return nil, err
	}
	w.found = slices.Grow(w.found[:0], n)
	w.found = w.lists.answer(w.found, start, w.n.Zero)
	return w.found, nil
}

// room counts memory, in place of remembered answers if it must be. Errors:
// *results.LimitError.
func (w *walker) room(bytes int64) error {
	err := w.x.budget.grow(bytes)
	if err == nil || w.knownIDs == 0 {
		return err
	}
	w.forget()
	return w.x.budget.grow(bytes)
}

// remember keeps a copy of an answer, if there is room.
func (w *walker) remember(start graph.TermID, found []graph.TermID) []graph.TermID {
	if w.knownIDs > maxKnown {
		w.forget()
	}
	ids := int64(len(found)) + knownExtra
	if w.x.budget.grow(ids*idBytes) != nil {
		return found
	}
	w.knownIDs += ids
	w.known[start] = slices.Clone(found)
	return found
}

// search is breadth-first search by seeking.
func (w *walker) search(ctx context.Context, start graph.TermID) ([]graph.TermID, error) {
	w.visited.reset()
	if w.n.Zero {
		if err := w.visit(w.visited)(start); err != nil {
			return nil, err
		}
	}
	err := w.expand(ctx, w.step, w.visited, []graph.TermID{start}, w.n.Once)
	return w.visited.keys, err
}

// visit returns a function that notes nodes, each once.
func (w *walker) visit(seen *tuples) func(graph.TermID) error {
	var key [1]graph.TermID
	return func(id graph.TermID) error {
		key[0] = id
		_, _, err := seen.insert(key[:])
		if err != nil && w.knownIDs > 0 {
			w.forget()
			_, _, err = seen.insert(key[:])
		}
		return err
	}
}

// expand notes what repetitions of a step lead to from a frontier, which it
// puts in another order.
func (w *walker) expand(ctx context.Context, s plan.Step, seen *tuples, frontier []graph.TermID, once bool) error {
	visit := w.visit(seen)
	var held int64 // for the frontier
	defer func() { w.x.budget.shrink(held) }()
	for len(frontier) > 0 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		before := seen.n
		if err := w.follow(ctx, s, frontier, visit); err != nil {
			return err
		}
		if once {
			return nil
		}
		next := int64(seen.n-before) * idBytes
		if err := w.room(next); err != nil {
			return err
		}
		frontier = slices.Clone(seen.keys[before:])
		w.x.budget.shrink(held)
		held = next
	}
	return nil
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
		between := newTuples(1, w.x.budget)
		defer between.release()
		if err := w.follow(ctx, s.L, frontier, w.visit(between)); err != nil {
			return err
		}
		return w.follow(ctx, s.R, between.keys, visit)
	case *plan.RepeatStep:
		return w.followRepeat(ctx, s, frontier, visit)
	}
	return nil
}

// followRepeat visits what repetitions of a step lead to, each node once.
func (w *walker) followRepeat(ctx context.Context, s *plan.RepeatStep, frontier []graph.TermID, visit func(graph.TermID) error) error {
	seen := newTuples(1, w.x.budget)
	defer seen.release()
	if s.Zero {
		meet := w.visit(seen)
		for _, id := range frontier {
			if err := meet(id); err != nil {
				return err
			}
		}
	}
	if err := w.expand(ctx, s.In, seen, slices.Clone(frontier), s.Once); err != nil {
		return err
	}
	for _, id := range seen.keys {
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
		return w.lists.starts()
	}
	if w.haveAll {
		return w.nodes, nil
	}
	seen := newTuples(1, w.x.budget)
	visit := w.visit(seen)
	err := w.each(ctx, w.pattern(slotPlace(slotFrom), slotPlace(slotPredicate), slotPlace(slotTo)), func(c *graph.Chunk, row int) error {
		for _, at := range [2]int{graph.S, graph.O} {
			if err := visit(c.Cols[at][row]); err != nil {
				return err
			}
		}
		return nil
	})
	w.nodes, w.haveAll = seen.keys, true
	return w.nodes, err
}
