package ontology_test

import (
	"strings"
	"testing"

	"nettwin/graph/rdf"
)

// claimCase is r1 as SNMP and NETCONF tell of it, with the provenance of both,
// and what its neighbour n heard by LLDP. Of eth1 SNMP told first, of eth2
// NETCONF; of eth3 NETCONF knows only the configuration, of eth4 SNMP alone
// tells. $SNMP and $NETCONF stand for the states of the sources.
const claimCase = `
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix if: <https://w3id.org/nettwin/mib/IF-MIB/> .
@prefix sys: <https://w3id.org/nettwin/mib/SNMPv2-MIB/> .
@prefix lldp: <https://w3id.org/nettwin/mib/LLDP-MIB/> .
@prefix i: <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix s: <graph/source/snmp/r1/> .
@prefix y: <graph/source/netconf/r1/> .
@prefix n: <graph/source/snmp/n/> .

GRAPH <graph/source/snmp/r1> {
  <graph/source/snmp/r1> twin:describes <id/device/r1> ; twin:deviceName "box-17" .
  s:system sys:sysName "core-old" .
  s:lldp lldp:lldpLocChassisIdSubtype "macAddress" ; lldp:lldpLocChassisId "02:00:00:00:00:01" ; lldp:lldpLocSysName "core-announced" .
  s:if1 a if:ifEntry ; if:ifIndex 1 ; if:ifDescr "eth1" ; if:ifAdminStatus "up" ; if:ifOperStatus "up" .
  s:ifx1 a if:ifXEntry ; if:ifIndex 1 ; if:ifAlias "old words" .
  s:if2 a if:ifEntry ; if:ifIndex 2 ; if:ifDescr "eth2" ; if:ifAdminStatus "up" ; if:ifOperStatus "up" .
  s:if3 a if:ifEntry ; if:ifIndex 3 ; if:ifDescr "eth3" ; if:ifAdminStatus "up" ; if:ifOperStatus "up" .
  s:if4 a if:ifEntry ; if:ifIndex 4 ; if:ifDescr "eth4" ; if:ifAdminStatus "up" ; if:ifOperStatus "down" .
}
GRAPH <graph/source/netconf/r1> {
  <graph/source/netconf/r1> twin:describes <id/device/r1> ; twin:deviceName "box-17" .
  y:sys <https://w3id.org/nettwin/yang/ietf-system/system/hostname> "core-new" .
  y:e1 a <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface> ; i:name "eth1" ; i:description "new words" ; i:admin-status "up" ; i:oper-status "lower-layer-down" .
  y:e2 a <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface> ; i:name "eth2" ; i:admin-status "down" ; i:oper-status "down" .
  y:e3 a <https://w3id.org/nettwin/yang/ietf-interfaces/interfaces/interface> ; i:name "eth3" ; i:enabled false .
}
GRAPH <graph/source/snmp/n> {
  <graph/source/snmp/n> twin:describes <id/device/n> ; twin:deviceName "n" .
  n:heard a lldp:lldpRemEntry ; lldp:lldpRemLocalPortNum 1 ; lldp:lldpRemChassisIdSubtype "macAddress" ;
    lldp:lldpRemChassisId "02:00:00:00:00:01" ; lldp:lldpRemSysName "core-heard" .
  n:heardtoo a lldp:lldpRemEntry ; lldp:lldpRemLocalPortNum 2 ; lldp:lldpRemChassisIdSubtype "macAddress" ;
    lldp:lldpRemChassisId "02:00:00:00:00:01" ; lldp:lldpRemSysName "core-heard" .
}
GRAPH <graph/provenance> {
  <graph/source/snmp/r1> twin:syncState "$SNMP" . <graph/source/netconf/r1> twin:syncState "$NETCONF" . <graph/source/snmp/n> twin:syncState "in sync" .
  <a/9> prov:generated <i/9> ; prov:endedAtTime "2026-11-22T09:00:00Z"^^xsd:dateTime .
  <a/10> prov:generated <i/10> ; prov:endedAtTime "2026-11-22T10:00:00Z"^^xsd:dateTime .
  <a/11> prov:generated <i/11> ; prov:endedAtTime "2026-11-22T11:00:00Z"^^xsd:dateTime .
  s:system twin:item <i/9> . s:lldp twin:item <i/11> . s:if1 twin:item <i/9> . s:ifx1 twin:item <i/9> . s:if2 twin:item <i/11> . s:if3 twin:item <i/9> . s:if4 twin:item <i/9> .
  y:sys twin:item <i/10> . y:e1 twin:item <i/10> . y:e2 twin:item <i/10> . y:e3 twin:item <i/11> .
  n:heard twin:item <i/11> .
}
`

// Goal: of what several sources say of a property the twin says one thing, by
// the declared order (claim-outdated.rule): who answers, who knows by itself,
// who changed last; and what the others say stays, with source and age.
// Method: names, states and descriptions of a device, told by hand, with all
// sources in step, one failed, one lost; answers by hand.
func TestClaims(t *testing.T) {
	for _, c := range []struct {
		snmp, netconf                  string
		names, admin, oper, words, old []string
	}{
		{"in sync", "in sync", []string{"core-new"}, []string{"eth1 up", "eth2 up", "eth3 up", "eth4 up"},
			[]string{"eth1 lowerLayerDown", "eth2 up", "eth3 up", "eth4 down"}, []string{"eth1 new words"}, []string{"eth1 old words snmp/r1 2026-11-22T09:00:00Z"}},
		{"stale", "in sync", []string{"core-new"}, []string{"eth1 up", "eth2 down", "eth3 down", "eth4 up"},
			[]string{"eth1 lowerLayerDown", "eth2 down", "eth3 up", "eth4 down"}, []string{"eth1 new words"}, []string{"eth1 old words snmp/r1 2026-11-22T09:00:00Z"}},
		{"in sync", "stale", []string{"core-new"}, []string{"eth1 up", "eth2 up", "eth3 up", "eth4 up"},
			[]string{"eth1 up", "eth2 up", "eth3 up", "eth4 down"}, []string{"eth1 old words"}, []string{"eth1 new words netconf/r1 2026-11-22T10:00:00Z"}},
		{"in sync", "lost", []string{"core-old"}, []string{"eth1 up", "eth2 up", "eth3 up", "eth4 up"},
			[]string{"eth1 up", "eth2 up", "eth3 up", "eth4 down"}, []string{"eth1 old words"}, []string{"eth1 new words netconf/r1 2026-11-22T10:00:00Z"}},
		{"lost", "lost", []string{"core-heard"}, []string{"eth1 up", "eth2 up", "eth3 up", "eth4 up"},
			[]string{"eth1 lowerLayerDown", "eth2 up", "eth3 up", "eth4 down"}, []string{"eth1 new words"}, []string{"eth1 old words snmp/r1 2026-11-22T09:00:00Z"}},
	} {
		t.Run(c.snmp+", "+c.netconf, func(t *testing.T) {
			text := strings.NewReplacer("$SNMP", c.snmp, "$NETCONF", c.netconf).Replace(claimCase)
			quads, err := rdf.ReadAll(strings.NewReader(text), rdf.TriG, rdf.ReaderOptions{Base: base})
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, base, quads)
			w.run(shippedRules(t, base))
			compare(t, "names", w.rows("SELECT ?n { <id/device/r1> twin:name ?n }"), c.names)
			for property, want := range map[string][]string{"adminStatus": c.admin, "operStatus": c.oper, "alias": c.words} {
				compare(t, property, w.rows("SELECT ?n ?v { ?i twin:interfaceOf <id/device/r1> ; twin:name ?n ; twin:"+property+" ?v }"), want)
			}
			compare(t, "what does not count", w.rows(`SELECT ?n ?v ?s ?t { ?c twin:claimProperty twin:alias ; twin:claimAbout/twin:name ?n ; twin:claimValue ?v ; twin:claimTime ?t ;
				twin:claimSource ?g ; twin:outdatedBy ?better BIND(STRAFTER(STR(?g), "/source/") AS ?s) }`), c.old)
			compare(t, "claims of a name", w.rows("SELECT ?v ?r { ?c twin:claimAbout <id/device/r1> ; twin:claimProperty twin:name ; twin:claimValue ?v ; twin:claimRank ?r }"),
				[]string{"core-old 1", "core-new 1", "core-announced 2", "core-heard 4", "box-17 3", "box-17 3"})
		})
	}
}
