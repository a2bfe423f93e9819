package sparql

import (
	"context"
	"errors"
	"os"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/exec"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/syntax"
)

// evaluate runs a query by exec where it covers it, else by ref.
func evaluate(ctx context.Context, q *algebra.Query, src graph.Source, opt Options) (*results.Result, error) {
	lease := exec.NewLease(opt.Share, opt.MaxMemoryBytes)
	if opt.Evaluator != Ref {
		result, err := exec.Query(ctx, q, src, opt.execOptions(q, src, lease))
		if opt.Evaluator == Exec || !errors.Is(err, exec.ErrNotCovered) {
			return result, err
		}
	}
	lease.Begin()
	result, err := ref.Query(ctx, q, src, opt.refOptions(lease))
	lease.End()
	if err != nil {
		lease.Release()
		return nil, err
	}
	return leased(result, lease), nil
}

// leased makes an answer give its memory back when it is closed.
func leased(r *results.Result, lease *exec.Lease) *results.Result {
	switch {
	case r.Rows != nil:
		r.Rows = leasedRows{r.Rows, lease}
	case r.Triples != nil:
		r.Triples = leasedTriples{r.Triples, lease}
	default:
		lease.Release()
	}
	return r
}

type leasedRows struct {
	results.Rows
	lease *exec.Lease
}

func (r leasedRows) Close() error {
	defer r.lease.Release()
	return r.Rows.Close()
}

type leasedTriples struct {
	results.Triples
	lease *exec.Lease
}

func (r leasedTriples) Close() error {
	defer r.lease.Release()
	return r.Triples.Close()
}

func (o Options) execOptions(q *algebra.Query, src graph.Source, lease *exec.Lease) exec.Options {
	return exec.Options{
		Now: o.Now, UnionDefault: o.Union, Service: o.Service,
		Lease: lease, Spill: o.Spill, Workers: o.Workers, Explain: o.Explain, Plan: o.Plan, Planned: o.Planned,
		DefaultGraphs: terms(o.DefaultGraphs), NamedGraphs: terms(o.NamedGraphs),
		Delegate: ref.NewDelegate(q, src, o.refOptions(lease)),
	}
}

// Errors of updates (ref).
var (
	ErrGraphExists = ref.ErrGraphExists
	ErrNoGraph     = ref.ErrNoGraph
	ErrNoLoader    = ref.ErrNoLoader
)

// Share divides a machine among executions (exec.Share).
type Share = exec.Share

// NewShare returns a share of so many bytes, in which as many long executions
// compute at once; 0 means no bound.
func NewShare(maxBytes int64, turns int) *Share { return exec.NewShare(maxBytes, turns) }

// Spill is where executions put what their memory has no room for (exec.Spill).
type Spill = exec.Spill

// NewSpill returns a spill in a folder of its own, of at most so many bytes; 0
// means no bound.
func NewSpill(root *os.Root, maxBytes int64) (*Spill, error) { return exec.NewSpill(root, maxBytes) }

// BusyError: too many long queries wait already (exec.BusyError).
type BusyError = exec.BusyError

// LoadError: a document that LOAD names cannot be read.
type LoadError = ref.LoadError

// Update is a parsed update request.
type Update struct {
	Text    string
	algebra *algebra.Update
}

// ParseUpdate parses an update; relative IRIs resolve against base. Errors:
// *syntax.SyntaxError with line, column and code.
func ParseUpdate(text, base string) (*Update, error) {
	parsed, err := syntax.ParseUpdate(text, syntax.Options{Base: base})
	if err != nil {
		return nil, err
	}
	translated, err := algebra.TranslateUpdate(parsed)
	if err != nil {
		return nil, err
	}
	return &Update{Text: text, algebra: translated}, nil
}

// HasDataset tells whether an operation chooses its dataset by USING or WITH.
func (u *Update) HasDataset() bool {
	for _, op := range u.algebra.Operations {
		if m, ok := op.(*algebra.Modify); ok && (!m.Using.IsZero() || !m.With.IsZero()) {
			return true
		}
	}
	return false
}

// UpdateOptions are the limits, the dataset and the branch of an update.
type UpdateOptions struct {
	Options
	Branch string // "" means graph.Main
	Note   string // of the commit
	// Load yields the triples of a document for LOAD; nil refuses LOAD.
	Load func(ctx context.Context, source rdf.Term, yield func(rdf.Triple) error) error
}

// Run applies the whole request as one commit, all or nothing.
func (u *Update) Run(ctx context.Context, store graph.Store, opt UpdateOptions) (graph.Commit, error) {
	opt.Options = opt.withDefaults()
	limits := newLimits(opt.Options)
	ctx, cancel := limits.context(ctx)
	defer cancel()
	if opt.Note == "" {
		opt.Note = "update"
	}
	lease := exec.NewLease(opt.Share, opt.MaxMemoryBytes)
	defer lease.Release()
	lease.Begin()
	defer lease.End()
	run := opt.refOptions(lease)
	run.Branch, run.Note, run.Load = opt.Branch, opt.Note, opt.Load
	commit, err := ref.Update(ctx, u.algebra, store, run)
	return commit, limits.explain(ctx, err)
}
