package ontology_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nettwin/fixtures"
	"nettwin/graph/rdf"
)

// truth decodes one of a router's own answers.
func truth[T any](t *testing.T, device, file string) T {
	t.Helper()
	text, err := fixtures.Truth(device, file)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s %s: %v", device, file, err)
	}
	return v
}

// catalogues are what the demo reads from files, each in its source graph.
func catalogues(tb testing.TB, base string) []rdf.Quad {
	tb.Helper()
	var all []rdf.Quad
	for name, text := range map[string][]byte{"lifecycle": fixtures.Lifecycle(), "services": fixtures.Services(), "intended": fixtures.Intended()} {
		quads, err := rdf.ReadAll(bytes.NewReader(text), rdf.Turtle, rdf.ReaderOptions{Base: base})
		if err != nil {
			tb.Fatal(err)
		}
		for _, q := range quads {
			all = append(all, q.Triple().In(rdf.IRI(base+"graph/source/file/"+name)))
		}
	}
	return all
}

// Goal: the twin of the demo network is what its routers say of themselves.
// Method: the recordings through mapping and rules; interfaces and addresses
// against `ip`, neighbours against vtysh, links against the cabling, findings
// against the cases of the recording.
func TestDemoNetwork(t *testing.T) {
	w := demo(t)
	w.add(catalogues(t, w.base))
	w.run(shippedRules(t, w.base))
	network, err := fixtures.ReadNetwork()
	if err != nil {
		t.Fatal(err)
	}
	var interfaces, addresses, ospf, bgp []string
	for _, d := range network.Devices {
		for _, i := range truth[[]struct {
			Name      string `json:"ifname"`
			State     string `json:"operstate"`
			Addresses []struct {
				Local  string `json:"local"`
				Length int    `json:"prefixlen"`
			} `json:"addr_info"`
		}](t, d.Name, "addr.json") {
			interfaces = append(interfaces, d.Name+" "+i.Name)
			for _, a := range i.Addresses {
				if !strings.HasPrefix(a.Local, "fe80:") {
					addresses = append(addresses, fmt.Sprintf("%s %s %s %d", d.Name, i.Name, a.Local, a.Length))
				}
			}
		}
		for router, list := range truth[struct {
			Neighbours map[string][]struct {
				Address   string `json:"ifaceAddress"`
				Interface string `json:"ifaceName"`
				State     string `json:"nbrState"`
			} `json:"neighbors"`
		}](t, d.Name, "ospf-neighbor.json").Neighbours {
			for _, n := range list {
				state, _, _ := strings.Cut(strings.ToLower(n.State), "/")
				ospf = append(ospf, fmt.Sprintf("%s %s r%s %s %s", d.Name, n.Interface, router[strings.LastIndex(router, ".")+1:], n.Address, state))
			}
		}
		for address, p := range truth[struct {
			IPv4 struct {
				Peers map[string]struct {
					Host  string `json:"hostname"`
					As    int    `json:"remoteAs"`
					State string `json:"state"`
				} `json:"peers"`
			} `json:"ipv4Unicast"`
		}](t, d.Name, "bgp-summary.json").IPv4.Peers {
			bgp = append(bgp, fmt.Sprintf("%s %s %s %d %s", d.Name, address, p.Host, p.As, strings.ToLower(p.State)))
		}
	}
	compare(t, "interfaces", w.rows("SELECT ?d ?n { ?i a twin:Interface ; twin:name ?n ; twin:interfaceOf/twin:name ?d }"), interfaces)
	compare(t, "addresses", w.rows(`SELECT ?d ?n ?text ?l { ?a a twin:Address ; twin:address ?text ; twin:prefixLength ?l ; twin:addressOf ?i .
		?i twin:name ?n ; twin:interfaceOf/twin:name ?d FILTER(!STRSTARTS(?text, "fe80:")) }`), addresses)
	compare(t, "OSPF", w.rows(`SELECT ?d ?n ?r ?text ?s { ?a a twin:OspfAdjacency ; twin:localDevice/twin:name ?d ; twin:localInterface/twin:name ?n ;
		twin:remoteDevice/twin:name ?r ; twin:remoteAddress ?text ; twin:state ?s }`), ospf)
	compare(t, "BGP", w.rows(`SELECT ?d ?text ?r ?as ?s { ?a a twin:BgpSession ; twin:localDevice/twin:name ?d ;
		twin:remoteDevice/twin:name ?r ; twin:remoteAddress ?text ; twin:remoteAs ?as ; twin:state ?s }`), bgp)
	checkLinks(t, w)
	checkCases(t, w)
	t.Logf("%d interfaces, %d addresses, %d OSPF, %d BGP", len(interfaces), len(addresses), len(ospf), len(bgp))
}

func checkLinks(t *testing.T, w *world) {
	t.Helper()
	topology, err := fixtures.ReadTopology()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, l := range topology.Links {
		if l.A.Kind == "router" && l.B.Kind == "router" {
			ends := []string{l.A.Device + ":" + l.A.Interface, l.B.Device + ":" + l.B.Interface}
			slices.Sort(ends)
			want = append(want, strings.Join(ends, " "))
		}
	}
	compare(t, "links", w.rows(`SELECT ?x ?y { ?l a twin:Link ; twin:endpoint ?a, ?b .
		?a twin:name ?an ; twin:interfaceOf/twin:name ?ad . ?b twin:name ?bn ; twin:interfaceOf/twin:name ?bd .
		BIND(CONCAT(?ad, ":", ?an) AS ?x) BIND(CONCAT(?bd, ":", ?bn) AS ?y) FILTER(?x < ?y) }`), want)
}

// checkCases looks for each expected finding and for none where the rules
// must be silent.
func checkCases(t *testing.T, w *world) {
	t.Helper()
	cases, err := fixtures.ReadCases()
	if err != nil {
		t.Fatal(err)
	}
	findings := w.rows("SELECT ?f ?m { GRAPH ?g { ?f a ?c ; twin:message ?m } FILTER(CONTAINS(STR(?f), 'id/finding/')) } ORDER BY ?f")
	found := func(parts ...string) bool {
		return slices.ContainsFunc(findings, func(f string) bool {
			for _, p := range parts {
				if !strings.Contains(f, p) {
					return false
				}
			}
			return true
		})
	}
	for _, c := range cases.Cases {
		ok := false
		switch c.Rule {
		case fixtures.RuleEndOfLife:
			ok = found("finding/end-of-life-"+c.Kind+"/", "device "+c.Device, c.Model, c.EndOfSupport)
		case fixtures.RuleDuplicateAddress:
			ok = found("finding/duplicate-address/", c.Address)
		case fixtures.RuleLLDPDisagreement:
			ok = found(fmt.Sprintf("%s %s names %s %s as its neighbour, but %s %s names %s %s", c.Claim.By.Device, c.Claim.By.Interface,
				c.Claim.Neighbour.Device, c.Claim.Neighbour.PortID, c.Contradiction.By.Device, c.Contradiction.By.Interface,
				c.Contradiction.Neighbour.Device, c.Contradiction.Neighbour.PortID))
		case fixtures.RuleInterfaceDownPeer:
			ok = found(fmt.Sprintf("%s %s is down, but its neighbour %s %s is up", c.Down.Device, c.Down.Interface, c.Up.Device, c.Up.Interface))
		}
		if !ok {
			t.Errorf("no finding for %s: %s", c.Rule, c.Expect)
		}
	}
	for _, s := range cases.Silent {
		loud := s.Address != "" && found("address "+s.Address+" ") ||
			s.At != nil && found("lldp-disagreement", s.At.Device+" "+s.At.Interface+" names")
		if loud {
			t.Errorf("%s must be silent: %s", s.Rule, s.Why)
		}
	}
	// Both ends of the miswired cable have a claim that the other refutes.
	if len(findings) != len(cases.Cases)+1 {
		t.Errorf("%d findings:\n%s", len(findings), strings.Join(findings, "\n"))
	}
}
