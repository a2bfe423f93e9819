package cayley

import (
	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/quad"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// node is a term by its id.
type node graph.TermID

// Key returns the node itself: equal ids are equal terms.
func (n node) Key() any { return n }

// generalNode is a literal or blank node of a store of generalized RDF, which
// has different ids in different positions.
type generalNode rdf.Term

// Key returns the node itself.
func (n generalNode) Key() any { return n }

// quadRef is a quad by the ids of its terms.
type quadRef graph.Quad

// Key returns the quad itself.
func (q quadRef) Key() any { return q }

// position returns the index in a graph.Quad of one of Cayley's directions.
func position(d quad.Direction) int {
	switch d {
	case quad.Subject:
		return graph.S
	case quad.Predicate:
		return graph.P
	case quad.Object:
		return graph.O
	case quad.Label:
		return graph.G
	}
	panic("cayley: quad.Any is no direction of a quad")
}

// nodeOf returns the node of a term, nil if the store has never seen it. It
// need not be in any quad of the version.
func (qs *QuadStore) nodeOf(v *version, t rdf.Term) (cayley.Ref, error) {
	if qs.opt.Generalized && !t.IsIRI() {
		return generalNode(t), nil
	}
	id, err := graph.ID(v, t)
	if id == graph.None || err != nil {
		return nil, err
	}
	return node(id), nil
}

// nodeAt returns the node of an id in a quad, nil for the default graph.
func (qs *QuadStore) nodeAt(id graph.TermID) cayley.Ref {
	if id == graph.DefaultGraph || id == graph.None {
		return nil
	}
	if !qs.opt.Generalized {
		return node(id)
	}
	var t rdf.Term
	err := qs.read(func(v *version) (err error) {
		t, err = graph.TermOf(v, id)
		return err
	})
	if err != nil {
		qs.note(err)
		return nil
	}
	return generalNodeOf(id, t)
}

// generalNodeOf returns the node of an id and its term in generalized RDF.
func generalNodeOf(id graph.TermID, t rdf.Term) cayley.Ref {
	if t = original(t); t.IsIRI() {
		return node(id)
	}
	return generalNode(t)
}

// idAt returns the id that a node has at a position, None if it cannot be there.
func (qs *QuadStore) idAt(v *version, ref cayley.Ref, pos int) (graph.TermID, error) {
	switch n := ref.(type) {
	case node:
		return graph.TermID(n), nil
	case generalNode:
		t, err := stored(rdf.Term(n), pos, true)
		if err != nil {
			return graph.None, err
		}
		return graph.ID(v, t)
	case cayley.PreFetchedValue:
		found, err := qs.find(v, n.NameOf())
		if found == nil || err != nil {
			return graph.None, err
		}
		return qs.idAt(v, found, pos)
	}
	return graph.None, nil
}

// used tells whether a quad of the version has the node.
func (qs *QuadStore) used(v *version, ref cayley.Ref) (bool, error) {
	for _, pos := range []int{graph.S, graph.O, graph.P, graph.G} {
		id, err := qs.idAt(v, ref, pos)
		if err != nil {
			return false, err
		}
		if id == graph.None {
			continue
		}
		var p graph.Pattern
		p[pos] = id
		if n, err := v.Count(p); n > 0 || err != nil {
			return n > 0, err
		}
	}
	return false, nil
}

// narrow adds to a pattern a node at a position; false if no quad can match.
func (qs *QuadStore) narrow(p graph.Pattern, d quad.Direction, ref cayley.Ref) (_ graph.Pattern, ok bool, err error) {
	pos := position(d)
	err = qs.read(func(v *version) error {
		id, err := qs.idAt(v, ref, pos)
		ok = id != graph.None && (p[pos] == graph.None || p[pos] == id)
		p[pos] = id
		return err
	})
	return p, ok && err == nil, err
}

// quadOf returns the values of a quad.
func (qs *QuadStore) quadOf(q rdf.Quad) quad.Quad {
	value := ValueOfTerm
	if qs.opt.Generalized {
		value = func(t rdf.Term) quad.Value { return ValueOfTerm(original(t)) }
	}
	return quad.Quad{Subject: value(q.S), Predicate: value(q.P), Object: value(q.O), Label: value(q.G)}
}

// termsOf returns the quad that is stored for a quad of values.
func (qs *QuadStore) termsOf(q quad.Quad) (rdf.Quad, error) {
	var terms [4]rdf.Term
	for _, d := range quad.Directions {
		v := q.Get(d)
		if v == nil && d == quad.Label {
			continue
		}
		t, err := TermOf(v)
		if err != nil {
			return rdf.Quad{}, err
		}
		pos := position(d)
		if terms[pos], err = stored(t, pos, qs.opt.Generalized); err != nil {
			return rdf.Quad{}, err
		}
	}
	return rdf.Quad{S: terms[graph.S], P: terms[graph.P], O: terms[graph.O], G: terms[graph.G]}, nil
}
