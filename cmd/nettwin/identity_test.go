package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/internal/simulate/smi"
	simulated "nettwin/internal/simulate/snmp"
	"nettwin/internal/simulate/snmprec"
)

// aBox is what a simulated device says of itself.
type aBox struct {
	name       string
	location   string
	serials    []string          // of its chassis
	modules    map[string]string // name: serial number
	interfaces []string          // in the order of their numbers
	address    string            // of the first interface
}

// recording writes the box as an agent's table.
func (b aBox) recording() string {
	rows := map[string]string{
		"1.3.6.1.2.1.1.1.0": "4|a box", "1.3.6.1.2.1.1.2.0": "6|1.3.6.1.4.1.32473.1", "1.3.6.1.2.1.1.3.0": "67|100",
		"1.3.6.1.2.1.1.5.0": "4|" + b.name, "1.3.6.1.2.1.1.6.0": "4|" + b.location,
	}
	entity := func(index int, class, name, serial string) {
		row := "1.3.6.1.2.1.47.1.1.1.1."
		rows[fmt.Sprintf("%s5.%d", row, index)] = "2|" + class
		rows[fmt.Sprintf("%s7.%d", row, index)] = "4|" + name
		rows[fmt.Sprintf("%s11.%d", row, index)] = "4|" + serial
	}
	for i, serial := range b.serials {
		entity(i+1, "3", fmt.Sprintf("Chassis %d", i+1), serial)
	}
	for i, name := range slices.Sorted(maps.Keys(b.modules)) {
		entity(100+i, "9", name, b.modules[name])
	}
	for i, name := range b.interfaces {
		rows[fmt.Sprintf("1.3.6.1.2.1.2.2.1.1.%d", i+1)] = fmt.Sprintf("2|%d", i+1)
		rows[fmt.Sprintf("1.3.6.1.2.1.2.2.1.2.%d", i+1)] = "4|" + name
	}
	if b.address != "" {
		rows["1.3.6.1.2.1.4.20.1.1."+b.address] = "64|" + b.address
		rows["1.3.6.1.2.1.4.20.1.2."+b.address] = "2|1"
		rows["1.3.6.1.2.1.4.20.1.3."+b.address] = "64|255.255.255.0"
	}
	var text strings.Builder
	for oid, value := range rows {
		fmt.Fprintf(&text, "%s|%s\n", oid, value)
	}
	return text.String()
}

// poll plays the box as an agent, reads it under a configured name, and runs
// the rules.
func (r *replay) poll(configured string, b aBox) {
	r.t.Helper()
	recording, err := snmprec.Read(configured, strings.NewReader(b.recording()), snmprec.Limits{})
	if err != nil {
		r.t.Fatal(err)
	}
	slices.SortFunc(recording.Rows, func(a, b smi.Varbind) int { return a.OID.Compare(b.OID) })
	table, err := simulated.NewTable(recording.Rows)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	agent, err := simulated.Listen(ctx, "127.0.0.1:0", simulated.Options{State: table, Communities: []string{"public"}})
	if err != nil {
		r.t.Fatal(err)
	}
	defer agent.Close()
	if _, err := r.twin.collect(ctx, r.collector, ingest.Target{Name: configured, Address: agent.Addr().String()}); err != nil {
		r.t.Fatal(err)
	}
	r.apply()
}

func (r *replay) apply() {
	r.t.Helper()
	if err := r.twin.rules.Apply(r.t.Context(), nil); err != nil {
		r.t.Fatal(err)
	}
}

// says asks for one column and compares it.
func (r *replay) says(what, query string, want ...string) {
	r.t.Helper()
	got := lines(r.ask(query), "x")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// The questions that the stories ask.
const (
	askDevices = `SELECT (CONCAT(STRAFTER(STR(?d), "/id/device/"), " ", ?n) AS ?x) { ?d a twin:Device ; twin:name ?n }`
	askPorts   = `SELECT (CONCAT(STRAFTER(STR(?i), "/id/interface/"), " ", STR(?n)) AS ?x) { ?i a twin:Interface ; twin:ifIndex ?n }`
	askParts   = `SELECT (CONCAT(STRAFTER(STR(?c), "/id/component/"), " ", ?s) AS ?x) { ?c a twin:Component ; twin:serialNumber ?s }`
	askAddress = `SELECT (CONCAT(STRAFTER(STR(?d), "/id/device/"), " ", ?a) AS ?x) { ?d a twin:Device ; twin:hasAddress/twin:address ?a }`
	askSources = `SELECT (CONCAT(STRAFTER(STR(?g), "/source/"), " ", STRAFTER(STR(?d), "/id/device/")) AS ?x) { GRAPH ?g { ?g twin:describes ?d } }`
)

// Goal: a device stays the same asset whatever is changed on it, and two that
// look alike stay two (DESIGN.md §2, Identity). Method: each story is told by
// simulated agents that are read over SNMP, and ends in questions in SPARQL.
func TestIdentityStories(t *testing.T) {
	t.Parallel()
	box := aBox{name: "edge1", serials: []string{"A1"}, modules: map[string]string{"Slot 1": "M1"}, interfaces: []string{"eth0", "eth1"}, address: "192.0.2.1"}
	with := func(change func(*aBox)) aBox {
		b := box
		change(&b)
		return b
	}
	for _, story := range []struct {
		name string
		tell func(r *replay)
	}{
		{"rename", func(r *replay) {
			r.poll("p1", with(func(b *aBox) { b.name = "core1" }))
			r.says("devices", askDevices, "serial/32473/A1 core1")
			r.says("former keys", `SELECT (?k AS ?x) { GRAPH ?g { ?d twin:formerIdentityKey ?k } }`, "host-name:edge1")
		}},
		{"readdress", func(r *replay) {
			r.poll("p1", with(func(b *aBox) { b.address = "198.51.100.7" }))
			r.says("devices", askDevices, "serial/32473/A1 edge1")
			r.says("addresses", askAddress, "serial/32473/A1 198.51.100.7")
		}},
		{"part swap", func(r *replay) {
			r.poll("p1", with(func(b *aBox) { b.modules = map[string]string{"Slot 1": "M2"} }))
			r.says("parts", askParts, "serial/32473/A1/Chassis%201 A1", "serial/32473/A1/Slot%201 M2")
		}},
		{"renumbered ifIndex", func(r *replay) {
			r.poll("p1", with(func(b *aBox) { b.interfaces = []string{"lo", "eth1", "eth0"} }))
			r.says("interfaces", askPorts, "serial/32473/A1/lo 1", "serial/32473/A1/eth1 2", "serial/32473/A1/eth0 3")
		}},
		{"stack members", func(r *replay) {
			stack := with(func(b *aBox) { b.name, b.serials = "stack", []string{"S1", "S2"} })
			r.poll("p2", stack)
			stack.serials = []string{"S3", "S2"} // the first member is replaced
			r.poll("p2", stack)
			r.says("devices", askDevices, "serial/32473/A1 edge1", "serial/32473/S1 stack")
			r.says("serial numbers", `SELECT (?s AS ?x) { ?d twin:name "stack" ; twin:serialNumber ?s ; a twin:Device }`, "S2", "S3")
		}},
		{"one host name in two sites", func(r *replay) {
			r.poll("p2", aBox{name: "edge1", serials: []string{"B1"}, interfaces: []string{"eth0"}, location: "elsewhere"})
			r.says("devices", askDevices, "serial/32473/A1 edge1", "serial/32473/B1 edge1")
			r.says("conflicts", `SELECT DISTINCT (?k AS ?x) { GRAPH ?g { ?d twin:identityConflict ?k } }`, "host-name:edge1")
		}},
		{"several addresses", func(r *replay) {
			r.poll("p1-other", box)
			r.says("devices", askDevices, "serial/32473/A1 edge1")
			r.says("sources", askSources, "snmp/p1 serial/32473/A1", "snmp/p1-other serial/32473/A1")
			r.says("interfaces", askPorts, "serial/32473/A1/eth0 1", "serial/32473/A1/eth1 2")
		}},
		{"sources that differ", func(r *replay) {
			r.poll("p1-other", with(func(b *aBox) { b.name, b.location = "edge-new", "hall 2" }))
			r.says("what counts", askDevices, "serial/32473/A1 edge-new")
			r.says("what is told", `SELECT (CONCAT(STRAFTER(STR(?g), "/source/"), " ", ?n) AS ?x) { GRAPH ?g { ?s <https://w3id.org/nettwin/mib/SNMPv2-MIB/sysName> ?n } }`,
				"snmp/p1 edge1", "snmp/p1-other edge-new")
			r.says("how old it is", `SELECT (COUNT(DISTINCT ?g) AS ?x) { GRAPH ?p { ?run <http://www.w3.org/ns/prov#endedAtTime> ?t ; twin:sourceGraph ?g } }`, "2")
			conflicts := `SELECT (?m AS ?x) { GRAPH ?g { ?f a twin:SourceConflictFinding ; twin:message ?m } }`
			r.says("conflict", conflicts, "sources p1 and p1-other are one device and differ in name: edge1 and edge-new")
			r.poll("p1", with(func(b *aBox) { b.name, b.location = "edge-new", "hall 2" }))
			r.says("no conflict any more", conflicts)
			r.says("one name", askDevices, "serial/32473/A1 edge-new")
		}},
		{"chassis replaced", func(r *replay) {
			r.poll("p1", with(func(b *aBox) { b.serials = []string{"A2"} }))
			r.says("devices", askDevices, "serial/32473/A2 edge1")
			r.says("last seen", `SELECT (STRAFTER(STR(?d), "/id/device/") AS ?x) { GRAPH ?g { ?d twin:lastSeen ?at } }`, "serial/32473/A1")
		}},
	} {
		t.Run(story.name, func(t *testing.T) {
			r := newReplay(t)
			r.poll("p1", box)
			story.tell(r)
		})
	}
}

// Goal: an operator can say that two devices are one, and take it back; both
// last over further readings. Method: a box that told no serial number when it
// was read under another name; merge, read, unmerge, read, through SPARQL.
func TestMergeAndUnmerge(t *testing.T) {
	t.Parallel()
	r := newReplay(t)
	known := aBox{name: "edge1", serials: []string{"A1"}, interfaces: []string{"eth0"}}
	seen := aBox{name: "EDGE-ONE", interfaces: []string{"eth9"}}
	r.poll("p1", known)
	r.poll("p2", seen)
	two := []string{"serial/32473/A1 edge1", "host-name/EDGE-ONE EDGE-ONE"}
	r.says("before", askDevices, two...)
	base := r.twin.store.Info().Base
	keep, alias := rdf.IRI(base+"id/device/serial/32473/A1"), rdf.IRI(base+"id/device/host-name/EDGE-ONE")
	if _, err := r.twin.pipeline.Merge(t.Context(), keep, alias, ingest.Decision{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.twin.pipeline.Merge(t.Context(), keep, alias, ingest.Decision{}); err == nil {
		t.Error("merging twice is no error")
	}
	r.apply()
	r.poll("p2", seen)
	r.poll("p1", known)
	one := `SELECT (STRAFTER(STR(?d), "/id/device/") AS ?x) { ?d a twin:Device }`
	r.says("merged", one, "serial/32473/A1")
	r.says("interfaces of both", askPorts, "serial/32473/A1/eth0 1", "serial/32473/A1/eth9 1")
	r.says("alias", `SELECT (STRAFTER(STR(?a), "/id/device/") AS ?x) { GRAPH ?g { ?a twin:aliasOf ?d } }`, "host-name/EDGE-ONE")
	if _, err := r.twin.pipeline.Unmerge(t.Context(), alias, ingest.Decision{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.twin.pipeline.Unmerge(t.Context(), alias, ingest.Decision{}); err == nil {
		t.Error("unmerging twice is no error")
	}
	r.apply()
	r.poll("p1", known)
	r.poll("p2", seen)
	r.says("unmerged", askDevices, two...)
	r.says("interfaces of each", askPorts, "serial/32473/A1/eth0 1", "host-name/EDGE-ONE/eth9 1")
	r.says("keys", `SELECT (CONCAT(STRAFTER(STR(?d), "/id/device/"), " ", ?k) AS ?x) { GRAPH ?g { ?d twin:identityKey ?k } }`,
		"serial/32473/A1 serial:32473/A1", "serial/32473/A1 host-name:edge1", "host-name/EDGE-ONE host-name:EDGE-ONE")
}
