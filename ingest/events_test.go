package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	"nettwin/ingest/syslog"
	"nettwin/ingest/trap"
	"nettwin/internal/snmp"
	"nettwin/internal/testenv"
	"nettwin/naming/items"
	"nettwin/ontology/mib"
	"nettwin/reasoning/rules"
	"nettwin/sparql"
)

const eventBase = "https://twin.test/"

// told is a twin that devices tell something: store, pipeline, and sockets of
// devices, known by their ports.
type told struct {
	*testing.T
	store    *mem.Store
	items    *items.Store
	pipeline *ingest.Pipeline

	mu    sync.Mutex
	ports map[netip.AddrPort]string
	reads map[string][]string // device → reasons
	conns map[string]*net.UDPConn
}

func knowledge() fs.FS { return os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology")) }

func newTold(t *testing.T) *told {
	t.Helper()
	w := &told{T: t, store: mem.New(mem.Options{Base: eventBase}), ports: map[netip.AddrPort]string{}, reads: map[string][]string{}, conns: map[string]*net.UDPConn{}}
	var err error
	if w.items, err = items.Open("items", items.Options{FS: vfs.NewMem()}); err != nil {
		t.Fatal(err)
	}
	if w.pipeline, err = ingest.NewPipeline(ingest.Options{Store: w.store, Items: w.items, Base: eventBase, Knowledge: knowledge()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range w.conns {
			c.Close()
		}
		w.items.Close()
		w.store.Close()
	})
	return w
}

// device lets the twin know a device as an SNMP collector does, with the
// interfaces that the router itself names (truth/link.json).
func (w *told) device(name string) {
	w.Helper()
	text, err := fixtures.Truth(name, "link.json")
	if err != nil {
		w.Fatal(err)
	}
	var links []struct {
		Index int    `json:"ifindex"`
		Name  string `json:"ifname"`
	}
	if err := json.Unmarshal(text, &links); err != nil {
		w.Fatal(err)
	}
	object := func(n string) rdf.Term { return rdf.IRI(mib.NS + n) }
	facts := []ingest.Fact{{Thing: "system", P: object("SNMPv2-MIB/sysName"), O: rdf.String(name)}}
	for _, l := range links {
		row := fmt.Sprint("ifTable/", l.Index)
		facts = append(facts,
			ingest.Fact{Thing: row, P: rdf.IRI(rdf.RDFType), O: object("IF-MIB/ifEntry")},
			ingest.Fact{Thing: row, P: object("IF-MIB/ifIndex"), O: rdf.Literal(strconv.Itoa(l.Index), rdf.XSDInteger)},
			ingest.Fact{Thing: row, P: object("IF-MIB/ifDescr"), O: rdf.String(l.Name)})
	}
	if _, err := w.pipeline.Apply(w.Context(), &ingest.Sample{Collector: "snmp", Device: name, Facts: facts, Ended: time.Now(), Complete: []string{"ifTable", "system"}}); err != nil {
		w.Fatal(err)
	}
}

// socket is where a device sends from.
func (w *told) socket(device string) *net.UDPConn {
	w.Helper()
	if c := w.conns[device]; c != nil {
		return c
	}
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		w.Fatal(err)
	}
	w.conns[device] = c
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ports[c.LocalAddr().(*net.UDPAddr).AddrPort()] = device
	return c
}

func (w *told) resolve(from netip.AddrPort) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, ok := w.ports[from]
	return d, ok
}

func (w *told) readNow(device, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads[device] = append(w.reads[device], reason)
}

func (w *told) send(device string, to net.Addr, payload []byte) {
	w.Helper()
	if _, err := w.socket(device).WriteTo(payload, to); err != nil {
		w.Fatal(err)
	}
}

func (w *told) traps(change func(*trap.Options)) *trap.Listener {
	w.Helper()
	tables, err := mib.Load(knowledge(), "map")
	if err != nil {
		w.Fatal(err)
	}
	opts := trap.Options{Address: "127.0.0.1:0", Tables: tables, Knowledge: knowledge(),
		Events:      ingest.EventLogOptions{Pipeline: w.pipeline, ReadNow: w.readNow},
		Senders:     ingest.SenderOptions{Resolve: w.resolve},
		Credentials: func(string) []snmp.Credential { return []snmp.Credential{{Community: "public"}} }}
	if change != nil {
		change(&opts)
	}
	l, err := trap.Listen(w.Context(), opts)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { l.Close() })
	return l
}

func (w *told) messages(change func(*syslog.Options)) *syslog.Listener {
	w.Helper()
	opts := syslog.Options{UDP: "127.0.0.1:0", Knowledge: knowledge(),
		Events:  ingest.EventLogOptions{Pipeline: w.pipeline, ReadNow: w.readNow},
		Senders: ingest.SenderOptions{Resolve: w.resolve}}
	if change != nil {
		change(&opts)
	}
	l, err := syslog.Listen(w.Context(), opts)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { l.Close() })
	return l
}

// until waits for a condition.
func (w *told) until(what string, ok func() bool) {
	w.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("not within 20 s: %s", what)
		}
	}
}

// rows runs a SELECT; cells are split by a blank.
func (w *told) rows(query string) []string {
	w.Helper()
	q, err := sparql.Parse("PREFIX twin: <https://w3id.org/nettwin/ns#> PREFIX trap: <https://w3id.org/nettwin/trap/> PREFIX syslog: <https://w3id.org/nettwin/syslog/>\n"+query, eventBase)
	if err != nil {
		w.Fatal(err)
	}
	snapshot, err := w.store.Snapshot(graph.At{})
	if err != nil {
		w.Fatal(err)
	}
	defer snapshot.Close()
	result, err := q.Run(context.Background(), snapshot, sparql.Options{})
	if err != nil {
		w.Fatal(err)
	}
	defer result.Close()
	var out []string
	for {
		row, err := result.Rows.Next(context.Background())
		if err != nil {
			slices.Sort(out)
			return out
		}
		var cells []string
		for _, term := range row {
			cells = append(cells, strings.TrimPrefix(term.Value(), eventBase))
		}
		out = append(out, strings.Join(cells, " "))
	}
}

// counted sums the occurrences of events by the columns of a query whose last
// one is the number.
func (w *told) counted(query string) map[string]int {
	w.Helper()
	sums := map[string]int{}
	for _, row := range w.rows(query) {
		i := strings.LastIndexByte(row, ' ')
		n, err := strconv.Atoi(row[i+1:])
		if err != nil {
			w.Fatalf("%s: %v", row, err)
		}
		sums[row[:i]] += n
	}
	return sums
}

func (w *told) reason() {
	w.Helper()
	e := rules.New(rules.Options{Store: w.store, Base: eventBase, Derived: eventBase + "graph/derived", Knowledge: knowledge(), Now: time.Now})
	if err := e.Reload(w.Context()); err != nil {
		w.Fatal(err)
	}
	if err := e.Apply(w.Context(), nil); err != nil {
		w.Fatal(err)
	}
}

// trapOID finds the notification's OID in a message by its octets: what
// follows the name snmpTrapOID.0. It knows nothing else of SNMP.
func trapOID(t *testing.T, payload []byte) string {
	t.Helper()
	name := []byte{0x06, 0x0a, 0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0, 0x06}
	at := bytes.Index(payload, name)
	if at < 0 {
		t.Fatalf("%x holds no snmpTrapOID", payload)
	}
	at += len(name)
	b := payload[at+1 : at+1+int(payload[at])]
	arcs, n := []string{fmt.Sprint(b[0] / 40), fmt.Sprint(b[0] % 40)}, 0
	for _, c := range b[1:] {
		if n = n<<7 | int(c&0x7f); c&0x80 == 0 {
			arcs, n = append(arcs, fmt.Sprint(n)), 0
		}
	}
	return strings.Join(arcs, ".")
}

// trapNames are the notifications of the recording, as RFC 3418, 2863, 4750,
// 4273 and IEEE 802.1AB number them.
var trapNames = map[string]string{
	"1.3.6.1.6.3.1.1.5.1": "SNMPv2-MIB/coldStart", "1.3.6.1.6.3.1.1.5.3": "IF-MIB/linkDown", "1.3.6.1.6.3.1.1.5.4": "IF-MIB/linkUp",
	"1.3.6.1.2.1.14.16.2.2": "OSPF-TRAP-MIB/ospfNbrStateChange", "1.3.6.1.2.1.14.16.2.16": "OSPF-TRAP-MIB/ospfIfStateChange",
	"1.3.6.1.2.1.15.0.1": "BGP4-MIB/bgpEstablishedNotification", "1.3.6.1.2.1.15.0.2": "BGP4-MIB/bgpBackwardTransNotification",
	"1.0.8802.1.1.2.0.0.1": "LLDP-MIB/lldpRemTablesChange",
}

// Goal: the recorded notifications become the events that they are, none lost,
// and those of the incident are about the ends of the cut cable. Method: each
// datagram through a socket of its device; what must be there is counted in
// the octets of the recording; the interfaces are those of incident.json.
func TestRecordedTraps(t *testing.T) {
	w := newTold(t)
	l := w.traps(nil)
	first, err := fixtures.Traps()
	if err != nil {
		t.Fatal(err)
	}
	second, err := fixtures.IncidentTraps()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, p := range slices.Concat(first, second) {
		if len(w.conns) < 9 && w.conns[p.Device] == nil {
			w.device(p.Device)
		}
		name := trapNames[trapOID(t, p.Payload)]
		if name == "" {
			t.Fatalf("the recording holds %s", trapOID(t, p.Payload))
		}
		want[p.Device+" "+mib.NS+name]++
		w.send(p.Device, l.Address(), p.Payload)
		time.Sleep(200 * time.Microsecond) // the kernel's buffer is small
	}
	total := uint64(len(first) + len(second))
	w.until("all decoded", func() bool { return l.Stats().Traps == total })
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	got := w.counted(`SELECT ?name ?kind ?n { GRAPH ?g { ?g twin:deviceName ?name . ?e trap:notification ?kind OPTIONAL { ?e twin:occurrences ?many } BIND(COALESCE(?many, 1) AS ?n) } }`)
	if !maps.Equal(got, want) {
		t.Errorf("events %v\nwant %v", got, want)
	}
	// lldpd names its four scalars without the ".0" of an instance.
	lldp := 0
	for key, n := range want {
		if strings.HasSuffix(key, "lldpRemTablesChange") {
			lldp += n
		}
	}
	if s := l.Stats(); s.Events.Dropped != 0 || s.Events.Failed != 0 || s.Events.Added+s.Events.Folded != total || s.Unmapped != uint64(4*lldp) || len(s.Refused) != 0 {
		t.Errorf("%+v", s)
	}
	w.reason()
	incident, err := fixtures.ReadIncident()
	if err != nil {
		t.Fatal(err)
	}
	ends := []string{incident.Link.A.Device + " " + incident.Link.A.Interface, incident.Link.B.Device + " " + incident.Link.B.Interface}
	slices.Sort(ends)
	for kind, want := range map[string][]string{
		"InterfaceUpEvent":   ends,
		"InterfaceDownEvent": append(slices.Clone(ends), "r7 eth3"), // the case of fixtures/README.md
	} {
		got := w.rows(`SELECT ?d ?i { ?e a twin:Event ; twin:eventType twin:` + kind + ` ; twin:onDevice ?device ; twin:about ?x . ?device twin:name ?d . ?x twin:name ?i }`)
		if !slices.Equal(got, want) {
			t.Errorf("%s about %v, want %v", kind, got, want)
		}
	}
	for _, d := range []string{"r3", "r4", "r7"} {
		if !slices.Contains(w.reads[d], "trap linkDown") {
			t.Errorf("%s read for %v", d, w.reads[d])
		}
	}
}

// Goal: the recorded log messages become events with their text, programs and
// both times, and those of the incident say which neighbour was lost where.
// Method: as above; what must be there is taken from the lines of the
// recording by their blanks.
func TestRecordedMessages(t *testing.T) {
	w := newTold(t)
	l := w.messages(nil)
	first, err := fixtures.Syslog()
	if err != nil {
		t.Fatal(err)
	}
	second, err := fixtures.IncidentSyslog()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, m := range slices.Concat(first, second) {
		if w.conns[m.Device] == nil {
			w.device(m.Device)
		}
		part := strings.SplitN(strings.TrimSpace(m.Text), " ", 8)
		want[strings.Join([]string{m.Device, part[2], part[3], strings.TrimSpace(part[7])}, " ")]++
		w.send(m.Device, l.Address(), []byte(m.Text))
		time.Sleep(200 * time.Microsecond)
	}
	total := uint64(len(first) + len(second))
	w.until("all read", func() bool { return l.Stats().Messages == total })
	l.Close()
	got := w.counted(`SELECT ?d ?host ?app ?text ?n { GRAPH ?g { ?g twin:deviceName ?d . ?e a syslog:Message ; syslog:hostname ?host ; syslog:appName ?app ; twin:reportedMessage ?text OPTIONAL { ?e twin:occurrences ?many } BIND(COALESCE(?many, 1) AS ?n) } }`)
	if !maps.Equal(got, want) {
		for k, n := range want {
			if got[k] != n {
				t.Errorf("%d of %s, want %d", got[k], k, n)
			}
		}
		t.Errorf("%d kinds of events, want %d", len(got), len(want))
	}
	if n := len(w.rows(`SELECT ?e ?t { GRAPH ?g { ?e a syslog:Message ; twin:reportedTime ?t } FILTER(STRSTARTS(STR(?t), "2026-11-22T04:3")) }`)); n != int(l.Stats().Events.Added) {
		t.Errorf("%d events with the time of the device, %d events", n, l.Stats().Events.Added)
	}
	w.reason()
	for kind, want := range map[string][]string{
		"NeighborDownEvent": {"r3 eth2", "r4 eth1"},
		"NeighborUpEvent":   {"r3 eth2", "r4 eth1"},
	} {
		got := w.rows(`SELECT ?d ?i { ?e a twin:Event ; twin:eventType twin:` + kind + ` ; twin:onDevice ?device ; twin:about ?x ; twin:eventSource ?s .
			?device twin:name ?d . ?x twin:name ?i GRAPH ?g { ?s twin:reportedTime ?t } FILTER(?t > "2026-11-22T04:35:26Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>) }`)
		if !slices.Equal(got, want) {
			t.Errorf("%s about %v, want %v", kind, got, want)
		}
	}
}
