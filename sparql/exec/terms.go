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

// termTable translates between terms and ids. Local terms are numbered; those
// for which there is no room in memory are in a file, the first ones.
type termTable struct {
	src    graph.TermReader
	budget *budget
	ids    map[rdf.Term]graph.TermID  // of locals
	locals []rdf.Term                 // those that are in memory
	filed  *termFile                  // nil: there are no others
	spill  func() (*spillFile, error) // nil: no files
	bytes  int64                      // counted in budget
	text   int64                      // of those, of locals
	excess excess                     // of those, what there was no room for

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
	if t.filed != nil {
		if n, err := t.filed.find(term); n >= 0 || err != nil {
			return localID(n), err
		}
	}
	bytes := localTermBytes + int64(len(term.Value())+len(term.Datatype())+len(term.Lang()))
	if err := t.makeRoom(bytes); err != nil {
		return graph.None, err
	}
	t.bytes += bytes
	t.text += bytes
	id = localID(t.numbered())
	if t.ids == nil {
		t.ids = map[rdf.Term]graph.TermID{}
	}
	t.ids[term] = id
	t.locals = append(t.locals, term)
	return id, nil
}

func localID(n int) graph.TermID { return graph.MakeID(graph.TagSpecial, firstLocal+uint64(n)) }

// inFile is how many local terms are in the file.
func (t *termTable) inFile() int {
	if t.filed == nil {
		return 0
	}
	return t.filed.count()
}

// numbered is how many local terms there are.
func (t *termTable) numbered() int { return t.inFile() + len(t.locals) }

// leastFiled is how many terms go to the file at once at least, for which there
// is always room.
const leastFiled = 64

// makeRoom counts memory for a local term. If there is none, all those in
// memory go to the file.
func (t *termTable) makeRoom(bytes int64) error {
	err := t.budget.grow(bytes)
	if err == nil || t.spill == nil {
		return err
	}
	if len(t.locals) < leastFiled {
		return t.budget.growSoon(bytes, &t.excess)
	}
	if t.filed == nil {
		f, err := t.spill()
		if err != nil {
			return err
		}
		t.filed = newTermFile(f)
	}
	if err := t.filed.add(t.locals); err != nil {
		return err
	}
	freed := t.text - int64(len(t.locals))*filedTermBytes
	t.budget.shrink(freed)
	t.bytes -= freed
	t.excess.bytes -= min(t.excess.bytes, freed)
	t.text, t.locals = 0, nil
	clear(t.ids)
	return t.budget.growSoon(bytes, &t.excess)
}

// local returns the term of a local id.
func (t *termTable) local(id graph.TermID) (rdf.Term, error) {
	n := int(id.Payload() - firstLocal)
	if n < t.inFile() {
		return t.filed.term(n)
	}
	return t.locals[n-t.inFile()], nil
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
		if !isLocal(id) {
			continue
		}
		var err error
		if out[i], err = t.local(id); err != nil {
			return err
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
		return t.local(id)
	}
	if term, ok := id.Term(); ok {
		return term, nil
	}
	var out [1]rdf.Term
	err := t.read([]graph.TermID{id}, out[:])
	return out[0], err
}
