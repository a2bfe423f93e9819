package syntax

import "nettwin/graph/rdf"

// tripleMode says what triples may hold, which depends on where they stand.
type tripleMode struct {
	paths     bool   // property paths as verbs
	pattern   bool   // blank node labels belong to the basic graph pattern
	noBNodes  string // why no blank node may stand here, or ""
	noVars    string // why no variable may stand here, or ""
	operation int    // > 0: the INSERT DATA that blank node labels belong to
}

var (
	patternMode      = tripleMode{paths: true, pattern: true}
	plainPatternMode = tripleMode{pattern: true}
	templateMode     = tripleMode{}
)

// startsTriples tells whether a TriplesSameSubject can begin here.
func (p *parser) startsTriples() bool {
	switch t := p.tok; t.kind {
	case tokVar, tokIRI, tokPName, tokBNode, tokString, tokInteger, tokDecimal, tokDouble:
		return true
	case tokPunct:
		return t.text == "(" || t.text == "[" || t.text == "<<" || t.text == "<<("
	case tokWord:
		return t.isWord("TRUE") || t.isWord("FALSE")
	}
	return false
}

// triplesSameSubject is rules 75 and 81.
func (p *parser) triplesSameSubject(out *[]TriplePattern, m tripleMode) {
	subject, sugar := p.graphNode(out, m, "a subject: a variable, an IRI, a literal, a blank node or a collection")
	if sugar && !p.startsVerb(m) {
		return
	}
	p.propertyList(subject, out, m)
}

// startsVerb tells whether a verb can begin here.
func (p *parser) startsVerb(m tripleMode) bool {
	if p.isVar() || p.isIRI() || p.isA() {
		return true
	}
	return m.paths && (p.isPunct("^") || p.isPunct("!") || p.isPunct("("))
}

// isA tells whether the keyword "a" is next; it alone is case-sensitive.
func (p *parser) isA() bool { return p.tok.kind == tokWord && p.tok.text == "a" }

// propertyList is rules 77 and 83 (not empty).
func (p *parser) propertyList(subject Node, out *[]TriplePattern, m tripleMode) {
	for {
		before := p.elements
		verb := p.verb(m)
		steps := p.elements - before
		for {
			object, _ := p.graphNode(out, m, "an object: a variable, an IRI, a literal, a blank node or a collection")
			t := verb
			t.S, t.O = subject, object
			*out = append(*out, t)
			p.annotations(t, out, m)
			if !p.accept(",") {
				break
			}
			p.countN(steps) // the path is translated once for each object
		}
		if !p.accept(";") {
			return
		}
		for p.accept(";") {
		}
		if !p.startsVerb(m) {
			return
		}
	}
}

// verb is rules 78, 84 and 85, as a triple pattern without subject and object.
func (p *parser) verb(m tripleMode) TriplePattern {
	if !p.startsVerb(m) {
		if m.paths {
			p.expected(`a predicate: a variable, an IRI, "a" or a property path`)
		}
		p.expected(`a predicate: a variable, an IRI or "a"`)
	}
	if p.isVar() {
		p.checkVar(m)
		return TriplePattern{P: Node{Var: p.advance().text}}
	}
	if !m.paths {
		return TriplePattern{P: Node{Term: p.iriOrA()}}
	}
	path := p.path()
	if link, ok := path.(*PathLink); ok {
		return TriplePattern{P: Node{Term: link.IRI}}
	}
	return TriplePattern{Path: path}
}

func (p *parser) iriOrA() rdf.Term {
	if p.isA() {
		p.advance()
		return rdf.IRI(rdf.RDFType)
	}
	return p.iri(`an IRI or "a"`)
}

func (p *parser) checkVar(m tripleMode) {
	if m.noVars != "" {
		panic(p.errorAt(p.tok.pos, CodeVariableInData, "%s, found ?%s", m.noVars, p.tok.text))
	}
}

func (p *parser) checkBNode(m tripleMode) {
	if m.noBNodes != "" {
		panic(p.errorAt(p.tok.pos, CodeBNodeInDelete, "%s, found %v", m.noBNodes, p.tok))
	}
}

// graphNode is rules 104–109. It writes the triples of "[ … ]", "( … )" and
// "<< … >>" to out; sugar tells that there was one that may stand alone as a subject.
func (p *parser) graphNode(out *[]TriplePattern, m tripleMode, what string) (n Node, sugar bool) {
	switch t := p.tok; {
	case t.kind == tokVar:
		p.checkVar(m)
		p.advance()
		return Node{Var: t.text}, false
	case t.kind == tokBNode:
		p.checkBNode(m)
		p.checkLabel(m)
		p.advance()
		return Node{Term: rdf.BNode(t.text)}, false
	case t.isPunct("["):
		p.checkBNode(m)
		return p.blankNode(out, m)
	case t.isPunct("("):
		return p.collection(out, m)
	case t.isPunct("<<("):
		return p.tripleTerm(out, m), false
	case t.isPunct("<<"):
		return p.reifiedTriple(out, m), true
	case p.isIRI():
		return Node{Term: p.iri("")}, false
	}
	if lit, ok := p.literal(); ok {
		return Node{Term: lit}, false
	}
	p.expected(what)
	return Node{}, false
}

// checkLabel enforces the scope of a blank node label (§19.6).
func (p *parser) checkLabel(m tripleMode) {
	label := p.tok.text
	if m.pattern && !p.bnodes.usePattern(label) {
		panic(p.errorAt(p.tok.pos, CodeBNodeScope, "blank node _:%s is already used in another graph pattern; use a variable to join them", label))
	}
	if m.operation > 0 && !p.bnodes.useData(label, m.operation) {
		panic(p.errorAt(p.tok.pos, CodeBNodeScope, "blank node _:%s is already used in another INSERT DATA of this request", label))
	}
}

func (p *parser) freshBNode() Node { return Node{Term: rdf.BNode(p.bnodes.fresh())} }

// blankNode is "[" … "]" (rules 99 and 163).
func (p *parser) blankNode(out *[]TriplePattern, m tripleMode) (n Node, sugar bool) {
	defer p.enter()()
	p.advance()
	n = p.freshBNode()
	if p.accept("]") {
		return n, false
	}
	p.propertyList(n, out, m)
	p.expect("]", `";", "," or "]"`)
	return n, true
}

// collection is "(" … ")" (rules 102 and 161).
func (p *parser) collection(out *[]TriplePattern, m tripleMode) (n Node, sugar bool) {
	defer p.enter()()
	if p.skipNil() {
		return Node{Term: rdf.IRI(rdf.RDFNil)}, false
	}
	p.checkBNode(m)
	p.advance()
	first := p.freshBNode()
	cell := first
	for {
		item, _ := p.graphNode(out, m, `an item or ")"`)
		*out = append(*out, TriplePattern{S: cell, P: Node{Term: rdf.IRI(rdf.RDFFirst)}, O: item})
		rest := Node{Term: rdf.IRI(rdf.RDFNil)}
		last := p.accept(")")
		if !last {
			rest = p.freshBNode()
		}
		*out = append(*out, TriplePattern{S: cell, P: Node{Term: rdf.IRI(rdf.RDFRest)}, O: rest})
		if last {
			return first, true
		}
		cell = rest
	}
}
