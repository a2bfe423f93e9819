package syntax

import "nettwin/graph/rdf"

// Pattern is an element of a group graph pattern (§5.2): *Triples, *Group,
// *Union, *Optional, *Minus, *GraphPattern, *Service, *Filter, *Bind, *Values
// or *SubSelect.
type Pattern interface{ isPattern() }

type (
	// Triples is a triples block with its abbreviations written out: each
	// "[]" and collection cell is a blank node with a label of its own.
	Triples struct{ Patterns []TriplePattern }

	// Group is "{ … }". A subquery is the only element of its group.
	Group struct{ Elements []Pattern }

	// Union has at least two branches.
	Union struct{ Branches []*Group }

	// Optional is OPTIONAL { … }.
	Optional struct{ P *Group }

	// Minus is MINUS { … }.
	Minus struct{ P *Group }

	// GraphPattern is GRAPH name { … }.
	GraphPattern struct {
		Name Node
		P    *Group
	}

	// Service is SERVICE [SILENT] endpoint { … }.
	Service struct {
		Silent   bool
		Endpoint Node
		P        *Group
	}

	// Filter is FILTER constraint.
	Filter struct{ Expr Expr }

	// Bind is BIND (Expr AS ?Var).
	Bind struct {
		Pos  Pos // of Var
		Expr Expr
		Var  string
	}

	// Values is inline data (§10.2); a zero term is UNDEF.
	Values struct {
		Vars []string
		Rows [][]rdf.Term
	}

	// SubSelect is a subquery (§12).
	SubSelect struct {
		Projection Projection
		Body
	}
)

func (*Triples) isPattern()      {}
func (*Group) isPattern()        {}
func (*Union) isPattern()        {}
func (*Optional) isPattern()     {}
func (*Minus) isPattern()        {}
func (*GraphPattern) isPattern() {}
func (*Service) isPattern()      {}
func (*Filter) isPattern()       {}
func (*Bind) isPattern()         {}
func (*Values) isPattern()       {}
func (*SubSelect) isPattern()    {}

// Path is a property path (§9.1): *PathLink, *PathInverse, *PathSeq, *PathAlt,
// *PathRepeat or *PathNegated.
type Path interface{ isPath() }

type (
	// PathLink is a predicate.
	PathLink struct{ IRI rdf.Term }
	// PathInverse is ^P.
	PathInverse struct{ P Path }
	// PathSeq is L/R.
	PathSeq struct{ L, R Path }
	// PathAlt is L|R.
	PathAlt struct{ L, R Path }
	// PathRepeat is P followed by one of "*", "+" and "?".
	PathRepeat struct {
		P   Path
		Mod string
	}
	// PathNegated is a negated property set.
	PathNegated struct{ Items []NegatedItem }
)

// NegatedItem is one member of a negated property set.
type NegatedItem struct {
	IRI     rdf.Term
	Inverse bool
}

func (*PathLink) isPath()    {}
func (*PathInverse) isPath() {}
func (*PathSeq) isPath()     {}
func (*PathAlt) isPath()     {}
func (*PathRepeat) isPath()  {}
func (*PathNegated) isPath() {}
