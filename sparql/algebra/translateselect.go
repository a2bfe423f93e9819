package algebra

import (
	"reflect"
	"slices"

	"nettwin/sparql/expr"
	"nettwin/sparql/syntax"
)

// selectQuery translates SELECT or a subquery (§18.2.4, §18.2.5) and returns
// the columns.
func (t *translator) selectQuery(pr *syntax.Projection, b *syntax.Body) (Op, []string) {
	vars := columns(pr, b)
	return t.solutions(&projection{clause: pr, vars: vars}, b), vars
}

// columns returns the names of the columns, each once.
func columns(pr *syntax.Projection, b *syntax.Body) []string {
	if pr.Star {
		return b.InScope()
	}
	var vars []string
	seen := map[string]bool{}
	for _, item := range pr.Items {
		if !seen[item.Var] {
			seen[item.Var] = true
			vars = append(vars, item.Var)
		}
	}
	return vars
}

// projection is a SELECT clause with its columns.
type projection struct {
	clause *syntax.Projection
	vars   []string
}

// grouping collects the aggregates of one query level (§18.2.4.1) while the
// expressions above its Group are translated.
type grouping struct {
	group *Group
	known map[string]bool // variables that a group's solution binds
	// aliases are the SELECT expressions whose names HAVING may use, where
	// the pattern has no such variable. The standard leaves such a name
	// unbound, so that nothing would pass; engines have it mean the column.
	aliases map[string]syntax.Expr
}

// solutions translates a query's pattern and everything above it. The
// projection is nil for forms other than SELECT.
func (t *translator) solutions(pr *projection, b *syntax.Body) Op {
	var op Op = unit()
	if b.Where != nil {
		op = t.group(b.Where)
	}
	var clause *syntax.Projection
	if pr != nil {
		clause = pr.clause
	}
	var level *grouping
	if syntax.IsGrouped(clause, b) {
		level = t.grouping(op, b)
		op = level.group
	}
	op = filter(t.having(clause, b, level), op)
	if b.Values != nil {
		op = join(op, table(b.Values))
		level.know(b.Values.Vars...)
	}
	if clause != nil {
		op = t.extend(op, clause.Items, level)
	}
	return modifiers(t.orderBy(op, b.OrderBy, level), pr, b)
}

func (t *translator) having(clause *syntax.Projection, b *syntax.Body, level *grouping) (conditions []expr.Expr) {
	if len(b.Having) == 0 {
		return nil
	}
	if level != nil && clause != nil && b.Where != nil {
		level.aliases = map[string]syntax.Expr{}
		for _, item := range clause.Items {
			if item.Expr != nil && !slices.Contains(b.Where.InScope(), item.Var) {
				level.aliases[item.Var] = item.Expr
			}
		}
	}
	for _, e := range b.Having {
		conditions = append(conditions, t.expr(e, level))
	}
	if level != nil {
		level.aliases = nil
	}
	return conditions
}

// grouping begins a Group over the pattern of a query.
func (t *translator) grouping(op Op, b *syntax.Body) *grouping {
	level := &grouping{group: &Group{P: op}, known: map[string]bool{}}
	for _, k := range b.GroupBy {
		name := k.Name()
		if level.known[name] {
			continue
		}
		if name == "" {
			name = t.fresh("k")
		}
		level.know(name)
		level.group.Keys = append(level.group.Keys, Binding{Var: name, Expr: t.expr(k.Expr, nil)})
	}
	return level
}

func (g *grouping) know(names ...string) {
	if g == nil {
		return
	}
	for _, n := range names {
		g.known[n] = true
	}
}

// aggregate adds an aggregate to the Group, unless it is there already, and
// returns what stands for it.
func (g *grouping) aggregate(a Aggregate) expr.Expr {
	for _, known := range g.group.Aggregates {
		same := known
		same.Var = a.Var
		if reflect.DeepEqual(same, a) && (a.Arg == nil || steady(a.Arg)) {
			return &expr.Var{Name: known.Var}
		}
	}
	g.group.Aggregates = append(g.group.Aggregates, a)
	return &expr.Var{Name: a.Var}
}

// extend adds the SELECT expressions (§18.2.4.4). Later ones see earlier ones.
func (t *translator) extend(op Op, items []syntax.SelectItem, level *grouping) Op {
	for _, item := range items {
		if item.Expr == nil {
			continue
		}
		op = &Extend{P: op, Var: item.Var, Expr: t.expr(item.Expr, level)}
		level.know(item.Var)
	}
	return op
}

// steady tells whether an expression gives the same value whenever it is
// evaluated on one solution.
func steady(x expr.Expr) bool {
	steady := true
	WalkExpr(x, func(x expr.Expr) bool {
		call, ok := x.(*expr.Call)
		steady = steady && (!ok || call.Fn == nil || call.Fn.Deterministic)
		return steady
	})
	return steady
}

func (t *translator) orderBy(op Op, keys []syntax.OrderKey, level *grouping) Op {
	if len(keys) == 0 {
		return op
	}
	o := &OrderBy{P: op}
	for _, k := range keys {
		o.Conditions = append(o.Conditions, OrderCondition{Expr: t.expr(k.Expr, level), Descending: k.Descending})
	}
	return o
}

// modifiers adds projection, distinctness and slice, in the order of §18.2.5.
func modifiers(op Op, pr *projection, b *syntax.Body) Op {
	if pr != nil {
		op = &Project{Vars: pr.vars, P: op}
		switch {
		case pr.clause.Distinct:
			op = &Distinct{P: op}
		case pr.clause.Reduced:
			op = &Reduced{P: op}
		}
	}
	if b.Offset > 0 || b.Limit != syntax.NoLimit {
		op = &Slice{Offset: b.Offset, Limit: b.Limit, P: op}
	}
	return op
}
