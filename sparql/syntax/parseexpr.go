package syntax

import (
	"strings"

	"nettwin/graph/rdf"
)

// expression is rule 110.
func (p *parser) expression() Expr {
	defer p.enter()()
	return p.binaryChain(p.conditionalAnd, "||")
}

// conditionalAnd is rule 112.
func (p *parser) conditionalAnd() Expr { return p.binaryChain(p.relational, "&&") }

// binaryChain reads operands joined by left-associative operators.
func (p *parser) binaryChain(operand func() Expr, ops ...string) Expr {
	left := operand()
	for {
		op, pos, ok := p.acceptOp(ops)
		if !ok {
			return left
		}
		left = &Binary{Pos: pos, Op: op, L: left, R: operand()}
	}
}

// acceptOp consumes one of some operators if it is next.
func (p *parser) acceptOp(ops []string) (op string, pos Pos, ok bool) {
	for _, op := range ops {
		if p.isPunct(op) {
			p.count()
			return op, p.advance().pos, true
		}
	}
	return "", Pos{}, false
}

var comparisons = []string{"=", "!=", "<", ">", "<=", ">="}

// relational is rule 114; comparisons do not chain.
func (p *parser) relational() Expr {
	left := p.additive()
	if op, pos, ok := p.acceptOp(comparisons); ok {
		return &Binary{Pos: pos, Op: op, L: left, R: p.additive()}
	}
	negated := p.isWord("NOT") && p.peek().isWord("IN")
	if negated {
		p.advance()
	}
	if p.acceptWord("IN") {
		p.count()
		return &In{X: left, List: p.expressionList(), Negated: negated}
	}
	return left
}

// expressionList is rule 72.
func (p *parser) expressionList() []Expr {
	if p.skipNil() {
		return nil
	}
	p.expect("(", "")
	list := []Expr{p.expression()}
	for p.accept(",") {
		list = append(list, p.expression())
	}
	p.expect(")", `an operator, "," or ")"`)
	return list
}

// additive is rule 116. A signed number after an operand is the operator and
// a number without sign: "?x -1" subtracts one.
func (p *parser) additive() Expr {
	left := p.multiplicative()
	for {
		if op, pos, ok := p.acceptOp([]string{"+", "-"}); ok {
			left = &Binary{Pos: pos, Op: op, L: left, R: p.multiplicative()}
			continue
		}
		if !p.tok.isSigned() {
			return left
		}
		p.count()
		op, pos := p.tok.text[:1], p.tok.pos
		p.tok.text = p.tok.text[1:]
		left = &Binary{Pos: pos, Op: op, L: left, R: p.multiplicative()}
	}
}

// multiplicative is rule 117.
func (p *parser) multiplicative() Expr { return p.binaryChain(p.unary, "*", "/") }

// unary is rule 118. "!" may stand before another (SPARQL 1.2), signs may not.
func (p *parser) unary() Expr {
	if p.isPunct("!") && p.peek().isPunct("!") {
		defer p.enter()()
		p.count()
		pos := p.advance().pos
		return &Unary{Pos: pos, Op: "!", X: p.unary()}
	}
	if op, pos, ok := p.acceptOp([]string{"!", "+", "-"}); ok {
		return &Unary{Pos: pos, Op: op, X: p.primary()}
	}
	return p.primary()
}

// primary is rule 119.
func (p *parser) primary() Expr {
	switch t := p.tok; {
	case t.kind == tokVar:
		return p.varExpr()
	case t.isPunct("("):
		return p.brackettedExpression()
	case p.isIRI():
		return p.iriOrFunction()
	}
	if lit, ok := p.literal(); ok {
		return &TermExpr{Term: lit}
	}
	if p.isPunct("<<(") {
		return p.tripleExpr()
	}
	if p.startsBuiltIn() {
		return p.builtInCall()
	}
	p.expected(`an expression: a variable, a value, a function, "(", "!", "+" or "-"`)
	return nil
}

func (p *parser) varExpr() Expr {
	t := p.advance()
	return &VarExpr{Pos: t.pos, Name: t.text}
}

// brackettedExpression is rule 120.
func (p *parser) brackettedExpression() Expr {
	p.expect("(", "")
	e := p.expression()
	p.expect(")", `an operator or ")"`)
	return e
}

// startsConstraint tells whether a Constraint (rule 69) is next.
func (p *parser) startsConstraint() bool {
	return p.isPunct("(") || p.isIRI() || p.startsBuiltIn()
}

// constraint is rule 69.
func (p *parser) constraint(what string) Expr {
	switch {
	case p.isPunct("("):
		return p.brackettedExpression()
	case p.isIRI():
		pos := p.tok.pos
		iri := p.iri("")
		if !p.isPunct("(") {
			p.expected(`"(" with the function's arguments`)
		}
		return p.functionCall(pos, iri)
	case p.startsBuiltIn():
		return p.builtInCall()
	}
	p.expected(what)
	return nil
}

// iriOrFunction is rule 128.
func (p *parser) iriOrFunction() Expr {
	pos := p.tok.pos
	iri := p.iri("")
	if p.isPunct("(") {
		return p.functionCall(pos, iri)
	}
	return &TermExpr{Term: iri}
}

// functionCall is rule 70 after the IRI; "(" is next.
func (p *parser) functionCall(pos Pos, iri rdf.Term) Expr {
	p.count()
	c := &Call{Pos: pos, Name: iri.Value(), IRI: true}
	if p.peek().isWord("DISTINCT") {
		p.advance()
		p.advance()
		c.Distinct = true
		c.Args = []Expr{p.expression()}
		for p.accept(",") {
			c.Args = append(c.Args, p.expression())
		}
		p.expect(")", `an operator, "," or ")"`)
		return c
	}
	c.Args = p.expressionList()
	return c
}

// reserved are keywords that name no function, so that "(" after them belongs
// to what they introduce.
var reserved = map[string]bool{
	"AS": true, "ASC": true, "ASK": true, "BASE": true, "BIND": true, "BY": true,
	"CONSTRUCT": true, "DESC": true, "DESCRIBE": true, "DISTINCT": true,
	"FILTER": true, "FROM": true, "GRAPH": true, "GROUP": true, "HAVING": true,
	"IN": true, "LIMIT": true, "MINUS": true, "NAMED": true, "OFFSET": true,
	"OPTIONAL": true, "ORDER": true, "PREFIX": true, "REDUCED": true,
	"SELECT": true, "SEPARATOR": true, "SERVICE": true, "SILENT": true,
	"UNDEF": true, "UNION": true, "VALUES": true, "WHERE": true,
}

// startsBuiltIn tells whether a BuiltInCall is next: EXISTS, NOT EXISTS, or
// any other keyword with arguments.
func (p *parser) startsBuiltIn() bool {
	if p.tok.kind != tokWord || p.isA() {
		return false
	}
	if p.isWord("EXISTS") || p.isWord("NOT") {
		return true
	}
	return !reserved[strings.ToUpper(p.tok.text)] && p.peek().isPunct("(")
}

// builtInCall is rule 121.
func (p *parser) builtInCall() Expr {
	p.count()
	if p.acceptWord("NOT") {
		p.expectWord("EXISTS")
		return &Exists{Negated: true, P: p.groupGraphPattern()}
	}
	if p.acceptWord("EXISTS") {
		return &Exists{P: p.groupGraphPattern()}
	}
	t := p.advance()
	name := strings.ToUpper(t.text)
	switch name {
	case "COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT":
		return p.aggregate(t.pos, name)
	case "BOUND":
		p.expect("(", "")
		if !p.isVar() {
			p.expected("a variable")
		}
		c := &Call{Pos: t.pos, Name: name, Args: []Expr{p.varExpr()}}
		p.expect(")", "")
		return c
	}
	return &Call{Pos: t.pos, Name: name, Args: p.expressionList()}
}

// aggregate is rule 127 after the name.
func (p *parser) aggregate(pos Pos, name string) Expr {
	p.expect("(", "")
	a := &Aggregate{Pos: pos, Func: name, Distinct: p.acceptWord("DISTINCT")}
	if name != "COUNT" || !p.accept("*") {
		a.Arg = p.expression()
	}
	if name == "GROUP_CONCAT" && p.accept(";") {
		p.expectWord("SEPARATOR")
		p.expect("=", "")
		if p.tok.kind != tokString {
			p.expected("a string")
		}
		sep := p.advance().text
		a.Separator = &sep
	}
	p.expect(")", `an operator or ")"`)
	return a
}
