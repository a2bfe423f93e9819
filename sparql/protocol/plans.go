package protocol

import (
	"nettwin/graph"
	"nettwin/sparql/plan"
)

// planned is a plan with the version that it was last found good for.
type planned struct {
	*plan.Plan
	seq graph.CommitSeq
}

// plannedBytesPerByte is what a plan takes in memory for each byte of the text,
// roughly.
const plannedBytesPerByte = 60

// plan returns the plan of a query that was made before, if it is still good
// for a version, else what to do with a new one. A plan outlives commits until
// statistics have moved notably.
func (h *Handler) plan(key string, snapshot graph.Snapshot, textBytes int) (*plan.Plan, func(*plan.Plan)) {
	seq := snapshot.Commit().Seq
	keep := func(made *plan.Plan) {
		h.plans.put(key, planned{made, seq}, int64(textBytes)*plannedBytesPerByte)
	}
	made, ok := h.plans.get(key)
	if !ok {
		return nil, keep
	}
	if made.seq == seq {
		return made.Plan, nil
	}
	if holds, err := made.Holds(snapshot); err != nil || !holds {
		return nil, keep // planning tells the error, if it lasts
	}
	keep(made.Plan)
	return made.Plan, nil
}
