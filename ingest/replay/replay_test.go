package replay

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/snmp"
	"nettwin/internal/testenv"
	"nettwin/ontology/mib"
)

// recorder is a player that keeps what it gets.
type recorder struct {
	got      []Message
	fail     error
	finished int
}

func (r *recorder) Play(_ context.Context, m Message) error {
	if r.fail != nil {
		return r.fail
	}
	r.got = append(r.got, m)
	return nil
}

func (r *recorder) Finish(context.Context) error {
	r.finished++
	return nil
}

// playersOf has one recorder take every kind.
func playersOf(r *recorder) map[Kind]Player {
	all := map[Kind]Player{}
	for kind := Walk; kind < kinds; kind++ {
		all[kind] = r
	}
	return all
}

// pcap writes a little-endian capture of Ethernet.
func pcap(frames ...[]byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, pcapMicro)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint32(b, 65535)
	b = le.AppendUint32(b, linkEthernet)
	for i, f := range frames {
		b = le.AppendUint32(b, 1_700_000_000+uint32(i))
		b = le.AppendUint32(b, 500_000)
		b = le.AppendUint32(b, uint32(len(f)))
		b = le.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// udpFrame is an Ethernet frame with a UDP datagram of 192.0.2.9.
func udpFrame(payload []byte) []byte {
	be := binary.BigEndian
	b := append(make([]byte, 12), 0x81, 0x00, 0, 5, 0x08, 0x00) // one VLAN tag
	b = append(b, 0x45, 0)
	b = be.AppendUint16(b, uint16(28+len(payload)))
	b = append(b, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 9, 192, 0, 2, 1)
	b = be.AppendUint16(b, 50000)
	b = be.AppendUint16(b, 4739)
	b = be.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

var netflow9 = append([]byte{0, 9, 0, 0}, make([]byte, 16)...)

// TestKinds: what files hold is found by name and content, whose it is by
// folder, name and sender, and what cannot be read is told with its place.
func TestKinds(t *testing.T) {
	notif := append([]byte{0x21, 12, 0, 14, 0, 0, 0, 1, 0, 0, 0, 2}, "{}"...)
	written := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	fsys := fstest.MapFS{}
	for name, text := range map[string]string{
		"in/r1/a.snmprec":    "1.3.6.1.2.1.1.5.0|4|r1\n1.3.6.1.2.1.1.3.0|67|x\n",
		"in/r1/b.walk":       ".1.3.6.1.2.1.1.5.0 = STRING: \"r1\"\n",
		"in/r1/c.xml":        "<rpc-reply/>",
		"in/r1/d":            "<data xmlns=\"u\"/>",
		"in/r1/e.json":       "{\"a:b\":\n1}",
		"in/r1/f.jsonl":      "{\"a:b\":1}\n\n{\"payload\":{\"c:d\":2},\"node\":\"192.0.2.1\"}\n{bad\n{\"payload\":{\"encoding_path\":\"x:y\",\"data_json\":[]}}\n",
		"in/r1/g.log":        "<13>hello\nno priority\n",
		"in/r1/h.pcap":       string(pcap(udpFrame(netflow9), udpFrame([]byte("<13>hi")), udpFrame([]byte("other")), []byte("short"))),
		"in/r1/i.bin":        string(notif),
		"in/r1/.hidden":      "<13>never",
		"in/r1/j.bin":        "\xff\xff\xff\xff",
		"in/r2.site.snmprec": "1.3.6.1.2.1.1.5.0|4x|7232\n",
		"in/r3/k.pcapng":     "\x0a\x0d\x0d\x0axxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"in/r3/empty.json":   "",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text), ModTime: written}
	}
	to := &recorder{}
	report, err := Run(t.Context(), fsys, "in", Options{Players: playersOf(to), Resolve: func(from netip.AddrPort) (string, bool) {
		return "exporter", from == netip.MustParseAddrPort("192.0.2.9:50000")
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range to.got {
		got = append(got, fmt.Sprintf("%s %s %s %d", m.Place, m.Kind, m.Device, len(m.Bytes)))
		if m.Place.File != "in/r1/h.pcap" && !m.At.Equal(written) {
			t.Errorf("%s is of %v", m.Place, m.At)
		}
	}
	want := []string{
		"in/r1/a.snmprec+0 snmp walk r1 46", "in/r1/b.walk+0 snmp walk r1 34", "in/r1/c.xml+0 netconf r1 12", "in/r1/d+0 netconf r1 17",
		"in/r1/e.json+0 json r1 10", "in/r1/f.jsonl:1 json r1 9", "in/r1/f.jsonl:3 json r1 9", "in/r1/f.jsonl:5 mdt r1 38",
		"in/r1/g.log:1 syslog r1 9", "in/r1/g.log:2 syslog r1 11", "in/r1/h.pcap+24 flow exporter 20", "in/r1/h.pcap+106 syslog exporter 6", "in/r1/i.bin+0 udp-notif r1 14",
		"in/r2.site.snmprec+0 snmp walk r2 26"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var failed []string
	for _, f := range report.Failures {
		failed = append(failed, f.Place.String())
	}
	if want := []string{"in/r1/a.snmprec:2", "in/r1/f.jsonl:4", "in/r1/j.bin+0", "in/r3/k.pcapng+0"}; !slices.Equal(failed, want) {
		t.Errorf("failures at %v, expected %v", report.Failures, want)
	}
	// "no priority" is the player's to refuse.
	if report.Files != 13 || report.Messages[Syslog] != 3 || to.finished != int(kinds)-1 {
		t.Errorf("%+v, %d finished", report, to.finished)
	}
}

// TestRefused: what a player refuses, or nobody takes, is told and costs
// itself; a device that is given is that of captured datagrams too.
func TestRefused(t *testing.T) {
	fsys := fstest.MapFS{"a.xml": {Data: []byte("<a/>")}, "b.json": {Data: []byte("{}")}, "c.pcap": {Data: pcap(udpFrame(netflow9))}}
	refusing, taking := &recorder{fail: errors.New("refused")}, &recorder{}
	report, err := Run(t.Context(), fsys, ".", Options{Device: "r9", Players: map[Kind]Player{XML: refusing, Flow: taking}})
	if err != nil || len(report.Failures) != 2 || report.Failures[0].Err != refusing.fail || !strings.Contains(report.Failures[1].Error(), "nothing here takes json") {
		t.Errorf("%v %+v", err, report)
	}
	if len(taking.got) != 1 || taking.got[0].Device != "r9" || !taking.got[0].At.Equal(time.Unix(1_700_000_000, 5e8)) {
		t.Errorf("%+v", taking.got)
	}
	if _, err := Run(t.Context(), fsys, "none", Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, fsys, ".", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestRecordings: all recordings of real agents are read as another reader
// reads them: every value, by name and meaning.
func TestRecordings(t *testing.T) {
	dir := testenv.Shared(t, "data/snmp")
	files, err := filepath.Glob(dir + "/*.snmprec")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	compared := 0
	for _, file := range files {
		theirs, err := snmprec.Open(file, snmprec.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		to := &recorder{}
		report, err := Run(t.Context(), os.DirFS(dir), filepath.Base(file), Options{Players: playersOf(to)})
		if err != nil || len(to.got) != 1 {
			t.Fatalf("%s: %v, %d walks", file, err, len(to.got))
		}
		ours := map[string]snmp.Varbind{}
		for _, v := range to.got[0].Varbinds {
			ours[mib.Dotted(v.Name)] = v
		}
		for _, b := range theirs.Rows {
			v, ok := ours[strings.TrimPrefix(b.OID.String(), ".")]
			if !ok {
				t.Errorf("%s: %s is missing", file, b.OID)
				continue
			}
			compared++
			if got, want := meaning(v), theirMeaning(b.Value); got != want {
				t.Errorf("%s: %s is %.80s, the other reader has %.80s", file, b.OID, got, want)
			}
		}
		for _, f := range report.Failures {
			t.Logf("%v", f)
		}
	}
	t.Logf("%d values of %d recordings", compared, len(files))
}

func meaning(v snmp.Varbind) string {
	switch v.Value.Kind {
	case mib.Bytes:
		return fmt.Sprintf("%x", v.Value.Bytes)
	case mib.ObjectID:
		return mib.Dotted(v.Value.OID)
	case mib.Number:
		if v.Value.Big != 0 {
			return fmt.Sprint(v.Value.Big)
		}
		return fmt.Sprint(v.Value.Int)
	}
	return "null"
}

func theirMeaning(v smi.Value) string {
	switch v.Kind() {
	case smi.KindOctets, smi.KindOpaque, smi.KindIPAddress:
		return fmt.Sprintf("%x", v.Octets())
	case smi.KindOID:
		return strings.TrimPrefix(v.OID().String(), ".")
	case smi.KindInteger:
		return fmt.Sprint(v.Int())
	case smi.KindNull:
		return "null"
	}
	return fmt.Sprint(v.Uint())
}

// TestSnmpwalk: what snmpwalk prints is read by type; texts of several lines
// are put together, and what has no numbers for names is refused with advice.
func TestSnmpwalk(t *testing.T) {
	text := `.1.3.6.1.2.1.1.1.0 = STRING: "two
lines, \"quoted\""
.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.9.1.1
iso.3.6.1.2.1.1.3.0 = Timeticks: (1234) 0:00:12.34
.1.3.6.1.2.1.2.2.1.8.1 = INTEGER: up(1)
.1.3.6.1.2.1.2.2.1.10.1 = Counter32: 4294967295
.1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: 18446744073709551615
.1.3.6.1.2.1.2.2.1.6.1 = Hex-STRING: 00 50 56
8C 0B 73
.1.3.6.1.2.1.4.20.1.1.192.0.2.1 = IpAddress: 192.0.2.1
.1.3.6.1.2.1.31.1.1.1.18.1 = ""
.1.3.6.1.2.1.9.9 = NULL
.1.3.6.1.2.1.10.1 = BITS: 80 40 one(0) two(9)
.1.3.6.1.2.1.10.2 = No Such Instance currently exists at this OID
SNMPv2-MIB::sysName.0 = STRING: r1
.1.3.6.1.2.1.2.2.1.5.1 = Gauge32: 1000 octets
.1.3.6.1.2.1.2.2.1.5.2 = Gauge32: many
`
	to := &recorder{}
	report, err := Run(t.Context(), fstest.MapFS{"r1.walk": {Data: []byte(text)}}, "r1.walk", Options{Players: playersOf(to)})
	if err != nil || len(to.got) != 1 {
		t.Fatal(err, report)
	}
	want := map[string]string{"1.3.6.1.2.1.1.1.0": fmt.Sprintf("%x", "two\nlines, \"quoted\""), "1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.9.1.1",
		"1.3.6.1.2.1.1.3.0": "1234", "1.3.6.1.2.1.2.2.1.8.1": "1", "1.3.6.1.2.1.2.2.1.10.1": "4294967295",
		"1.3.6.1.2.1.31.1.1.1.6.1": "18446744073709551615", "1.3.6.1.2.1.2.2.1.6.1": "0050568c0b73", "1.3.6.1.2.1.4.20.1.1.192.0.2.1": "c0000201",
		"1.3.6.1.2.1.31.1.1.1.18.1": "", "1.3.6.1.2.1.9.9": "null", "1.3.6.1.2.1.10.1": "8040", "1.3.6.1.2.1.2.2.1.5.1": "1000"}
	for _, v := range to.got[0].Varbinds {
		name := mib.Dotted(v.Name)
		if w, ok := want[name]; !ok || meaning(v) != w {
			t.Errorf("%s is %s, expected %s", name, meaning(v), w)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("missing %v", want)
	}
	var places []string
	for _, f := range report.Failures {
		places = append(places, f.Place.String())
	}
	if !slices.Equal(places, []string{"r1.walk:15", "r1.walk:17"}) || !strings.Contains(report.Failures[0].Error(), "snmpwalk -On") {
		t.Errorf("failures %v", report.Failures)
	}
}

// FuzzRun: no file makes the reading fail, and the same file gives the same
// messages.
func FuzzRun(f *testing.F) {
	f.Add("a.snmprec", []byte("1.3.6.1.2.1.1.5.0|4x|7231\n1.3|70|1"))
	f.Add("a.walk", []byte(".1.3.6.1 = STRING: \"a\nb\"\n.1.3.6.2 = BITS: 80 a(0)\n"))
	f.Add("a", pcap(udpFrame(netflow9), udpFrame([]byte("<1>x"))))
	f.Add("a.jsonl", []byte("{\"payload\":{\"encoding_path\":\"a\"}}\n{}"))
	f.Add("a.log", []byte("<1>a\n<2>b"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		name = "x" + strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return '.'
			}
			return r
		}, name)
		fsys := fstest.MapFS{strings.TrimRight(name, "."): {Data: text}}
		var before string
		for i := range 2 {
			to := &recorder{}
			report, err := Run(context.Background(), fsys, ".", Options{Players: playersOf(to)})
			if err != nil {
				t.Fatal(err)
			}
			after := fmt.Sprintf("%v %v", to.got, report)
			if i == 1 && after != before {
				t.Fatalf("%s\nand then\n%s", before, after)
			}
			before = after
		}
	})
}
