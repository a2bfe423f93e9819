package control

import (
	"context"
	"fmt"
	"time"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

var (
	termActivity   = rdf.IRI(naming.Prov + "Activity")
	termStarted    = rdf.IRI(naming.Prov + "startedAtTime")
	termEnded      = rdf.IRI(naming.Prov + "endedAtTime")
	termUsed       = rdf.IRI(naming.Prov + "used")
	termAssociated = rdf.IRI(naming.Prov + "wasAssociatedWith")
	termAgent      = rdf.IRI(naming.Prov + "Agent")
	termNeedOf     = rdf.IRI(naming.Twin + "need")
	termOutcome    = rdf.IRI(naming.Twin + "outcome")
	termReason     = rdf.IRI(naming.Twin + "reason")
	termDigest     = rdf.IRI(naming.Twin + "planDigest")
	termChain      = rdf.IRI(naming.Twin + "journalHead")
	termGraph      = rdf.IRI(naming.Twin + "sourceGraph")
)

// provenance states in the provenance graph what a plan that was begun came
// to: once, so that it may be asked for again. Plans that never were on their
// way to a device are in the journal only.
func (c *Controller) provenance(ctx context.Context, id string) error {
	p, err := c.Plan(id)
	if err != nil || p.Started.IsZero() {
		return err
	}
	activity := naming.ThingIRI(c.opt.Base, "plan", id, p.Started.UTC().Format("20060102T150405.000Z"))
	head, err := c.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return fmt.Errorf("control: plan %s: provenance: %w", id, err)
	}
	known, err := read.Holds(head, rdf.Quad{S: activity, P: termType, O: termActivity, G: c.prov})
	head.Close()
	if err != nil || known {
		return err
	}
	_, err = c.opt.Store.Commit(ctx, &graph.Batch{Adds: c.activity(activity, &p), Note: "control: plan " + id + ": " + string(p.State)})
	if err != nil {
		return fmt.Errorf("control: plan %s: provenance: %w", id, err)
	}
	return nil
}

func (c *Controller) activity(activity rdf.Term, p *Plan) []rdf.Quad {
	var quads []rdf.Quad
	state := func(s, predicate, o rdf.Term) { quads = append(quads, rdf.Quad{S: s, P: predicate, O: o, G: c.prov}) }
	state(activity, termType, termActivity)
	state(activity, termStarted, instant(p.Started))
	state(activity, termEnded, instant(p.Updated))
	state(activity, termNeedOf, rdf.IRI(p.Need.IRI))
	state(activity, termAction, rdf.IRI(p.Need.Action))
	state(activity, termOutcome, rdf.String(string(p.State)))
	state(activity, termDigest, rdf.String(p.Digest))
	state(activity, termChain, rdf.String(c.Chain().Head))
	if p.Reason != "" {
		state(activity, termReason, rdf.String(p.Reason))
	}
	if p.Approval != nil {
		who := naming.ThingIRI(c.opt.Base, "principal", p.Approval.By)
		state(activity, termAssociated, who)
		state(who, termType, termAgent)
		state(who, termName, rdf.String(p.Approval.By))
	}
	for _, payload := range p.Payloads {
		state(activity, termGraph, rdf.IRI(payload.Graph))
		if n, err := naming.Parse(payload.Item); err == nil {
			state(activity, termUsed, naming.ItemIRI(c.opt.Base, n))
		}
	}
	return quads
}

// instant writes a time in whole seconds, as ingest does.
func instant(t time.Time) rdf.Term {
	return rdf.Literal(t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05Z"), rdf.XSDDateTime)
}
