package device_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nettwin/fixtures"
	"nettwin/internal/simulate/clock"
	"nettwin/internal/simulate/config"
	"nettwin/internal/simulate/device"
	"nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/simulate/xmltree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func recording(t testing.TB, name string) []smi.Varbind {
	t.Helper()
	text := must(fixtures.Recording(name))(t)
	return must(snmprec.Read(name, bytes.NewReader(text), snmprec.Limits{}))(t).Rows
}

// recorded makes the recorded network, on a clock that the test moves.
func recorded(t testing.TB) (*device.Network, *clock.Manual) {
	t.Helper()
	hand := clock.NewManual(start)
	options := device.NetworkOptions{Clock: hand}
	for _, d := range must(fixtures.ReadNetwork())(t).Devices {
		o := device.Options{Name: d.Name, Recording: recording(t, d.Name), Clock: hand}
		if d.NETCONF != nil {
			o.Datastores = datastores(t, d.Name)
		}
		options.Devices = append(options.Devices, must(device.New(o))(t))
	}
	for _, l := range must(fixtures.ReadTopology())(t).Links {
		if l.Kind == "stub" { // both lead to one switch, which the topology has twice
			continue
		}
		options.Cables = append(options.Cables, device.Cable{
			A: device.End{Device: l.A.Device, Interface: l.A.Interface}, B: device.End{Device: l.B.Device, Interface: l.B.Interface},
			Relay: l.Kind == "spare",
		})
	}
	n := must(device.NewNetwork(options))(t)
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n, hand
}

func datastores(t testing.TB, name string) *device.Datastores {
	t.Helper()
	from := &device.Datastores{Running: must(fixtures.Config(name, fixtures.Running))(t), State: must(fixtures.Operational(name))(t)}
	for _, m := range must(fixtures.Modules())(t) {
		from.Modules = append(from.Modules, must(m.Text())(t))
	}
	from.Capabilities = must(device.Capabilities(must(fixtures.Hello(name))(t)))(t)
	return from
}

// walk returns all variables of a device as text.
func walk(d *device.Device) map[string]string {
	all := map[string]string{}
	for at := (smi.OID{}); ; {
		oid, value, ok := d.Next(at)
		if !ok {
			return all
		}
		all[oid.String()] = value.String()
		at = oid
	}
}

// differences lists OIDs under a prefix that differ between two walks: -OID,
// +OID or OID for changed values.
func differences(before, after map[string]string, prefixes ...string) []string {
	var all []string
	note := func(sign, oid string) {
		for _, p := range prefixes {
			if strings.HasPrefix(oid, p+".") || oid == p {
				all = append(all, sign+oid)
			}
		}
	}
	for oid, value := range before {
		if now, ok := after[oid]; !ok {
			note("-", oid)
		} else if now != value {
			note("", oid)
		}
	}
	for oid := range after {
		if _, ok := before[oid]; !ok {
			note("+", oid)
		}
	}
	slices.Sort(all)
	return all
}

// Goal: a link that fails does to both ends what it did to the real routers.
// Method: the variables that the recorded incident lost or changed while the
// cable was cut, in the tables that the state covers, against those that the
// same cut of the same network loses and changes.
func TestFailLinkLikeTheRecordedIncident(t *testing.T) {
	n, hand := recorded(t)
	incident := must(fixtures.ReadIncident())(t)
	covered := []string{"1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.2.2.1.9", "1.3.6.1.2.1.14.7.1.12",
		"1.3.6.1.2.1.15.3.1.2", "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.4.2.1", "1.0.8802.1.1.2.1.2.1", "1.0.8802.1.1.2.1.2.3",
		"1.3.6.1.2.1.4.22.1", "1.3.6.1.2.1.4.35.1.4", "1.3.6.1.2.1.4.35.1.6"}
	for _, column := range []int{1, 2, 3, 4, 5, 6, 9, 10, 11} {
		covered = append(covered, fmt.Sprintf("1.3.6.1.2.1.14.10.1.%d", column))
	}
	want := map[string][]string{}
	for _, c := range must(fixtures.IncidentChanges())(t) {
		if c.At <= incident.Cut || c.At >= incident.Mended || strings.Contains(c.OID, ".2.16.254.128.") {
			continue // link-local entries of the neighbour caches age at other interfaces too
		}
		sign := ""
		if c.Removed {
			sign = "-"
		}
		for _, prefix := range covered {
			if strings.HasPrefix(c.OID, prefix+".") && !slices.Contains(want[c.Device], sign+c.OID) {
				want[c.Device] = append(want[c.Device], sign+c.OID)
			}
		}
	}
	a, b := incident.Link.A, incident.Link.B
	for _, quiet := range n.Devices() { // neighbour caches that age by themselves are no effect
		if quiet.Name() != a.Device && quiet.Name() != b.Device {
			delete(want, quiet.Name())
		}
	}
	before := map[string]map[string]string{}
	for _, d := range n.Devices() {
		before[d.Name()] = walk(d)
	}
	if err := n.FailLink(a.Device, b.Device); err != nil {
		t.Fatal(err)
	}
	hand.Advance(10 * time.Second)
	for _, d := range n.Devices() {
		slices.Sort(want[d.Name()])
		got := differences(before[d.Name()], walk(d), covered...)
		if !slices.Equal(got, want[d.Name()]) {
			t.Errorf("%s:\n got %v\nwant %v", d.Name(), got, want[d.Name()])
		}
	}
	if len(want[a.Device]) < 30 {
		t.Errorf("the incident has %d changes of %s", len(want[a.Device]), a.Device)
	}
	// Restored, all is as recorded but for times and counts.
	if err := n.Restore(b.Device, a.Device+":"+a.Interface); err != nil {
		t.Fatal(err)
	}
	hand.Advance(10 * time.Second)
	for _, end := range []fixtures.End{a, b} {
		d := n.Device(end.Device)
		var got []string
		for _, each := range differences(before[end.Device], walk(d), "1") {
			if !strings.HasPrefix(each, "1.0.8802.1.1.2.1.2.") && !strings.HasPrefix(each, "1.3.6.1.2.1.2.2.1.9.") && each != "1.3.6.1.2.1.1.3.0" {
				got = append(got, each)
			}
		}
		if len(got) > 0 {
			t.Errorf("%s is not as before: %v", end.Device, got)
		}
	}
}

// Goal: a spare cable whose disabled end is enabled by its configuration
// carries neighbours, as it did in the real network. Method: enable r7's end in
// the running configuration as NETCONF does; compare the OSPF and LLDP
// neighbours of both ends with the truth recorded after the same repair.
func TestSpareCableRepairs(t *testing.T) {
	n, hand := recorded(t)
	if err := n.FailLink("r3", "r4"); err != nil {
		t.Fatal(err)
	}
	hand.Advance(5 * time.Second)
	r7 := n.Device("r7")
	var events []device.Event
	cancel := n.Subscribe(func(e device.Event) { events = append(events, e) })
	defer cancel()
	next, errs := r7.Running().Edit(edit(t, `<interface><name>eth3</name><enabled>true</enabled></interface>`), config.Merge)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if err := r7.Apply(next, true); err != nil {
		t.Fatal(err)
	}
	hand.Advance(5 * time.Second)
	for _, name := range []string{"r3", "r7"} {
		var truth struct {
			Neighbors map[string][]struct {
				IfaceAddress string `json:"ifaceAddress"`
			} `json:"neighbors"`
		}
		if err := json.Unmarshal(must(fixtures.IncidentTruth(fixtures.Repaired, name, "ospf-neighbor.json"))(t), &truth); err != nil {
			t.Fatal(err)
		}
		var want []string
		for id, all := range truth.Neighbors {
			for _, each := range all {
				want = append(want, id+" "+each.IfaceAddress)
			}
		}
		slices.Sort(want)
		rows := walk(n.Device(name))
		var got []string
		for oid, value := range rows {
			if at, ok := strings.CutPrefix(oid, "1.3.6.1.2.1.14.10.1.3."); ok {
				at = strings.TrimSuffix(at, ".0")
				if rows["1.3.6.1.2.1.14.10.1.6."+at+".0"] != "INTEGER 8" {
					t.Errorf("%s: neighbour %s is not full", name, at)
				}
				got = append(got, strings.TrimPrefix(value, "IpAddress ")+" "+at)
			}
		}
		slices.Sort(got)
		if len(want) < 2 || !slices.Equal(got, want) {
			t.Errorf("%s: OSPF neighbours %v, want %v", name, got, want)
		}
	}
	far := neighbour(t, n.Device("r7"), 5)
	if far["sysName"] != `OCTET STRING "r3"` || far["portId"] != `OCTET STRING "eth3"` || far["manage"] != "198.18.0.3" {
		t.Errorf("r7 hears over eth3: %v", far)
	}
	if far := neighbour(t, n.Device("r3"), 5); far["sysName"] != `OCTET STRING "r7"` {
		t.Errorf("r3 hears over eth3: %v", far)
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, fmt.Sprint(e.Device, " ", e.Interface.Name, " ", e.Kind, " ", e.NeighbourID))
	}
	slices.Sort(kinds)
	if want := []string{"r3 eth3 ospf-neighbour-up 198.19.0.7", "r7 eth3 link-up invalid IP", "r7 eth3 lldp-remote-change invalid IP", "r7 eth3 ospf-neighbour-up 198.19.0.3"}; !slices.Equal(kinds, want) {
		t.Errorf("events %v", kinds)
	}
}

// neighbour reads what LLDP knows over a port.
func neighbour(t *testing.T, d *device.Device, port int) map[string]string {
	t.Helper()
	found := map[string]string{}
	for oid, value := range walk(d) {
		rest, ok := strings.CutPrefix(oid, "1.0.8802.1.1.2.1.4.")
		parts := strings.Split(rest, ".")
		if !ok || parts[4] != fmt.Sprint(port) {
			continue
		}
		switch parts[0] + "." + parts[2] {
		case "1.9":
			found["sysName"] = value
		case "1.7":
			found["portId"] = value
		case "2.3":
			found["manage"] = strings.Join(parts[8:], ".")
		}
	}
	return found
}

func edit(t testing.TB, content string) []*xmltree.Node {
	t.Helper()
	doc := `<c><interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces" xmlns:nc="` + config.Base + `">` + content + `</interfaces></c>`
	return must(xmltree.Parse([]byte(doc), xmltree.Limits{}))(t).Children
}

// Goal: what NETCONF configures shows in SNMP: status, description, MTU,
// addresses; removal disables; without effect nothing moves. Method: edits of
// r1's recorded configuration, then single variables.
func TestConfigurationShowsInSNMP(t *testing.T) {
	n, hand := recorded(t)
	r1 := n.Device("r1")
	original := r1.Running()
	apply := func(content string, effect bool) {
		t.Helper()
		next, errs := r1.Running().Edit(edit(t, content), config.Merge)
		if len(errs) > 0 || len(next.Validate()) > 0 {
			t.Fatal(errs, next.Validate())
		}
		if err := r1.Apply(next, effect); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(oid, want string) {
		t.Helper()
		value, _ := r1.Get(smi.MustOID(oid))
		if got := value.String(); got != want {
			t.Errorf("%s is %s, want %s", oid, got, want)
		}
	}
	const admin, oper, last = "1.3.6.1.2.1.2.2.1.7.5", "1.3.6.1.2.1.2.2.1.8.5", "1.3.6.1.2.1.2.2.1.9.5" // lan0
	uptime, _ := r1.Get(smi.MustOID("1.3.6.1.2.1.1.3.0"))
	hand.Advance(3 * time.Second)
	apply(`<interface><name>lan0</name><enabled>false</enabled><description>closed</description></interface>`, true)
	expect(admin, "INTEGER 2")
	expect(oper, "INTEGER 2")
	expect(last, smi.TimeTicks(uint32(uptime.Uint())+300).String())
	expect("1.3.6.1.2.1.31.1.1.1.18.5", `OCTET STRING "closed"`)
	expect("1.3.6.1.2.1.4.22.1.2.5.198.18.101.10", "no value")
	state := text(r1.State())
	if !strings.Contains(state, "<name>lan0</name><oper-status>down</oper-status><last-change>2026-01-02T03:04:08Z</last-change>") {
		t.Errorf("state %s", state)
	}
	apply(`<interface><name>lan0</name><enabled>true</enabled></interface>`, false)
	expect(admin, "INTEGER 2")
	if err := r1.Apply(original, true); err != nil { // enabled in both, so nothing is done
		t.Fatal(err)
	}
	expect(admin, "INTEGER 2")
	apply(`<interface><name>lan0</name><enabled>false</enabled></interface>`, true)
	apply(`<interface><name>lan0</name><enabled>true</enabled></interface>`, true)
	expect(oper, "INTEGER 1")
	expect("1.3.6.1.2.1.31.1.1.1.18.5", `OCTET STRING "LAN of h1"`)
	apply(`<interface nc:operation="delete"><name>lan0</name></interface>`, true)
	expect(oper, "INTEGER 2")
	apply(`<interface><name>lan0</name><type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">t:ethernetCsmacd</type></interface>`, true)
	expect(oper, "INTEGER 1")
	ip := `xmlns="urn:ietf:params:xml:ns:yang:ietf-ip"`
	apply(`<interface><name>eth1</name><ipv4 `+ip+`><mtu>1400</mtu><address><ip>192.0.2.1</ip><prefix-length>28</prefix-length></address><address nc:operation="delete"><ip>198.18.12.1</ip></address></ipv4></interface>`, true)
	expect("1.3.6.1.2.1.2.2.1.4.3", "INTEGER 1400")
	expect("1.3.6.1.2.1.4.20.1.2.192.0.2.1", "INTEGER 3")
	expect("1.3.6.1.2.1.4.20.1.3.192.0.2.1", "IpAddress 255.255.255.240")
	expect("1.3.6.1.2.1.4.34.1.3.1.4.192.0.2.1", "INTEGER 3")
	expect("1.3.6.1.2.1.4.20.1.1.198.18.12.1", "no value")
	expect("1.3.6.1.2.1.4.34.1.3.1.4.198.18.12.1", "no value")
	if f, _ := r1.Interface("eth1"); !slices.Equal(f.Addresses, []netip.Prefix{netip.MustParsePrefix("192.0.2.1/28")}) {
		t.Errorf("addresses %v", f.Addresses)
	}
}

func text(all []*xmltree.Node) string {
	out := ""
	for _, x := range all {
		out += x.String()
	}
	return out
}

// Goal: Set changes a device from inside, its running configuration with it,
// and tells; what cannot be set is refused. Method: a device with NETCONF and
// one without.
func TestSet(t *testing.T) {
	n, _ := recorded(t)
	var told []netconf.Event
	cancel := n.Device("r1").Watch(func(e netconf.Event) { told = append(told, e) })
	defer cancel()
	for _, name := range []string{"r1", "r2"} {
		if err := n.Set(name, "eth1", "enabled", "false"); err != nil {
			t.Fatal(err)
		}
		if f, _ := n.Device(name).Interface("eth1"); f.Admin || f.Up {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f, _ := n.Device("r1").Interface("eth2"); !f.Up {
		t.Errorf("eth2 of r1: %+v", f)
	}
	if got := n.Device("r1").Running().Root().Child("interfaces").Each("interface")[0]; got.Leaf("name") != "eth1" || got.Leaf("enabled") != "false" {
		t.Errorf("running: %s", got.XML())
	}
	if len(told) != 2 || told[0].Content.Name.Local != "link-down" || len(told[1].Changes) != 1 {
		t.Errorf("told %+v", told)
	}
	if err := n.Set("r2", "eth2", "mtu", "9000"); err != nil {
		t.Error(err)
	}
	if err := n.Set("r2", "eth2", "description", "x"); err != nil {
		t.Error(err)
	}
	if f, _ := n.Device("r2").Interface("eth2"); f.MTU != 9000 || f.Description != "x" {
		t.Errorf("%+v", f)
	}
	for _, c := range [][4]string{
		{"rx", "eth1", "enabled", "true"}, {"r1", "ethx", "enabled", "true"}, {"r1", "eth1", "colour", "red"}, {"r1", "eth1", "enabled", "yes"},
		{"r1", "eth1", "mtu", "1"}, {"r1", "eth1", "description", strings.Repeat("x", 65)},
	} {
		if err := n.Set(c[0], c[1], c[2], c[3]); err == nil {
			t.Errorf("%v is accepted", c)
		}
	}
}

// Goal: the far end of a disabled interface goes down too, but not behind a
// relay; a flap shorter than the hold time costs no neighbour. Method: one of
// each, time moved by hand.
func TestCarrierAndHold(t *testing.T) {
	n, hand := recorded(t)
	up := func(name, iface string) bool {
		f, _ := n.Device(name).Interface(iface)
		return f.Up
	}
	if !up("r3", "eth3") || up("r7", "eth3") {
		t.Error("the spare cable is not as recorded")
	}
	before := neighbour(t, n.Device("r2"), 3)
	if len(before) == 0 || n.Set("r1", "eth1", "enabled", "false") != nil || up("r2", "eth1") {
		t.Error("r2 keeps its carrier")
	}
	hand.Advance(device.DefaultHold / 2)
	if len(neighbour(t, n.Device("r2"), 3)) == 0 {
		t.Error("the neighbour is gone before the hold time")
	}
	if n.Set("r1", "eth1", "enabled", "true") != nil || !up("r2", "eth1") {
		t.Error("r2 has no carrier again")
	}
	hand.Advance(device.DefaultHold)
	if got := neighbour(t, n.Device("r2"), 3); len(got) != len(before) {
		t.Errorf("after a short flap r2 hears %v", got)
	}
	if v, _ := n.Device("r2").Get(smi.MustOID("1.0.8802.1.1.2.1.2.3.0")); v.Uint() != 0 {
		t.Errorf("LLDP counts %d deletions", v.Uint())
	}
	if err := n.FailLink("r3", "r7"); err != nil || up("r3", "eth3") {
		t.Error("the cut spare cable keeps its light", err)
	}
	if err := n.FailLink("r1", "h1"); err != nil || up("r1", "lan0") {
		t.Error("the cut cable to the host keeps its light", err)
	}
}

// Goal: BGP stays while there is a path, and goes with the last. Method: cut
// r1's two ring cables one after the other, then mend one.
func TestBGPFollowsReachability(t *testing.T) {
	n, hand := recorded(t)
	state := func(name, peer string) string {
		v, _ := n.Device(name).Get(smi.MustOID("1.3.6.1.2.1.15.3.1.2." + peer))
		return v.String()
	}
	step := func(err error, want string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		hand.Advance(device.DefaultBGPHold + device.DefaultHold)
		if a, b := state("r1", "198.19.0.5"), state("r5", "198.19.0.1"); a != want || b != want {
			t.Errorf("r1 – r5: %s, %s, want %s", a, b, want)
		}
		if got := state("r4", "198.19.0.5"); got != "INTEGER 6" {
			t.Errorf("r4 – r5: %s", got)
		}
	}
	step(n.FailLink("r1", "r2"), "INTEGER 6")
	step(n.FailLink("r1", "r9"), "INTEGER 3")
	step(n.Restore("r1", "r2"), "INTEGER 6")
}

// Goal: what makes no network is refused, and so are cables that are not there
// or not clear. Method: one case per rule.
func TestRefused(t *testing.T) {
	n, _ := recorded(t)
	for _, c := range [][2]string{{"r1", "r5"}, {"r1", "zz"}, {"r1:eth9", "r2"}} {
		if err := n.FailLink(c[0], c[1]); err == nil {
			t.Errorf("%v is cut", c)
		}
	}
	rows := []smi.Varbind{
		{OID: smi.MustOID("1.3.6.1.2.1.2.2.1.2.1"), Value: smi.Octets("a")}, {OID: smi.MustOID("1.3.6.1.2.1.2.2.1.2.2"), Value: smi.Octets("b")},
	}
	one, two := must(device.New(device.Options{Name: "one", Recording: rows}))(t), must(device.New(device.Options{Name: "two", Recording: rows}))(t)
	cable := func(a, i, b, j string) device.Cable {
		return device.Cable{A: device.End{Device: a, Interface: i}, B: device.End{Device: b, Interface: j}}
	}
	for i, o := range []device.NetworkOptions{
		{Devices: []*device.Device{one, one}},
		{Devices: []*device.Device{one}, Cables: []device.Cable{cable("x", "a", "y", "b")}},
		{Devices: []*device.Device{one}, Cables: []device.Cable{cable("one", "zz", "y", "b")}},
		{Devices: []*device.Device{one, two}, Cables: []device.Cable{cable("one", "a", "two", "a"), cable("one", "a", "two", "b")}},
	} {
		if _, err := device.NewNetwork(o); err == nil {
			t.Errorf("network %d is accepted", i)
		}
	}
	double := must(device.NewNetwork(device.NetworkOptions{Devices: []*device.Device{one, two},
		Cables: []device.Cable{cable("one", "a", "two", "a"), cable("one", "b", "two", "b")}}))(t)
	if double.FailLink("one", "two") == nil {
		t.Error("one of two cables is cut")
	}
	if err := double.FailLink("two:b", "one"); err != nil {
		t.Error(err)
	}
	if err := double.Close(); err != nil {
		t.Error(err)
	}
	for _, o := range []device.Options{{Recording: rows}, {Name: "x"}, {Name: "x", Recording: rows, Datastores: &device.Datastores{Running: []byte("<x")}}} {
		if _, err := device.New(o); err == nil {
			t.Errorf("device %+v is accepted", o)
		}
	}
}

// Goal: the recorded configuration and state of the real servers come through
// unchanged. Method: running and state against the recorded documents, read by
// their elements.
func TestRecordedDatastores(t *testing.T) {
	n, _ := recorded(t)
	for _, name := range []string{"r1", "r4", "r7"} {
		d := n.Device(name)
		if errs := d.Running().Validate(); len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
		document := must(xmltree.Parse(must(fixtures.Config(name, fixtures.Running))(t), xmltree.Limits{}))(t)
		for i, list := range document.Children {
			if list.Name.Local != "interfaces" {
				continue
			}
			if got, want := len(d.Running().Root().Children[i].Children), len(list.Children); got != want {
				t.Errorf("%s: %d interfaces, want %d", name, got, want)
			}
		}
		get := must(xmltree.Parse(must(fixtures.Operational(name))(t), xmltree.Limits{}))(t)
		want := get.Child("urn:ietf:params:xml:ns:yang:ietf-interfaces", "interfaces-state")
		all := d.State()
		at := slices.IndexFunc(all, func(x *xmltree.Node) bool { return x.Name == want.Name })
		if at < 0 || all[at].String() != want.String() {
			t.Errorf("%s: interfaces-state differs", name)
		}
		for _, x := range all {
			if x.Name.Local == "interfaces" || x.Name.Local == "system" {
				t.Errorf("%s: state holds configuration: %s", name, x)
			}
		}
	}
}

var _ snmp.State = (*device.Device)(nil)
