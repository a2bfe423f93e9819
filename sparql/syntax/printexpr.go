package syntax

// Binding strengths of expressions, weakest first.
const (
	precLowest = iota
	precOr
	precAnd
	precRelational
	precAdditive
	precMultiplicative
	precUnary
	precPrimary
)

// precedence returns how strongly an expression's outermost operator binds.
func precedence(e Expr) int {
	switch e := e.(type) {
	case *Binary:
		return binaryPrecedence(e.Op)
	case *In:
		return precRelational
	case *Unary:
		return precUnary
	}
	return precPrimary
}

func binaryPrecedence(op string) int {
	switch op {
	case "||":
		return precOr
	case "&&":
		return precAnd
	case "+", "-":
		return precAdditive
	case "*", "/":
		return precMultiplicative
	}
	return precRelational
}

// expr writes e, in brackets if it binds more weakly than least.
func (p *printer) expr(e Expr, least int) {
	if precedence(e) < least {
		p.write("(")
		defer p.write(")")
	}
	switch e := e.(type) {
	case *VarExpr:
		p.write("?", e.Name)
	case *TermExpr:
		p.term(e.Term)
	case *Unary:
		p.write(e.Op, " ")
		p.expr(e.X, precPrimary)
	case *Binary:
		p.binary(e)
	case *In:
		p.expr(e.X, precAdditive)
		if e.Negated {
			p.write(" NOT")
		}
		p.write(" IN ")
		p.arguments(e.List)
	case *Call:
		p.call(e)
	case *Aggregate:
		p.aggregate(e)
	case *Exists:
		if e.Negated {
			p.write("NOT ")
		}
		p.write("EXISTS ")
		p.group(e.P)
	}
}

// binary writes operators that chain to the left without brackets there.
func (p *printer) binary(e *Binary) {
	prec := binaryPrecedence(e.Op)
	left := prec
	if prec == precRelational {
		left++
	}
	p.expr(e.L, left)
	p.write(" ", e.Op, " ")
	p.expr(e.R, prec+1)
}

func (p *printer) arguments(args []Expr) {
	p.write("(")
	for i, a := range args {
		if i > 0 {
			p.write(", ")
		}
		p.expr(a, precLowest)
	}
	p.write(")")
}

func (p *printer) call(c *Call) {
	if c.IRI {
		p.write("<", c.Name, ">")
	} else {
		p.write(c.Name)
	}
	if c.Distinct {
		p.write("(DISTINCT ")
		for i, a := range c.Args {
			if i > 0 {
				p.write(", ")
			}
			p.expr(a, precLowest)
		}
		p.write(")")
		return
	}
	p.arguments(c.Args)
}

func (p *printer) aggregate(a *Aggregate) {
	p.write(a.Func, "(")
	if a.Distinct {
		p.write("DISTINCT ")
	}
	if a.Arg == nil {
		p.write("*")
	} else {
		p.expr(a.Arg, precLowest)
	}
	if a.Separator != nil {
		p.write(" ; SEPARATOR = ")
		p.quoted(*a.Separator)
	}
	p.write(")")
}

// constraint writes rule 69: calls as they are, all else in brackets.
func (p *printer) constraint(e Expr) {
	switch e.(type) {
	case *Call, *Aggregate, *Exists:
		p.expr(e, precLowest)
		return
	}
	p.write("(")
	p.expr(e, precLowest)
	p.write(")")
}

// Binding strengths of paths, weakest first.
const (
	precPathAlt = iota
	precPathSeq
	precPathInverse
	precPathRepeat
	precPathPrimary
)

func pathPrecedence(path Path) int {
	switch path.(type) {
	case *PathAlt:
		return precPathAlt
	case *PathSeq:
		return precPathSeq
	case *PathInverse:
		return precPathInverse
	case *PathRepeat:
		return precPathRepeat
	}
	return precPathPrimary
}

// path writes a property path, in brackets if it binds more weakly than least.
func (p *printer) path(path Path, least int) {
	if pathPrecedence(path) < least {
		p.write("(")
		defer p.write(")")
	}
	switch path := path.(type) {
	case *PathLink:
		p.term(path.IRI)
	case *PathAlt:
		p.path(path.L, precPathAlt)
		p.write("|")
		p.path(path.R, precPathSeq)
	case *PathSeq:
		p.path(path.L, precPathSeq)
		p.write("/")
		p.path(path.R, precPathInverse)
	case *PathInverse:
		p.write("^")
		p.path(path.P, precPathRepeat)
	case *PathRepeat:
		p.path(path.P, precPathPrimary)
		p.write(path.Mod)
	case *PathNegated:
		p.negated(path)
	}
}

func (p *printer) negated(n *PathNegated) {
	p.write("!(")
	for i, item := range n.Items {
		if i > 0 {
			p.write("|")
		}
		if item.Inverse {
			p.write("^")
		}
		p.term(item.IRI)
	}
	p.write(")")
}
