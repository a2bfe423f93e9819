package rules

import (
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Delta tells in which predicates a dataset changed, apart for the default
// graph and for named graphs. It is what rules are chosen by: its size is
// bounded by the vocabulary, not by the change.
type Delta struct {
	inDefault, inNamed predicates
}

// Add notes one changed quad.
func (d *Delta) Add(q rdf.Quad) {
	if q.G.IsZero() {
		d.inDefault.addTerms(q.P, q.O)
	} else {
		d.inNamed.addTerms(q.P, q.O)
	}
}

// Merge notes all of another delta.
func (d *Delta) Merge(other *Delta) {
	d.inDefault.merge(other.inDefault)
	d.inNamed.merge(other.inNamed)
}

// Empty tells whether nothing changed.
func (d *Delta) Empty() bool {
	return len(d.inDefault.set) == 0 && len(d.inNamed.set) == 0 && !d.inDefault.all && !d.inNamed.all
}

// everything is a delta that touches every rule.
func everything() *Delta {
	return &Delta{inDefault: predicates{all: true}, inNamed: predicates{all: true}}
}

// touches tells whether a rule reads or has written what changed.
func (d *Delta) touches(r *Rule) bool {
	if r.readsDefault.meets(d.inDefault) || r.readsNamed.meets(d.inNamed) {
		return true
	}
	for _, reads := range r.readsGraph {
		if reads.meets(d.inNamed) {
			return true
		}
	}
	if r.Target == TargetDefault {
		return r.writes.meets(d.inDefault)
	}
	return r.writes.meets(d.inNamed)
}

func (p *predicates) merge(other predicates) {
	p.all = p.all || other.all
	for one := range other.set {
		if p.set == nil {
			p.set = map[predicate]bool{}
		}
		p.set[one] = true
	}
}

// deltaOf reads the predicates of one commit's changes.
func deltaOf(src graph.TermReader, changes []graph.Change) (*Delta, error) {
	type key struct {
		pred, object graph.TermID
		named        bool
	}
	var typeID [1]graph.TermID
	if err := src.IDs([]rdf.Term{rdfType}, typeID[:]); err != nil {
		return nil, err
	}
	keys := map[key]bool{}
	for _, c := range changes {
		k := key{pred: c.Quad[graph.P], named: c.Quad[graph.G] != graph.DefaultGraph}
		if k.pred == typeID[0] {
			k.object = c.Quad[graph.O]
		}
		keys[k] = true
	}
	d := &Delta{}
	for k := range keys {
		var terms [2]rdf.Term
		if err := src.Terms([]graph.TermID{k.pred, k.object}, terms[:]); err != nil {
			return nil, err
		}
		if k.named {
			d.inNamed.addTerms(terms[0], terms[1])
		} else {
			d.inDefault.addTerms(terms[0], terms[1])
		}
	}
	return d, nil
}
