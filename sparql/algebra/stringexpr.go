package algebra

import (
	"strings"

	"nettwin/sparql/expr"
	"nettwin/sparql/syntax"
)

func (p *printer) expr(e expr.Expr) {
	switch e := e.(type) {
	case *expr.Var:
		p.write("?", e.Name)
	case *expr.Const:
		p.write(syntax.PrintTerm(e.Term))
	case *expr.Call:
		p.call(callName(e), e.Args)
	case *expr.And:
		p.call("&&", operands(e))
	case *expr.Or:
		p.call("||", operands(e))
	case *expr.Not:
		p.call("!", operands(e))
	case *expr.If:
		p.call("if", operands(e))
	case *expr.Coalesce:
		p.call("coalesce", e.Args)
	case *expr.In:
		name := "in"
		if e.Negated {
			name = "notin"
		}
		p.call(name, operands(e))
	case *expr.Bound:
		p.write("(bound ?", e.Name, ")")
	case *expr.Exists:
		p.exists(e)
	}
}

// callName returns a keyword in lower case, an IRI in brackets.
func callName(c *expr.Call) string {
	if strings.ContainsRune(c.Name, ':') {
		return "<" + c.Name + ">"
	}
	return strings.ToLower(c.Name)
}

func (p *printer) call(name string, args []expr.Expr) {
	p.write("(", name)
	for _, a := range args {
		p.write(" ")
		p.expr(a)
	}
	p.write(")")
}

func (p *printer) exists(e *expr.Exists) {
	name := "exists"
	if e.Negated {
		name = "notexists"
	}
	op, ok := e.Pattern.(Op)
	if !ok {
		p.write("(", name, ")")
		return
	}
	flat := p.flat
	p.flat = true
	p.write("(", name, " ")
	p.op(op)
	p.write(")")
	p.flat = flat
}

// path writes a path as an S-expression.
func (p *printer) path(path Path) {
	switch path := path.(type) {
	case *PathLink:
		p.write(syntax.PrintTerm(path.IRI))
	case *PathInverse:
		p.pathOver("reverse", path.P)
	case *PathSeq:
		p.pathOver("seq", path.L, path.R)
	case *PathAlt:
		p.pathOver("alt", path.L, path.R)
	case *PathZeroOrMore:
		p.pathOver("path*", path.P)
	case *PathOneOrMore:
		p.pathOver("path+", path.P)
	case *PathZeroOrOne:
		p.pathOver("path?", path.P)
	case *PathNegated:
		p.negated(path)
	}
}

func (p *printer) pathOver(name string, paths ...Path) {
	p.write("(", name)
	for _, path := range paths {
		p.write(" ")
		p.path(path)
	}
	p.write(")")
}

func (p *printer) negated(n *PathNegated) {
	p.write("(notoneof")
	for _, iri := range n.Forward {
		p.write(" ", syntax.PrintTerm(iri))
	}
	for _, iri := range n.Inverse {
		p.write(" (reverse ", syntax.PrintTerm(iri), ")")
	}
	p.write(")")
}
