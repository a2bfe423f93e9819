package rules

import (
	"iter"
	"maps"
	"slices"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// MaxDeltaQuads bounds the quads of a Delta; of a greater change only the
// predicates are known, and the rules that it touches run in full.
const MaxDeltaQuads = 20_000

// Delta tells what changed in a dataset: the quads that were added or deleted
// and, apart for the default graph and for named graphs, their predicates,
// whose number is bounded by the vocabulary. It must hold every change since
// the rules ran last.
type Delta struct {
	inDefault, inNamed predicates
	quads              map[rdf.Term][]rdf.Quad // by predicate, each once
	known              map[rdf.Quad]bool       // the same
	great              bool                    // more than MaxDeltaQuads: quads are not known
}

// Add notes one changed quad.
func (d *Delta) Add(q rdf.Quad) {
	if q.G.IsZero() {
		d.inDefault.addTerms(q.P, q.O)
	} else {
		d.inNamed.addTerms(q.P, q.O)
	}
	d.addQuad(q)
}

func (d *Delta) addQuad(q rdf.Quad) {
	switch {
	case d.great || d.known[q]:
		return
	case len(d.known) >= MaxDeltaQuads:
		d.forget()
		return
	case d.known == nil:
		d.known, d.quads = map[rdf.Quad]bool{}, map[rdf.Term][]rdf.Quad{}
	}
	d.known[q] = true
	d.quads[q.P] = append(d.quads[q.P], q)
}

// forget leaves of the change only the predicates.
func (d *Delta) forget() { d.great, d.known, d.quads = true, nil, nil }

// Merge notes all of another delta.
func (d *Delta) Merge(other *Delta) {
	d.inDefault.merge(other.inDefault)
	d.inNamed.merge(other.inNamed)
	if other.great {
		d.forget()
	}
	for _, list := range other.quads {
		for _, q := range list {
			d.addQuad(q)
		}
	}
}

// Empty tells whether nothing changed.
func (d *Delta) Empty() bool {
	return len(d.inDefault.set) == 0 && len(d.inNamed.set) == 0 && !d.inDefault.all && !d.inNamed.all
}

// everything is a delta that touches every rule.
func everything() *Delta {
	return &Delta{inDefault: predicates{all: true}, inNamed: predicates{all: true}, great: true}
}

// touches tells whether a rule reads or has written what changed.
func (d *Delta) touches(r *Rule) bool {
	if !d.touchesPredicates(r) || d.great || r.fuzzy {
		return d.touchesPredicates(r)
	}
	bound := map[string]rdf.Term{}
	for i := range r.touched {
		t := &r.touched[i]
		for q := range d.candidates(t) {
			if t.match(q, bound) {
				return true
			}
		}
	}
	for range d.written(r) {
		return true
	}
	return false
}

// candidates visits the changed quads that have a predicate of the pattern.
func (d *Delta) candidates(t *touch) iter.Seq[rdf.Quad] {
	preds := t.preds
	switch {
	case t.any || preds == nil && t.P.IsVar():
		preds = slices.Collect(maps.Keys(d.quads))
	case preds == nil:
		preds = []rdf.Term{t.P.Term}
	}
	return func(yield func(rdf.Quad) bool) {
		for _, p := range preds {
			for _, q := range d.quads[p] {
				if !yield(q) {
					return
				}
			}
		}
	}
}

// written visits the changed quads that the rule's template may have made.
func (d *Delta) written(r *Rule) iter.Seq[rdf.Quad] {
	return func(yield func(rdf.Quad) bool) {
		bound := map[string]rdf.Term{}
		for _, made := range r.Query.Template {
			t := touch{TriplePattern: made.TriplePattern}
			for _, q := range d.quads[made.P.Term] {
				triple := q
				triple.G = rdf.Term{}
				if q.G == r.graph && t.match(triple, bound) && !yield(q) {
					return
				}
			}
		}
	}
}

func (d *Delta) touchesPredicates(r *Rule) bool {
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

// deltaOf reads one commit's changes.
func deltaOf(src graph.TermReader, changes []graph.Change) (*Delta, error) {
	if len(changes) > MaxDeltaQuads {
		d, err := predicatesOf(src, changes)
		if err == nil {
			d.forget()
		}
		return d, err
	}
	d := &Delta{}
	for _, c := range changes {
		var terms [4]rdf.Term
		if err := src.Terms(c.Quad[:], terms[:]); err != nil {
			return nil, err
		}
		d.Add(rdf.Quad{S: terms[graph.S], P: terms[graph.P], O: terms[graph.O], G: terms[graph.G]})
	}
	return d, nil
}

// predicatesOf reads the predicates of one commit's changes.
func predicatesOf(src graph.TermReader, changes []graph.Change) (*Delta, error) {
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
