package algebra

import (
	"nettwin/graph/rdf"
	"nettwin/sparql/expr"
)

// Op is an operator whose value is a multiset of solutions; OrderBy and the
// operators above it give a sequence. One of the pointer types below. Trees
// are immutable once built.
type Op interface{ isOp() }

// Node is a variable or a term in a pattern. Blank nodes of a query are
// variables whose names begin with "_:" (BNodePrefix), which no query text
// can name; so do the variables that translation makes ("_:.p1").
//
// In templates a node may also be a triple term with variables inside. In
// patterns none is: translation takes them apart (see unfold).
type Node struct {
	Var    string // without "?"; "" if Term or Triple is set
	Term   rdf.Term
	Triple *TriplePattern
}

// IsVar tells whether the node is a variable.
func (n Node) IsVar() bool { return n.Var != "" }

// TriplePattern is a triple with variables (§18.1.5).
type TriplePattern struct{ S, P, O Node }

type (
	// BGP matches all its triple patterns against the active graph (§18.3).
	// An empty one has the one empty solution.
	BGP struct{ Patterns []TriplePattern }

	// PathPattern matches a property path that is not a mere predicate
	// (§18.4; sequences and alternatives that §18.2.2.4 turns into joins and
	// unions are already turned).
	PathPattern struct {
		S    Node
		Path Path
		O    Node
	}

	// Join is §18.5 Join.
	Join struct{ L, R Op }

	// LeftJoin is §18.5 LeftJoin; a nil Expr is true.
	LeftJoin struct {
		L, R Op
		Expr expr.Expr
	}

	// Union is §18.5 Union.
	Union struct{ L, R Op }

	// Minus is §18.5 Minus.
	Minus struct{ L, R Op }

	// Filter keeps solutions whose expression has the effective boolean value true.
	Filter struct {
		Expr expr.Expr
		P    Op
	}

	// Graph evaluates P with the active graph named by Name (§18.6).
	Graph struct {
		Name Node
		P    Op
	}

	// Extend binds Var to the value of Expr, leaving it unbound on error.
	Extend struct {
		P    Op
		Var  string
		Expr expr.Expr
	}

	// Table is inline data (VALUES). A zero Term is UNDEF. A Table with no
	// variables and one row is the unit; with no rows, empty.
	Table struct {
		Vars []string
		Rows [][]rdf.Term
	}

	// Service evaluates a pattern at another endpoint (SPARQL 1.1 Federated
	// Query). Text is the pattern in SPARQL, braces included, with all IRIs
	// in full: it needs no prologue.
	Service struct {
		Endpoint Node
		Silent   bool
		P        Op
		Text     string
	}

	// Group groups the solutions of P by Keys and aggregates (§18.5.1). With
	// no keys there is one group, even over no solutions. Its solutions bind
	// the keys' and the aggregates' variables.
	Group struct {
		Keys       []Binding
		Aggregates []Aggregate
		P          Op
	}

	// OrderBy sorts (§15.1).
	OrderBy struct {
		Conditions []OrderCondition
		P          Op
	}

	// Project keeps the named variables.
	Project struct {
		Vars []string
		P    Op
	}

	// Distinct and Reduced remove duplicates; Reduced may.
	Distinct struct{ P Op }
	Reduced  struct{ P Op }

	// Slice skips Offset solutions and yields at most Limit; Limit < 0 means all.
	Slice struct {
		Offset, Limit int64
		P             Op
	}
)

func (*BGP) isOp()         {}
func (*PathPattern) isOp() {}
func (*Join) isOp()        {}
func (*LeftJoin) isOp()    {}
func (*Union) isOp()       {}
func (*Minus) isOp()       {}
func (*Filter) isOp()      {}
func (*Graph) isOp()       {}
func (*Extend) isOp()      {}
func (*Table) isOp()       {}
func (*Service) isOp()     {}
func (*Group) isOp()       {}
func (*OrderBy) isOp()     {}
func (*Project) isOp()     {}
func (*Distinct) isOp()    {}
func (*Reduced) isOp()     {}
func (*Slice) isOp()       {}

// Binding is a variable with the expression that gives its value.
type Binding struct {
	Var  string
	Expr expr.Expr
}

// Aggregate is one aggregate of a Group (§18.5.1.1). Func is COUNT, SUM,
// MIN, MAX, AVG, SAMPLE or GROUP_CONCAT; a nil Arg is COUNT(*).
type Aggregate struct {
	Var       string // the variable that stands for it above the Group
	Func      string
	Distinct  bool
	Arg       expr.Expr
	Separator string // GROUP_CONCAT, " " by default
}

// OrderCondition is one ORDER BY condition.
type OrderCondition struct {
	Expr       expr.Expr
	Descending bool
}

// Path is a property path (§18.1.7): *PathLink, *PathInverse, *PathSeq,
// *PathAlt, *PathZeroOrMore, *PathOneOrMore, *PathZeroOrOne or *PathNegated.
type Path interface{ isPath() }

type (
	PathLink       struct{ IRI rdf.Term }
	PathInverse    struct{ P Path }
	PathSeq        struct{ L, R Path }
	PathAlt        struct{ L, R Path }
	PathZeroOrMore struct{ P Path }
	PathOneOrMore  struct{ P Path }
	PathZeroOrOne  struct{ P Path }
	// PathNegated is a negated property set: any predicate but Forward from
	// subject to object, or any but Inverse the other way (if HasInverse).
	PathNegated struct {
		Forward, Inverse       []rdf.Term
		HasForward, HasInverse bool
	}
)

func (*PathLink) isPath()       {}
func (*PathInverse) isPath()    {}
func (*PathSeq) isPath()        {}
func (*PathAlt) isPath()        {}
func (*PathZeroOrMore) isPath() {}
func (*PathOneOrMore) isPath()  {}
func (*PathZeroOrOne) isPath()  {}
func (*PathNegated) isPath()    {}
