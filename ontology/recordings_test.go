package ontology_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nettwin/fixtures"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
	"nettwin/ontology"
	"nettwin/ontology/mib"
	"nettwin/ontology/vocab"
)

// source turns what a recording says into the source graph of a device, as
// the ingest pipeline does.
func source(tb testing.TB, mapper *snmp.Mapper, base, device string, rows []smi.Varbind) []rdf.Quad {
	tb.Helper()
	var varbinds []snmp.Varbind
	for _, row := range rows {
		varbinds = append(varbinds, varbind(tb, row))
	}
	graph := rdf.IRI(base + "graph/source/snmp/" + device)
	quads := []rdf.Quad{
		{S: graph, P: vocab.PropDescribes, O: rdf.IRI(base + "id/device/" + device), G: graph},
		{S: graph, P: vocab.PropDeviceName, O: rdf.String(device), G: graph},
	}
	for _, f := range mapper.Map(varbinds).Facts {
		if !f.Counter {
			quads = append(quads, quad(graph, f))
		}
	}
	return quads
}

func quad(graph rdf.Term, f ingest.Fact) rdf.Quad {
	q := rdf.Quad{S: rdf.IRI(graph.Value() + "/" + f.Thing), P: f.P, O: f.O, G: graph}
	if f.Ref != "" {
		q.O = rdf.IRI(graph.Value() + "/" + f.Ref)
	}
	return q
}

func varbind(tb testing.TB, row smi.Varbind) snmp.Varbind {
	tb.Helper()
	name, err := mib.ParseOID(row.OID.String())
	if err != nil {
		tb.Fatal(err)
	}
	v := snmp.Varbind{Name: name}
	switch value := row.Value; value.Kind() {
	case smi.KindInteger:
		v.Tag, v.Value = snmp.TagInteger, mib.Value{Kind: mib.Number, Int: int64(value.Int())}
	case smi.KindOctets, smi.KindIPAddress, smi.KindOpaque:
		v.Tag, v.Value = snmp.TagOctets, mib.Value{Kind: mib.Bytes, Bytes: []byte(value.Octets())}
	case smi.KindOID:
		oid, err := mib.ParseOID(value.OID().String())
		if err != nil {
			tb.Fatal(err)
		}
		v.Tag, v.Value = snmp.TagOID, mib.Value{Kind: mib.ObjectID, OID: oid}
	case smi.KindNull:
		v.Tag = snmp.TagNull
	default:
		v.Tag, v.Value = snmp.TagCounter64, mib.Unsigned64(value.Uint())
	}
	return v
}

func newMapper(tb testing.TB) *snmp.Mapper {
	tb.Helper()
	tables, err := mib.Load(ontology.Knowledge(), "map")
	if err != nil {
		tb.Fatal(err)
	}
	return snmp.NewMapper(tables)
}

// walk is the part of an expectation that the rules are held against.
type walk struct {
	Interfaces []struct {
		Index int    `json:"ifIndex"`
		Name  string `json:"ifName"`
		Descr string `json:"ifDescr"`
		Oper  string `json:"ifOperStatus"`
	}
	Entities []struct {
		Index       int    `json:"entPhysicalIndex"`
		ContainedIn int    `json:"containedIn"`
		Serial      string `json:"serialNum"`
	}
	Addresses []struct {
		Address string `json:"address"`
		Index   int    `json:"ifIndex"`
	} `json:"ipv4Addresses_ipAddrTable"`
	LLDP []struct {
		Port    int    `json:"lldpRemLocalPortNum"`
		Chassis string `json:"chassisId"`
		ID      string `json:"portId"`
	} `json:"lldpNeighbors"`
}

func readWalk(t *testing.T, file string) walk {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Walk walk }
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return want.Walk
}

// Goal: every interface, entity, address and neighbour of every recording
// becomes one resource, no more, with its name and state. Method: all
// recordings as one twin through mapping and rules, compared with the
// decoding that is not ours.
func TestRecordings(t *testing.T) {
	dir := testenv.Shared(t, "data/snmp")
	files, err := filepath.Glob(filepath.Join(dir, "*.expected.json"))
	if err != nil || len(files) < 41 {
		t.Fatalf("%d expectations in %s (%v), there should be 41", len(files), dir, err)
	}
	mapper := newMapper(t)
	var quads []rdf.Quad
	var devices, states, names, entities, trees, addresses, neighbours []string
	for _, file := range files {
		device := strings.TrimSuffix(filepath.Base(file), ".expected.json")
		recording, err := snmprec.Open(filepath.Join(dir, device+".snmprec"), snmprec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		quads = append(quads, source(t, mapper, base, device, recording.Rows)...)
		want := readWalk(t, file)
		devices = append(devices, device)
		for _, i := range want.Interfaces {
			label := cmp.Or(i.Name, i.Descr, fmt.Sprint(i.Index))
			names = append(names, fmt.Sprintf("%s %d %s", device, i.Index, label))
			if i.Oper != "" {
				states = append(states, fmt.Sprintf("%s %d %s", device, i.Index, i.Oper))
			}
		}
		known := map[int]bool{}
		for _, e := range want.Entities {
			known[e.Index] = true
			entities = append(entities, fmt.Sprintf("%s %d %s", device, e.Index, strings.TrimSpace(e.Serial)))
		}
		for _, e := range want.Entities {
			if e.ContainedIn != 0 && known[e.ContainedIn] {
				trees = append(trees, fmt.Sprintf("%s %d %d", device, e.Index, e.ContainedIn))
			}
		}
		for _, a := range want.Addresses {
			if a.Address != "0.0.0.0" {
				addresses = append(addresses, device+" "+a.Address)
			}
		}
		heard := map[string]bool{} // some agents have several rows for one neighbour
		for _, n := range want.LLDP {
			if row := fmt.Sprintf("%s %d %s %s", device, n.Port, n.Chassis, n.ID); !heard[row] {
				heard[row] = true
				neighbours = append(neighbours, device)
			}
		}
	}
	w := newWorld(t, base, quads)
	w.run(shippedRules(t, base))
	device := "BIND(STRAFTER(STR(?device), 'id/device/') AS ?d)"
	for _, c := range []struct {
		what, query string
		want        []string
	}{
		{"devices", "SELECT ?d { ?device a twin:Device ; twin:name ?n " + device + "}", devices},
		{"interface names", "SELECT ?d ?i ?n { ?x a twin:Interface ; twin:ifIndex ?i ; twin:name ?n ; twin:interfaceOf ?device " + device + "}", names},
		{"interface states", "SELECT ?d ?i ?o { ?x a twin:Interface ; twin:ifIndex ?i ; twin:operStatus ?o ; twin:interfaceOf ?device " + device + "}", states},
		{"entities", "SELECT ?d ?i ?s { ?x a twin:Component ; twin:entityIndex ?i ; twin:componentOf ?device OPTIONAL { ?x twin:serialNumber ?s } " + device + "}", entities},
		{"containment", "SELECT ?d ?i ?in { ?x twin:entityIndex ?i ; twin:partOf/twin:entityIndex ?in ; twin:componentOf ?device " + device + "}", trees},
		{"addresses", "SELECT ?d ?text { ?device a twin:Device ; twin:hasAddress/twin:address ?text FILTER(!CONTAINS(?text, ':')) " + device + "}", addresses},
		{"LLDP neighbours", "SELECT ?d { ?a a twin:LldpAdjacency ; twin:localDevice ?device " + device + "}", neighbours},
	} {
		compare(t, c.what, w.rows(c.query), c.want)
		t.Logf("%s: %d", c.what, len(c.want))
	}
	compareFacts(t, w, files)
	compareSensors(t, w, files)
	t.Logf("LLDP neighbours with their local interface: %d", len(w.rows("SELECT ?a { ?a a twin:LldpAdjacency ; twin:localInterface ?i }")))
}

// compare holds two bags of rows against each other.
func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	count := map[string]int{}
	for _, row := range want {
		count[row]++
	}
	for _, row := range got {
		count[row]--
	}
	var lines []string
	for row, n := range count {
		switch {
		case n > 0:
			lines = append(lines, "missing: "+row)
		case n < 0:
			lines = append(lines, "too many: "+row)
		}
	}
	slices.Sort(lines)
	if len(lines) > 0 {
		t.Errorf("%s: %d rows, expected %d\n%s", what, len(got), len(want), strings.Join(lines[:min(20, len(lines))], "\n"))
	}
}

// demo is the fixture network after all rules.
func demo(t *testing.T) *world {
	t.Helper()
	const base = "https://demo.example/"
	network, err := fixtures.ReadNetwork()
	if err != nil {
		t.Fatal(err)
	}
	mapper := newMapper(t)
	var quads []rdf.Quad
	for _, d := range network.Devices {
		text, err := fixtures.Recording(d.Name)
		if err != nil {
			t.Fatal(err)
		}
		recording, err := snmprec.Read(d.Name, bytes.NewReader(text), snmprec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		quads = append(quads, source(t, mapper, base, d.Name, recording.Rows)...)
	}
	return newWorld(t, base, quads)
}
