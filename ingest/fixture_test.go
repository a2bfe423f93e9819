package ingest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
	"nettwin/internal/testenv"
	"nettwin/naming"
	"nettwin/naming/items"
)

const (
	testBase = "https://twin.test/"
	mibNS    = "https://w3id.org/nettwin/mib/"
)

// fixture is a pipeline over a store in memory, and a clock that tests move.
type fixture struct {
	*testing.T
	store    *mem.Store
	items    *items.Store
	pipeline *Pipeline
	now      time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, store: mem.New(mem.Options{Base: testBase}), now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	var err error
	if f.items, err = items.Open("items", items.Options{FS: vfs.NewMem()}); err != nil {
		t.Fatal(err)
	}
	f.pipeline, err = NewPipeline(Options{Store: f.store, Items: f.items, Base: testBase, Knowledge: shipped()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.items.Close(); err != nil {
			t.Error(err)
		}
		if err := f.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// shipped is the knowledge folder as nettwin ships it.
func shipped() fs.FS { return os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology")) }

func prop(name string) rdf.Term { return rdf.IRI(mibNS + name) }

func fact(thing, property, value string) Fact {
	return Fact{Thing: thing, P: prop(property), O: rdf.String(value)}
}

func counter(thing, property, value string) Fact {
	return Fact{Thing: thing, P: prop(property), O: rdf.Literal(value, rdf.XSDInteger), Counter: true}
}

// box is what a test device says.
type box struct{ serial, mac, address, name string }

func (b box) facts() []Fact {
	facts := []Fact{fact("system", "SNMPv2-MIB/sysObjectID", "1.3.6.1.4.1.9.1.1")}
	if b.name != "" {
		facts = append(facts, fact("system", "SNMPv2-MIB/sysName", b.name))
	}
	if b.serial != "" {
		facts = append(facts, fact("entPhysicalTable/1", "ENTITY-MIB/entPhysicalClass", "chassis"),
			fact("entPhysicalTable/1", "ENTITY-MIB/entPhysicalSerialNum", b.serial))
	}
	if b.mac != "" {
		facts = append(facts, fact("lldpLocalSystemData", "LLDP-MIB/lldpLocChassisIdSubtype", "macAddress"),
			fact("lldpLocalSystemData", "LLDP-MIB/lldpLocChassisId", b.mac))
	}
	if b.address != "" {
		facts = append(facts, fact("lldpLocManAddrTable/1", "LLDP-MIB/lldpLocManAddr", b.address))
	}
	return facts
}

var allTables = []string{"system", "entPhysicalTable", "lldpLocalSystemData", "lldpLocManAddrTable", "ifTable"}

// sample is a complete reading ten seconds after the one before.
func (f *fixture) sample(device string, facts ...Fact) *Sample {
	f.now = f.now.Add(10 * time.Second)
	return &Sample{Collector: "snmp", Device: device, Started: f.now.Add(-300 * time.Millisecond), Ended: f.now,
		Raw: []RawItem{{Label: "walk", Bytes: []byte("reply of " + device + f.now.String())}}, Facts: facts, Complete: allTables}
}

func (f *fixture) apply(s *Sample) Report {
	f.Helper()
	r, err := f.pipeline.Apply(context.Background(), s)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

// poll applies a complete reading of a box.
func (f *fixture) poll(device string, b box) Report {
	f.Helper()
	return f.apply(f.sample(device, b.facts()...))
}

// quads returns what a graph holds, as sorted lines without the graph.
func (f *fixture) quads(g string, p ...rdf.Term) []string {
	f.Helper()
	snap, err := f.store.Snapshot(graph.At{})
	if err != nil {
		f.Fatal(err)
	}
	defer snap.Close()
	found, err := view{snap}.match(context.Background(), rdf.Term{}, rdf.Term{}, rdf.Term{}, rdf.IRI(g))
	if err != nil {
		f.Fatal(err)
	}
	var lines []string
	for _, q := range found {
		if len(p) == 0 || slices.Contains(p, q.P) {
			line := string(rdf.AppendQuad(nil, rdf.Quad{S: q.S, P: q.P, O: q.O}))
			for _, short := range [...][2]string{{testBase, ""}, {naming.Twin, "twin:"}, {naming.Prov, "prov:"}, {mibNS, ""}} {
				line = strings.ReplaceAll(line, short[0], short[1])
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

func (f *fixture) prov(p ...rdf.Term) []string {
	f.Helper()
	return f.quads(naming.ProvenanceGraph(testBase).Value(), p...)
}

func (f *fixture) wantLines(what string, got []string, want ...string) {
	f.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		f.Errorf("%s:\ngot\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func device(path string) string { return testBase + "id/device/" + path }
