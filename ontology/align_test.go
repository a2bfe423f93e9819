package ontology_test

import (
	"fmt"
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// alignmentCase is two devices that show what the recordings do not: names
// that two interfaces share, one address in both tables, a link told by one
// end, a port known by its MAC address.
const alignmentCase = `
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix if: <https://w3id.org/nettwin/mib/IF-MIB/> .
@prefix ip: <https://w3id.org/nettwin/mib/IP-MIB/> .
@prefix ent: <https://w3id.org/nettwin/mib/ENTITY-MIB/> .
@prefix lldp: <https://w3id.org/nettwin/mib/LLDP-MIB/> .
@prefix sys: <https://w3id.org/nettwin/mib/SNMPv2-MIB/> .

GRAPH <graph/source/snmp/a> {
  <graph/source/snmp/a> twin:describes <id/device/A%201> ; twin:deviceName "a" .
  <graph/source/snmp/a/system> sys:sysName "<private>" ; sys:sysObjectID "1.3.6.1.4.1.32473.5.1" ; sys:sysDescr "ACME OS, Version 7.1(2)b, built today" .
  <graph/source/snmp/a/ifTable/1> a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "port" ; if:ifType "ethernetCsmacd" ; if:ifSpeed 4294967295 .
  <graph/source/snmp/a/ifTable/2> a if:ifEntry ; if:ifIndex 2 ; if:ifDescr "port" ; if:ifSpeed 1544000 .
  <graph/source/snmp/a/ifTable/3> a if:ifEntry ; if:ifIndex 3 ; if:ifDescr "long name 3" ; if:ifSpeed 0 .
  <graph/source/snmp/a/ifTable/4> a if:ifEntry ; if:ifIndex 4 .
  <graph/source/snmp/a/ifXTable/1> a if:ifXEntry ; if:ifIndex 1 ; if:ifName "" ; if:ifHighSpeed 100000 .
  <graph/source/snmp/a/ifXTable/2> a if:ifXEntry ; if:ifIndex 2 ; if:ifName "" ; if:ifHighSpeed 2 .
  <graph/source/snmp/a/ifXTable/3> a if:ifXEntry ; if:ifIndex 3 ; if:ifName "e0/3" ; if:ifHighSpeed 0 .
  <graph/source/snmp/a/ifXTable/5> a if:ifXEntry ; if:ifIndex 5 ; if:ifName "e5" .
  <graph/source/snmp/a/ipAddrTable/192.0.2.65> ip:ipAdEntAddr "192.0.2.65" ; ip:ipAdEntIfIndex 3 ; ip:ipAdEntNetMask "255.255.255.192" .
  <graph/source/snmp/a/ipAddressTable/1.4.192.0.2.65> ip:ipAddressAddr "192.0.2.65" ; ip:ipAddressIfIndex 3 ; ip:ipAddressType "unicast" ;
    ip:ipAddressPrefix <graph/source/snmp/a/ipAddressPrefixTable/3.1.4.192.0.2.64.26> .
  <graph/source/snmp/a/ipAddressTable/1.4.192.0.2.127> ip:ipAddressAddr "192.0.2.127" ; ip:ipAddressIfIndex 3 ; ip:ipAddressType "broadcast" .
  <graph/source/snmp/a/entPhysicalTable/1> a ent:entPhysicalEntry ; ent:entPhysicalIndex 1 ; ent:entPhysicalClass "chassis" ; ent:entPhysicalContainedIn 0 ;
    ent:entPhysicalName "Box" ; ent:entPhysicalMfgName "Example Networks, Inc. " ; ent:entPhysicalModelName "EX/9000 (rev. B)" ; ent:entPhysicalSerialNum " S-1 " .
  <graph/source/snmp/a/entPhysicalTable/2> a ent:entPhysicalEntry ; ent:entPhysicalIndex 2 ; ent:entPhysicalClass "module" ; ent:entPhysicalContainedIn 1 ; ent:entPhysicalName "slot" .
  <graph/source/snmp/a/entPhysicalTable/3> a ent:entPhysicalEntry ; ent:entPhysicalIndex 3 ; ent:entPhysicalClass "module" ; ent:entPhysicalContainedIn 1 ; ent:entPhysicalName "slot" .
  <graph/source/snmp/a/entPhysicalTable/4> a ent:entPhysicalEntry ; ent:entPhysicalIndex 4 ; ent:entPhysicalClass "port" ; ent:entPhysicalContainedIn 3 .
  <graph/source/snmp/a/entAliasMappingTable/4.0> ent:entPhysicalIndex 4 ; ent:entAliasMappingIdentifier <graph/source/snmp/a/ifTable/3> .
  <graph/source/snmp/a/lldpRemTable/0.3.1> a lldp:lldpRemEntry ; lldp:lldpRemLocalPortNum 3 ; lldp:lldpRemChassisId "02:00:00:00:00:0b" ;
    lldp:lldpRemPortId "02:00:00:00:00:b1" ; lldp:lldpRemSysName "b" .
}
GRAPH <graph/source/snmp/b> {
  <graph/source/snmp/b> twin:describes <id/device/b> ; twin:deviceName "b" .
  <graph/source/snmp/b/system> sys:sysName "b" .
  <graph/source/snmp/b/lldpLocalSystemData> lldp:lldpLocChassisIdSubtype "macAddress" ; lldp:lldpLocChassisId "02:00:00:00:00:0b" .
  <graph/source/snmp/b/ifTable/1> a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "up1" ; if:ifPhysAddress "02:00:00:00:00:b1" .
}
`

// Goal: the alignment rules keep what they promise where tables are odd.
// Method: a source written by hand; questions with answers by hand.
func TestAlignment(t *testing.T) {
	quads, err := rdf.ReadAll(strings.NewReader(alignmentCase), rdf.TriG, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, base, quads)
	w.run(shippedRules(t, base))
	for _, c := range []struct {
		what, query string
		want        []string
	}{
		{"interfaces", "SELECT ?i ?n { ?i a twin:Interface ; twin:name ?n }", []string{
			"id/interface/A%201/port@1 port", "id/interface/A%201/port@2 port", "id/interface/A%201/e0%2F3 e0/3",
			"id/interface/A%201/4 4", "id/interface/A%201/e5 e5", "id/interface/b/up1 up1"}},
		{"speeds", "SELECT ?x ?s { ?i twin:ifIndex ?x ; twin:speed ?s }", []string{"1 100000000000", "2 1544000"}},
		{"device", "SELECT ?d ?n ?c ?p ?v { ?d a twin:Device ; twin:name ?n ; twin:configuredName ?c ; twin:enterpriseNumber ?p ; twin:softwareVersion ?v }",
			[]string{"id/device/A%201 a a 32473 7.1(2)b"}},
		{"serial numbers", "SELECT ?d ?s { ?d a twin:Device ; twin:serialNumber ?s }", []string{"id/device/A%201 S-1"}},
		{"addresses", "SELECT ?a ?i ?l ?p ?first ?last { ?a a twin:Address ; twin:addressOf ?i ; twin:prefixLength ?l ; twin:prefix ?p ; twin:prefixFirst ?first ; twin:prefixLast ?last }",
			[]string{"id/address/A%201/192.0.2.65 id/interface/A%201/e0%2F3 26 192.0.2.64/26 3221226048 3221226111"}},
		{"all addresses", "SELECT ?a { ?a a twin:Address }", []string{"id/address/A%201/192.0.2.65"}},
		{"components", "SELECT ?c ?w { ?c a twin:Component OPTIONAL { ?c twin:partOf ?w } }", []string{
			"id/component/A%201/Box ", "id/component/A%201/slot@2 id/component/A%201/Box", "id/component/A%201/slot@3 id/component/A%201/Box",
			"id/component/A%201/@4 id/component/A%201/slot@3"}},
		{"port", "SELECT ?c ?i { ?c a twin:Port ; twin:componentInterface ?i }", []string{"id/component/A%201/@4 id/interface/A%201/e0%2F3"}},
		{"models", "SELECT ?m ?f ?n ?x { ?m a twin:ProductModel ; twin:manufacturer ?f ; twin:modelName ?n . ?x twin:productModel ?m }", []string{
			"id/model/example-networks-inc/ex-9000-rev-b Example Networks, Inc. EX/9000 (rev. B) id/device/A%201",
			"id/model/example-networks-inc/ex-9000-rev-b Example Networks, Inc. EX/9000 (rev. B) id/component/A%201/Box"}},
		{"adjacency", "SELECT ?l ?d ?r { ?a a twin:LldpAdjacency ; twin:localInterface ?l ; twin:remoteDevice ?d ; twin:remoteInterface ?r }",
			[]string{"id/interface/A%201/e0%2F3 id/device/b id/interface/b/up1"}},
		{"link", "SELECT ?l ?e { ?l a twin:Link ; twin:evidence ?e }", []string{"id/link/A%201/e0%2F3~b/up1 lldp-one"}},
	} {
		compare(t, c.what, w.rows(c.query), c.want)
	}

	// The other end begins to tell: the link stays the same resource.
	more := `@prefix lldp: <https://w3id.org/nettwin/mib/LLDP-MIB/> .
GRAPH <graph/source/snmp/a> {
  <graph/source/snmp/a/lldpLocalSystemData> lldp:lldpLocChassisIdSubtype "macAddress" ; lldp:lldpLocChassisId "02:00:00:00:00:0a" .
}
GRAPH <graph/source/snmp/b> {
  <graph/source/snmp/b/lldpRemTable/0.1.1> a lldp:lldpRemEntry ; lldp:lldpRemLocalPortNum 1 ; lldp:lldpRemChassisId "02:00:00:00:00:0a" ; lldp:lldpRemPortId "e0/3" .
}`
	added, err := rdf.ReadAll(strings.NewReader(more), rdf.TriG, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	w = newWorld(t, base, append(quads, added...))
	w.run(shippedRules(t, base))
	compare(t, "link of both ends", w.rows("SELECT ?l ?e { ?l a twin:Link ; twin:evidence ?e }"), []string{"id/link/A%201/e0%2F3~b/up1 lldp-both"})
}

// placesCase is what the alignments of services, links and the intended state
// must keep apart: a link of which LLDP tells nothing, and prefixes that are
// none or are contradicted; a place that two devices serve; names that are
// unknown or not unique.
const placesCase = `
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix if: <https://w3id.org/nettwin/mib/IF-MIB/> .
@prefix ip: <https://w3id.org/nettwin/mib/IP-MIB/> .
@prefix ospf: <https://w3id.org/nettwin/mib/OSPF-MIB/> .
@prefix sys: <https://w3id.org/nettwin/mib/SNMPv2-MIB/> .
`

// placesDevice writes the source of a device: name, then interfaces as
// "name admin oper address mask".
func placesDevice(name string, interfaces ...string) string {
	g := "<graph/source/snmp/" + name
	text := "GRAPH " + g + "> { " + g + `> twin:describes <id/device/` + name + `> ; twin:deviceName "` + name + `" . ` + g + `/system> sys:sysName "` + name + `" .` + "\n"
	for i, line := range interfaces {
		f := strings.Fields(line)
		text += fmt.Sprintf(`%s/ifTable/%d> a if:ifEntry ; if:ifIndex %d ; if:ifDescr "%s" ; if:ifAdminStatus "%s" ; if:ifOperStatus "%s" .`+"\n", g, i+1, i+1, f[0], f[1], f[2])
		text += fmt.Sprintf(`%s/ipAddrTable/%s> ip:ipAdEntAddr "%s" ; ip:ipAdEntIfIndex %d ; ip:ipAdEntNetMask "%s" .`+"\n", g, f[3], f[3], i+1, f[4])
	}
	return text + "}\n"
}

// Goal: the alignments of links by prefix, places of services and intended
// interfaces keep what they promise. Method: three devices and two files
// written by hand; questions with answers by hand.
func TestPlaces(t *testing.T) {
	const two, many = "255.255.255.252", "255.255.255.0"
	text := placesCase +
		placesDevice("a", "p1 up up 192.0.2.1 "+two, "p2 up down 192.0.2.5 "+two, "p3 up up 192.0.2.9 "+two, "lan up up 198.51.100.1 "+many, "lo up unknown 203.0.113.1 255.255.255.255") +
		placesDevice("b", "p1 up up 192.0.2.2 "+two, "p2 up down 192.0.2.6 "+two, "p3 up up 192.0.2.10 "+two, "lan down down 198.51.100.2 "+many) +
		placesDevice("c", "p3 up up 192.0.2.10 "+two, "p4 up up 192.0.2.13 "+two) + `
GRAPH <graph/source/snmp/a> { <graph/source/snmp/a/ospfIfTable/1> ospf:ospfIfIpAddress "192.0.2.1" . }
GRAPH <graph/source/file/services> {
  <id/service/s> a twin:Service ; twin:name "S" ; twin:serviceEndpoint <id/service-endpoint/x>, <id/service-endpoint/y> ; twin:transportProtocol 17 .
  <id/service-endpoint/x> a twin:ServiceEndpoint ; twin:name "X" ; twin:endpointPrefix "198.51.100.0/24" .
  <id/service-endpoint/y> a twin:ServiceEndpoint ; twin:endpointAddress "203.0.113.1", "203.0.113.99" .
}
GRAPH <graph/source/file/intended> {
  <graph/source/file/intended/1> a twin:IntendedInterface ; twin:onDeviceName "a" ; twin:name "p1" ; twin:adminStatus "up" ; twin:role "spare" ; twin:intendedAddress "192.0.2.1/30" .
  <graph/source/file/intended/2> a twin:IntendedInterface ; twin:onDeviceName "a" ; twin:name "p9" ; twin:adminStatus "up" .
  <graph/source/file/intended/3> a twin:IntendedInterface ; twin:onDeviceName "z" ; twin:name "p1" ; twin:adminStatus "up" .
}`
	quads, err := rdf.ReadAll(strings.NewReader(text), rdf.TriG, rdf.ReaderOptions{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, base, quads)
	w.run(shippedRules(t, base))
	for _, c := range []struct {
		what, query string
		want        []string
	}{
		// 192.0.2.8/30 has three holders, 192.0.2.12/30 one, a LAN is no link.
		{"links", "SELECT ?l ?e ?s { ?l a twin:Link ; twin:evidence ?e ; twin:linkStatus ?s }",
			[]string{"id/link/a/p1~b/p1 prefix up", "id/link/a/p2~b/p2 prefix down"}},
		{"OSPF", "SELECT ?i { ?i twin:runsProtocol 'ospf' }", []string{"id/interface/a/p1"}},
		{"places", "SELECT ?e ?l ?i { ?p a twin:ServicePlace ; twin:placeOf ?e ; twin:locator ?l OPTIONAL { ?p twin:servedBy ?i } }", []string{
			"id/service-endpoint/x 198.51.100.0/24 id/interface/a/lan", "id/service-endpoint/x 198.51.100.0/24 id/interface/b/lan",
			"id/service-endpoint/y 203.0.113.1 id/interface/a/lo", "id/service-endpoint/y 203.0.113.99 "}},
		{"attachments", "SELECT ?l ?d { ?p twin:locator ?l ; twin:attachedTo ?d }", []string{"198.51.100.0/24 id/device/a", "203.0.113.1 id/device/a"}},
		{"endpoints", "SELECT ?e ?i ?d { ?e twin:servingInterface ?i . ?i twin:interfaceOf ?d . ?e twin:servingDevice ?d }", []string{
			"id/service-endpoint/x id/interface/a/lan id/device/a", "id/service-endpoint/x id/interface/b/lan id/device/b", "id/service-endpoint/y id/interface/a/lo id/device/a"}},
		{"service", "SELECT ?s ?n ?p ?e { ?s a twin:Service ; twin:name ?n ; twin:transportProtocol ?p ; twin:serviceEndpoint ?e }",
			[]string{"id/service/s S 17 id/service-endpoint/x", "id/service/s S 17 id/service-endpoint/y"}},
		{"intended", "SELECT ?i ?p ?v { GRAPH <graph/intended> { ?i ?p ?v } }", []string{
			"id/interface/a/p1 https://w3id.org/nettwin/ns#adminStatus up", "id/interface/a/p1 https://w3id.org/nettwin/ns#role spare",
			"id/interface/a/p1 https://w3id.org/nettwin/ns#intendedAddress 192.0.2.1/30"}},
	} {
		compare(t, c.what, w.rows(c.query), c.want)
	}
}
