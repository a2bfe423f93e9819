package flow

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"
	"github.com/netsampler/goflow2/v2/decoders/netflowlegacy"

	"nettwin/internal/testenv"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
)

func testTables(tb testing.TB) *ipfix.Tables {
	tb.Helper()
	t, err := ipfix.Load(ontology.Knowledge(), "map")
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// seen is a copy of a record.
type seen struct {
	path           string
	counts, totals [maxCounters]tally
	start, end     time.Time
	sampling       ratio
}

// bench is a decoder that keeps what it decodes.
type bench struct {
	*decoder
	stats   *Stats
	records []seen
	errors  []*DecodeError
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	b := &bench{stats: &Stats{}}
	var err error
	if b.decoder, err = newDecoder(testTables(tb), DefaultTemplateLife, b.stats); err != nil {
		tb.Fatal(err)
	}
	w := newWriter(b.tables)
	b.sink = func(_ *message, r *record) {
		b.records = append(b.records, seen{w.path(string(r.key)), r.counts, r.totals, r.start, r.end, r.sampling})
	}
	b.problem = func(_ *message, err *DecodeError) { b.errors = append(b.errors, err) }
	return b
}

var testTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// feed decodes datagrams of one exporter.
func (b *bench) feed(payloads ...[]byte) {
	for _, p := range payloads {
		b.decode(&datagram{from: netip.MustParseAddrPort("192.0.2.1:4739"), at: testTime, device: "r1", payload: p})
	}
}

// fields returns every field that the tables know of the data sets of a
// message that was fed before, one map a record.
func (b *bench) fields(t *testing.T, payload []byte) []map[string]string {
	t.Helper()
	version := binary.BigEndian.Uint16(payload)
	if version == versionIPFIX {
		if end := int(binary.BigEndian.Uint16(payload[2:])); end < len(payload) {
			return append(b.fields(t, payload[:end]), b.fields(t, payload[end:])...)
		}
	}
	at, number := netflow9Header, binary.BigEndian.Uint32(payload[16:])
	if version == versionIPFIX {
		at, number = ipfixHeader, binary.BigEndian.Uint32(payload[12:])
	}
	dom := b.domains[domainID{exporterID{"r1", netip.MustParseAddr("192.0.2.1")}, version, number}]
	var out []map[string]string
	for at+setHeader <= len(payload) {
		id, size := binary.BigEndian.Uint16(payload[at:]), int(binary.BigEndian.Uint16(payload[at+2:]))
		if size < setHeader || at+size > len(payload) {
			break
		}
		body := payload[at+setHeader : at+size]
		at += size
		tpl := dom.templates[id]
		for tpl != nil && len(body) >= tpl.least {
			n, ok := tpl.length(body)
			if !ok {
				break
			}
			values, err := netflow.DecodeDataSetUsingFields(version, bytes.NewBuffer(body[:n]), tpl.fields)
			if err != nil {
				t.Fatal(err)
			}
			body = body[n:]
			row := map[string]string{}
			for i, v := range values {
				e := b.tables.Element(ipfix.ID{Enterprise: v.Pen, Number: v.Type})
				if e == nil || version == versionNetFlow9 && i < tpl.scopes {
					continue
				}
				if term, err := e.Value(v.Value.([]byte)); err == nil {
					row[strings.ToLower(e.Name)] = term.Value()
				}
			}
			out = append(out, row)
		}
	}
	return out
}

// golden is a case of logstash-codec-netflow and Elastic.
type golden struct {
	Events []struct {
		Fields struct {
			Netflow map[string]any `json:"netflow"`
		} `json:"Fields"`
	} `json:"events"`
}

// otherReading are elements that the expected results read in another way
// than RFC 7011: the fraction of dateTimeMicroseconds as nanoseconds.
var otherReading = []string{"flowstartmicroseconds", "flowendmicroseconds"}

// otherCounts are cases of which we read another number of records, and why.
var otherCounts = map[string]struct {
	records int
	why     string
}{
	"Netflow-9-invalid-01":           {3, "the header counts 2 of 8 records; all sets are whole"},
	"netflow9-e10s-4-7byte-pad.pcap": {8, "a set that came before its template waits for it"},
}

// Goal: records of real routers of many makers are decoded as others decode
// them. Method: each recording of the shared data; as many records as
// expected and in their order, every field whose name both know equal.
func TestRecordings(t *testing.T) {
	root := testenv.Shared(t, "data/flow/elastic")
	cases, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	compared, names := 0, map[string]bool{}
	for _, c := range cases {
		t.Run(c.Name(), func(t *testing.T) {
			var want golden
			readJSON(t, filepath.Join(root, c.Name(), "expected.golden.json"), &want)
			b := newBench(t)
			var got []map[string]string
			for _, p := range packets(t, filepath.Join(root, c.Name())) {
				b.feed(p)
				got = append(got, b.fields(t, p)...)
			}
			n, expected := int(b.stats.Records+b.stats.OptionRecords), len(want.Events)
			if other, ok := otherCounts[c.Name()]; ok {
				expected = other.records
			}
			if n != expected || len(got) < len(want.Events) {
				t.Fatalf("%d records (%d with all fields), expected %d; errors %v", n, len(got), expected, b.errors)
			}
			for i, e := range want.Events {
				flat := map[string]any{}
				for name, v := range e.Fields.Netflow {
					if inner, ok := v.(map[string]any); ok && (name == "options" || name == "scope") {
						for n, v := range inner {
							flat[n] = v
						}
					} else {
						flat[name] = v
					}
				}
				for name, v := range flat {
					key := strings.ReplaceAll(name, "_", "")
					text, known := got[i][key]
					if !known || slices.Contains(otherReading, key) {
						continue
					}
					compared++
					names[key] = true
					if !sameValue(text, v) {
						t.Errorf("record %d: %s is %s, expected %v", i, name, text, v)
					}
				}
			}
		})
	}
	if compared < 3000 || len(names) < 75 {
		t.Errorf("%d values of %d elements compared, expected more", compared, len(names))
	}
	t.Logf("%d values of %d elements compared", compared, len(names))
}

func sameValue(got string, want any) bool {
	switch w := want.(type) {
	case float64:
		return got == fmt.Sprintf("%.0f", w)
	case bool:
		return got == fmt.Sprint(w)
	case string:
		if got == w || strings.TrimRight(w, "\x00") == got {
			return true
		}
		if raw, err := base64.StdEncoding.DecodeString(w); err == nil && strings.EqualFold(hex.EncodeToString(raw), got) {
			return true
		}
		a, errA := time.Parse(time.RFC3339Nano, got)
		b, errB := time.Parse(time.RFC3339Nano, w)
		return errA == nil && errB == nil && a.Equal(b)
	}
	return false
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// packets reads the datagrams of a case: files in the order of their names,
// or a capture.
func packets(t *testing.T, dir string) [][]byte {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, f := range files {
		if ext := filepath.Ext(f.Name()); ext != ".dat" && ext != ".pcap" && ext != ".bin" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(f.Name()) == ".pcap" {
			out = append(out, udp(t, text)...)
		} else {
			out = append(out, text)
		}
	}
	return out
}

// udp returns the UDP payloads of a little-endian capture of Ethernet frames.
func udp(t *testing.T, capture []byte) [][]byte {
	t.Helper()
	if len(capture) < 24 || binary.LittleEndian.Uint32(capture) != 0xA1B2C3D4 || binary.LittleEndian.Uint32(capture[20:]) != 1 {
		t.Fatal("no little-endian capture of Ethernet")
	}
	var out [][]byte
	for at := 24; at+16 <= len(capture); {
		size := int(binary.LittleEndian.Uint32(capture[at+8:]))
		frame := capture[at+16 : at+16+size]
		at += 16 + size
		kind := binary.BigEndian.Uint16(frame[12:])
		ip := frame[14:]
		for kind == 0x8100 {
			kind, ip = binary.BigEndian.Uint16(ip[2:]), ip[4:]
		}
		switch {
		case kind == 0x0800 && ip[9] == 17:
			ip = ip[int(ip[0]&15)*4 : binary.BigEndian.Uint16(ip[2:])]
		case kind == 0x86DD && ip[6] == 17:
			ip = ip[40:]
		default:
			continue
		}
		out = append(out, ip[8:binary.BigEndian.Uint16(ip[4:])])
	}
	return out
}

// Goal: NetFlow v5 by its table is what goflow2's own decoder of it reads.
// Method: a recorded packet; every record by both.
func TestNetFlow5(t *testing.T) {
	all := packets(t, testenv.Shared(t, "data/flow/telegraf/netflow_v5_example"))
	b := newBench(t)
	b.feed(all...)
	var want netflowlegacy.PacketNetFlowV5
	if err := netflowlegacy.DecodeMessageVersion(bytes.NewBuffer(all[0]), &want); err != nil {
		t.Fatal(err)
	}
	if len(b.records) != 8 || len(want.Records) != 8 {
		t.Fatalf("%d records, goflow2 %d, expected 8", len(b.records), len(want.Records))
	}
	began := time.Unix(int64(want.UnixSecs), int64(want.UnixNSecs)).UTC().Add(-time.Duration(want.SysUptime) * time.Millisecond)
	for i, r := range want.Records {
		addr := func(a netflowlegacy.IPAddress) string {
			return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(a)))).String()
		}
		got := b.records[i]
		path := fmt.Sprintf("flow/%s~%s~%d~%d~%d~~~%d~%d~~~", addr(r.SrcAddr), addr(r.DstAddr), r.Proto, r.SrcPort, r.DstPort, r.Input, r.Output)
		if got.path != path || got.counts[0].forward != uint64(r.DOctets) || got.counts[1].forward != uint64(r.DPkts) ||
			!got.start.Equal(began.Add(time.Duration(r.First)*time.Millisecond)) || !got.end.Equal(began.Add(time.Duration(r.Last)*time.Millisecond)) {
			t.Errorf("record %d: %+v, goflow2 %+v", i, got, r)
		}
	}
	// The first record as Telegraf reads it.
	if got := b.records[0]; got.counts[0].forward != 87477 || got.counts[1].forward != 78 || !strings.HasPrefix(got.path, "flow/140.82.121.3~192.168.119.100~6~443~55516") {
		t.Errorf("first record %+v", got)
	}
}

// Goal: running totals and reverse totals of a real exporter (yaf) are read,
// and sets of options beside them. Method: Telegraf's example against figures
// of its expected lines: records, the largest flow.
func TestTotals(t *testing.T) {
	b := newBench(t)
	b.feed(packets(t, testenv.Shared(t, "data/flow/telegraf/ipfix_example"))...)
	if b.stats.Records+b.stats.OptionRecords != 31 {
		t.Errorf("%d records and %d of options, expected 31", b.stats.Records, b.stats.OptionRecords)
	}
	want := tally{16640, 0x3e1d9}
	for _, r := range b.records {
		if strings.Contains(r.path, "~140.82.121.3~") && r.totals[0] == want && r.totals[1] == (tally{125, 0xd4}) {
			return
		}
	}
	t.Errorf("no record of 16640 octets and 0x3e1d9 in reverse: %v", b.errors)
}

// Goal: three real routers, sums per conversation. Method: captures with
// pmacct's reading, of which octets and packets in all are compared.
func TestCaptures(t *testing.T) {
	for _, name := range []string{"100-IPFIXv10-CISCO", "101-NFv9-CISCO-cust_primitives", "106-IPFIXv10-HUAWEI-vrf_name"} {
		t.Run(name, func(t *testing.T) {
			dir := testenv.Shared(t, "data/flow/pmacct/"+name)
			b := newBench(t)
			b.feed(packets(t, dir)...)
			type key struct {
				source, destination string
				sourcePort, port    int
				in, out             int
			}
			want, got, starts := map[key]tally{}, map[key]tally{}, map[key][]int64{}
			text, err := os.ReadFile(filepath.Join(dir, "output-flow-00.json"))
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(text) {
				var r struct {
					Src     string `json:"ip_src"`
					Dst     string `json:"ip_dst"`
					SrcPort int    `json:"port_src"`
					DstPort int    `json:"port_dst"`
					In      int    `json:"iface_in"`
					Out     int    `json:"iface_out"`
					Packets uint64 `json:"packets"`
					Bytes   uint64 `json:"bytes"`
					Start   string `json:"timestamp_start"`
				}
				if err := json.Unmarshal(line, &r); err != nil {
					t.Fatal(err)
				}
				k := key{r.Src, r.Dst, r.SrcPort, r.DstPort, r.In, r.Out}
				w := want[k]
				w.add(tally{r.Bytes, r.Packets})
				want[k] = w
				if at, _, ok := strings.Cut(r.Start, "."); ok {
					n, _ := strconv.ParseInt(at, 10, 64)
					starts[k] = append(starts[k], n)
				}
			}
			for _, r := range b.records {
				part := strings.Split(strings.TrimPrefix(r.path, "flow/"), "~")
				var k key
				k.source, k.destination = strings.ReplaceAll(part[0], "%3A", ":"), strings.ReplaceAll(part[1], "%3A", ":")
				for i, into := range map[int]*int{3: &k.sourcePort, 4: &k.port, 7: &k.in, 8: &k.out} {
					fmt.Sscan(part[i], into)
				}
				// pmacct rounds boot and offset to seconds, each for itself.
				near := func(at int64) bool { return at-r.start.Unix() <= 1 && at >= r.start.Unix() }
				if at := starts[k]; at != nil && !slices.ContainsFunc(at, near) {
					t.Errorf("%+v begins at %v, pmacct has %d", k, r.start, at)
				}
				g := got[k]
				g.add(tally{r.sampling.scale(r.counts[0].forward), r.sampling.scale(r.counts[1].forward)})
				got[k] = g
			}
			for k, w := range want {
				if got[k] != w {
					t.Errorf("%+v: %+v, pmacct has %+v", k, got[k], w)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d conversations, pmacct has %d; errors %v", len(got), len(want), b.errors)
			}
			t.Logf("%d records, %d conversations", len(b.records), len(want))
		})
	}
}
