package syntax

import (
	"math"
	"strconv"

	"nettwin/graph/rdf"
)

// query is rule 1.
func (p *parser) query() *Query {
	p.prologue()
	q := &Query{Body: newBody()}
	switch {
	case p.isWord("SELECT"):
		q.Form = FormSelect
		q.Projection = p.selectClause()
		q.Dataset = p.dataset("FROM")
		q.Where = p.whereClause(`a variable, "(", FROM, WHERE or "{"`)
	case p.acceptWord("CONSTRUCT"):
		q.Form = FormConstruct
		p.constructQuery(q)
	case p.acceptWord("DESCRIBE"):
		q.Form = FormDescribe
		p.describeQuery(q)
	case p.acceptWord("ASK"):
		q.Form = FormAsk
		q.Dataset = p.dataset("FROM")
		q.Where = p.whereClause(`FROM, WHERE or "{"`)
	default:
		p.expected("BASE, PREFIX, VERSION, SELECT, CONSTRUCT, DESCRIBE or ASK")
	}
	p.solutionModifier(&q.Body)
	p.valuesClause(&q.Body)
	if p.tok.kind != tokEOF {
		p.expected("a solution modifier, VALUES or the end of the query")
	}
	q.Base, q.Prefixes = p.base, p.prefixes
	c := checker{update: p.lex.update}
	c.query(q)
	return q
}

func newBody() Body { return Body{Limit: NoLimit} }

// selectClause is rule 9.
func (p *parser) selectClause() Projection {
	pr := Projection{Pos: p.tok.pos}
	p.expectWord("SELECT")
	if p.acceptWord("DISTINCT") {
		pr.Distinct = true
	} else if p.acceptWord("REDUCED") {
		pr.Reduced = true
	}
	if p.accept("*") {
		pr.Star = true
		return pr
	}
	for {
		switch {
		case p.isVar():
			p.count()
			pos := p.tok.pos
			pr.Items = append(pr.Items, SelectItem{Pos: pos, Var: p.advance().text})
		case p.accept("("):
			p.count()
			e := p.expression()
			if !p.acceptWord("AS") {
				p.expected("an operator or AS")
			}
			pos := p.tok.pos
			pr.Items = append(pr.Items, SelectItem{Pos: pos, Expr: e, Var: p.variable("a variable")})
			p.expect(")", "")
		default:
			if len(pr.Items) == 0 {
				p.expected(`DISTINCT, REDUCED, "*", a variable or "("`)
			}
			return pr
		}
	}
}

// constructQuery is rule 10 after CONSTRUCT.
func (p *parser) constructQuery(q *Query) {
	if p.isPunct("{") {
		q.Template = p.constructTemplate(templateMode)
		q.Dataset = p.dataset("FROM")
		q.Where = p.whereClause(`FROM, WHERE or "{"`)
		return
	}
	q.Dataset = p.dataset("FROM")
	if !p.acceptWord("WHERE") {
		p.expected(`a template ("{ … }"), FROM or WHERE`)
	}
	p.bnodes.newBGP()
	q.Template = p.constructTemplate(plainPatternMode)
	q.Where = &Group{}
	if len(q.Template) > 0 {
		q.Where.Elements = []Pattern{&Triples{Patterns: q.Template}}
	}
}

// constructTemplate is rule 73.
func (p *parser) constructTemplate(m tripleMode) []TriplePattern {
	p.expect("{", "")
	var triples []TriplePattern
	for !p.isPunct("}") {
		p.triplesSameSubject(&triples, m)
		if !p.accept(".") {
			break
		}
	}
	p.expect("}", `".", ";", "," or "}"`)
	return triples
}

// describeQuery is rule 11 after DESCRIBE.
func (p *parser) describeQuery(q *Query) {
	if p.accept("*") {
		q.DescribeStar = true
	} else {
		for p.isVar() || p.isIRI() {
			q.Describe = append(q.Describe, p.varOrIRI(""))
		}
		if len(q.Describe) == 0 {
			p.expected(`"*", a variable or an IRI`)
		}
	}
	q.Dataset = p.dataset("FROM")
	if p.isWord("WHERE") || p.isPunct("{") {
		q.Where = p.whereClause("")
	}
}

// dataset is rule 13, and rule 44 with the word USING.
func (p *parser) dataset(word string) Dataset {
	var d Dataset
	for p.acceptWord(word) {
		if p.acceptWord("NAMED") {
			d.FromNamed = append(d.FromNamed, p.iri("the IRI of a graph"))
		} else {
			d.From = append(d.From, p.iri("NAMED or the IRI of a graph"))
		}
	}
	return d
}

// whereClause is rule 17.
func (p *parser) whereClause(what string) *Group {
	if p.acceptWord("WHERE") {
		what = `"{"`
	}
	if !p.isPunct("{") {
		p.expected(what)
	}
	return p.groupGraphPattern()
}

// solutionModifier is rule 18.
func (p *parser) solutionModifier(b *Body) {
	if p.acceptWord("GROUP") {
		p.expectWord("BY")
		p.groupBy(b)
	}
	if p.acceptWord("HAVING") {
		b.Having = append(b.Having, p.constraint(`a condition: "(", a function or an aggregate`))
		for p.startsConstraint() {
			b.Having = append(b.Having, p.constraint(""))
		}
	}
	if p.acceptWord("ORDER") {
		p.expectWord("BY")
		p.orderBy(b)
	}
	p.limitOffset(b)
}

// groupBy is rule 19 after GROUP BY.
func (p *parser) groupBy(b *Body) {
	for p.isVar() || p.startsConstraint() {
		p.count()
		k := GroupKey{Pos: p.tok.pos}
		switch {
		case p.isVar():
			k.Expr = p.varExpr()
		case p.accept("("):
			k.Expr = p.expression()
			if p.acceptWord("AS") {
				k.Pos = p.tok.pos
				k.Var = p.variable("a variable")
			}
			p.expect(")", `an operator, AS or ")"`)
		default:
			k.Expr = p.constraint("")
		}
		b.GroupBy = append(b.GroupBy, k)
	}
	if len(b.GroupBy) == 0 {
		p.expected(`a variable, "(" or a function`)
	}
}

// orderBy is rule 23 after ORDER BY.
func (p *parser) orderBy(b *Body) {
	for {
		descending := p.isWord("DESC")
		switch {
		case descending, p.isWord("ASC"):
			p.advance()
			b.OrderBy = append(b.OrderBy, OrderKey{Expr: p.brackettedExpression(), Descending: descending})
		case p.isVar():
			b.OrderBy = append(b.OrderBy, OrderKey{Expr: p.varExpr()})
		case p.startsConstraint():
			b.OrderBy = append(b.OrderBy, OrderKey{Expr: p.constraint("")})
		default:
			if len(b.OrderBy) == 0 {
				p.expected(`ASC, DESC, a variable, "(" or a function`)
			}
			return
		}
	}
}

// limitOffset is rule 25: either order, each at most once.
func (p *parser) limitOffset(b *Body) {
	var limit, offset bool
	for {
		switch {
		case !limit && p.acceptWord("LIMIT"):
			limit = true
			b.Limit = p.integer()
		case !offset && p.acceptWord("OFFSET"):
			offset = true
			b.Offset = p.integer()
		default:
			return
		}
	}
}

// integer reads an unsigned integer; one beyond all counts becomes the largest.
func (p *parser) integer() int64 {
	if p.tok.kind != tokInteger || p.tok.isSigned() {
		p.expected("a number of solutions")
	}
	n, err := strconv.ParseInt(p.advance().text, 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}

// valuesClause is rule 28.
func (p *parser) valuesClause(b *Body) {
	if p.acceptWord("VALUES") {
		b.Values = p.dataBlock()
	}
}

// dataBlock is rule 62.
func (p *parser) dataBlock() *Values {
	v := &Values{}
	if p.isVar() {
		v.Vars = []string{p.advance().text}
		p.expect("{", "")
		for !p.accept("}") {
			v.Rows = append(v.Rows, []rdf.Term{p.dataValue(`a value or "}"`)})
		}
		return v
	}
	p.expect("(", `a variable or "("`)
	seen := map[string]bool{}
	for p.isVar() {
		if seen[p.tok.text] {
			panic(p.errorAt(p.tok.pos, CodeValuesDuplicate, "variable ?%s stands twice in one VALUES", p.tok.text))
		}
		seen[p.tok.text] = true
		v.Vars = append(v.Vars, p.advance().text)
	}
	p.expect(")", `a variable or ")"`)
	p.expect("{", "")
	for !p.accept("}") {
		v.Rows = append(v.Rows, p.dataRow(len(v.Vars)))
	}
	return v
}

func (p *parser) dataRow(width int) []rdf.Term {
	pos := p.tok.pos
	p.expect("(", `"(" or "}"`)
	row := []rdf.Term{}
	for !p.accept(")") {
		row = append(row, p.dataValue(`a value or ")"`))
	}
	if len(row) != width {
		panic(p.errorAt(pos, CodeValuesArity, "expected as many values as variables (%d), found %d", width, len(row)))
	}
	return row
}

// dataValue is rule 65; UNDEF is the zero term.
func (p *parser) dataValue(what string) rdf.Term {
	if p.acceptWord("UNDEF") {
		return rdf.Term{}
	}
	if p.isPunct("<<(") {
		return p.tripleData()
	}
	if t, ok := p.literal(); ok {
		return t
	}
	return p.iri(what)
}
