package algebra

import (
	"strconv"
	"strings"

	"nettwin/sparql/expr"
	"nettwin/sparql/syntax"
)

// String returns op as an indented S-expression, for tests and EXPLAIN:
// operators in lower case, expressions in prefix form, terms as in SPARQL.
func String(op Op) string {
	var p printer
	p.op(op)
	return p.b.String()
}

// ExprString returns an expression as String has it.
func ExprString(e expr.Expr) string {
	var p printer
	p.expr(e)
	return p.b.String()
}

// maxIndent bounds the indentation, so that text grows linearly.
const maxIndent = 32

type printer struct {
	b      strings.Builder
	indent int
	flat   bool // all on one line, as within an expression
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

func (p *printer) newline() {
	if p.flat {
		p.write(" ")
		return
	}
	p.write("\n", strings.Repeat("  ", min(p.indent, maxIndent)))
}

// list writes "(head", each line below it and ")".
func (p *printer) list(head string, lines ...func()) {
	p.write("(", head)
	p.indent++
	for _, line := range lines {
		p.newline()
		line()
	}
	p.indent--
	p.write(")")
}

// over writes an operator with its inputs.
func (p *printer) over(head string, inputs ...Op) {
	lines := make([]func(), len(inputs))
	for i, in := range inputs {
		lines[i] = func() { p.op(in) }
	}
	p.list(head, lines...)
}

func (p *printer) op(op Op) {
	switch op := op.(type) {
	case *BGP:
		p.bgp(op)
	case *PathPattern:
		p.write("(path ", op.S.String(), " ")
		p.path(op.Path)
		p.write(" ", op.O.String(), ")")
	case *Join:
		p.over("join", op.L, op.R)
	case *LeftJoin:
		head := "leftjoin"
		if op.Expr != nil {
			head += " " + ExprString(op.Expr)
		}
		p.over(head, op.L, op.R)
	case *Union:
		p.over("union", op.L, op.R)
	case *Minus:
		p.over("minus", op.L, op.R)
	case *Filter:
		p.over("filter "+ExprString(op.Expr), op.P)
	case *Graph:
		p.over("graph "+op.Name.String(), op.P)
	case *Extend:
		p.over("extend (?"+op.Var+" "+ExprString(op.Expr)+")", op.P)
	case *Table:
		p.table(op)
	case *Service:
		head := "service "
		if op.Silent {
			head += "silent "
		}
		p.over(head+op.Endpoint.String(), op.P)
	case *Group:
		p.group(op)
	case *OrderBy:
		p.over("order "+conditions(op.Conditions), op.P)
	case *Project:
		p.over("project ("+variables(op.Vars)+")", op.P)
	case *Distinct:
		p.over("distinct", op.P)
	case *Reduced:
		p.over("reduced", op.P)
	case *Slice:
		p.slice(op)
	}
}

// String returns the node as in a pattern.
func (n Node) String() string {
	if n.IsVar() {
		return "?" + n.Var
	}
	if t := n.Triple; t != nil {
		return "<<( " + t.S.String() + " " + t.P.String() + " " + t.O.String() + " )>>"
	}
	return syntax.PrintTerm(n.Term)
}

func variables(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("?" + n)
	}
	return b.String()
}

func (p *printer) bgp(op *BGP) {
	var lines []func()
	for _, t := range op.Patterns {
		lines = append(lines, func() {
			p.write("(", t.S.String(), " ", t.P.String(), " ", t.O.String(), ")")
		})
	}
	p.list("bgp", lines...)
}

func (p *printer) table(op *Table) {
	if isUnit(op) {
		p.write("(unit)")
		return
	}
	var lines []func()
	for _, row := range op.Rows {
		lines = append(lines, func() {
			p.write("(row")
			for _, t := range row {
				p.write(" ", syntax.PrintTerm(t))
			}
			p.write(")")
		})
	}
	p.list("table ("+variables(op.Vars)+")", lines...)
}

func (p *printer) group(op *Group) {
	var keys, aggregates []string
	for _, k := range op.Keys {
		if v, ok := k.Expr.(*expr.Var); ok && v.Name == k.Var {
			keys = append(keys, "?"+k.Var)
			continue
		}
		keys = append(keys, "(?"+k.Var+" "+ExprString(k.Expr)+")")
	}
	for _, a := range op.Aggregates {
		aggregates = append(aggregates, "(?"+a.Var+" "+aggregateString(a)+")")
	}
	p.over("group ("+strings.Join(keys, " ")+") ("+strings.Join(aggregates, " ")+")", op.P)
}

func aggregateString(a Aggregate) string {
	s := "(" + strings.ToLower(a.Func)
	if a.Distinct {
		s += " distinct"
	}
	if a.Arg != nil {
		s += " " + ExprString(a.Arg)
	}
	if a.Func == "GROUP_CONCAT" {
		s += " (separator " + strconv.Quote(a.Separator) + ")"
	}
	return s + ")"
}

func conditions(list []OrderCondition) string {
	var parts []string
	for _, c := range list {
		s := ExprString(c.Expr)
		if c.Descending {
			s = "(desc " + s + ")"
		}
		parts = append(parts, s)
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func (p *printer) slice(op *Slice) {
	limit := "_"
	if op.Limit >= 0 {
		limit = strconv.FormatInt(op.Limit, 10)
	}
	p.over("slice "+strconv.FormatInt(op.Offset, 10)+" "+limit, op.P)
}
