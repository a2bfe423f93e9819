package paths

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
)

// Limits of a run.
const (
	// MaxPaths is where counting ends: who has so many ways has enough.
	MaxPaths = 8
	// MaxDemands and MaxEdges bound the input.
	MaxDemands = 100_000
	MaxEdges   = 1_000_000
	// MaxTrials bounds the pairs of demand and candidate that are tried.
	MaxTrials = 1_000_000
)

// Disjoint is the model; its zero value is ready.
type Disjoint struct{}

var _ model.Model = Disjoint{}

// Name is "disjoint-paths".
func (Disjoint) Name() string { return "disjoint-paths" }

// Reads lists the variables of edges, candidates and demands.
func (Disjoint) Reads() []string {
	return []string{"edge", "candidate", "from", "to", "demand", "source", "target"}
}

// demand is what is asked for: ways from any source to any target.
type demand struct {
	name             rdf.Term
	sources, targets map[rdf.Term]bool
	rows             []int
}

// input is the rows, sorted out.
type input struct {
	edges, candidates map[rdf.Term]*edge
	demands           []*demand
}

// Run counts the ways of each demand.
func (Disjoint) Run(ctx context.Context, rows []model.Row) ([]model.Answer, error) {
	in, err := sortOut(rows)
	if err != nil {
		return nil, err
	}
	g := newTopology(in.edges, in.candidates)
	var answers []model.Answer
	for _, d := range in.demands {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		answers = append(answers, g.answer(d, in)...)
	}
	return answers, nil
}

// sortOut reads the rows.
func sortOut(rows []model.Row) (*input, error) {
	in := &input{edges: map[rdf.Term]*edge{}, candidates: map[rdf.Term]*edge{}}
	demands := map[rdf.Term]*demand{}
	for i, row := range rows {
		switch {
		case !row["edge"].IsZero():
			if err := note(in.edges, row["edge"], row, i); err != nil {
				return nil, err
			}
		case !row["candidate"].IsZero():
			if err := note(in.candidates, row["candidate"], row, i); err != nil {
				return nil, err
			}
		case !row["demand"].IsZero():
			name := row["demand"]
			if row["source"].IsZero() || row["target"].IsZero() {
				return nil, fmt.Errorf("paths: demand %s: no ?source or no ?target", name)
			}
			if demands[name] == nil {
				demands[name] = &demand{name: name, sources: map[rdf.Term]bool{}, targets: map[rdf.Term]bool{}}
			}
			d := demands[name]
			d.sources[row["source"]], d.targets[row["target"]] = true, true
			d.rows = append(d.rows, i)
		}
	}
	if len(in.edges)+len(in.candidates) > MaxEdges || len(demands) > MaxDemands || len(demands)*len(in.candidates) > MaxTrials {
		return nil, fmt.Errorf("paths: %d edges, %d candidates and %d demands are too many: at most %d edges, %d demands, %d pairs of demand and candidate",
			len(in.edges), len(in.candidates), len(demands), MaxEdges, MaxDemands, MaxTrials)
	}
	for _, name := range slices.SortedFunc(maps.Keys(demands), rdf.Compare) {
		in.demands = append(in.demands, demands[name])
	}
	return in, nil
}

// note adds a row to the edge that it is about.
func note(edges map[rdf.Term]*edge, name rdf.Term, row model.Row, i int) error {
	if row["from"].IsZero() || row["to"].IsZero() {
		return fmt.Errorf("paths: edge %s: no ?from or no ?to", name)
	}
	e := edges[name]
	if e == nil {
		e = &edge{name: name, ends: map[rdf.Term]bool{}}
		edges[name] = e
	}
	e.ends[row["from"]], e.ends[row["to"]] = true, true
	e.rows = append(e.rows, i)
	return nil
}

// answer tells what there is to tell of one demand.
func (g *topology) answer(d *demand, in *input) []model.Answer {
	for s := range d.sources {
		if d.targets[s] {
			return nil
		}
	}
	flow := g.search(d, none)
	var over []*edge
	uses := slices.Clone(d.rows)
	for _, i := range flow.crossed() {
		over = append(over, g.edges[i])
		uses = append(uses, g.edges[i].rows...)
	}
	answers := []model.Answer{{Row: model.Row{"demand": d.name, "paths": rdf.Literal(strconv.Itoa(flow.paths), rdf.XSDInteger)}, Uses: uses}}
	tell := func(variable string, e *edge) {
		answers = append(answers, model.Answer{Row: model.Row{"demand": d.name, variable: e.name}, Uses: slices.Concat(d.rows, e.rows)})
	}
	for _, e := range over {
		tell("over", e)
	}
	if flow.paths == 1 {
		for _, i := range g.critical(d, flow) {
			tell("critical", g.edges[i])
		}
	}
	if flow.paths < MaxPaths {
		for i := len(in.edges); i < len(g.edges); i++ {
			if g.search(d, i).paths > flow.paths {
				tell("remedy", g.edges[i])
			}
		}
	}
	return answers
}
