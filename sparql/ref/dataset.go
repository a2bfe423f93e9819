package ref

import (
	"context"

	"nettwin/graph"
	"nettwin/sparql/algebra"
)

// activeGraph is what triple patterns match: the merge of some graphs of the
// source, or of all.
type activeGraph struct {
	ids []graph.TermID
	all bool
}

// dataset is an RDF dataset made of the source's graphs (§13.2).
type dataset struct {
	def     activeGraph
	named   map[graph.TermID]bool // only these, if limited
	order   []graph.TermID        // the keys of named, in the order given
	limited bool
}

// makeDataset builds the dataset of a clause; Options come before the clause,
// and without either it is the source's.
func (e *evaluator) makeDataset(clause algebra.DatasetClause) (dataset, error) {
	if len(e.opt.DefaultGraphs)+len(e.opt.NamedGraphs) > 0 {
		clause = algebra.DatasetClause{From: e.opt.DefaultGraphs, FromNamed: e.opt.NamedGraphs}
	}
	if clause.IsZero() {
		def := activeGraph{ids: []graph.TermID{graph.DefaultGraph}, all: e.opt.UnionDefault}
		return dataset{def: def}, nil
	}
	from, err := e.terms.termList(clause.From)
	if err != nil {
		return dataset{}, err
	}
	fromNamed, err := e.terms.termList(clause.FromNamed)
	if err != nil {
		return dataset{}, err
	}
	d := dataset{def: activeGraph{ids: unique(from)}, limited: true, named: map[graph.TermID]bool{}, order: unique(fromNamed)}
	for _, id := range d.order {
		d.named[id] = true
	}
	return d, nil
}

func unique(ids []graph.TermID) []graph.TermID {
	seen := map[graph.TermID]bool{}
	var out []graph.TermID
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// hasGraph tells whether id names a graph of the dataset.
func (e *evaluator) hasGraph(id graph.TermID) (bool, error) {
	if e.dataset.limited {
		return e.dataset.named[id], nil
	}
	if id == graph.DefaultGraph || isLocal(id, evalLocal) {
		return false, nil
	}
	n, err := e.src.Count(graph.Pattern{graph.G: id})
	return n > 0, err
}

// namedGraphs lists the names of the dataset's graphs.
func (e *evaluator) namedGraphs(ctx context.Context) ([]graph.TermID, error) {
	if e.dataset.limited {
		return e.dataset.order, nil
	}
	return namedGraphsOf(ctx, e.src)
}

// namedGraphsOf lists the names of a source's graphs, seeking from one to the
// next.
func namedGraphsOf(ctx context.Context, src graph.Source) (names []graph.TermID, err error) {
	cursor, err := src.Scan(graph.Pattern{}, graph.GPSO)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := cursor.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		chunk, err := cursor.Next(ctx)
		if err != nil || chunk == nil {
			return names, err
		}
		var last graph.TermID
		for _, id := range chunk.Cols[graph.G] {
			if id != graph.DefaultGraph && (len(names) == 0 || names[len(names)-1] != id) {
				names = append(names, id)
			}
			last = id
		}
		if err := cursor.Seek(last + 1); err != nil {
			return nil, err
		}
	}
}

// graph evaluates GRAPH (§18.6): for a variable, the union over all named
// graphs g of P evaluated in g, joined with ?var → g.
func (e *evaluator) graph(ctx context.Context, op *algebra.Graph, s scope) ([]row, error) {
	if !op.Name.IsVar() {
		id, err := e.terms.id(op.Name.Term)
		if err != nil {
			return nil, err
		}
		known, err := e.hasGraph(id)
		if err != nil || !known {
			return nil, err
		}
		s.graph = activeGraph{ids: []graph.TermID{id}}
		return e.eval(ctx, op.P, s)
	}
	names, err := e.namedGraphs(ctx)
	if err != nil {
		return nil, err
	}
	slot := e.vars.slots[op.Name.Var]
	var out []row
	for _, id := range names {
		if s.outer != nil && s.outer[slot] != graph.None && s.outer[slot] != id {
			continue
		}
		rows, err := e.eval(ctx, op.P, scope{graph: activeGraph{ids: []graph.TermID{id}}, outer: s.outer})
		if err != nil {
			return nil, err
		}
		for _, from := range rows {
			if from[slot] != graph.None && from[slot] != id {
				continue
			}
			r, err := e.newRow(ctx, from)
			if err != nil {
				return nil, err
			}
			r[slot] = id
			out = append(out, r)
		}
	}
	return out, nil
}

// triple is a triple as ids.
type triple [3]graph.TermID

// scan yields the triples of the active graph that match (None matches
// anything), each once.
func (e *evaluator) scan(ctx context.Context, g activeGraph, want triple, yield func(triple) error) error {
	for _, id := range want {
		if isLocal(id, evalLocal) {
			return nil // the source does not know the term
		}
	}
	p := graph.Pattern{want[0], want[1], want[2], graph.None}
	if g.all {
		return e.scanPattern(ctx, p, yield)
	}
	if len(g.ids) == 1 {
		p[graph.G] = g.ids[0]
		return e.scanPattern(ctx, p, yield)
	}
	seen := map[triple]bool{}
	for _, id := range g.ids {
		p[graph.G] = id
		err := e.scanPattern(ctx, p, func(t triple) error {
			if seen[t] {
				return nil
			}
			seen[t] = true
			return yield(t)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scanPattern yields triples in an order that has the graph last, so that
// repetitions of a triple in several graphs are neighbours.
func (e *evaluator) scanPattern(ctx context.Context, p graph.Pattern, yield func(triple) error) (err error) {
	if isLocal(p[graph.G], evalLocal) {
		return nil
	}
	order := graph.BestOrder(p)
	if p[graph.G] == graph.None && order == graph.GPSO {
		order = graph.SPOG
	}
	cursor, err := e.src.Scan(p, order)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := cursor.Close(); err == nil {
			err = cerr
		}
	}()
	var last triple
	for {
		chunk, err := cursor.Next(ctx)
		if err != nil || chunk == nil {
			return err
		}
		for i := range chunk.Len() {
			q := chunk.Quad(i)
			t := triple{q[graph.S], q[graph.P], q[graph.O]}
			if t == last {
				continue
			}
			last = t
			if err := e.step(ctx); err != nil {
				return err
			}
			if err := yield(t); err != nil {
				return err
			}
		}
	}
}
