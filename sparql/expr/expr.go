package expr

import "nettwin/graph/rdf"

// Expr is a node of an expression tree after its call names are resolved
// against the function table: *Var, *Const, *Call, *And, *Or, *Not, *If,
// *Coalesce, *In, *Bound or *Exists. Trees are immutable once built, so one
// tree may be evaluated by many goroutines.
type Expr interface{ isExpr() }

// Var is a variable, without "?".
type Var struct{ Name string }

// Const is a constant term.
type Const struct{ Term rdf.Term }

// Call applies a function or operator whose arguments are all evaluated
// first. Operators are calls too, by the names "=", "!=", "<", ">", "<=",
// ">=", "+", "-", "*", "/", "unary+" and "unary-". Fn is nil for an unknown extension
// function: evaluating it is an expression error (SPARQL 1.1 §17.6), never a
// refusal of the query.
type Call struct {
	Fn   *Function
	Name string // upper-case keyword, operator or IRI, as resolved
	Args []Expr
}

// And, Or and Not are the logical connectives with SPARQL's three-valued
// error logic (§17.2).
type (
	And struct{ L, R Expr }
	Or  struct{ L, R Expr }
	Not struct{ X Expr }
)

// If evaluates only the branch it takes (§17.4.1.2).
type If struct{ Cond, Then, Else Expr }

// Coalesce is the first argument without an error (§17.4.1.3).
type Coalesce struct{ Args []Expr }

// In is X IN (List) or, negated, X NOT IN (List) (§17.4.1.9).
type In struct {
	X       Expr
	List    []Expr
	Negated bool
}

// Bound tells whether a variable has a value (§17.4.1.1).
type Bound struct{ Name string }

// Exists tells whether a pattern has a solution under the current bindings
// (§17.4.1.4). Pattern is an algebra.Op; this package does not look into it.
type Exists struct {
	Pattern any
	Negated bool
}

func (*Var) isExpr()      {}
func (*Const) isExpr()    {}
func (*Call) isExpr()     {}
func (*And) isExpr()      {}
func (*Or) isExpr()       {}
func (*Not) isExpr()      {}
func (*If) isExpr()       {}
func (*Coalesce) isExpr() {}
func (*In) isExpr()       {}
func (*Bound) isExpr()    {}
func (*Exists) isExpr()   {}
