package syntax

import "nettwin/graph/rdf"

// Triple terms, reified triples and annotations (SPARQL 1.2 §19.8).

// tripleTerm is "<<(" … ")>>" in a pattern or template.
func (p *parser) tripleTerm(out *[]TriplePattern, m tripleMode) Node {
	n := p.innerTriple(out, m, "<<(")
	p.expect(")>>", "")
	return n
}

// reifiedTriple is "<<" … ">>". It writes to out that the reifier, which it
// returns, reifies the triple.
func (p *parser) reifiedTriple(out *[]TriplePattern, m tripleMode) Node {
	opening := p.tok
	n := p.innerTriple(out, m, "<<")
	r, ok := p.reifier(m)
	if !ok {
		r = p.anonymousReifier(opening, m)
	}
	p.expect(">>", `"~" or ">>"`)
	*out = append(*out, reifies(r, n))
	return r
}

func reifies(r, triple Node) TriplePattern {
	return TriplePattern{S: r, P: Node{Term: rdf.IRI(rdf.RDFReifies)}, O: triple}
}

// innerTriple reads the opening bracket, subject, verb and object.
func (p *parser) innerTriple(out *[]TriplePattern, m tripleMode, opening string) Node {
	defer p.enter()()
	p.count()
	p.expect(opening, "")
	reified := opening == "<<"
	t := TripleNode{S: p.innerNode(out, m, reified, "a subject: a variable, an IRI, a blank node or a triple term")}
	t.P = p.plainVerb(m)
	t.O = p.innerNode(out, m, reified, "an object: a variable, an IRI, a literal, a blank node or a triple term")
	return tripleNode(t)
}

// tripleNode is a constant term if it can be.
func tripleNode(t TripleNode) Node {
	constant := rdf.Triple{S: t.S.Term, P: t.P.Term, O: t.O.Term}
	for _, part := range [...]Node{t.S, t.P, t.O} {
		if part.Term.IsZero() || part.Term.HasBNode() {
			return Node{Triple: &t}
		}
	}
	if rdf.CheckTriple(constant) != nil {
		return Node{Triple: &t}
	}
	return Node{Term: rdf.TripleTerm(constant)}
}

// innerNode is a subject or object between the brackets: no collections, no
// "[ … ]" but the empty one.
func (p *parser) innerNode(out *[]TriplePattern, m tripleMode, reified bool, what string) Node {
	switch {
	case p.isPunct("("), p.isPunct("<<") && !reified:
		p.expected(what)
	case p.isPunct("[") && !p.peek().isPunct("]"):
		p.advance()
		p.expected(`"]"`)
	}
	n, _ := p.graphNode(out, m, what)
	return n
}

// plainVerb is a predicate that is no path.
func (p *parser) plainVerb(m tripleMode) Node {
	if p.isVar() {
		p.checkVar(m)
		return Node{Var: p.advance().text}
	}
	if !p.isA() && !p.isIRI() {
		p.expected(`a predicate: a variable, an IRI or "a"`)
	}
	return Node{Term: p.iriOrA()}
}

// reifier is "~" and what it names, a new blank node if nothing; ok is false if
// there is no "~".
func (p *parser) reifier(m tripleMode) (r Node, ok bool) {
	if !p.isPunct("~") {
		return Node{}, false
	}
	tilde := p.advance()
	switch {
	case p.isVar(), p.isIRI(), p.tok.kind == tokBNode, p.isPunct("[") && p.peek().isPunct("]"):
		r, _ = p.graphNode(nil, m, "")
		return r, true
	}
	return p.anonymousReifier(tilde, m), true
}

// anonymousReifier is a new blank node; at is the token that asks for it.
func (p *parser) anonymousReifier(at token, m tripleMode) Node {
	if m.noBNodes != "" {
		panic(p.errorAt(at.pos, CodeBNodeInDelete, `%s; name the reifier with "~"`, m.noBNodes))
	}
	return p.freshBNode()
}

// annotations reads the reifiers and annotation blocks behind the object of t.
func (p *parser) annotations(t TriplePattern, out *[]TriplePattern, m tripleMode) {
	var last Node // the reifier just before
	for p.isPunct("~") || p.isPunct("{|") {
		if t.Path != nil {
			panic(p.errorAt(p.tok.pos, CodeUnexpected, "a property path states no triple that could be annotated, found %v", p.tok))
		}
		triple := tripleNode(TripleNode{S: t.S, P: t.P, O: t.O})
		if r, ok := p.reifier(m); ok {
			p.count()
			*out = append(*out, reifies(r, triple))
			last = r
			continue
		}
		p.annotationBlock(last, triple, out, m)
		last = Node{}
	}
}

// annotationBlock is "{|" … "|}" about a reifier, a new one if that is zero.
func (p *parser) annotationBlock(r, triple Node, out *[]TriplePattern, m tripleMode) {
	defer p.enter()()
	p.count()
	opening := p.advance()
	if r == (Node{}) {
		r = p.anonymousReifier(opening, m)
		*out = append(*out, reifies(r, triple))
	}
	p.propertyList(r, out, m)
	p.expect("|}", `";", "," or "|}"`)
}

// tripleData is a constant triple term in VALUES.
func (p *parser) tripleData() rdf.Term {
	defer p.enter()()
	pos := p.advance().pos
	t := rdf.Triple{S: p.iri("the IRI of a subject")}
	t.P = p.iriOrA()
	if p.isPunct("<<(") {
		t.O = p.tripleData()
	} else if lit, ok := p.literal(); ok {
		t.O = lit
	} else {
		t.O = p.iri("an object: an IRI, a literal or a triple term")
	}
	p.expect(")>>", "")
	if err := rdf.CheckTriple(t); err != nil {
		panic(p.errorAt(pos, CodeTooDeep, "%v", err))
	}
	return rdf.TripleTerm(t)
}

// tripleExpr is a triple term in an expression, which TRIPLE makes.
func (p *parser) tripleExpr() Expr {
	defer p.enter()()
	p.count()
	c := &Call{Pos: p.advance().pos, Name: "TRIPLE"}
	c.Args = append(c.Args, p.tripleExprPart("a subject: a variable or an IRI"))
	if p.isA() {
		p.advance()
		c.Args = append(c.Args, &TermExpr{Term: rdf.IRI(rdf.RDFType)})
	} else {
		c.Args = append(c.Args, p.tripleExprPart(`a predicate: a variable, an IRI or "a"`))
	}
	switch lit, ok := p.literal(); {
	case ok:
		c.Args = append(c.Args, &TermExpr{Term: lit})
	case p.isPunct("<<("):
		c.Args = append(c.Args, p.tripleExpr())
	default:
		c.Args = append(c.Args, p.tripleExprPart("an object: a variable, an IRI, a literal or a triple term"))
	}
	p.expect(")>>", "")
	return c
}

func (p *parser) tripleExprPart(what string) Expr {
	if p.isVar() {
		return p.varExpr()
	}
	return &TermExpr{Term: p.iri(what)}
}
