package ref

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
	"nettwin/sparql/results"
)

// row is a solution: one id for each variable of the query, None if unbound.
// Rows are not changed once they are in a multiset.
type row []graph.TermID

// evaluator evaluates one query. It belongs to one goroutine.
type evaluator struct {
	src     graph.Source
	opt     Options
	vars    *varTable
	terms   *termTable
	exprs   *expr.Context
	dataset dataset
	bytes   int64 // memory of the rows made so far
	told    int64 // of bytes, to opt.Use
	steps   uint
}

func newEvaluator(src graph.Source, vars *varTable, base string, opt Options) *evaluator {
	return &evaluator{
		src: src, opt: opt, vars: vars, terms: newTermTable(src),
		exprs: &expr.Context{Now: opt.Now, Base: base, Rand: opt.Rand, BNodes: opt.bnodes()},
	}
}

// stepsPerCheck is how many small steps pass between looks at the context.
const stepsPerCheck = 1024

// step counts a small piece of work and sees to cancellation, and now and then
// to what others have to say about it.
func (e *evaluator) step(ctx context.Context) error {
	e.steps++
	if e.steps%stepsPerCheck != 0 {
		return nil
	}
	if err := context.Cause(ctx); err != nil || e.opt.Use == nil {
		return err
	}
	more := e.bytes - e.told
	e.told = e.bytes
	return e.opt.Use(ctx, more)
}

// rowOverheadBytes is what a row costs beside its ids: slice header in the
// multiset and allocation.
const rowOverheadBytes = 40

// newRow makes a row with the values of from (nil: none), counts its memory
// and sees to cancellation.
func (e *evaluator) newRow(ctx context.Context, from row) (row, error) {
	if err := e.step(ctx); err != nil {
		return nil, err
	}
	e.bytes += int64(len(e.vars.names))*8 + rowOverheadBytes
	if e.bytes > e.opt.MaxMemoryBytes {
		return nil, &results.LimitError{Limit: "memory", Value: fmt.Sprintf("%d bytes of solutions", e.opt.MaxMemoryBytes)}
	}
	r := make(row, len(e.vars.names))
	copy(r, from)
	return r, nil
}

// scope is what an operator is evaluated under: the active graph (§18.6) and,
// inside EXISTS, the solution that is tested (nil outside).
type scope struct {
	graph activeGraph
	outer row
}

// eval returns the solutions of op.
func (e *evaluator) eval(ctx context.Context, op algebra.Op, s scope) ([]row, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	switch op := op.(type) {
	case *algebra.BGP:
		return e.bgp(ctx, op, s)
	case *algebra.PathPattern:
		return e.pathPattern(ctx, op, s)
	case *algebra.Join:
		return e.join(ctx, op, s)
	case *algebra.LeftJoin:
		return e.leftJoin(ctx, op, s)
	case *algebra.Union:
		return e.union(ctx, op, s)
	case *algebra.Minus:
		return e.minus(ctx, op, s)
	case *algebra.Filter:
		return e.filter(ctx, op, s)
	case *algebra.Graph:
		return e.graph(ctx, op, s)
	case *algebra.Extend:
		return e.extend(ctx, op, s)
	case *algebra.Table:
		return e.table(ctx, op)
	case *algebra.Service:
		return e.service(ctx, op, s)
	case *algebra.Group:
		return e.group(ctx, op, s)
	case *algebra.OrderBy:
		return e.orderBy(ctx, op, s)
	case *algebra.Project:
		return e.project(ctx, op, s)
	case *algebra.Distinct:
		return e.distinct(ctx, op.P, s)
	case *algebra.Reduced:
		return e.distinct(ctx, op.P, s)
	case *algebra.Slice:
		return e.slice(ctx, op, s)
	}
	return nil, fmt.Errorf("ref: evaluate: operator %T is not known", op)
}

func (e *evaluator) union(ctx context.Context, op *algebra.Union, s scope) ([]row, error) {
	left, err := e.eval(ctx, op.L, s)
	if err != nil {
		return nil, err
	}
	right, err := e.eval(ctx, op.R, s)
	return append(left, right...), err
}

func (e *evaluator) table(ctx context.Context, op *algebra.Table) ([]row, error) {
	var out []row
	for _, terms := range op.Rows {
		r, err := e.newRow(ctx, nil)
		if err != nil {
			return nil, err
		}
		for i, name := range op.Vars {
			if r[e.vars.slots[name]], err = e.terms.id(terms[i]); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// bind sets a variable to a term.
func (e *evaluator) bind(r row, name string, t rdf.Term) error {
	id, err := e.terms.id(t)
	if err == nil {
		r[e.vars.slots[name]] = id
	}
	return err
}
