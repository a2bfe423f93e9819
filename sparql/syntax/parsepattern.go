package syntax

// groupGraphPattern is rule 53.
func (p *parser) groupGraphPattern() *Group {
	defer p.enter()()
	p.count()
	outer := p.bnodes.bgp
	defer func() { p.bnodes.bgp = outer }()
	p.expect("{", "")
	p.bnodes.newBGP()
	g := &Group{}
	if p.isWord("SELECT") {
		g.Elements = []Pattern{p.subSelect()}
		p.expect("}", `a solution modifier, VALUES or "}"`)
		return g
	}
	p.groupElements(g)
	p.expect("}", `a triple, a pattern keyword (OPTIONAL, FILTER, …), "{" or "}"`)
	return g
}

// subSelect is rule 8.
func (p *parser) subSelect() *SubSelect {
	s := &SubSelect{Projection: p.selectClause(), Body: newBody()}
	s.Where = p.whereClause(`a variable, "(", WHERE or "{"`)
	p.solutionModifier(&s.Body)
	p.valuesClause(&s.Body)
	return s
}

// groupElements is rule 54 (GroupGraphPatternSub).
func (p *parser) groupElements(g *Group) {
	p.triplesBlock(g)
	for {
		el := p.graphPatternNotTriples()
		if el == nil {
			return
		}
		p.count()
		if _, ok := el.(*Filter); !ok {
			p.bnodes.newBGP()
		}
		g.Elements = append(g.Elements, el)
		p.accept(".")
		p.triplesBlock(g)
	}
}

// triplesBlock is rule 55, appended to g if there is one.
func (p *parser) triplesBlock(g *Group) {
	if !p.startsTriples() {
		return
	}
	t := &Triples{}
	for p.startsTriples() {
		p.triplesSameSubject(&t.Patterns, patternMode)
		if !p.accept(".") {
			break
		}
	}
	if p.startsTriples() {
		p.expected(`".", ";", "," or "}"`)
	}
	p.count()
	g.Elements = append(g.Elements, t)
}

// graphPatternNotTriples is rule 56; nil if none is next.
func (p *parser) graphPatternNotTriples() Pattern {
	switch {
	case p.isPunct("{"):
		return p.groupOrUnion()
	case p.acceptWord("OPTIONAL"):
		return &Optional{P: p.groupGraphPattern()}
	case p.acceptWord("MINUS"):
		return &Minus{P: p.groupGraphPattern()}
	case p.acceptWord("GRAPH"):
		name := p.varOrIRI("a variable or the IRI of a graph")
		return &GraphPattern{Name: name, P: p.groupGraphPattern()}
	case p.acceptWord("SERVICE"):
		s := &Service{Silent: p.acceptWord("SILENT")}
		s.Endpoint = p.varOrIRI("SILENT, a variable or the IRI of an endpoint")
		s.P = p.groupGraphPattern()
		return s
	case p.acceptWord("FILTER"):
		return &Filter{Expr: p.constraint(`a condition: "(", a function, EXISTS or NOT EXISTS`)}
	case p.acceptWord("BIND"):
		return p.bind()
	case p.acceptWord("VALUES"):
		return p.dataBlock()
	}
	return nil
}

// groupOrUnion is rule 67.
func (p *parser) groupOrUnion() Pattern {
	first := p.groupGraphPattern()
	if !p.isWord("UNION") {
		return first
	}
	u := &Union{Branches: []*Group{first}}
	for p.acceptWord("UNION") {
		u.Branches = append(u.Branches, p.groupGraphPattern())
	}
	return u
}

// bind is rule 60 after BIND.
func (p *parser) bind() *Bind {
	p.expect("(", "")
	b := &Bind{Expr: p.expression()}
	if !p.acceptWord("AS") {
		p.expected("an operator or AS")
	}
	b.Pos = p.tok.pos
	b.Var = p.variable("a variable")
	p.expect(")", "")
	return b
}
