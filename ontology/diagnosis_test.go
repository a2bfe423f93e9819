package ontology_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/ingest/snmp"
	"nettwin/internal/simulate/snmprec"
	"nettwin/ontology"
	"nettwin/reasoning/rules"
)

// agents are the variables of the recorded routers, by device and OID:
// "tag|value".
type agents map[string]map[string]string

func recordedAgents(tb testing.TB) agents {
	tb.Helper()
	network, err := fixtures.ReadNetwork()
	if err != nil {
		tb.Fatal(err)
	}
	all := agents{}
	for _, d := range network.Devices {
		text, err := fixtures.Recording(d.Name)
		if err != nil {
			tb.Fatal(err)
		}
		all[d.Name] = map[string]string{}
		for line := range strings.Lines(string(text)) {
			oid, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "|")
			all[d.Name][oid] = value
		}
	}
	return all
}

// replay applies the recorded incident up to a time.
func (a agents) replay(tb testing.TB, until fixtures.Offset) {
	tb.Helper()
	changes, err := fixtures.IncidentChanges()
	if err != nil {
		tb.Fatal(err)
	}
	for _, c := range changes {
		switch {
		case c.At > until:
		case c.Removed:
			delete(a[c.Device], c.OID)
		default:
			a[c.Device][c.OID] = c.Tag + "|" + c.Value
		}
	}
}

// port is the index of an interface.
func (a agents) port(tb testing.TB, device, name string) string {
	tb.Helper()
	const ifName = "1.3.6.1.2.1.31.1.1.1.1."
	for oid, value := range a[device] {
		if strings.HasPrefix(oid, ifName) && value == "4|"+name {
			return strings.TrimPrefix(oid, ifName)
		}
	}
	tb.Fatalf("%s has no interface %s", device, name)
	return ""
}

// set sets the states of an interface: 1 up, 2 down (RFC 2863).
func (a agents) set(tb testing.TB, device, name string, admin, oper int) {
	index := a.port(tb, device, name)
	a[device]["1.3.6.1.2.1.2.2.1.7."+index] = "2|" + strconv.Itoa(admin)
	a[device]["1.3.6.1.2.1.2.2.1.8."+index] = "2|" + strconv.Itoa(oper)
}

// forget takes away what an interface heard by LLDP and, from the neighbour's
// address, by OSPF.
func (a agents) forget(tb testing.TB, device, name, neighbour string) {
	index := a.port(tb, device, name)
	for oid := range a[device] {
		rest, heard := strings.CutPrefix(oid, "1.0.8802.1.1.2.1.4.1.1.")
		if parts := strings.Split(rest, "."); heard && parts[2] == index {
			delete(a[device], oid)
		}
		if strings.HasPrefix(oid, "1.3.6.1.2.1.14.10.1.") && strings.HasSuffix(oid, "."+neighbour+".0") {
			delete(a[device], oid)
		}
	}
}

// cut45 cuts the cable between r4 eth2 and r5 eth1, of which no incident was
// recorded: both ends lose their carrier and stay enabled.
func (a agents) cut45(tb testing.TB) {
	a.set(tb, "r4", "eth2", 1, 2)
	a.set(tb, "r5", "eth1", 1, 2)
	a.forget(tb, "r4", "eth2", "198.18.45.2")
	a.forget(tb, "r5", "eth1", "198.18.45.1")
}

// quads are the source graph of a device.
func (a agents) quads(tb testing.TB, mapper *snmp.Mapper, base, device string) []rdf.Quad {
	tb.Helper()
	var lines []string
	for oid, value := range a[device] {
		lines = append(lines, oid+"|"+value)
	}
	slices.SortFunc(lines, func(x, y string) int { return slices.Compare(oidOf(x), oidOf(y)) })
	recording, err := snmprec.Read(device, strings.NewReader(strings.Join(lines, "\n")+"\n"), snmprec.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return source(tb, mapper, base, device, recording.Rows)
}

func oidOf(line string) []int {
	oid, _, _ := strings.Cut(line, "|")
	var arcs []int
	for _, arc := range strings.Split(oid, ".") {
		n, _ := strconv.Atoi(arc)
		arcs = append(arcs, n)
	}
	return arcs
}

// twinOf is the demo network with its services, its intended state and an
// engine that keeps the rules true.
type twinOf struct {
	*world
	engine *rules.Engine
	mapper *snmp.Mapper
	agents agents
	last   map[string][]rdf.Quad
	read   agents // as they were at the last commit
	// started is the real time at which the engine's clock, which begins at
	// now, began.
	started time.Time
}

func newTwinOf(tb testing.TB) *twinOf {
	tb.Helper()
	const base = "https://demo.example/"
	w := &world{tb: tb, base: base, store: mem.New(mem.Options{Base: base})}
	tb.Cleanup(func() { w.store.Close() })
	w.add(catalogues(tb, base))
	n := &twinOf{world: w, mapper: newMapper(tb), agents: recordedAgents(tb), last: map[string][]rdf.Quad{}, read: agents{}, started: time.Now()}
	n.engine = rules.New(rules.Options{Store: w.store, Base: base, Derived: base + "graph/derived", Knowledge: ontology.Knowledge(),
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now.Add(time.Since(n.started)) }})
	n.commit()
	if err := n.engine.Reload(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return n
}

// commit makes the source graphs say what the agents say; it returns what
// changed.
func (n *twinOf) commit() *rules.Delta {
	n.tb.Helper()
	delta, batch := &rules.Delta{}, &graph.Batch{}
	for device := range n.agents {
		if maps.Equal(n.agents[device], n.read[device]) {
			continue
		}
		n.read[device] = maps.Clone(n.agents[device])
		was, is := map[rdf.Quad]bool{}, n.agents.quads(n.tb, n.mapper, n.base, device)
		for _, q := range n.last[device] {
			was[q] = true
		}
		for _, q := range is {
			if !was[q] {
				batch.Adds = append(batch.Adds, q)
			}
			delete(was, q)
		}
		for q := range was {
			batch.Deletes = append(batch.Deletes, q)
		}
		n.last[device] = is
	}
	for _, q := range slices.Concat(batch.Adds, batch.Deletes) {
		delta.Add(q)
	}
	if _, err := n.store.Commit(context.Background(), batch); err != nil {
		n.tb.Fatal(err)
	}
	return delta
}

// follow commits a change and runs the rules that it touches.
func (n *twinOf) follow(change func(agents)) time.Duration {
	n.tb.Helper()
	change(n.agents)
	delta := n.commit()
	start := time.Now()
	if err := n.engine.Apply(context.Background(), delta); err != nil {
		n.tb.Fatal(err)
	}
	took := time.Since(start)
	n.tb.Logf("rules ran %v; the slowest: %s", took.Round(time.Millisecond), n.slowestSince(start, 6))
	return took
}

// slowestSince lists the rules that ran since a time and took longest.
func (n *twinOf) slowestSince(since time.Time, count int) string {
	var list []rules.Status
	for _, s := range n.engine.Status() {
		if !s.LastRun.Before(now.Add(since.Sub(n.started))) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b rules.Status) int { return int(b.Duration - a.Duration) })
	text := []string{fmt.Sprintf("%d rules", len(list))}
	for _, s := range list[:min(count, len(list))] {
		text = append(text, fmt.Sprintf("%s %v", s.Rule, s.Duration.Round(100*time.Microsecond)))
	}
	return strings.Join(text, ", ")
}

// diagnosis is what the rules say of a state of the network; each line of
// what is expected follows from fixtures/README.md and cases.json.
type diagnosis struct {
	roots, symptoms, services, paths, needs, others, affects []string
}

func (n *twinOf) diagnosis() diagnosis {
	messages := func(where string) []string {
		return n.rows("SELECT DISTINCT ?m WHERE { GRAPH <graph/derived> { " + where + " ?f twin:message ?m } }")
	}
	return diagnosis{
		roots:    messages("?f a twin:RootCause ."),
		symptoms: n.rows("SELECT DISTINCT ?m ?c WHERE { GRAPH <graph/derived> { ?f a twin:AdjacencyLostFinding ; twin:causedBy ?c ; twin:message ?m } }"),
		services: n.rows("SELECT ?n ?state WHERE { ?s twin:name ?n GRAPH <graph/derived> { ?s twin:serviceState ?state } }"),
		paths: n.rows(`SELECT DISTINCT ?n ?p WHERE { ?s twin:name ?n FILTER(?n != "Management")
			GRAPH <graph/derived> { ?c twin:connectionOf ?s ; twin:disjointPaths ?p } }`),
		needs:   messages("?f a twin:Need ."),
		others:  messages("{ ?f a twin:NoRepairFinding } UNION { ?f a twin:DriftFinding } UNION { ?f a twin:ServiceAtRiskFinding } UNION { ?f a twin:ServiceAffectedFinding }"),
		affects: n.rows("SELECT DISTINCT ?n WHERE { GRAPH <graph/derived> { ?f twin:affects ?t } ?t a twin:Service ; twin:name ?n }"),
	}
}

func (n *twinOf) check(t *testing.T, state string, want diagnosis) {
	t.Helper()
	got := n.diagnosis()
	for _, part := range []struct {
		name      string
		got, want []string
	}{{"root causes", got.roots, want.roots}, {"symptoms", got.symptoms, want.symptoms}, {"services", got.services, want.services},
		{"paths", got.paths, want.paths}, {"needs", got.needs, want.needs}, {"other findings", got.others, want.others}, {"affected services", got.affects, want.affects}} {
		compare(t, state+": "+part.name, part.got, part.want)
	}
}

const needAtRest = "enable r7 eth3: it is disabled, and its neighbour is up"

// atRest is the network as it was recorded.
var atRest = diagnosis{
	services: []string{"Voice ok", "Storage ok", "Management ok"},
	paths:    []string{"Voice 2", "Storage 2"},
	needs:    []string{needAtRest},
}

const cut34 = "the link between r3 eth2 and r4 eth1 is down although both ends are enabled: its cable is cut, or what is between"

// Goal: each state of the demo network is understood as its README tells it.
// Method: the recorded incident, the repair that its truth proves, and two
// faults made by hand, one after another through one engine, so that facts
// must come and go with their causes.
func TestDiagnosis(t *testing.T) {
	n := newTwinOf(t)
	n.check(t, "at rest", atRest)

	during := fixtures.Offset(0)
	incident, err := fixtures.ReadIncident()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range incident.Moments {
		if m.Name == fixtures.During {
			during = m.At
		}
	}
	cases, err := fixtures.ReadCases()
	if err != nil {
		t.Fatal(err)
	}
	repair := cases.Repairs[0].Enable
	n.follow(func(a agents) { a.replay(t, during) })
	link := "id/finding/link-down/r3/eth2~r4/eth1"
	cut := diagnosis{
		roots:    []string{cut34},
		symptoms: []string{"LLDP between r3 eth2 and r4 eth1 is lost " + link, "OSPF between r3 eth2 and r4 eth1 is lost " + link},
		services: []string{"Voice ok", "Storage atRisk", "Management ok"},
		paths:    []string{"Voice 2", "Storage 1"},
		needs:    []string{needAtRest, fmt.Sprintf("enable %s %s: it is a spare and gives a service a way that it misses", repair.Device, repair.Interface)},
		others:   []string{"service Storage has 1 way between gateway at site 3 and site 5, its objective is 2 without a common cable"},
		affects:  []string{"Storage"},
	}
	n.check(t, "r3-r4 cut", cut)

	n.follow(func(a agents) { a.set(t, repair.Device, repair.Interface, 1, 1) })
	repaired := cut
	repaired.services, repaired.paths, repaired.needs = atRest.services, atRest.paths, nil
	repaired.others, repaired.affects = nil, nil
	n.check(t, "repaired by the spare", repaired)

	n.follow(func(a agents) {
		a.set(t, repair.Device, repair.Interface, 2, 2)
		a.replay(t, fixtures.Offset(time.Hour))
	})
	n.check(t, "whole again", atRest)

	n.follow(func(a agents) { a.set(t, "r1", "lan0", 2, 2) })
	n.check(t, "r1 lan0 disabled", diagnosis{
		roots:    []string{"r1 lan0 is disabled by its configuration, and it is wanted"},
		services: []string{"Voice affected", "Storage ok", "Management affected"},
		paths:    []string{"Storage 2"},
		needs:    []string{needAtRest, "enable r1 lan0: it is intended to be up and is disabled"},
		others: []string{"service Voice is cut: site 1 is attached nowhere", "service Management is cut: site 1 is attached nowhere",
			"r1 lan0: intended admin status is up, actual is down"},
		affects: []string{"Voice", "Management"},
	})

	n.follow(func(a agents) { a.set(t, "r1", "lan0", 1, 1); a.cut45(t) })
	if cases.Repairs[1].Enable != nil {
		t.Fatal("cases.json has a repair for r4-r5 now")
	}
	link = "id/finding/link-down/r4/eth2~r5/eth1"
	n.check(t, "r4-r5 cut", diagnosis{
		roots:    []string{strings.NewReplacer("r3 eth2", "r4 eth2", "r4 eth1", "r5 eth1").Replace(cut34)},
		symptoms: []string{"LLDP between r4 eth2 and r5 eth1 is lost " + link, "OSPF between r4 eth2 and r5 eth1 is lost " + link},
		services: []string{"Voice atRisk", "Storage atRisk", "Management ok"},
		paths:    []string{"Voice 1", "Storage 1"},
		needs:    []string{needAtRest},
		others: []string{
			"service Storage has 1 way between gateway at site 3 and site 5, its objective is 2 without a common cable",
			"service Voice has 1 way between site 1 and site 5, its objective is 2 without a common cable",
			"service Storage: no configured spare gives another way between gateway at site 3 and site 5",
			"service Voice: no configured spare gives another way between site 1 and site 5"},
		affects: []string{"Storage", "Voice"},
	})
	n.explainAll(t)
}

// explainAll demands of each message that its explanation ends at what a
// device said.
func (n *twinOf) explainAll(t *testing.T) {
	t.Helper()
	const message = "https://w3id.org/nettwin/ns#message"
	for _, row := range n.rows("SELECT ?f ?m { GRAPH <graph/derived> { ?f twin:message ?m } }") {
		finding, text, _ := strings.Cut(row, " ")
		_, ended := n.explain(t, rdf.Quad{S: rdf.IRI(n.base + finding), P: rdf.IRI(message), O: rdf.String(text)})
		if len(ended) == 0 {
			t.Errorf("%q: its explanation ends at no device", text)
		}
	}
}
