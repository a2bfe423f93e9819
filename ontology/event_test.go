package ontology_test

import (
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// eventCase is a device with two sources of events beside what it says by
// SNMP: one event for each way to name an interface, one that names none, and
// one that is not notable.
const eventCase = `
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix if: <https://w3id.org/nettwin/mib/IF-MIB/> .
@prefix ip: <https://w3id.org/nettwin/mib/IP-MIB/> .
@prefix ospf: <https://w3id.org/nettwin/mib/OSPF-MIB/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

GRAPH <graph/source/snmp/a> {
  <graph/source/snmp/a> twin:describes <id/device/a> ; twin:deviceName "a" .
  <graph/source/snmp/a/ifTable/3> a if:ifEntry ; if:ifIndex 3 ; if:ifDescr "eth3" .
  <graph/source/snmp/a/ifTable/4> a if:ifEntry ; if:ifIndex 4 ; if:ifDescr "eth4" .
  <graph/source/snmp/a/ipAddrTable/192.0.2.1> ip:ipAdEntAddr "192.0.2.1" ; ip:ipAdEntIfIndex 4 ; ip:ipAdEntNetMask "255.255.255.252" .
  <graph/source/snmp/a/ospfNbrTable/192.0.2.2.0> ospf:ospfNbrIpAddr "192.0.2.2" ; ospf:ospfNbrAddressLessIndex 0 ; ospf:ospfNbrState "full" .
  <graph/source/snmp/a/ospfIfTable/192.0.2.1.0> ospf:ospfIfIpAddress "192.0.2.1" ; ospf:ospfAddressLessIf 0 .
}
GRAPH <graph/source/snmp/b> {
  <graph/source/snmp/b> twin:describes <id/device/b> ; twin:deviceName "b" .
  <graph/source/snmp/b/ifTable/3> a if:ifEntry ; if:ifIndex 3 ; if:ifDescr "eth3" .
}
GRAPH <graph/source/trap/a> {
  <graph/source/trap/a> twin:describes <id/device/a> ; twin:deviceName "a" .
  <graph/source/trap/a/event/T1> a twin:NotableEvent ; twin:receivedTime "2026-11-22T10:00:00.5Z"^^xsd:dateTime ; twin:reportedSeverity "error" ;
    twin:reportedType twin:InterfaceDownEvent ; twin:reportedMessage "linkDown" ; twin:namesIfIndex 3 .
  <graph/source/trap/a/event/T2> a twin:NotableEvent ; twin:receivedTime "2026-11-22T10:00:01Z"^^xsd:dateTime ; twin:reportedSeverity "warning" ; twin:namesAddress "192.0.2.1" .
  <graph/source/trap/a/event/T3> a twin:NotableEvent ; twin:receivedTime "2026-11-22T10:00:02Z"^^xsd:dateTime ; twin:reportedSeverity "warning" ; twin:namesNeighbor "192.0.2.2" .
  <graph/source/trap/a/event/T4> twin:receivedTime "2026-11-22T10:00:02Z"^^xsd:dateTime ; twin:reportedSeverity "debug" ; twin:namesIfIndex 3 .
}
GRAPH <graph/source/syslog/a> {
  <graph/source/syslog/a> twin:describes <id/device/a> ; twin:deviceName "a" .
  <graph/source/syslog/a/event/T1> a twin:NotableEvent ; twin:receivedTime "2026-11-22T10:00:03Z"^^xsd:dateTime ; twin:reportedSeverity "notice" ; twin:namesInterface "eth4" .
  <graph/source/syslog/a/event/T5> a twin:NotableEvent ; twin:receivedTime "2026-11-22T10:00:03Z"^^xsd:dateTime ; twin:reportedSeverity "notice" ; twin:namesInterface "eth9" .
}
`

// Goal: notable events are lifted with what their sources say, and are about
// the interface of their own device that they name, in each of four ways.
// Method: sources written by hand; answers by hand.
func TestEvents(t *testing.T) {
	quads, err := rdf.ReadAll(strings.NewReader(eventCase), rdf.TriG, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, base, quads)
	w.run(shippedRules(t, base))
	compare(t, "events", w.rows("SELECT ?e ?d ?t ?s ?m { ?e a twin:Event ; twin:onDevice ?d ; twin:eventTime ?t ; twin:severity ?s ; twin:eventSource ?row OPTIONAL { ?e twin:message ?m } }"), []string{
		"id/event/trap/a/T1 id/device/a 2026-11-22T10:00:00.5Z error linkDown",
		"id/event/trap/a/T2 id/device/a 2026-11-22T10:00:01Z warning ", "id/event/trap/a/T3 id/device/a 2026-11-22T10:00:02Z warning ",
		"id/event/syslog/a/T1 id/device/a 2026-11-22T10:00:03Z notice ", "id/event/syslog/a/T5 id/device/a 2026-11-22T10:00:03Z notice "})
	compare(t, "types", w.rows("SELECT ?e ?t { ?e twin:eventType ?t }"), []string{"id/event/trap/a/T1 https://w3id.org/nettwin/ns#InterfaceDownEvent"})
	compare(t, "about", w.rows("SELECT ?e ?i { ?e a twin:Event ; twin:about ?x . ?x twin:name ?i ; twin:interfaceOf <https://twin.test/id/device/a> }"), []string{
		"id/event/trap/a/T1 eth3", "id/event/trap/a/T2 eth4", "id/event/trap/a/T3 eth4", "id/event/syslog/a/T1 eth4"})
}
