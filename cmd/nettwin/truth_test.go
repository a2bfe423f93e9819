package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"nettwin/fixtures"
)

// The tests of this file compare the twin of the demo, asked by SPARQL over
// HTTP, with what the routers of the recording said about themselves by other
// ways (fixtures/README.md): ip, vtysh, lldpcli and the cabling. Each compares
// in both directions: nothing is missing, nothing is made up.

// truthOf reads a router's own answer: the recorded one, or in the real lab
// (lab_linux_test.go) what the router said there.
var truthOf = fixtures.Truth

// truth decodes one of a router's own answers.
func truth[T any](t *testing.T, device, file string) T {
	t.Helper()
	data, err := truthOf(device, file)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s/%s: %v", device, file, err)
	}
	return v
}

func topology(t *testing.T) fixtures.Topology {
	t.Helper()
	topology, err := fixtures.ReadTopology()
	if err != nil {
		t.Fatal(err)
	}
	return topology
}

// ipLink is an interface as `ip -j link` and `ip -j addr` show it.
type ipLink struct {
	Name    string   `json:"ifname"`
	Index   int      `json:"ifindex"`
	MTU     int      `json:"mtu"`
	Flags   []string `json:"flags"`
	Address string   `json:"address"`
	Alias   string   `json:"ifalias"`
	Addrs   []struct {
		Local string `json:"local"`
		Bits  int    `json:"prefixlen"`
	} `json:"addr_info"`
}

func (l ipLink) is(flag string) string {
	if slices.Contains(l.Flags, flag) {
		return "up"
	}
	return "down"
}

// TestTruthRouters compares the devices with the routers of the cabling plan:
// name, management address, router id and autonomous system. The hosts and the
// access switch are not managed and therefore no devices of the twin.
func TestTruthRouters(t *testing.T) {
	d := shared.get(t)
	same(t, "devices", lines(d.ask(t, `SELECT ?name WHERE { ?d a twin:Device ; twin:name ?name }`), "name"), topology(t).Routers)
	network, err := fixtures.ReadNetwork()
	if err != nil {
		t.Fatal(err)
	}
	var real []string
	for _, device := range network.Devices {
		bgp := truth[bgpSummary](t, device.Name, "bgp-summary.json").IPv4Unicast
		real = append(real, fmt.Sprintf("%s %s %s %d", device.Name, device.ManagementAddress, bgp.RouterID, bgp.AS))
	}
	same(t, "router identifiers", lines(d.ask(t, `SELECT ?name ?address ?id ?as WHERE {
		?d a twin:Device ; twin:name ?name ; twin:managementAddress ?address ; twin:routerId ?id ; twin:autonomousSystem ?as }`),
		"name", "address", "id", "as"), real)
}

// TestTruthInterfaces compares every interface with `ip link`: index, name,
// MTU, MAC address, wanted and actual state. IF-MIB gives no MAC address to a
// loopback, where ip shows zeros.
func TestTruthInterfaces(t *testing.T) {
	rows := shared.get(t).ask(t, `SELECT * WHERE {
		?i a twin:Interface ; twin:interfaceOf ?d ; twin:name ?name ; twin:ifIndex ?index .
		?d twin:name ?device .
		OPTIONAL { ?i twin:adminStatus ?admin } OPTIONAL { ?i twin:operStatus ?oper }
		OPTIONAL { ?i twin:macAddress ?mac } OPTIONAL { ?i twin:mtu ?mtu } }`)
	var real []string
	for _, device := range topology(t).Routers {
		for _, l := range truth[[]ipLink](t, device, "link.json") {
			mac := l.Address
			if mac == "00:00:00:00:00:00" {
				mac = "-"
			}
			real = append(real, fmt.Sprintf("%s %d %s %d %s %s %s", device, l.Index, l.Name, l.MTU, mac, l.is("UP"), l.is("LOWER_UP")))
		}
	}
	same(t, "interfaces", lines(rows, "device", "index", "name", "mtu", "mac", "admin", "oper"), real)
}

// TestTruthInterfaceTexts compares what operators wrote at interfaces with
// `ip link`, and speeds with vtysh, both where these tell one: mgmt0 got its
// text by SNMP alone, and vtysh knows no speed of a loopback.
func TestTruthInterfaceTexts(t *testing.T) {
	type vtysh map[string]struct{ Speed int64 }
	d := shared.get(t)
	aliases := d.ask(t, `SELECT * WHERE { ?i a twin:Interface ; twin:interfaceOf ?d ; twin:name ?name ; twin:alias ?alias .
		?d twin:name ?device . FILTER(?name != "mgmt0") }`)
	speeds := d.ask(t, `SELECT * WHERE { ?i a twin:Interface ; twin:interfaceOf ?d ; twin:name ?name ; twin:speed ?speed .
		?d twin:name ?device . FILTER(?name != "lo") }`)
	var realAliases, realSpeeds []string
	for _, device := range topology(t).Routers {
		for _, l := range truth[[]ipLink](t, device, "link.json") {
			if l.Alias != "" {
				realAliases = append(realAliases, fmt.Sprintf("%s %s %s", device, l.Name, l.Alias))
			}
		}
		for name, i := range truth[vtysh](t, device, "interface.json") {
			if i.Speed > 0 && name != "lo" {
				realSpeeds = append(realSpeeds, fmt.Sprintf("%s %s %d", device, name, i.Speed*1_000_000))
			}
		}
	}
	same(t, "aliases", lines(aliases, "device", "name", "alias"), realAliases)
	same(t, "speeds", lines(speeds, "device", "name", "speed"), realSpeeds)
}

// TestTruthAddresses compares every address, IPv4 and IPv6, with `ip addr`:
// interface, address and prefix length. What IP-MIB as snmpd serves it cannot
// carry is the zone of a link-local address: its rows have the type ipv6, not
// ipv6z (RFC 4001), so that two equal link-local addresses of one router would
// be one row. The recording has none such, which is checked.
func TestTruthAddresses(t *testing.T) {
	d := shared.get(t)
	rows := d.ask(t, `SELECT * WHERE {
		?a a twin:Address ; twin:address ?address ; twin:addressOf ?i .
		?i twin:interfaceOf ?d ; twin:name ?name . ?d twin:name ?device ; twin:hasAddress ?a .
		OPTIONAL { ?a twin:prefixLength ?length } OPTIONAL { ?a twin:prefix ?prefix } }`)
	var real, prefixes []string
	for _, device := range topology(t).Routers {
		recorded, seen := recordedObjects(t, device), map[netip.Addr]bool{}
		for _, l := range truth[[]ipLink](t, device, "addr.json") {
			for _, a := range l.Addrs {
				address := netip.MustParseAddr(a.Local)
				real = append(real, fmt.Sprintf("%s %s %s %d", device, l.Name, address, a.Bits))
				prefix := netip.PrefixFrom(address, a.Bits).Masked()
				if address.Is4() || recorded[prefixRow(l.Index, prefix)] {
					prefixes = append(prefixes, fmt.Sprintf("%s %s %s", device, address, prefix))
				}
				if seen[address] {
					t.Errorf("%s has %s twice: IP-MIB cannot carry that", device, address)
				}
				seen[address] = true
			}
		}
	}
	same(t, "addresses", lines(rows, "device", "name", "address", "length"), real)
	rows = slices.DeleteFunc(rows, func(r row) bool { return r.s("prefix") == "" })
	same(t, "prefixes", lines(rows, "device", "address", "prefix"), prefixes)
	if n := len(d.ask(t, `SELECT ?a WHERE { ?a a twin:Address }`)); n != len(real) {
		t.Errorf("%d resources are twin:Address, %d addresses are real", n, len(real))
	}
}

// prefixRow is the object that shows the prefix of an IPv6 address on an
// interface: snmpd leaves out some rows of ipAddressPrefixTable.
func prefixRow(ifIndex int, p netip.Prefix) string {
	oid := fmt.Sprintf("1.3.6.1.2.1.4.32.1.5.%d.2.16", ifIndex)
	for _, octet := range p.Addr().As16() {
		oid += fmt.Sprintf(".%d", octet)
	}
	return fmt.Sprintf("%s.%d", oid, p.Bits())
}

// recordedObjects are the objects in a recording.
func recordedObjects(t *testing.T, device string) map[string]bool {
	t.Helper()
	data, err := fixtures.Recording(device)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		oid, _, _ := strings.Cut(line, "|")
		objects[oid] = true
	}
	return objects
}

// end is a router's interface in text.
func end(device, name string) string { return device + ":" + name }

// TestTruthLinks compares the links with the cabling between routers, which no
// device was asked for. The evidence follows from lldpcli: lldp-both where each
// end names the other, lldp-one where one does. Of the chord r4–r8 one end
// lies, of the spare r3–r7 one end is down: both have a link by one end's word.
// Beside it stands the prefix that by "ip addr" both ends of a cable, and no
// other interface, have an address in.
func TestTruthLinks(t *testing.T) {
	rows := shared.get(t).ask(t, `SELECT * WHERE {
		?l a twin:Link ; twin:endpoint ?x , ?y ; twin:evidence ?evidence .
		FILTER(STR(?x) < STR(?y))
		?x twin:name ?xn ; twin:interfaceOf ?xd . ?xd twin:name ?xdn .
		?y twin:name ?yn ; twin:interfaceOf ?yd . ?yd twin:name ?ydn .
		?l twin:linkOf ?xd , ?yd }`)
	heard, cables := heardByLLDP(t), 0
	var graph, real []string
	for _, r := range rows {
		graph = append(graph, cable(end(r.s("xdn"), r.s("xn")), end(r.s("ydn"), r.s("yn")))+" "+r.s("evidence"))
	}
	for _, l := range topology(t).Links {
		if l.A.Kind != "router" || l.B.Kind != "router" {
			continue
		}
		a, b := end(l.A.Device, l.A.Interface), end(l.B.Device, l.B.Interface)
		evidence := "lldp-both"
		if heard[a].port != b || heard[b].port != a {
			evidence = "lldp-one"
		}
		cables++
		real = append(real, cable(a, b)+" "+evidence)
		for _, ends := range transferPrefixes(t) {
			if slices.Equal(ends, []string{min(a, b), max(a, b)}) {
				real = append(real, cable(a, b)+" prefix")
			}
		}
	}
	same(t, "links", graph, real)
	if n := len(shared.get(t).ask(t, `SELECT ?l WHERE { ?l a twin:Link }`)); n != cables {
		t.Errorf("%d resources are twin:Link, %d cables are real", n, cables)
	}
}

// transferPrefixes are the interfaces in each IPv4 prefix that has room for two.
func transferPrefixes(t *testing.T) map[netip.Prefix][]string {
	t.Helper()
	found := map[netip.Prefix][]string{}
	for _, device := range topology(t).Routers {
		for _, l := range truth[[]ipLink](t, device, "addr.json") {
			for _, a := range l.Addrs {
				if p := netip.PrefixFrom(netip.MustParseAddr(a.Local), a.Bits).Masked(); a.Bits == 30 || a.Bits == 31 {
					found[p] = append(found[p], end(device, l.Name))
					slices.Sort(found[p])
				}
			}
		}
	}
	return found
}

// cable names two ends in one order.
func cable(a, b string) string { return min(a, b) + "--" + max(a, b) }

type textValue struct{ Type, Value string }

type lldpAnswer struct {
	LLDP []struct {
		Interface []struct {
			Name    string
			Chassis []struct{ ID, Name []textValue }
			Port    []struct{ ID, Descr []textValue }
		}
	}
}

// announcement is what an interface hears by LLDP.
type announcement struct {
	chassis, name, id, descr string
	port                     string // the announced port, resolved by `ip link` of the named router
}

// heardByLLDP is what lldpcli shows at each router's interface.
func heardByLLDP(t *testing.T) map[string]announcement {
	t.Helper()
	heard := map[string]announcement{}
	for _, device := range topology(t).Routers {
		for _, group := range truth[lldpAnswer](t, device, "lldp.json").LLDP {
			for _, i := range group.Interface {
				at := end(device, i.Name)
				if _, twice := heard[at]; twice {
					t.Fatalf("%s hears two neighbours: this test expects one", at)
				}
				heard[at] = announcement{
					chassis: i.Chassis[0].ID[0].Value, name: i.Chassis[0].Name[0].Value,
					id: i.Port[0].ID[0].Value, descr: i.Port[0].Descr[0].Value,
					port: announcedPort(t, i.Chassis[0].Name[0].Value, i.Port[0].ID[0]),
				}
			}
		}
	}
	return heard
}

// announcedPort finds the interface that a port identifier means: by MAC
// address, else by name (the subtype local of the lie at r8 holds a name too).
func announcedPort(t *testing.T, device string, id textValue) string {
	t.Helper()
	for _, l := range truth[[]ipLink](t, device, "link.json") {
		if id.Type == "mac" && l.Address == id.Value || id.Type != "mac" && l.Name == id.Value {
			return end(device, l.Name)
		}
	}
	t.Fatalf("%s has no port %s", device, id.Value)
	return ""
}

// TestTruthLLDP compares every LLDP neighbour with lldpcli: where it was
// heard, what it announced, and which device and interface that is.
func TestTruthLLDP(t *testing.T) {
	rows := shared.get(t).ask(t, `SELECT * WHERE {
		?n a twin:LldpAdjacency ; twin:localDevice ?d . ?d twin:name ?device .
		OPTIONAL { ?n twin:localInterface ?i . ?i twin:name ?name }
		OPTIONAL { ?n twin:remoteChassisId ?chassis } OPTIONAL { ?n twin:remoteSystemName ?system }
		OPTIONAL { ?n twin:remotePortId ?port } OPTIONAL { ?n twin:remotePortDescription ?descr }
		OPTIONAL { ?n twin:remoteDevice ?rd . ?rd twin:name ?remote }
		OPTIONAL { ?n twin:remoteInterface ?ri . ?ri twin:name ?remoteName } }`)
	var real []string
	for at, a := range heardByLLDP(t) {
		device, name, _ := strings.Cut(at, ":")
		_, port, _ := strings.Cut(a.port, ":")
		real = append(real, strings.Join([]string{device, name, a.chassis, a.name, a.id, a.descr, a.name, port}, " "))
	}
	same(t, "LLDP neighbours", lines(rows, "device", "name", "chassis", "system", "port", "descr", "remote", "remoteName"), real)
}

type ospfNeighbours struct {
	Neighbors map[string][]struct {
		IfaceAddress, IfaceName, NbrState string
	}
}

// ownerOf finds the interface with an address in the routers' `ip addr`.
func ownerOf(t *testing.T, address string) string {
	t.Helper()
	for _, device := range topology(t).Routers {
		for _, l := range truth[[]ipLink](t, device, "addr.json") {
			for _, a := range l.Addrs {
				if a.Local == address {
					return end(device, l.Name)
				}
			}
		}
	}
	t.Fatalf("no router has %s", address)
	return ""
}

// TestTruthOSPF compares every OSPF adjacency with vtysh: local interface,
// neighbour's address, router id and state ("Full/-" is full), and which
// device and interface that is.
func TestTruthOSPF(t *testing.T) {
	rows := shared.get(t).ask(t, `SELECT * WHERE {
		?n a twin:OspfAdjacency ; twin:localDevice ?d . ?d twin:name ?device .
		OPTIONAL { ?n twin:localInterface ?i . ?i twin:name ?name }
		OPTIONAL { ?n twin:remoteAddress ?address } OPTIONAL { ?n twin:remoteRouterId ?router }
		OPTIONAL { ?n twin:state ?state }
		OPTIONAL { ?n twin:remoteDevice ?rd . ?rd twin:name ?remote }
		OPTIONAL { ?n twin:remoteInterface ?ri . ?ri twin:name ?remoteName } }`)
	var real []string
	for _, device := range topology(t).Routers {
		for router, neighbours := range truth[ospfNeighbours](t, device, "ospf-neighbor.json").Neighbors {
			for _, n := range neighbours {
				state, _, _ := strings.Cut(n.NbrState, "/")
				remote, remoteName, _ := strings.Cut(ownerOf(t, n.IfaceAddress), ":")
				real = append(real, strings.Join([]string{device, n.IfaceName, n.IfaceAddress, router, strings.ToLower(state), remote, remoteName}, " "))
			}
		}
	}
	same(t, "OSPF adjacencies", lines(rows, "device", "name", "address", "router", "state", "remote", "remoteName"), real)
}

type bgpSummary struct {
	IPv4Unicast struct {
		RouterID string
		AS       int
		Peers    map[string]struct {
			Hostname, State   string
			RemoteAs, LocalAs int
		}
	}
}

// TestTruthBGP compares every BGP session with vtysh: the peer's address,
// autonomous system and state, and which device that is. The peer's router id
// is what the peer itself shows.
func TestTruthBGP(t *testing.T) {
	rows := shared.get(t).ask(t, `SELECT * WHERE {
		?n a twin:BgpSession ; twin:localDevice ?d . ?d twin:name ?device .
		OPTIONAL { ?n twin:remoteAddress ?address } OPTIONAL { ?n twin:localAs ?localAs } OPTIONAL { ?n twin:remoteAs ?remoteAs }
		OPTIONAL { ?n twin:remoteRouterId ?router } OPTIONAL { ?n twin:state ?state }
		OPTIONAL { ?n twin:remoteDevice ?rd . ?rd twin:name ?remote } }`)
	var real []string
	for _, device := range topology(t).Routers {
		for address, p := range truth[bgpSummary](t, device, "bgp-summary.json").IPv4Unicast.Peers {
			router := truth[bgpSummary](t, p.Hostname, "bgp-summary.json").IPv4Unicast.RouterID
			real = append(real, fmt.Sprintf("%s %s %d %d %s %s %s", device, address, p.LocalAs, p.RemoteAs, router, strings.ToLower(p.State), p.Hostname))
		}
	}
	same(t, "BGP sessions", lines(rows, "device", "address", "localAs", "remoteAs", "router", "state", "remote"), real)
}
