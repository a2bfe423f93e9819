package sparql

import (
	"context"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/exec"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
	"nettwin/sparql/syntax"
)

// Defaults of limits for requests from outside.
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxRows = 5_000_000
)

// Options are the limits and the dataset of one execution. The zero value has
// no limits and the store's own dataset.
type Options struct {
	Timeout time.Duration // of the whole execution, reading the answer included; 0: none
	MaxRows int           // rows or triples of the answer; 0: none
	// DefaultGraphs and NamedGraphs are IRIs that replace the dataset of the
	// query (SPARQL 1.1 Protocol §2.1.4) if either is not empty.
	DefaultGraphs, NamedGraphs []string
	// Union makes the default graph the union of all graphs, where no dataset
	// is given.
	Union bool
	Now   time.Time // NOW(); the zero Time means the time of the call
	// MaxMemoryBytes bounds what the operators of a query keep; 0: 2 GiB.
	MaxMemoryBytes int64
	// Share divides the machine among executions; nil: none.
	Share *Share
	// Workers is how many goroutines may compute for a long query, as far as the
	// share has turns for them; up to 1: its own.
	Workers int
	// Spill takes what queries have no memory for; nil: that is an error.
	Spill *Spill
	// Service answers SERVICE; nil: an error unless it is SILENT.
	Service ServiceFunc
	// Explain, if set, is called with the plan when the query ends.
	Explain func(*plan.Plan)
	// Plan, if set, is run instead of planning; Planned is told of a new plan
	// (exec.Options).
	Plan    *plan.Plan
	Planned func(*plan.Plan)
	// Evaluator forces one evaluator, for tests; normally Auto.
	Evaluator Evaluator
}

func (o Options) withDefaults() Options {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return o
}

// Evaluator is which evaluator runs a query.
type Evaluator uint8

// The evaluators: Auto is exec where it covers the query, else ref.
const (
	Auto Evaluator = iota
	Ref
	Exec
)

// Query is a parsed query, which may run many times, concurrently too.
type Query struct {
	Text    string
	algebra *algebra.Query
}

// Parse parses a query; relative IRIs resolve against base. Errors:
// *syntax.SyntaxError with line, column and code.
func Parse(text, base string) (*Query, error) {
	parsed, err := syntax.ParseQuery(text, syntax.Options{Base: base})
	if err != nil {
		return nil, err
	}
	translated, err := algebra.Translate(parsed)
	if err != nil {
		return nil, err
	}
	return &Query{Text: text, algebra: translated}, nil
}

// Form tells what the query asks for.
func (q *Query) Form() algebra.Form { return q.algebra.Form }

// Algebra returns the query's algebra, which must not be changed.
func (q *Query) Algebra() *algebra.Query { return q.algebra }

// Plan plans the query without running it. Errors: ErrNotCovered.
func (q *Query) Plan(ctx context.Context, src graph.Source, opt Options) (*plan.Plan, error) {
	return exec.Plan(ctx, q.algebra, src, opt.withDefaults().execOptions(q.algebra, src, nil))
}

// Steady tells whether the answer depends on nothing but the data: no clock,
// no chance, no other endpoint.
func (q *Query) Steady() bool { return algebra.Steady(q.algebra) }

// Run evaluates the query on a source and streams the answer, which the
// caller must Close.
func (q *Query) Run(ctx context.Context, src graph.Source, opt Options) (*results.Result, error) {
	return Evaluate(ctx, q.algebra, src, opt)
}

// Evaluate runs a translated query.
func Evaluate(ctx context.Context, q *algebra.Query, src graph.Source, opt Options) (*results.Result, error) {
	opt = opt.withDefaults()
	run := newLimits(opt)
	ctx, cancel := run.context(ctx)
	result, err := evaluate(ctx, q, src, opt)
	if err != nil {
		defer cancel()
		return nil, run.explain(ctx, err)
	}
	return run.wrap(ctx, cancel, result), nil
}

// Terms turns IRIs into terms.
func terms(iris []string) []rdf.Term {
	var list []rdf.Term
	for _, iri := range iris {
		list = append(list, rdf.IRI(iri))
	}
	return list
}

// ErrNotCovered: exec was forced for a query that it does not cover.
var ErrNotCovered = exec.ErrNotCovered
