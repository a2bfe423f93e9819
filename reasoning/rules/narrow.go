package rules

import (
	"slices"

	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
)

// narrow returns an operator whose solutions are those of op that agree with
// a row of t: Join(t, op), with t as deep in op as it may go. Every solution of
// op must bind all variables of t (certain), and the rows of t must differ.
func narrow(op algebra.Op, t *algebra.Table) algebra.Op {
	switch op := op.(type) {
	case *algebra.Join:
		l, r := narrowTo(op.L, t), narrowTo(op.R, t)
		if subset(t.Vars, certain(op.L)) || subset(t.Vars, certain(op.R)) {
			return &algebra.Join{L: l, R: r}
		}
		return &algebra.Join{L: t, R: &algebra.Join{L: l, R: r}}
	case *algebra.LeftJoin:
		return &algebra.LeftJoin{L: narrow(op.L, t), R: narrowTo(op.R, t), Expr: op.Expr}
	case *algebra.Union:
		return &algebra.Union{L: narrow(op.L, t), R: narrow(op.R, t)}
	case *algebra.Minus:
		return &algebra.Minus{L: narrow(op.L, t), R: narrowTo(op.R, t)}
	case *algebra.Filter:
		return &algebra.Filter{Expr: op.Expr, P: narrow(op.P, t)}
	case *algebra.Extend:
		return &algebra.Extend{P: narrow(op.P, t), Var: op.Var, Expr: op.Expr}
	case *algebra.Graph:
		if op.Name.IsVar() && slices.Contains(t.Vars, op.Name.Var) {
			return &algebra.Join{L: t, R: &algebra.Graph{Name: op.Name, P: narrowTo(op.P, t)}}
		}
		return &algebra.Graph{Name: op.Name, P: narrow(op.P, t)}
	case *algebra.Project:
		return &algebra.Project{Vars: op.Vars, P: narrow(op.P, t)}
	case *algebra.Distinct:
		return &algebra.Distinct{P: narrow(op.P, t)}
	case *algebra.Reduced:
		return &algebra.Reduced{P: narrow(op.P, t)}
	}
	return &algebra.Join{L: t, R: op}
}

// narrowTo leaves out solutions of a part that can agree with no row of t: by
// the variables that every solution of the part binds.
func narrowTo(op algebra.Op, t *algebra.Table) algebra.Op {
	vars := intersect(t.Vars, certain(op))
	switch len(vars) {
	case 0:
		return op
	case len(t.Vars):
		return narrow(op, t)
	}
	return narrow(op, project(t, vars))
}

// project returns the distinct rows of a table's columns.
func project(t *algebra.Table, vars []string) *algebra.Table {
	out := &algebra.Table{Vars: vars}
	seen := map[string]bool{}
	for _, row := range t.Rows {
		var cells []rdf.Term
		for _, name := range vars {
			cells = append(cells, row[slices.Index(t.Vars, name)])
		}
		if key := string(appendTerms(nil, cells)); !seen[key] {
			seen[key] = true
			out.Rows = append(out.Rows, cells)
		}
	}
	return out
}

// appendTerms appends terms so that different lists give different bytes.
func appendTerms(b []byte, terms []rdf.Term) []byte {
	for _, t := range terms {
		if !t.IsZero() {
			b = append(b, t.String()...)
		}
		b = append(b, '\n') // which no term's text holds
	}
	return b
}

func subset(some, all []string) bool { return len(intersect(some, all)) == len(some) }
