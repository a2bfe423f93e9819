package syntax

import "fmt"

// checker enforces the static rules that need the whole tree: the scope of
// variables and the use of aggregates (§18.2.1, §19.8 notes). It panics with
// a *SyntaxError as the parser does.
type checker struct{ update bool }

func (c *checker) fail(pos Pos, code Code, format string, args ...any) {
	panic(&SyntaxError{Pos: pos, Code: code, Update: c.update, Msg: fmt.Sprintf(format, args...)})
}

func (c *checker) query(q *Query) {
	if q.Form == FormSelect {
		c.body(&q.Projection, &q.Body)
		return
	}
	c.body(nil, &q.Body)
}

func (c *checker) updateRequest(u *Update) {
	for _, op := range u.Operations {
		if m, ok := op.(*Modify); ok {
			c.group(m.Where)
		}
	}
}

// group checks a group and returns the variables in scope at its end.
func (c *checker) group(g *Group) *varSet {
	scope := newVarSet()
	for _, el := range g.Elements {
		switch el := el.(type) {
		case *Group:
			scope.addAll(c.group(el).names)
		case *Union:
			for _, b := range el.Branches {
				scope.addAll(c.group(b).names)
			}
		case *Optional:
			scope.addAll(c.group(el.P).names)
		case *Minus:
			c.group(el.P)
		case *GraphPattern:
			scope.add(el.Name.Var)
			scope.addAll(c.group(el.P).names)
		case *Service:
			scope.add(el.Endpoint.Var)
			scope.addAll(c.group(el.P).names)
		case *Filter:
			c.expr(el.Expr, "a FILTER", false)
		case *Bind:
			c.bind(el, scope)
		case *SubSelect:
			scope.addAll(c.body(&el.Projection, &el.Body).names)
		default:
			scope.addPattern(el)
		}
	}
	return scope
}

// bind checks that BIND makes a new variable (§10.1).
func (c *checker) bind(b *Bind, scope *varSet) {
	c.expr(b.Expr, "a BIND", false)
	if scope.has[b.Var] {
		c.fail(b.Pos, CodeBindInScope, "BIND must name a new variable, but ?%s is already in scope in this group", b.Var)
	}
	scope.add(b.Var)
}

// body checks a query or subquery and returns what it projects. The
// projection is nil for the other forms.
func (c *checker) body(pr *Projection, b *Body) *varSet {
	scope := newVarSet()
	if b.Where != nil {
		scope = c.group(b.Where)
	}
	keys := c.groupKeys(b, scope)
	for _, e := range b.Having {
		c.expr(e, "", false)
	}
	for _, k := range b.OrderBy {
		c.expr(k.Expr, "", false)
	}
	if b.Values != nil {
		keys.addAll(b.Values.Vars)
		scope.addAll(b.Values.Vars)
	}
	if pr == nil {
		return scope
	}
	grouped := IsGrouped(pr, b)
	if pr.Star {
		if grouped {
			c.fail(pr.Pos, CodeSelectStarGroup, "SELECT * cannot be used with GROUP BY or aggregates; name the variables")
		}
		return scope
	}
	if grouped {
		return c.items(pr.Items, keys, true)
	}
	return c.items(pr.Items, scope, false)
}

// groupKeys checks GROUP BY and returns the variables that it binds.
func (c *checker) groupKeys(b *Body, scope *varSet) *varSet {
	keys := newVarSet()
	for _, k := range b.GroupBy {
		c.expr(k.Expr, "GROUP BY", false)
		if k.Var != "" && (scope.has[k.Var] || keys.has[k.Var]) {
			c.fail(k.Pos, CodeGroupInScope, "GROUP BY (… AS ?%s) must name a new variable, but ?%s is already in scope", k.Var, k.Var)
		}
		keys.add(k.Name())
	}
	return keys
}

// items checks the items of SELECT over the variables in scope for them.
func (c *checker) items(items []SelectItem, scope *varSet, grouped bool) *varSet {
	selected := newVarSet()
	known := func(name string) bool { return scope.has[name] || selected.has[name] }
	for _, item := range items {
		if item.Expr == nil {
			if grouped && !known(item.Var) {
				c.notGrouped(item.Pos, item.Var)
			}
			selected.add(item.Var)
			continue
		}
		c.expr(item.Expr, "", false)
		if grouped {
			c.grouped(item.Expr, known)
		}
		switch {
		case selected.has[item.Var]:
			c.fail(item.Pos, CodeSelectDuplicate, "?%s is already selected", item.Var)
		case scope.has[item.Var]:
			c.fail(item.Pos, CodeSelectInScope, "AS must name a new variable, but ?%s is already in scope", item.Var)
		}
		selected.add(item.Var)
	}
	return selected
}

func (c *checker) notGrouped(pos Pos, name string) {
	c.fail(pos, CodeNotGrouped, "?%s is neither in GROUP BY nor inside an aggregate", name)
}

// grouped checks that variables outside aggregates are group keys (§11.4).
func (c *checker) grouped(e Expr, known func(string) bool) {
	if v, ok := e.(*VarExpr); ok {
		if !known(v.Name) {
			c.notGrouped(v.Pos, v.Name)
		}
		return
	}
	if _, ok := e.(*Aggregate); ok {
		return
	}
	for _, arg := range operands(e) {
		c.grouped(arg, known)
	}
}

// expr checks the aggregates and the patterns in an expression. A place other
// than "" cannot have aggregates.
func (c *checker) expr(e Expr, place string, inAggregate bool) {
	switch e := e.(type) {
	case *Exists:
		c.group(e.P)
		return
	case *Aggregate:
		if place != "" {
			c.fail(e.Pos, CodeAggregatePlace, "%s cannot stand in %s, only in SELECT, HAVING and ORDER BY", e.Func, place)
		}
		if inAggregate {
			c.fail(e.Pos, CodeNestedAggregate, "%s cannot stand inside another aggregate", e.Func)
		}
		inAggregate = true
	}
	for _, arg := range operands(e) {
		c.expr(arg, place, inAggregate)
	}
}

// operands returns the direct subexpressions of e.
func operands(e Expr) []Expr {
	switch e := e.(type) {
	case *Unary:
		return []Expr{e.X}
	case *Binary:
		return []Expr{e.L, e.R}
	case *In:
		return append([]Expr{e.X}, e.List...)
	case *Call:
		return e.Args
	case *Aggregate:
		if e.Arg != nil {
			return []Expr{e.Arg}
		}
	}
	return nil
}

// IsGrouped tells whether a query groups its solutions (§18.2.4.1): it has
// GROUP BY, or an aggregate in SELECT, HAVING or ORDER BY. The projection is
// nil for forms other than SELECT.
func IsGrouped(pr *Projection, b *Body) bool {
	if len(b.GroupBy) > 0 {
		return true
	}
	for _, e := range b.Having {
		if hasAggregate(e) {
			return true
		}
	}
	for _, k := range b.OrderBy {
		if hasAggregate(k.Expr) {
			return true
		}
	}
	if pr == nil {
		return false
	}
	for _, item := range pr.Items {
		if item.Expr != nil && hasAggregate(item.Expr) {
			return true
		}
	}
	return false
}

func hasAggregate(e Expr) bool {
	if _, ok := e.(*Aggregate); ok {
		return true
	}
	for _, arg := range operands(e) {
		if hasAggregate(arg) {
			return true
		}
	}
	return false
}
