package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nettwin/graph"
)

// recordedOutputs are answers of four devices of four systems that hear each
// other by LLDP: a1 and j1 in full, n1 and a2 in brief.
var recordedOutputs = map[string]string{
	"a1/show_version_|_json.txt": `{"modelName": "DCS-7050", "internalVersion": "4.30.1F-1", "systemMacAddress": "00:1c:73:00:00:01", "serialNumber": "JPE1",
		"version": "4.30.1F", "bootupTimestamp": 1700000000.5, "architecture": "x86_64"}`,
	"a1/show_hostname_|_json.txt": `{"hostname": "a1", "fqdn": "a1"}`,
	"a1/show_interfaces_|_json.txt": `{"interfaces": {"Ethernet1": {"name": "Ethernet1", "hardware": "ethernet", "interfaceStatus": "connected", "mtu": 9214,
		"bandwidth": 10000000000, "physicalAddress": "00:1c:73:00:01:01", "description": "to j1", "interfaceAddress": []},
		"Ethernet2": {"name": "Ethernet2", "hardware": "ethernet", "interfaceStatus": "disabled", "interfaceAddress": []}}}`,
	"a1/show_lldp_neighbors_detail_|_json.txt": `{"lldpNeighbors": {"Ethernet1": {"lldpNeighborInfo": [{"chassisId": "2c21.31a5.17c0", "systemName": "j1",
		"systemCapabilities": {"bridge": true, "router": true}, "neighborInterfaceInfo": {"interfaceId": "\"ge-0/0/0\"", "interfaceIdType": "interfaceName"}}]}}}`,
	"a1/show_arp_|_json.txt": `{"vrfs": {"default": {"ipV4Neighbors": [{"hwAddress": "2c21.31a5.1700", "address": "192.0.2.2", "interface": "Ethernet1"}]}}}`,
	"j1/show_version.xml":    `<rpc-reply><software-information><host-name>j1</host-name><product-model>mx204</product-model><junos-version>21.4R1</junos-version></software-information></rpc-reply>`,
	"j1/show_interfaces.xml": `<rpc-reply><interface-information><physical-interface><name>ge-0/0/0</name><admin-status>up</admin-status><oper-status>up</oper-status>
		<speed>10Gbps</speed><current-physical-address>2c:21:31:a5:17:00</current-physical-address></physical-interface></interface-information></rpc-reply>`,
	"j1/show_lldp_neighbors.xml": `<rpc-reply><lldp-neighbors-information><lldp-neighbor-information><lldp-local-interface>ge-0/0/0</lldp-local-interface>
		<lldp-remote-chassis-id>00:1c:73:00:00:01</lldp-remote-chassis-id><lldp-remote-port-id>Ethernet1</lldp-remote-port-id>
		<lldp-remote-system-name>a1</lldp-remote-system-name></lldp-neighbor-information></lldp-neighbors-information></rpc-reply>`,
	"n1/show_version.json": `{"header_str": "x", "host_name": "n1", "sys_ver_str": "9.2(3)", "chassis_id": "Nexus9000", "proc_board_id": "SAL1", "manufacturer": "Cisco Systems, Inc."}`,
	"n1/show_lldp_neighbors.txt": `Device ID            Local Intf      Hold-time  Capability  Port ID
a2                   Eth1/1          120        BR          Ethernet7
nobody               Eth1/2          120                    e1
`,
	"n1/show_mac_address-table.json": `{"TABLE_mac_address": {"ROW_mac_address": [{"disp_mac_addr": "0050.568c.0b73", "disp_vlan": "10", "disp_is_static": "disabled", "disp_port": "Eth1/1"},
		{"disp_mac_addr": "0050.568c.0b74", "disp_vlan": "10", "disp_is_static": "enabled", "disp_port": "Eth1/1"}]}}`,
	"a2/show_lldp_neighbors_|_json.txt": `{"lldpNeighbors": [{"port": "Ethernet7", "neighborDevice": "n1", "neighborPort": "Ethernet1/1", "ttl": 120}]}`,
}

// Goal: a folder of what devices answered to commands is a network: its
// devices, what they are, their interfaces and the links that LLDP tells of, in
// whatever form and detail each told it; replayed again it changes nothing, and
// what a later answer no longer says is gone. Method: answers of four systems,
// written by hand after their forms; questions to the twin.
func TestReplayOutputs(t *testing.T) {
	dir := t.TempDir()
	for name, text := range recordedOutputs {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := newReplay(t)
	replay := func() {
		t.Helper()
		report, err := r.twin.play(t.Context(), r.env.log, (*moduleFolder)(nil).of(nil), dir, "")
		if err == nil && len(report.Failures) > 0 {
			err = report.Failures[0]
		}
		if err == nil {
			err = r.twin.rules.Apply(t.Context(), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(query string, want ...string) {
		t.Helper()
		var got []string
		for _, one := range r.ask(query) {
			got = append(got, one.s("text"))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s gives\n%s\nexpected\n%s", query, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	links := `SELECT ?text WHERE { ?l a twin:Link ; twin:evidence ?e ; twin:endpoint ?a, ?b . FILTER(STR(?a) < STR(?b))
		?a twin:name ?x ; twin:interfaceOf/twin:configuredName ?m . ?b twin:name ?y ; twin:interfaceOf/twin:configuredName ?n .
		BIND(IF(?m < ?n, CONCAT(?m, " ", ?x, " ", ?n, " ", ?y, " ", ?e), CONCAT(?n, " ", ?y, " ", ?m, " ", ?x, " ", ?e)) AS ?text) }`
	replay()
	check(links, "a1 Ethernet1 j1 ge-0/0/0 lldp-both", "a2 Ethernet7 n1 Ethernet1/1 lldp-both")
	check(`SELECT ?text WHERE { ?d a twin:Device ; twin:configuredName ?n ; twin:modelName ?m ; twin:vendor ?v ; twin:softwareVersion ?s ; twin:operatingSystem ?o .
		BIND(CONCAT(?n, "|", ?v, "|", ?m, "|", ?o, "|", ?s) AS ?text) }`,
		"a1|Arista|DCS-7050|EOS|4.30.1F", "j1|Juniper|mx204|Junos|21.4R1", "n1|Cisco|Nexus9000|NX-OS|9.2(3)")
	check(`SELECT ?text WHERE { ?d twin:configuredName "a1" ; twin:hasInterface ?i . ?i twin:name ?n ; twin:operStatus ?o ; twin:adminStatus ?a .
		BIND(CONCAT(?n, " ", ?a, " ", ?o) AS ?text) }`, "Ethernet1 up up", "Ethernet2 down down")
	check(`SELECT ?text WHERE { ?x a twin:IpNeighbor ; twin:neighborAddress ?a ; twin:neighborMac ?m . BIND(CONCAT(?a, " ", ?m) AS ?text) }`, "192.0.2.2 2c:21:31:a5:17:00")
	check(`SELECT ?text WHERE { ?x a twin:MacAttachment ; twin:learntMac ?m ; twin:learntVlan ?v . BIND(CONCAT(?m, " ", STR(?v)) AS ?text) }`, "00:50:56:8c:0b:73 10")
	before := r.head()
	replay()
	if after := r.head(); after > before+4 { // a contact of each device
		t.Errorf("the same answers again are %d commits", after-before)
	}
	if err := os.WriteFile(filepath.Join(dir, "n1", "show_lldp_neighbors.txt"), []byte(strings.ReplaceAll(recordedOutputs["n1/show_lldp_neighbors.txt"], "a2 ", "a9 ")), 0o600); err != nil {
		t.Fatal(err)
	}
	replay()
	check(links, "a1 Ethernet1 j1 ge-0/0/0 lldp-both", "a2 Ethernet7 n1 Ethernet1/1 lldp-one")
}

// head is the number of the newest commit.
func (r *replay) head() uint64 {
	r.t.Helper()
	snapshot, err := r.twin.store.Snapshot(graph.At{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer snapshot.Close()
	return uint64(snapshot.Commit().Seq)
}
