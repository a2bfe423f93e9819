package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/naming"
)

const serviceBase = "https://twin.test/"

// version is one version of a twin with services in states, and a finding
// about each service whose name is given a message.
func version(t *testing.T, states, found map[string]string) graph.Snapshot {
	t.Helper()
	var b strings.Builder
	b.WriteString("@prefix twin: <https://w3id.org/nettwin/ns#> .\n")
	for name, state := range states {
		fmt.Fprintf(&b, "<id/service/%[1]s> a twin:Service ; twin:name %[1]q .\n", name)
		if state != "" {
			fmt.Fprintf(&b, "GRAPH <graph/derived> { <id/service/%s> twin:serviceState %q }\n", name, state)
		}
	}
	for name, message := range found {
		fmt.Fprintf(&b, "GRAPH <graph/derived> { <id/finding/%s> a twin:ServiceAtRiskFinding ; twin:about <id/service/%s> ; twin:message %q }\n",
			naming.EncodeSegment(message), name, message)
	}
	quads, err := rdf.ReadAll(strings.NewReader(b.String()), rdf.TriG, rdf.ReaderOptions{Base: serviceBase})
	if err != nil {
		t.Fatal(err)
	}
	store := mem.New(mem.Options{Base: serviceBase})
	t.Cleanup(func() { store.Close() })
	if _, err := store.Commit(t.Context(), &graph.Batch{Adds: quads}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Goal: a verdict names the services that a change restores, cuts and leaves
// at risk; one that makes a service worse is refused, one that makes it better
// is not refused for the risk that is left. Method: two versions with states
// by hand.
func TestServiceImpact(t *testing.T) {
	c := &Controller{derived: naming.DerivedGraph(serviceBase)}
	before := version(t, map[string]string{"voice": "affected", "web": "affected", "mail": "ok", "backup": "atRisk", "tv": "ok", "new": ""},
		map[string]string{"voice": "voice is cut", "backup": "backup has one way"})
	after := version(t, map[string]string{"voice": "atRisk", "web": "ok", "mail": "affected", "backup": "atRisk", "tv": "ok", "new": ""},
		map[string]string{"voice": "voice has one way", "mail": "mail is cut", "backup": "backup has one way"})
	p := &Plan{Changes: []Change{{}}, Payloads: []Payload{{Device: "r1"}}}
	v, err := c.judge(t.Context(), p, before, after)
	if err != nil {
		t.Fatal(err)
	}
	i := v.Impact
	for what, pair := range map[string][2][]string{
		"restored": {i.Restored, {"voice", "web"}}, "affected": {i.Affected, {"mail"}}, "at risk": {i.AtRisk, {"backup", "voice"}},
		"reasons": {v.Reasons, {"it brings about: mail is cut", "service mail, which is ok now, would be affected"}},
	} {
		got := slices.Sorted(slices.Values(pair[0]))
		if !slices.Equal(got, pair[1]) {
			t.Errorf("%s: %q, expected %q", what, got, pair[1])
		}
	}
	var told []string
	for _, s := range i.Services {
		told = append(told, s.Name+" "+s.Before+" "+s.After)
	}
	if got := strings.Join(told, ", "); got != "backup atRisk atRisk, mail ok affected, voice affected atRisk, web affected ok" {
		t.Errorf("services %s", got)
	}
	if v.OK {
		t.Error("the verdict is well though mail is cut")
	}
}

// Goal: where nothing helps, that is the answer, and not a plan that fails.
// Method: a finding that says so, in place of a need.
func TestNoRepair(t *testing.T) {
	c := &Controller{derived: naming.DerivedGraph(serviceBase)}
	quads, err := rdf.ReadAll(strings.NewReader(`@prefix twin: <https://w3id.org/nettwin/ns#> . GRAPH <graph/derived> {
		<id/finding/no-repair/voice> a twin:NoRepairFinding ; twin:about <id/service/voice> ; twin:message "no configured spare gives another way" }`),
		rdf.TriG, rdf.ReaderOptions{Base: serviceBase})
	if err != nil {
		t.Fatal(err)
	}
	store := mem.New(mem.Options{Base: serviceBase})
	t.Cleanup(func() { store.Close() })
	if _, err := store.Commit(t.Context(), &graph.Batch{Adds: quads}); err != nil {
		t.Fatal(err)
	}
	if c, err = New(Options{Store: store, Base: serviceBase, Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	list, err := c.NoRepairs(t.Context())
	if err != nil || len(list) != 1 || list[0].Message != "no configured spare gives another way" || len(list[0].About) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = c.Propose(t.Context(), serviceBase+"id/finding/no-repair/voice")
	if err == nil || !strings.Contains(err.Error(), "nothing helps: no configured spare") || len(c.Plans()) != 0 {
		t.Errorf("%v, %d plans", err, len(c.Plans()))
	}
}
