package disk

import (
	"context"

	"nettwin/graph"
)

// Stats describe a version.
type Stats struct {
	Quads      uint64
	Predicates []PredicateStats // by id
	Graphs     []GraphStats     // by id
}

// PredicateStats describe the quads with one predicate.
type PredicateStats struct {
	Predicate graph.TermID
	Quads     uint64
	// Subjects and Objects are how many distinct ones there were when the
	// largest segment was written; 0 while all is in memory.
	Subjects, Objects uint64
}

// GraphStats describe one graph.
type GraphStats struct {
	Graph graph.TermID
	Quads uint64
}

// Stats counts the quads per predicate and per graph. Cost: O(log size) for
// each of them.
func (s *Snapshot) Stats(ctx context.Context) (Stats, error) {
	if err := s.check(); err != nil {
		return Stats{}, err
	}
	quads, err := s.Count(graph.Pattern{})
	if err != nil {
		return Stats{}, err
	}
	out := Stats{Quads: quads}
	err = s.leading(ctx, graph.PSOG, func(p graph.TermID) error {
		st, err := s.version.Stats(p)
		if err == nil && s.shown != nil {
			st.Rows, err = s.Count(graph.Pattern{graph.P: p})
		}
		out.Predicates = append(out.Predicates, PredicateStats{Predicate: p, Quads: st.Rows, Subjects: min(st.Subjects, st.Rows), Objects: min(st.Objects, st.Rows)})
		return err
	})
	if err == nil {
		err = s.leading(ctx, graph.GPSO, func(g graph.TermID) error {
			n, err := s.Count(graph.Pattern{graph.G: g})
			out.Graphs = append(out.Graphs, GraphStats{g, n})
			return err
		})
	}
	return out, s.outcome(err)
}

// leading calls f with each id that is first in an order.
func (s *Snapshot) leading(ctx context.Context, o graph.Order, f func(id graph.TermID) error) error {
	c, err := s.Scan(graph.Pattern{}, o)
	if err != nil {
		return err
	}
	defer c.Close()
	pos := o.Positions()[0]
	for {
		chunk, err := c.Next(ctx)
		if chunk == nil || err != nil {
			return err
		}
		col := chunk.Cols[pos]
		for i, id := range col {
			if i > 0 && col[i-1] == id {
				continue
			}
			if err := f(id); err != nil {
				return err
			}
		}
		// The last id's other rows are skipped, and so is it.
		if err := c.Seek(col[len(col)-1] + 1); err != nil {
			return err
		}
	}
}
