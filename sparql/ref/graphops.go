package ref

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
)

// Graph management (SPARQL 1.1 Update §3.1.4, §3.1.5, §3.2). The store keeps
// no empty graphs: a graph exists while it holds a quad, and the default graph
// always does.

// exists tells whether a graph does; the zero Term is the default graph.
func (w *updater) exists(t rdf.Term) (graph.TermID, bool, error) {
	id, err := w.over.intern(t)
	if err != nil || id == graph.DefaultGraph {
		return id, true, err
	}
	n, err := w.over.Count(graph.Pattern{graph.G: id})
	return id, n > 0, err
}

func (w *updater) create(op *algebra.Create) error {
	_, found, err := w.exists(op.Graph)
	if err == nil && found {
		err = ErrGraphExists
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", op.Graph, err)
	}
	return nil
}

// clear is CLEAR and DROP.
func (w *updater) clear(ctx context.Context, op *algebra.Clear) error {
	switch op.Target.Kind {
	case algebra.TargetDefault:
		w.over.clear(graph.DefaultGraph)
		return nil
	case algebra.TargetGraph:
		id, found, err := w.exists(op.Target.Graph)
		if err == nil && !found {
			err = ErrNoGraph
		}
		if err != nil {
			return fmt.Errorf("clear %s: %w", op.Target.Graph, err)
		}
		w.over.clear(id)
		return nil
	}
	names, err := namedGraphsOf(ctx, w.over)
	if err != nil {
		return err
	}
	for _, id := range names {
		w.over.clear(id)
	}
	if op.Target.Kind == algebra.TargetAll {
		w.over.clear(graph.DefaultGraph)
	}
	return nil
}

// transfer is ADD, MOVE and COPY (§3.2.3–§3.2.5). To itself, a graph stays.
func (w *updater) transfer(ctx context.Context, op *algebra.Transfer) error {
	from, found, err := w.exists(op.From)
	if err == nil && !found {
		err = ErrNoGraph
	}
	if err != nil {
		return fmt.Errorf("transfer from %s: %w", op.From, err)
	}
	to, err := w.over.intern(op.To)
	if err != nil || from == to {
		return err
	}
	quads, err := w.quadsOf(ctx, from)
	if err != nil {
		return err
	}
	if op.Kind != algebra.Add {
		w.over.clear(to)
	}
	for _, q := range quads {
		q[graph.G] = to
		if err := w.changed(w.over.insert(q)); err != nil {
			return err
		}
	}
	if op.Kind == algebra.Move {
		w.over.clear(from)
	}
	return nil
}

func (w *updater) quadsOf(ctx context.Context, g graph.TermID) (out []graph.Quad, err error) {
	cursor, err := w.over.Scan(graph.Pattern{graph.G: g}, graph.GPSO)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := cursor.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		chunk, err := cursor.Next(ctx)
		if err != nil || chunk == nil {
			return out, err
		}
		for i := range chunk.Len() {
			out = append(out, chunk.Quad(i))
		}
	}
}

// load is LOAD (§3.1.4): all triples of the document or none.
func (w *updater) load(ctx context.Context, op *algebra.Load) error {
	if w.opt.Load == nil {
		return fmt.Errorf("load %s: %w", op.Source, &LoadError{ErrNoLoader})
	}
	fresh, nodes := w.opt.bnodes(), map[string]rdf.Term{}
	rename := func(t rdf.Term) rdf.Term {
		return t.MapBNodes(func(label string) rdf.Term {
			if _, ok := nodes[label]; !ok {
				nodes[label] = fresh()
			}
			return nodes[label]
		})
	}
	var quads []rdf.Quad
	err := w.opt.Load(ctx, op.Source, func(t rdf.Triple) error {
		if len(quads) >= maxUpdateChanges {
			return fmt.Errorf("document holds more than %d triples", maxUpdateChanges)
		}
		quads = append(quads, rdf.Quad{S: rename(t.S), P: t.P, O: rename(t.O), G: op.Into})
		return nil
	})
	if err != nil {
		return fmt.Errorf("load %s: %w", op.Source, &LoadError{err})
	}
	return w.apply(nil, quads)
}
