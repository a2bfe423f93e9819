package output

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/ingest"
	"nettwin/ontology"
)

const table = `# a table of the test
prefix	p	https://example.org/p/
envelope	rpc-reply
envelope	data

output	ports
when	ports/port/name
each	ports/port
let	name	name	trim
thing	ports/port={name}	p:Port
leaf	p:name	={name}
leaf	p:speed	speed	integer	bits
leaf	p:mac	mac	string	mac
leaf	p:member	members/*/@
leaf	p:device	../@	string	upper
leaf	p:of	=ports/port={name}	ref
each	ports/port/address
unless	ip	^0\.
let	port	../name	trim
let	ip	ip	ip
let	length	mask	mask
let	length	=32
thing	ports/port={port}/address={ip}	p:Address	ports/port={port}
leaf	p:length	={length}	integer

output	neighbours
text	^Neighbours of
lacks	^Nobody
row	neighbour	^(?P<name>\S+) +via (?P<port>\S+)
more	neighbour	^ +since (?P<since>\d+)
row	neighbour/hop	^ +hop (?P<address>\S+)
each	neighbour
where	port	^e
let	name	name
thing	neighbours/{name}	p:Neighbour
leaf	p:port	port	string	sub /^e/Ethernet/
leaf	p:since	since	dateTime	time
leaf	p:hop	hop/address	string	ip
`

func load(t testing.TB, text string) *Tables {
	t.Helper()
	tables, err := Load(fstest.MapFS{"map/output-test.tsv": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// said are facts as text, without what is common to all.
func said(facts []ingest.Fact) []string {
	var lines []string
	for _, f := range facts {
		o := f.O.String()
		if f.Ref != "" {
			o = f.Ref
		}
		if class, ok := strings.CutPrefix(o, "<https://example.org/p/"); ok {
			o = strings.TrimSuffix(class, ">")
		}
		p := f.P.Value()
		lines = append(lines, f.Thing+" "+p[strings.LastIndexAny(p, "/#")+1:]+" "+o)
	}
	return lines
}

// TestRead: XML and JSON of one shape give the same facts; envelopes, arrays
// of one or more, names of nodes, fallbacks and wrong values are handled as the
// table says. Method: one answer in both forms against facts written by hand.
func TestRead(t *testing.T) {
	tables := load(t, table)
	want := []string{
		"ports/port=e1%2F1 type Port", `ports/port=e1%2F1 name "e1/1"`, `ports/port=e1%2F1 speed "10000000000"^^<http://www.w3.org/2001/XMLSchema#integer>`,
		`ports/port=e1%2F1 mac "00:50:56:8c:0b:73"`, `ports/port=e1%2F1 member "a"`, `ports/port=e1%2F1 member "b"`, `ports/port=e1%2F1 device "PORTS"`,
		"ports/port=e1%2F1 of ports/port=e1%2F1",
		"ports/port=e2 type Port", `ports/port=e2 name "e2"`, `ports/port=e2 device "PORTS"`, "ports/port=e2 of ports/port=e2",
		"ports/port=e1%2F1/address=192.0.2.1 type Address", "ports/port=e1%2F1/address=192.0.2.1 within ports/port=e1%2F1",
		`ports/port=e1%2F1/address=192.0.2.1 length "24"^^<http://www.w3.org/2001/XMLSchema#integer>`,
		"ports/port=e1%2F1/address=2001:db8::1 type Address", "ports/port=e1%2F1/address=2001:db8::1 within ports/port=e1%2F1",
		`ports/port=e1%2F1/address=2001:db8::1 length "32"^^<http://www.w3.org/2001/XMLSchema#integer>`}
	for i := range want { // ":" is encoded in keys
		want[i] = strings.ReplaceAll(want[i], "2001:db8::1", "2001%3Adb8%3A%3A1")
	}
	for name, text := range map[string]string{
		"xml": `<?xml version="1.0"?><rpc-reply message-id="1"><data><ports x="y">
			<port><name> e1/1 </name><speed>10Gbps</speed><mac>0050.568c.0b73</mac><members><a/><b/></members><address><ip>192.0.2.1</ip><mask>255.255.255.0</mask></address>
			<address><ip>2001:DB8:0::1</ip></address><address><ip>0.0.0.0</ip></address></port>
			<port><name>e2</name><mac>unset</mac><more>1</more></port></ports></data></rpc-reply>`,
		"json": `{"ports": {"port": [{"name": [{"data": "e1/1\n"}], "speed": "10Gbps", "mac": "0050.568c.0b73", "members": {"a": {}, "b": null, "b": 1}, "address":
			[{"ip": "192.0.2.1", "mask": 24}, {"ip": "2001:DB8:0::1"}, {"ip": "0.0.0.0"}]}, {"name": "e2", "mac": "unset", "more": 1}]}}
			{master:0}`,
	} {
		reading, err := tables.Read([]byte(text))
		if err != nil {
			t.Fatal(name, err)
		}
		if got := said(reading.Facts); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nexpected\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if !slices.Equal(reading.Forms, []string{"ports"}) || reading.Unread == 0 || !tables.Knows([]byte(text)) {
			t.Errorf("%s: forms %v, %d unread", name, reading.Forms, reading.Unread)
		}
	}
}

// TestReadText: lines of text become rows with what follows them; lines that
// fit nowhere are passed over. Method: a text against facts written by hand.
func TestReadText(t *testing.T) {
	tables := load(t, table)
	text := "prompt# show\r\nNeighbours of r1\n  hop 192.0.2.99\n\nr2 via e1\r\n  since 1700000000\n  hop 192.0.2.2\n  hop nowhere\n  hop 192.0.2.3\nr3 via x1\nr4 via e4\n"
	reading, err := tables.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"neighbours/r2 type Neighbour", `neighbours/r2 port "Ethernet1"`,
		`neighbours/r2 since "2023-11-14T22:13:20Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>`,
		`neighbours/r2 hop "192.0.2.2"`, `neighbours/r2 hop "192.0.2.3"`, "neighbours/r4 type Neighbour", `neighbours/r4 port "Ethernet4"`}
	if got := said(reading.Facts); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if tables.Knows([]byte(text + "Nobody else\n")) {
		t.Error("a text that has what it must lack is known")
	}
}

// TestRefused: what no table knows, or is broken, or too deep, is an error that
// says so. Method: one answer each.
func TestRefused(t *testing.T) {
	tables := load(t, table)
	deep := strings.Repeat(`{"ports":`, maxDepth+2) + "1" + strings.Repeat("}", maxDepth+2)
	for text, want := range map[string]error{"": ErrUnknown, "hello": ErrUnknown, `{"a":1}`: ErrUnknown, "<a/>": ErrUnknown,
		`{"ports":`: ErrMalformed, "<ports><port>": ErrMalformed, `{"ports":1} {"port":2}`: ErrMalformed,
		deep: ErrTooLarge, strings.Repeat("<a>", maxDepth+2): ErrTooLarge} {
		if _, err := tables.Read([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.40q: error %v, expected %v", text, err, want)
		}
		if tables.Knows([]byte(text)) {
			t.Errorf("%.40q is known", text)
		}
	}
	reading, err := tables.Read([]byte(`{"ports": {"port": {"name": "e1", "speed": "1.5"}}}`))
	if err != nil || len(reading.Warnings) != 1 || !strings.Contains(reading.Warnings[0], `"1.5" is no integer`) {
		t.Errorf("%v, warnings %v", err, reading.Warnings)
	}
}

// TestTableErrors: a table with a mistake is refused with file, line and what
// is wrong. Method: one mistake each.
func TestTableErrors(t *testing.T) {
	for line, want := range map[string]string{
		"what\tis": `:1: "what"`, "output": ":1: output: 1 cells", "each\ta": "must stand below output", "prefix\tp\tno iri": "IRI",
		"output\tx\neach\ta\nthing\tt\tq:Class": `:3: "q:Class"`,
		"output\tx\nrow\ta\t(":                  "missing closing",
		"prefix\tp\thttps://e.org/\noutput\tx\neach\ta\nthing\tt\nleaf\tp:x\ta\tfloat":           "datatype",
		"prefix\tp\thttps://e.org/\noutput\tx\neach\ta\nthing\tt\nleaf\tp:x\ta\tstring\tshout":   "function shout",
		"prefix\tp\thttps://e.org/\noutput\tx\neach\ta\nthing\tt\nleaf\tp:x\ta\tstring\tsub /a/": "REPLACEMENT",
		"output\tx\neach\ta//b": "empty step", "output\tx\neach\ta\nlet\tn\ta\tmap a": "FROM=TO", "output\tx\neach\ta\nlet\tn\ta\ttimes x": "no number",
	} {
		if _, err := Load(fstest.MapFS{"map/output-bad.tsv": {Data: []byte(line)}}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "map/output-bad.tsv:") {
			t.Errorf("%q: error %v, expected one with %q", line, err, want)
		}
	}
}

// TestFunctions: what functions make of texts. Method: pairs written by hand,
// those of RFC 5396 among them.
func TestFunctions(t *testing.T) {
	for cell, pairs := range map[string][][2]string{
		"mac":                   {{"0050.568C.0b73", "00:50:56:8c:0b:73"}, {"00-50-56-8c-0b-73", "00:50:56:8c:0b:73"}, {"12", ""}, {"00:50:56:8c:0b:73 and more", ""}},
		"ip":                    {{" 192.0.2.1/24", "192.0.2.1"}, {"192.0.2.1+179", "192.0.2.1"}, {"FE80::1%et3", "fe80::1"}, {"x", ""}},
		"bits":                  {{"1000mbps", "1000000000"}, {"10Gbps", "10000000000"}, {"2.5 Gbit", "2500000000"}, {"Auto", ""}},
		"asn":                   {{"65526", "65526"}, {"1.10", "65546"}, {"65000.65535", "4259905535"}, {"70000.1", ""}},
		"mask":                  {{"255.255.254.0", "23"}, {"24", "24"}, {"255.0.255.0", ""}, {"129", ""}},
		"time":                  {{"0", "1970-01-01T00:00:00Z"}, {"1466586841.4284112", "2016-06-22T09:14:01.4284112Z"}, {"5.0", "1970-01-01T00:00:05Z"}, {"never", ""}},
		"times 1000":            {{"1.5", "1500"}, {"x", ""}, {"1e999999999", ""}},
		"times 0.001":           {{"1", "0.001"}},
		"map up=1 a_b=2":        {{"up", "1"}, {"a b", "2"}, {"c", ""}},
		"map up=1 *=0":          {{"x", "0"}},
		"map up=1 *=":           {{"x", "x"}},
		"not ^x | upper":        {{"xa", ""}, {"a", "A"}},
		"match ^([a-z]+)[0-9]$": {{"ab1", "ab"}, {"AB1", ""}},
		"split [, ]+":           {{"a, b", "a|b"}},
	} {
		list, err := parseFunctions(cell)
		if err != nil {
			t.Fatal(cell, err)
		}
		for _, pair := range pairs {
			if got := strings.Join(apply(list, pair[0]), "|"); got != pair[1] {
				t.Errorf("%s of %q is %q, expected %q", cell, pair[0], got, pair[1])
			}
		}
	}
}

// sink keeps samples.
type sink struct {
	samples []*ingest.Sample
	err     error
}

func (s *sink) Apply(_ context.Context, sample *ingest.Sample) (ingest.Report, error) {
	s.samples = append(s.samples, sample)
	return ingest.Report{}, s.err
}

// TestIntake: all answers of a device are one sample, with each fact once and
// all that was read as complete; an answer that is refused costs itself.
// Method: three answers of two devices.
func TestIntake(t *testing.T) {
	to := &sink{}
	in := NewIntake(load(t, table), to)
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	port := []byte(`{"ports": {"port": {"name": "e1"}}}`)
	for _, a := range []Answer{{"r2", late, "b", port}, {"r1", late, "a", port}, {"r2", early, "c", []byte("Neighbours of r2\nr1 via e1\n")}, {"r2", late, "d", port}} {
		if err := in.Take(a); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Take(Answer{Device: "r2", Text: []byte("?")}); !errors.Is(err, ErrUnknown) {
		t.Errorf("error %v", err)
	}
	if err := in.Flush(t.Context()); err != nil || len(to.samples) != 2 {
		t.Fatal(err, len(to.samples))
	}
	s := to.samples[1]
	if s.Device != "r2" || s.Collector != Collector || !s.Started.Equal(early) || !s.Ended.Equal(late) || len(s.Raw) != 3 || len(s.Facts) != 6 ||
		!slices.Equal(s.Complete, []string{"neighbours", "ports"}) {
		t.Errorf("%+v", s)
	}
	to.err = errors.New("full")
	if err := in.Take(Answer{Device: "r1", Text: port}); err != nil {
		t.Fatal(err)
	}
	if err := in.Flush(t.Context()); !errors.Is(err, to.err) || !strings.Contains(err.Error(), "r1") {
		t.Errorf("error %v", err)
	}
	if err := in.Flush(t.Context()); err != nil || len(to.samples) != 3 {
		t.Errorf("%v, %d samples", err, len(to.samples))
	}
}

// FuzzRead: no answer makes the reading fail but by its errors, and the same
// answer gives the same facts. The tables are those that are shipped and that of
// the other tests.
func FuzzRead(f *testing.F) {
	shipped, err := Load(ontology.Knowledge())
	if err != nil {
		f.Fatal(err)
	}
	own := load(f, table)
	for _, seed := range []string{
		`{"interfaces": {"Ethernet1": {"name": "Ethernet1", "hardware": "ethernet", "interfaceStatus": "connected", "mtu": 1500, "lastStatusChangeTimestamp": 1.5, "interfaceAddress": [{"primaryIp": {"address": "192.0.2.1", "maskLen": 31}}]}}}`,
		`<interface-information><physical-interface><name>ge-0/0/0</name><speed>10Gbps</speed><logical-interface><name>ge-0/0/0.0</name></logical-interface></physical-interface></interface-information>`,
		"GigabitEthernet0/0 is up, line protocol is up\n  Hardware is x, address is ca03.3172.0008 (bia ca03.3172.0008)\n  Internet address is 192.0.2.2/24\n  MTU 1500 bytes, BW 1000000 Kbit/sec\n",
		"Neighbor ID     Pri   State           Dead Time   Address         Interface\n1.1.1.1           1   FULL/BDR        00:00:31    1.0.1.1         Eth1/0\n",
		"BGP neighbor is 192.0.2.1,  remote AS 1.1, internal link\n  BGP version 4, remote router ID 1.1.1.1\n  BGP state = Established\n",
		"Neighbours of r1\nr2 via e1\n  hop 192.0.2.2\n", `{"ports": {"port": {"name": "e1", "members": {"a": 1}}}}`,
		`{"nokia-state:interface": [{"interface-name": "a", "ipv4": {"primary": {"oper-address": "192.0.2.1"}}}]}`,
		"Interface swp1 is up, line protocol is up\n  index 3 metric 0 mtu 1500 speed 1000\n  inet 10.0.0.1/32 unnumbered\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, tables := range []*Tables{shipped, own} {
			first, err := tables.Read(text)
			if err != nil {
				if !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTooLarge) {
					t.Fatal(err)
				}
				continue
			}
			again, err := tables.Read(text)
			if err != nil || !slices.Equal(first.Facts, again.Facts) || first.Unread != again.Unread {
				t.Fatalf("%v: %d facts and then %d", err, len(first.Facts), len(again.Facts))
			}
			for _, fact := range first.Facts {
				if fact.Thing == "" || fact.P.IsZero() || fact.O.IsZero() == (fact.Ref == "") {
					t.Fatalf("half a fact: %+v", fact)
				}
			}
		}
	})
}
