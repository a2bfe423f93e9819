package plan

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
)

// Options are what a plan depends on beside the query.
type Options struct {
	// UnionDefault makes the default graph the merge of all graphs, where
	// neither the query nor DefaultGraphs choose one.
	UnionDefault bool
	// DefaultGraphs and NamedGraphs, if either is set, replace the dataset
	// clause of the query (SPARQL 1.1 Protocol §2.1.4).
	DefaultGraphs, NamedGraphs []rdf.Term
	// Perturb, if set, multiplies estimates by random factors: answers must
	// not depend on them, and tests see methods that costs seldom choose.
	Perturb *rand.Rand
	// Delegate allows plans that leave patterns to the caller of exec; without,
	// a query that needs that is not covered.
	Delegate bool
}

// Make plans a query for a source. Errors: ErrNotCovered, those of src,
// ctx.Err().
func Make(ctx context.Context, q *algebra.Query, src graph.Source, opt Options) (*Plan, error) {
	t, err := translate(q, opt.Delegate)
	if err != nil {
		return nil, err
	}
	p := &planner{stats: newStats(src), slots: t.slots, random: opt.Perturb}
	if err := p.makeDataset(q.Dataset, opt); err != nil {
		return nil, fmt.Errorf("plan: dataset: %w", err)
	}
	root, err := p.plan(ctx, t.root, nil)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	out := &Plan{Root: root, Form: q.Form, Default: p.def, Named: p.named, Limited: p.limited}
	var need Set
	for _, name := range q.Vars {
		slot := t.scope.names[name]
		out.Columns = append(out.Columns, slot)
		need = need.Union(setOf(slot))
	}
	for _, n := range q.Describe {
		place := p.templatePlace(t.scope, n)
		out.Describe = append(out.Describe, place)
		need = need.Union(setOf(place.Slot))
	}
	for _, qp := range q.Template {
		pattern := p.template(t.scope, qp.TriplePattern)
		out.Template = append(out.Template, pattern)
		need = need.Union(pattern.Slots())
	}
	prune(root, need)
	out.Slots, out.basis = p.slots, p.stats.basis()
	return out, nil
}

func (p *planner) template(s *scope, t algebra.TriplePattern) QuadPattern {
	place := func(n algebra.Node) TemplatePlace {
		if n.Triple != nil {
			inner := p.template(s, *n.Triple)
			return TemplatePlace{Place{Slot: -1}, &inner}
		}
		return TemplatePlace{Place: p.templatePlace(s, n)}
	}
	return QuadPattern{place(t.S), place(t.P), place(t.O)}
}

func (p *planner) templatePlace(s *scope, n algebra.Node) Place {
	if n.IsVar() {
		return Place{Slot: s.names[n.Var]}
	}
	return Place{Slot: -1, Term: n.Term}
}

// planner is the second phase.
type planner struct {
	*stats
	slots   []string
	def     Graph
	named   []graph.TermID // only these, if limited
	limited bool
	depth   int // of patterns that are planned in two ways
	random  *rand.Rand
}

// guess returns an estimate, perturbed if that is asked for.
func (p *planner) guess(n float64) float64 {
	if p.random == nil {
		return n
	}
	return n * math.Pow(10, 4*p.random.Float64()-2)
}

func (p *planner) newSlot(name string) int {
	p.slots = append(p.slots, name)
	return len(p.slots) - 1
}

// makeDataset resolves the dataset of the query (§13.2). Graphs that the
// source does not know hold nothing.
func (p *planner) makeDataset(clause algebra.DatasetClause, opt Options) error {
	if len(opt.DefaultGraphs)+len(opt.NamedGraphs) > 0 {
		clause = algebra.DatasetClause{From: opt.DefaultGraphs, FromNamed: opt.NamedGraphs}
	}
	if clause.IsZero() {
		p.def = Graph{Kind: GraphOne, IDs: []graph.TermID{graph.DefaultGraph}}
		if opt.UnionDefault {
			p.def = Graph{Kind: GraphAll}
		}
		return nil
	}
	p.limited = true
	from, err := p.known(clause.From)
	if err != nil {
		return err
	}
	p.def = Graph{Kind: GraphSome, IDs: from}
	if len(from) == 1 {
		p.def.Kind = GraphOne
	}
	p.named, err = p.known(clause.FromNamed)
	return err
}

// known returns the different ids of those terms that the source knows.
func (p *planner) known(terms []rdf.Term) (ids []graph.TermID, err error) {
	seen := map[graph.TermID]bool{}
	for _, t := range terms {
		id, err := p.id(t)
		if err != nil {
			return nil, err
		}
		if id != graph.None && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// hasGraph tells whether a term names a graph of the dataset: one that FROM
// NAMED lists, or without a clause one that holds quads.
func (p *planner) hasGraph(name rdf.Term) (id graph.TermID, ok bool, err error) {
	id, err = p.id(name)
	if err != nil || id == graph.None {
		return id, false, err
	}
	if p.limited {
		for _, n := range p.named {
			ok = ok || n == id
		}
		return id, ok, nil
	}
	n, err := p.count(graph.Pattern{graph.G: id})
	return id, n > 0, err
}

// graph resolves an active graph; without a graph of that name it has none.
func (p *planner) graph(g graphSpec) (Graph, error) {
	switch g.kind {
	case graphConst:
		id, ok, err := p.hasGraph(g.name)
		if err != nil || !ok {
			return Graph{Kind: GraphSome}, err
		}
		return Graph{Kind: GraphOne, IDs: []graph.TermID{id}}, nil
	case graphVar:
		return Graph{Kind: GraphVar, Slot: g.slot, IDs: p.named, Limited: p.limited}, nil
	}
	return p.def, nil
}

func (p *planner) place(at Pos) (Place, error) {
	if at.IsVar() {
		return Place{Slot: at.Slot}, nil
	}
	id, err := p.id(at.Term)
	return Place{Slot: -1, ID: id, Term: at.Term}, err
}
