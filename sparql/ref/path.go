package ref

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
)

// Property paths (§18.4, §18.5 and §9.3): a path is a multiset of pairs of
// nodes; ? * and + make sets.

// pathPattern evaluates a path on its own.
func (e *evaluator) pathPattern(ctx context.Context, op *algebra.PathPattern, s scope) ([]row, error) {
	start, err := e.newRow(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, n := range []algebra.Node{op.S, op.O} {
		if n.IsVar() && s.outer != nil {
			slot := e.vars.slots[n.Var]
			start[slot] = s.outer[slot]
		}
	}
	return e.followPath(ctx, op, []row{start}, s)
}

// joinPath evaluates Join(L, path) by following the path from each solution
// of L: the same multiset as joining with all pairs of the path, without
// making them all.
func (e *evaluator) joinPath(ctx context.Context, l algebra.Op, op *algebra.PathPattern, s scope) ([]row, error) {
	left, err := e.eval(ctx, l, s)
	if err != nil {
		return nil, err
	}
	if s.outer == nil {
		return e.followPath(ctx, op, left, s)
	}
	for i, r := range left { // inside EXISTS the tested solution fixes ends too
		if left[i], err = e.fixEnds(ctx, op, r, s.outer); err != nil {
			return nil, err
		}
	}
	return e.followPath(ctx, op, left, s)
}

func (e *evaluator) fixEnds(ctx context.Context, op *algebra.PathPattern, r, outer row) (row, error) {
	out := r
	for _, n := range []algebra.Node{op.S, op.O} {
		if !n.IsVar() {
			continue
		}
		slot := e.vars.slots[n.Var]
		if out[slot] != graph.None || outer[slot] == graph.None {
			continue
		}
		next, err := e.newRow(ctx, out)
		if err != nil {
			return nil, err
		}
		next[slot] = outer[slot]
		out = next
	}
	return out, nil
}

// followPath extends rows by the pairs of a path.
func (e *evaluator) followPath(ctx context.Context, op *algebra.PathPattern, rows []row, s scope) ([]row, error) {
	sID, sSlot, err := e.place(op.S)
	if err != nil {
		return nil, err
	}
	oID, oSlot, err := e.place(op.O)
	if err != nil {
		return nil, err
	}
	w := &pathWalker{e: e, g: s.graph}
	named := e.namesEnd(op.S, s) || e.namesEnd(op.O, s)
	var out []row
	for _, from := range rows {
		if !named {
			inGraph, err := w.endsInGraph(from, sSlot, oSlot)
			if err != nil {
				return nil, err
			}
			if !inGraph {
				continue
			}
		}
		subject, object := sID, oID
		if sSlot >= 0 {
			subject = from[sSlot]
		}
		if oSlot >= 0 {
			object = from[oSlot]
		}
		err := w.walk(ctx, op.Path, subject, object, func(x, y graph.TermID) error {
			if sSlot >= 0 && sSlot == oSlot && x != y {
				return nil
			}
			r, err := e.newRow(ctx, from)
			if err != nil {
				return err
			}
			if sSlot >= 0 {
				r[sSlot] = x
			}
			if oSlot >= 0 {
				r[oSlot] = y
			}
			out = append(out, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// namesEnd tells whether the pattern itself, or the solution that EXISTS
// tests, names an end of a path. Only a named end may be outside the graph
// (§18.4 ZeroLengthPath): between two variables a path joins nodes of the
// graph, whatever other patterns bind the variables to.
func (e *evaluator) namesEnd(n algebra.Node, s scope) bool {
	return !n.IsVar() || s.outer != nil && s.outer[e.vars.slots[n.Var]] != graph.None
}

func (w *pathWalker) endsInGraph(r row, slots ...int) (bool, error) {
	for _, slot := range slots {
		if slot < 0 || r[slot] == graph.None {
			continue
		}
		if ok, err := w.isNode(r[slot]); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// isNode tells whether a term is a subject or object of the active graph.
func (w *pathWalker) isNode(id graph.TermID) (bool, error) {
	if isLocal(id, evalLocal) {
		return false, nil
	}
	graphs := w.g.ids
	if w.g.all {
		graphs = []graph.TermID{graph.None}
	}
	for _, g := range graphs {
		if isLocal(g, evalLocal) {
			continue
		}
		for _, p := range [2]graph.Pattern{{graph.S: id, graph.G: g}, {graph.O: id, graph.G: g}} {
			n, err := w.e.src.Count(p)
			if err != nil || n > 0 {
				return n > 0, err
			}
		}
	}
	return false, nil
}

// pathWalker finds pairs of nodes in one active graph.
type pathWalker struct {
	e     *evaluator
	g     activeGraph
	nodes []graph.TermID // all subjects and objects, once asked for
}

type pairFn func(x, y graph.TermID) error

// walk yields the pairs (x, y) of path p; x or y is fixed unless None.
func (w *pathWalker) walk(ctx context.Context, p algebra.Path, x, y graph.TermID, yield pairFn) error {
	switch p := p.(type) {
	case *algebra.PathLink:
		id, err := w.e.terms.id(p.IRI)
		if err != nil {
			return err
		}
		return w.e.scan(ctx, w.g, triple{x, id, y}, func(t triple) error { return yield(t[0], t[2]) })
	case *algebra.PathInverse:
		return w.walk(ctx, p.P, y, x, func(a, b graph.TermID) error { return yield(b, a) })
	case *algebra.PathSeq:
		return w.sequence(ctx, p, x, y, yield)
	case *algebra.PathAlt:
		if err := w.walk(ctx, p.L, x, y, yield); err != nil {
			return err
		}
		return w.walk(ctx, p.R, x, y, yield)
	case *algebra.PathZeroOrOne:
		return w.zeroOrOne(ctx, p.P, x, y, yield)
	case *algebra.PathZeroOrMore:
		return w.closure(ctx, p.P, x, y, true, yield)
	case *algebra.PathOneOrMore:
		return w.closure(ctx, p.P, x, y, false, yield)
	case *algebra.PathNegated:
		return w.negated(ctx, p, x, y, yield)
	}
	return fmt.Errorf("ref: evaluate: path %T is not known", p)
}

// sequence goes from the end that is fixed. The node in the middle is a
// variable (§18.4), so it must be of the graph unless the other end is named;
// only a path of zero length from the fixed end can lead outside.
func (w *pathWalker) sequence(ctx context.Context, p *algebra.PathSeq, x, y graph.TermID, yield pairFn) error {
	if x == graph.None && y != graph.None {
		return w.walk(ctx, p.R, graph.None, y, func(middle, end graph.TermID) error {
			if middle == y {
				if ok, err := w.isNode(middle); err != nil || !ok {
					return err
				}
			}
			return w.walk(ctx, p.L, graph.None, middle, func(start, _ graph.TermID) error { return yield(start, end) })
		})
	}
	return w.walk(ctx, p.L, x, graph.None, func(start, middle graph.TermID) error {
		if middle == x && y == graph.None {
			if ok, err := w.isNode(middle); err != nil || !ok {
				return err
			}
		}
		return w.walk(ctx, p.R, middle, y, func(_, end graph.TermID) error { return yield(start, end) })
	})
}

// startNodes returns where a path of zero length may start when neither end
// is fixed: every node of the graph.
func (w *pathWalker) startNodes(ctx context.Context) ([]graph.TermID, error) {
	if w.nodes != nil {
		return w.nodes, nil
	}
	seen := map[graph.TermID]bool{}
	err := w.e.scan(ctx, w.g, triple{}, func(t triple) error {
		for _, id := range [2]graph.TermID{t[0], t[2]} {
			if !seen[id] {
				seen[id] = true
				w.nodes = append(w.nodes, id)
			}
		}
		return nil
	})
	return w.nodes, err
}

func (w *pathWalker) zeroOrOne(ctx context.Context, p algebra.Path, x, y graph.TermID, yield pairFn) error {
	seen := map[[2]graph.TermID]bool{}
	once := func(a, b graph.TermID) error {
		if seen[[2]graph.TermID{a, b}] {
			return nil
		}
		seen[[2]graph.TermID{a, b}] = true
		return yield(a, b)
	}
	if err := w.zeroLength(ctx, x, y, once); err != nil {
		return err
	}
	return w.walk(ctx, p, x, y, once)
}

// zeroLength yields the pairs of a node with itself. A fixed end counts even
// if the graph does not hold it (§18.4).
func (w *pathWalker) zeroLength(ctx context.Context, x, y graph.TermID, yield pairFn) error {
	switch {
	case x != graph.None && y != graph.None:
		if x != y {
			return nil
		}
		return yield(x, x)
	case x != graph.None:
		return yield(x, x)
	case y != graph.None:
		return yield(y, y)
	}
	nodes, err := w.startNodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := yield(n, n); err != nil {
			return err
		}
	}
	return nil
}

// closure is ZeroOrMorePath and OneOrMorePath by the function ALP of §18.4.
func (w *pathWalker) closure(ctx context.Context, p algebra.Path, x, y graph.TermID, zero bool, yield pairFn) error {
	if x == graph.None && y != graph.None {
		inverse := &algebra.PathInverse{P: p}
		return w.closure(ctx, inverse, y, x, zero, func(a, b graph.TermID) error { return yield(b, a) })
	}
	starts := []graph.TermID{x}
	if x == graph.None {
		var err error
		if starts, err = w.startNodes(ctx); err != nil {
			return err
		}
	}
	for _, start := range starts {
		reached, err := w.reach(ctx, p, start, zero)
		if err != nil {
			return err
		}
		for _, end := range reached {
			if y != graph.None && y != end {
				continue
			}
			if err := yield(start, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// reach lists the nodes that one or more steps of p lead to from start, and
// start itself if zero steps count.
func (w *pathWalker) reach(ctx context.Context, p algebra.Path, start graph.TermID, zero bool) ([]graph.TermID, error) {
	visited := map[graph.TermID]bool{}
	var reached []graph.TermID
	visit := func(id graph.TermID) {
		if !visited[id] {
			visited[id] = true
			reached = append(reached, id)
		}
	}
	step := func(_, to graph.TermID) error {
		visit(to)
		return w.e.step(ctx)
	}
	if zero {
		visit(start)
	} else if err := w.walk(ctx, p, start, graph.None, step); err != nil {
		return nil, err
	}
	for i := 0; i < len(reached); i++ {
		if err := w.walk(ctx, p, reached[i], graph.None, step); err != nil {
			return nil, err
		}
	}
	return reached, nil
}

// negated is NegatedPropertySet (§18.4), in both directions.
func (w *pathWalker) negated(ctx context.Context, p *algebra.PathNegated, x, y graph.TermID, yield pairFn) error {
	if p.HasForward {
		err := w.notIn(ctx, p.Forward, x, y, yield)
		if err != nil {
			return err
		}
	}
	if p.HasInverse {
		return w.notIn(ctx, p.Inverse, y, x, func(a, b graph.TermID) error { return yield(b, a) })
	}
	return nil
}

func (w *pathWalker) notIn(ctx context.Context, iris []rdf.Term, x, y graph.TermID, yield pairFn) error {
	ids, err := w.e.terms.termList(iris)
	if err != nil {
		return err
	}
	excluded := map[graph.TermID]bool{}
	for _, id := range ids {
		excluded[id] = true
	}
	return w.e.scan(ctx, w.g, triple{x, graph.None, y}, func(t triple) error {
		if excluded[t[1]] {
			return nil
		}
		return yield(t[0], t[2])
	})
}
