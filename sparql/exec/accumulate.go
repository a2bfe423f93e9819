package exec

import (
	"context"
	"math"
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
	general := &aggregators{x: x, a: a, eval: eval}
	if isVar && !a.Distinct {
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
	return a.seen.rest(ctx, func(key []graph.TermID) { a.n[key[0]]++ })
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

// aggregators computes any aggregate, term by term.
type aggregators struct {
	x    *execution
	a    plan.Aggregate
	eval *evaluator
	list []expr.Aggregator
}

const aggregatorBytes = 160

func (a *aggregators) grow(n int) error {
	if n <= len(a.list) {
		return nil
	}
	err := a.x.budget.grow(int64(n-len(a.list)) * aggregatorBytes)
	for len(a.list) < n {
		a.list = append(a.list, expr.NewAggregator(a.a.Func, a.a.Distinct, a.a.Separator))
	}
	return err
}

func (a *aggregators) add(ctx context.Context, c *chunk, sel []int32, number []int32) error {
	if err := a.eval.begin(ctx, c, sel); err != nil {
		return err
	}
	for _, row := range sel {
		if err := a.addRow(row, number[row]); err != nil {
			return err
		}
	}
	return nil
}

func (a *aggregators) addRow(row, group int32) error {
	a.x.exprs.NewSolution()
	t, ok, err := a.eval.value(row)
	if err != nil {
		return err
	}
	if a.a.Distinct || a.a.Func == "GROUP_CONCAT" { // these keep what they are given
		if err := a.x.budget.grow(int64(len(t.Value())) + idBytes); err != nil {
			return err
		}
	}
	a.list[group].Add(t, ok)
	return nil
}

func (a *aggregators) end(context.Context) error { return nil }

func (a *aggregators) result(group int) (rdf.Term, bool) { return a.list[group].Result() }

// integerSums is SUM and AVG of a variable: as long as a group has had only
// inlined integers, they are added as such.
type integerSums struct {
	*aggregators
	slot    int
	average bool
	groups  []integerSum
}

type integerSum struct {
	sum, n  int64
	general bool // the aggregator has taken over
}

const integerSumBytes = 24

func (a *integerSums) grow(n int) error {
	if n <= len(a.groups) {
		return nil
	}
	err := a.x.budget.grow(int64(n-len(a.groups)) * integerSumBytes)
	a.groups = append(a.groups, make([]integerSum, n-len(a.groups))...)
	for len(a.list) < n {
		a.list = append(a.list, nil)
	}
	return err
}

func (a *integerSums) add(ctx context.Context, c *chunk, sel []int32, number []int32) error {
	if err := a.eval.begin(ctx, c, sel); err != nil {
		return err
	}
	for _, row := range sel {
		g := &a.groups[number[row]]
		if !g.general {
			n, ok := c.at(a.slot, int(row)).Integer()
			if ok && !(n > 0 && g.sum > math.MaxInt64-n || n < 0 && g.sum < math.MinInt64-n) {
				g.sum += n
				g.n++
				continue
			}
			a.takeOver(int(number[row]))
		}
		if err := a.addRow(row, number[row]); err != nil {
			return err
		}
	}
	return nil
}

// takeOver gives what a group has so far to its aggregator: one value that is
// the sum, and zeros, which change nothing but the number of values.
func (a *integerSums) takeOver(group int) {
	g := &a.groups[group]
	g.general = true
	agg := expr.NewAggregator(a.a.Func, false, "")
	a.list[group] = agg
	if g.n > 0 {
		agg.Add(integerTerm(g.sum), true)
	}
	zero := integerTerm(0)
	for i := int64(1); a.average && i < g.n; i++ {
		agg.Add(zero, true)
	}
}

func (a *integerSums) result(group int) (rdf.Term, bool) {
	g := a.groups[group]
	switch {
	case g.general:
		return a.list[group].Result()
	case !a.average || g.n == 0:
		return integerTerm(g.sum), true
	}
	return expr.Lookup("/").Eval(a.x.exprs, []rdf.Term{integerTerm(g.sum), integerTerm(g.n)})
}

// extremes is MIN and MAX of a variable: inlined integers are compared as
// such, until a group has another value.
type extremes struct {
	*aggregators
	slot   int
	max    bool
	groups []extreme
}

type extreme struct {
	best    int64
	some    bool
	general bool
}

func (a *extremes) grow(n int) error {
	if n <= len(a.groups) {
		return nil
	}
	err := a.x.budget.grow(int64(n-len(a.groups)) * integerSumBytes)
	a.groups = append(a.groups, make([]extreme, n-len(a.groups))...)
	for len(a.list) < n {
		a.list = append(a.list, nil)
	}
	return err
}

func (a *extremes) add(ctx context.Context, c *chunk, sel []int32, number []int32) error {
	if err := a.eval.begin(ctx, c, sel); err != nil {
		return err
	}
	for _, row := range sel {
		g := &a.groups[number[row]]
		if !g.general {
			if n, ok := c.at(a.slot, int(row)).Integer(); ok {
				if !g.some || (n > g.best) == a.max && n != g.best {
					g.best = n
				}
				g.some = true
				continue
			}
			g.general = true
			a.list[number[row]] = expr.NewAggregator(a.a.Func, false, "")
			if g.some {
				a.list[number[row]].Add(integerTerm(g.best), true)
			}
		}
		if err := a.addRow(row, number[row]); err != nil {
			return err
		}
	}
	return nil
}

func (a *extremes) result(group int) (rdf.Term, bool) {
	g := a.groups[group]
	switch {
	case g.general:
		return a.list[group].Result()
	case !g.some:
		return expr.NewAggregator(a.a.Func, false, "").Result()
	}
	return integerTerm(g.best), true
}
