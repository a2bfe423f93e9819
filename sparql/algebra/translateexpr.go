package algebra

import (
	"fmt"

	"nettwin/sparql/expr"
	"nettwin/sparql/syntax"
)

// expr translates an expression and resolves its calls in the table of
// functions. Above a Group, level is that group; else nil.
func (t *translator) expr(e syntax.Expr, level *grouping) expr.Expr {
	switch e := e.(type) {
	case *syntax.VarExpr:
		return t.variable(e.Name, level)
	case *syntax.TermExpr:
		return &expr.Const{Term: e.Term}
	case *syntax.Unary:
		return t.unary(e, level)
	case *syntax.Binary:
		return t.binary(e, level)
	case *syntax.In:
		return &expr.In{X: t.expr(e.X, level), List: t.exprs(e.List, level), Negated: e.Negated}
	case *syntax.Exists:
		return &expr.Exists{Pattern: t.group(e.P), Negated: e.Negated}
	case *syntax.Aggregate:
		return t.aggregate(e, level)
	case *syntax.Call:
		return t.call(e, level)
	}
	return nil
}

func (t *translator) exprs(list []syntax.Expr, level *grouping) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = t.expr(e, level)
	}
	return out
}

// variable replaces a variable that a group's solution does not bind by a
// sample of it (§18.2.4.1).
func (t *translator) variable(name string, level *grouping) expr.Expr {
	if level == nil || level.known[name] {
		return &expr.Var{Name: name}
	}
	if alias, ok := level.aliases[name]; ok {
		delete(level.aliases, name) // an alias of itself is no alias
		defer func() { level.aliases[name] = alias }()
		return t.expr(alias, level)
	}
	return level.aggregate(Aggregate{Var: t.fresh("a"), Func: "SAMPLE", Arg: &expr.Var{Name: name}})
}

func (t *translator) unary(e *syntax.Unary, level *grouping) expr.Expr {
	x := t.expr(e.X, level)
	if e.Op == "!" {
		return &expr.Not{X: x}
	}
	return operator("unary"+e.Op, x)
}

func (t *translator) binary(e *syntax.Binary, level *grouping) expr.Expr {
	l, r := t.expr(e.L, level), t.expr(e.R, level)
	switch e.Op {
	case "&&":
		return &expr.And{L: l, R: r}
	case "||":
		return &expr.Or{L: l, R: r}
	}
	return operator(e.Op, l, r)
}

func operator(name string, args ...expr.Expr) expr.Expr {
	return &expr.Call{Fn: expr.Lookup(name), Name: name, Args: args}
}

// aggregate moves an aggregate into the Group. Its argument is evaluated
// below the Group.
func (t *translator) aggregate(e *syntax.Aggregate, level *grouping) expr.Expr {
	if level == nil {
		t.fail(e.Pos, syntax.CodeAggregatePlace, "%s cannot stand here, only in SELECT, HAVING and ORDER BY", e.Func)
	}
	a := Aggregate{Var: t.fresh("a"), Func: e.Func, Distinct: e.Distinct}
	if e.Arg != nil {
		a.Arg = t.expr(e.Arg, nil)
	}
	if e.Func == "GROUP_CONCAT" {
		a.Separator = " "
		if e.Separator != nil {
			a.Separator = *e.Separator
		}
	}
	return level.aggregate(a)
}

// call resolves a call. A keyword must be in the table; an unknown IRI is an
// extension that fails when it is evaluated (§17.6).
func (t *translator) call(e *syntax.Call, level *grouping) expr.Expr {
	if e.Distinct {
		t.fail(e.Pos, syntax.CodeDistinctCall, "DISTINCT is for aggregates, and <%s> is none", e.Name)
	}
	if !e.IRI {
		if form := t.form(e, level); form != nil {
			return form
		}
	}
	fn := expr.Lookup(e.Name)
	switch {
	case fn != nil:
		t.arity(e, fn.MinArgs, fn.MaxArgs)
	case !e.IRI:
		t.fail(e.Pos, syntax.CodeUnknownFunction, "there is no function %s", e.Name)
	}
	return &expr.Call{Fn: fn, Name: e.Name, Args: t.exprs(e.Args, level)}
}

// form translates the functional forms that do not evaluate all arguments
// (§17.4.1); nil for other calls.
func (t *translator) form(e *syntax.Call, level *grouping) expr.Expr {
	switch e.Name {
	case "BOUND":
		return t.bound(e, level)
	case "IF":
		t.arity(e, 3, 3)
		args := t.exprs(e.Args, level)
		return &expr.If{Cond: args[0], Then: args[1], Else: args[2]}
	case "COALESCE":
		return &expr.Coalesce{Args: t.exprs(e.Args, level)}
	}
	return nil
}

func (t *translator) bound(e *syntax.Call, level *grouping) expr.Expr {
	t.arity(e, 1, 1)
	if level != nil { // an alias may be no variable
		defer func(aliases map[string]syntax.Expr) { level.aliases = aliases }(level.aliases)
		level.aliases = nil
	}
	v, ok := t.expr(e.Args[0], level).(*expr.Var)
	if !ok {
		t.fail(e.Pos, syntax.CodeUnexpected, "BOUND takes a variable")
	}
	return &expr.Bound{Name: v.Name}
}

// arity fails if a call has fewer than least or more than most arguments;
// most < 0 means no limit.
func (t *translator) arity(e *syntax.Call, least, most int) {
	n := len(e.Args)
	if n >= least && (most < 0 || n <= most) {
		return
	}
	name := e.Name
	if e.IRI {
		name = "<" + name + ">"
	}
	t.fail(e.Pos, syntax.CodeFunctionArity, "%s takes %s, found %d", name, argumentCount(least, most), n)
}

func argumentCount(least, most int) string {
	switch {
	case most < 0:
		return fmt.Sprintf("at least %d arguments", least)
	case least == most && least == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", least)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}
