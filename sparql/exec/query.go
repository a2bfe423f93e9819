package exec

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/expr"
	"nettwin/sparql/plan"
	"nettwin/sparql/results"
)

// ErrNotCovered: exec does not evaluate the query; sparql/ref does.
var ErrNotCovered = plan.ErrNotCovered

// Sizes of chunks.
const (
	DefaultChunkRows = 2048
	MaxChunkRows     = graph.ChunkRows
)

// Options are what an execution gets from its caller. The zero value reads the
// dataset as it is and has the limits above.
type Options struct {
	Now  time.Time  // NOW()
	Rand *rand.Rand // RAND, UUID, blank node labels; nil: seeded from the system

	// The dataset, as in plan.Options.
	UnionDefault               bool
	DefaultGraphs, NamedGraphs []rdf.Term

	MaxMemoryBytes int64  // what operators may keep; 0: DefaultMaxMemoryBytes
	Share          *Share // of the machine, with other executions; nil: alone
	Lease          *Lease // used in place of a new one; it is released at the end
	// Workers is how many goroutines may compute at once for this execution, as
	// far as its share has turns for them; up to 1: its own. They help with what
	// costs WorkersFrom nanoseconds by estimate; 0: DefaultWorkersFrom.
	Workers     int
	WorkersFrom float64

	Spill     *Spill // for what has no room in memory; nil: that is an error
	ChunkRows int    // 1 to MaxChunkRows; 0: DefaultChunkRows

	Perturb *rand.Rand // as in plan.Options, for tests

	// Delegate evaluates what exec does not; nil: such queries are not covered.
	Delegate Delegate

	// Service answers a SELECT at another endpoint. Nil: SERVICE is an error
	// unless it is SILENT.
	Service func(ctx context.Context, endpoint rdf.Term, query string) (*results.Result, error)

	// Explain, if set, is called with the plan when the query ends: at its
	// end, at an error or when the result is closed.
	Explain func(*plan.Plan)

	// Plan, if set, is run instead of planning: one that Planned was given for
	// the same text, source, version, view and dataset. Without Explain, plans
	// are only read, so that many executions may share one.
	Plan    *plan.Plan
	Planned func(*plan.Plan)
}

// seededSource is seeded from the system when it is first used, for few
// queries use it.
type seededSource struct{ source *rand.ChaCha8 }

// Uint64 implements rand.Source.
func (s *seededSource) Uint64() uint64 {
	if s.source == nil {
		var seed [32]byte
		crand.Read(seed[:]) //nolint:errcheck // never fails (Go 1.24)
		s.source = rand.NewChaCha8(seed)
	}
	return s.source.Uint64()
}

// planFor returns the plan to run.
func planFor(ctx context.Context, q *algebra.Query, src graph.Source, opt Options) (*plan.Plan, error) {
	if opt.Plan != nil && opt.Explain == nil {
		return opt.Plan, nil
	}
	p, err := Plan(ctx, q, src, opt)
	if err == nil && opt.Planned != nil && opt.Explain == nil {
		opt.Planned(p)
	}
	return p, err
}

// Plan plans a query without running it.
func Plan(ctx context.Context, q *algebra.Query, src graph.Source, opt Options) (*plan.Plan, error) {
	p, err := plan.Make(ctx, q, src, plan.Options{
		UnionDefault: opt.UnionDefault, DefaultGraphs: opt.DefaultGraphs, NamedGraphs: opt.NamedGraphs, Perturb: opt.Perturb,
		Delegate: opt.Delegate != nil,
	})
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	return p, nil
}

func (o Options) withDefaults() Options {
	if o.ChunkRows <= 0 {
		o.ChunkRows = DefaultChunkRows
	}
	if o.WorkersFrom <= 0 {
		o.WorkersFrom = DefaultWorkersFrom
	}
	o.ChunkRows = min(o.ChunkRows, MaxChunkRows)
	if o.Lease == nil {
		o.Lease = NewLease(o.Share, o.MaxMemoryBytes)
	}
	if o.Rand == nil {
		o.Rand = rand.New(&seededSource{})
	}
	return o
}

// Query runs q over src. Solutions are made while the result is read; the
// first are made before Query returns, so that what fails at once fails here.
// src must stay open until the result is closed. Errors, here and from the
// result: ErrNotCovered (only here), the cause of ctx's end,
// *results.LimitError, those of src.
func Query(ctx context.Context, q *algebra.Query, src graph.Source, opt Options) (*results.Result, error) {
	p, err := planFor(ctx, q, src, opt)
	if err != nil {
		return nil, err
	}
	if opt.Explain != nil {
		p.Ran = true
	}
	if opt.Workers > 1 && !algebra.Steady(q) {
		opt.Workers = 1 // chance has one sequence
	}
	x := newExecution(p, src, q.Base, opt.withDefaults())
	root, err := x.build(p.Root)
	if err != nil {
		x.budget.release()
		return nil, fmt.Errorf("query: %w", err)
	}
	s := &stream{x: x, root: root, explain: opt.Explain}
	if err := s.pull(ctx); err != nil && err != io.EOF {
		s.close() //nolint:errcheck // the first error counts
		return nil, err
	}
	out := &results.Result{Prefixes: q.Prefixes}
	switch q.Form {
	case algebra.Ask:
		out.Kind, out.Boolean = results.Boolean, s.chunk != nil
		return out, s.close()
	case algebra.Construct:
		out.Kind, out.Triples = results.Graph, newTriples(s)
	case algebra.Describe:
		out.Kind, out.Triples = results.Graph, newDescriber(s)
	default:
		out.Kind, out.Vars, out.Rows = results.Bindings, q.Vars, newRows(s)
	}
	return out, nil
}

// execution is one run of a plan.
type execution struct {
	plan      *plan.Plan
	src       graph.Source
	opt       Options
	terms     *termTable
	exprs     *expr.Context
	budget    *budget
	turn      *turn
	chunkRows int
	seeds     map[*plan.Seed]*seedState
	sorts     map[*plan.OrderBy]*orderOp
	noColumns [][]graph.TermID
	numbers   []graph.TermID // 1, 2, 3 …
	extra     []op           // inputs of EXISTS, to be closed
	files     []*spillFile   // to be removed
	block     []byte         // scratch for blocks of files
	infos     *sync.Mutex    // guards the plan's Infos, for EXPLAIN

	// Parts of the plan that several goroutines compute (spread.go).
	spreading bool                      // one is being built
	forked    bool                      // this is one of them
	given     map[plan.Node]op          // operators in place of those of the plan
	built     map[*plan.HashJoin]*built // build sides that are shared
}

func newExecution(p *plan.Plan, src graph.Source, base string, opt Options) *execution {
	x := &execution{
		plan: p, src: src, opt: opt, chunkRows: opt.ChunkRows, seeds: map[*plan.Seed]*seedState{},
		budget: &opt.Lease.budget, turn: &opt.Lease.turn, noColumns: make([][]graph.TermID, len(p.Slots)),
		infos: &sync.Mutex{},
	}
	return x.withTerms(base)
}

func (x *execution) withTerms(base string) *execution {
	x.terms = &termTable{src: x.src, budget: x.budget}
	if x.opt.Spill != nil && !x.forked {
		x.terms.spill = x.newFile
	}
	x.exprs = &expr.Context{Now: x.opt.Now, Base: base, Rand: x.opt.Rand, BNodes: freshNodes(x.opt.Rand)}
	return x
}

// freshNodes returns a maker of blank nodes whose labels are new to every
// store: a random scope and a count.
func freshNodes(r *rand.Rand) func() rdf.Term {
	scope, n := "", 0
	return func() rdf.Term {
		if n == 0 {
			scope = fmt.Sprintf("x%016x%016x", r.Uint64(), r.Uint64())
		}
		n++
		return rdf.BNode(fmt.Sprintf("%sn%d", scope, n))
	}
}

// stream is the root of a running plan: its current chunk, decoded.
type stream struct {
	x       *execution
	root    op
	explain func(*plan.Plan)
	chunk   *chunk
	row     int // the next row of chunk
	err     error
	closed  bool
}

// pull goes to the next chunk; io.EOF at the end.
func (s *stream) pull(ctx context.Context) error {
	if s.err != nil {
		return s.err
	}
	s.chunk, s.row = nil, 0
	s.x.turn.begin()
	c, err := s.root.next(ctx)
	s.x.turn.end()
	switch {
	case err != nil && ctx.Err() != nil:
		s.err = fmt.Errorf("query: %w", context.Cause(ctx))
	case err != nil:
		s.err = fmt.Errorf("query: %w", err)
	case c == nil:
		s.err = io.EOF
	default:
		s.chunk = c
	}
	return s.err
}

func (s *stream) close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.err == nil {
		s.err = io.EOF
	}
	s.chunk = nil
	err := s.root.close()
	if cerr := closeAll(s.x.extra...); err == nil {
		err = cerr
	}
	for _, f := range s.x.files {
		if cerr := f.close(); err == nil {
			err = cerr
		}
	}
	s.x.budget.release()
	if s.explain != nil {
		s.explain(s.x.plan)
	}
	return err
}
