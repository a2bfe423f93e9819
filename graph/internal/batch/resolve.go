package batch

import (
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Dict numbers terms that are not inlined.
type Dict interface {
	// Add returns the id of t, numbering it if it is new.
	Add(t graph.Term) (graph.TermID, error)
	// Find returns the id of t, None if it is not there.
	Find(t graph.Term) (graph.TermID, error)
}

// FindID returns the id of any term, None where there is none.
func FindID(d Dict, t graph.Term) (graph.TermID, error) {
	if t.IsZero() {
		return graph.None, nil
	}
	if id, ok := graph.Inline(t); ok {
		return id, nil
	}
	return d.Find(t)
}

// resolver turns terms into ids. It remembers the quad before, because
// neighbours in a batch mostly share subject, predicate or graph.
type resolver struct {
	dict  Dict
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
func (r *resolver) findAll(quads []rdf.Quad) ([]graph.Quad, error) {
	out := make([]graph.Quad, 0, len(quads))
next:
	for i := range quads {
		q := &quads[i]
		var ids graph.Quad
		for pos, t := range [4]*graph.Term{&q.S, &q.P, &q.O, &q.G} {
			id, err := r.find(pos, t)
			if err != nil {
				return nil, err
			}
			if id == graph.None {
				continue next
			}
			ids[pos] = id
		}
		out = append(out, ids)
	}
	return out, nil
}

func (r *resolver) find(pos int, t *graph.Term) (graph.TermID, error) {
	if pos == graph.G && t.IsZero() {
		return graph.DefaultGraph, nil
	}
	if r.ids[pos] != graph.None && r.terms[pos] == *t {
		return r.ids[pos], nil
	}
	id, err := FindID(r.dict, *t)
	if err == nil && id != graph.None {
		r.terms[pos], r.ids[pos] = *t, id
	}
	return id, err
}
