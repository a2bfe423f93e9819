package algebra

import (
	"fmt"
	"strconv"

	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
	"nettwin/sparql/syntax"
)

// Translate gives the algebra of a parsed query (SPARQL 1.1 §18.2). Of the
// simplifications of §18.2.2.8 it does only the join with the empty pattern.
// An error is a *syntax.SyntaxError about a call that cannot be resolved.
func Translate(q *syntax.Query) (out *Query, err error) {
	defer recoverSyntax(&err)
	t := &translator{}
	out = &Query{
		Base:     q.Base,
		Prefixes: q.Prefixes,
		Dataset:  DatasetClause(q.Dataset),
	}
	switch q.Form {
	case syntax.FormSelect:
		out.Form = Select
		out.Op, out.Vars = t.selectQuery(&q.Projection, &q.Body)
		return out, nil
	case syntax.FormConstruct:
		out.Form = Construct
		out.Template = quadPatterns(q.Template, Node{})
	case syntax.FormDescribe:
		out.Form = Describe
		out.Describe = describeNodes(q)
	case syntax.FormAsk:
		out.Form = Ask
	}
	out.Op = t.solutions(nil, &q.Body)
	return out, nil
}

func describeNodes(q *syntax.Query) []Node {
	var nodes []Node
	for _, n := range q.Describe {
		nodes = append(nodes, node(n))
	}
	if q.DescribeStar {
		for _, v := range q.Body.InScope() {
			nodes = append(nodes, Node{Var: v})
		}
	}
	return nodes
}

// translator makes the names that one translation needs. Its methods panic
// with a *syntax.SyntaxError, which the entry points recover.
type translator struct {
	update bool
	made   int
}

func recoverSyntax(err *error) {
	r := recover()
	if r == nil {
		return
	}
	e, ok := r.(*syntax.SyntaxError)
	if !ok {
		panic(r)
	}
	*err = e
}

func (t *translator) fail(pos syntax.Pos, code syntax.Code, format string, args ...any) {
	panic(&syntax.SyntaxError{Pos: pos, Code: code, Update: t.update, Msg: fmt.Sprintf(format, args...)})
}

// fresh returns a variable that no text can name: "_:." cannot begin a blank
// node label either.
func (t *translator) fresh(purpose string) string {
	t.made++
	return BNodePrefix + "." + purpose + strconv.Itoa(t.made)
}

// BNodePrefix begins the variables that stand for blank nodes of the text or
// that translation made; neither can be selected.
const BNodePrefix = "_:"

// node turns a node of the text into one of the algebra, in which a blank
// node is a variable.
func node(n syntax.Node) Node {
	if n.Term.IsBNode() {
		return Node{Var: BNodePrefix + n.Term.Value()}
	}
	if t := n.Triple; t != nil {
		return Node{Triple: &TriplePattern{S: node(t.S), P: node(t.P), O: node(t.O)}}
	}
	return Node{Var: n.Var, Term: n.Term}
}

func triplePattern(t syntax.TriplePattern) TriplePattern {
	return TriplePattern{S: node(t.S), P: node(t.P), O: node(t.O)}
}

// quadPatterns turns the triples of a template into quads of graph g.
func quadPatterns(triples []syntax.TriplePattern, g Node) []QuadPattern {
	quads := make([]QuadPattern, 0, len(triples))
	for _, t := range triples {
		quads = append(quads, QuadPattern{TriplePattern: triplePattern(t), G: g})
	}
	return quads
}

// unit is the pattern with the one empty solution (Z in §18.2.2.6).
func unit() *Table { return &Table{Rows: [][]rdf.Term{{}}} }

func isUnit(op Op) bool {
	t, ok := op.(*Table)
	return ok && len(t.Vars) == 0 && len(t.Rows) == 1
}

// join is Join without joins to the unit, which change nothing.
func join(l, r Op) Op {
	switch {
	case isUnit(l):
		return r
	case isUnit(r):
		return l
	}
	return &Join{L: l, R: r}
}

// conjunction joins conditions by &&; nil for none.
func conjunction(conditions []expr.Expr) expr.Expr {
	var all expr.Expr
	for _, c := range conditions {
		if all == nil {
			all = c
			continue
		}
		all = &expr.And{L: all, R: c}
	}
	return all
}

func filter(conditions []expr.Expr, op Op) Op {
	if len(conditions) == 0 {
		return op
	}
	return &Filter{Expr: conjunction(conditions), P: op}
}
