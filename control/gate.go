package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

var (
	termLastContact     = rdf.IRI(naming.Twin + "lastContact")
	termSyncState       = rdf.IRI(naming.Twin + "syncState")
	termCounterProperty = rdf.IRI(naming.Twin + "counterProperty")
	termInSync          = rdf.String("in sync")
)

// Approve lets a verified plan be applied. It asks for an operator, fresh data,
// and a network that still gives the plan that was verified. Errors:
// ErrForbidden, ErrNoPlan, ErrState, ErrStale, ErrMoved (the plan was verified
// again and has another digest: look at it and approve it).
func (c *Controller) Approve(ctx context.Context, id string, by Principal) (Plan, error) {
	if !by.Operates() {
		return Plan{}, fmt.Errorf("%w: approving plan %s takes the role operator, %q has %q", ErrForbidden, id, by.Name, by.Role)
	}
	c.workMu.Lock()
	defer c.workMu.Unlock()
	if _, err := c.inState(id, "approved", Verified); err != nil {
		return Plan{}, err
	}
	p, err := c.gate(ctx, id)
	if err != nil {
		return p, err
	}
	if err := c.record(Entry{Plan: id, Step: stepApprove, State: Approved, By: by.Name, Detail: "digest " + p.Digest}); err != nil {
		return p, err
	}
	return c.Plan(id)
}

// Reject ends a plan that is not applied yet. Errors: ErrForbidden, ErrNoPlan,
// ErrState.
func (c *Controller) Reject(ctx context.Context, id string, by Principal, reason string) (Plan, error) {
	if !by.Operates() {
		return Plan{}, fmt.Errorf("%w: rejecting plan %s takes the role operator, %q has %q", ErrForbidden, id, by.Name, by.Role)
	}
	c.workMu.Lock()
	defer c.workMu.Unlock()
	if _, err := c.inState(id, "rejected", Proposed, Verified, Approved); err != nil {
		return Plan{}, err
	}
	if err := c.end(ctx, id, Rejected, stepReject, by.Name, reason); err != nil {
		return Plan{}, err
	}
	return c.Plan(id)
}

// gate asks for fresh data and an unmoved base. Called with workMu held.
func (c *Controller) gate(ctx context.Context, id string) (Plan, error) {
	p, err := c.Plan(id)
	if err != nil {
		return p, err
	}
	head, err := c.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return p, fmt.Errorf("control: plan %s: %w", id, err)
	}
	defer head.Close()
	if err := c.fresh(ctx, head, &p); err != nil {
		return p, err
	}
	moved, err := c.moved(ctx, head, &p)
	if err != nil {
		return p, fmt.Errorf("control: plan %s: %w", id, err)
	}
	if !moved {
		return p, nil
	}
	return c.reverify(ctx, &p)
}

// reverify tries a plan again: with the same digest it goes on as it was.
func (c *Controller) reverify(ctx context.Context, p *Plan) (Plan, error) {
	next, err := c.try(ctx, p)
	if err != nil {
		return *p, err
	}
	if next.Digest != p.Digest {
		changed, err := c.recordVerdict(ctx, next)
		if err != nil {
			return changed, err
		}
		return changed, fmt.Errorf("%w: plan %s: the network has changed since it was verified; it is %s now: look at it again", ErrMoved, p.ID, changed.State)
	}
	if err := c.record(Entry{Plan: p.ID, Step: stepReverify, Record: next, Detail: "the network has changed, the plan has not"}); err != nil {
		return *p, err
	}
	return c.Plan(p.ID)
}

// fresh asks of each source that the plan changes what it says that it was
// read within the action's limit, and well.
func (c *Controller) fresh(ctx context.Context, head graph.Source, p *Plan) error {
	now := c.opt.Now()
	graphs, err := p.sources()
	if err != nil {
		return err
	}
	for _, g := range graphs {
		d, collector, err := c.describe(ctx, head, g)
		if err != nil {
			return err
		}
		if collector == "" {
			continue
		}
		state, err := read.Objects(ctx, head, g, termSyncState, c.prov)
		if err != nil {
			return err
		}
		if len(state) != 1 || state[0] != termInSync {
			return fmt.Errorf("%w: plan %s: device %s: its %s source is %q: read it again first", ErrStale, p.ID, d.Name, collector, first(state))
		}
		contact, err := read.Objects(ctx, head, g, termLastContact, c.prov)
		if err != nil {
			return err
		}
		at, err := time.Parse(time.RFC3339, first(contact))
		if err != nil {
			return fmt.Errorf("%w: plan %s: device %s: its %s source has no time of contact", ErrStale, p.ID, d.Name, collector)
		}
		if age := now.Sub(at); age > p.Freshness {
			return fmt.Errorf("%w: plan %s: device %s was read by %s %v ago, action %s allows %v: read it again first",
				ErrStale, p.ID, d.Name, collector, age.Truncate(time.Second), p.Action, p.Freshness)
		}
	}
	return nil
}

// sources lists the named graphs that the plan changes.
func (p *Plan) sources() ([]rdf.Term, error) {
	var list []rdf.Term
	for _, ch := range p.Changes {
		q, err := ch.Parse()
		if err != nil {
			return nil, err
		}
		if !q.G.IsZero() && !slices.Contains(list, q.G) {
			list = append(list, q.G)
		}
	}
	return list, nil
}

// moved tells whether main has changed, since the plan was verified, in what
// the plan touches: the subjects of its changes and the targets of its need.
func (c *Controller) moved(ctx context.Context, head graph.Snapshot, p *Plan) (bool, error) {
	if head.Commit().Seq == p.Base {
		return false, nil
	}
	base, err := c.opt.Store.Snapshot(graph.At{Seq: p.Base})
	if err != nil {
		return false, err
	}
	defer base.Close()
	touched := map[rdf.Term]bool{}
	for _, ch := range p.Changes {
		q, err := ch.Parse()
		if err != nil {
			return false, err
		}
		touched[q.S] = true
	}
	for _, iri := range append(slices.Clone(p.Need.Targets), p.Need.IRI) {
		touched[rdf.IRI(iri)] = true
	}
	counters, err := c.counters(ctx, head, p)
	if err != nil {
		return false, err
	}
	relevant := func(q rdf.Quad) bool {
		return q.G != c.prov && (touched[q.S] || touched[q.O]) && !counters[q.P]
	}
	return c.differs(ctx, base, head, relevant)
}

// differs tells whether a quad that is kept differs.
func (c *Controller) differs(ctx context.Context, from, to graph.Snapshot, keep func(rdf.Quad) bool) (bool, error) {
	found, seen := false, 0
	var failure error
	err := c.opt.Store.Diff(ctx, from, to, func(ch graph.Change) bool {
		src := graph.Source(to)
		if ch.Delete {
			src = from
		}
		var q rdf.Quad
		if q, failure = graph.Resolve(src, ch.Quad); failure != nil {
			return false
		}
		seen++
		found = keep(q) || seen > MaxMoved
		return !found
	})
	if failure != nil {
		err = failure
	}
	return found, err
}

// counters are properties whose values change without an event.
func (c *Controller) counters(ctx context.Context, src graph.Source, p *Plan) (map[rdf.Term]bool, error) {
	graphs, err := p.sources()
	if err != nil {
		return nil, err
	}
	set := map[rdf.Term]bool{}
	for _, g := range graphs {
		list, err := read.Objects(ctx, src, g, termCounterProperty, g)
		if err != nil {
			return nil, err
		}
		for _, property := range list {
			set[property] = true
		}
	}
	return set, nil
}
