package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/reasoning/rules"
)

// Defaults of Options.
const (
	// DefaultConfirmTimeout is after which a device takes a commit back that
	// nobody confirmed.
	DefaultConfirmTimeout = 2 * time.Minute
	// DefaultSettleTimeout bounds the wait for the sources to say what a plan
	// expects.
	DefaultSettleTimeout = 45 * time.Second
	// DefaultPollInterval is between two looks at a device: some take a commit
	// back only if nobody asked for a second.
	DefaultPollInterval = 1200 * time.Millisecond
	// DefaultPushTimeout bounds everything up to the commits.
	DefaultPushTimeout = time.Minute
)

// Limits of a plan.
const (
	MaxChanges = 10_000 // that an action makes
	// MaxMoved bounds the changes of main that are compared with a plan; beyond
	// it the plan is verified again.
	MaxMoved = 100_000
	// UpdateTimeout bounds an action's update.
	UpdateTimeout = 30 * time.Second
)

// branchPrefix begins the branches of plans.
const branchPrefix = "plan-"

// ItemStore keeps items; *items.Store is one.
type ItemStore interface {
	// Put returns when the items are on stable storage.
	Put(ctx context.Context, batch []items.Item) ([]naming.Name, error)
}

// Options are what a Controller works with. Store, Rules, Items, Base,
// Knowledge and Dir are required.
type Options struct {
	Store     graph.Store
	Rules     *rules.Engine // of main; used by OnBranch
	Items     ItemStore
	Base      string // the store's base IRI
	Knowledge fs.FS  // folder actions; read at each proposal
	Dir       string // where the journal is kept: <data>/control
	Drivers   []Driver
	// Collect reads a device again by one collector and returns when the graph
	// has it. Nil: what sources say is not waited for.
	Collect func(ctx context.Context, collector, device string) error
	Now     func() time.Time                                 // nil means time.Now
	Sleep   func(ctx context.Context, d time.Duration) error // nil waits
	Log     *slog.Logger                                     // nil means no log

	ConfirmTimeout, SettleTimeout, PollInterval, PushTimeout time.Duration // 0: the default
	PlanLifetime                                             time.Duration // of a plan that waits for a decision; 0: the default
}

// Principal is who asks.
type Principal struct {
	Name string
	Role string // reader, editor, operator or admin
}

// Operates tells whether the principal may reach devices.
func (p Principal) Operates() bool {
	return p.Name != "" && (p.Role == "operator" || p.Role == "admin")
}

// Controller keeps plans and carries them out. Its methods are safe for
// concurrent use.
type Controller struct {
	opt              Options
	derived, prov    rdf.Term
	ingestOf         map[string]Driver // by collector
	runMu            sync.Mutex        // one plan on its way to devices; before workMu
	workMu           sync.Mutex        // one trial on a branch, one change of state; before mu
	mu               sync.Mutex        // guards what is below
	journal          *journal
	plans            map[string]*Plan
	order            []string // ids, oldest first
	recordedForTests func(Entry)
}

// New opens the journal and returns a controller with the plans that it tells
// of. Call Recover before Apply. Errors: *ChainError, those of the file system.
func New(opt Options) (*Controller, error) {
	opt.defaults()
	c := &Controller{opt: opt, derived: naming.DerivedGraph(opt.Base), prov: naming.ProvenanceGraph(opt.Base),
		ingestOf: map[string]Driver{}, plans: map[string]*Plan{}}
	for _, d := range opt.Drivers {
		c.ingestOf[d.Name()] = d
	}
	j, entries, err := openJournal(opt.Dir)
	if err != nil {
		return nil, err
	}
	c.journal = j
	for i := range entries {
		if err := c.fold(&entries[i]); err != nil {
			j.close()
			return nil, err
		}
	}
	return c, nil
}

func (o *Options) defaults() {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&o.ConfirmTimeout, DefaultConfirmTimeout)
	set(&o.SettleTimeout, DefaultSettleTimeout)
	set(&o.PollInterval, DefaultPollInterval)
	set(&o.PushTimeout, DefaultPushTimeout)
	set(&o.PlanLifetime, DefaultPlanLifetime)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Close closes the journal; plans under way must have ended.
func (c *Controller) Close() error {
	c.runMu.Lock()
	defer c.runMu.Unlock()
	c.workMu.Lock()
	defer c.workMu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.journal.close()
}

// Plans lists all plans, newest first.
func (c *Controller) Plans() []Plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Plan, 0, len(c.order))
	for _, id := range slices.Backward(c.order) {
		list = append(list, *c.plans[id].clone())
	}
	return list
}

// Plan returns a plan. Errors: ErrNoPlan.
func (c *Controller) Plan(id string) (Plan, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.plans[id]
	if p == nil {
		return Plan{}, fmt.Errorf("%w: %s", ErrNoPlan, id)
	}
	return *p.clone(), nil
}

// inState returns a plan that is in one of the states.
func (c *Controller) inState(id, what string, states ...State) (Plan, error) {
	p, err := c.Plan(id)
	if err == nil && !slices.Contains(states, p.State) {
		err = fmt.Errorf("%w: plan %s is %s and cannot be %s", ErrState, id, p.State, what)
	}
	return p, err
}

// Chain tells the journal's length and head.
func (c *Controller) Chain() Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.journal.chain
}

// VerifyChain reads the journal from disk and checks it, also that its end is
// the one that was written last.
func (c *Controller) VerifyChain() (Chain, error) { return VerifyChain(c.opt.Dir, c.Chain().Head) }

// record writes an entry and brings it into the plans (invariants 1 and 2).
func (c *Controller) record(e Entry) error {
	err := c.write(&e)
	if err != nil {
		return err
	}
	c.opt.Log.Info("plan", "plan", e.Plan, "step", e.Step, "state", e.State, "device", e.Device, "detail", e.Detail)
	if c.recordedForTests != nil {
		c.recordedForTests(e)
	}
	return nil
}

func (c *Controller) write(e *Entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Time = c.opt.Now().UTC().Truncate(time.Millisecond)
	if err := c.journal.append(e); err != nil {
		return err
	}
	return c.fold(e)
}

func (c *Controller) fold(e *Entry) error {
	if c.plans[e.Plan] == nil && e.Record != nil {
		c.order = append(c.order, e.Plan)
	}
	return fold(c.plans, e)
}

// dropBranch removes a plan's branch if there is one.
func (c *Controller) dropBranch(ctx context.Context, id string) error {
	err := c.opt.Store.Drop(ctx, branchPrefix+id)
	if errors.Is(err, graph.ErrNoBranch) {
		return nil
	}
	return err
}

// end records a final state.
func (c *Controller) end(ctx context.Context, id string, state State, step, by, reason string) error {
	if err := c.record(Entry{Plan: id, Step: step, State: state, By: by, Detail: strings.TrimSpace(reason)}); err != nil {
		return err
	}
	if err := c.dropBranch(ctx, id); err != nil {
		return fmt.Errorf("control: plan %s: %w", id, err)
	}
	return c.provenance(ctx, id)
}
