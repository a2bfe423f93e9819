package plan

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"nettwin/graph"
	"nettwin/sparql/algebra"
	"nettwin/sparql/syntax"
)

// String explains the plan: one operator a line, inputs indented below it,
// with the solutions estimated and, once run, seen.
func (p *Plan) String() string {
	e := &explainer{slots: p.Slots, ran: p.Ran}
	e.node(p.Root, 0)
	return e.b.String()
}

// Profile is String with the time that each operator took, its inputs
// included.
func (p *Plan) Profile() string {
	e := &explainer{slots: p.Slots, ran: p.Ran, timed: p.Ran}
	e.node(p.Root, 0)
	return e.b.String()
}

type explainer struct {
	b          strings.Builder
	slots      []string
	ran, timed bool
}

// maxIndent bounds the indentation, so that text grows linearly.
const maxIndent = 40

func (e *explainer) node(n Node, depth int) {
	i := n.About()
	indent := strings.Repeat("  ", min(depth, maxIndent))
	fmt.Fprintf(&e.b, "%s%s  rows≈%s", indent, e.head(n), estimate(i.Rows))
	if e.ran {
		fmt.Fprintf(&e.b, " seen=%d", i.Seen)
	}
	if e.timed {
		fmt.Fprintf(&e.b, " took=%s", i.Took.Round(time.Microsecond))
	}
	e.b.WriteByte('\n')
	for _, x := range exprsOf(n) {
		for _, ex := range x.Exists {
			fmt.Fprintf(&e.b, "%s  exists under (%s)\n", indent, e.list(ex.Shared.Slots()))
			if ex.Ask != nil {
				fmt.Fprintf(&e.b, "%s    asked by substitution, solution by solution\n", indent)
				continue
			}
			e.node(ex.Plan, depth+2)
		}
	}
	for _, in := range Inputs(n) {
		if _, unit := in.(*Unit); !unit {
			e.node(in, depth+1)
		}
	}
}

func estimate(rows float64) string {
	if rows >= 10 || rows == float64(int(rows)) {
		return strconv.FormatFloat(rows, 'f', 0, 64)
	}
	return strconv.FormatFloat(rows, 'g', 2, 64)
}

func (e *explainer) head(n Node) string {
	switch n := n.(type) {
	case *Unit:
		return "unit"
	case *Empty:
		return "empty"
	case *Seed:
		return "given (" + e.list(n.Maybe.Minus(setOf(n.RowID)).Slots()) + ")"
	case *Scan:
		return e.scan(n)
	case *Path:
		return e.path(n)
	case *Names:
		return "graphs " + e.slot(n.Slot)
	case *Values:
		return fmt.Sprintf("values (%s) %d rows", e.list(n.Slots), len(n.Rows))
	case *Foreign:
		return fmt.Sprintf("evaluated literally (%s) %T", e.list(n.Slots), n.Op)
	case *Service:
		at := planner{slots: e.slots}
		return "service " + at.placeString(n.Endpoint) + " (" + e.list(n.Slots) + ")"
	case *HashJoin:
		return "hash join (" + e.list(n.Keys) + ")" + e.also(n.Shared)
	case *Intersect:
		return "intersect " + e.list([]int{n.Slot}) + " for each (" + e.list(n.From) + ")"
	case *LeftHash:
		return "left hash join (" + e.list(n.Keys) + ")" + e.also(n.Shared) + e.cond(n.Cond)
	case *Apply:
		if n.Left {
			return "left apply" + e.cond(n.Cond)
		}
		return "apply"
	case *Union:
		return "union"
	case *Minus:
		return "minus (" + e.list(n.Keys) + ")" + e.also(n.Shared)
	case *Filter:
		var parts []string
		for _, c := range n.Conds {
			parts = append(parts, exprString(c))
		}
		return "filter " + strings.Join(parts, " ")
	case *Extend:
		return "extend " + e.bindings(n.Bindings)
	}
	return e.modifier(n)
}

func (e *explainer) modifier(n Node) string {
	switch n := n.(type) {
	case *Group:
		var parts []string
		for _, a := range n.Aggregates {
			parts = append(parts, "("+e.slot(a.Slot)+" "+aggregateString(a)+")")
		}
		return "group (" + e.bindings(n.Keys) + ") " + strings.Join(parts, " ")
	case *CountQuads:
		return "count quads (" + e.list(n.Slots) + ") " + n.Pattern
	case *Bar:
		return "bar " + exprString(n.Of.Conditions[0].Expr)
	case *OrderBy:
		var parts []string
		for _, c := range n.Conditions {
			s := exprString(c.Expr)
			if c.Descending {
				s = "(desc " + s + ")"
			}
			parts = append(parts, s)
		}
		out := "order " + strings.Join(parts, " ")
		if n.Top >= 0 {
			out += " top " + strconv.FormatInt(n.Top, 10)
		}
		return out
	case *Project:
		return "project (" + e.list(n.Slots) + ")"
	case *Distinct:
		return "distinct (" + e.list(n.Slots) + ")"
	case *Slice:
		limit := "all"
		if n.Limit >= 0 {
			limit = strconv.FormatInt(n.Limit, 10)
		}
		return fmt.Sprintf("slice %d %s", n.Offset, limit)
	}
	return fmt.Sprintf("%T", n)
}

func (e *explainer) slot(slot int) string { return "?" + e.slots[slot] }

func (e *explainer) list(slots []int) string {
	parts := make([]string, len(slots))
	for i, s := range slots {
		parts[i] = e.slot(s)
	}
	sort.Strings(parts)
	return strings.Join(parts, " ")
}

func (e *explainer) also(shared []int) string {
	if len(shared) == 0 {
		return ""
	}
	return " if compatible (" + e.list(shared) + ")"
}

func (e *explainer) cond(x *Expr) string {
	if x == nil {
		return ""
	}
	return " on " + exprString(x)
}

// exprString returns an expression on one line; patterns of EXISTS, which are
// explained below it, are left out.
func exprString(x *Expr) string {
	if len(x.Exists) > 0 {
		return "(exists …)"
	}
	return algebra.ExprString(x.X)
}

func aggregateString(a Aggregate) string {
	out := "(" + strings.ToLower(a.Func)
	if a.Distinct {
		out += " distinct"
	}
	if a.Arg != nil {
		out += " " + exprString(a.Arg)
	}
	return out + ")"
}

func (e *explainer) bindings(list []Binding) string {
	parts := make([]string, len(list))
	for i, b := range list {
		parts[i] = "(" + e.slot(b.Slot) + " " + exprString(b.Expr) + ")"
	}
	return strings.Join(parts, " ")
}

func (e *explainer) scan(n *Scan) string {
	p := planner{slots: e.slots}
	out := "scan " + p.placesString([3]Place{n.S, n.P, n.O}) + graphString(e.slots, n.Graph)
	if _, unit := n.In.(*Unit); unit {
		return out + " by " + n.Order.String()
	}
	var keys []int
	have := n.In.About().Maybe
	for _, slot := range places(n.Graph, n.S, n.P, n.O).Slots() {
		if have.Has(slot) {
			keys = append(keys, slot)
		}
	}
	out += " for each (" + e.list(keys) + ")"
	if n.First {
		out += " first"
	}
	return out
}

func (p *planner) placesString(at [3]Place) string {
	parts := make([]string, 3)
	for i, a := range at {
		parts[i] = p.placeString(a)
	}
	return strings.Join(parts, " ")
}

func (p *planner) placeString(a Place) string {
	if a.Slot >= 0 {
		return "?" + p.slots[a.Slot]
	}
	return syntax.PrintTerm(a.Term)
}

func graphString(slots []string, g Graph) string {
	switch {
	case g.Kind == GraphVar:
		return " in ?" + slots[g.Slot]
	case g.Kind == GraphAll:
		return " in all graphs"
	case g.Kind == GraphOne && g.IDs[0] == graph.DefaultGraph:
		return ""
	}
	return fmt.Sprintf(" in %d graph(s)", len(g.IDs))
}

func (e *explainer) path(n *Path) string {
	p := planner{slots: e.slots}
	return "path " + p.placeString(n.S) + " (" + stepString(n.Step) + ")" + repetition(n.Zero, n.Once) + " " + p.placeString(n.O) + graphString(e.slots, n.Graph)
}

func repetition(zero, once bool) string {
	switch {
	case once:
		return "?"
	case zero:
		return "*"
	}
	return "+"
}

func stepString(s Step) string {
	switch s := s.(type) {
	case *LinkStep:
		out := "link"
		if s.Not {
			out = "any but " + strconv.Itoa(len(s.IDs))
		}
		if s.Inverse {
			out = "^" + out
		}
		return out
	case *SeqStep:
		return stepString(s.L) + "/" + stepString(s.R)
	case *AltStep:
		return stepString(s.L) + "|" + stepString(s.R)
	case *RepeatStep:
		return "(" + stepString(s.In) + ")" + repetition(s.Zero, s.Once)
	}
	return ""
}

// exprsOf returns the expressions of a node itself.
func exprsOf(n Node) (out []*Expr) {
	switch n := n.(type) {
	case *LeftHash:
		out = append(out, n.Cond)
	case *Apply:
		out = append(out, n.Cond)
	case *Filter:
		out = n.Conds
	case *Extend:
		for _, b := range n.Bindings {
			out = append(out, b.Expr)
		}
	case *Group:
		for _, k := range n.Keys {
			out = append(out, k.Expr)
		}
		for _, a := range n.Aggregates {
			out = append(out, a.Arg)
		}
	case *OrderBy:
		for _, c := range n.Conditions {
			out = append(out, c.Expr)
		}
	}
	kept := out[:0:0]
	for _, x := range out {
		if x != nil {
			kept = append(kept, x)
		}
	}
	return kept
}
