package exec

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
)

// concats is GROUP_CONCAT (SPARQL 1.1 §18.5.1.7): the STR of its values, one
// text for each group. All texts are part of the answer and have to have room.
type concats struct {
	x         *execution
	eval      *evaluator
	separator string
	groups    []concat
}

type concat struct {
	text   []byte
	some   bool
	failed bool
}

const (
	concatBytes    = 32
	leastTextBytes = 32
)

func (a *concats) grow(n int) error {
	if n <= len(a.groups) {
		return nil
	}
	if err := a.x.budget.grow(int64(n-len(a.groups)) * concatBytes); err != nil {
		return err
	}
	a.groups = append(a.groups, make([]concat, n-len(a.groups))...)
	return nil
}

func (a *concats) add(ctx context.Context, c *chunk, sel []int32, number []int32) error {
	return a.x.eachValue(ctx, a.eval, c, sel, number, a.give)
}

// give appends a value. Errors: *results.LimitError, also for a text longer
// than any string may be.
func (a *concats) give(group int32, t rdf.Term, ok bool) error {
	g := &a.groups[group]
	if g.failed || !ok || t.IsBNode() || t.IsTriple() {
		a.x.budget.shrink(int64(cap(g.text)))
		g.failed, g.text = true, nil
		return nil
	}
	more := len(t.Value())
	if g.some {
		more += len(a.separator)
	}
	if err := a.makeRoom(g, more); err != nil {
		return err
	}
	if g.some {
		g.text = append(g.text, a.separator...)
	}
	g.text, g.some = append(g.text, t.Value()...), true
	return nil
}

// makeRoom makes room for so many bytes more.
func (a *concats) makeRoom(g *concat, more int) error {
	need := len(g.text) + more
	if need <= cap(g.text) {
		return nil
	}
	if need > expr.MaxStringBytes {
		return &results.LimitError{Limit: "string", Value: fmt.Sprintf("%d bytes for one GROUP_CONCAT", expr.MaxStringBytes)}
	}
	size := max(need, min(2*cap(g.text), expr.MaxStringBytes), leastTextBytes)
	err := a.x.budget.grow(int64(size))
	if err != nil && size > need {
		size = need
		err = a.x.budget.grow(int64(size))
	}
	if err != nil {
		return err
	}
	before := cap(g.text)
	g.text = append(make([]byte, 0, size), g.text...)
	a.x.budget.shrink(int64(before))
	return nil
}

func (a *concats) end(context.Context) error { return nil }

// result gives the text away: it is counted as a term from now on.
func (a *concats) result(group int) (rdf.Term, bool) {
	g := &a.groups[group]
	out := rdf.String(string(g.text))
	a.x.budget.shrink(int64(cap(g.text)))
	g.text = nil
	return out, !g.failed
}

// distinctValues gives each value of a group to an aggregate once. Values are
// told apart by their ids, so that those which have no room go to files.
type distinctValues struct {
	inner valueAccumulator
	x     *execution
	eval  *evaluator
	slot  int // of a mere variable; -1: another expression
	seen  *tupleSet
	key   [2]graph.TermID
}

// valueAccumulator is an accumulator that takes values one by one too.
type valueAccumulator interface {
	accumulator
	give(group int32, t rdf.Term, ok bool) error
	argument() *evaluator
}

func (a *concats) argument() *evaluator     { return a.eval }
func (a *aggregators) argument() *evaluator { return a.eval }

// distinctly puts a distinctValues before an accumulator, if the aggregate is
// DISTINCT.
func (x *execution) distinctly(a plan.Aggregate, slot int, inner valueAccumulator) accumulator {
	if !a.Distinct {
		return inner
	}
	return &distinctValues{inner: inner, x: x, eval: inner.argument(), slot: slot, seen: x.newTupleSet(2)}
}

func (a *distinctValues) grow(n int) error { return a.inner.grow(n) }

func (a *distinctValues) add(ctx context.Context, c *chunk, sel []int32, number []int32) error {
	if a.slot < 0 {
		return a.x.eachValue(ctx, a.eval, c, sel, number, a.give)
	}
	for i, row := range sel {
		if i%rowsPerCheck == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		if err := a.insert(number[row], c.at(a.slot, int(row))); err != nil {
			return err
		}
	}
	return nil
}

// give takes a value; errors are not told apart.
func (a *distinctValues) give(group int32, t rdf.Term, ok bool) error {
	if !ok {
		return a.inner.give(group, t, false)
	}
	id, err := a.x.terms.id(t)
	if err != nil {
		return err
	}
	return a.insert(group, id)
}

func (a *distinctValues) insert(group int32, id graph.TermID) error {
	if id == graph.None {
		return a.inner.give(group, rdf.Term{}, false)
	}
	a.key = [2]graph.TermID{graph.TermID(group), id}
	added, err := a.seen.insert(a.key[:])
	if err != nil || !added {
		return err
	}
	return a.pass(a.key[:])
}

// pass gives the value of a tuple on.
func (a *distinctValues) pass(key []graph.TermID) error {
	t, err := a.x.terms.term(key[1])
	if err != nil {
		return err
	}
	return a.inner.give(int32(key[0]), t, true)
}

func (a *distinctValues) end(ctx context.Context) error {
	if err := a.seen.rest(ctx, a.pass); err != nil {
		return err
	}
	return a.inner.end(ctx)
}

func (a *distinctValues) result(group int) (rdf.Term, bool) { return a.inner.result(group) }
