package ref

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
	"nettwin/sparql/results"
)

// env is the expr.Env of one solution. It lives for one operator's
// expressions and carries that operator's context, which expr.Env cannot take
// as an argument.
type env struct {
	e     *evaluator
	ctx   context.Context
	scope scope
	row   row
	err   error // first failure of the query itself
}

func (e *evaluator) newEnv(ctx context.Context, s scope) *env { return &env{e: e, ctx: ctx, scope: s} }

func (v *env) lookup(slot int) graph.TermID {
	if id := v.row[slot]; id != graph.None || v.scope.outer == nil {
		return id
	}
	return v.scope.outer[slot]
}

// Lookup implements expr.Env. Inside EXISTS the outer solution's values stand
// in for variables of the pattern (§18.6 substitute).
func (v *env) Lookup(name string) (rdf.Term, bool) {
	slot, ok := v.e.vars.slots[name]
	if !ok {
		return rdf.Term{}, false
	}
	id := v.lookup(slot)
	if id == graph.None {
		return rdf.Term{}, false
	}
	t, err := v.e.terms.term(id)
	if err != nil {
		v.fail(err)
		return rdf.Term{}, false
	}
	return t, true
}

func (v *env) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// Exists implements expr.Env (§18.6 Evaluation of EXISTS).
func (v *env) Exists(pattern any) (found, ok bool) {
	op, ok := pattern.(algebra.Op)
	if !ok || v.err != nil {
		return false, false
	}
	inner := scope{graph: v.scope.graph, outer: make(row, len(v.row))}
	for slot := range inner.outer {
		inner.outer[slot] = v.lookup(slot)
	}
	before := v.e.bytes
	rows, err := v.e.eval(v.ctx, op, inner)
	if err != nil {
		v.fail(err)
		return false, false
	}
	v.e.bytes = before // its solutions are garbage now
	for _, r := range rows {
		if compatible(r, inner.outer) {
			return true, true
		}
	}
	return false, true
}

// value evaluates an expression under a solution; ok is false for an
// expression error, err is a failure of the query.
func (v *env) value(x expr.Expr, r row) (t rdf.Term, ok bool, err error) {
	v.row = r
	t, ok = expr.Eval(v.e.exprs, x, v)
	if limit := v.e.exprs.Limit(); limit != nil && v.err == nil {
		v.err = &results.LimitError{Limit: limit.Limit, Value: limit.Value}
	}
	return t, ok, v.err
}

// holds tells whether an expression's effective boolean value is true.
func (v *env) holds(x expr.Expr, r row) (bool, error) {
	t, ok, err := v.value(x, r)
	if err != nil || !ok {
		return false, err
	}
	truth, ok := expr.EBV(t)
	return truth && ok, nil
}

func (e *evaluator) filter(ctx context.Context, op *algebra.Filter, s scope) ([]row, error) {
	in, err := e.eval(ctx, op.P, s)
	if err != nil {
		return nil, err
	}
	env := e.newEnv(ctx, s)
	var out []row
	for _, r := range in {
		if err := e.step(ctx); err != nil {
			return nil, err
		}
		e.exprs.NewSolution()
		keep, err := env.holds(op.Expr, r)
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, r)
		}
	}
	return out, nil
}

// extend evaluates a chain of Extend operators solution by solution, so that
// BNODE("x") in several of them is one node for one solution (§17.4.2.9).
func (e *evaluator) extend(ctx context.Context, op *algebra.Extend, s scope) ([]row, error) {
	chain := []*algebra.Extend{op}
	for {
		inner, ok := chain[len(chain)-1].P.(*algebra.Extend)
		if !ok {
			break
		}
		chain = append(chain, inner)
	}
	in, err := e.eval(ctx, chain[len(chain)-1].P, s)
	if err != nil {
		return nil, err
	}
	env := e.newEnv(ctx, s)
	out := make([]row, 0, len(in))
	for _, from := range in {
		r, err := e.newRow(ctx, from)
		if err != nil {
			return nil, err
		}
		e.exprs.NewSolution()
		for i := len(chain) - 1; i >= 0; i-- {
			t, ok, err := env.value(chain[i].Expr, r)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			if err := e.bind(r, chain[i].Var, t); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}
