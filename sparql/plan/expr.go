package plan

import (
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// Expr is an expression with the slots of its variables. A variable that is
// not in Slots is never bound where the expression stands.
type Expr struct {
	X      expr.Expr
	Slots  map[string]int
	Uses   Set // slots that it reads, by EXISTS patterns too
	Exists []*Exists
}

// Exists is the pattern of one EXISTS. Plan is evaluated on the solutions that
// Seed yields, which are those to be tested; RowID carries their numbers.
type Exists struct {
	Pattern any // the pattern as the expression has it
	Plan    Node
	Seed    *Seed
	Shared  Set  // slots of the tested solution that Plan reads
	Ask     *Ask // if set, in the place of Plan and Seed

	logical logical
	shared  Set // slots of the tested solution that the pattern has to do with
}

// Ask is the pattern of an EXISTS that exec leaves to its caller, with the
// variables of the tested solution that it has to do with. The active graph is
// Graph, zero for the default graph, or the value of GraphSlot if that is >= 0.
type Ask struct {
	Op        algebra.Op
	Names     []string
	Slots     []int
	Graph     rdf.Term
	GraphSlot int
}

// outer is what an EXISTS pattern knows of the solution that it tests.
type outer struct {
	bound
	scope *scope
}

// resolve finds the slots of an expression over solutions with the given
// variables. Names that these do not have refer to the solution that an
// enclosing EXISTS tests, if any.
func (t *translator) resolve(x expr.Expr, in *bound, e env) *Expr {
	out := &Expr{X: x, Slots: map[string]int{}}
	out.Uses = t.resolveInto(out, x, in, e)
	return out
}

func (t *translator) resolveInto(out *Expr, x expr.Expr, in *bound, e env) (uses Set) {
	algebra.WalkExpr(x, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Var:
			uses = uses.Union(t.resolveName(out, x.Name, in, e))
		case *expr.Bound:
			uses = uses.Union(t.resolveName(out, x.Name, in, e))
		case *expr.Exists:
			uses = uses.Union(t.resolveExists(out, x, in, e))
		}
		return true
	})
	return uses
}

func (t *translator) resolveName(out *Expr, name string, in *bound, e env) Set {
	slot, ok := e.scope.names[name]
	if ok && in.maybe.Has(slot) && !e.hidden.Has(slot) {
		out.Slots[name] = slot
		return setOf(slot)
	}
	if e.outer == nil {
		return nil
	}
	slot, ok = e.outer.scope.names[name]
	if !ok || !e.outer.maybe.Has(slot) {
		return nil
	}
	if !e.outer.certain.Has(slot) {
		t.refuse("EXISTS reads a variable that the tested solution may not bind")
	}
	out.Slots[name] = slot
	return setOf(slot)
}

// planExists translates the pattern of an EXISTS. Its variables are those
// of the tested solution where that has them, and its own elsewhere.
func (t *translator) planExists(out *Expr, x *expr.Exists, in *bound, e env) Set {
	op, ok := x.Pattern.(algebra.Op)
	if !ok {
		t.refuse("EXISTS without a pattern")
	}
	tested, inner := t.tested(in, e)
	l := t.op(op, env{scope: inner, graph: e.graph, hidden: e.hidden, outer: tested})
	if !safeIn(l, nil) {
		t.refuse("EXISTS over a pattern that is not evaluated under given solutions")
	}
	ex := &Exists{Pattern: x.Pattern, logical: l}
	ex.shared = reads(l).Intersect(tested.maybe)
	if e.graph.kind == graphVar {
		ex.shared = ex.shared.Union(setOf(e.graph.slot))
	}
	out.Exists = append(out.Exists, ex)
	return ex.shared
}

// tested returns what the pattern of an EXISTS over solutions with the given
// variables knows of them, and the scope that it begins with.
func (t *translator) tested(in *bound, e env) (tested *outer, inner *scope) {
	tested = &outer{bound: *in, scope: &scope{names: map[string]int{}}}
	inner = &scope{names: map[string]int{}}
	share := func(from *scope, have Set) {
		for name, slot := range from.names {
			if _, taken := tested.scope.names[name]; !taken && have.Has(slot) && !e.hidden.Has(slot) {
				tested.scope.names[name] = slot
				inner.names[name] = slot
			}
		}
	}
	share(e.scope, in.maybe)
	if e.outer != nil {
		share(e.outer.scope, e.outer.maybe)
		tested.maybe = tested.maybe.Union(e.outer.maybe)
		tested.certain = tested.certain.Union(e.outer.certain)
	}
	return tested, inner
}

// clone copies an expression so that it can stand in two places of a plan.
func (x *Expr) clone() *Expr {
	out := *x
	out.Exists = nil
	for _, ex := range x.Exists {
		out.Exists = append(out.Exists, &Exists{Pattern: ex.Pattern, logical: ex.logical, shared: ex.shared, Ask: ex.Ask})
	}
	return &out
}

// conjuncts splits an expression at &&. A filter keeps a solution if all of
// them are true, for && is true only then (§17.2).
func conjuncts(x expr.Expr) []expr.Expr {
	and, ok := x.(*expr.And)
	if !ok {
		return []expr.Expr{x}
	}
	return append(conjuncts(and.L), conjuncts(and.R)...)
}

// steadyValue tells whether an expression gives the same value whenever it is
// evaluated under the same solution.
func steadyValue(x expr.Expr) bool {
	steady := true
	algebra.WalkExpr(x, func(x expr.Expr) bool {
		if call, ok := x.(*expr.Call); ok && call.Fn != nil && !call.Fn.Deterministic && call.Fn.Name != "NOW" {
			steady = false
		}
		return steady
	})
	return steady
}
