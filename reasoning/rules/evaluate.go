package rules

import (
	"context"
	"errors"
	"io"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql"
	"nettwin/sparql/algebra"
)

// evaluate runs one rule over a snapshot and puts the difference to what is
// recorded of it into ch. It returns the number of derivations.
func (e *Engine) evaluate(ctx context.Context, r *Rule, snapshot graph.Snapshot, ch *change) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, RuleTimeout)
	defer cancel()
	query := &algebra.Query{
		Form: algebra.Select, Base: r.Query.Base, Prefixes: r.Query.Prefixes, Vars: r.solutionVars,
		Op: &algebra.Distinct{P: &algebra.Project{Vars: r.solutionVars, P: r.Query.Op}},
	}
	result, err := sparql.Evaluate(ctx, query, snapshot, sparql.Options{Now: e.opt.Now(), MaxRows: MaxSolutions})
	if err != nil {
		return 0, err
	}
	defer result.Close()
	ruleIRI := e.terms.rule(r.Name)
	found := map[rdf.Term]derivation{}
	solution := map[string]rdf.Term{}
	for {
		row, err := result.Rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		for i, name := range r.solutionVars {
			solution[name] = row[i]
		}
		d, ok, err := e.derive(r, ruleIRI, solution, snapshot)
		if err != nil {
			return 0, err
		}
		if ok {
			found[d.iri] = d
		}
	}
	return len(found), ch.replaceRule(ctx, r, ruleIRI, found)
}

// derive makes the derivation of one solution; ok is false if it makes no
// fact.
func (e *Engine) derive(r *Rule, ruleIRI rdf.Term, solution map[string]rdf.Term, src graph.Source) (derivation, bool, error) {
	var facts, premises []rdf.Quad
	target := e.terms.target(r)
	for _, q := range r.Query.Template {
		if fact, ok := instantiate(q.TriplePattern, target, solution); ok {
			facts = append(facts, fact)
		}
	}
	if len(facts) == 0 {
		return derivation{}, false, nil
	}
	for _, p := range r.premises {
		graphName := rdf.Term{}
		if p.graph != (algebra.Node{}) {
			if graphName = value(p.graph, solution); graphName.IsZero() {
				continue
			}
		}
		quad, ok := instantiate(p.TriplePattern, graphName, solution)
		if !ok {
			continue
		}
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
	return newDerivation(e.terms, ruleIRI, facts, premises), true, nil
}
