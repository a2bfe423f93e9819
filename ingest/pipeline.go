package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
)

// Limits of the pipeline.
const (
	// MaxFacts bounds one sample.
	MaxFacts = 2_000_000
	// maxTries bounds how often a commit is tried again after another
	// writer's came first.
	maxTries = 32
)

// ErrTooManyFacts: a sample is beyond MaxFacts.
var ErrTooManyFacts = errors.New("ingest: too many facts in one sample")

// ItemStore keeps items; *items.Store is one.
type ItemStore interface {
	// Put returns when the items are on stable storage.
	Put(ctx context.Context, batch []items.Item) ([]naming.Name, error)
}

// identityTable is the file of identity rules in the knowledge folder.
const identityTable = "map/identity.tsv"

// Options of a Pipeline. Store, Items, Base and Knowledge are required.
type Options struct {
	Store graph.Store
	Items ItemStore
	Base  string
	// Knowledge is the store's knowledge folder: the pipeline reads
	// map/identity.tsv.
	Knowledge fs.FS
	Clock     func() time.Time // of samples that do not tell their time; nil means time.Now
	Log       *slog.Logger     // nil means no log
}

// Pipeline takes samples into a graph. It is safe for concurrent use; samples
// are applied one at a time, because identity spans devices.
type Pipeline struct {
	opts  Options
	prov  rdf.Term
	rules *IdentityRules
	// clocks are the properties by which devices tell their clock's time.
	clocks map[rdf.Term]bool

	mu sync.Mutex // held while a sample is applied
}

// NewPipeline returns a pipeline.
func NewPipeline(opts Options) (*Pipeline, error) {
	switch {
	case opts.Store == nil:
		return nil, errors.New("ingest: new pipeline: Options.Store is missing")
	case opts.Items == nil:
		return nil, errors.New("ingest: new pipeline: Options.Items is missing")
	case opts.Knowledge == nil:
		return nil, errors.New("ingest: new pipeline: Options.Knowledge is missing")
	}
	rules, err := LoadIdentity(opts.Knowledge, identityTable)
	if err != nil {
		return nil, err
	}
	clocks, err := loadClocks(opts.Knowledge)
	if err != nil {
		return nil, err
	}
	if err := naming.CheckBase(opts.Base); err != nil {
		return nil, fmt.Errorf("ingest: new pipeline: %w", err)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Pipeline{opts: opts, prov: naming.ProvenanceGraph(opts.Base), rules: rules, clocks: clocks}, nil
}

// Identity lists the properties by which devices are recognised.
func (p *Pipeline) Identity() []string { return p.rules.Terms() }

// Report says what a sample changed.
type Report struct {
	Device    string // configured, else the strongest key at first contact
	DeviceIRI string // of the device that the source graph describes
	Graph     string // IRI of the source graph
	Minted    bool   // the device is new
	// Commits are the effective commits: state with provenance, then counters
	// or freshness. Adds and Deletes count their quads.
	Commits       []graph.Commit
	Adds, Deletes uint64
	// StateAdds and StateDeletes count the changed statements of the source's
	// state, Counters those of counter values.
	StateAdds, StateDeletes, Counters int
	Raw, Knowledge                    []naming.Name // nil if the state did not change
	Envelope                          naming.Name
	Clock                             *ClockReading // of the device; nil if the sample does not tell
	Conflicts                         []string      // keys that speak for another device
	Warnings                          []string      // facts that were left out
}

// Apply takes one sample into the graph: it finds the device, compares the
// sample with the source graph, and commits what changed. State goes with its
// provenance in one commit, after its items are on stable storage; counters
// in another. An unchanged sample writes its time of contact only. Errors:
// ErrNoIdentity, ErrTooManyFacts, those of the store and the items, ctx.Err().
func (p *Pipeline) Apply(ctx context.Context, s *Sample) (Report, error) {
	if len(s.Facts) > MaxFacts {
		return Report{}, fmt.Errorf("ingest: %s: %w: %d, at most %d", s.Device, ErrTooManyFacts, len(s.Facts), MaxFacts)
	}
	if s.Ended.IsZero() {
		timed := *s
		timed.Ended = p.opts.Clock()
		timed.Started = timed.Ended
		s = &timed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for range maxTries {
		report, err := p.try(ctx, s)
		if errors.Is(err, graph.ErrConflict) {
			continue
		}
		if err != nil {
			return report, fmt.Errorf("ingest: %s %s: %w", s.Collector, s.Device, err)
		}
		p.log(report)
		return report, nil
	}
	return Report{}, fmt.Errorf("ingest: %s %s: %w: other writers came first %d times", s.Collector, s.Device, graph.ErrConflict, maxTries)
}

func (p *Pipeline) log(r Report) {
	for _, key := range r.Conflicts {
		p.opts.Log.Warn("identity conflict", "device", r.Device, "iri", r.DeviceIRI, "key", key)
	}
	for _, w := range r.Warnings {
		p.opts.Log.Warn("sample", "device", r.Device, "warning", w)
	}
	if len(r.Knowledge) > 0 || r.Minted {
		p.opts.Log.Info("sample changed the graph", "device", r.Device, "iri", r.DeviceIRI,
			"adds", r.StateAdds, "deletes", r.StateDeletes, "items", len(r.Knowledge))
	}
}

// try applies the sample to the newest version.
func (p *Pipeline) try(ctx context.Context, s *Sample) (Report, error) {
	snap, err := p.opts.Store.Snapshot(graph.At{})
	if err != nil {
		return Report{}, err
	}
	defer snap.Close()
	u, err := p.plan(ctx, snap, s)
	if err != nil {
		return Report{}, err
	}
	if u.effective() {
		if err := u.items(ctx); err != nil {
			return Report{}, err
		}
		if err := u.commitState(ctx, snap.Commit().Seq); err != nil {
			return Report{}, err
		}
	}
	return u.report, u.commitRest(ctx)
}

// plan works out what a sample changes.
func (p *Pipeline) plan(ctx context.Context, snap graph.Snapshot, s *Sample) (*update, error) {
	r := &resolver{view: view{snap}, base: p.opts.Base, prov: p.prov, sample: s,
		keys: p.rules.Keys(s.Facts), keysOf: map[rdf.Term][]string{}}
	id, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	if s.Withdrawn && id.bound.IsZero() {
		return nil, ErrNoIdentity // it never stated anything
	}
	d, err := compare(ctx, snap, id.graph, s)
	if err != nil {
		return nil, err
	}
	u := &update{Pipeline: p, view: r.view, sample: s, id: id, diff: d}
	u.report = Report{Device: id.name, DeviceIRI: id.device.Value(), Graph: id.graph.Value(), Minted: id.minted,
		StateAdds: len(d.state.adds), StateDeletes: len(d.state.deletes),
		Counters: max(len(d.counters.adds), len(d.counters.deletes)), Warnings: d.warnings}
	for _, c := range id.conflicts {
		u.report.Conflicts = append(u.report.Conflicts, c.key.String())
	}
	if err := u.freshness(ctx); err != nil {
		return nil, err
	}
	if err := u.clock(ctx); err != nil {
		return nil, err
	}
	return u, u.identity(ctx)
}
