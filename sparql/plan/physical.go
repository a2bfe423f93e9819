package plan

import (
	"context"
	"fmt"
	"math"
	"slices"

	"nettwin/sparql/expr"
)

// plan makes the operators of a pattern. With a seed, they extend its
// solutions, which is right only where safeIn says so.
func (p *planner) plan(ctx context.Context, l logical, seed *Seed) (Node, error) {
	switch l := l.(type) {
	case *group:
		return p.group(ctx, l, seed)
	case *foreign:
		if seed == nil {
			return p.foreign(l), nil
		}
		return p.foreignNode(ctx, l, seed)
	case *quad, *path, *names, *values, *service:
		g := &group{}
		g.append(l)
		return p.group(ctx, g, seed)
	case *none:
		return newEmpty(l, seed), nil
	case *filter:
		in, err := p.plan(ctx, l.in, seed)
		if err != nil {
			return nil, err
		}
		return p.filterNode(ctx, in, l.cond)
	case *union:
		return p.union(ctx, l, seed)
	case *leftJoin:
		return p.leftJoin(ctx, l, seed)
	case *minus:
		return p.minus(ctx, l)
	case *extend:
		return p.extend(ctx, l, seed)
	case *inConst:
		_, ok, err := p.hasGraph(l.name)
		if err != nil {
			return nil, err
		}
		if !ok {
			return newEmpty(l, seed), nil
		}
		return p.plan(ctx, l.in, seed)
	}
	return p.modifier(ctx, l)
}

func newEmpty(l logical, seed *Seed) Node {
	out := &Empty{Info{Certain: l.vars().certain, Maybe: l.vars().maybe}}
	if seed != nil {
		out.Certain, out.Maybe = out.Certain.Union(seed.Certain), out.Maybe.Union(seed.Maybe)
	}
	return out
}

func isEmpty(n Node) bool {
	_, ok := n.(*Empty)
	return ok
}

// filterNode puts conditions on top of a node.
func (p *planner) filterNode(ctx context.Context, in Node, conds ...*Expr) (Node, error) {
	if len(conds) == 0 || isEmpty(in) {
		return in, nil
	}
	i := in.About()
	out := &Filter{Info: Info{Rows: i.Rows, Cost: i.Cost, Certain: i.Certain, Maybe: i.Maybe}, In: in}
	slices.SortStableFunc(conds, func(a, b *Expr) int { return min(len(a.Exists), 1) - min(len(b.Exists), 1) }) // cheap ones first
	for _, c := range conds {
		c, err := p.expr(ctx, c, i)
		if err != nil {
			return nil, err
		}
		if len(c.Exists) > 0 {
			out.Cost += out.Rows * existsCost
			out.Rows *= existsShare
		} else {
			out.Cost += out.Rows * filterCost
			out.Rows *= share(c.X)
		}
		out.Conds = append(out.Conds, c)
	}
	return out, nil
}

func share(x expr.Expr) float64 {
	if call, ok := x.(*expr.Call); ok && call.Name == "=" {
		return equalShare
	}
	return filterShare
}

// expr plans the EXISTS patterns of an expression over solutions as in. An
// expression may be planned several times, so each plan has its own copy.
func (p *planner) expr(ctx context.Context, x *Expr, in *Info) (*Expr, error) {
	if x == nil || len(x.Exists) == 0 {
		return x, nil
	}
	x = x.clone()
	for _, ex := range x.Exists {
		if ex.Ask != nil {
			ex.Shared = ex.shared
			continue
		}
		var err error
		ex.Seed = p.newSeed(in, ex.shared)
		if ex.Plan, err = p.plan(ctx, ex.logical, ex.Seed); err != nil {
			return nil, err
		}
		if scan, ok := ex.Plan.(*Scan); ok {
			scan.First = true
		}
		prune(ex.Plan, setOf(ex.Seed.RowID))
		ex.Shared = ex.Seed.Out.Minus(setOf(ex.Seed.RowID))
		x.Uses = x.Uses.Union(ex.Shared)
	}
	return x, nil
}

func (p *planner) newSeed(in *Info, shared Set) *Seed {
	s := &Seed{RowID: p.newSlot("row")}
	s.Rows = max(in.Rows, 1)
	s.Certain = in.Certain.Intersect(shared).Union(setOf(s.RowID))
	s.Maybe = in.Maybe.Intersect(shared).Union(setOf(s.RowID))
	return s
}

func (p *planner) union(ctx context.Context, l *union, seed *Seed) (Node, error) {
	out := &Union{}
	first := true
	for _, side := range []logical{l.l, l.r} {
		n, err := p.plan(ctx, side, seed)
		if err != nil {
			return nil, err
		}
		if isEmpty(n) {
			continue
		}
		branches := []Node{n}
		if inner, ok := n.(*Union); ok {
			branches = inner.In
		}
		i := n.About()
		out.Rows += i.Rows
		out.Cost += i.Cost
		out.Maybe = out.Maybe.Union(i.Maybe)
		if first {
			out.Certain = i.Certain
		} else {
			out.Certain = out.Certain.Intersect(i.Certain)
		}
		first = false
		out.In = append(out.In, branches...)
	}
	switch len(out.In) {
	case 0:
		return newEmpty(l, seed), nil
	case 1:
		return out.In[0], nil
	}
	return out, nil
}

// keysOf returns the slots that both sides always bind, and the others that
// both may.
func keysOf(l, r *Info) (keys, shared []int) {
	k := l.Certain.Intersect(r.Certain)
	return k.Slots(), l.Maybe.Intersect(r.Maybe).Minus(k).Slots()
}

// maxDepth bounds how deep patterns inside patterns are planned in two ways
// before one is taken unseen, so that planning stays polynomial.
const maxDepth = 3

// leftJoin chooses between evaluating the right side for the solutions of the
// left and evaluating it once by itself.
func (p *planner) leftJoin(ctx context.Context, l *leftJoin, seed *Seed) (Node, error) {
	left, err := p.plan(ctx, l.l, seed)
	if err != nil || isEmpty(left) {
		return left, err
	}
	p.depth++
	defer func() { p.depth-- }()
	safe := seed != nil || safeIn(l.r, left.About().Maybe)
	var apply, alone Node
	if safe {
		if apply, err = p.apply(ctx, left, l.r, true); err != nil {
			return nil, err
		}
	}
	if seed == nil && (!safe || p.depth <= maxDepth) {
		if alone, err = p.leftHash(ctx, left, l.r); err != nil {
			return nil, err
		}
	}
	out := apply
	if out == nil || alone != nil && p.guess(alone.About().Cost) < apply.About().Cost {
		out = alone
	}
	if out == left {
		return left, nil // the right side is empty; left may be a LeftJoin too
	}
	switch n := out.(type) {
	case *Apply:
		n.Cond, err = p.expr(ctx, l.cond, joinedInfo(left, n.R))
	case *LeftHash:
		n.Cond, err = p.expr(ctx, l.cond, joinedInfo(left, n.R))
	}
	return out, err
}

// joinedInfo is what the condition of a LeftJoin is evaluated on.
func joinedInfo(l, r Node) *Info {
	return &Info{
		Rows: l.About().Rows, Certain: l.About().Certain.Union(r.About().Certain), Maybe: l.About().Maybe.Union(r.About().Maybe),
	}
}

// apply evaluates r under the solutions of left.
func (p *planner) apply(ctx context.Context, left Node, r logical, optional bool) (Node, error) {
	i := left.About()
	seed := p.newSeed(i, reads(r))
	right, err := p.plan(ctx, r, seed)
	if err != nil {
		return nil, err
	}
	if isEmpty(right) {
		if optional {
			return left, nil
		}
		return newEmpty(r, nil), nil
	}
	ri := right.About()
	out := &Apply{L: left, R: right, Seed: seed, Left: optional}
	hidden := setOf(seed.RowID)
	out.Info = Info{
		Rows: ri.Rows, Cost: i.Cost + ri.Cost + (i.Rows+ri.Rows)*emitCost,
		Certain: i.Certain, Maybe: i.Maybe.Union(ri.Maybe.Minus(hidden)),
	}
	if optional {
		out.Rows = max(ri.Rows, i.Rows)
	} else {
		out.Certain = i.Certain.Union(ri.Certain.Minus(hidden))
	}
	return out, nil
}

func (p *planner) leftHash(ctx context.Context, left Node, r logical) (Node, error) {
	right, err := p.plan(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	if isEmpty(right) {
		return left, nil
	}
	i, ri := left.About(), right.About()
	out := &LeftHash{L: left, R: right}
	out.Keys, out.Shared = keysOf(i, ri)
	rows := i.Rows
	if len(out.Keys) == 0 {
		rows *= max(ri.Rows, 1)
	}
	out.Info = Info{
		Rows: rows, Cost: i.Cost + ri.Cost + hashCost(i.Rows, ri.Rows) + rows*emitCost,
		Certain: i.Certain, Maybe: i.Maybe.Union(ri.Maybe),
	}
	return out, nil
}

func (p *planner) minus(ctx context.Context, l *minus) (Node, error) {
	left, err := p.plan(ctx, l.l, nil)
	if err != nil || isEmpty(left) {
		return left, err
	}
	right, err := p.plan(ctx, l.r, nil)
	if err != nil || isEmpty(right) {
		return left, err
	}
	i, ri := left.About(), right.About()
	if i.Maybe.Intersect(ri.Maybe).Minus(l.ignore).Empty() {
		return left, nil // nothing shared, nothing removed
	}
	out := &Minus{L: left, R: right, Ignore: l.ignore}
	out.Keys, out.Shared = keysOf(i, ri)
	out.Info = Info{
		Rows: max(i.Rows*existsShare, 1), Cost: i.Cost + ri.Cost + hashCost(i.Rows, ri.Rows),
		Certain: i.Certain, Maybe: i.Maybe,
	}
	return out, nil
}

// extend gathers a chain of Extend: its expressions are evaluated solution by
// solution, so that BNODE("x") is one node in all of them (§17.4.2.9).
func (p *planner) extend(ctx context.Context, l *extend, seed *Seed) (Node, error) {
	chain := []*extend{l}
	for {
		inner, ok := chain[0].in.(*extend)
		if !ok {
			break
		}
		chain = append([]*extend{inner}, chain...)
	}
	in, err := p.plan(ctx, chain[0].in, seed)
	if err != nil {
		return nil, err
	}
	if isEmpty(in) {
		return newEmpty(l, seed), nil
	}
	i := in.About()
	out := &Extend{In: in}
	out.Info = Info{Rows: i.Rows, Cost: i.Cost + i.Rows*filterCost, Certain: i.Certain, Maybe: i.Maybe}
	for _, e := range chain {
		x, err := p.expr(ctx, e.expr, &out.Info)
		if err != nil {
			return nil, err
		}
		out.Bindings = append(out.Bindings, Binding{Slot: e.slot, Expr: x})
		out.Maybe = out.Maybe.Union(setOf(e.slot))
	}
	return out, nil
}

// modifier plans what has a sequence or groups for its value. It never runs
// under a seed.
func (p *planner) modifier(ctx context.Context, l logical) (Node, error) {
	ins := inputs(l)
	if len(ins) != 1 {
		return nil, fmt.Errorf("operator %T has no plan", l)
	}
	if g, ok := l.(*grouping); ok {
		if n, err := p.countQuads(ctx, g); n != nil || err != nil {
			return n, err
		}
	}
	if s, ok := l.(*slice); ok {
		s.tellTop()
	}
	in, err := p.plan(ctx, ins[0], nil)
	if err != nil {
		return nil, err
	}
	i := *in.About()
	info := Info{Rows: i.Rows, Cost: i.Cost, Certain: l.vars().certain, Maybe: l.vars().maybe}
	switch l := l.(type) {
	case *grouping:
		return p.grouping(ctx, l, in)
	case *orderBy:
		info.Cost += i.Rows * buildCost
		info.Certain, info.Maybe = i.Certain, i.Maybe
		out := &OrderBy{Info: info, In: in, Top: -1}
		for _, c := range l.conds {
			if c.Expr, err = p.expr(ctx, c.Expr, &i); err != nil {
				return nil, err
			}
			out.Conditions = append(out.Conditions, c)
		}
		return out, p.bar(ctx, l, out)
	case *project:
		kept := setOf(l.slots...)
		info.Certain, info.Maybe = i.Certain.Intersect(kept), i.Maybe.Intersect(kept)
		return &Project{Info: info, In: in, Slots: l.slots}, nil
	case *distinct:
		info.Certain, info.Maybe = i.Certain, i.Maybe
		info.Cost += i.Rows * buildCost
		return &Distinct{Info: info, In: in, Slots: l.slots}, nil
	case *slice:
		return newSlice(l, in, info), nil
	}
	return nil, fmt.Errorf("operator %T has no plan", l)
}

// newSlice limits a sequence, and the sort below it to what is asked for.
func newSlice(l *slice, in Node, info Info) Node {
	info.Certain, info.Maybe = in.About().Certain, in.About().Maybe
	out := &Slice{Info: info, In: in, Offset: l.offset, Limit: l.limit}
	out.Rows = max(out.Rows-float64(l.offset), 0)
	if l.limit < 0 {
		return out
	}
	out.Rows = min(out.Rows, float64(l.limit))
	below := in
	if project, ok := below.(*Project); ok {
		below = project.In
	}
	if sort, ok := below.(*OrderBy); ok && l.offset <= math.MaxInt64-l.limit {
		sort.Top = l.offset + l.limit
	}
	return out
}

func (p *planner) grouping(ctx context.Context, l *grouping, in Node) (Node, error) {
	i := in.About()
	out := &Group{In: in}
	out.Info = Info{Rows: 1, Cost: i.Cost + i.Rows*buildCost, Certain: l.certain, Maybe: l.maybe}
	if len(l.keys) > 0 {
		out.Rows = max(i.Rows*groupShare, 1)
	}
	var err error
	for _, k := range l.keys {
		if k.Expr, err = p.expr(ctx, k.Expr, i); err != nil {
			return nil, err
		}
		out.Keys = append(out.Keys, k)
	}
	for _, a := range l.aggs {
		if a.Arg, err = p.expr(ctx, a.Arg, i); err != nil {
			return nil, err
		}
		out.Aggregates = append(out.Aggregates, a)
	}
	return out, nil
}
