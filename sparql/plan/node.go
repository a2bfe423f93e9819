package plan

import (
	"slices"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
)

// Node is an operator of a plan: one of the pointer types below. A plan is run
// once; running it fills in Info.Seen.
type Node interface{ About() *Info }

// Info is what every operator has.
type Info struct {
	Rows    float64 // estimated solutions
	Cost    float64 // estimated nanoseconds, inputs included
	Certain Set     // slots bound in every solution
	Maybe   Set     // slots bound in some
	Out     Set     // slots that are read above: the columns to deliver
	Seen    int64   // solutions delivered, counted by exec

	Took time.Duration // spent in it and its inputs, measured by exec
}

// About implements Node.
func (i *Info) About() *Info { return i }

// GraphKind is how a scan treats the graph position.
type GraphKind uint8

// The kinds of active graphs.
const (
	GraphOne  GraphKind = iota // graph IDs[0]
	GraphAll                   // the merge of all graphs: each triple once
	GraphSome                  // the merge of the graphs IDs: each triple once
	GraphVar                   // the named graphs, in slot Slot; only IDs, if Limited
)

// Graph is an active graph, resolved against a source.
type Graph struct {
	Kind    GraphKind
	IDs     []graph.TermID
	Limited bool
	Slot    int
}

// Place is a place of a pattern: a slot, or a constant where Slot < 0.
type Place struct {
	Slot int
	ID   graph.TermID
	Term rdf.Term
}

type (
	// Unit has the one empty solution.
	Unit struct{ Info }

	// Empty has no solutions.
	Empty struct{ Info }

	// Seed yields the solutions that the operator above gives to a pattern
	// that depends on them: Exists or Apply. RowID is the slot in which each
	// has its number.
	Seed struct {
		Info
		RowID int
	}

	// Scan extends each solution of In by the triples that match S, P, O
	// under it. Order is the order of a scan whose input binds nothing.
	Scan struct {
		Info
		In      Node
		S, P, O Place
		Graph   Graph
		Order   graph.Order
		First   bool // one match is enough
	}

	// Path extends each solution of In by pairs of nodes that repetitions of
	// Step join: one or more, none too if Zero, at most one if Once. Unless
	// Named, ends that In binds must be nodes of the graph.
	Path struct {
		Info
		In                Node
		S, O              Place
		Step              Step
		Zero, Once, Named bool
		Graph             Graph
	}

	// Names yields the names of the dataset's named graphs.
	Names struct {
		Info
		Slot  int
		Graph Graph
	}

	// Values yields inline data; None is unbound. Terms holds the terms that
	// have no id in the source.
	Values struct {
		Info
		Slots []int
		Rows  [][]rdf.Term
	}

	// Foreign yields the solutions of a pattern that exec leaves to its caller:
	// the variables Names in Slots.
	Foreign struct {
		Info
		Op    algebra.Op
		Names []string
		Slots []int
	}

	// Service extends each solution of In by those compatible ones that an
	// endpoint has for Op (SPARQL 1.1 Federated Query §2): the variables Names
	// in Slots. Group numbers the endpoints if Endpoint is a slot.
	Service struct {
		Info
		In       Node
		Op       *algebra.Service
		Endpoint Place
		Names    []string
		Slots    []int
		Group    int
	}

	// HashJoin joins two independent inputs. Build is held in memory, indexed
	// by Keys, which both sides always bind; Shared are the other slots that
	// both may bind.
	HashJoin struct {
		Info
		Probe, Build Node
		Keys, Shared []int
	}

	// Intersect extends each solution of In by the values of Slot that every one
	// of Lists has for it: list i, the scan of a pattern by itself, joins From[i],
	// which In always binds, with Slot.
	Intersect struct {
		Info
		In    Node
		Lists []Node
		From  []int
		Slot  int
	}

	// LeftHash is LeftJoin of two independent inputs, R held in memory.
	LeftHash struct {
		Info
		L, R         Node
		Keys, Shared []int
		Cond         *Expr // nil: true
	}

	// Apply extends each solution of L by those of R, which depends on Seed.
	// With Left, a solution of L that has none stays as it is.
	Apply struct {
		Info
		L, R Node
		Seed *Seed
		Left bool
		Cond *Expr // Left only; nil: true
	}

	// Union yields the solutions of all its inputs.
	Union struct {
		Info
		In []Node
	}

	// Minus yields the solutions of L that no compatible solution of R shares
	// a slot of Keys or Shared with; Ignore does not count as shared.
	Minus struct {
		Info
		L, R         Node
		Keys, Shared []int
		Ignore       Set
	}

	// Filter keeps the solutions for which all conditions are true.
	Filter struct {
		Info
		In    Node
		Conds []*Expr
	}

	// Extend binds slots one after another, solution by solution.
	Extend struct {
		Info
		In       Node
		Bindings []Binding
	}

	// Group is grouping and aggregation.
	Group struct {
		Info
		In         Node
		Keys       []Binding
		Aggregates []Aggregate
	}

	// CountQuads binds Slots to the exact number N of quads, which the source
	// told at plan time: COUNT over one pattern.
	CountQuads struct {
		Info
		Slots   []int
		N       uint64
		Pattern string
	}

	// OrderBy sorts; only the first Top solutions are kept, if Top >= 0.
	OrderBy struct {
		Info
		In         Node
		Conditions []OrderCondition
		Top        int64
	}

	// Bar leaves out solutions of In that Of, a sort above that keeps only its
	// first, cannot keep any more: they come after those it has by its first
	// condition, a variable that In binds.
	Bar struct {
		Info
		In Node
		Of *OrderBy
	}

	// Project keeps some slots.
	Project struct {
		Info
		In    Node
		Slots []int
	}

	// Distinct removes solutions that are equal in Slots to an earlier one.
	Distinct struct {
		Info
		In    Node
		Slots []int
	}

	// Slice skips Offset solutions and yields at most Limit, all if < 0.
	Slice struct {
		Info
		In            Node
		Offset, Limit int64
	}
)

// Step is one step of a path with its constants resolved.
type Step interface{ isStep() }

type (
	// LinkStep follows triples from S to O, or back if Inverse, whose
	// predicate is ID; if Not, any predicate but IDs.
	LinkStep struct {
		ID      graph.TermID
		IDs     []graph.TermID
		Inverse bool
		Not     bool
	}
	// SeqStep is L, then R.
	SeqStep struct{ L, R Step }
	// AltStep is L or R.
	AltStep struct{ L, R Step }
	// RepeatStep is In one or more times, none too if Zero, at most one if Once.
	RepeatStep struct {
		In         Step
		Zero, Once bool
	}
)

func (*LinkStep) isStep() {}
func (*SeqStep) isStep()  {}
func (*AltStep) isStep()  {}

func (*RepeatStep) isStep() {}

// CanBeEmpty tells whether a step may lead from a node to itself without any
// triple.
func CanBeEmpty(s Step) bool {
	switch s := s.(type) {
	case *SeqStep:
		return CanBeEmpty(s.L) && CanBeEmpty(s.R)
	case *AltStep:
		return CanBeEmpty(s.L) || CanBeEmpty(s.R)
	case *RepeatStep:
		return s.Zero || CanBeEmpty(s.In)
	}
	return false
}

// Plan is a query ready to run over the source that it was made for.
type Plan struct {
	Root     Node
	Form     algebra.Form
	Slots    []string      // the variable of each slot
	Columns  []int         // Select: slot of each column
	Describe []Place       // Describe: what is described
	Template []QuadPattern // Construct
	Ran      bool          // exec has begun to run it, so that Seen means something

	// The dataset (§13.2): the default graph, and the named graphs if Limited.
	Default Graph
	Named   []graph.TermID
	Limited bool

	basis basis
}

// Has tells whether an active graph other than a slot's takes in a graph.
func (g Graph) Has(id graph.TermID) bool {
	return g.Kind == GraphAll || slices.Contains(g.IDs, id)
}

// HasNamed tells whether a graph is a named graph of the dataset, given that
// it holds quads.
func (p *Plan) HasNamed(id graph.TermID) bool {
	return !p.Limited && id != graph.DefaultGraph || slices.Contains(p.Named, id)
}

// QuadPattern is a triple of a CONSTRUCT template; the zero Place has no slot.
type QuadPattern struct{ S, P, O TemplatePlace }

// TemplatePlace is a place of a template; with Triple it is a triple term, and
// Slot is -1.
type TemplatePlace struct {
	Place
	Triple *QuadPattern
}

// Slots returns the slots that the triple reads.
func (q *QuadPattern) Slots() Set {
	var out Set
	for _, p := range [3]TemplatePlace{q.S, q.P, q.O} {
		if p.Triple != nil {
			out = out.Union(p.Triple.Slots())
		} else {
			out = out.Union(setOf(p.Slot))
		}
	}
	return out
}

// Inputs returns the operators that a node reads from.
func Inputs(n Node) []Node {
	switch n := n.(type) {
	case *Scan:
		return []Node{n.In}
	case *Path:
		return []Node{n.In}
	case *Service:
		return []Node{n.In}
	case *HashJoin:
		return []Node{n.Probe, n.Build}
	case *Intersect:
		return append([]Node{n.In}, n.Lists...)
	case *LeftHash:
		return []Node{n.L, n.R}
	case *Apply:
		return []Node{n.L, n.R}
	case *Union:
		return n.In
	case *Minus:
		return []Node{n.L, n.R}
	case *Filter:
		return []Node{n.In}
	case *Extend:
		return []Node{n.In}
	case *Group:
		return []Node{n.In}
	case *OrderBy:
		return []Node{n.In}
	case *Bar:
		return []Node{n.In}
	case *Project:
		return []Node{n.In}
	case *Distinct:
		return []Node{n.In}
	case *Slice:
		return []Node{n.In}
	}
	return nil
}
