package rules

import (
	"context"
	"fmt"
	"io"
	"strings"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// change gathers what one run adds to and takes from the store.
type change struct {
	terms   terms
	src     graph.Snapshot
	branch  string
	adds    []rdf.Quad
	deletes []rdf.Quad
	delta   *Delta            // predicates of what is new or lost
	added   map[string]bool   // facts that a new derivation makes, as text
	gone    map[rdf.Term]bool // derivations that go
	lost    map[string]bool   // facts that they made, as text
}

func newChange(t terms, src graph.Snapshot, branch string) *change {
	return &change{terms: t, src: src, branch: branch, delta: &Delta{}, added: map[string]bool{}, gone: map[rdf.Term]bool{}, lost: map[string]bool{}}
}

// replaceRule turns what is recorded of a rule into found.
func (c *change) replaceRule(ctx context.Context, r *Rule, ruleIRI rdf.Term, found map[rdf.Term]derivation) error {
	recorded := map[rdf.Term]bool{}
	err := match(ctx, c.src, rdf.Quad{P: termRule, O: ruleIRI, G: c.terms.derived}, func(q rdf.Quad) error {
		recorded[q.S] = true
		if _, still := found[q.S]; still {
			return nil
		}
		return c.remove(ctx, q.S)
	})
	if err != nil {
		return err
	}
	if err := c.deleteSubject(ctx, ruleIRI); err != nil {
		return err
	}
	c.adds = append(c.adds,
		rdf.Quad{S: ruleIRI, P: rdfType, O: termRuleClass, G: c.terms.derived},
		rdf.Quad{S: ruleIRI, P: rdfsLabel, O: rdf.String(r.Name), G: c.terms.derived},
		rdf.Quad{S: ruleIRI, P: rdfsComment, O: rdf.String(r.Comment), G: c.terms.derived},
		rdf.Quad{S: ruleIRI, P: termCitation, O: rdf.String(r.Citation), G: c.terms.derived})
	for iri, d := range found {
		if err := c.keep(d, !recorded[iri]); err != nil {
			return err
		}
	}
	return nil
}

// keep states the facts of a derivation again, which mends those that
// somebody deleted, and records a new one (invariants I1, I2).
func (c *change) keep(d derivation, isNew bool) error {
	c.adds = append(c.adds, d.facts...)
	for _, fact := range d.facts {
		c.added[fact.String()] = true
	}
	if !isNew {
		return nil
	}
	c.adds = append(c.adds, d.record(c.terms)...)
	for _, fact := range d.facts {
		c.delta.Add(fact)
		asserted, err := c.isAsserted(fact)
		if err != nil {
			return err
		}
		if asserted {
			c.adds = append(c.adds, rdf.Quad{S: d.iri, P: termFoundAsserted, O: rdf.String(fact.String()), G: c.terms.derived})
		}
	}
	return nil
}

// isAsserted tells whether a fact is in the store though no rule made it, or
// is marked as such.
func (c *change) isAsserted(fact rdf.Quad) (bool, error) {
	text := rdf.String(fact.String())
	marked, err := count(c.src, rdf.Quad{P: termFoundAsserted, O: text, G: c.terms.derived})
	if err != nil || marked > 0 {
		return marked > 0, err
	}
	present, err := contains(c.src, fact)
	if err != nil || !present {
		return false, err
	}
	derived, err := count(c.src, rdf.Quad{P: termDerives, O: text, G: c.terms.derived})
	return derived == 0, err
}

// removeRule takes away a rule with all its derivations.
func (c *change) removeRule(ctx context.Context, ruleIRI rdf.Term) error {
	err := match(ctx, c.src, rdf.Quad{P: termRule, O: ruleIRI, G: c.terms.derived}, func(q rdf.Quad) error {
		return c.remove(ctx, q.S)
	})
	if err != nil {
		return err
	}
	return c.deleteSubject(ctx, ruleIRI)
}

// remove takes away one derivation.
func (c *change) remove(ctx context.Context, iri rdf.Term) error {
	c.gone[iri] = true
	err := match(ctx, c.src, rdf.Quad{S: iri, P: termDerives, G: c.terms.derived}, func(q rdf.Quad) error {
		c.lost[q.O.Value()] = true
		return nil
	})
	if err != nil {
		return err
	}
	return c.deleteSubject(ctx, iri)
}

func (c *change) deleteSubject(ctx context.Context, subject rdf.Term) error {
	return match(ctx, c.src, rdf.Quad{S: subject, G: c.terms.derived}, func(q rdf.Quad) error {
		c.deletes = append(c.deletes, q)
		return nil
	})
}

// commit deletes lost facts without another derivation, writes everything,
// and tells which predicates changed.
func (c *change) commit(ctx context.Context, store graph.Store, note string) (*Delta, error) {
	for text := range c.lost {
		supported, err := c.supported(ctx, text)
		if err != nil {
			return nil, err
		}
		if supported {
			continue
		}
		fact, err := parseQuad(text)
		if err != nil {
			return nil, err
		}
		c.deletes = append(c.deletes, fact)
		c.delta.Add(fact)
	}
	commit, err := store.Commit(ctx, &graph.Batch{Branch: c.branch, Deletes: c.deletes, Adds: c.adds, Note: note})
	if err != nil {
		return nil, err
	}
	if !commit.Effective {
		return &Delta{}, nil
	}
	return c.delta, nil
}

// supported tells whether a fact that lost a derivation stays: another
// derivation makes it, or it was asserted.
func (c *change) supported(ctx context.Context, text string) (bool, error) {
	if c.added[text] {
		return true, nil
	}
	for _, predicate := range []rdf.Term{termDerives, termFoundAsserted} {
		found := false
		err := match(ctx, c.src, rdf.Quad{P: predicate, O: rdf.String(text), G: c.terms.derived}, func(q rdf.Quad) error {
			found = found || predicate == termFoundAsserted || !c.gone[q.S]
			return nil
		})
		if err != nil || found {
			return found, err
		}
	}
	return false, nil
}

func parseQuad(text string) (rdf.Quad, error) {
	q, err := rdf.NewReader(strings.NewReader(text+"\n"), rdf.NQuads, rdf.ReaderOptions{}).Read()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return rdf.Quad{}, fmt.Errorf("rules: recorded fact %q: %w", text, err)
	}
	return q, nil
}

// lookup turns a quad whose zero terms mean "any" into a pattern; a zero
// graph is the default graph. ok is false if a term is unknown to the store.
func lookup(src graph.Source, q rdf.Quad) (p graph.Pattern, ok bool, err error) {
	list := []rdf.Term{q.S, q.P, q.O, q.G}
	if err := src.IDs(list, p[:]); err != nil {
		return p, false, err
	}
	if q.G.IsZero() {
		p[graph.G] = graph.DefaultGraph
	}
	for i, id := range p {
		if id == graph.None && !list[i].IsZero() {
			return p, false, nil
		}
	}
	return p, true, nil
}

func count(src graph.Source, q rdf.Quad) (uint64, error) {
	p, ok, err := lookup(src, q)
	if err != nil || !ok {
		return 0, err
	}
	return src.Count(p)
}

func contains(src graph.Source, q rdf.Quad) (bool, error) {
	n, err := count(src, q)
	return n > 0, err
}

// match calls visit for each quad that matches, with terms.
func match(ctx context.Context, src graph.Source, q rdf.Quad, visit func(rdf.Quad) error) error {
	p, ok, err := lookup(src, q)
	if err != nil || !ok {
		return err
	}
	for found, err := range graph.ExportQuads(ctx, src, p) {
		if err != nil {
			return err
		}
		if err := visit(found); err != nil {
			return err
		}
	}
	return nil
}
