package rdf

// number reads an INTEGER, DECIMAL or DOUBLE.
func (p *turtleParser) number() (Term, error) {
	l := p.l
	l.mark = l.pos
	if c, _ := l.peek(); c == '+' || c == '-' {
		l.pos++
	}
	whole, datatype := l.digits(), XSDInteger
	if l.peekAt(0) == '.' {
		switch {
		case isDigit(l.peekAt(1)):
			l.pos++
			l.digits()
			whole, datatype = true, XSDDecimal
		case whole && l.exponentAt(1):
			l.pos++
		}
	}
	if !whole {
		l.mark = -1
		return Term{}, l.expected("a digit of a number")
	}
	if l.exponentAt(0) {
		l.pos += 2 // e and a sign or digit
		l.digits()
		datatype = XSDDouble
	}
	b, err := l.token(l.pos, 0, 0)
	if err != nil {
		return Term{}, err
	}
	return Literal(l.intern(b), datatype), nil
}

// digits skips digits and tells whether there was one.
func (l *lexer) digits() bool {
	any := false
	for {
		c, ok := l.peek()
		if !ok || !isDigit(c) {
			return any
		}
		l.pos++
		any = true
	}
}

// exponentAt tells whether an EXPONENT begins at pos+n.
func (l *lexer) exponentAt(n int) bool {
	if c := l.peekAt(n); c != 'e' && c != 'E' {
		return false
	}
	c := l.peekAt(n + 1)
	if c == '+' || c == '-' {
		c = l.peekAt(n + 2)
	}
	return isDigit(c)
}
