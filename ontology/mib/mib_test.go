package mib_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nettwin/graph/rdf"
	"nettwin/ontology/mib"
)

func shipped(tb testing.TB) *mib.Tables {
	tb.Helper()
	t, err := mib.Load(os.DirFS(".."), "map")
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func oid(tb testing.TB, s string) []uint32 {
	tb.Helper()
	o, err := mib.ParseOID(s)
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// Goal: OIDs find their object and index. Method: instances of a scalar, of a
// column of an augmenting table and of nothing, numbers from RFC 2863 and
// RFC 3418.
func TestLookup(t *testing.T) {
	tables := shipped(t)
	for _, c := range []struct{ oid, object, thing string }{
		{"1.3.6.1.2.1.1.5.0", "sysName", "system"},
		{"1.3.6.1.2.1.31.1.1.1.1.7", "ifName", "ifXTable/7"},
		{".1.3.6.1.2.1.4.20.1.2.192.0.2.1", "ipAdEntIfIndex", "ipAddrTable/192.0.2.1"},
		{"1.3.6.1.2.1.1.5", "", ""},
		{"1.3.6.1.2.1.1.5.1", "", ""},
		{"1.3.6.1.2.1.31.1.1.1.1", "", ""},
		{"1.3.6.1.4.1.8072.1.0", "", ""},
	} {
		o, index, ok := tables.Lookup(oid(t, c.oid))
		if !ok {
			if c.object != "" {
				t.Errorf("%s: not found, expected %s", c.oid, c.object)
			}
			continue
		}
		if o.Name != c.object || o.Thing(index) != c.thing {
			t.Errorf("%s: %s of %s, expected %s of %s", c.oid, o.Name, o.Thing(index), c.object, c.thing)
		}
	}
	if got := tables.Object("ifName").Term.Value(); got != "https://w3id.org/nettwin/mib/IF-MIB/ifName" {
		t.Errorf("property of ifName: %s", got)
	}
	if got := tables.Object("ifName").Class().Value(); got != "https://w3id.org/nettwin/mib/IF-MIB/ifXEntry" {
		t.Errorf("class of ifName's row: %s", got)
	}
}

// Goal: indexes decode by RFC 2578 §7.7. Method: rows of tables whose indexes
// have each form: numbers, an address, a MAC of fixed length, an address with
// its length before it.
func TestDecodeIndex(t *testing.T) {
	tables := shipped(t)
	for _, c := range []struct{ table, index, want string }{
		{"ifXTable", "7", "ifIndex=7"},
		{"ipNetToMediaTable", "2.192.0.2.9", "ipNetToMediaIfIndex=2 ipNetToMediaNetAddress=192.0.2.9"},
		{"dot1dTpFdbTable", "0.17.34.51.68.85", "dot1dTpFdbAddress=00:11:22:33:44:55"},
		{"ipAddressTable", "1.4.192.0.2.1", "ipAddressAddrType=ipv4 ipAddressAddr=192.0.2.1"},
		{"ipAddressTable", "2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1", "ipAddressAddrType=ipv6 ipAddressAddr=2001:db8::1"},
		{"lldpRemManAddrTable", "5.3.1.1.4.192.0.2.1", "lldpRemTimeMark=5 lldpRemLocalPortNum=3 lldpRemIndex=1 lldpRemManAddrSubtype=ipV4 lldpRemManAddr=192.0.2.1"},
		{"ospfNbrTable", "192.0.2.2.0", "ospfNbrIpAddr=192.0.2.2 ospfNbrAddressLessIndex=0"},
		{"ipAddressTable", "1.5.192.0.2.1", "error"},
		{"ipNetToMediaTable", "2.192.0.2.900", "error"},
		{"ifXTable", "7.1", "error"},
		{"ifXTable", "", "error"},
	} {
		var index []uint32
		if c.index != "" {
			index = oid(t, c.index)
		}
		parts, err := tables.DecodeIndex(tables.Object(c.table).Entry, index)
		if err != nil {
			if c.want != "error" {
				t.Errorf("%s %s: %v", c.table, c.index, err)
			}
			continue
		}
		var got []string
		for _, p := range parts {
			var selector mib.Value
			for _, s := range parts {
				if s.Object == p.Object.Selector {
					selector = s.Value
				}
			}
			got = append(got, p.Object.Name+"="+tables.Render(p.Object, p.Value, selector).Terms[0].Value())
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.table, c.index, s, c.want)
		}
	}
}

// Goal: each syntax is written as the package's comment says. Method: values
// made by hand from the RFCs' own examples and the traps of real agents.
func TestRender(t *testing.T) {
	tables := shipped(t)
	octets := func(s string) mib.Value { return mib.Value{Kind: mib.Bytes, Bytes: []byte(s)} }
	number := func(n int64) mib.Value { return mib.Value{Kind: mib.Number, Int: n} }
	text, integer, hex := rdf.XSDString, rdf.XSDInteger, rdf.XSD+"hexBinary"
	for _, c := range []struct {
		object         string
		value, select_ mib.Value
		want, datatype string
		note           bool
	}{
		{object: "ifOperStatus", value: number(1), want: "up", datatype: text},
		{object: "ifOperStatus", value: number(99), want: "99", datatype: integer, note: true},
		{object: "ifOperStatus", value: octets("up"), want: "up", datatype: text, note: true},
		{object: "ifHCInOctets", value: mib.Unsigned64(1<<64 - 1), want: "18446744073709551615", datatype: integer},
		{object: "ifPhysAddress", value: octets("\x00\x1c\x73\x65\x8e\x3a"), want: "00:1c:73:65:8e:3a", datatype: text},
		{object: "ifPhysAddress", value: octets(""), want: "", datatype: text},
		{object: "sysName", value: octets("r1"), want: "r1", datatype: text},
		{object: "sysName", value: octets("Zürich\x00\x00"), want: "Zürich", datatype: text},
		{object: "sysName", value: octets("Z\xfcrich"), want: "Zürich", datatype: text},
		{object: "sysName", value: octets("\x00b"), want: "0062", datatype: hex},
		{object: "sysName", value: octets("a\x01b"), want: "610162", datatype: hex},
		{object: "entPhysicalIsFRU", value: number(2), want: "false", datatype: rdf.XSDBoolean},
		{object: "sysObjectID", value: mib.Value{Kind: mib.ObjectID, OID: []uint32{1, 3, 6, 1, 4, 1, 9}}, want: "1.3.6.1.4.1.9", datatype: text},
		// RFC 2579 §2: Tuesday May 26, 1992 at 1:30:15 PM EDT.
		{object: "entPhysicalMfgDate", value: octets("\x07\xc8\x05\x1a\x0d\x1e\x0f\x00-\x04\x00"), want: "1992-05-26T13:30:15-04:00", datatype: rdf.XSDDateTime},
		{object: "entPhysicalMfgDate", value: octets("\x00\x00\x00\x00\x00\x00\x00\x00"), want: "0000000000000000", datatype: hex},
		{object: "bgpPeerRemoteAddr", value: octets("\xc0\x00\x02\x01"), want: "192.0.2.1", datatype: text},
		{object: "lldpRemChassisId", value: octets("\x00\x11\x22\x33\x44\x55"), select_: number(4), want: "00:11:22:33:44:55", datatype: text},
		{object: "lldpRemChassisId", value: octets("\x01\xc0\x00\x02\x01"), select_: number(5), want: "192.0.2.1", datatype: text},
		{object: "lldpRemChassisId", value: octets("r9"), select_: number(7), want: "r9", datatype: text},
		{object: "lldpRemPortId", value: octets("\x00\x11\x22\x33\x44\x55"), want: "001122334455", datatype: hex},
		{object: "lldpRemSysCapEnabled", value: octets("\x08"), want: "router", datatype: text},
	} {
		r := tables.Render(tables.Object(c.object), c.value, c.select_)
		if len(r.Terms) != 1 || r.Terms[0] != rdf.Literal(c.want, c.datatype) || (r.Note != "") != c.note {
			t.Errorf("%s: %q %v (note %q), expected %q as %s", c.object, c.value.Bytes, r.Terms, r.Note, c.want, c.datatype)
		}
	}
	r := tables.Render(tables.Object("entAliasMappingIdentifier"), mib.Value{Kind: mib.ObjectID, OID: oid(t, "1.3.6.1.2.1.2.2.1.1.5")}, mib.Value{})
	if r.Ref != "ifTable/5" || len(r.Terms) != 0 {
		t.Errorf("a pointer to ifIndex.5: %+v", r)
	}
	r = tables.Render(tables.Object("sysName"), octets("r1\x00\x07memory"), mib.Value{})
	if !slices.Equal(r.Terms, []rdf.Term{rdf.Literal("723100076D656D6F7279", hex), rdf.String("r1")}) {
		t.Errorf("a text with memory behind it: %v", r.Terms)
	}
	r = tables.Render(tables.Object("lldpRemSysCapEnabled"), octets("\x28"), mib.Value{})
	if !slices.Equal(r.Terms, []rdf.Term{rdf.String("bridge"), rdf.String("router")}) {
		t.Errorf("two capabilities: %v", r.Terms)
	}
}

// Goal: a wrong file is rejected with file, line and what is wrong. Method:
// one small module, one fault at a time.
func TestLoadErrors(t *testing.T) {
	const head = "# module: X-MIB\n"
	const good = head +
		"1.1\txTable\ttable\t-\t-\t-\t-\t-\t-\t-\t-\n" +
		"1.1.1\txEntry\tentry\txTable\txIndex\t-\t-\t-\t-\t-\t-\n" +
		"1.1.1.1\txIndex\tcolumn\txTable\t-\tinteger\t-\t-\t-\t-\tnot-accessible\n"
	load := func(module, walk string) error {
		_, err := mib.Load(fstest.MapFS{"map/mib/X-MIB.tsv": {Data: []byte(module)}, "map/walk.tsv": {Data: []byte(walk)}}, "map")
		return err
	}
	if err := load(good, "xTable\n"); err != nil {
		t.Fatalf("the good module: %v", err)
	}
	for _, c := range []struct{ module, walk, want string }{
		{strings.TrimPrefix(good, head), "", `map/mib/X-MIB.tsv:1: the line "# module: NAME" must come before`},
		{good + "1.2\ty\n", "", "map/mib/X-MIB.tsv:5: 2 cells, expected 11"},
		{good + "1.x\ty\tgroup\t-\t-\t-\t-\t-\t-\t-\t-\n", "", "map/mib/X-MIB.tsv:5: oid:"},
		{good + "1.2\ty\tthing\t-\t-\t-\t-\t-\t-\t-\t-\n", "", `map/mib/X-MIB.tsv:5: the kind "thing"`},
		{good + "1.1.1.2\ty\tcolumn\txTable\t-\tnumber\t-\t-\t-\t-\t-\n", "", `map/mib/X-MIB.tsv:5: the syntax "number"`},
		{good + "1.1.1.2\ty\tcolumn\tyTable\t-\tinteger\t-\t-\t-\t-\t-\n", "", `map/mib/X-MIB.tsv:5: y: the parent "yTable"`},
		{good + "1.1.1.1\ty\tcolumn\txTable\t-\tinteger\t-\t-\t-\t-\t-\n", "", "map/mib/X-MIB.tsv:5: y has the OID of X-MIB/xIndex"},
		{good + "1.1.1.2\ty\tcolumn\txTable\t-\tinteger\t-\tup\t-\t-\t-\n", "", `map/mib/X-MIB.tsv:5: the enumeration's "up"`},
		{good + "1.1.1.2\ty\tcolumn\txTable\t-\tselected:Z\t-\t-\t-\t-\t-\n", "", "map/mib/X-MIB.tsv:5: y: selectors.tsv does not say how Z is read"},
		{strings.Replace(good, "xTable\txIndex", "xTable\tAUGMENTS ifEntry", 1), "", "map/mib/X-MIB.tsv:3: xEntry: the augmented entry \"ifEntry\""},
		{good, "# roots\nifTable\n", `map/walk.tsv:2: "ifTable" is no object`},
	} {
		err := load(c.module, c.walk)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected %s", err, c.want)
		}
	}
}
