package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// compareWithTruth has the tests of the recording's truth look at the lab: what
// the twin says now against what ip, vtysh and lldpcli of each router say now.
// The plan of the lab is that of the recording, hence so are the cabling, the
// addresses and the cases.
func (s labTwin) compareWithTruth(t *testing.T) {
	s.takeTruth(t)
	s.settled(t)
	for name, test := range map[string]func(*testing.T){
		"routers": TestTruthRouters, "interfaces": TestTruthInterfaces, "texts": TestTruthInterfaceTexts, "addresses": TestTruthAddresses,
		"links": TestTruthLinks, "LLDP": TestTruthLLDP, "OSPF": TestTruthOSPF, "BGP": TestTruthBGP,
		"duplicate address": TestCaseDuplicateAddress, "LLDP disagreement": TestCaseLLDPDisagreement, "interface down": TestCaseInterfaceDown,
	} {
		t.Run(name, test)
	}
}

// takeTruth asks the routers, for what truth reads from then on: all that they
// can be asked for, unless files say what.
func (s labTwin) takeTruth(t *testing.T, files ...string) {
	t.Helper()
	dir := t.TempDir()
	inLab(t, append([]string{"truth", dir}, files...)...)
	truthOf = func(device, file string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, device, file)) }
}

// settled waits until the rules have done their work on what was read: as many
// links, adjacencies whose other end is known, and findings as there must be.
func (s labTwin) settled(t *testing.T) {
	t.Helper()
	cables, heard, full := 0, len(heardByLLDP(t)), 0
	for _, l := range topology(t).Links {
		if l.A.Kind == "router" && l.B.Kind == "router" {
			cables++
		}
	}
	for _, device := range topology(t).Routers {
		for _, n := range truth[ospfNeighbours](t, device, "ospf-neighbor.json").Neighbors {
			full += len(n)
		}
	}
	want := fmt.Sprintf("%d links, %d heard by LLDP, %d by OSPF", cables, heard, full)
	var got string
	defer func() {
		if t.Failed() {
			t.Logf("the twin has %s, real are %s", got, want)
		}
	}()
	eventually(t, want, func() bool {
		count := func(pattern string) string {
			return s.ask(t, `SELECT (COUNT(DISTINCT ?x) AS ?n) { `+pattern+` }`)[0].s("n")
		}
		got = fmt.Sprintf("%s links, %s heard by LLDP, %s by OSPF", count(`?x a twin:Link`),
			count(`?x a twin:LldpAdjacency ; twin:remoteInterface ?i`), count(`?x a twin:OspfAdjacency ; twin:remoteInterface ?i`))
		return got == want && len(s.messages(t, "DuplicateAddressFinding")) == 1 && len(s.messages(t, "LldpDisagreementFinding")) > 0 &&
			len(s.messages(t, "NeighbourUpFinding")) == 1
	})
}

// seenWithin is how soon a failed cable must be in the graph, at both ends, of
// which snmpd takes up to two seconds for its trap. A machine on which more
// runs than it has processors for gets as much longer.
const seenWithin = 5 * time.Second

// burden is by how much the machine is slower than a quiet one.
func burden() float64 {
	var load float64
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Sscan(string(text), &load)
	}
	return max(1, load/float64(2*runtime.NumCPU()))
}

// cutAndMend cuts the cable r3 eth2 – r4 eth1, as the incident of the recording
// does: the twin is told, says what is the cause and what is at risk, and that
// all is well again once the cable is whole.
func (s labTwin) cutAndMend(t *testing.T) {
	classes := []string{"RootCause", "ServiceAtRiskFinding", "ServiceAffectedFinding", "NoRepairFinding"}
	quiet := s.messages(t, classes...)
	ends := func() string { return s.inGraph(t, "r3", "eth2") + ", " + s.inGraph(t, "r4", "eth1") }
	if got := ends(); got != "up up, up up" {
		t.Fatalf("before the cut: %s", got)
	}
	inLab(t, "cut")
	started := time.Now()
	if took := eventually(t, "the cut is in the graph", func() bool { return ends() == "up down, up down" }); took > time.Duration(float64(seenWithin)*burden()) {
		t.Errorf("SPARQL shows both ends down after %v, want %v on a quiet machine; this one's burden is %.1f", took, seenWithin, burden())
	} else {
		t.Logf("SPARQL shows both ends down after %v; the machine's burden is %.1f", took.Round(time.Millisecond), burden())
	}
	for _, source := range s.sources(t) {
		if source.Collector == "snmp" && (source.Device == "r3" || source.Device == "r4") && (source.LastReason == "schedule" || source.LastReason == "start") {
			t.Errorf("%s was read because of %s, and not because it told", source.Device, source.LastReason)
		}
	}
	for _, device := range []string{"r3", "r4"} {
		eventually(t, "the trap of "+device, func() bool {
			rows := s.ask(t, `SELECT ?m { GRAPH <https://demo.example/graph/source/trap/`+device+`> { ?e twin:reportedMessage ?m } }`)
			return slices.ContainsFunc(rows, func(r row) bool { return strings.Contains(r.s("m"), "linkDown") })
		})
	}
	cause := regexp.MustCompile(`r3 eth2 and r4 eth1 is down although both ends are enabled`)
	eventually(t, "cause and impact", func() bool {
		new := minus(s.messages(t, classes...), quiet)
		return slices.ContainsFunc(new, cause.MatchString) && len(new) > 1
	})
	t.Logf("after %v the twin says %q", time.Since(started).Round(time.Millisecond), minus(s.messages(t, classes...), quiet))
	s.adjacencies(t, "cut")

	inLab(t, "mend")
	started = time.Now()
	eventually(t, "the mended cable is in the graph", func() bool { return ends() == "up up, up up" })
	t.Logf("SPARQL shows both ends up after %v", time.Since(started).Round(time.Millisecond))
	eventually(t, "all is well again", func() bool { return slices.Equal(s.messages(t, classes...), quiet) })
	s.adjacencies(t, "mended")
	t.Logf("recovered %v after the cable", time.Since(started).Round(time.Millisecond))
}

// adjacencies waits until the OSPF and LLDP adjacencies in the graph are those
// that vtysh and lldpcli show, which change for a while too.
func (s labTwin) adjacencies(t *testing.T, when string) {
	t.Helper()
	var missing, extra []string
	defer func() {
		if t.Failed() {
			t.Logf("%s: the graph lacks %q and has, beyond the truth, %q", when, missing, extra)
		}
	}()
	eventually(t, "adjacencies once the cable is "+when, func() bool {
		s.takeTruth(t, "link.json", "lldp.json", "ospf-neighbor.json")
		var graph, real []string
		for _, r := range s.ask(t, `SELECT * { ?n a ?kind ; twin:localInterface ?i . ?i twin:name ?name ; twin:interfaceOf/twin:name ?device .
			{ ?n a twin:OspfAdjacency ; twin:remoteAddress ?far ; twin:state ?state } UNION { ?n a twin:LldpAdjacency ; twin:remoteSystemName ?far }
			FILTER(?kind IN (twin:OspfAdjacency, twin:LldpAdjacency)) }`) {
			graph = append(graph, strings.TrimSpace(end(r.s("device"), r.s("name"))+" "+r.s("far")+" "+r.s("state")))
		}
		for at, a := range heardByLLDP(t) {
			real = append(real, at+" "+a.name)
		}
		for _, device := range topology(t).Routers {
			for _, neighbours := range truth[ospfNeighbours](t, device, "ospf-neighbor.json").Neighbors {
				for _, n := range neighbours {
					state, _, _ := strings.Cut(n.NbrState, "/")
					real = append(real, end(device, n.IfaceName)+" "+n.IfaceAddress+" "+strings.ToLower(state))
				}
			}
		}
		missing, extra = minus(real, graph), minus(graph, real)
		return len(missing)+len(extra) == 0 && len(real) > 30
	})
}
