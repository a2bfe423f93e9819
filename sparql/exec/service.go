package exec

import (
	"context"
	"errors"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
)

// ErrNoService: the caller gave no way to reach other endpoints.
var ErrNoService = results.ErrNoService

// How solutions are sent along: the values that ServiceGather of them bind, in
// requests of ServiceBatch; beyond, all that the endpoint has is asked for at
// once.
const (
	ServiceBatch  = 100
	ServiceGather = 2000
)

// serviceOp is SERVICE joined with its input. It gathers solutions, asks for
// what fits them, and joins; the answer to each request is held in memory.
type serviceOp struct {
	x      *execution
	n      *plan.Service
	in     op
	shared []int // slots that the input may bind and the answer too
	out    *buffer
	slots  []int

	given *rowsOp // what was gathered, nil before
	ended bool    // the input has no more than that
	pairs *pairs
	busy  bool // the chunk at hand may have more pairs
}

func (x *execution) newService(n *plan.Service, in op) op {
	o := &serviceOp{x: x, n: n, in: in, out: x.newBuffer(), slots: n.Out.Slots(), pairs: newPairs(x.chunkRows)}
	for _, slot := range n.Slots {
		if n.In.About().Out.Has(slot) {
			o.shared = append(o.shared, slot)
		}
	}
	return o
}

func (o *serviceOp) next(ctx context.Context) (*chunk, error) {
	if o.given == nil {
		if err := o.ask(ctx); err != nil {
			return nil, err
		}
	}
	for {
		if !o.busy {
			c, err := o.take(ctx)
			if err != nil || c == nil {
				return nil, err
			}
			o.pairs.begin(c)
			o.busy = true
		}
		if err := o.pairs.fill(ctx); err != nil {
			return nil, err
		}
		if len(o.pairs.left) > 0 {
			o.pairs.merge(o.out, o.slots)
			return &o.out.chunk, nil
		}
		o.busy = false
	}
}

// take returns the next chunk of the input: what was gathered, then the rest.
func (o *serviceOp) take(ctx context.Context) (*chunk, error) {
	c, err := o.given.next(ctx)
	if c != nil || err != nil || o.ended {
		return c, err
	}
	return o.in.next(ctx)
}

// ask gathers solutions and asks for what fits them. Where the endpoint is a
// variable, all are gathered, and column Group tells which endpoint each asks.
func (o *serviceOp) ask(ctx context.Context) error {
	rows := newStore(o.x, o.n.In.About().Out)
	o.ended = false
	for o.n.Group >= 0 || rows.n < ServiceGather {
		c, err := o.in.next(ctx)
		if err != nil {
			return err
		}
		if c == nil {
			o.ended = true
			break
		}
		if err := rows.append(c); err != nil {
			return err
		}
	}
	answers := newStore(o.x, plan.Set{}.With(o.n.Slots...))
	if o.n.Group >= 0 {
		answers = newStore(o.x, plan.Set{}.With(append([]int{o.n.Group}, o.n.Slots...)...))
	}
	for _, slot := range answers.slots {
		answers.cols[slot] = []graph.TermID{}
	}
	for i, part := range o.endpoints(rows) {
		if err := o.askOne(ctx, rows, part, graph.TermID(i+1), answers); err != nil {
			return err
		}
	}
	o.given = &rowsOp{x: o.x, all: chunk{n: rows.n, cols: rows.cols}}
	return o.index(ctx, rows, answers)
}

// part is one endpoint with the rows that ask it; nil means all.
type part struct {
	endpoint rdf.Term
	rows     []int32
	err      error
}

func (o *serviceOp) endpoints(rows *store) []part {
	if o.n.Group < 0 {
		return []part{{endpoint: o.n.Endpoint.Term}}
	}
	var out []part
	number := map[graph.TermID]int{}
	group := make([]graph.TermID, rows.n)
	for row := range rows.n {
		var id graph.TermID
		if col := rows.cols[o.n.Endpoint.Slot]; col != nil {
			id = col[row]
		}
		n, known := number[id]
		if !known {
			n = len(out)
			number[id] = n
			term, err := o.x.terms.term(id)
			out = append(out, part{endpoint: term, err: err})
		}
		out[n].rows = append(out[n].rows, int32(row))
		group[row] = graph.TermID(n + 1)
	}
	rows.cols[o.n.Group] = group
	return out
}

// askOne adds what an endpoint answers to answers. With SILENT, a failure of
// any request makes its answer the empty solution.
func (o *serviceOp) askOne(ctx context.Context, rows *store, p part, number graph.TermID, answers *store) error {
	before := answers.n
	err := p.err
	if err == nil {
		err = o.requests(ctx, rows, p, answers)
	}
	if err != nil {
		if !o.n.Op.Silent || context.Cause(ctx) != nil {
			return &results.ServiceError{Endpoint: p.endpoint, Err: err}
		}
		for _, slot := range answers.slots {
			if slot != o.n.Group {
				answers.cols[slot] = append(answers.cols[slot][:before], graph.None)
			}
		}
		answers.n = before + 1
	}
	if o.n.Group >= 0 {
		for range answers.n - before {
			answers.cols[o.n.Group] = append(answers.cols[o.n.Group], number)
		}
	}
	return nil
}

func (o *serviceOp) requests(ctx context.Context, rows *store, p part, answers *store) error {
	if !p.endpoint.IsIRI() {
		return errors.New("endpoint: expected an IRI")
	}
	if o.x.opt.Service == nil {
		return ErrNoService
	}
	tables, err := o.tables(rows, p.rows)
	if err != nil {
		return err
	}
	for _, table := range tables {
		o.x.turn.end() // waiting is not computing
		answer, err := o.x.opt.Service(ctx, p.endpoint, o.n.Op.Query(table))
		o.x.turn.begin()
		if err != nil {
			return err
		}
		if err := o.read(ctx, answer, answers); err != nil {
			return err
		}
	}
	return nil
}

// tables returns the values to send along, those of each request; one nil
// table asks without any. Blank nodes have no name that another endpoint
// would understand.
func (o *serviceOp) tables(rows *store, sel []int32) ([]*algebra.Table, error) {
	n := rows.n
	if sel != nil {
		n = len(sel)
	}
	if o.ended && n == 0 {
		return nil, nil // nothing to join with
	}
	if !o.ended || len(o.shared) == 0 || n > ServiceGather+o.x.chunkRows {
		return []*algebra.Table{nil}, nil
	}
	var vars []string
	for i, slot := range o.n.Slots {
		if o.n.In.About().Out.Has(slot) {
			vars = append(vars, o.n.Names[i])
		}
	}
	seen := newTuples(len(o.shared), o.x.budget)
	defer seen.release()
	key := make([]graph.TermID, len(o.shared))
	var tables []*algebra.Table
	for i := range n {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		for k, slot := range o.shared {
			key[k] = graph.None
			if col := rows.cols[slot]; col != nil && col[row].Tag() != graph.TagBNode {
				key[k] = col[row]
			}
		}
		_, added, err := seen.insert(key)
		if err != nil {
			return nil, err
		}
		if !added {
			continue
		}
		if (seen.n-1)%ServiceBatch == 0 {
			tables = append(tables, &algebra.Table{Vars: vars})
		}
		terms := make([]rdf.Term, len(key))
		if err := o.x.terms.terms(key, terms); err != nil {
			return nil, err
		}
		unbound := true
		for k, t := range terms {
			if t.HasBNode() {
				terms[k] = rdf.Term{}
			}
			unbound = unbound && terms[k].IsZero()
		}
		if unbound { // fits everything
			return []*algebra.Table{nil}, nil
		}
		last := tables[len(tables)-1]
		last.Rows = append(last.Rows, terms)
	}
	return disjoint(tables), nil
}

// disjoint makes sure that no solution answers two requests: rows with UNDEF
// may fit what others fit too, so then one request without values is sent.
func disjoint(tables []*algebra.Table) []*algebra.Table {
	for _, t := range tables {
		for _, row := range t.Rows {
			for _, term := range row {
				if term.IsZero() {
					return []*algebra.Table{nil}
				}
			}
		}
	}
	return tables
}

// read adds the rows of an answer. Blank nodes of another document are new
// ones here.
func (o *serviceOp) read(ctx context.Context, answer *results.Result, answers *store) error {
	if answer.Kind != results.Bindings {
		answer.Close() //nolint:errcheck // the error below counts
		return fmt.Errorf("expected %s, got %s", results.Bindings, answer.Kind)
	}
	nodes := map[string]rdf.Term{}
	rename := func(label string) rdf.Term {
		if _, ok := nodes[label]; !ok {
			nodes[label] = o.x.exprs.BNodes()
		}
		return nodes[label]
	}
	slots := make([]int, len(answer.Vars))
	for i, name := range answer.Vars {
		slots[i] = -1
		for j, known := range o.n.Names {
			if name == known {
				slots[i] = o.n.Slots[j]
			}
		}
	}
	got, err := o.x.collect(ctx, answer, slots, func(t rdf.Term) rdf.Term { return t.MapBNodes(rename) })
	if err != nil {
		return err
	}
	for _, slot := range o.n.Slots {
		col := got.cols[slot]
		if col == nil {
			col = make([]graph.TermID, got.n)
		}
		answers.cols[slot] = append(answers.cols[slot], col...)
	}
	answers.n += got.n
	return nil
}

// index makes the answers ready to be joined, by the slots that every row of
// both sides binds.
func (o *serviceOp) index(ctx context.Context, rows, answers *store) error {
	var keys, others []int
	for _, slot := range o.shared {
		if o.n.In.About().Certain.Has(slot) && allBound(answers.cols[slot]) {
			keys = append(keys, slot)
		} else {
			others = append(others, slot)
		}
	}
	keep := plan.Set{}.With(o.n.Slots...)
	if o.n.Group >= 0 {
		keys = append(keys, o.n.Group)
		keep = keep.With(o.n.Group)
	}
	all := &rowsOp{x: o.x, all: chunk{n: answers.n, cols: answers.cols}}
	ix, err := o.x.buildIndex(ctx, all, keep, keys, others)
	o.pairs.ix = ix
	return err
}

func allBound(col []graph.TermID) bool {
	for _, id := range col {
		if id == graph.None {
			return false
		}
	}
	return true
}

func (o *serviceOp) reset() {
	o.in.reset()
	o.given, o.busy = nil, false
}

func (o *serviceOp) close() error { return o.in.close() }
