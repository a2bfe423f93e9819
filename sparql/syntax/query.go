package syntax

import "nettwin/graph/rdf"

// Form is a query form (§16).
type Form uint8

// The query forms.
const (
	FormSelect Form = iota
	FormConstruct
	FormDescribe
	FormAsk
)

// Query is the syntax tree of a query. All IRIs in it are absolute.
type Query struct {
	Base     string            // base IRI in force at the end of the prologue
	Prefixes map[string]string // prefix without ":" → namespace IRI
	Form     Form
	Dataset  Dataset

	Projection   Projection      // SELECT
	Template     []TriplePattern // CONSTRUCT: without paths
	Describe     []Node          // DESCRIBE: variables and IRIs
	DescribeStar bool            // DESCRIBE *

	Body
}

// Dataset is FROM and FROM NAMED (§13.2), USING and USING NAMED in updates.
type Dataset struct{ From, FromNamed []rdf.Term }

// Projection is a SELECT clause.
type Projection struct {
	Pos               Pos // of SELECT
	Distinct, Reduced bool
	Star              bool
	Items             []SelectItem
}

// SelectItem is a selected variable, or with Expr (Expr AS ?Var).
type SelectItem struct {
	Pos  Pos
	Var  string
	Expr Expr
}

// Body is what queries and subqueries share after their head.
type Body struct {
	Where   *Group // nil only for DESCRIBE without WHERE
	GroupBy []GroupKey
	Having  []Expr
	OrderBy []OrderKey
	Limit   int64 // NoLimit: none
	Offset  int64
	Values  *Values // the trailing VALUES, or nil
}

// NoLimit is the Limit of a query without LIMIT.
const NoLimit int64 = -1

// GroupKey is one GROUP BY condition; Var is set for (Expr AS ?Var).
type GroupKey struct {
	Pos  Pos
	Expr Expr
	Var  string
}

// Name returns the variable that the key binds for SELECT, or "".
func (k GroupKey) Name() string {
	if k.Var != "" {
		return k.Var
	}
	if v, ok := k.Expr.(*VarExpr); ok {
		return v.Name
	}
	return ""
}

// OrderKey is one ORDER BY condition.
type OrderKey struct {
	Expr       Expr
	Descending bool
}

// Node is a variable, a term or a triple term that is not constant; blank
// nodes are terms here.
type Node struct {
	Var    string // without "?"; "" if Term or Triple is set
	Term   rdf.Term
	Triple *TripleNode
}

// TripleNode is a triple term with variables or blank nodes inside, or one that
// no graph holds (SPARQL 1.2 rule 118). Constant ones of RDF are terms.
type TripleNode struct{ S, P, O Node }

// IsVar tells whether the node is a variable.
func (n Node) IsVar() bool { return n.Var != "" }

// TriplePattern is one triple of a pattern or template. If Path is nil, P is
// a variable or an IRI, else P is zero.
type TriplePattern struct {
	S, P Node
	Path Path
	O    Node
}

// QuadPattern is a triple of an update template; the zero G is the default
// graph, or the WITH graph.
type QuadPattern struct {
	TriplePattern
	G Node
}
