package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// ErrNotCovered: the query has an operator, or a use of one, that exec does
// not evaluate; another evaluator must.
var ErrNotCovered = errors.New("plan: query is not covered")

// Covers tells whether a query can be planned, whatever the data.
func Covers(q *algebra.Query) bool {
	_, err := translate(q, false)
	return err == nil
}

// translator is the first phase. Its methods panic with a refusal, which
// translate recovers.
type translator struct {
	slots    []string // name of each slot, for EXPLAIN
	delegate bool     // what is not covered may be left to the caller of exec
}

type refusal struct{ reason string }

func (t *translator) refuse(reason string) { panic(refusal{reason}) }

// scope maps the names of one scope to slots.
type scope struct{ names map[string]int }

func (t *translator) newSlot(name string) int {
	t.slots = append(t.slots, name)
	return len(t.slots) - 1
}

func (t *translator) slot(s *scope, name string) int {
	slot, ok := s.names[name]
	if !ok {
		slot = t.newSlot(name)
		s.names[name] = slot
	}
	return slot
}

// env is what an operator is translated under.
type env struct {
	scope    *scope
	graph    graphSpec
	hidden   Set    // slots of graphs, bound only when GRAPH is left (§18.6)
	outer    *outer // inside EXISTS
	optional bool   // on the right of an OPTIONAL inside EXISTS
}

// translated is the outcome of the first phase.
type translated struct {
	root  logical
	scope *scope
	slots []string
}

func translate(q *algebra.Query, delegate bool) (out *translated, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			out, err = nil, fmt.Errorf("%w: %s", ErrNotCovered, r.reason)
		default:
			panic(r)
		}
	}()
	t := &translator{delegate: delegate}
	top := &scope{names: map[string]int{}}
	var root logical = &group{}
	if q.Op != nil {
		root = t.op(q.Op, env{scope: top})
	}
	for _, name := range q.Vars {
		t.slot(top, name)
	}
	for _, n := range q.Describe {
		t.place(top, n)
	}
	for _, p := range q.Template {
		t.template(top, p.TriplePattern)
	}
	return &translated{root: root, scope: top, slots: t.slots}, nil
}

// template gives the variables of a template's triple their slots.
func (t *translator) template(s *scope, p algebra.TriplePattern) {
	for _, n := range [3]algebra.Node{p.S, p.P, p.O} {
		if n.Triple != nil {
			t.template(s, *n.Triple)
		} else {
			t.place(s, n)
		}
	}
}

func (t *translator) place(s *scope, n algebra.Node) Pos {
	if n.IsVar() {
		return Pos{Slot: t.slot(s, n.Var)}
	}
	return Pos{Slot: -1, Term: n.Term}
}

func (t *translator) places(s *scope, subject, predicate, object algebra.Node) [3]Pos {
	return [3]Pos{t.place(s, subject), t.place(s, predicate), t.place(s, object)}
}

func (t *translator) op(op algebra.Op, e env) logical {
	switch op := op.(type) {
	case *algebra.BGP:
		return t.bgp(op, e)
	case *algebra.PathPattern:
		return t.orForeign(op, e, func() logical { return t.path(op.S, op.Path, op.O, e) })
	case *algebra.Join:
		return join(t.op(op.L, e), t.op(op.R, e))
	case *algebra.LeftJoin:
		return t.leftJoin(op, e)
	case *algebra.Union:
		return newUnion(t.op(op.L, e), t.op(op.R, e))
	case *algebra.Minus:
		return t.minus(op, e)
	case *algebra.Filter:
		return t.filter(op, e)
	case *algebra.Graph:
		return t.orForeign(op, e, func() logical { return t.graph(op, e) })
	case *algebra.Extend:
		return t.extend(op, e)
	case *algebra.Table:
		return t.table(op, e)
	case *algebra.Service:
		return t.service(op, e)
	}
	return t.modifier(op, e)
}

func (t *translator) bgp(op *algebra.BGP, e env) logical {
	var out logical = &group{}
	for _, p := range op.Patterns {
		at := t.places(e.scope, p.S, p.P, p.O)
		out = join(out, newQuad(at[0], at[1], at[2], e))
	}
	return out
}

func (t *translator) leftJoin(op *algebra.LeftJoin, e env) logical {
	l := t.inGraph(t.op(op.L, e), e)
	right := e
	right.optional = e.outer != nil
	r := t.op(op.R, right)
	out := &leftJoin{l: l, r: r}
	out.certain = l.vars().certain
	out.maybe = l.vars().maybe.Union(r.vars().maybe)
	if op.Expr != nil {
		// The condition is evaluated on joined solutions.
		joined := &bound{certain: l.vars().certain.Union(r.vars().certain), maybe: out.maybe}
		out.cond = t.resolve(op.Expr, joined, e)
	}
	return out
}

func (t *translator) minus(op *algebra.Minus, e env) logical {
	if e.outer != nil {
		t.refuse("MINUS inside EXISTS")
	}
	l, r := t.inGraph(t.op(op.L, e), e), t.op(op.R, e)
	return &minus{bound: *l.vars(), l: l, r: r, ignore: e.hidden}
}

func (t *translator) filter(op *algebra.Filter, e env) logical {
	in := t.op(op.P, e)
	if hasExists(op.Expr) {
		in = t.inGraph(in, e)
	}
	for _, c := range conjuncts(op.Expr) {
		in = addFilter(in, t.resolve(c, in.vars(), e))
	}
	return in
}

func hasExists(x expr.Expr) bool {
	found := false
	algebra.WalkExpr(x, func(x expr.Expr) bool {
		_, is := x.(*expr.Exists)
		found = found || is
		return !found
	})
	return found
}

// inGraph makes sure that, under GRAPH ?g, solutions say which graph they are
// of.
func (t *translator) inGraph(l logical, e env) logical {
	if e.graph.kind != graphVar || l.vars().certain.Has(e.graph.slot) {
		return l
	}
	return join(newNames(e.graph.slot), l)
}

func newNames(slot int) logical {
	s := setOf(slot)
	return &names{bound: bound{certain: s, maybe: s}, slot: slot}
}

func (t *translator) graph(op *algebra.Graph, e env) logical {
	inner := e
	if !op.Name.IsVar() {
		inner.graph = graphSpec{kind: graphConst, name: op.Name.Term}
		in := t.op(op.P, inner)
		if implies(in, op.Name.Term) {
			return in
		}
		return &inConst{bound: *in.vars(), name: op.Name.Term, in: in}
	}
	algebra.Walk(op.P, func(inner algebra.Op) bool {
		used := inner == op.P && slices.Contains(algebra.InScope(inner), op.Name.Var)
		if m, ok := inner.(*algebra.Minus); ok { // its variables do not leave it
			used = used || slices.Contains(algebra.InScope(m.R), op.Name.Var)
		}
		if used {
			t.refuse("the variable of GRAPH is used inside it too")
		}
		return true
	})
	slot := t.slot(e.scope, op.Name.Var)
	inner.graph = graphSpec{kind: graphVar, slot: slot}
	inner.hidden = e.hidden.Union(setOf(slot))
	return t.inGraph(t.op(op.P, inner), inner)
}

func (t *translator) extend(op *algebra.Extend, e env) logical {
	in := t.op(op.P, e)
	slot := t.slot(e.scope, op.Var)
	if e.outer != nil && e.outer.maybe.Has(slot) {
		t.refuse("BIND inside EXISTS to a variable of the tested solution")
	}
	if in.vars().maybe.Has(slot) {
		t.refuse("BIND to a variable that is in scope")
	}
	x := t.resolve(op.Expr, in.vars(), e)
	if len(x.Exists) > 0 {
		in = t.inGraph(in, e)
	}
	return &extend{bound: bound{certain: in.vars().certain, maybe: in.vars().maybe.Union(setOf(slot))}, in: in, slot: slot, expr: x}
}

func (t *translator) table(op *algebra.Table, e env) logical {
	if len(op.Vars) == 0 && len(op.Rows) == 1 {
		return &group{}
	}
	v := &values{rows: op.Rows}
	for i, name := range op.Vars {
		slot := t.slot(e.scope, name)
		v.slots = append(v.slots, slot)
		v.maybe = v.maybe.Union(setOf(slot))
		full := true
		for _, row := range op.Rows {
			full = full && !row[i].IsZero()
		}
		if full {
			v.certain = v.certain.Union(setOf(slot))
		}
	}
	if e.outer != nil && e.optional && v.maybe.Meets(e.outer.maybe) {
		t.refuse("VALUES inside OPTIONAL inside EXISTS for a variable of the tested solution")
	}
	return v
}

func (t *translator) modifier(op algebra.Op, e env) logical {
	if e.outer != nil {
		t.refuse("subquery inside EXISTS")
	}
	switch op := op.(type) {
	case *algebra.Group:
		return t.grouping(op, e)
	case *algebra.OrderBy:
		return t.orderBy(op, e)
	case *algebra.Project:
		return t.project(op, e)
	case *algebra.Distinct:
		return t.distinct(op.P, e)
	case *algebra.Reduced:
		return t.distinct(op.P, e)
	case *algebra.Slice:
		if e.graph.kind == graphVar {
			t.refuse("LIMIT or OFFSET under GRAPH with a variable")
		}
		in := t.op(op.P, e)
		return &slice{bound: *in.vars(), in: in, offset: max(op.Offset, 0), limit: op.Limit}
	}
	t.refuse(fmt.Sprintf("operator %T", op))
	return nil
}

// grouping translates Group. Its pattern has a scope of its own, for nothing
// but keys and aggregates leaves it.
func (t *translator) grouping(op *algebra.Group, e env) logical {
	if e.graph.kind == graphVar {
		t.refuse("GROUP BY under GRAPH with a variable")
	}
	inner := env{scope: &scope{names: map[string]int{}}, graph: e.graph}
	in := t.op(op.P, inner)
	out := &grouping{in: in}
	for _, k := range op.Keys {
		x := t.resolve(k.Expr, in.vars(), inner)
		slot := t.slot(e.scope, k.Var)
		out.keys = append(out.keys, Binding{Slot: slot, Expr: x})
		if v, ok := k.Expr.(*expr.Var); ok {
			if from, ok := x.Slots[v.Name]; ok && in.vars().certain.Has(from) {
				out.certain = out.certain.Union(setOf(slot))
			}
		}
		out.maybe = out.maybe.Union(setOf(slot))
	}
	for _, a := range op.Aggregates {
		agg := Aggregate{Slot: t.slot(e.scope, a.Var), Func: a.Func, Distinct: a.Distinct, Separator: a.Separator}
		if a.Arg != nil {
			agg.Arg = t.resolve(a.Arg, in.vars(), inner)
		} else if a.Distinct {
			agg.Visible = visible(inner.scope, in.vars().maybe)
		}
		if a.Func == "COUNT" {
			out.certain = out.certain.Union(setOf(agg.Slot))
		}
		out.maybe = out.maybe.Union(setOf(agg.Slot))
		out.aggs = append(out.aggs, agg)
	}
	return out
}

// visible lists the slots of variables, without those that stand for blank
// nodes of the query.
func visible(s *scope, have Set) []int {
	var out Set
	for name, slot := range s.names {
		if have.Has(slot) && !strings.HasPrefix(name, algebra.BNodePrefix) {
			out.add(slot)
		}
	}
	return out.Slots()
}

func (t *translator) orderBy(op *algebra.OrderBy, e env) logical {
	in := t.inGraph(t.op(op.P, e), e)
	out := &orderBy{bound: *in.vars(), in: in}
	for _, c := range op.Conditions {
		out.conds = append(out.conds, OrderCondition{Expr: t.resolve(c.Expr, in.vars(), e), Descending: c.Descending})
	}
	return out
}

// project translates Project. Variables that it does not keep are others than
// those of the same name outside.
func (t *translator) project(op *algebra.Project, e env) logical {
	inner := e
	inner.scope = &scope{names: map[string]int{}}
	var kept Set
	out := &project{}
	for _, name := range op.Vars {
		slot := t.slot(e.scope, name)
		if e.hidden.Has(slot) {
			t.refuse("subquery that projects the variable of GRAPH around it")
		}
		inner.scope.names[name] = slot
		out.slots = append(out.slots, slot)
		kept.add(slot)
	}
	out.in = t.inGraph(t.op(op.P, inner), inner)
	if e.graph.kind == graphVar {
		kept = kept.Union(setOf(e.graph.slot))
		out.slots = append(out.slots, e.graph.slot)
	}
	out.certain, out.maybe = out.in.vars().certain.Intersect(kept), out.in.vars().maybe.Intersect(kept)
	return out
}

func (t *translator) distinct(p algebra.Op, e env) logical {
	in := t.inGraph(t.op(p, e), e)
	return &distinct{bound: *in.vars(), in: in, slots: in.vars().maybe.Slots()}
}
