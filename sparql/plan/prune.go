package plan

// prune sets Out of a node and those below it: the slots that are read above
// and that the node binds. Columns outside Out are not made.
func prune(n Node, need Set) {
	i := n.About()
	i.Out = i.Out.Union(need.Intersect(i.Maybe))
	need = i.Out
	switch n := n.(type) {
	case *Scan:
		prune(n.In, need.Union(places(n.Graph, n.S, n.P, n.O)))
	case *Path:
		prune(n.In, need.Union(places(n.Graph, n.S, n.O)))
	case *Service:
		prune(n.In, need.Union(setOf(n.Slots...)).Union(setOf(n.Endpoint.Slot)))
	case *HashJoin:
		need = need.Union(setOf(n.Keys...)).Union(setOf(n.Shared...))
		prune(n.Probe, need)
		prune(n.Build, need)
	case *Intersect:
		prune(n.In, need.Union(setOf(n.From...)))
		for i, list := range n.Lists {
			prune(list, setOf(n.From[i], n.Slot))
		}
	case *LeftHash:
		need = need.Union(setOf(n.Keys...)).Union(setOf(n.Shared...)).Union(uses(n.Cond))
		prune(n.L, need)
		prune(n.R, need)
	case *Apply:
		need = need.Union(uses(n.Cond))
		prune(n.R, need.Union(setOf(n.Seed.RowID)))
		prune(n.L, need.Union(n.Seed.Out))
	case *Union:
		for _, in := range n.In {
			prune(in, need)
		}
	case *Minus:
		shared := setOf(n.Keys...).Union(setOf(n.Shared...))
		prune(n.L, need.Union(shared))
		prune(n.R, shared)
	case *Filter:
		for _, c := range n.Conds {
			need = need.Union(c.Uses)
		}
		prune(n.In, need)
	case *Extend:
		for _, b := range n.Bindings {
			need = need.Union(b.Expr.Uses)
		}
		prune(n.In, need)
	default:
		pruneModifier(n, need)
	}
}

func pruneModifier(n Node, need Set) {
	switch n := n.(type) {
	case *Group:
		need = nil
		for _, k := range n.Keys {
			need = need.Union(k.Expr.Uses)
		}
		for _, a := range n.Aggregates {
			need = need.Union(uses(a.Arg)).Union(setOf(a.Visible...))
		}
		prune(n.In, need)
	case *OrderBy:
		for _, c := range n.Conditions {
			need = need.Union(c.Expr.Uses)
		}
		prune(n.In, need)
	case *Bar:
		prune(n.In, need.Union(n.Of.Conditions[0].Expr.Uses))
	case *Project:
		prune(n.In, need)
	case *Distinct:
		prune(n.In, need.Union(setOf(n.Slots...)))
	case *Slice:
		prune(n.In, need)
	}
}

func uses(x *Expr) Set {
	if x == nil {
		return nil
	}
	return x.Uses
}

func places(g Graph, at ...Place) Set {
	var s Set
	for _, p := range at {
		s = s.Union(setOf(p.Slot))
	}
	if g.Kind == GraphVar {
		s = s.Union(setOf(g.Slot))
	}
	return s
}
