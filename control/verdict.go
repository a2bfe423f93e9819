package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nettwin/control/internal/read"
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// MaxFindings bounds the findings of a version that are compared.
const MaxFindings = 100_000

// Verdict is what the branch says of a plan.
type Verdict struct {
	OK      bool     `json:"ok"`
	Reasons []string `json:"reasons,omitempty"` // why not
	// Resolved are findings of the base that the branch has no more,
	// Introduced those that only the branch has.
	Resolved   []Finding `json:"resolved,omitempty"`
	Introduced []Finding `json:"introduced,omitempty"`
	Impact     Impact    `json:"impact"`
}

// Finding is what a rule found.
type Finding struct {
	IRI     string   `json:"finding"`
	Class   string   `json:"class"`
	Message string   `json:"message"`
	About   []string `json:"about"`
}

// Impact is what the change does to the network beyond findings.
type Impact struct {
	Devices []string `json:"devices"` // that it writes to
	Reach
	// Services are those whose state changes, those that are not well
	// afterwards, and those that findings are about which come or go.
	Services []ServiceImpact `json:"services,omitempty"`
	// Restored, Affected and AtRisk name services: that are better off
	// afterwards, that are cut then, that miss an objective then.
	Restored []string `json:"servicesRestored,omitempty"`
	Affected []string `json:"servicesAffected,omitempty"`
	AtRisk   []string `json:"servicesAtRisk,omitempty"`
}

// findings reads the findings of a version: what is twin:about something.
func findings(ctx context.Context, src graph.Source, derived rdf.Term) (map[string]Finding, error) {
	found := map[string]Finding{}
	err := read.Scan(ctx, src, rdf.Quad{P: termAbout, G: derived}, func(q rdf.Quad) error {
		f, known := found[q.S.Value()]
		if !known {
			if len(found) == MaxFindings {
				return fmt.Errorf("more than %d findings", MaxFindings)
			}
			message, err := read.Objects(ctx, src, q.S, termMessage, derived)
			if err != nil {
				return err
			}
			class, err := read.Objects(ctx, src, q.S, termType, derived)
			if err != nil {
				return err
			}
			f = Finding{IRI: q.S.Value(), Message: first(message), Class: first(class)}
		}
		f.About = append(f.About, q.O.Value())
		slices.Sort(f.About)
		found[f.IRI] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("control: findings: %w", err)
	}
	return found, nil
}

// missing lists the findings of a that b has not, by IRI.
func missing(a, b map[string]Finding) []Finding {
	var list []Finding
	for iri, f := range a {
		if _, ok := b[iri]; !ok {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b Finding) int { return strings.Compare(a.IRI, b.IRI) })
	return list
}

// judge compares the branch after the change with what it was before.
func (c *Controller) judge(ctx context.Context, p *Plan, before, after graph.Source) (*Verdict, error) {
	v := &Verdict{}
	was, err := findings(ctx, before, c.derived)
	if err != nil {
		return nil, err
	}
	is, err := findings(ctx, after, c.derived)
	if err != nil {
		return nil, err
	}
	v.Resolved, v.Introduced = missing(was, is), missing(is, was)
	if v.Impact.Reach, err = compareReach(ctx, before, after); err != nil {
		return nil, err
	}
	if err := c.compareServices(ctx, before, after, v); err != nil {
		return nil, err
	}
	for _, payload := range p.Payloads {
		v.Impact.Devices = append(v.Impact.Devices, payload.Device)
	}
	still, err := read.Holds(after, rdf.Quad{S: rdf.IRI(p.Need.IRI), P: termType, O: termNeed, G: c.derived})
	if err != nil {
		return nil, err
	}
	v.reasons(p, still)
	v.OK = len(v.Reasons) == 0
	return v, nil
}

// reasons says why the plan must not be applied.
func (v *Verdict) reasons(p *Plan, still bool) {
	refuse := func(format string, args ...any) { v.Reasons = append(v.Reasons, fmt.Sprintf(format, args...)) }
	if len(p.Changes) == 0 {
		refuse("the action changes nothing: no source states what it would change")
	} else if len(p.Payloads) == 0 {
		refuse("no device is reached by a driver: the change is not in the configuration that one can write")
	}
	if still {
		refuse("it does not answer its need: %s", p.Need.Message)
	}
	for _, f := range v.Introduced {
		if !v.Impact.lesserEvil(f) {
			refuse("it brings about: %s", f.Message)
		}
	}
	for _, s := range v.Impact.Services {
		if s.worse() {
			refuse("service %s, which is %s now, would be %s", s.Name, orUnknown(s.Before), orUnknown(s.After))
		}
	}
	if v.Impact.PairsLost > 0 {
		refuse("%d pairs of devices that reach each other now would not, such as %s", v.Impact.PairsLost, v.Impact.Lost[0])
	}
}
