package plan

import "time"

// Explained is a plan as a tree that programs can read.
type Explained struct {
	Operator      string       `json:"operator"`
	EstimatedRows float64      `json:"estimatedRows"`
	EstimatedCost float64      `json:"estimatedCostMs"`
	Rows          *int64       `json:"rows,omitempty"`   // once run
	Took          *float64     `json:"tookMs,omitempty"` // once run, inputs included
	Exists        []*Explained `json:"exists,omitempty"`
	Inputs        []*Explained `json:"inputs,omitempty"`
}

// Explain returns the plan as a tree, with what was seen if it ran.
func (p *Plan) Explain() *Explained {
	e := &explainer{slots: p.Slots, ran: p.Ran}
	return e.tree(p.Root)
}

func (e *explainer) tree(n Node) *Explained {
	i := n.About()
	const nanosecondsPerMilli = 1e6
	out := &Explained{Operator: e.head(n), EstimatedRows: i.Rows, EstimatedCost: i.Cost / nanosecondsPerMilli}
	if e.ran {
		seen, took := i.Seen, float64(i.Took)/float64(time.Millisecond)
		out.Rows, out.Took = &seen, &took
	}
	for _, x := range exprsOf(n) {
		for _, ex := range x.Exists {
			if ex.Ask != nil {
				out.Exists = append(out.Exists, &Explained{Operator: "asked by substitution, solution by solution"})
				continue
			}
			out.Exists = append(out.Exists, e.tree(ex.Plan))
		}
	}
	for _, in := range Inputs(n) {
		if _, unit := in.(*Unit); !unit {
			out.Inputs = append(out.Inputs, e.tree(in))
		}
	}
	return out
}
