package syntax

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"nettwin/graph/rdf"
)

// Print returns a text that parses to an equal tree, positions apart. IRIs
// are written in full, abbreviations of triples written out.
func Print(q *Query) string {
	var p printer
	p.prologue(q.Base, q.Prefixes)
	p.query(q)
	p.newline()
	return p.b.String()
}

// PrintUpdate is Print for update requests.
func PrintUpdate(u *Update) string {
	var p printer
	p.prologue(u.Base, u.Prefixes)
	for i, op := range u.Operations {
		if i > 0 {
			p.write(" ;\n")
		}
		p.operation(op)
	}
	p.newline()
	return p.b.String()
}

// PrintGroup returns the text of a group with its braces. It needs no
// prologue.
func PrintGroup(g *Group) string {
	var p printer
	p.group(g)
	return p.b.String()
}

// printer collects text, indented by two spaces a level.
type printer struct {
	b      strings.Builder
	indent int
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

func (p *printer) newline() {
	p.write("\n", strings.Repeat("  ", min(p.indent, maxIndent)))
}

// maxIndent bounds the indentation, so that text grows linearly.
const maxIndent = 16

func (p *printer) prologue(base string, prefixes map[string]string) {
	if base != "" {
		p.write("BASE <", base, ">\n")
	}
	for _, name := range slices.Sorted(maps.Keys(prefixes)) {
		p.write("PREFIX ", name, ": <", prefixes[name], ">\n")
	}
}

func (p *printer) query(q *Query) {
	switch q.Form {
	case FormSelect:
		p.projection(&q.Projection)
	case FormConstruct:
		p.write("CONSTRUCT ")
		p.block(func() { p.triples(q.Template) })
	case FormDescribe:
		p.write("DESCRIBE")
		if q.DescribeStar {
			p.write(" *")
		}
		for _, n := range q.Describe {
			p.write(" ")
			p.node(n)
		}
	case FormAsk:
		p.write("ASK")
	}
	p.dataset("FROM", q.Dataset)
	p.body(&q.Body)
}

func (p *printer) projection(pr *Projection) {
	p.write("SELECT")
	switch {
	case pr.Distinct:
		p.write(" DISTINCT")
	case pr.Reduced:
		p.write(" REDUCED")
	}
	if pr.Star {
		p.write(" *")
	}
	for _, item := range pr.Items {
		p.write(" ")
		p.as(item.Expr, item.Var)
	}
}

// as writes ?v, or (expr AS ?v).
func (p *printer) as(e Expr, v string) {
	if e == nil {
		p.write("?", v)
		return
	}
	p.write("(")
	p.expr(e, precLowest)
	p.write(" AS ?", v, ")")
}

func (p *printer) dataset(word string, d Dataset) {
	for _, g := range d.From {
		p.newline()
		p.write(word, " ")
		p.term(g)
	}
	for _, g := range d.FromNamed {
		p.newline()
		p.write(word, " NAMED ")
		p.term(g)
	}
}

func (p *printer) body(b *Body) {
	if b.Where != nil {
		p.newline()
		p.write("WHERE ")
		p.group(b.Where)
	}
	p.modifiers(b)
	if b.Values != nil {
		p.newline()
		p.values(b.Values)
	}
}

func (p *printer) modifiers(b *Body) {
	if len(b.GroupBy) > 0 {
		p.newline()
		p.write("GROUP BY")
		for _, k := range b.GroupBy {
			p.write(" ")
			p.groupKey(k)
		}
	}
	if len(b.Having) > 0 {
		p.newline()
		p.write("HAVING")
		for _, e := range b.Having {
			p.write(" ")
			p.constraint(e)
		}
	}
	if len(b.OrderBy) > 0 {
		p.newline()
		p.write("ORDER BY")
		for _, k := range b.OrderBy {
			p.write(" ")
			p.orderKey(k)
		}
	}
	if b.Limit != NoLimit {
		p.newline()
		p.write("LIMIT ", strconv.FormatInt(b.Limit, 10))
	}
	if b.Offset != 0 {
		p.newline()
		p.write("OFFSET ", strconv.FormatInt(b.Offset, 10))
	}
}

func (p *printer) groupKey(k GroupKey) {
	switch _, isVar := k.Expr.(*VarExpr); {
	case k.Var != "":
		p.as(k.Expr, k.Var)
	case isVar:
		p.expr(k.Expr, precLowest)
	default:
		p.constraint(k.Expr)
	}
}

func (p *printer) orderKey(k OrderKey) {
	switch _, isVar := k.Expr.(*VarExpr); {
	case k.Descending:
		p.write("DESC(")
		p.expr(k.Expr, precLowest)
		p.write(")")
	case isVar:
		p.expr(k.Expr, precLowest)
	default:
		p.constraint(k.Expr)
	}
}

// block writes braces with lines inside.
func (p *printer) block(lines func()) {
	p.write("{")
	p.indent++
	lines()
	p.indent--
	p.newline()
	p.write("}")
}

func (p *printer) group(g *Group) {
	p.block(func() {
		for _, el := range g.Elements {
			p.pattern(el)
		}
	})
}

func (p *printer) pattern(el Pattern) {
	if t, ok := el.(*Triples); ok {
		p.triples(t.Patterns)
		return
	}
	p.newline()
	switch el := el.(type) {
	case *Group:
		p.group(el)
	case *Union:
		for i, b := range el.Branches {
			if i > 0 {
				p.write(" UNION ")
			}
			p.group(b)
		}
	case *Optional:
		p.write("OPTIONAL ")
		p.group(el.P)
	case *Minus:
		p.write("MINUS ")
		p.group(el.P)
	case *GraphPattern:
		p.write("GRAPH ")
		p.node(el.Name)
		p.write(" ")
		p.group(el.P)
	case *Service:
		p.write("SERVICE ")
		if el.Silent {
			p.write("SILENT ")
		}
		p.node(el.Endpoint)
		p.write(" ")
		p.group(el.P)
	case *Filter:
		p.write("FILTER ")
		p.constraint(el.Expr)
	case *Bind:
		p.write("BIND ")
		p.as(el.Expr, el.Var)
	case *Values:
		p.values(el)
	case *SubSelect:
		p.projection(&el.Projection)
		p.body(&el.Body)
	}
}

func (p *printer) values(v *Values) {
	p.write("VALUES (")
	for i, name := range v.Vars {
		if i > 0 {
			p.write(" ")
		}
		p.write("?", name)
	}
	p.write(") ")
	p.block(func() {
		for _, row := range v.Rows {
			p.newline()
			p.write("(")
			for i, t := range row {
				if i > 0 {
					p.write(" ")
				}
				p.term(t)
			}
			p.write(")")
		}
	})
}

// triples writes one triple a line.
func (p *printer) triples(triples []TriplePattern) {
	for _, t := range triples {
		p.newline()
		p.node(t.S)
		p.write(" ")
		if t.Path != nil {
			p.path(t.Path, precPathAlt)
		} else {
			p.node(t.P)
		}
		p.write(" ")
		p.node(t.O)
		p.write(" .")
	}
}

func (p *printer) node(n Node) {
	if n.IsVar() {
		p.write("?", n.Var)
		return
	}
	if t := n.Triple; t != nil {
		p.write("<<( ")
		p.node(t.S)
		p.write(" ")
		p.node(t.P)
		p.write(" ")
		p.node(t.O)
		p.write(" )>>")
		return
	}
	p.term(n.Term)
}

// term writes a term; the zero term is UNDEF.
func (p *printer) term(t rdf.Term) {
	switch {
	case t.IsZero():
		p.write("UNDEF")
	case t.IsIRI():
		p.write("<", t.Value(), ">")
	case t.IsBNode():
		p.write("_:", t.Value())
	case t.IsTriple():
		p.tripleTerm(t)
	case isShort(t):
		p.write(t.Value())
	default:
		p.quoted(t.Value())
		switch {
		case t.Lang() != "":
			p.write("@", t.Tag())
		case t.Datatype() != rdf.XSDString:
			p.write("^^<", t.Datatype(), ">")
		}
	}
}

// tripleTerm writes a constant triple term.
func (p *printer) tripleTerm(t rdf.Term) {
	triple, ok := t.Triple()
	if !ok { // no text makes one
		p.write(t.Value())
		return
	}
	p.node(Node{Triple: &TripleNode{S: Node{Term: triple.S}, P: Node{Term: triple.P}, O: Node{Term: triple.O}}})
}

// isShort tells whether the grammar has a form without quotes for a literal.
func isShort(t rdf.Term) bool {
	var kind tokenKind
	switch t.Datatype() {
	case rdf.XSDBoolean:
		return t.Value() == "true" || t.Value() == "false"
	case rdf.XSDInteger:
		kind = tokInteger
	case rdf.XSDDecimal:
		kind = tokDecimal
	case rdf.XSDDouble:
		kind = tokDouble
	default:
		return false
	}
	l := newLexer(t.Value(), false)
	tok, ok := l.scanNumber(0)
	return ok && tok.kind == kind && tok.text == t.Value()
}

var stringEscapes = strings.NewReplacer(
	`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`)

func (p *printer) quoted(s string) {
	p.write(`"`, stringEscapes.Replace(s), `"`)
}

// PrintTerm returns a term as the text of a query has it: numbers and
// booleans in their short form, IRIs in full.
func PrintTerm(t rdf.Term) string {
	var p printer
	p.term(t)
	return p.b.String()
}
