package ontology_test

import (
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// stitchCase is a switch with two routers and a host: r1 on port 1 and r2 on
// port 2 tell nothing of their neighbours, the host and a second one share
// port 3, port 4 is an uplink on which LLDP speaks. r1 and r2 know each other
// by ARP; VLAN 10 has ports 1 and 2 untagged and 4 tagged.
const stitchCase = `
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix if: <https://w3id.org/nettwin/mib/IF-MIB/> .
@prefix ip: <https://w3id.org/nettwin/mib/IP-MIB/> .
@prefix lldp: <https://w3id.org/nettwin/mib/LLDP-MIB/> .
@prefix bridge: <https://w3id.org/nettwin/mib/BRIDGE-MIB/> .
@prefix dot1q: <https://w3id.org/nettwin/mib/Q-BRIDGE-MIB/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix s: <graph/source/snmp/s/> .
@prefix r1: <graph/source/snmp/r1/> .
@prefix r2: <graph/source/snmp/r2/> .

GRAPH <graph/source/snmp/s> {
  <graph/source/snmp/s> twin:describes <id/device/s> ; twin:deviceName "s" .
  s:if1 a if:ifEntry ; if:ifIndex 101 ; if:ifDescr "p1" . s:if2 a if:ifEntry ; if:ifIndex 102 ; if:ifDescr "p2" .
  s:if3 a if:ifEntry ; if:ifIndex 103 ; if:ifDescr "p3" . s:if4 a if:ifEntry ; if:ifIndex 104 ; if:ifDescr "p4" .
  s:b1 bridge:dot1dBasePort 1 ; bridge:dot1dBasePortIfIndex 101 ; dot1q:dot1qPvid 10 . s:b2 bridge:dot1dBasePort 2 ; bridge:dot1dBasePortIfIndex 102 .
  s:b3 bridge:dot1dBasePort 3 ; bridge:dot1dBasePortIfIndex 103 . s:b4 bridge:dot1dBasePort 12 ; bridge:dot1dBasePortIfIndex 104 .
  s:f1 a dot1q:dot1qTpFdbEntry ; dot1q:dot1qFdbId 1 ; dot1q:dot1qTpFdbAddress "02:00:00:00:00:11" ; dot1q:dot1qTpFdbPort 1 ; dot1q:dot1qTpFdbStatus "learned" .
  s:f2 a dot1q:dot1qTpFdbEntry ; dot1q:dot1qFdbId 1 ; dot1q:dot1qTpFdbAddress "02:00:00:00:00:22" ; dot1q:dot1qTpFdbPort 2 .
  s:f3 a dot1q:dot1qTpFdbEntry ; dot1q:dot1qFdbId 7 ; dot1q:dot1qTpFdbAddress "02:00:00:00:00:33" ; dot1q:dot1qTpFdbPort 3 .
  s:f4 a dot1q:dot1qTpFdbEntry ; dot1q:dot1qFdbId 7 ; dot1q:dot1qTpFdbAddress "02:00:00:00:00:34" ; dot1q:dot1qTpFdbPort 3 .
  s:f5 a dot1q:dot1qTpFdbEntry ; dot1q:dot1qFdbId 1 ; dot1q:dot1qTpFdbAddress "02:00:00:00:00:44" ; dot1q:dot1qTpFdbPort 12 .
  s:f6 a dot1q:dot1qTpFdbEntry ; dot1q:dot1qFdbId 1 ; dot1q:dot1qTpFdbAddress "02:00:00:00:00:45" ; dot1q:dot1qTpFdbPort 12 .
  s:f7 a dot1q:dot1qTpFdbEntry ; dot1q:dot1qFdbId 1 ; dot1q:dot1qTpFdbAddress "02:00:00:00:00:99" ; dot1q:dot1qTpFdbPort 1 ; dot1q:dot1qTpFdbStatus "self" .
  s:f8 a bridge:dot1dTpFdbEntry ; bridge:dot1dTpFdbAddress "02:00:00:00:00:11" ; bridge:dot1dTpFdbPort 1 .
  s:v10 a dot1q:dot1qVlanStaticEntry ; dot1q:dot1qVlanIndex 10 ; dot1q:dot1qVlanStaticEgressPorts "C010"^^xsd:hexBinary ; dot1q:dot1qVlanStaticUntaggedPorts "C000"^^xsd:hexBinary .
  s:c10 dot1q:dot1qVlanIndex 10 ; dot1q:dot1qVlanFdbId 1 .
  s:heard a lldp:lldpRemEntry ; lldp:lldpRemLocalPortNum 104 ; lldp:lldpRemChassisId "02:00:00:00:00:77" ; lldp:lldpRemPortId "x" .
}
GRAPH <graph/source/snmp/r1> {
  <graph/source/snmp/r1> twin:describes <id/device/r1> ; twin:deviceName "r1" .
  r1:if1 a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "e0" ; if:ifPhysAddress "02:00:00:00:00:11" .
  r1:a ip:ipAdEntAddr "192.0.2.1" ; ip:ipAdEntIfIndex 1 ; ip:ipAdEntNetMask "255.255.255.0" .
  r1:n1 a ip:ipNetToMediaEntry ; ip:ipNetToMediaIfIndex 1 ; ip:ipNetToMediaNetAddress "192.0.2.2" ; ip:ipNetToMediaPhysAddress "02:00:00:00:00:22" ; ip:ipNetToMediaType "dynamic" .
  r1:n2 a ip:ipNetToMediaEntry ; ip:ipNetToMediaIfIndex 1 ; ip:ipNetToMediaNetAddress "192.0.2.33" ; ip:ipNetToMediaPhysAddress "02:00:00:00:00:33" .
  r1:n3 a ip:ipNetToMediaEntry ; ip:ipNetToMediaIfIndex 1 ; ip:ipNetToMediaNetAddress "192.0.2.50" ; ip:ipNetToMediaPhysAddress "02:00:00:00:00:50" ; ip:ipNetToMediaType "invalid" .
}
GRAPH <graph/source/snmp/r2> {
  <graph/source/snmp/r2> twin:describes <id/device/r2> ; twin:deviceName "r2" .
  r2:if1 a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "e0" ; if:ifPhysAddress "02:00:00:00:00:22" .
  r2:a ip:ipAdEntAddr "192.0.2.2" ; ip:ipAdEntIfIndex 1 ; ip:ipAdEntNetMask "255.255.255.0" .
  r2:n1 a ip:ipNetToPhysicalEntry ; ip:ipNetToPhysicalIfIndex 1 ; ip:ipNetToPhysicalNetAddress "192.0.2.33" ; ip:ipNetToPhysicalPhysAddress "02:00:00:00:00:34" ; ip:ipNetToPhysicalType "dynamic" .
}
`

// Goal: learnt addresses become attachments, hosts and links, with what is
// known of their certainty, and what contradicts is found. Method: sources
// written by hand through all shipped rules; questions with answers by hand.
func TestStitching(t *testing.T) {
	quads, err := rdf.ReadAll(strings.NewReader(stitchCase), rdf.TriG, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, base, quads)
	w.run(shippedRules(t, base))
	for _, c := range []struct {
		what, query string
		want        []string
	}{
		{"attachments", "SELECT ?m ?p ?v ?k { ?a a twin:MacAttachment ; twin:learntMac ?m ; twin:learntVlan ?v ; twin:learntKind ?k ; twin:learntOn/twin:name ?p ; twin:learntBy <id/device/s> }", []string{
			"02:00:00:00:00:11 p1 10 direct", "02:00:00:00:00:22 p2 10 direct", "02:00:00:00:00:33 p3 7 shared", "02:00:00:00:00:34 p3 7 shared",
			"02:00:00:00:00:44 p4 10 transit", "02:00:00:00:00:45 p4 10 transit"}},
		{"endpoints", "SELECT ?m ?p ?a ?c { ?e a twin:Endpoint ; twin:endpointMac ?m ; twin:endpointAt/twin:name ?p ; twin:endpointConfidence ?c OPTIONAL { ?e twin:endpointIp ?a } }", []string{
			"02:00:00:00:00:33 p3 192.0.2.33 0.5", "02:00:00:00:00:34 p3 192.0.2.33 0.5"}},
		{"links", "SELECT ?d1 ?p1 ?d2 ?p2 ?e ?c { ?l a twin:Link ; twin:endpoint ?x, ?y ; twin:evidence ?e ; twin:confidence ?c . ?x twin:name ?p1 ; twin:interfaceOf/twin:name ?d1 . ?y twin:name ?p2 ; twin:interfaceOf/twin:name ?d2 FILTER(?d1 < ?d2) }", []string{
			"r1 e0 s p1 fdb 0.7", "r2 e0 s p2 fdb 0.7"}},
		{"IP links", "SELECT ?d1 ?d2 ?e ?c { ?l a twin:IpLink ; twin:ipEndpoint ?x, ?y ; twin:ipEvidence ?e ; twin:confidence ?c . ?x twin:interfaceOf/twin:name ?d1 . ?y twin:interfaceOf/twin:name ?d2 FILTER(?d1 < ?d2) }", []string{
			"r1 r2 arp 0.9"}},
		{"VLAN members", "SELECT ?n ?p ?k { ?v twin:vlanId ?n ; twin:vlanMember ?i . ?i twin:name ?p . BIND(IF(EXISTS { ?v twin:untaggedMember ?i }, 'plain', IF(EXISTS { ?v twin:taggedMember ?i }, 'tagged', '?')) AS ?k) }", []string{
			"10 p1 plain", "10 p2 plain", "10 p4 tagged"}},
		{"port VLANs", "SELECT ?p ?v { ?i twin:portVlan ?v ; twin:name ?p }", []string{"p1 10"}},
		{"findings", "SELECT ?m { GRAPH ?d { ?f a twin:AddressContestedFinding ; twin:message ?m } }", []string{
			"address 192.0.2.33 has two MAC addresses: 02:00:00:00:00:33 and 02:00:00:00:00:34"}},
	} {
		compare(t, c.what, w.rows(c.query), c.want)
	}
}
