package core

import (
	"errors"

	"nettwin/graph"
	"nettwin/graph/internal/dict"
	"nettwin/graph/rdf"
)

// resolver turns terms into ids. It remembers the quad before, because
// neighbours in a batch mostly share subject, predicate or graph.
type resolver struct {
	dict  *dict.Dict
	terms [4]graph.Term
	ids   [4]graph.TermID
}

// addAll returns the ids of quads, numbering new terms.
func (r *resolver) addAll(quads []rdf.Quad) ([]graph.Quad, error) {
	out := make([]graph.Quad, len(quads))
	for i := range quads {
		q := &quads[i]
		for pos, t := range [4]*graph.Term{&q.S, &q.P, &q.O, &q.G} {
			id, err := r.add(pos, t)
			if err != nil {
				return nil, err
			}
			out[i][pos] = id
		}
	}
	return out, nil
}

func (r *resolver) add(pos int, t *graph.Term) (graph.TermID, error) {
	if r.ids[pos] != graph.None && r.terms[pos] == *t {
		return r.ids[pos], nil
	}
	id := graph.DefaultGraph
	if !t.IsZero() {
		var ok bool
		if id, ok = graph.Inline(*t); !ok {
			var err error
			if id, err = r.dict.Add(*t); err != nil {
				return graph.None, err
			}
		}
	}
	r.terms[pos], r.ids[pos] = *t, id
	return id, nil
}

// findAll returns the ids of those quads of which every term is known: no
// other can be present.
func (r *resolver) findAll(quads []rdf.Quad) []graph.Quad {
	out := make([]graph.Quad, 0, len(quads))
	for i := range quads {
		q := &quads[i]
		ids := graph.Quad{findID(r.dict, q.S), findID(r.dict, q.P), findID(r.dict, q.O), graph.DefaultGraph}
		if !q.G.IsZero() {
			ids[graph.G] = findID(r.dict, q.G)
		}
		if ids[0] != graph.None && ids[1] != graph.None && ids[2] != graph.None && ids[3] != graph.None {
			out = append(out, ids)
		}
	}
	return out
}

func isTooLarge(err error) bool { return errors.Is(err, graph.ErrTooLarge) }
