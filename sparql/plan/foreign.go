package plan

import (
	"context"
	"slices"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
)

// What exec does not evaluate itself, its caller may: a whole pattern over the
// dataset, the pattern of an EXISTS for each tested solution, a pattern at
// another endpoint.

// orForeign translates a pattern, or leaves it to the caller if it is not
// covered. Only where the pattern means the same wherever it stands: neither
// inside EXISTS nor where GRAPH gives it one graph after another.
func (t *translator) orForeign(op algebra.Op, e env, translate func() logical) (out logical) {
	if !t.delegate || e.outer != nil || e.graph.kind == graphVar {
		return translate()
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			out = t.foreign(op, e)
		default:
			panic(r)
		}
	}()
	return translate()
}

func (t *translator) foreign(op algebra.Op, e env) logical {
	out := &foreign{op: op, names: algebra.InScope(op)}
	if e.graph.kind == graphConst {
		out.op = &algebra.Graph{Name: algebra.Node{Term: e.graph.name}, P: op}
	}
	for _, name := range out.names {
		slot := t.slot(e.scope, name)
		out.slots = append(out.slots, slot)
		out.maybe.add(slot)
	}
	switch op := op.(type) {
	case *algebra.PathPattern:
		out.certain = out.maybe
	case *algebra.Graph:
		if op.Name.IsVar() {
			out.certain = setOf(t.slot(e.scope, op.Name.Var))
		}
	}
	return out
}

func (p *planner) foreign(f *foreign) Node {
	return &Foreign{
		Info: Info{Rows: foreignRows, Cost: foreignRows * seekCost, Certain: f.certain, Maybe: f.maybe},
		Op:   f.op, Names: f.names, Slots: f.slots,
	}
}

// service translates SERVICE. Its pattern sees neither the active graph nor
// the solution that an EXISTS tests.
func (t *translator) service(op *algebra.Service, e env) logical {
	if e.outer != nil {
		t.refuse("SERVICE inside EXISTS")
	}
	out := &service{op: op, endpoint: t.place(e.scope, op.Endpoint)}
	for _, name := range algebra.InScope(op.P) {
		if name == op.Endpoint.Var {
			t.refuse("the variable of SERVICE is used inside it too")
		}
		slot := t.slot(e.scope, name)
		out.names = append(out.names, name)
		out.slots = append(out.slots, slot)
		out.maybe.add(slot)
	}
	return out
}

// joinService asks the endpoint for what the solutions so far leave open.
func (o *ordering) joinService(s *service) error {
	have := o.node.About()
	endpoint, err := o.p.place(s.endpoint)
	if err != nil {
		return err
	}
	out := &Service{In: o.node, Op: s.op, Endpoint: endpoint, Names: s.names, Slots: s.slots, Group: -1}
	if s.endpoint.IsVar() {
		out.Group = o.p.newSlot("endpoint")
	}
	out.Info = Info{
		Rows: max(have.Rows, 1) * serviceFanOut, Cost: have.Cost + (1+have.Rows/serviceBatch)*requestCost,
		Certain: have.Certain, Maybe: have.Maybe.Union(s.maybe),
	}
	o.node, o.sorted = out, -1
	for _, slot := range s.slots {
		o.know(slot, out.Rows)
	}
	return nil
}

// resolveExists resolves one EXISTS: by a plan, or by asking the caller for
// each tested solution.
func (t *translator) resolveExists(out *Expr, x *expr.Exists, in *bound, e env) (uses Set) {
	if !t.delegate {
		return t.planExists(out, x, in, e)
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			uses = t.askExists(out, x, in, e)
		default:
			panic(r)
		}
	}()
	return t.planExists(out, x, in, e)
}

func (t *translator) askExists(out *Expr, x *expr.Exists, in *bound, e env) Set {
	op, ok := x.Pattern.(algebra.Op)
	if !ok {
		t.refuse("EXISTS without a pattern")
	}
	tested, inner := t.tested(in, e)
	ask := &Ask{Op: op, Graph: graphTerm(e.graph), GraphSlot: -1}
	ex := &Exists{Pattern: x.Pattern, Ask: ask}
	for _, name := range algebra.Names(op) {
		if slot, ok := inner.names[name]; ok && tested.maybe.Has(slot) {
			ask.Names = append(ask.Names, name)
			ask.Slots = append(ask.Slots, slot)
			ex.shared.add(slot)
		}
	}
	if e.graph.kind == graphVar {
		ask.GraphSlot = e.graph.slot
		ex.shared.add(e.graph.slot)
	}
	ex.shared = slices.Clone(ex.shared)
	out.Exists = append(out.Exists, ex)
	return ex.shared
}

func graphTerm(g graphSpec) rdf.Term {
	if g.kind == graphConst {
		return g.name
	}
	return rdf.Term{}
}

// foreignNode plans what the caller evaluates, under a seed by a join.
func (p *planner) foreignNode(ctx context.Context, f *foreign, seed *Seed) (Node, error) {
	g := &group{}
	g.append(f)
	return p.group(ctx, g, seed)
}
