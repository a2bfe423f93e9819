package ref

import (
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Local ids name terms that a source does not know: values computed by
// expressions, and constants of the query. They lie in the special tag, above
// everything that engines give out.
const (
	evalLocal    = 1 << 59 // payload of an evaluator's first local id
	overlayLocal = 1 << 58 // payload of an update overlay's first local id
)

func isLocal(id graph.TermID, first uint64) bool {
	return id.Tag() == graph.TagSpecial && id.Payload() >= first
}

// termTable translates between terms and ids for one evaluation, so that
// equal terms always have equal ids, known to the source or not.
type termTable struct {
	src    graph.TermReader
	terms  map[graph.TermID]rdf.Term
	ids    map[rdf.Term]graph.TermID
	locals []rdf.Term
}

func newTermTable(src graph.TermReader) *termTable {
	return &termTable{src: src, terms: map[graph.TermID]rdf.Term{}, ids: map[rdf.Term]graph.TermID{}}
}

// id returns the id of a term; the zero Term gives None.
func (t *termTable) id(term rdf.Term) (graph.TermID, error) {
	if term.IsZero() {
		return graph.None, nil
	}
	if id, ok := t.ids[term]; ok {
		return id, nil
	}
	var out [1]graph.TermID
	if err := t.src.IDs([]rdf.Term{term}, out[:]); err != nil {
		return graph.None, err
	}
	if out[0] == graph.None {
		out[0] = graph.MakeID(graph.TagSpecial, evalLocal+uint64(len(t.locals)))
		t.locals = append(t.locals, term)
	}
	t.ids[term] = out[0]
	return out[0], nil
}

// term returns the term of an id; None gives the zero Term.
func (t *termTable) term(id graph.TermID) (rdf.Term, error) {
	switch {
	case id == graph.None:
		return rdf.Term{}, nil
	case isLocal(id, evalLocal):
		return t.locals[id.Payload()-evalLocal], nil
	}
	if term, ok := t.terms[id]; ok {
		return term, nil
	}
	var out [1]rdf.Term
	if err := t.src.Terms([]graph.TermID{id}, out[:]); err != nil {
		return rdf.Term{}, err
	}
	t.terms[id] = out[0]
	return out[0], nil
}

// termList returns the ids of several terms.
func (t *termTable) termList(terms []rdf.Term) ([]graph.TermID, error) {
	out := make([]graph.TermID, len(terms))
	for i, term := range terms {
		id, err := t.id(term)
		if err != nil {
			return nil, err
		}
		out[i] = id
	}
	return out, nil
}
