package main

import (
	"slices"
	"testing"
)

// interfaceSources asks by which rules and from which tables of which sources
// the twin knows of an interface: the premises of all derivations of facts that
// name it.
const interfaceSources = `PREFIX twin: <https://w3id.org/nettwin/ns#>
SELECT DISTINCT ?i ?from WHERE {
  ?i a twin:Interface ; twin:interfaceOf/twin:name "r1" ; twin:name "eth1" .
  GRAPH <https://demo.example/graph/derived> { ?d twin:derives ?fact ; twin:premise ?premise }
  FILTER(CONTAINS(?fact, CONCAT("<", STR(?i), ">")))
  FILTER(STRSTARTS(?premise, "<https://demo.example/graph/source/"))
  BIND(REPLACE(?premise, "^<https://demo.example/graph/source/([^/>]+/[^/>]+/[^/>]+).*$", "$1", "s") AS ?from)
}`

// TestOneInterfaceManySources: r1 eth1, of which IF-MIB, LLDP on both sides of
// the cable, and configuration and state by NETCONF, RESTCONF and gNMI tell, is
// one resource, and the derivations of its facts lead to each of them. The tables are those of
// the standards (RFC 2863, IEEE 802.1AB, RFC 8343).
func TestOneInterfaceManySources(t *testing.T) {
	d := shared.get(t)
	rows, err := askSPARQL(d.url, interfaceSources)
	if err != nil {
		t.Fatal(err)
	}
	var resources, from []string
	for _, row := range rows {
		resources, from = append(resources, row.s("i")), append(from, row.s("from"))
	}
	slices.Sort(resources)
	if resources = slices.Compact(resources); len(resources) != 1 {
		t.Errorf("r1 eth1 is %d resources: %q", len(resources), resources)
	}
	for _, want := range []string{"snmp/r1/ifTable", "snmp/r1/lldpLocPortTable", "snmp/r1/lldpRemTable",
		"netconf/r1/ietf-interfaces:interfaces", "netconf/r1/ietf-interfaces:interfaces-state",
		"restconf/r1/ietf-interfaces:interfaces", "restconf/r1/ietf-interfaces:interfaces-state",
		"gnmi/r1/ietf-interfaces:interfaces", "gnmi/r1/ietf-interfaces:interfaces-state"} {
		if !slices.Contains(from, want) {
			t.Errorf("no derivation leads to %s, but to %q", want, from)
		}
	}
}
