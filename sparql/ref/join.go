package ref

import (
	"context"
	"encoding/binary"

	"nettwin/graph"
	"nettwin/sparql/algebra"
)

// compatible tells whether two solutions agree on all variables that both
// bind (§18.3).
func compatible(a, b row) bool {
	for i, id := range a {
		if id != graph.None && b[i] != graph.None && id != b[i] {
			return false
		}
	}
	return true
}

// overlaps tells whether two solutions bind a variable in common.
func overlaps(a, b row) bool {
	for i, id := range a {
		if id != graph.None && b[i] != graph.None {
			return true
		}
	}
	return false
}

// merge returns the union of two compatible solutions.
func (e *evaluator) merge(ctx context.Context, a, b row) (row, error) {
	r, err := e.newRow(ctx, a)
	if err != nil {
		return nil, err
	}
	for i, id := range b {
		if id != graph.None {
			r[i] = id
		}
	}
	return r, nil
}

// index finds the rows of a multiset that may be compatible with another row:
// those that agree on the key columns, which are bound in every row of both
// sides.
type index struct {
	key  []int
	rows map[string][]row
	buf  []byte
}

func newIndex(left, right []row) *index {
	x := &index{rows: map[string][]row{}}
	if len(left) > 0 && len(right) > 0 {
		for slot := range left[0] {
			if alwaysBound(left, slot) && alwaysBound(right, slot) {
				x.key = append(x.key, slot)
			}
		}
	}
	for _, r := range right {
		k := x.keyOf(r)
		x.rows[string(k)] = append(x.rows[string(k)], r)
	}
	return x
}

func alwaysBound(rows []row, slot int) bool {
	for _, r := range rows {
		if r[slot] == graph.None {
			return false
		}
	}
	return true
}

func (x *index) keyOf(r row) []byte {
	x.buf = x.buf[:0]
	for _, slot := range x.key {
		x.buf = binary.LittleEndian.AppendUint64(x.buf, uint64(r[slot]))
	}
	return x.buf
}

func (x *index) candidates(r row) []row { return x.rows[string(x.keyOf(r))] }

// both evaluates two operands.
func (e *evaluator) both(ctx context.Context, l, r algebra.Op, s scope) (left, right []row, err error) {
	if left, err = e.eval(ctx, l, s); err != nil {
		return nil, nil, err
	}
	right, err = e.eval(ctx, r, s)
	return left, right, err
}

// join is §18.5 Join.
func (e *evaluator) join(ctx context.Context, op *algebra.Join, s scope) ([]row, error) {
	switch right := op.R.(type) {
	case *algebra.PathPattern:
		return e.joinPath(ctx, op.L, right, s)
	case *algebra.Service:
		if right.Endpoint.IsVar() {
			return e.joinService(ctx, op.L, right, s)
		}
	}
	left, right, err := e.both(ctx, op.L, op.R, s)
	if err != nil {
		return nil, err
	}
	var out []row
	x := newIndex(left, right)
	for _, l := range left {
		for _, r := range x.candidates(l) {
			if err := e.step(ctx); err != nil {
				return nil, err
			}
			if !compatible(l, r) {
				continue
			}
			m, err := e.merge(ctx, l, r)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// leftJoin is §18.5 LeftJoin: the joined solutions that pass the filter, and
// the left ones that have none.
func (e *evaluator) leftJoin(ctx context.Context, op *algebra.LeftJoin, s scope) ([]row, error) {
	left, right, err := e.both(ctx, op.L, op.R, s)
	if err != nil {
		return nil, err
	}
	env := e.newEnv(ctx, s)
	var out []row
	x := newIndex(left, right)
	for _, l := range left {
		matched := false
		for _, r := range x.candidates(l) {
			if err := e.step(ctx); err != nil {
				return nil, err
			}
			if !compatible(l, r) {
				continue
			}
			m, err := e.merge(ctx, l, r)
			if err != nil {
				return nil, err
			}
			if op.Expr != nil {
				e.exprs.NewSolution()
				keep, err := env.holds(op.Expr, m)
				if err != nil {
					return nil, err
				}
				if !keep {
					continue
				}
			}
			matched = true
			out = append(out, m)
		}
		if !matched {
			out = append(out, l)
		}
	}
	return out, nil
}

// minus is §18.5 Minus: a left solution goes if a right one is compatible
// with it and shares a variable.
func (e *evaluator) minus(ctx context.Context, op *algebra.Minus, s scope) ([]row, error) {
	left, right, err := e.both(ctx, op.L, op.R, s)
	if err != nil {
		return nil, err
	}
	var out []row
	x := newIndex(left, right)
	for _, l := range left {
		removed := false
		for _, r := range x.candidates(l) {
			if err := e.step(ctx); err != nil {
				return nil, err
			}
			if removed = overlaps(l, r) && compatible(l, r); removed {
				break
			}
		}
		if !removed {
			out = append(out, l)
		}
	}
	return out, nil
}
