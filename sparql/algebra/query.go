package algebra

import "nettwin/graph/rdf"

// Form is a query form (SPARQL 1.1 §16).
type Form uint8

// The query forms.
const (
	Select Form = iota
	Construct
	Describe
	Ask
)

// Query is a translated query. It is immutable and may be evaluated many
// times.
type Query struct {
	Form     Form
	Base     string
	Prefixes map[string]string
	Dataset  DatasetClause
	Op       Op
	Vars     []string      // Select: the columns, in order
	Template []QuadPattern // Construct: G is always the zero Node
	Describe []Node        // Describe: terms and variables to describe
}

// DatasetClause is FROM and FROM NAMED (§13.2). If both are empty the
// dataset is the store's.
type DatasetClause struct {
	From, FromNamed []rdf.Term
}

// IsZero tells whether no dataset is given.
func (d DatasetClause) IsZero() bool { return len(d.From) == 0 && len(d.FromNamed) == 0 }

// QuadPattern is a triple pattern in a graph; the zero G is the default graph
// (or the WITH graph).
type QuadPattern struct {
	TriplePattern
	G Node
}

// Update is a translated update request: operations in sequence, one commit.
type Update struct {
	Base       string
	Prefixes   map[string]string
	Operations []Operation
}

// Operation is one of the pointer types below (SPARQL 1.1 Update §3).
type Operation interface{ isOperation() }

type (
	// Modify is DELETE/INSERT … WHERE, DELETE WHERE (the template is the
	// pattern), INSERT DATA and DELETE DATA (Where is the unit Table).
	// Blank nodes in Insert are variables "_:x": fresh for each solution.
	Modify struct {
		With   rdf.Term // zero: none
		Using  DatasetClause
		Delete []QuadPattern
		Insert []QuadPattern
		Where  Op
	}

	// Load is LOAD [SILENT] <source> [INTO GRAPH <into>].
	Load struct {
		Source rdf.Term
		Into   rdf.Term // zero: default graph
		Silent bool
	}

	// Clear is CLEAR; Drop has the same effect in a store that keeps no
	// empty graphs, but an error on a missing graph unless Silent is allowed
	// either way by §3.2.2.
	Clear struct {
		Target GraphTarget
		Silent bool
		Drop   bool
	}

	// Create is CREATE [SILENT] GRAPH <g>.
	Create struct {
		Graph  rdf.Term
		Silent bool
	}

	// Transfer is ADD, MOVE or COPY; the zero Term is the default graph.
	Transfer struct {
		Kind     TransferKind
		From, To rdf.Term
		Silent   bool
	}
)

func (*Modify) isOperation()   {}
func (*Load) isOperation()     {}
func (*Clear) isOperation()    {}
func (*Create) isOperation()   {}
func (*Transfer) isOperation() {}

// TransferKind is which of ADD, MOVE, COPY.
type TransferKind uint8

// The kinds of Transfer.
const (
	Add TransferKind = iota
	Move
	Copy
)

// GraphTarget is what CLEAR and DROP apply to.
type GraphTarget struct {
	Kind  TargetKind
	Graph rdf.Term // TargetGraph only
}

// TargetKind is a kind of GraphTarget.
type TargetKind uint8

// The kinds of GraphTarget.
const (
	TargetGraph TargetKind = iota
	TargetDefault
	TargetNamed
	TargetAll
)
