package exec

import (
	"context"
	"math"

	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
)

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
