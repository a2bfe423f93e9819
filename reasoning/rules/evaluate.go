package rules

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
	"nettwin/sparql"
	"nettwin/sparql/algebra"
)

// evaluate brings what is recorded of one rule to what it says of a snapshot,
// by way of ch, and returns the number of derivations. changed is what changed
// since it ran last, nil if it must run in full.
func (e *Engine) evaluate(ctx context.Context, r *Rule, changed *Delta, snapshot graph.Snapshot, ch *change) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, RuleTimeout)
	defer cancel()
	known := e.known[r.Name]
	if changed != nil && known != nil {
		if tables, ok := r.restrictions(changed, len(known.slots)); ok {
			e.restricted++
			err := e.evaluateAt(ctx, r, tables, known, snapshot, ch)
			if err == nil {
				err = ch.mend(ctx, r, changed)
			}
			return len(known.count), err
		}
	}
	return e.evaluateAll(ctx, r, snapshot, ch)
}

// evaluateAll evaluates the whole WHERE, and remembers its solutions if the
// next time a part may do.
func (e *Engine) evaluateAll(ctx context.Context, r *Rule, snapshot graph.Snapshot, ch *change) (int, error) {
	e.forget(r.Name)
	ruleIRI := e.terms.rule(r.Name)
	found := map[rdf.Term]derivation{}
	var known *solutions
	if !r.full {
		known = newSolutions(r)
	}
	err := r.solve(ctx, snapshot, e.options(), e.opt.Models, func(row model.Row, uses []model.Row) error {
		d, ok, err := e.derive(r, ruleIRI, row, uses, snapshot)
		if !ok {
			return err
		}
		found[d.iri] = d
		if known == nil || e.remembered+len(known.slots) >= MaxIndexedSolutions {
			known = nil
			return err
		}
		one := r.solutionOf(row)
		one.derivation = d.id
		known.add(one)
		return err
	})
	if err != nil {
		return 0, err
	}
	if err := ch.replaceRule(ctx, r, ruleIRI, found); err != nil {
		return 0, err
	}
	if known != nil {
		e.known[r.Name] = known
		e.remembered += len(known.slots)
	}
	return len(found), nil
}

// forget drops what is remembered of a rule: it runs in full the next time.
func (e *Engine) forget(rule string) {
	if known := e.known[rule]; known != nil {
		e.remembered -= len(known.slots)
		delete(e.known, rule)
	}
}

func (e *Engine) options() sparql.Options {
	return sparql.Options{Now: e.opt.Now(), MaxRows: MaxSolutions}
}

// derive makes the derivation of one row; ok is false if it makes no fact.
func (e *Engine) derive(r *Rule, ruleIRI rdf.Term, row model.Row, uses []model.Row, src graph.Source) (derivation, bool, error) {
	facts := r.facts(row, e.terms.target(r))
	if len(facts) == 0 {
		return derivation{}, false, nil
	}
	var premises []rdf.Quad
	seen := map[rdf.Quad]bool{}
	for _, solution := range uses {
		for _, p := range r.premises {
			quad, ok := p.of(solution)
			if !ok || seen[quad] {
				continue
			}
			seen[quad] = true
			// A pattern of an OPTIONAL or of another UNION branch may be bound
			// without having matched.
			present, err := contains(src, quad)
			if err != nil {
				return derivation{}, false, err
			}
			if present {
				premises = append(premises, quad)
			}
		}
	}
	return newDerivation(e.terms, ruleIRI, facts, premises), true, nil
}

// facts are what the template makes of a row.
func (r *Rule) facts(row model.Row, target rdf.Term) []rdf.Quad {
	var facts []rdf.Quad
	for _, q := range r.Query.Template {
		if fact, ok := instantiate(q.TriplePattern, target, row); ok {
			facts = append(facts, fact)
		}
	}
	return facts
}

// of returns the premise as a solution binds it; ok is false if it leaves it
// open.
func (p premise) of(solution model.Row) (rdf.Quad, bool) {
	name := rdf.Term{}
	if p.graph != (algebra.Node{}) {
		if name = value(p.graph, solution); name.IsZero() {
			return rdf.Quad{}, false
		}
	}
	return instantiate(p.TriplePattern, name, solution)
}
