package rules

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
	"nettwin/sparql"
	"nettwin/sparql/algebra"
)

// evaluate runs one rule over a snapshot and puts the difference to what is
// recorded of it into ch. It returns the number of derivations.
func (e *Engine) evaluate(ctx context.Context, r *Rule, snapshot graph.Snapshot, ch *change) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, RuleTimeout)
	defer cancel()
	ruleIRI := e.terms.rule(r.Name)
	found := map[rdf.Term]derivation{}
	options := sparql.Options{Now: e.opt.Now(), MaxRows: MaxSolutions}
	err := r.solve(ctx, snapshot, options, e.opt.Models, func(row model.Row, uses []model.Row) error {
		d, ok, err := e.derive(r, ruleIRI, row, uses, snapshot)
		if ok {
			found[d.iri] = d
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(found), ch.replaceRule(ctx, r, ruleIRI, found)
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
