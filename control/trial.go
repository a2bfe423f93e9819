package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/reasoning/rules"
	"nettwin/sparql"
)

// Steps of the journal.
const (
	stepPropose   = "propose"
	stepVerify    = "verify"
	stepReverify  = "verify again"
	stepApprove   = "approve"
	stepReject    = "reject"
	stepApply     = "apply"
	stepOpen      = "open"
	stepLock      = "lock"
	stepEdit      = "edit"
	stepCommit    = "commit"
	stepCompare   = "compare"
	stepCollect   = "collect"
	stepConfirm   = "confirm"
	stepCancel    = "cancel"
	stepEnd       = "end"
	stepRecover   = "recover"
	stepExpire    = "expire"
	stepSupersede = "supersede"
)

// Propose makes a plan for a need and verifies it. A need that has a plan under
// way gets no second one: that plan is returned. Errors: ErrNoNeed,
// ErrNoRepair, ErrNoAction, ErrTooMany, those of Verify.
func (c *Controller) Propose(ctx context.Context, need string) (Plan, error) {
	p, made, err := c.propose(ctx, need)
	if err != nil || !made {
		return p, err
	}
	return c.Verify(ctx, p.ID)
}

func (c *Controller) propose(ctx context.Context, iri string) (Plan, bool, error) {
	c.workMu.Lock()
	defer c.workMu.Unlock()
	needs, err := c.Needs(ctx)
	if err != nil {
		return Plan{}, false, err
	}
	i := slices.IndexFunc(needs, func(n Need) bool { return n.IRI == iri })
	if i < 0 {
		return Plan{}, false, c.noNeed(ctx, iri)
	}
	if needs[i].Plan != "" && !needs[i].State.Final() {
		p, err := c.Plan(needs[i].Plan)
		return p, false, err
	}
	a, err := c.action(needs[i].Action)
	if err != nil {
		return Plan{}, false, err
	}
	if err := c.room(); err != nil {
		return Plan{}, false, err
	}
	needs[i].Plan, needs[i].State = "", ""
	p := &Plan{ID: fmt.Sprint(c.Chain().Entries + 1), Need: needs[i], Action: a.Name, Freshness: a.Freshness,
		State: Proposed, Created: c.opt.Now().UTC()}
	if err := c.record(Entry{Plan: p.ID, Step: stepPropose, State: Proposed, Record: p}); err != nil {
		return Plan{}, false, err
	}
	out, err := c.Plan(p.ID)
	return out, true, err
}

// noNeed tells what is not a need apart from what nothing helps against.
func (c *Controller) noNeed(ctx context.Context, iri string) error {
	list, err := c.NoRepairs(ctx)
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.IRI == iri {
			return fmt.Errorf("%w: %s", ErrNoRepair, f.Message)
		}
	}
	return fmt.Errorf("%w: %s", ErrNoNeed, iri)
}

// action finds the action file for a need.
func (c *Controller) action(iri string) (*Action, error) {
	list, err := LoadActions(c.opt.Knowledge, c.opt.Base)
	for _, a := range list {
		if a.IRI == iri {
			return a, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%w: no file in %s is for %s", ErrNoAction, ActionFolder, iri), err)
}

// Verify tries a plan that is proposed or verified on a branch of its own and
// records the verdict: the plan is then verified or refused. A failure to find
// a verdict leaves it as it was. Errors: ErrNoPlan, ErrState, ErrNoAction,
// those of rules and store.
func (c *Controller) Verify(ctx context.Context, id string) (Plan, error) {
	c.workMu.Lock()
	defer c.workMu.Unlock()
	p, err := c.inState(id, "verified", Proposed, Verified)
	if err != nil {
		return p, err
	}
	next, err := c.try(ctx, &p)
	if err != nil {
		return p, err
	}
	return c.recordVerdict(ctx, next)
}

func (c *Controller) recordVerdict(ctx context.Context, next *Plan) (Plan, error) {
	next.Approval = nil
	e := Entry{Plan: next.ID, Step: stepVerify, State: Verified, Record: next}
	if !next.Verdict.OK {
		e.State, e.Detail = Refused, strings.Join(next.Verdict.Reasons, "; ")
	}
	if err := c.record(e); err != nil {
		return *next, err
	}
	if !next.Verdict.OK {
		if err := c.dropBranch(ctx, next.ID); err != nil {
			return *next, fmt.Errorf("control: plan %s: %w", next.ID, err)
		}
	}
	return c.Plan(next.ID)
}

// try applies a plan to its branch and returns it with what came out.
func (c *Controller) try(ctx context.Context, p *Plan) (*Plan, error) {
	next, err := c.tryOnBranch(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("control: plan %s: %w", p.ID, err)
	}
	next.Digest = next.digest()
	return next, nil
}

func (c *Controller) tryOnBranch(ctx context.Context, p *Plan) (*Plan, error) {
	a, err := c.action(p.Need.Action)
	if err != nil {
		return nil, err
	}
	next := p.clone()
	next.Branch, next.Changes, next.Payloads, next.Steps = branchPrefix+p.ID, nil, nil, nil
	next.Action, next.Freshness = a.Name, a.Freshness
	engine, before, err := c.fork(ctx, next)
	if err != nil {
		return nil, err
	}
	defer before.Close()
	needs, err := readNeeds(ctx, before, c.derived)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(needs, func(n Need) bool { return n.IRI == p.Need.IRI })
	if i < 0 {
		next.Verdict = &Verdict{Reasons: []string{"the need is gone: nothing is to be done"}}
		return next, nil
	}
	next.Need = needs[i]
	changed, err := c.change(ctx, next, a, engine, before)
	if err != nil {
		return nil, err
	}
	after, err := c.opt.Store.Snapshot(graph.At{Branch: next.Branch})
	if err != nil {
		return nil, err
	}
	defer after.Close()
	wrong, err := c.payloads(ctx, next, changed, before, after)
	if err != nil {
		return nil, err
	}
	if next.Verdict, err = c.judge(ctx, next, before, after); err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		next.Verdict.OK, next.Verdict.Reasons = false, append(next.Verdict.Reasons, wrong...)
	}
	return next, nil
}

// fork makes the plan's branch anew, of main as it is now, with its rules run,
// so that nothing which main still owes itself is laid to the change.
func (c *Controller) fork(ctx context.Context, p *Plan) (*rules.Engine, graph.Snapshot, error) {
	if err := c.dropBranch(ctx, p.ID); err != nil {
		return nil, nil, err
	}
	branch, err := c.opt.Store.Fork(ctx, p.Branch, graph.At{})
	if err != nil {
		return nil, nil, err
	}
	p.Base = branch.Base
	engine := c.opt.Rules.OnBranch(p.Branch)
	if err := engine.Apply(ctx, nil); err != nil {
		return nil, nil, fmt.Errorf("rules before the change: %w", err)
	}
	before, err := c.opt.Store.Snapshot(graph.At{Branch: p.Branch})
	return engine, before, err
}

// change runs the action's update and the rules that it touches, and lists
// what the update changed.
func (c *Controller) change(ctx context.Context, p *Plan, a *Action, engine *rules.Engine, before graph.Snapshot) ([]rdf.Quad, error) {
	values, err := p.Need.values(a)
	if err != nil {
		return nil, err
	}
	update, err := a.Bind(values)
	if err != nil {
		return nil, err
	}
	_, err = update.Run(ctx, c.opt.Store, sparql.UpdateOptions{Branch: p.Branch, Note: "control: plan " + p.ID + ", " + a.Name,
		Options: sparql.Options{Timeout: UpdateTimeout, MaxRows: MaxChanges, Now: c.opt.Now()}})
	if err != nil {
		return nil, fmt.Errorf("action %s: %w", a.Name, err)
	}
	changed, err := c.opt.Store.Snapshot(graph.At{Branch: p.Branch})
	if err != nil {
		return nil, err
	}
	defer changed.Close()
	everything := func(rdf.Quad) bool { return true }
	changes, quads, err := diff(ctx, c.opt.Store, before, changed, everything, MaxChanges)
	if err != nil {
		return nil, fmt.Errorf("action %s: %w", a.Name, err)
	}
	p.Changes = changes
	var delta rules.Delta
	for _, q := range quads {
		delta.Add(q)
	}
	if err := engine.Apply(ctx, &delta); err != nil {
		return nil, fmt.Errorf("rules after the change: %w", err)
	}
	return quads, nil
}

// payloads computes what the changed source graphs' devices are to be sent,
// and names the items. Reasons against the plan are returned as such.
func (c *Controller) payloads(ctx context.Context, p *Plan, changed []rdf.Quad, before, after graph.Snapshot) (wrong []string, err error) {
	graphs := map[rdf.Term]bool{}
	for _, q := range changed {
		if !q.G.IsZero() {
			graphs[q.G] = true
		}
	}
	for _, g := range slices.SortedFunc(maps.Keys(graphs), rdf.Compare) {
		d, collector, err := c.describe(ctx, before, g)
		driver := c.ingestOf[collector]
		if err != nil || driver == nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		payload, err := driver.Payload(ctx, d, before, after)
		if errors.Is(err, ErrPayload) {
			wrong = append(wrong, fmt.Sprintf("device %s: %v", d.Name, err))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("device %s: payload: %w", d.Name, err)
		}
		if len(payload.Changes) == 0 {
			continue
		}
		payload.Driver, payload.Device, payload.IRI, payload.Graph = driver.Name(), d.Name, d.IRI.Value(), g.Value()
		names, err := c.opt.Items.Put(ctx, []items.Item{{Kind: items.KindRaw, Codec: naming.CodecRaw, Bytes: []byte(payload.Body)}})
		if err != nil {
			return nil, fmt.Errorf("device %s: payload: %w", d.Name, err)
		}
		payload.Item = names[0].String()
		p.Payloads = append(p.Payloads, payload)
	}
	return wrong, nil
}

var (
	termCollector  = rdf.IRI(naming.Twin + "collector")
	termDeviceName = rdf.IRI(naming.Twin + "deviceName")
	termDescribes  = rdf.IRI(naming.Twin + "describes")
)

// describe tells whose graph it is. The collector is "" for a graph that is no
// source.
func (c *Controller) describe(ctx context.Context, src graph.Source, g rdf.Term) (Device, string, error) {
	var found [3]rdf.Term
	for i, p := range [...]rdf.Term{termDeviceName, termCollector, termDescribes} {
		values, err := read.Objects(ctx, src, g, p, g)
		if err != nil {
			return Device{}, "", err
		}
		if len(values) != 1 {
			return Device{Graph: g}, "", nil
		}
		found[i] = values[0]
	}
	return Device{Name: found[0].Value(), IRI: found[2], Graph: g}, found[1].Value(), nil
}
