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

// MaxServices bounds the services that a verdict compares.
const MaxServices = 100_000

// ServiceImpact is what a change does to one service.
type ServiceImpact struct {
	Service string `json:"service"`
	Name    string `json:"name,omitempty"`
	// Before and After are its states, as rules state them; "" is none.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Resolved and Introduced are the messages of findings about it.
	Resolved   []string `json:"resolved,omitempty"`
	Introduced []string `json:"introduced,omitempty"`
}

var (
	termService      = rdf.IRI(naming.Twin + "Service")
	termName         = rdf.IRI(naming.Twin + "name")
	termServiceState = rdf.IRI(naming.Twin + "serviceState")
)

// The states of services, best first, as twin:serviceState has them.
var serviceStates = []string{"ok", "atRisk", "affected"}

// rank is a state's place among them; -1 is none of them.
func rank(state string) int { return slices.Index(serviceStates, state) }

func (s *ServiceImpact) worse() bool  { return rank(s.Before) >= 0 && rank(s.After) > rank(s.Before) }
func (s *ServiceImpact) better() bool { return rank(s.After) >= 0 && rank(s.After) < rank(s.Before) }

// lesserEvil tells whether a finding is about nothing but services for which
// the change is good: one that ran not at all and now runs at risk is better
// off, although there is a finding that was not there before.
func (i *Impact) lesserEvil(f Finding) bool {
	better := func(iri string) bool {
		n := slices.IndexFunc(i.Services, func(s ServiceImpact) bool { return s.Service == iri })
		return n >= 0 && i.Services[n].better()
	}
	for _, iri := range f.About {
		if !better(iri) {
			return false
		}
	}
	return len(f.About) > 0
}

func orUnknown(state string) string {
	if state == "" {
		return "in no known state"
	}
	return state
}

// compareServices fills in what a change does to services.
func (c *Controller) compareServices(ctx context.Context, before, after graph.Source, v *Verdict) error {
	impacts := map[string]*ServiceImpact{}
	err := read.Scan(ctx, after, rdf.Quad{P: termType, O: termService}, func(q rdf.Quad) error {
		if len(impacts) == MaxServices {
			return fmt.Errorf("more than %d services", MaxServices)
		}
		one, err := c.serviceImpact(ctx, before, after, q.S)
		impacts[one.Service] = one
		return err
	})
	if err != nil {
		return fmt.Errorf("control: services: %w", err)
	}
	note := func(list []Finding, into func(*ServiceImpact) *[]string) {
		for _, f := range list {
			for _, iri := range f.About {
				if s := impacts[iri]; s != nil {
					messages := into(s)
					*messages = append(*messages, f.Message)
				}
			}
		}
	}
	note(v.Resolved, func(s *ServiceImpact) *[]string { return &s.Resolved })
	note(v.Introduced, func(s *ServiceImpact) *[]string { return &s.Introduced })
	v.Impact.services(impacts)
	return nil
}

func (c *Controller) serviceImpact(ctx context.Context, before, after graph.Source, service rdf.Term) (*ServiceImpact, error) {
	one := &ServiceImpact{Service: service.Value()}
	name, err := read.Objects(ctx, after, service, termName, rdf.Term{})
	if err != nil {
		return one, err
	}
	one.Name = first(name)
	was, err := read.Objects(ctx, before, service, termServiceState, c.derived)
	if err != nil {
		return one, err
	}
	is, err := read.Objects(ctx, after, service, termServiceState, c.derived)
	one.Before, one.After = first(was), first(is)
	return one, err
}

// services keeps the services of which there is something to tell.
func (i *Impact) services(impacts map[string]*ServiceImpact) {
	for _, s := range impacts {
		if s.Before == s.After && rank(s.After) <= 0 && len(s.Resolved)+len(s.Introduced) == 0 {
			continue
		}
		i.Services = append(i.Services, *s)
	}
	slices.SortFunc(i.Services, func(a, b ServiceImpact) int { return strings.Compare(a.Service, b.Service) })
	for _, s := range i.Services {
		switch {
		case s.After == "affected":
			i.Affected = append(i.Affected, s.Name)
		case s.better():
			i.Restored = append(i.Restored, s.Name)
		}
		if s.After == "atRisk" {
			i.AtRisk = append(i.AtRisk, s.Name)
		}
	}
}
