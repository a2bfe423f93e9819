package syntax

import "nettwin/graph/rdf"

// Expr is an expression as written (§17, grammar rules 110–128): *VarExpr,
// *TermExpr, *Unary, *Binary, *In, *Call, *Aggregate or *Exists. Brackets are
// not kept.
type Expr interface{ isExpr() }

type (
	// VarExpr is a variable.
	VarExpr struct {
		Pos  Pos
		Name string
	}

	// TermExpr is an IRI or a literal; numbers keep their lexical form.
	TermExpr struct{ Term rdf.Term }

	// Unary is Op X with Op one of "!", "+" and "-".
	Unary struct {
		Pos Pos
		Op  string
		X   Expr
	}

	// Binary is L Op R with Op one of "||", "&&", "=", "!=", "<", ">", "<=",
	// ">=", "+", "-", "*" and "/".
	Binary struct {
		Pos  Pos // of Op
		Op   string
		L, R Expr
	}

	// In is X [NOT] IN (List).
	In struct {
		X       Expr
		List    []Expr
		Negated bool
	}

	// Call is a call of a built-in by its upper-case keyword, or of a
	// function by its IRI. Distinct is only in the grammar for IRIs, for
	// aggregates that are extensions.
	Call struct {
		Pos      Pos
		Name     string
		IRI      bool
		Distinct bool
		Args     []Expr
	}

	// Aggregate is a call of a set function (§11). A nil Arg is COUNT(*).
	Aggregate struct {
		Pos       Pos
		Func      string // COUNT, SUM, MIN, MAX, AVG, SAMPLE or GROUP_CONCAT
		Distinct  bool
		Arg       Expr
		Separator *string // GROUP_CONCAT; nil: not given
	}

	// Exists is [NOT] EXISTS { … }.
	Exists struct {
		Negated bool
		P       *Group
	}
)

func (*VarExpr) isExpr()   {}
func (*TermExpr) isExpr()  {}
func (*Unary) isExpr()     {}
func (*Binary) isExpr()    {}
func (*In) isExpr()        {}
func (*Call) isExpr()      {}
func (*Aggregate) isExpr() {}
func (*Exists) isExpr()    {}
