package plan

import (
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
)

// logical is an operator whose names are resolved to slots: the value between
// the two phases. Trees are immutable but for groups while they are built.
type logical interface{ vars() *bound }

// bound tells which slots an operator's solutions bind: certain in all of
// them, maybe in some. certain is within maybe.
type bound struct{ certain, maybe Set }

func (b *bound) vars() *bound { return b }

// Pos is a place of a pattern: a slot, or a constant where Slot < 0.
type Pos struct {
	Slot int
	Term rdf.Term
}

// IsVar tells whether the place is a slot.
func (p Pos) IsVar() bool { return p.Slot >= 0 }

// graphSpec is the active graph of a pattern: the default graph of the
// dataset, a constant, or a slot that ranges over the named graphs.
type graphSpec struct {
	kind graphKind
	name rdf.Term // graphConst
	slot int      // graphVar
}

type graphKind uint8

const (
	graphDefault graphKind = iota
	graphConst
	graphVar
)

type (
	// group is a conjunction: the join of its units, filtered.
	group struct {
		bound
		units   []logical
		filters []*Expr
	}

	// quad is a triple pattern in a graph.
	quad struct {
		bound
		pos   [3]Pos
		graph graphSpec
	}

	// path is two ends joined by one or more steps, or none if zero; at most one if once.
	path struct {
		bound
		s, o       Pos
		step       algebra.Path
		zero, once bool
		named      bool // an end is named: zero steps may start outside the graph
		graph      graphSpec
	}

	// names binds a slot to the names of the dataset's named graphs.
	names struct {
		bound
		slot int
	}

	// values is inline data; a zero Term is UNDEF.
	values struct {
		bound
		slots []int
		rows  [][]rdf.Term
	}

	filter struct {
		bound
		in   logical
		cond *Expr
	}

	leftJoin struct {
		bound
		l, r logical
		cond *Expr // nil: true
	}

	union struct {
		bound
		l, r logical
	}

	minus struct {
		bound
		l, r   logical
		ignore Set // slots that do not count as shared: graphs
	}

	extend struct {
		bound
		in   logical
		slot int
		expr *Expr
	}

	grouping struct {
		bound
		in   logical
		keys []Binding
		aggs []Aggregate
	}

	orderBy struct {
		bound
		in    logical
		conds []OrderCondition
		top   int64 // only so many first solutions are asked for; 0: all
	}

	project struct {
		bound
		in    logical
		slots []int
	}

	distinct struct {
		bound
		in    logical
		slots []int // what is compared
	}

	slice struct {
		bound
		in            logical
		offset, limit int64
	}

	// foreign is a pattern that exec leaves to its caller.
	foreign struct {
		bound
		op    algebra.Op
		names []string
		slots []int
	}

	// service is a pattern that another endpoint answers.
	service struct {
		bound
		op       *algebra.Service
		endpoint Pos
		names    []string
		slots    []int
	}

	// none has no solutions.
	none struct{ bound }
)

// Binding gives a slot the value of an expression.
type Binding struct {
	Slot int
	Expr *Expr
}

// Aggregate is one aggregate of a Group; a nil Arg is COUNT(*).
type Aggregate struct {
	Slot      int
	Func      string
	Distinct  bool
	Arg       *Expr
	Separator string
	Visible   []int // COUNT(DISTINCT *): the slots that make up a solution
}

// OrderCondition is one ORDER BY condition.
type OrderCondition struct {
	Expr       *Expr
	Descending bool
}

func positionSlots(places ...Pos) Set {
	var s Set
	for _, p := range places {
		if p.IsVar() {
			s.add(p.Slot)
		}
	}
	return s
}
