package exec

import (
	"context"
	"strconv"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
)

// accumulator computes one aggregate for all groups.
type accumulator interface {
	// grow makes room for groups.
	grow(groups int) error
	// add takes the rows sel of a chunk, number being the group of each row.
	add(ctx context.Context, c *chunk, sel []int32, number []int32) error
	// end is called when all rows are taken.
	end(ctx context.Context) error
	// result returns the value for a group; ok is false for an error.
	result(group int) (t rdf.Term, ok bool)
}

func (x *execution) newAccumulator(a plan.Aggregate) (accumulator, error) {
	if a.Arg == nil {
		acc := &rowCounter{groupCounts: groupCounts{budget: x.budget}}
		if a.Distinct {
			acc.visible, acc.seen = a.Visible, x.newTupleSet(len(a.Visible)+1)
		}
		return acc, nil
	}
	slot := -1
	v, isVar := a.Arg.X.(*expr.Var)
	if isVar {
		slot = slotOf(a.Arg, v.Name)
	}
	if isVar && a.Func == "COUNT" {
		acc := &valueCounter{groupCounts: groupCounts{budget: x.budget}, slot: slot}
		if a.Distinct {
			acc.seen = x.newTupleSet(2)
		}
		return acc, nil
	}
	eval, err := x.newEvaluator(a.Arg)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Func == "GROUP_CONCAT":
		return x.distinctly(a, slot, &concats{x: x, eval: eval, separator: a.Separator}), nil
	case a.Distinct && (a.Func == "COUNT" || a.Func == "SUM" || a.Func == "AVG"):
		return x.distinctly(a, slot, &aggregators{x: x, a: a, eval: eval}), nil
	}
	general := &aggregators{x: x, a: a, eval: eval}
	if isVar {
		switch a.Func {
		case "SUM", "AVG":
			return &integerSums{aggregators: general, slot: slot, average: a.Func == "AVG"}, nil
		case "MIN", "MAX":
			return &extremes{aggregators: general, slot: slot, max: a.Func == "MAX"}, nil
		}
	}
	return general, nil
}

func integerTerm(n int64) rdf.Term { return rdf.Literal(strconv.FormatInt(n, 10), rdf.XSDInteger) }

// groupCounts is a number for each group, of rows or of different tuples that begin
// with the number of their group.
type groupCounts struct {
	budget *budget
	n      []int64
	seen   *tupleSet // nil: all count
}

func (a *groupCounts) grow(n int) error {
	if n <= len(a.n) {
		return nil
	}
	if err := a.budget.grow(int64(n-len(a.n)) * 8); err != nil {
		return err
	}
	a.n = append(a.n, make([]int64, n-len(a.n))...)
	return nil
}

func (a *groupCounts) end(ctx context.Context) error {
	if a.seen == nil {
		return nil
	}
	return a.seen.rest(ctx, func(key []graph.TermID) error {
		a.n[key[0]]++
		return nil
	})
}

func (a *groupCounts) result(group int) (rdf.Term, bool) { return integerTerm(a.n[group]), true }

// rowCounter is COUNT(*), with DISTINCT over the visible variables.
type rowCounter struct {
	groupCounts
	visible []int
}

func (a *rowCounter) add(_ context.Context, c *chunk, sel []int32, number []int32) error {
	if a.seen == nil {
		for _, row := range sel {
			a.n[number[row]]++
		}
		return nil
	}
	key := make([]graph.TermID, len(a.visible)+1)
	for _, row := range sel {
		key[0] = graph.TermID(number[row])
		for i, slot := range a.visible {
			key[i+1] = c.at(slot, int(row))
		}
		added, err := a.seen.insert(key)
		if err != nil {
			return err
		}
		if added {
			a.n[number[row]]++
		}
	}
	return nil
}

// valueCounter is COUNT(?v) and COUNT(DISTINCT ?v), on ids.
type valueCounter struct {
	groupCounts
	slot int
	key  [2]graph.TermID
}

func (a *valueCounter) add(_ context.Context, c *chunk, sel []int32, number []int32) error {
	if a.slot < 0 || c.cols[a.slot] == nil {
		return nil
	}
	col := c.cols[a.slot]
	for _, row := range sel {
		if col[row] == graph.None {
			continue
		}
		if a.seen != nil {
			a.key = [2]graph.TermID{graph.TermID(number[row]), col[row]}
			added, err := a.seen.insert(a.key[:])
			if err != nil {
				return err
			}
			if !added {
				continue
			}
		}
		a.n[number[row]]++
	}
	return nil
}

// aggregators computes any aggregate but GROUP_CONCAT, term by term, and of
// all values given.
type aggregators struct {
	x    *execution
	a    plan.Aggregate
	eval *evaluator
	list []expr.Aggregator
	text map[int32]int // by group: the longest text counted

	excess excess // what of it there was no room for
}

const (
	aggregatorBytes = 160
	freeTextBytes   = 32 // of those, for a value that is kept
)

func (a *aggregators) grow(n int) error {
	if n <= len(a.list) {
		return nil
	}
	err := a.x.budget.grow(int64(n-len(a.list)) * aggregatorBytes)
	for len(a.list) < n {
		a.list = append(a.list, expr.NewAggregator(a.a.Func, false, ""))
	}
	return err
}

func (a *aggregators) add(ctx context.Context, c *chunk, sel []int32, number []int32) error {
	return a.x.eachValue(ctx, a.eval, c, sel, number, a.give)
}

// eachValue evaluates the argument of an aggregate on the rows sel of a chunk.
func (x *execution) eachValue(ctx context.Context, eval *evaluator, c *chunk, sel, number []int32, give giveFunc) error {
	if err := eval.begin(ctx, c, sel); err != nil {
		return err
	}
	for i, row := range sel {
		if i%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		x.exprs.NewSolution()
		t, ok, err := eval.value(row)
		if err != nil {
			return err
		}
		if err := give(number[row], t, ok); err != nil {
			return err
		}
	}
	return nil
}

// giveFunc takes a value for a group; ok is false for an error.
type giveFunc func(group int32, t rdf.Term, ok bool) error

func (a *aggregators) addRow(row, group int32) error {
	a.x.exprs.NewSolution()
	t, ok, err := a.eval.value(row)
	if err != nil {
		return err
	}
	return a.give(group, t, ok)
}

// give counts what MIN, MAX and SAMPLE may keep, and adds the value.
func (a *aggregators) give(group int32, t rdf.Term, ok bool) error {
	if size := len(t.Value()); size > freeTextBytes && size > a.text[group] {
		if a.text == nil {
			a.text = map[int32]int{}
		}
		if err := a.x.budget.growSoon(int64(size-a.text[group]), &a.excess); err != nil {
			return err
		}
		a.text[group] = size
	}
	a.list[group].Add(t, ok)
	return nil
}

func (a *aggregators) end(context.Context) error { return nil }

func (a *aggregators) result(group int) (rdf.Term, bool) { return a.list[group].Result() }
