package exec

import (
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// firstLocal is the payload of the first id, in the special tag, that names a
// term of this execution only: one that the source does not know. Sources give
// out no such ids.
const firstLocal = 1 << 59

func isLocal(id graph.TermID) bool {
	return id.Tag() == graph.TagSpecial && id.Payload() >= firstLocal
}

// termTable translates between terms and ids.
type termTable struct {
	src    graph.TermReader
	budget *budget
	ids    map[rdf.Term]graph.TermID
	locals []rdf.Term
	bytes  int64 // counted in budget

	known []graph.TermID // scratch
}

const localTermBytes = 200 // beside the text

// id returns the id of a term; the zero Term gives None.
func (t *termTable) id(term rdf.Term) (graph.TermID, error) {
	if term.IsZero() {
		return graph.None, nil
	}
	if id, ok := graph.Inline(term); ok {
		return id, nil
	}
	if id, ok := t.ids[term]; ok {
		return id, nil
	}
	id, err := graph.ID(t.src, term)
	if err != nil || id != graph.None {
		return id, err
	}
	bytes := localTermBytes + int64(len(term.Value())+len(term.Datatype())+len(term.Lang()))
	if err := t.budget.grow(bytes); err != nil {
		return graph.None, err
	}
	t.bytes += bytes
	id = graph.MakeID(graph.TagSpecial, firstLocal+uint64(len(t.locals)))
	if t.ids == nil {
		t.ids = map[rdf.Term]graph.TermID{}
	}
	t.ids[term] = id
	t.locals = append(t.locals, term)
	return id, nil
}

// terms sets out[i] to the term of ids[i]; None gives the zero Term.
func (t *termTable) terms(ids []graph.TermID, out []rdf.Term) error {
	local := false
	for _, id := range ids {
		if isLocal(id) {
			local = true
			break
		}
	}
	if !local {
		return t.read(ids, out)
	}
	t.known = append(t.known[:0], ids...)
	for i, id := range t.known {
		if isLocal(id) {
			t.known[i] = graph.None
		}
	}
	if err := t.read(t.known, out); err != nil {
		return err
	}
	for i, id := range ids {
		if isLocal(id) {
			out[i] = t.locals[id.Payload()-firstLocal]
		}
	}
	return nil
}

func (t *termTable) read(ids []graph.TermID, out []rdf.Term) error {
	if err := t.src.Terms(ids, out); err != nil {
		return fmt.Errorf("read terms: %w", err)
	}
	return nil
}

// term returns the term of one id.
func (t *termTable) term(id graph.TermID) (rdf.Term, error) {
	switch {
	case id == graph.None:
		return rdf.Term{}, nil
	case isLocal(id):
		return t.locals[id.Payload()-firstLocal], nil
	}
	if term, ok := id.Term(); ok {
		return term, nil
	}
	var out [1]rdf.Term
	err := t.read([]graph.TermID{id}, out[:])
	return out[0], err
}
