package ipfix_test

import (
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"

	"nettwin/graph/rdf"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
)

func shipped(t *testing.T) *ipfix.Tables {
	t.Helper()
	tables, err := ipfix.Load(ontology.Knowledge(), "map")
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// Goal: the shipped elements are those of the registry. Method: the names
// that goflow2 prints, another copy of the registry; how many differ.
func TestNames(t *testing.T) {
	tables := shipped(t)
	same := 0
	var other []string
	for n := uint16(1); n < 434; n++ {
		e, name := tables.Element(ipfix.ID{Number: n}), netflow.IPFIXTypeToString(n)
		switch {
		case e == nil || strings.HasPrefix(name, "Assigned for NetFlow v9"):
		case e.Name == name:
			same++
		default:
			other = append(other, e.Name+" "+name)
		}
	}
	if same < 390 || len(other) > 6 {
		t.Errorf("%d names are the same, others: %q", same, other)
	}
}

// Goal: facts that everything rests on. Method: elements looked up in IANA's
// registry by hand.
func TestFacts(t *testing.T) {
	tables := shipped(t)
	for _, c := range []struct {
		number                uint16
		name, semantics, unit string
		typ                   ipfix.Type
	}{
		{1, "octetDeltaCount", "deltaCounter", "octets", ipfix.Unsigned},
		{4, "protocolIdentifier", "identifier", "", ipfix.Unsigned},
		{8, "sourceIPv4Address", "", "", ipfix.IPv4Address},
		{56, "sourceMacAddress", "", "", ipfix.MACAddress},
		{82, "interfaceName", "", "", ipfix.String},
		{86, "packetTotalCount", "totalCounter", "packets", ipfix.Unsigned},
		{152, "flowStartMilliseconds", "", "milliseconds", ipfix.Milliseconds},
		{311, "samplingProbability", "quantity", "", ipfix.Float},
	} {
		e := tables.Element(ipfix.ID{Number: c.number})
		if e == nil || e.Name != c.name || e.Semantics != c.semantics || e.Unit != c.unit || e.Type != c.typ || tables.Named(c.name) != e ||
			e.Term != rdf.IRI("https://w3id.org/nettwin/ipfix/"+c.name) {
			t.Errorf("%d: %+v, expected %+v", c.number, e, c)
		}
	}
	if r := tables.Named("octetDeltaCount").Reverse().Value(); r != ipfix.NS+"reverseOctetDeltaCount" {
		t.Errorf("reverse is %s", r)
	}
	f := tables.Field(ipfix.ID{Enterprise: ipfix.ReverseEnterprise, Number: 2})
	if f == nil || f.Role != ipfix.ReverseCounter || f.Slot != tables.Field(ipfix.ID{Number: 2}).Slot {
		t.Errorf("reverse of packetDeltaCount: %+v", f)
	}
	if f := tables.Field(ipfix.ID{Enterprise: ipfix.ReverseEnterprise, Number: 7}); f != nil {
		t.Errorf("the reverse of a key has the role %+v", f)
	}
	var slots []string
	for _, s := range tables.Slots() {
		slots = append(slots, s.Name)
	}
	if want := "source destination protocol source-port destination-port icmp icmp-v6 ingress egress direction ingress-vrf egress-vrf octets packets"; strings.Join(slots, " ") != want || tables.Keys() != 12 {
		t.Errorf("slots %v, %d keys", slots, tables.Keys())
	}
}

// Goal: each abstract type is read as RFC 7011 §6 says. Method: values by
// hand, right and wrong lengths.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		typ             ipfix.Type
		octets          string
		value, datatype string
	}{
		{ipfix.Unsigned, "ff", "255", "integer"},
		{ipfix.Unsigned, "010000", "65536", "integer"},
		{ipfix.Unsigned, "ffffffffffffffff", "18446744073709551615", "integer"},
		{ipfix.Unsigned, "", "", ""},
		{ipfix.Unsigned, "000000000000000000", "", ""},
		{ipfix.Signed, "ff", "-1", "integer"},
		{ipfix.Signed, "8000", "-32768", "integer"},
		{ipfix.Float, "3fc00000", "1.5E0", "double"},
		{ipfix.Float, "c0f86a0000000000", "-1.0E5", "double"},
		{ipfix.Float, "7ff8000000000000", "NaN", "double"},
		{ipfix.Float, "3fc0", "", ""},
		{ipfix.Boolean, "01", "true", "boolean"},
		{ipfix.Boolean, "02", "false", "boolean"},
		{ipfix.Boolean, "03", "", ""},
		{ipfix.MACAddress, "00a0c914c829", "00:a0:c9:14:c8:29", "string"},
		{ipfix.MACAddress, "00a0", "", ""},
		{ipfix.String, "65746831000000", "eth1", "string"},
		{ipfix.String, "fe41", "\uFFFDA", "string"},
		{ipfix.IPv4Address, "c0000201", "192.0.2.1", "string"},
		{ipfix.IPv4Address, "c00002", "", ""},
		{ipfix.IPv4Address, "20010db8000000000000000000000001", "", ""},
		{ipfix.IPv6Address, "20010db8000000000000000000000001", "2001:db8::1", "string"},
		{ipfix.Seconds, "6b02714f", "2026-11-22T04:36:31Z", "dateTime"},
		{ipfix.Milliseconds, "00000000000005dc", "1970-01-01T00:00:01.5Z", "dateTime"},
		{ipfix.Milliseconds, "ffffffffffffffff", "", ""},
		{ipfix.Microseconds, "83aa7e8180000000", "1970-01-01T00:00:01.5Z", "dateTime"},
		{ipfix.Microseconds, "83aa7e80400007ff", "1970-01-01T00:00:00.25Z", "dateTime"},
		{ipfix.Nanoseconds, "83aa7e8040000000", "1970-01-01T00:00:00.25Z", "dateTime"},
		{ipfix.OctetArray, "0aff", "0AFF", "hexBinary"},
	} {
		e := &ipfix.Element{Name: "test", Type: c.typ}
		octets, err := hex.DecodeString(c.octets)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Value(octets)
		var length *ipfix.LengthError
		switch {
		case c.datatype == "":
			if !errors.As(err, &length) || length.Bytes != len(octets) {
				t.Errorf("type %d %s: %v, %v, expected an error", c.typ, c.octets, got, err)
			}
		case err != nil || got != rdf.Literal(c.value, rdf.XSD+c.datatype):
			t.Errorf("type %d %s: %v, %v, expected %s", c.typ, c.octets, got, err, c.value)
		}
	}
	if at, ok := ipfix.Time(ipfix.Seconds, []byte{0, 0, 0, 1}); !ok || !at.Equal(time.Unix(1, 0)) {
		t.Errorf("one second: %v", at)
	}
}

// Goal: a mistake in a table is told with file and line. Method: small tables,
// each with one mistake.
func TestMistakes(t *testing.T) {
	good := map[string]string{
		"map/sflow.tsv": "packet\toctets\tcount\ncounter\t0:1\t4\t4\tmib/X/y\tper 10\n",
		"map/ipfix.tsv": "# comment\n0\t1\tcount\tunsigned64\t-\toctets\n0\t2\tall\tunsigned64\t-\t-\n0\t8\tfrom\tipv4Address\t-\t-\n" +
			"0\t9\tbegin\tdateTimeSeconds\t-\t-\n0\t10\tname\tstring\t-\t-\n0\t11\tshare\tfloat64\t-\t-\n0\t12\tlist\tbasicList\t-\t-\n",
		"map/flow.tsv":     "from\tkey\tsource\t-\ncount\tcounter\toctets\t-\nall\ttotal\toctets\t-\nbegin\tstart\t-\t-\n",
		"map/netflow5.tsv": "from\t4\ncount\t44\n",
	}
	load := func(change map[string]string) error {
		fsys := fstest.MapFS{}
		for name, text := range good {
			if changed, ok := change[name]; ok {
				text = changed
			}
			if text != "" {
				fsys[name] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		_, err := ipfix.Load(fsys, "map")
		return err
	}
	if err := load(nil); err != nil {
		t.Fatal(err)
	}
	elements, roles, v5, samples := "map/ipfix.tsv", "map/flow.tsv", "map/netflow5.tsv", "map/sflow.tsv"
	for _, c := range []struct{ file, text, want string }{
		{elements, good[elements] + "0\t1\tother\tunsigned8\t-\t-\n", "map/ipfix.tsv:9: other has the number of count"},
		{elements, good[elements] + "1\t1\tcount\tunsigned8\t-\t-\n", "map/ipfix.tsv:9: the name count is taken by 0/1"},
		{elements, good[elements] + "1\t1\tx\tint\t-\t-\n", "map/ipfix.tsv:9: x: type \"int\" is none of"},
		{elements, good[elements] + "1\t32768\tx\tstring\t-\t-\n", "map/ipfix.tsv:9: number \"32768\""},
		{elements, good[elements] + "-1\t3\tx\tstring\t-\t-\n", "map/ipfix.tsv:9: enterprise \"-1\""},
		{elements, good[elements] + "1\t3\tx y\tstring\t-\t-\n", "map/ipfix.tsv:9: name \"x y\""},
		{elements, good[elements] + "1\t3\tx\n", "map/ipfix.tsv:9: 3 cells, expected 6"},
		{roles, good[roles] + "nothing\tkey\tk\t-\n", "map/flow.tsv:5: \"nothing\" is no element"},
		{roles, good[roles] + "from\tkey\tk\t-\n", "map/flow.tsv:5: from has a role already"},
		{roles, good[roles] + "name\tpurpose\tk\t-\n", "map/flow.tsv:5: name: role \"purpose\""},
		{roles, good[roles] + "name\tkey\tk\tsoon\n", "map/flow.tsv:5: name: detail \"soon\""},
		{roles, good[roles] + "name\tkey\t-\t-\n", "map/flow.tsv:5: name: keys, interfaces"},
		{roles, good[roles] + "name\tkey\toctets\t-\n", "map/flow.tsv:5: name: slot octets is both"},
		{roles, good[roles] + "name\tcounter\toctets\t-\n", "map/flow.tsv:5: name: role needs an unsigned element"},
		{roles, good[roles] + "name\tstart\t-\t-\n", "map/flow.tsv:5: name: a time is"},
		{roles, good[roles] + "name\tboot\t-\t-\n", "map/flow.tsv:5: name: boot needs"},
		{roles, good[roles] + "share\tsampling\t-\tsize\n", "map/flow.tsv:5: share: sampling needs"},
		{roles, good[roles] + "list\tkey\tk\t-\n", "map/flow.tsv:5: list: a list"},
		{roles, good[roles] + "name\tkey\tk\tuptime\n", "map/flow.tsv:5: name: only times"},
		{roles, "count\tcounter\toctets\t-\nall\ttotal\toctets\t-\n", "map/flow.tsv: no element is a key"},
		{roles, "from\tkey\tsource\t-\ncount\tcounter\toctets\t-\n", "map/flow.tsv: slot octets needs"},
		{v5, "from\t4\n", "map/netflow5.tsv: the fields have 4 octets, expected 48"},
		{v5, "from\tmany\n", "map/netflow5.tsv:1: from: \"many\" octets"},
		{v5, "nobody\t4\n", "map/netflow5.tsv:1: \"nobody\" is no element"},
		{samples, "packet\toctets\tnothing\n", "map/sflow.tsv:1: \"nothing\" is no element"},
		{samples, "packet\toctets\tcount\npacket\toctets\tall\n", "map/sflow.tsv:2: the field octets has an element already"},
		{samples, "packet\toctets\n", "map/sflow.tsv:1: \"packet\" with 2 cells"},
		{samples, "counter\t1\t4\t4\tmib/X/y\tcount\n", "map/sflow.tsv:1: structure \"1\""},
		{samples, "counter\t0:1\t-\t4\tmib/X/y\tcount\n", "map/sflow.tsv:1: offset \"-\""},
		{samples, "counter\t0:1\t4\t9\tmib/X/y\tcount\n", "map/sflow.tsv:1: offset \"4\" and octets \"9\""},
		{samples, "counter\t0:1\t4\t4\tmib/X y\tcount\n", "map/sflow.tsv:1: property \"mib/X y\""},
		{samples, "counter\t0:1\t4\t4\tmib/X/y\tper 0\n", "map/sflow.tsv:1: reading \"per 0\""},
		{samples, "counter\t0:1\t4\t4\tmib/X/y\tbit one a b\n", "map/sflow.tsv:1: reading \"bit one a b\""},
		{samples, "counter\t0:1\t4\t4\tmib/X/y\ttext\n", "map/sflow.tsv:1: a text has 0 octets"},
	} {
		if err := load(map[string]string{c.file: c.text}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, expected %q", err, c.want)
		}
	}
	delete(good, samples) // a folder of an older release has none
	for _, file := range slices.Sorted(maps.Keys(good)) {
		if err := load(map[string]string{file: ""}); err == nil || !strings.Contains(err.Error(), file[4:9]) {
			t.Errorf("without %s: %v", file, err)
		}
	}
}
