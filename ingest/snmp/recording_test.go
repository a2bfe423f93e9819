package snmp_test

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/ingest/snmp"
	"nettwin/internal/testenv"
	"nettwin/ontology/mib"
)

func tables(tb testing.TB) *mib.Tables {
	tb.Helper()
	t, err := mib.Load(os.DirFS("../../ontology"), "map")
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// readRecording reads a snmprec file (OID|tag|value) into varbinds.
func readRecording(tb testing.TB, path string) []snmp.Varbind {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var out []snmp.Varbind
	at := map[string]int{} // some recordings repeat a name: the last holds
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		cells := strings.SplitN(s.Text(), "|", 3)
		if len(cells) != 3 {
			tb.Fatalf("%s: %q", path, s.Text())
		}
		v, err := recordedVarbind(cells[0], cells[1], cells[2])
		if err != nil {
			tb.Fatalf("%s: %q: %v", path, s.Text(), err)
		}
		if i, again := at[cells[0]]; again {
			out[i] = v
			continue
		}
		at[cells[0]] = len(out)
		out = append(out, v)
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

func recordedVarbind(name, tag, value string) (v snmp.Varbind, err error) {
	if v.Name, err = mib.ParseOID(name); err != nil {
		return v, err
	}
	tag, isHex := strings.CutSuffix(tag, "x")
	n, err := strconv.Atoi(tag)
	if err != nil {
		return v, err
	}
	v.Tag = byte(n)
	switch v.Tag {
	case snmp.TagNull:
		return v, nil
	case snmp.TagOctets:
		b := []byte(value)
		if isHex {
			if b, err = hex.DecodeString(value); err != nil { // digits made unreadable by the recording's owner
				b, err = []byte(value), nil
			}
		}
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: b}
	case snmp.TagOID:
		v.Value.Kind = mib.ObjectID
		v.Value.OID, err = mib.ParseOID(value)
	case snmp.TagIPAddress:
		v.Value = mib.Value{Kind: mib.Bytes, Bytes: []byte(value)}
		if a, err := netip.ParseAddr(value); err == nil { // else hidden by the recording's owner
			v.Value.Bytes = a.AsSlice()
		}
	case snmp.TagInteger:
		v.Value.Kind = mib.Number
		v.Value.Int, err = strconv.ParseInt(value, 10, 64)
	default:
		var u uint64
		u, err = strconv.ParseUint(value, 10, 64)
		v.Value = mib.Unsigned64(u)
	}
	return v, err
}

// things are facts by thing and object name.
type things map[string]map[string][]rdf.Term

func thingsOf(facts []ingest.Fact) things {
	out := things{}
	for _, f := range facts {
		if out[f.Thing] == nil {
			out[f.Thing] = map[string][]rdf.Term{}
		}
		name := f.P.Value()[strings.LastIndexAny(f.P.Value(), "/#")+1:]
		o := f.O
		if f.Ref != "" {
			o = rdf.IRI(f.Ref)
		}
		out[f.Thing][name] = append(out[f.Thing][name], o)
	}
	return out
}

func (th things) rows(table string) []map[string][]rdf.Term {
	var out []map[string][]rdf.Term
	for name, props := range th {
		if strings.HasPrefix(name, table+"/") {
			out = append(out, props)
		}
	}
	return out
}

// value is the lexical form of the only term of a property, or "".
func value(props map[string][]rdf.Term, name string) string {
	if len(props[name]) != 1 {
		return ""
	}
	return props[name][0].Value()
}

// said is the text that an expectation has for a term: octets that were kept
// as hexBinary are read as the expectation's author did, as UTF-8 with
// replacement characters, surrounding white space and NULs taken off.
func said(t rdf.Term) string {
	s := t.Value()
	if t.Datatype() == rdf.XSD+"hexBinary" {
		b, _ := hex.DecodeString(s)
		s = string(b)
	}
	return s
}

func sameText(t rdf.Term, want string) bool {
	flat := func(s string) string {
		return strings.ReplaceAll(strings.Trim(strings.ToValidUTF8(s, "\uFFFD"), "\x00"), "\uFFFD", "")
	}
	return flat(said(t)) == flat(want) || sameOctets(t, want)
}

// sameOctets: expectations write octets that are neither text nor six long as
// hexadecimal digits; some recordings hold addresses as text.
func sameOctets(t rdf.Term, want string) bool {
	return want != "" && (strings.ReplaceAll(t.Value(), ":", "") == want ||
		hex.EncodeToString([]byte(t.Value())) == want || strings.EqualFold(t.Value(), want))
}

// expectation is what "walk" of *.expected.json says; rows stay maps because
// each section has members of its own.
type expectation struct {
	Walk struct {
		System     map[string]*string
		Interfaces []map[string]any
		Entities   []map[string]any
		Sensors    []map[string]any `json:"entitySensors"`
		IPv4       []map[string]any `json:"ipv4Addresses_ipAddrTable"`
		Addresses  []map[string]any `json:"ipAddresses_ipAddressTable"`
		LLDP       []map[string]any `json:"lldpNeighbors"`
		CDP        []map[string]any `json:"cdpNeighbors"`
		BGP        []map[string]any `json:"bgpPeers_BGP4-MIB"`
		OSPF       []map[string]any `json:"ospfNeighbors"`
		VLANs      []map[string]any `json:"vlans_dot1qVlanStatic"`
		ARP        []map[string]any `json:"arp_ipNetToMedia"`
		FDB        []map[string]any `json:"fdb_dot1d"`
		FDBQ       []map[string]any `json:"fdb_dot1q"`
		RowCounts  map[string]int
		Stack      [][2]int64       `json:"interfaceStack"`
		Ports      map[string]int64 `json:"bridgePortToIfIndex"`
	}
}

// checker compares one recording.
type checker struct {
	t    *testing.T
	name string
	th   things
	bad  int
}

func (c *checker) errorf(format string, args ...any) {
	if c.bad++; c.bad <= 10 {
		c.t.Errorf("%s: %s", c.name, fmt.Sprintf(format, args...))
	}
}

// row compares the expected members with a row's properties: member → object.
func (c *checker) row(thing string, want map[string]any, members map[string]string) {
	props := c.th[thing]
	if props == nil {
		c.errorf("%s is missing", thing)
		return
	}
	for member, object := range members {
		w, ok := want[member]
		if !ok || w == nil {
			continue
		}
		got := props[object]
		// A text with a NUL among its octets has what stands before it as a
		// second value.
		if text, _ := w.(string); len(got) == 2 && strings.Contains(text, "\x00") && got[1] == rdf.String(text[:strings.IndexByte(text, 0)]) {
			got = got[:1]
		}
		if len(got) != 1 {
			c.errorf("%s %s: %v, expected %v", thing, object, got, w)
			continue
		}
		if !matches(got[0], object, w) {
			c.errorf("%s %s: %q, expected %v", thing, object, said(got[0]), w)
		}
	}
}

func matches(got rdf.Term, object string, want any) bool {
	switch w := want.(type) {
	case string:
		return sameText(got, w)
	case bool:
		return got.Value() == strconv.FormatBool(w)
	case float64:
		n := strconv.FormatInt(int64(w), 10)
		return got.Value() == n || label(object, int64(w)) == got.Value()
	}
	return false
}

// label is the enumeration's name for a number that an expectation has kept.
var label = func(string, int64) string { return "" }

// Goal: what the collector would send to the graph holds what an independent
// decoding of the same recordings says. Method: all recordings through the
// mapping, each section of "walk" compared row by row and in number.
func TestRecordings(t *testing.T) {
	dir := testenv.Shared(t, "data/snmp")
	files, err := filepath.Glob(filepath.Join(dir, "*.expected.json"))
	if err != nil || len(files) < 41 {
		t.Fatalf("%d expectations in %s (%v), there should be 41", len(files), dir, err)
	}
	tables := tables(t)
	label = func(object string, n int64) string { return tables.Object(object).Enum[n] }
	mapper := snmp.NewMapper(tables)
	total := map[string]int{}
	for _, file := range files {
		var want expectation
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".expected.json")
		m := mapper.Map(readRecording(t, filepath.Join(dir, name+".snmprec")))
		c := &checker{t: t, name: name, th: thingsOf(m.Facts)}
		c.check(&want, total)
		total["devices"]++
		total["facts"] += len(m.Facts)
		total["unmapped"] += m.Unmapped
		if c.bad > 10 {
			t.Errorf("%s: %d differences in all", name, c.bad)
		}
	}
	t.Logf("equal to the expectations: %v", total)
}

func (c *checker) check(want *expectation, total map[string]int) {
	w := &want.Walk
	c.system(w.System)
	total["interfaces"] += c.table("ifTable", w.Interfaces, "ifIndex", nil)
	for _, row := range w.Interfaces {
		c.iface(row)
	}
	total["entities"] += c.table("entPhysicalTable", w.Entities, "entPhysicalIndex", map[string]string{
		"entPhysicalIndex": "entPhysicalIndex", "descr": "entPhysicalDescr", "containedIn": "entPhysicalContainedIn",
		"class": "entPhysicalClass", "parentRelPos": "entPhysicalParentRelPos", "name": "entPhysicalName",
		"hardwareRev": "entPhysicalHardwareRev", "firmwareRev": "entPhysicalFirmwareRev", "softwareRev": "entPhysicalSoftwareRev",
		"serialNum": "entPhysicalSerialNum", "mfgName": "entPhysicalMfgName", "modelName": "entPhysicalModelName", "isFRU": "entPhysicalIsFRU",
	})
	total["sensors"] += c.table("entPhySensorTable", w.Sensors, "entPhysicalIndex", map[string]string{
		"type": "entPhySensorType", "scale": "entPhySensorScale", "precision": "entPhySensorPrecision",
		"value": "entPhySensorValue", "operStatus": "entPhySensorOperStatus",
	})
	total["ipAddrTable"] += c.table("ipAddrTable", w.IPv4, "address", map[string]string{
		"address": "ipAdEntAddr", "ifIndex": "ipAdEntIfIndex", "netmask": "ipAdEntNetMask",
	})
	c.moreTables(want, total)
}

// table compares rows that one member names.
func (c *checker) table(table string, rows []map[string]any, key string, members map[string]string) int {
	if members != nil {
		for _, row := range rows {
			c.row(table+"/"+index(row[key]), row, members)
		}
	}
	return len(rows)
}

func index(v any) string {
	if n, ok := v.(float64); ok {
		return strconv.FormatInt(int64(n), 10)
	}
	return fmt.Sprint(v)
}

func (c *checker) system(want map[string]*string) {
	for object, w := range want {
		got := c.th["system"][object]
		switch {
		case w == nil && len(got) > 0 && got[0].Value() != "":
			c.errorf("system %s: %v, expected none", object, got)
		case w != nil && (len(got) != 1 || !sameText(got[0], *w)):
			c.errorf("system %s: %v, expected %q", object, got, *w)
		}
	}
}

// iface compares an interface with its rows in ifTable and ifXTable.
func (c *checker) iface(want map[string]any) {
	merged := map[string][]rdf.Term{}
	for _, table := range []string{"ifTable/", "ifXTable/"} {
		for object, v := range c.th[table+index(want["ifIndex"])] {
			merged[object] = v
		}
	}
	thing := "interface " + index(want["ifIndex"])
	th := c.th
	c.th = things{thing: merged}
	members := map[string]string{}
	for member := range want {
		members[member] = member
	}
	c.row(thing, want, members)
	c.th = th
}
