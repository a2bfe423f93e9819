package syntax

import (
	"slices"

	"nettwin/graph/rdf"
)

// Why a kind of node may not stand in a part of an update (§19.8 notes 7–9).
const (
	noVarsInData    = "DATA cannot hold variables"
	noBNodesDeleted = "what is deleted cannot hold blank nodes; use a variable"
)

// updateRequest is rule 29.
func (p *parser) updateRequest() *Update {
	u := &Update{}
	for {
		p.prologue()
		op := p.update1(len(u.Operations) + 1)
		if op == nil {
			break
		}
		p.count()
		u.Operations = append(u.Operations, op)
		if !p.accept(";") {
			break
		}
	}
	if p.tok.kind != tokEOF {
		if len(u.Operations) > 0 && !p.isPunct(";") {
			p.expected(`";", a further operation after it, or the end of the update`)
		}
		p.expected("BASE, PREFIX, VERSION, INSERT, DELETE, WITH, LOAD, CLEAR, DROP, CREATE, ADD, MOVE, COPY or the end of the update")
	}
	u.Base, u.Prefixes = p.base, p.prefixes
	c := checker{update: true}
	c.updateRequest(u)
	return u
}

// update1 is rule 30; nil if none is next.
func (p *parser) update1(number int) Operation {
	switch {
	case p.acceptWord("LOAD"):
		return p.load()
	case p.acceptWord("CLEAR"):
		return p.clear(false)
	case p.acceptWord("DROP"):
		return p.clear(true)
	case p.acceptWord("CREATE"):
		silent := p.acceptWord("SILENT")
		return &Create{Silent: silent, Graph: p.graphRef("SILENT or GRAPH")}
	case p.isWord("ADD"), p.isWord("MOVE"), p.isWord("COPY"):
		return p.transfer()
	case p.acceptWord("INSERT"):
		if p.acceptWord("DATA") {
			return &InsertData{Quads: p.quadBlock(tripleMode{noVars: noVarsInData, operation: number})}
		}
		return p.modify(&Modify{}, "INSERT")
	case p.acceptWord("DELETE"):
		if p.acceptWord("DATA") {
			return &DeleteData{Quads: p.quadBlock(tripleMode{noVars: noVarsInData, noBNodes: noBNodesDeleted})}
		}
		if p.acceptWord("WHERE") {
			return &DeleteWhere{Where: p.quadPattern()}
		}
		return p.modify(&Modify{}, "DELETE")
	case p.acceptWord("WITH"):
		m := &Modify{With: p.iri("the IRI of a graph")}
		if p.acceptWord("DELETE") {
			return p.modify(m, "DELETE")
		}
		if !p.acceptWord("INSERT") {
			p.expected("DELETE or INSERT")
		}
		return p.modify(m, "INSERT")
	}
	return nil
}

// load is rule 31 after LOAD.
func (p *parser) load() Operation {
	l := &Load{Silent: p.acceptWord("SILENT")}
	l.Source = p.iri("SILENT or the IRI of a document")
	if p.acceptWord("INTO") {
		l.Into = p.graphRef("GRAPH")
	}
	return l
}

// graphRef is rule 46.
func (p *parser) graphRef(what string) rdf.Term {
	if !p.acceptWord("GRAPH") {
		p.expected(what)
	}
	return p.iri("the IRI of a graph")
}

// clear is rules 32 and 33 after the keyword.
func (p *parser) clear(drop bool) Operation {
	c := &Clear{Drop: drop, Silent: p.acceptWord("SILENT")}
	for _, kind := range []string{"DEFAULT", "NAMED", "ALL"} {
		if p.acceptWord(kind) {
			c.Target.Kind = kind
			return c
		}
	}
	c.Target = GraphTarget{Kind: "GRAPH", Graph: p.graphRef("SILENT, GRAPH, DEFAULT, NAMED or ALL")}
	return c
}

// transfer is rules 35–37.
func (p *parser) transfer() Operation {
	t := &Transfer{}
	for _, kind := range []string{"ADD", "MOVE", "COPY"} {
		if p.acceptWord(kind) {
			t.Kind = kind
			break
		}
	}
	t.Silent = p.acceptWord("SILENT")
	t.From = p.graphOrDefault()
	p.expectWord("TO")
	t.To = p.graphOrDefault()
	return t
}

// graphOrDefault is rule 45.
func (p *parser) graphOrDefault() rdf.Term {
	if p.acceptWord("DEFAULT") {
		return rdf.Term{}
	}
	p.acceptWord("GRAPH")
	return p.iri("DEFAULT, GRAPH or the IRI of a graph")
}

// modify is rule 41 after its first DELETE or INSERT.
func (p *parser) modify(m *Modify, first string) Operation {
	if first == "DELETE" {
		if !p.isPunct("{") {
			p.expected(`DATA, WHERE or "{"`)
		}
		m.HasDelete = true
		m.Delete = p.quadBlock(tripleMode{noBNodes: noBNodesDeleted})
	}
	if first == "INSERT" || p.acceptWord("INSERT") {
		if !p.isPunct("{") {
			p.expected(`DATA or "{"`)
		}
		m.HasInsert = true
		m.Insert = p.quadBlock(templateMode)
	}
	m.Using = p.dataset("USING")
	if !p.acceptWord("WHERE") {
		what := "USING or WHERE"
		if !m.HasInsert {
			what = "INSERT, " + what
		}
		p.expected(what)
	}
	m.Where = p.whereClause("")
	return m
}

// quadBlock is rules 48 and 49.
func (p *parser) quadBlock(m tripleMode) []QuadPattern {
	var quads []QuadPattern
	p.quads(m, func(g Node, triples []TriplePattern) {
		quads = slices.Grow(quads, len(triples))
		for _, t := range triples {
			quads = append(quads, QuadPattern{TriplePattern: t, G: g})
		}
	})
	return quads
}

// quadPattern reads the quads of DELETE WHERE as a pattern.
func (p *parser) quadPattern() *Group {
	group := &Group{}
	p.quads(tripleMode{noBNodes: noBNodesDeleted}, func(g Node, triples []TriplePattern) {
		var el Pattern
		if len(triples) > 0 {
			el = &Triples{Patterns: triples}
		}
		if g != (Node{}) {
			inner := &Group{}
			if el != nil {
				inner.Elements = []Pattern{el}
			}
			el = &GraphPattern{Name: g, P: inner}
		}
		if el != nil {
			p.count()
			group.Elements = append(group.Elements, el)
		}
	})
	return group
}

// quads is rule 50 in braces. It gives each run of triples with its graph.
func (p *parser) quads(m tripleMode, add func(g Node, triples []TriplePattern)) {
	p.expect("{", "")
	p.triplesTemplate(m, Node{}, add)
	for p.acceptWord("GRAPH") {
		if p.isVar() {
			p.checkVar(m)
		}
		g := p.varOrIRI("a variable or the IRI of a graph")
		p.expect("{", "")
		p.triplesTemplate(m, g, add)
		p.expect("}", `".", ";", "," or "}"`)
		p.accept(".")
		p.triplesTemplate(m, Node{}, add)
	}
	p.expect("}", `a triple, ".", ";", ",", GRAPH or "}"`)
}

// triplesTemplate is rule 52, optional.
func (p *parser) triplesTemplate(m tripleMode, g Node, add func(g Node, triples []TriplePattern)) {
	var triples []TriplePattern
	for p.startsTriples() {
		p.triplesSameSubject(&triples, m)
		if !p.accept(".") {
			break
		}
	}
	if p.startsTriples() {
		p.expected(`".", ";", ",", GRAPH or "}"`)
	}
	if len(triples) > 0 || g != (Node{}) {
		add(g, triples)
	}
}
