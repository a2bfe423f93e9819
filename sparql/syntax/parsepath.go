package syntax

// path is rule 88 (Path).
func (p *parser) path() Path {
	left := p.pathSequence()
	for p.accept("|") {
		p.count()
		left = &PathAlt{L: left, R: p.pathSequence()}
	}
	return left
}

// pathSequence is rule 90.
func (p *parser) pathSequence() Path {
	left := p.pathEltOrInverse()
	for p.accept("/") {
		p.count()
		left = &PathSeq{L: left, R: p.pathEltOrInverse()}
	}
	return left
}

// pathEltOrInverse is rule 92.
func (p *parser) pathEltOrInverse() Path {
	if p.accept("^") {
		return &PathInverse{P: p.pathElt()}
	}
	return p.pathElt()
}

// pathElt is rule 91.
func (p *parser) pathElt() Path {
	primary := p.pathPrimary()
	for _, mod := range []string{"*", "+", "?"} {
		if p.accept(mod) {
			p.count()
			return &PathRepeat{P: primary, Mod: mod}
		}
	}
	return primary
}

// pathPrimary is rule 94.
func (p *parser) pathPrimary() Path {
	switch {
	case p.accept("!"):
		return p.pathNegatedPropertySet()
	case p.isPunct("("):
		defer p.enter()()
		p.advance()
		path := p.path()
		p.expect(")", `a path operator or ")"`)
		return path
	case p.isIRI() || p.isA():
		return &PathLink{IRI: p.iriOrA()}
	}
	p.expected(`a property path: an IRI, "a", "!", "^" or "("`)
	return nil
}

// pathNegatedPropertySet is rule 95 after "!".
func (p *parser) pathNegatedPropertySet() Path {
	n := &PathNegated{}
	if !p.accept("(") {
		n.Items = []NegatedItem{p.pathOneInPropertySet()}
		return n
	}
	if p.accept(")") {
		return n
	}
	n.Items = append(n.Items, p.pathOneInPropertySet())
	for p.accept("|") {
		n.Items = append(n.Items, p.pathOneInPropertySet())
	}
	p.expect(")", `"|" or ")"`)
	return n
}

// pathOneInPropertySet is rule 96.
func (p *parser) pathOneInPropertySet() NegatedItem {
	inverse := p.accept("^")
	if !p.isIRI() && !p.isA() {
		p.expected(`an IRI, "a" or "^"`)
	}
	return NegatedItem{IRI: p.iriOrA(), Inverse: inverse}
}
