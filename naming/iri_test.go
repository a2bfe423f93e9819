package naming

import (
	"errors"
	"testing"

	"nettwin/graph/rdf"
)

// TestIRIs: the addresses of DESIGN.md §2, written out by hand.
func TestIRIs(t *testing.T) {
	const base = "https://noc.example/"
	n := Of(CodecRaw, []byte("hello world"))
	for _, c := range []struct {
		got  rdf.Term
		want string
	}{
		{ThingIRI(base, "device", "serial", "9", "FTX 1/2"), "https://noc.example/id/device/serial/9/FTX%201%2F2"},
		{ThingIRI(base, "interface", "r1", "Ethernet1/1", "é"), "https://noc.example/id/interface/r1/Ethernet1%2F1/%C3%A9"},
		{ThingIRI(base, "x", "..", "."), "https://noc.example/id/x/%2E%2E/%2E"},
		{SourceGraph(base, "snmp", "r1"), "https://noc.example/graph/source/snmp/r1"},
		{SourceThing(SourceGraph(base, "snmp", "r1"), "ifTable/3"), "https://noc.example/graph/source/snmp/r1/ifTable/3"},
		{DerivedGraph(base), "https://noc.example/graph/derived"},
		{ProvenanceGraph(base), "https://noc.example/graph/provenance"},
		{IntendedGraph(base), "https://noc.example/graph/intended"},
		{ItemIRI(base, n), "https://noc.example/names/" + helloRaw},
	} {
		if c.got.Value() != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	if back, err := ParseItemIRI(base, ItemIRI(base, n)); err != nil || back != n {
		t.Errorf("%v, %v", back, err)
	}
	if _, err := ParseItemIRI("http://other/", ItemIRI(base, n)); !errors.Is(err, ErrBadName) {
		t.Errorf("foreign item IRI: error %v", err)
	}
}

// TestCheckBase: bases that a store may and may not be created with.
func TestCheckBase(t *testing.T) {
	for _, base := range []string{DefaultBase, "https://noc.example/", "http://e/twin/"} {
		if err := CheckBase(base); err != nil {
			t.Error(err)
		}
	}
	for _, base := range []string{"", "noc.example/", "https:///", "https://noc.example", "ftp://e/", "https://e/?x/", "https://e/ /"} {
		if err := CheckBase(base); !errors.Is(err, ErrBadBase) {
			t.Errorf("CheckBase(%q): error %v", base, err)
		}
	}
}
