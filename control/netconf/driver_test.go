package netconf_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nettwin/control"
	"nettwin/control/controltest"
	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/internal/simulate/netconf"
)

// Goal: the driver keeps the contract of control against a server of its own
// making, with the modules and configuration of a real device. Method:
// controltest.Run on the simulated router, whose clock the suite moves.
func TestConformance(t *testing.T) {
	controltest.Run(t, func(t *testing.T) controltest.Case { return begin(t, netconf.Bugs{}) })
}

// Goal: the faults of a real server do not harm. Method: the same with all of
// its bugs that need no waiting.
func TestConformanceWithBugs(t *testing.T) {
	controltest.Run(t, func(t *testing.T) controltest.Case {
		return begin(t, netconf.Bugs{ValidateDropsEdit: true, BusyPostponesRollback: true, LockedRunningStays: true, VagueNothingPending: true})
	})
}

func begin(t *testing.T, bugs netconf.Bugs) controltest.Case {
	l := newLab(t, bugs)
	quads := l.facts(t)
	main, branch := branches(t, quads, enable(enabled(t, quads)))
	return controltest.Case{Driver: l.driver(t), Device: dev, Base: main, Branch: branch, Elapse: func(d time.Duration) { l.clock.Advance(d) }}
}

// Goal: the payload is the smallest edit that the schema allows, in its order
// and namespaces. Method: enable one interface; the text by hand (RFC 8343,
// RFC 6241 §7.2).
func TestPayload(t *testing.T) {
	c := begin(t, netconf.Bugs{})
	p := must(c.Driver.Payload(t.Context(), c.Device, c.Base, c.Branch))(t)
	for _, part := range []string{`<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"`,
		`<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth3</name><enabled nc:operation="replace">true</enabled></interface></interfaces></config>`} {
		if !strings.Contains(p.Body, part) {
			t.Errorf("payload %s\nlacks %s", p.Body, part)
		}
	}
	if len(p.Changes) != 2 || !p.Changes[0].Delete || p.Changes[1].Delete {
		t.Errorf("changes %v", p.Changes)
	}
}

// Goal: state is never sent, and what the schema does not allow is refused.
// Method: change a state leaf; a value that is none of its type; a leaf that
// the schema does not have; an entry without its mandatory leaf.
func TestPayloadRefused(t *testing.T) {
	l := newLab(t, netconf.Bugs{})
	d := l.driver(t)
	quads := l.facts(t)
	was := enabled(t, quads)
	with := func(p, o rdf.Term) graph.Batch {
		return graph.Batch{Adds: []rdf.Quad{{S: was.S, P: p, O: o, G: was.G}}}
	}
	interfaces := strings.TrimSuffix(enabledOf, "enabled")
	for _, test := range []struct {
		name string
		edit graph.Batch
		want error
	}{
		{"state", with(rdf.IRI(interfaces+"oper-status"), rdf.String("testing")), nil},
		{"unknown leaf", with(rdf.IRI(interfaces+"colour"), rdf.String("red")), nil},
		{"another vocabulary", with(rdf.IRI("https://x.test/p"), rdf.String("red")), nil},
		{"wrong value", graph.Batch{Deletes: []rdf.Quad{was}, Adds: []rdf.Quad{{S: was.S, P: was.P, O: rdf.String("perhaps"), G: was.G}}}, control.ErrPayload},
		{"two values", with(was.P, rdf.Literal("true", rdf.XSDBoolean)), control.ErrPayload},
		{"entry without type", graph.Batch{Adds: []rdf.Quad{
			{S: rdf.IRI(strings.TrimSuffix(was.S.Value(), disabled) + "new0"), P: rdf.IRI(rdf.RDFType), O: rdf.IRI(strings.TrimSuffix(interfaces, "/")), G: was.G},
			{S: rdf.IRI(strings.TrimSuffix(was.S.Value(), disabled) + "new0"), P: rdf.IRI(interfaces + "name"), O: rdf.String("new0"), G: was.G}}}, control.ErrPayload},
	} {
		main, branch := branches(t, quads, test.edit)
		p, err := d.Payload(t.Context(), dev, main, branch)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, expected %v", test.name, err, test.want)
		}
		if p.Body != "" {
			t.Errorf("%s: sends %s", test.name, p.Body)
		}
	}
}
