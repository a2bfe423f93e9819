package ref

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// project is §18.5 Project. Inside EXISTS, a variable that an inner SELECT
// does not project is another variable than the outer one of that name.
func (e *evaluator) project(ctx context.Context, op *algebra.Project, s scope) ([]row, error) {
	keep := make([]bool, len(e.vars.names))
	for _, name := range op.Vars {
		keep[e.vars.slots[name]] = true
	}
	if s.outer != nil {
		s.outer = masked(s.outer, keep)
	}
	in, err := e.eval(ctx, op.P, s)
	if err != nil {
		return nil, err
	}
	out := make([]row, len(in))
	for i, r := range in {
		if out[i], err = e.newRow(ctx, masked(r, keep)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func masked(r row, keep []bool) row {
	out := make(row, len(r))
	for slot, id := range r {
		if keep[slot] {
			out[slot] = id
		}
	}
	return out
}

// rowKey is a row as a map key.
func rowKey(buf []byte, r row) []byte {
	buf = buf[:0]
	for _, id := range r {
		buf = binary.LittleEndian.AppendUint64(buf, uint64(id))
	}
	return buf
}

// distinct is §18.5 Distinct, which is right for Reduced too. The first of
// equal solutions stays, so that the order does.
func (e *evaluator) distinct(ctx context.Context, p algebra.Op, s scope) ([]row, error) {
	in, err := e.eval(ctx, p, s)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var out []row
	var buf []byte
	for _, r := range in {
		if err := e.step(ctx); err != nil {
			return nil, err
		}
		buf = rowKey(buf, r)
		if !seen[string(buf)] {
			seen[string(buf)] = true
			out = append(out, r)
		}
	}
	return out, nil
}

func (e *evaluator) slice(ctx context.Context, op *algebra.Slice, s scope) ([]row, error) {
	in, err := e.eval(ctx, op.P, s)
	if err != nil {
		return nil, err
	}
	from := min(max(op.Offset, 0), int64(len(in)))
	to := int64(len(in))
	if op.Limit >= 0 && op.Limit < to-from {
		to = from + op.Limit
	}
	return in[from:to], nil
}

// orderBy is §15.1; solutions that tie keep their order.
func (e *evaluator) orderBy(ctx context.Context, op *algebra.OrderBy, s scope) ([]row, error) {
	in, err := e.eval(ctx, op.P, s)
	if err != nil {
		return nil, err
	}
	type keyed struct {
		row  row
		keys []rdf.Term // the zero Term for an error, like unbound
	}
	env := e.newEnv(ctx, s)
	rows := make([]keyed, len(in))
	for i, r := range in {
		if err := e.step(ctx); err != nil {
			return nil, err
		}
		e.exprs.NewSolution()
		rows[i] = keyed{r, make([]rdf.Term, len(op.Conditions))}
		for j, c := range op.Conditions {
			t, ok, err := env.value(c.Expr, r)
			if err != nil {
				return nil, err
			}
			if ok {
				rows[i].keys[j] = t
			}
		}
	}
	var failed error
	slices.SortStableFunc(rows, func(a, b keyed) int {
		if failed == nil {
			failed = e.step(ctx)
		}
		for j, c := range op.Conditions {
			cmp := expr.OrderCompare(a.keys[j], b.keys[j])
			if c.Descending {
				cmp = -cmp
			}
			if cmp != 0 {
				return cmp
			}
		}
		return 0
	})
	if failed != nil {
		return nil, failed
	}
	out := make([]row, len(rows))
	for i, r := range rows {
		out[i] = r.row
	}
	return out, nil
}

// groupState is one group while its solutions come.
type groupState struct {
	row  row // the keys
	aggs []expr.Aggregator
	seen []map[string]bool // COUNT(DISTINCT *): solutions seen; else nil
}

// group is §18.5.1 Group and Aggregation. Groups come in the order of their
// first solutions.
func (e *evaluator) group(ctx context.Context, op *algebra.Group, s scope) ([]row, error) {
	in, err := e.eval(ctx, op.P, s)
	if err != nil {
		return nil, err
	}
	groups := map[string]*groupState{}
	var order []*groupState
	if len(op.Keys) == 0 { // one group, even over no solutions
		keys, err := e.newRow(ctx, nil)
		if err != nil {
			return nil, err
		}
		g := e.newGroup(op, keys)
		groups[string(rowKey(nil, keys))] = g
		order = append(order, g)
	}
	env := e.newEnv(ctx, s)
	var buf []byte
	for _, r := range in {
		e.exprs.NewSolution()
		keys, err := e.groupKeys(ctx, env, op, r)
		if err != nil {
			return nil, err
		}
		buf = rowKey(buf, keys)
		g := groups[string(buf)]
		if g == nil {
			g = e.newGroup(op, keys)
			groups[string(buf)] = g
			order = append(order, g)
		}
		if err := e.accumulate(env, op, g, r); err != nil {
			return nil, err
		}
	}
	out := make([]row, 0, len(order))
	for _, g := range order {
		for i, a := range op.Aggregates {
			t, ok := g.aggs[i].Result()
			if !ok {
				continue
			}
			if err := e.bind(g.row, a.Var, t); err != nil {
				return nil, err
			}
		}
		out = append(out, g.row)
	}
	return out, nil
}

func (e *evaluator) newGroup(op *algebra.Group, keys row) *groupState {
	g := &groupState{row: keys, seen: make([]map[string]bool, len(op.Aggregates))}
	for i, a := range op.Aggregates {
		star := a.Arg == nil
		g.aggs = append(g.aggs, expr.NewAggregator(a.Func, a.Distinct && !star, a.Separator))
		if star && a.Distinct {
			g.seen[i] = map[string]bool{}
		}
	}
	return g
}

// groupKeys evaluates the keys of a solution; an error leaves a key unbound.
func (e *evaluator) groupKeys(ctx context.Context, env *env, op *algebra.Group, r row) (row, error) {
	keys, err := e.newRow(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, k := range op.Keys {
		t, ok, err := env.value(k.Expr, r)
		if err != nil {
			return nil, err
		}
		if ok {
			if err := e.bind(keys, k.Var, t); err != nil {
				return nil, err
			}
		}
	}
	return keys, nil
}

func (e *evaluator) accumulate(env *env, op *algebra.Group, g *groupState, r row) error {
	for i, a := range op.Aggregates {
		if a.Arg != nil {
			t, ok, err := env.value(a.Arg, r)
			if err != nil {
				return err
			}
			g.aggs[i].Add(t, ok)
			continue
		}
		if g.seen[i] != nil {
			key := string(rowKey(nil, e.visible(r)))
			if g.seen[i][key] {
				continue
			}
			g.seen[i][key] = true
		}
		g.aggs[i].Add(expr.Bool(true), true)
	}
	return nil
}

// visible hides the blank nodes of the query, which are no variables.
func (e *evaluator) visible(r row) row {
	out := make(row, len(r))
	for slot, id := range r {
		if !strings.HasPrefix(e.vars.names[slot], "_:") {
			out[slot] = id
		}
	}
	return out
}
