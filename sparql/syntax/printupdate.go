package syntax

import "nettwin/graph/rdf"

func (p *printer) operation(op Operation) {
	switch op := op.(type) {
	case *InsertData:
		p.write("INSERT DATA ")
		p.quads(op.Quads)
	case *DeleteData:
		p.write("DELETE DATA ")
		p.quads(op.Quads)
	case *DeleteWhere:
		p.write("DELETE WHERE ")
		p.group(op.Where)
	case *Modify:
		p.modify(op)
	case *Load:
		p.word("LOAD", op.Silent)
		p.term(op.Source)
		if !op.Into.IsZero() {
			p.write(" INTO GRAPH ")
			p.term(op.Into)
		}
	case *Clear:
		p.clear(op)
	case *Create:
		p.word("CREATE", op.Silent)
		p.write("GRAPH ")
		p.term(op.Graph)
	case *Transfer:
		p.word(op.Kind, op.Silent)
		p.graphOrDefault(op.From)
		p.write(" TO ")
		p.graphOrDefault(op.To)
	}
}

func (p *printer) word(word string, silent bool) {
	p.write(word, " ")
	if silent {
		p.write("SILENT ")
	}
}

func (p *printer) clear(c *Clear) {
	word := "CLEAR"
	if c.Drop {
		word = "DROP"
	}
	p.word(word, c.Silent)
	p.write(c.Target.Kind)
	if c.Target.Kind == "GRAPH" {
		p.write(" ")
		p.term(c.Target.Graph)
	}
}

func (p *printer) graphOrDefault(g rdf.Term) {
	if g.IsZero() {
		p.write("DEFAULT")
		return
	}
	p.write("GRAPH ")
	p.term(g)
}

func (p *printer) modify(m *Modify) {
	if !m.With.IsZero() {
		p.write("WITH ")
		p.term(m.With)
		p.newline()
	}
	if m.HasDelete {
		p.write("DELETE ")
		p.quads(m.Delete)
		p.newline()
	}
	if m.HasInsert {
		p.write("INSERT ")
		p.quads(m.Insert)
	}
	p.dataset("USING", m.Using)
	p.newline()
	p.write("WHERE ")
	p.group(m.Where)
}

// quads writes runs of quads of one graph together.
func (p *printer) quads(quads []QuadPattern) {
	p.block(func() {
		for len(quads) > 0 {
			g := quads[0].G
			var run []TriplePattern
			for len(quads) > 0 && quads[0].G == g {
				run = append(run, quads[0].TriplePattern)
				quads = quads[1:]
			}
			if g == (Node{}) {
				p.triples(run)
				continue
			}
			p.newline()
			p.write("GRAPH ")
			p.node(g)
			p.write(" ")
			p.block(func() { p.triples(run) })
		}
	})
}
