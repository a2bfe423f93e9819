package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nettwin/graph/rdf"
)

// Limits of plans.
const (
	// MaxOpenPlans bounds the plans that are under way at once.
	MaxOpenPlans = 200
	// DefaultPlanLifetime is how long a plan waits for somebody's decision.
	DefaultPlanLifetime = 24 * time.Hour
	// watchPeriod is how often plans are looked at for being too old.
	watchPeriod = time.Minute
)

// PlanFilter selects plans; the zero value selects all.
type PlanFilter struct {
	State State  // "" is any
	Need  string // IRI; "" is any
	Open  bool   // only those that are in no final state
}

func (f *PlanFilter) matches(p *Plan) bool {
	return (f.State == "" || p.State == f.State) && (f.Need == "" || p.Need.IRI == f.Need) && (!f.Open || !p.State.Final())
}

// ListPlans lists selected plans, newest first, after leaving out offset of
// them, at most limit, and tells how many are selected in all.
func (c *Controller) ListPlans(f PlanFilter, offset, limit int) (list []Plan, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range slices.Backward(c.order) {
		if !f.matches(c.plans[id]) {
			continue
		}
		if total >= offset && len(list) < limit {
			list = append(list, *c.plans[id].clone())
		}
		total++
	}
	return list, total
}

// waiting lists the plans that wait for a decision, oldest first.
func (c *Controller) waiting() []Plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []Plan
	for _, id := range c.order {
		if slices.Contains(undecided, c.plans[id].State) {
			list = append(list, *c.plans[id].clone())
		}
	}
	return list
}

// undecided are the states of plans of which nothing is on its way to a device.
var undecided = []State{Proposed, Verified, Approved}

// room asks for a place among the plans under way.
func (c *Controller) room() error {
	if n := len(c.waiting()); n >= MaxOpenPlans {
		return fmt.Errorf("%w: %d plans are under way: apply or reject some first", ErrTooMany, n)
	}
	return nil
}

// Watch ends plans that nobody decided about in time, until ctx ends, which is
// no error.
func (c *Controller) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for {
		if err := c.Expire(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Expire ends plans that were not decided about within the lifetime of plans.
// Errors: those of journal and store.
func (c *Controller) Expire(ctx context.Context) error {
	c.workMu.Lock()
	defer c.workMu.Unlock()
	now := c.opt.Now()
	for _, p := range c.waiting() {
		if age := now.Sub(p.Updated); age > c.opt.PlanLifetime {
			reason := fmt.Sprintf("nobody decided about it for %v, plans wait %v", age.Truncate(time.Second), c.opt.PlanLifetime)
			if err := c.end(ctx, p.ID, Expired, stepExpire, "", reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// Supersede ends a plan that is not applied yet and proposes another for its
// need, as the network and the action files are now. Errors: ErrForbidden,
// ErrNoPlan, ErrState, those of Propose.
func (c *Controller) Supersede(ctx context.Context, id string, by Principal) (Plan, error) {
	if !by.Operates() {
		return Plan{}, fmt.Errorf("%w: superseding plan %s takes the role operator, %q has %q", ErrForbidden, id, by.Name, by.Role)
	}
	need, err := c.retire(ctx, id, by)
	if err != nil {
		return Plan{}, err
	}
	return c.Propose(ctx, need)
}

func (c *Controller) retire(ctx context.Context, id string, by Principal) (need string, err error) {
	c.workMu.Lock()
	defer c.workMu.Unlock()
	p, err := c.inState(id, "superseded", undecided...)
	if err != nil {
		return "", err
	}
	return p.Need.IRI, c.end(ctx, id, Superseded, stepSupersede, by.Name, "by a new plan for the same need")
}

// overtake ends the plans that wait and touch what a done plan has changed:
// what they were verified on is no more. Called without workMu.
func (c *Controller) overtake(ctx context.Context, done *Plan) error {
	c.workMu.Lock()
	defer c.workMu.Unlock()
	touched, err := done.subjects()
	if err != nil {
		return err
	}
	for _, p := range c.waiting() {
		own, err := p.subjects()
		if err != nil {
			return err
		}
		for s := range own {
			if touched[s] {
				if err := c.end(ctx, p.ID, Superseded, stepSupersede, "", "plan "+done.ID+" has changed "+s.Value()+", which this one changes too"); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// subjects are the things that a plan changes.
func (p *Plan) subjects() (map[rdf.Term]bool, error) {
	set := map[rdf.Term]bool{}
	for _, ch := range p.Changes {
		q, err := ch.Parse()
		if err != nil {
			return nil, err
		}
		set[q.S] = true
	}
	return set, nil
}
