package sparqltest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"nettwin/graph/rdf"
)

// Generated is a random query with its data. Its answer is one bag, whatever
// the engine: LIMIT stands only above a total order, and there is no RAND,
// SAMPLE or GROUP_CONCAT.
type Generated struct {
	Seed uint64
	Data []rdf.Quad
	root *part
}

// Query returns the text of the query.
func (g *Generated) Query() string {
	var b strings.Builder
	b.WriteString("PREFIX : <" + genNS + ">\nPREFIX xsd: <" + rdf.XSD + ">\n")
	g.root.write(&b)
	return b.String()
}

// Generate returns the query and the data of a seed.
func Generate(seed uint64) (query string, data []rdf.Quad) {
	g := GenerateCase(seed)
	return g.Query(), g.Data
}

const genNS = "http://example.org/gen/"

// part is a piece of a query: parts between open and end. Optional parts may
// be left out when a failure is shrunk.
type part struct {
	open, end string
	parts     []*part
	optional  bool
}

func (p *part) write(b *strings.Builder) {
	b.WriteString(p.open)
	for _, inner := range p.parts {
		inner.write(b)
	}
	b.WriteString(p.end)
}

func (p *part) add(inner ...*part) { p.parts = append(p.parts, inner...) }

func piece(format string, args ...any) *part { return &part{open: fmt.Sprintf(format, args...)} }

// generator makes one case.
type generator struct {
	rng *rand.Rand
	// total: every term of the data has a value of its own and there are no
	// blank nodes, so that ORDER BY over all columns is total and MIN and MAX
	// have one answer.
	total bool
	// triples: the data has triple terms, and the query asks for them.
	triples bool
	stated  []rdf.Quad      // with triples: the data so far
	bound   map[string]bool // variables that the pattern so far may bind
	made    int             // variables of BIND and of subqueries
}

// Sizes of what is generated.
const (
	genSubjects   = 5
	genPredicates = 3
	genGraphs     = 3
	genVars       = 5
	genMaxDepth   = 3
)

// GenerateCase makes the case of a seed.
func GenerateCase(seed uint64) *Generated {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 0x5eed)), bound: map[string]bool{}}
	g.total = g.rng.IntN(2) == 0
	g.triples = seed%4 == 3
	out := &Generated{Seed: seed}
	for range 15 + g.rng.IntN(45) {
		out.Data = append(out.Data, g.quad())
		g.stated = out.Data
	}
	out.root = g.query()
	return out
}

// chance is true p times in a hundred.
func (g *generator) chance(p int) bool { return g.rng.IntN(100) < p }

func pick[T any](g *generator, list ...T) T { return list[g.rng.IntN(len(list))] }

func genIRI(format string, args ...any) rdf.Term {
	return rdf.IRI(genNS + fmt.Sprintf(format, args...))
}

func (g *generator) node() rdf.Term {
	if !g.total && g.chance(15) {
		return rdf.BNode(fmt.Sprint("b", g.rng.IntN(3)))
	}
	return genIRI("s%d", g.rng.IntN(genSubjects))
}

func (g *generator) quad() rdf.Quad {
	q := rdf.Quad{S: g.node(), P: genIRI("p%d", g.rng.IntN(genPredicates)), O: g.node()}
	if g.chance(40) {
		q.O = g.literal()
	}
	if g.triples && g.chance(50) {
		q = g.quad12(q)
	}
	if g.chance(25) {
		q.G = genIRI("g%d", g.rng.IntN(genGraphs))
	}
	return q
}

// literal returns a literal whose sums are exact in any order.
func (g *generator) literal() rdf.Term {
	n := g.rng.IntN(5)
	switch g.rng.IntN(6) {
	case 0:
		return rdf.String(pick(g, "", "a", "ab", "b c"))
	case 1:
		return rdf.LangString(pick(g, "a", "b"), pick(g, "en", "fr"))
	case 2:
		return rdf.Literal(fmt.Sprintf("%d.5", n), rdf.XSDDecimal)
	case 3:
		if !g.total {
			return rdf.Literal(pick(g, "01", "1.0", "+1", "-0"), pick(g, rdf.XSDDecimal, rdf.XSDDouble))
		}
		return rdf.Literal(pick(g, "true", "false"), rdf.XSDBoolean)
	case 4:
		return rdf.Literal(fmt.Sprintf("2026-01-0%dT00:00:00Z", n+1), rdf.XSDDateTime)
	}
	return rdf.Literal(fmt.Sprint(n), rdf.XSDInteger)
}

func (g *generator) variable() string {
	v := fmt.Sprint("?v", g.rng.IntN(genVars))
	g.bound[v] = true
	return v
}

// fresh returns a variable that nothing else binds.
func (g *generator) fresh() string {
	g.made++
	return fmt.Sprint("?x", g.made)
}

// anyVar returns a variable that an expression may use, bound or not.
func (g *generator) anyVar() string { return fmt.Sprint("?v", g.rng.IntN(genVars)) }

func genTerm(t rdf.Term) string { return string(rdf.AppendTerm(nil, t)) }

func (g *generator) query() *part {
	switch {
	case g.chance(8):
		q := piece("ASK ")
		q.add(g.group(0))
		return q
	case g.chance(8):
		q := piece("CONSTRUCT { %s :made %s } WHERE ", g.variable(), g.templateObject())
		q.add(g.group(0))
		return q
	case g.chance(6):
		q := piece("DESCRIBE %s %s WHERE ", pick(g, g.subject(), genTerm(genIRI("nowhere"))), g.variable())
		q.add(g.group(0))
		return q
	}
	return g.selectQuery(0)
}

// selectQuery makes a SELECT. At depth 0 all columns are plain or grouped.
func (g *generator) selectQuery(depth int) *part {
	if g.chance(25) {
		return g.aggregateQuery(depth)
	}
	where := g.group(depth)
	var vars []string
	for i := range genVars {
		if v := fmt.Sprint("?v", i); g.chance(60) {
			vars = append(vars, v)
		}
	}
	if len(vars) == 0 {
		vars = []string{"?v0"}
	}
	q := piece("SELECT %s%s WHERE ", pick(g, "", "", "DISTINCT "), strings.Join(vars, " "))
	q.add(where)
	if g.chance(30) {
		q.add(g.order(vars))
	}
	return q
}

// order sorts by all columns, and cuts only where that makes the answer one.
func (g *generator) order(vars []string) *part {
	var b strings.Builder
	b.WriteString(" ORDER BY")
	for _, v := range vars {
		b.WriteString(pick(g, " "+v, " ASC("+v+")", " DESC("+v+")"))
	}
	if g.total {
		fmt.Fprintf(&b, " LIMIT %d", g.rng.IntN(8))
		if g.chance(40) {
			fmt.Fprintf(&b, " OFFSET %d", g.rng.IntN(4))
		}
	}
	return &part{open: b.String(), optional: true}
}

func (g *generator) aggregateQuery(depth int) *part {
	where := g.group(depth)
	key, arg, out := g.anyVar(), g.anyVar(), g.fresh()
	functions := []string{"COUNT(" + arg + ")", "COUNT(*)", "COUNT(DISTINCT " + arg + ")", "SUM(" + arg + ")", "AVG(" + arg + ")", "SUM(DISTINCT " + arg + ")"}
	if g.total {
		functions = append(functions, "MIN("+arg+")", "MAX("+arg+")")
	}
	function := pick(g, functions...)
	if g.chance(25) {
		q := piece("SELECT (%s AS %s) WHERE ", function, out)
		q.add(where)
		return q
	}
	q := piece("SELECT %s (%s AS %s) WHERE ", key, function, out)
	q.add(where, piece(" GROUP BY %s", key))
	if g.chance(30) {
		q.add(&part{open: " HAVING (COUNT(*) > 1)", optional: true})
	}
	return q
}

// group makes a group graph pattern of one to four elements.
func (g *generator) group(depth int) *part {
	p := &part{open: "{ ", end: "} "}
	for i := range 1 + g.rng.IntN(3) {
		inner := g.element(depth, i == 0)
		inner.optional = true
		p.add(inner)
	}
	return p
}

func (g *generator) element(depth int, first bool) *part {
	if g.triples && g.chance(30) {
		return g.annotated()
	}
	if first || depth >= genMaxDepth {
		return g.someTriples()
	}
	switch g.rng.IntN(12) {
	case 0, 1:
		return g.wrapped("OPTIONAL ", depth)
	case 2:
		p := g.wrapped("", depth)
		p.add(&part{open: "UNION ", parts: []*part{g.group(depth + 1)}, optional: true})
		return p
	case 3:
		return g.wrapped("MINUS ", depth)
	case 4, 5:
		return piece("FILTER(%s) ", g.condition(2))
	case 6:
		return piece("BIND(%s AS %s) ", g.value(2), g.fresh())
	case 7:
		return g.values()
	case 8:
		return g.wrapped("GRAPH "+pick(g, g.variable(), genTerm(genIRI("g%d", g.rng.IntN(genGraphs))))+" ", depth)
	case 9:
		return &part{open: "{ ", end: "} ", parts: []*part{g.selectQuery(depth + 1)}}
	case 10:
		return g.wrapped("FILTER "+pick(g, "", "NOT ")+"EXISTS ", pick(g, depth, genMaxDepth, genMaxDepth)) // mostly triples only
	}
	return g.path()
}

func (g *generator) wrapped(keyword string, depth int) *part {
	return &part{open: keyword, parts: []*part{g.group(depth + 1)}}
}

func (g *generator) someTriples() *part {
	p := &part{}
	for range 1 + g.rng.IntN(2) {
		predicate := genTerm(genIRI("p%d", g.rng.IntN(genPredicates)))
		if g.chance(20) {
			predicate = g.variable()
		}
		p.add(&part{open: fmt.Sprintf("%s %s %s . ", g.subject(), predicate, g.object()), optional: true})
	}
	return p
}

func (g *generator) subject() string {
	if g.chance(92) {
		return g.variable()
	}
	return genTerm(genIRI("s%d", g.rng.IntN(genSubjects)))
}

func (g *generator) object() string {
	if g.chance(6) {
		return genTerm(g.literal())
	}
	if g.triples && g.chance(10) {
		return g.triplePattern(g.subject, g.object)
	}
	return g.subject()
}

func (g *generator) path() *part {
	return piece("%s %s %s . ", g.subject(), g.pathExpr(2), g.object())
}

func (g *generator) pathExpr(depth int) string {
	p := fmt.Sprintf(":p%d", g.rng.IntN(genPredicates))
	if depth == 0 {
		return p
	}
	inner := func() string { return g.pathExpr(depth - 1) }
	switch g.rng.IntN(8) {
	case 0:
		return "^(" + inner() + ")"
	case 1:
		return "(" + inner() + "/" + inner() + ")"
	case 2:
		return "(" + inner() + "|" + inner() + ")"
	case 3:
		return "(" + inner() + ")*"
	case 4:
		return "(" + inner() + ")+"
	case 5:
		return "(" + inner() + ")?"
	case 6:
		return "!(" + p + pick(g, "", "|^:p0", "|:p1") + ")"
	}
	return p
}

func (g *generator) values() *part {
	a, b := g.variable(), g.variable()
	if a == b {
		return piece("VALUES %s { %s UNDEF } ", a, genTerm(genIRI("s%d", g.rng.IntN(genSubjects))))
	}
	p := &part{open: fmt.Sprintf("VALUES (%s %s) { ", a, b), end: "} "}
	for range 1 + g.rng.IntN(3) {
		first := genTerm(genIRI("s%d", g.rng.IntN(genSubjects)))
		p.add(&part{open: fmt.Sprintf("(%s %s) ", pick(g, first, "UNDEF"), pick(g, genTerm(g.literal()), first, "UNDEF")), optional: true})
	}
	return p
}

// condition makes an expression that is meant as a truth value.
func (g *generator) condition(depth int) string {
	if depth > 0 {
		switch g.rng.IntN(4) {
		case 0:
			return "(" + g.condition(depth-1) + " && " + g.condition(depth-1) + ")"
		case 1:
			return "(" + g.condition(depth-1) + " || " + g.condition(depth-1) + ")"
		case 2:
			return "!(" + g.condition(depth-1) + ")"
		}
	}
	a, b := g.value(1), g.value(1)
	if g.triples && g.chance(15) {
		return pick(g, "isTRIPLE", "hasLANG", "hasLANGDIR") + "(" + a + ")"
	}
	switch g.rng.IntN(7) {
	case 0:
		return "BOUND(" + g.anyVar() + ")"
	case 1:
		return pick(g, "isIRI", "isLiteral", "isNumeric", "isBlank") + "(" + a + ")"
	case 2:
		return a + pick(g, " IN (", " NOT IN (") + b + ", " + g.value(0) + ")"
	case 3:
		return "sameTerm(" + a + ", " + b + ")"
	case 4:
		return "REGEX(STR(" + a + `), "[a1]")`
	}
	return a + " " + pick(g, "=", "!=", "<", ">", "<=", ">=") + " " + b
}

// value makes an expression of any type.
func (g *generator) value(depth int) string {
	if depth == 0 || g.chance(50) {
		if g.chance(70) {
			return g.anyVar()
		}
		return genTerm(g.literal())
	}
	a := g.value(depth - 1)
	if g.triples && g.chance(25) {
		return g.tripleValue(a, depth)
	}
	switch g.rng.IntN(7) {
	case 0:
		return "(" + a + pick(g, " + ", " - ", " * ") + g.value(depth-1) + ")"
	case 1:
		return "COALESCE(" + a + ", " + g.value(depth-1) + ")"
	case 2:
		return "IF(" + g.condition(0) + ", " + a + ", " + g.value(depth-1) + ")"
	case 3:
		return pick(g, "STR", "DATATYPE", "LANG", "STRLEN", "UCASE", "ABS", "YEAR") + "(" + a + ")"
	case 4:
		return "CONCAT(STR(" + a + `), "-")`
	case 5:
		return "xsd:" + pick(g, "integer", "string", "double") + "(" + a + ")"
	}
	return a
}
