package ontology_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
	"nettwin/ontology/vocab"
	"nettwin/ontology/yang"
)

// router is one of two ends of a cable, in snmpsim's form. Interface 3, e0,
// has the address 10.0.0.N/30 and the hardware address 02:00:00:00:00:0N.
const router = `1.3.6.1.2.1.1.5.0|4|r{N}
1.3.6.1.2.1.2.2.1.1.3|2|3
1.3.6.1.2.1.2.2.1.2.3|4|e0
1.3.6.1.2.1.2.2.1.6.3|4x|02000000000{N}
1.3.6.1.2.1.2.2.1.7.3|2|1
1.3.6.1.2.1.2.2.1.8.3|2|1
1.3.6.1.2.1.4.20.1.1.10.0.0.{N}|64|10.0.0.{N}
1.3.6.1.2.1.4.20.1.2.10.0.0.{N}|2|3
1.3.6.1.2.1.4.20.1.3.10.0.0.{N}|64|255.255.255.252
`

// ospfRouter speaks OSPF on e0 as 192.0.2.N, ospfFinds is its neighbour M.
const ospfRouter = `1.3.6.1.2.1.14.1.1.0|64|192.0.2.{N}
1.3.6.1.2.1.14.7.1.1.10.0.0.{N}.0|64|10.0.0.{N}
`

const ospfFinds = `1.3.6.1.2.1.14.10.1.1.10.0.0.{M}.0|64|10.0.0.{M}
1.3.6.1.2.1.14.10.1.2.10.0.0.{M}.0|2|0
1.3.6.1.2.1.14.10.1.3.10.0.0.{M}.0|64|192.0.2.{M}
1.3.6.1.2.1.14.10.1.6.10.0.0.{M}.0|2|8
`

// isisRouter has the circuit 7 on e0 and the system identifier 0000.0000.000N;
// isisFinds is its neighbour M (RFC 4444).
const isisRouter = `1.3.6.1.2.1.138.1.1.1.3.0|4x|00000000000{N}
1.3.6.1.2.1.138.1.3.2.1.2.7|2|3
1.3.6.1.2.1.138.1.3.2.1.3.7|2|1
1.3.6.1.2.1.138.1.3.2.1.5.7|2|2
1.3.6.1.2.1.138.1.3.2.1.8.7|2|2
`

const isisFinds = `1.3.6.1.2.1.138.1.6.1.1.2.7.1|2|3
1.3.6.1.2.1.138.1.6.1.1.4.7.1|4x|02000000000{M}
1.3.6.1.2.1.138.1.6.1.1.6.7.1|4x|00000000000{M}
1.3.6.1.2.1.138.1.6.1.1.8.7.1|2|2
1.3.6.1.2.1.138.1.6.1.1.9.7.1|66|24
1.3.6.1.2.1.138.1.6.3.1.2.7.1.1|2|1
1.3.6.1.2.1.138.1.6.3.1.3.7.1.1|4x|0A00000{M}
1.3.6.1.2.1.138.1.6.3.1.2.7.1.2|2|2
1.3.6.1.2.1.138.1.6.3.1.3.7.1.2|4x|FE80000000000000000000000000000{M}
`

// The same by ietf-isis, which tells no address of a neighbour, and by
// OpenConfig; the neighbour is left out for 0.
func ietfIsis(n, m int) string {
	neighbour := ""
	if m > 0 {
		neighbour = fmt.Sprintf(`{"neighbor-sysid":"0000.0000.000%d","neighbor-snpa":"0200.0000.000%[1]d","usage":"level-2","state":"up"}`, m)
	}
	return fmt.Sprintf(`{"ietf-routing:routing":{"control-plane-protocols":{"control-plane-protocol":[{"type":"ietf-isis:isis","name":"core",
		"ietf-isis:isis":{"system-id":"0000.0000.000%d","interfaces":{"interface":[{"name":"e0","adjacencies":{"adjacency":[%s]}}]}}}]}}}`, n, neighbour)
}

func openconfigIsis(n, m int) string {
	neighbour := ""
	if m > 0 {
		neighbour = fmt.Sprintf(`{"system-id":"0000.0000.000%d","state":{"system-id":"0000.0000.000%[1]d","neighbor-ipv4-address":"10.0.0.%[1]d","adjacency-state":"UP"}}`, m)
	}
	return fmt.Sprintf(`{"openconfig-network-instance:network-instances":{"network-instance":[{"name":"default","protocols":{"protocol":[{
		"identifier":"openconfig-policy-types:ISIS","name":"core","isis":{"global":{"state":{"net":["49.0001.0000.0000.000%d.00"]}},
		"interfaces":{"interface":[{"interface-id":"e0","state":{"enabled":true,"passive":false},
		"levels":{"level":[{"level-number":2,"adjacencies":{"adjacency":[%s]}}]}}]}}}]}}]}}`, n, neighbour)
}

// Goal: an adjacency of IS-IS is stitched as one of OSPF is, whichever way a
// device tells of it, and one that only one end tells of is found. Method: two
// routers on a cable, over the mapping of SNMP and of YANG (the seeds' own
// modules) through all shipped rules; IP links, adjacencies and findings as
// thought out by hand, the links the same for OSPF and each source of IS-IS.
func TestIsisStitching(t *testing.T) {
	schema := isisSchema(t)
	mapper := newMapper(t)
	sys := func(level string) []string {
		return []string{"r1 e0 r2 e0 up " + level, "r2 e0 r1 e0 up " + level}
	}
	for _, c := range []struct {
		name  string
		walk  [2]string // what r1 and r2 have by SNMP besides their interface
		push  [2]string // and by YANG
		class string
		want  []string // adjacencies: device and interface, those of the neighbour, state, level
		link  string
		finds []string
		bare  bool // no addresses at all
	}{
		{name: "ospf", walk: [2]string{ospfRouter + ospfFinds, ospfRouter + ospfFinds}, class: "OspfAdjacency",
			want: []string{"r1 e0 r2 e0 full -", "r2 e0 r1 e0 full -"}, link: "r1 e0 r2 e0 ospf 0.95"},
		{name: "isis by SNMP", walk: [2]string{isisRouter + isisFinds, isisRouter + isisFinds}, class: "IsisAdjacency", want: sys("2"), link: "r1 e0 r2 e0 isis 0.95"},
		{name: "isis by ietf-isis", push: [2]string{ietfIsis(1, 2), ietfIsis(2, 1)}, class: "IsisAdjacency", want: sys("2"), link: "r1 e0 r2 e0 isis 0.95"},
		{name: "isis by OpenConfig", push: [2]string{openconfigIsis(1, 2), openconfigIsis(2, 1)}, class: "IsisAdjacency", want: sys("2"), link: "r1 e0 r2 e0 isis 0.95"},
		{name: "isis by both", walk: [2]string{isisRouter + isisFinds, isisRouter + isisFinds}, push: [2]string{openconfigIsis(1, 2), ietfIsis(2, 1)},
			class: "IsisAdjacency", want: sys("2"), link: "r1 e0 r2 e0 isis 0.95"},
		{name: "one by each", walk: [2]string{isisRouter + isisFinds, ""}, push: [2]string{"", ietfIsis(2, 1)}, class: "IsisAdjacency", want: sys("2"), link: "r1 e0 r2 e0 isis 0.95"},
		{name: "ietf-isis without addresses", bare: true, push: [2]string{ietfIsis(1, 2), ietfIsis(2, 1)}, class: "IsisAdjacency", want: sys("2"), link: "r1 e0 r2 e0 isis 0.95"},
		{name: "one-sided by SNMP", walk: [2]string{isisRouter + isisFinds, isisRouter}, class: "IsisAdjacency", want: sys("2")[:1], link: "r1 e0 r2 e0 isis 0.95",
			finds: []string{"r1 e0 finds r2 e0 by IS-IS, but r2 e0 does not find r1"}},
		{name: "one-sided by ietf-isis", push: [2]string{ietfIsis(1, 0), ietfIsis(2, 1)}, class: "IsisAdjacency", want: sys("2")[1:], link: "r1 e0 r2 e0 isis 0.95",
			finds: []string{"r2 e0 finds r1 e0 by IS-IS, but r1 e0 does not find r2"}},
		{name: "one-sided ospf", walk: [2]string{ospfRouter, ospfRouter + ospfFinds}, class: "OspfAdjacency", want: []string{"r2 e0 r1 e0 full -"}, link: "r1 e0 r2 e0 ospf 0.95",
			finds: []string{"r2 e0 finds r1 e0 by OSPF, but r1 e0 does not find r2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var quads []rdf.Quad
			for i := range 2 {
				name := fmt.Sprintf("r%d", i+1)
				text := strings.NewReplacer("{N}", fmt.Sprint(i+1), "{M}", fmt.Sprint(2-i)).Replace(router + c.walk[i])
				if c.bare {
					text, _, _ = strings.Cut(text, "1.3.6.1.2.1.4.20.")
				}
				recording, err := snmprec.Read(name, strings.NewReader(text), snmprec.Limits{})
				if err != nil || len(recording.Findings) > 0 {
					t.Fatal(err, recording.Findings)
				}
				quads = append(quads, source(t, mapper, base, name, recording.Rows)...)
				if c.push[i] != "" {
					quads = append(quads, yangSource(t, schema, name, c.push[i])...)
				}
			}
			w := newWorld(t, base, quads)
			w.run(shippedRules(t, base))
			compare(t, "adjacencies", w.rows(`SELECT ?d ?i ?e ?j ?s ?level { ?a a twin:`+c.class+` ; twin:localDevice/twin:name ?d ; twin:localInterface/twin:name ?i ;
				twin:remoteDevice/twin:name ?e ; twin:remoteInterface/twin:name ?j ; twin:state ?s OPTIONAL { ?a twin:routingLevel ?l } BIND(COALESCE(?l, "-") AS ?level) }`), c.want)
			compare(t, "IP links", w.rows(`SELECT ?d ?i ?e ?j ?why ?sure { ?l a twin:IpLink ; twin:ipEndpoint ?x, ?y ; twin:ipEvidence ?why ; twin:confidence ?sure .
				?x twin:name ?i ; twin:interfaceOf/twin:name ?d . ?y twin:name ?j ; twin:interfaceOf/twin:name ?e FILTER(?d < ?e) }`), []string{c.link})
			compare(t, "findings", w.rows(`SELECT ?m { GRAPH ?g { ?f a twin:LinkContradictionFinding ; twin:message ?m } }`), c.finds)
		})
	}
}

// isisSchema compiles what the two ways of telling of IS-IS need.
func isisSchema(t *testing.T) *yang.Schema {
	t.Helper()
	sources := map[string][]byte{}
	for _, dir := range [...]string{"modules-ietf-ieee-iana", "modules-openconfig"} {
		files, err := filepath.Glob(filepath.Join(testenv.Shared(t, "data/yang"), dir, "*.yang"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources[filepath.Base(file)] = text
		}
	}
	s, problems, err := yang.Compile(sources, []string{"ietf-isis", "openconfig-network-instance", "openconfig-isis", "openconfig-policy-types"}, yang.Options{})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return s
}

// yangSource turns data in JSON into the source graph of a device, as the
// collector of NETCONF does.
func yangSource(t *testing.T, s *yang.Schema, device, text string) []rdf.Quad {
	t.Helper()
	graph := rdf.IRI(base + "graph/source/netconf/" + device)
	quads := []rdf.Quad{
		{S: graph, P: vocab.PropDescribes, O: rdf.IRI(base + "id/device/" + device), G: graph},
		{S: graph, P: vocab.PropDeviceName, O: rdf.String(device), G: graph},
	}
	_, problems, err := s.DecodeJSON(strings.NewReader(text), yang.DecodeOptions{}, func(f yang.Fact) bool {
		q := rdf.Quad{S: rdf.IRI(graph.Value() + "/" + f.Thing), P: f.P, O: f.O, G: graph}
		if f.Ref != "" {
			q.O = rdf.IRI(graph.Value() + "/" + f.Ref)
		}
		quads = append(quads, q)
		return true
	})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return quads
}
