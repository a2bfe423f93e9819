package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/internal/simulate/device"
)

// story is a demo whose devices are polled so rarely that what it learns it
// was told.
type story struct {
	*demo
	token string
}

func newStory(t *testing.T, more ...string) story {
	t.Helper()
	d, _ := ownServer(t, "demo", filepath.Join(t.TempDir(), "data"), append([]string{"--poll", "1h"}, more...)...)
	return story{d, regexp.MustCompile(`ntw_[A-Za-z0-9_-]+`).FindString(d.stdout.String())}
}

// call makes a request with or without the operator's token and reads the
// answer.
func (s story) call(t *testing.T, token, method, path, body string, want int, into any) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	status, text, err := send(req)
	if err != nil || status != want {
		t.Fatalf("%s %s: %d %s %v, want %d", method, path, status, text, err, want)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
}

// order gives an order to the simulated network.
func (s story) order(t *testing.T, args ...string) {
	t.Helper()
	if got := nettwin(t, "", append([]string{"simulate", "ctl", "--data", s.dir}, args...)...); got.code != 0 {
		t.Fatalf("%v: %s", args, got.stderr)
	}
}

// onDevice is what the device itself has of an interface.
func (s story) onDevice(t *testing.T, name, iface string) device.Interface {
	t.Helper()
	var status device.Status
	got := nettwin(t, "", "simulate", "ctl", "--data", s.dir, "--json", "status")
	if err := json.Unmarshal([]byte(got.stdout), &status); err != nil {
		t.Fatal(err, got.stderr)
	}
	for _, d := range status.Devices {
		for _, f := range d.Interfaces {
			if d.Name == name && f.Name == iface {
				return f
			}
		}
	}
	t.Fatalf("%s has no interface %s", name, iface)
	return device.Interface{}
}

// inGraph is what the twin has of an interface: "admin oper".
func (s story) inGraph(t *testing.T, device, iface string) string {
	t.Helper()
	rows := s.ask(t, fmt.Sprintf(`SELECT ?admin ?oper { ?i twin:interfaceOf/twin:name %q ; twin:name %q ; twin:adminStatus ?admin ; twin:operStatus ?oper }`, device, iface))
	if len(rows) != 1 {
		return fmt.Sprint(rows)
	}
	return rows[0].s("admin") + " " + rows[0].s("oper")
}

// messages are what the findings of some classes say.
func (s story) messages(t *testing.T, classes ...string) []string {
	t.Helper()
	rows := s.ask(t, `SELECT DISTINCT ?m { GRAPH <https://demo.example/graph/derived> { ?f a ?class ; twin:message ?m } FILTER(?class IN (twin:`+strings.Join(classes, ", twin:")+`)) } ORDER BY ?m`)
	return lines(rows, "m")
}

// need is one of /api/v1/needs.
type need struct {
	Need, Message string
	Targets       []string
}

func (s story) needs(t *testing.T) (needs []need, hopeless []string) {
	t.Helper()
	var all struct {
		Needs    []need
		NoRepair []struct{ Message string }
	}
	s.call(t, "", "GET", "api/v1/needs", "", 200, &all)
	for _, f := range all.NoRepair {
		hopeless = append(hopeless, f.Message)
	}
	return all.Needs, hopeless
}

// needFor is the need whose message begins so.
func (s story) needFor(t *testing.T, begin string) (found need) {
	t.Helper()
	eventually(t, "need: "+begin, func() bool {
		all, _ := s.needs(t)
		at := slices.IndexFunc(all, func(n need) bool { return strings.HasPrefix(n.Message, begin) })
		if at >= 0 {
			found = all[at]
		}
		return at >= 0
	})
	return found
}

// main is the SHA-256 of the sorted N-Quads of main's default graph, and the
// version that it was taken of.
func (s story) main(t *testing.T) (hash string, head int64) {
	t.Helper()
	var info struct{ Head int64 }
	s.call(t, "", "GET", "api/v1/info", "", 200, &info)
	req, err := http.NewRequest("GET", s.url+"data?default", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/n-quads")
	status, text, err := send(req)
	if err != nil || status != 200 {
		t.Fatal(status, err)
	}
	quads := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(quads) < 1000 {
		t.Fatalf("the default graph has %d quads", len(quads))
	}
	slices.Sort(quads)
	sum := sha256.Sum256([]byte(strings.Join(quads, "\n")))
	return hex.EncodeToString(sum[:]), info.Head
}

// plan is what a test looks at of a plan.
type plan struct {
	ID, State, Reason string
	Verdict           struct {
		OK                   bool
		Introduced, Resolved []struct{ Message string }
		Impact               struct{ ServicesRestored []string }
	}
	Payloads []struct{ Device, Body string }
}

// commit is one of /api/v1/commits.
type commit struct {
	Branch, Note string
	Seq          int64
}

// propose makes a plan and proves that main is not changed by it. Collectors
// may commit meanwhile, of which flows are an example: then it tries again.
func (s story) propose(t *testing.T, n need) (p plan) {
	t.Helper()
	for range 5 {
		before, at := s.main(t)
		p = plan{}
		s.call(t, s.token, "POST", "api/v1/plans", fmt.Sprintf(`{"need": %q}`, n.Need), 200, &p)
		after, then := s.main(t)
		if before == after {
			t.Logf("main is %s… before and after plan %s (versions %d and %d)", before[:12], p.ID, at, then)
			return p
		}
		var commits struct {
			Commits []commit
		}
		s.call(t, "", "GET", fmt.Sprintf("api/v1/commits?after=%d&limit=100", at), "", 200, &commits)
		if !slices.ContainsFunc(commits.Commits, func(c commit) bool {
			return c.Branch == "main" && c.Seq > at && (strings.HasPrefix(c.Note, "ingest ") || strings.HasPrefix(c.Note, "rules: "))
		}) {
			t.Fatalf("the plan changed main: %+v", commits.Commits)
		}
		s.call(t, s.token, "POST", "api/v1/plans/"+p.ID+"/reject", `{"reason": "main moved on"}`, 200, nil)
	}
	t.Fatal("main does not stand still")
	return p
}

// carryOut approves and applies a plan, after both were refused without a
// token, and returns how long applying took.
func (s story) carryOut(t *testing.T, p plan) time.Duration {
	t.Helper()
	path := "api/v1/plans/" + p.ID
	s.call(t, "", "POST", path+"/approve", "", 401, nil)
	s.call(t, "ntw_wrong", "POST", path+"/approve", "", 401, nil)
	s.call(t, s.token, "POST", path+"/apply", "", 409, nil)
	s.call(t, s.token, "POST", path+"/approve", "", 200, &p)
	if p.State != "approved" {
		t.Fatalf("approved: %+v", p)
	}
	s.call(t, "", "POST", path+"/apply", "", 401, nil)
	start := time.Now()
	s.call(t, s.token, "POST", path+"/apply", "", 200, &p)
	if p.State != "done" {
		t.Fatalf("applied: %+v", p)
	}
	return time.Since(start)
}

// audited demands a whole audit chain and returns its length.
func (s story) audited(t *testing.T) int {
	t.Helper()
	var audit struct {
		Entries  int
		Head     string
		Verified bool
		Error    string
	}
	s.call(t, s.token, "GET", "api/v1/audit", "", 200, &audit)
	if !audit.Verified || audit.Error != "" || audit.Entries == 0 {
		t.Errorf("audit: %+v", audit)
	}
	return audit.Entries
}

const voiceIntent = `@prefix icm: <http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/> .
@prefix log: <http://tio.models.tmforum.org/tio/v3.6.0/LogicalOperators/> .
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix ex: <http://noc.example/> .
ex:I a icm:Intent ; log:allOf ( ex:E ) .
ex:E a icm:DeliveryExpectation ; icm:target ex:T ; icm:deliveryType twin:ReachableService .
ex:T a icm:Target ; rdfs:member <https://demo.example/id/service/voice> .`

// report is an intent's report as TMF921 gives it.
type report struct {
	ReportNumber int
	State        string
	Reason       []struct {
		Message string
		Items   []string
	}
}

// reports are an intent's, in order.
func (s story) reports(t *testing.T, intent string) []report {
	t.Helper()
	var all []report
	s.call(t, "", "GET", "tmf-api/intentManagement/v5/intent/"+intent+"/intentReport", "", 200, &all)
	slices.SortFunc(all, func(a, b report) int { return a.ReportNumber - b.ReportNumber })
	return all
}

// TestStory is the whole way: a wrong configuration cuts a service, the twin
// is told and says why, a plan is tried in the twin, approved, carried out by
// NETCONF and verified; an intent reports Degraded, then Compliant. It runs
// alone, for it measures how soon the twin knows.
func TestStory(t *testing.T) {
	s := newStory(t)
	body, err := json.Marshal(map[string]any{"@type": "Intent", "name": "voice stays", "expression": map[string]any{"@type": "TurtleExpression", "expressionValue": voiceIntent}})
	if err != nil {
		t.Fatal(err)
	}
	var intent struct{ ID string }
	s.call(t, "", "POST", "tmf-api/intentManagement/v5/intent", string(body), 401, nil)
	s.call(t, s.token, "POST", "tmf-api/intentManagement/v5/intent", string(body), 201, &intent)
	last := func() string {
		all := s.reports(t, intent.ID)
		if len(all) == 0 {
			return ""
		}
		return all[len(all)-1].State
	}
	eventually(t, "the intent is kept", func() bool { return last() == "Compliant" })

	// A wrong configuration: the only attachment of h1 is disabled.
	if got := s.inGraph(t, "r1", "lan0"); got != "up up" {
		t.Fatalf("r1 lan0 is %s", got)
	}
	s.order(t, "set", "r1", "lan0", "enabled", "false")
	started := time.Now()
	if took := eventually(t, "r1 lan0 in the graph", func() bool { return s.inGraph(t, "r1", "lan0") == "down down" }); took > 5*time.Second {
		t.Errorf("SPARQL shows it after %v", took)
	} else {
		t.Logf("SPARQL shows it after %v", took.Round(time.Millisecond))
	}
	for _, source := range s.sources(t) {
		if source.Device == "r1" && source.Collector == "snmp" && (source.LastReason == "schedule" || source.LastReason == "start") {
			t.Errorf("r1 was read because of %s, and not because it told", source.LastReason)
		}
	}
	if rows := s.ask(t, `SELECT ?m { GRAPH <https://demo.example/graph/source/trap/r1> { ?e twin:reportedMessage ?m } }`); !strings.Contains(fmt.Sprint(rows), "linkDown") {
		t.Errorf("no trap of r1: %v", rows)
	}

	// Cause and impact.
	cause := "r1 lan0 is disabled by its configuration, and it is wanted"
	affected := func() []string {
		return lines(s.ask(t, `SELECT ?name { GRAPH <https://demo.example/graph/derived> { ?c a twin:RootCause ; twin:affects ?s } ?s a twin:Service ; twin:name ?name } ORDER BY ?name`), "name")
	}
	eventually(t, "cause and impact", func() bool {
		return slices.Equal(s.messages(t, "RootCause"), []string{cause}) && slices.Equal(affected(), []string{"Management", "Voice"})
	})
	t.Logf("cause and impact are derived after %v: %q", time.Since(started).Round(time.Millisecond), s.messages(t, "ServiceAffectedFinding"))
	eventually(t, "the intent is degraded", func() bool { return last() == "Degraded" })

	// A plan, tried in the twin first.
	p := s.propose(t, s.needFor(t, "enable r1 lan0"))
	if p.State != "verified" || !p.Verdict.OK || len(p.Verdict.Introduced) > 0 || !slices.Equal(p.Verdict.Impact.ServicesRestored, []string{"Management", "Voice"}) {
		t.Fatalf("the plan: %+v", p)
	}
	if len(p.Payloads) != 1 || p.Payloads[0].Device != "r1" || !strings.Contains(p.Payloads[0].Body, "<name>lan0</name>") {
		t.Fatalf("the payload: %+v", p.Payloads)
	}
	if f := s.onDevice(t, "r1", "lan0"); f.Admin {
		t.Fatal("the device was touched before approval")
	}
	took := s.carryOut(t, p)
	t.Logf("applied in %v", took.Round(time.Millisecond))

	// Read again: the device, its protocols and the twin agree.
	if f := s.onDevice(t, "r1", "lan0"); !f.Admin || !f.Up {
		t.Errorf("on the device lan0 is %+v", f)
	}
	if got := s.inGraph(t, "r1", "lan0"); got != "up up" {
		t.Errorf("in the graph lan0 is %s", got)
	}
	if rows := s.ask(t, `SELECT ?enabled { GRAPH <https://demo.example/graph/source/netconf/r1> { <https://demo.example/graph/source/netconf/r1/ietf-interfaces:interfaces/interface=lan0> <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/enabled> ?enabled } }`); len(rows) != 1 || rows[0].s("enabled") != "true" {
		t.Errorf("by NETCONF lan0 is %v", rows)
	}
	eventually(t, "recovery", func() bool {
		return len(s.messages(t, "RootCause", "ServiceAffectedFinding", "DriftFinding", "InterfaceDisabledFinding")) == 0 && last() == "Compliant"
	})
	var states []string
	explained := false
	for _, r := range s.reports(t, intent.ID) {
		if len(states) == 0 || states[len(states)-1] != r.State { // reasons may change within a state
			states = append(states, r.State)
		}
		for _, reason := range r.Reason {
			explained = explained || r.State == "Degraded" && strings.Contains(reason.Message, "service Voice is cut") && len(reason.Items) > 0
		}
	}
	if len(states) < 3 || !slices.Equal(states[len(states)-3:], []string{"Compliant", "Degraded", "Compliant"}) || !explained {
		t.Errorf("the intent's reports: %+v", s.reports(t, intent.ID))
	}
	t.Logf("from the wrong configuration to recovery %v; the intent reported %v; %d audit entries", time.Since(started).Round(time.Millisecond), states, s.audited(t))
}

// TestRepairs cuts the cables of cases.json, one after the other: where a
// spare can help the plan enables it and the lone device has two ways again;
// where nothing helps the twin says so and asks for nothing.
func TestRepairs(t *testing.T) {
	t.Parallel()
	s := newStory(t, "--no-flows")
	before, _ := s.needs(t)
	quiet := s.messages(t, "RootCause", "ServiceAtRiskFinding", "ServiceAffectedFinding", "NoRepairFinding")
	repairs := cases(t).Repairs
	if len(repairs) < 2 {
		t.Fatal("no repairs to test")
	}
	for _, repair := range repairs {
		a, b := repair.Failed.A, repair.Failed.B
		s.order(t, "fail-link", a.Device+":"+a.Interface, b.Device+":"+b.Interface)
		took := eventually(t, "the cut is in the graph", func() bool {
			return s.inGraph(t, a.Device, a.Interface) == "up down" && s.inGraph(t, b.Device, b.Interface) == "up down"
		})
		eventually(t, "root cause", func() bool {
			found := strings.Join(s.messages(t, "RootCause"), "\n")
			return strings.Contains(found, a.Device+" "+a.Interface) && strings.Contains(found, b.Device+" "+b.Interface)
		})
		t.Logf("%s – %s: in the graph after %v; %q", end(a.Device, a.Interface), end(b.Device, b.Interface), took.Round(time.Millisecond), s.messages(t, "RootCause"))
		if repair.Enable != nil {
			s.repairBySpare(t, repair)
		} else {
			s.nothingHelps(t, before)
		}
		s.order(t, "restore", a.Device, b.Device)
		eventually(t, "all is well again", func() bool {
			return slices.Equal(s.messages(t, "RootCause", "ServiceAtRiskFinding", "ServiceAffectedFinding", "NoRepairFinding"), quiet)
		})
		if repair.Enable != nil { // the next case finds the network as it was recorded
			s.order(t, "set", repair.Enable.Device, repair.Enable.Interface, "enabled", "false")
			eventually(t, "the spare is one again", func() bool {
				now, _ := s.needs(t)
				return len(now) == len(before)
			})
		}
	}
	s.audited(t)
}

// repairBySpare expects the plan that enables the spare, carries it out, and
// counts the ways of the device that had one left: full OSPF adjacencies.
func (s story) repairBySpare(t *testing.T, r fixtures.Repair) {
	t.Helper()
	full := func() int {
		return len(s.ask(t, fmt.Sprintf(`SELECT DISTINCT ?remote { ?a a twin:OspfAdjacency ; twin:localDevice/twin:name %q ; twin:remoteDevice ?remote ; twin:state "full" }`, r.Alone)))
	}
	eventually(t, r.Alone+" has one way left", func() bool { return full() == 1 })
	n := s.needFor(t, fmt.Sprintf("enable %s %s: it is a spare", r.Enable.Device, r.Enable.Interface))
	p := s.propose(t, n)
	if p.State != "verified" || len(p.Payloads) != 1 || p.Payloads[0].Device != r.Enable.Device {
		t.Fatalf("the plan: %+v", p)
	}
	took := s.carryOut(t, p)
	if f := s.onDevice(t, r.Enable.Device, r.Enable.Interface); !f.Admin || !f.Up {
		t.Errorf("the spare is %+v", f)
	}
	eventually(t, r.Alone+" has two ways", func() bool { return full() == 2 })
	eventually(t, "services are well", func() bool { return len(s.messages(t, "ServiceAtRiskFinding", "ServiceAffectedFinding")) == 0 })
	t.Logf("%s; applied in %v", n.Message, took.Round(time.Millisecond))
}

// nothingHelps expects that the twin says so and asks for nothing new.
func (s story) nothingHelps(t *testing.T, before []need) {
	t.Helper()
	var hopeless []string
	eventually(t, "the twin says that nothing helps", func() bool {
		_, hopeless = s.needs(t)
		return len(hopeless) > 0
	})
	now, _ := s.needs(t)
	if len(now) != len(before) {
		t.Errorf("the needs are %v, before the cut they were %v", now, before)
	}
	for _, message := range hopeless {
		if !strings.Contains(message, "no configured spare gives another way") {
			t.Errorf("it says %q", message)
		}
	}
	t.Logf("nothing helps: %q", hopeless)
}
