package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

// MaxNeeds bounds the needs that are looked at.
const MaxNeeds = 10_000

// The terms by which rules state needs and findings.
var (
	termType     = rdf.IRI(rdf.RDFType)
	termNeed     = rdf.IRI(naming.Twin + "Need")
	termNoRepair = rdf.IRI(naming.Twin + "NoRepairFinding")
	termAction   = rdf.IRI(naming.Twin + "action")
	termTarget   = rdf.IRI(naming.Twin + "target")
	termBecause  = rdf.IRI(naming.Twin + "because")
	termOnDevice = rdf.IRI(naming.Twin + "onDevice")
	termMessage  = rdf.IRI(naming.Twin + "message")
	termAbout    = rdf.IRI(naming.Twin + "about")
)

// Need is something that a rule says should be done.
type Need struct {
	IRI     string   `json:"need"`
	Action  string   `json:"action"` // IRI
	Message string   `json:"message"`
	Targets []string `json:"targets"`
	Devices []string `json:"devices"`
	Because []string `json:"because,omitempty"` // findings
	Plan    string   `json:"plan,omitempty"`    // the newest plan that answers it
	State   State    `json:"state,omitempty"`   // of that plan

	properties map[rdf.Term][]rdf.Term
}

// Needs lists what rules say now should be done, by IRI.
func (c *Controller) Needs(ctx context.Context) ([]Need, error) {
	snapshot, err := c.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return nil, fmt.Errorf("control: needs: %w", err)
	}
	defer snapshot.Close()
	needs, err := readNeeds(ctx, snapshot, c.derived)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range needs {
		for _, id := range c.order {
			if c.plans[id].Need.IRI == needs[i].IRI {
				needs[i].Plan, needs[i].State = id, c.plans[id].State
			}
		}
	}
	return needs, nil
}

// NoRepairs lists what rules say that no change of configuration can give
// back, by IRI. It is no failure of a plan: there is nothing to plan.
func (c *Controller) NoRepairs(ctx context.Context) ([]Finding, error) {
	snapshot, err := c.opt.Store.Snapshot(graph.At{})
	if err != nil {
		return nil, fmt.Errorf("control: needs: %w", err)
	}
	defer snapshot.Close()
	return c.noRepairs(ctx, snapshot)
}

func (c *Controller) noRepairs(ctx context.Context, src graph.Source) ([]Finding, error) {
	var list []Finding
	err := read.Scan(ctx, src, rdf.Quad{P: termType, O: termNoRepair, G: c.derived}, func(q rdf.Quad) error {
		if len(list) == MaxNeeds {
			return fmt.Errorf("more than %d findings", MaxNeeds)
		}
		f := Finding{IRI: q.S.Value(), Class: termNoRepair.Value()}
		message, err := read.Objects(ctx, src, q.S, termMessage, c.derived)
		if err != nil {
			return err
		}
		about, err := read.Objects(ctx, src, q.S, termAbout, c.derived)
		f.Message, f.About = first(message), texts(about)
		slices.Sort(f.About)
		list = append(list, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("control: needs: %w", err)
	}
	slices.SortFunc(list, func(a, b Finding) int { return strings.Compare(a.IRI, b.IRI) })
	return list, nil
}

// readNeeds reads the needs of a version.
func readNeeds(ctx context.Context, src graph.Source, derived rdf.Term) ([]Need, error) {
	var needs []Need
	err := read.Scan(ctx, src, rdf.Quad{P: termType, O: termNeed, G: derived}, func(q rdf.Quad) error {
		if len(needs) == MaxNeeds {
			return fmt.Errorf("more than %d needs", MaxNeeds)
		}
		n, err := readNeed(ctx, src, derived, q.S)
		needs = append(needs, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("control: needs: %w", err)
	}
	slices.SortFunc(needs, func(a, b Need) int { return strings.Compare(a.IRI, b.IRI) })
	return needs, nil
}

func readNeed(ctx context.Context, src graph.Source, derived, iri rdf.Term) (Need, error) {
	n := Need{IRI: iri.Value(), properties: map[rdf.Term][]rdf.Term{}}
	err := read.Scan(ctx, src, rdf.Quad{S: iri, G: derived}, func(q rdf.Quad) error {
		n.properties[q.P] = append(n.properties[q.P], q.O)
		return nil
	})
	for _, values := range n.properties {
		slices.SortFunc(values, rdf.Compare)
	}
	n.Action, n.Message = first(n.properties[termAction]), first(n.properties[termMessage])
	n.Targets, n.Devices = texts(n.properties[termTarget]), texts(n.properties[termOnDevice])
	n.Because = texts(n.properties[termBecause])
	return n, err
}

// values finds what an action's parameters are bound to.
func (n *Need) values(a *Action) (map[string]rdf.Term, error) {
	values := map[string]rdf.Term{}
	for _, p := range a.Parameters {
		found := n.properties[p.Property]
		if len(found) != 1 {
			return nil, fmt.Errorf("control: need %s: %d values of %s for parameter %s of action %s, expected one",
				n.IRI, len(found), p.Property.Value(), p.Name, a.Name)
		}
		values[p.Name] = found[0]
	}
	return values, nil
}

func first(values []rdf.Term) string {
	if len(values) == 0 {
		return ""
	}
	return values[0].Value()
}

func texts(values []rdf.Term) []string {
	var list []string
	for _, v := range values {
		list = append(list, v.Value())
	}
	return list
}
