package ontology_test

import (
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// flowCase is what two devices say of traffic: seen on the way in and out,
// with and without direction, ports, known interfaces; and what is no flow.
const flowCase = `
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix if: <https://w3id.org/nettwin/mib/IF-MIB/> .
@prefix ipfix: <https://w3id.org/nettwin/ipfix/> .

GRAPH <graph/source/snmp/a> {
  <graph/source/snmp/a> twin:describes <id/device/a> ; twin:deviceName "a" .
  <graph/source/snmp/a/ifTable/1> a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "e1" .
  <graph/source/snmp/a/ifTable/2> a if:ifEntry ; if:ifIndex 2 ; if:ifDescr "e2" .
}
GRAPH <graph/source/snmp/b> {
  <graph/source/snmp/b> twin:describes <id/device/b> ; twin:deviceName "b" .
  <graph/source/snmp/b/ifTable/1> a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "e1" .
}
GRAPH <graph/source/flow/a> {
  <graph/source/flow/a> twin:describes <id/device/a> ; twin:deviceName "a" .
  <graph/source/flow/a/flow/in> a ipfix:FlowRecord ; ipfix:sourceIPv4Address "192.0.2.1" ; ipfix:destinationIPv4Address "198.51.100.2" ;
    ipfix:protocolIdentifier 6 ; ipfix:sourceTransportPort 40000 ; ipfix:destinationTransportPort 443 ;
    ipfix:ingressInterface 1 ; ipfix:egressInterface 2 ; ipfix:flowDirection 0 ; ipfix:octetTotalCount 1000 ; ipfix:octetDeltaCount 10 .
  <graph/source/flow/a/flow/out> a ipfix:FlowRecord ; ipfix:sourceIPv4Address "192.0.2.1" ; ipfix:destinationIPv4Address "198.51.100.2" ;
    ipfix:protocolIdentifier 89 ; ipfix:sourceTransportPort 0 ; ipfix:destinationTransportPort 0 ;
    ipfix:ingressInterface 1 ; ipfix:egressInterface 2 ; ipfix:flowDirection 1 .
  <graph/source/flow/a/flow/local> a ipfix:FlowRecord ; ipfix:sourceIPv6Address "2001:db8::1" ; ipfix:destinationIPv6Address "2001:db8::2" ;
    ipfix:protocolIdentifier 58 ; ipfix:ingressInterface 0 ; ipfix:egressInterface 2 .
  <graph/source/flow/a/flow/unknown> a ipfix:FlowRecord ; ipfix:sourceIPv4Address "192.0.2.9" ; ipfix:destinationIPv4Address "192.0.2.8" ;
    ipfix:protocolIdentifier 17 ; ipfix:ingressInterface 77 .
  <graph/source/flow/a/flow/layer2> a ipfix:FlowRecord ; ipfix:ingressInterface 1 .
  <graph/source/flow/a/remainder> ipfix:octetTotalCount 5 .
}
GRAPH <graph/source/flow/b> {
  <graph/source/flow/b> twin:describes <id/device/b> ; twin:deviceName "b" .
  <graph/source/flow/b/flow/in> a ipfix:FlowRecord ; ipfix:sourceIPv4Address "192.0.2.1" ; ipfix:destinationIPv4Address "198.51.100.2" ;
    ipfix:protocolIdentifier 6 ; ipfix:ingressInterface 1 ; ipfix:egressInterface 2 .
}
`

// Goal: flow records become flows of the device that saw them, at its own
// interfaces, without counters; what has no addresses does not. Method: a
// source written by hand; questions with answers by hand.
func TestFlowAlignment(t *testing.T) {
	quads, err := rdf.ReadAll(strings.NewReader(flowCase), rdf.TriG, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, base, quads)
	w.run(shippedRules(t, base))
	for _, c := range []struct {
		what, query string
		want        []string
	}{
		{"flows", "SELECT ?f ?s ?d ?p ?by { ?f a twin:Flow ; twin:sourceAddress ?s ; twin:destinationAddress ?d ; twin:transportProtocol ?p ; twin:observedBy ?by }", []string{
			"id/flow/a/in 192.0.2.1 198.51.100.2 6 id/device/a", "id/flow/a/out 192.0.2.1 198.51.100.2 89 id/device/a",
			"id/flow/a/local 2001:db8::1 2001:db8::2 58 id/device/a", "id/flow/a/unknown 192.0.2.9 192.0.2.8 17 id/device/a",
			"id/flow/b/in 192.0.2.1 198.51.100.2 6 id/device/b"}},
		{"ports", "SELECT ?f ?s ?d { ?f twin:sourcePort ?s ; twin:destinationPort ?d }", []string{"id/flow/a/in 40000 443"}},
		{"direction", "SELECT ?f ?d { ?f twin:flowDirection ?d }", []string{"id/flow/a/in ingress", "id/flow/a/out egress"}},
		{"observed", "SELECT ?f ?i { ?f twin:observedAt ?i }", []string{"id/flow/a/in id/interface/a/e1", "id/flow/a/out id/interface/a/e2",
			"id/flow/a/local id/interface/a/e2", "id/flow/b/in id/interface/b/e1"}},
		{"both ways", "SELECT ?f ?i ?o { ?f twin:ingressInterface ?i ; twin:egressInterface ?o }", []string{
			"id/flow/a/in id/interface/a/e1 id/interface/a/e2", "id/flow/a/out id/interface/a/e1 id/interface/a/e2"}},
		{"record", "SELECT ?f ?n { ?f twin:flowRecord ?r GRAPH ?g { ?r <https://w3id.org/nettwin/ipfix/octetTotalCount> ?n } }", []string{"id/flow/a/in 1000"}},
		{"counters", "SELECT ?x { ?x <https://w3id.org/nettwin/ipfix/octetTotalCount> ?n }", nil},
		{"untyped", "SELECT ?x { ?x twin:sourceAddress ?s FILTER NOT EXISTS { ?x a twin:Flow } }", nil},
	} {
		compare(t, c.what, w.rows(c.query), c.want)
	}
}
