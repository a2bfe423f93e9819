package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/ingest"
	"nettwin/ingest/flow"
	"nettwin/ontology"
	"nettwin/ontology/ipfix"
)

// tables are the shipped facts.
func tables(tb testing.TB) *ipfix.Tables {
	tb.Helper()
	t, err := ipfix.Load(ontology.Knowledge(), "map")
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// sink keeps the samples that it gets.
type sink struct {
	mu      sync.Mutex
	samples []*ingest.Sample
	fail    error
}

func (s *sink) Apply(_ context.Context, sample *ingest.Sample) (ingest.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return ingest.Report{}, s.fail
	}
	s.samples = append(s.samples, sample)
	return ingest.Report{Device: sample.Device}, nil
}

func (s *sink) take() []*ingest.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.samples
	s.samples = nil
	return taken
}

// last returns the last sample of a device.
func (s *sink) last(tb testing.TB, device string) *ingest.Sample {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.samples) - 1; i >= 0; i-- {
		if s.samples[i].Device == device {
			return s.samples[i]
		}
	}
	tb.Fatalf("no sample of %s", device)
	return nil
}

// clock is a time that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// rig is a running collector and senders on loopback.
type rig struct {
	tb        testing.TB
	collector *flow.Collector
	sink      *sink
	clock     *clock
	senders   map[string]*net.UDPConn
	sent      uint64
}

// start runs a collector; windows are closed by flush only.
func start(tb testing.TB, change func(*flow.Options)) *rig {
	tb.Helper()
	r := &rig{tb: tb, sink: &sink{}, senders: map[string]*net.UDPConn{},
		clock: &clock{now: time.Date(2026, 11, 22, 4, 36, 30, 0, time.UTC)}}
	var mu sync.Mutex
	ports := map[uint16]string{}
	opts := flow.Options{Address: "127.0.0.1:0", Tables: tables(tb), Sink: r.sink, Window: time.Hour, Clock: r.clock.Now,
		Resolve: func(from netip.AddrPort) (string, bool) {
			mu.Lock()
			defer mu.Unlock()
			name, ok := ports[from.Port()]
			return name, ok
		}}
	if change != nil {
		change(&opts)
	}
	ctx, cancel := context.WithCancel(context.Background())
	collector, err := flow.Listen(ctx, opts)
	if err != nil {
		cancel()
		tb.Fatal(err)
	}
	r.collector = collector
	done := make(chan error, 1)
	go func() { done <- collector.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
		collector.Close()
		for _, s := range r.senders {
			s.Close()
		}
	})
	for _, name := range []string{"r1", "r4", "r6", "x", "stranger"} {
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(collector.Address()))
		if err != nil {
			tb.Fatal(err)
		}
		r.senders[name] = conn
		if name != "stranger" {
			mu.Lock()
			ports[conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()] = name
			mu.Unlock()
		}
	}
	return r
}

// send sends datagrams of a device and waits until they were received.
func (r *rig) send(device string, payloads ...[]byte) {
	r.tb.Helper()
	for _, p := range payloads {
		if _, err := r.senders[device].Write(p); err != nil {
			r.tb.Fatal(err)
		}
		r.sent++
		for end := time.Now().Add(10 * time.Second); r.collector.Stats().Datagrams < r.sent; time.Sleep(100 * time.Microsecond) {
			if time.Now().After(end) {
				r.tb.Fatalf("%d of %d datagrams were received", r.collector.Stats().Datagrams, r.sent)
			}
		}
	}
}

func (r *rig) flush() {
	r.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.collector.Flush(ctx); err != nil {
		r.tb.Fatal(err)
	}
}

// things returns the facts of a sample by thing and local name of property.
func things(s *ingest.Sample) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, f := range s.Facts {
		if out[f.Thing] == nil {
			out[f.Thing] = map[string]string{}
		}
		out[f.Thing][strings.TrimPrefix(f.P.Value(), ipfix.NS)] = f.O.Value()
	}
	return out
}

// nfdump is a record as nfdump read it.
type nfdump struct {
	First      string `json:"first"`
	Last       string `json:"last"`
	Proto      int    `json:"proto"`
	Src4       string `json:"src4_addr"`
	Src6       string `json:"src6_addr"`
	Dst4       string `json:"dst4_addr"`
	Dst6       string `json:"dst6_addr"`
	SrcPort    int    `json:"src_port"`
	DstPort    int    `json:"dst_port"`
	ICMPType   int    `json:"icmp_type"`
	ICMPCode   int    `json:"icmp_code"`
	Input      int    `json:"input_snmp"`
	Output     int    `json:"output_snmp"`
	Direction  int    `json:"direction"`
	InPackets  int    `json:"in_packets"`
	InBytes    int    `json:"in_bytes"`
	OutPackets int    `json:"out_packets"`
	OutBytes   int    `json:"out_bytes"`
}

// nfdumpSums sums nfdump's records by conversation. Type and code of a ping
// are one number in the key: type*256 + code.
func nfdumpSums(records []nfdump) map[string]sums {
	want := map[string]sums{}
	for _, n := range records {
		key := fmt.Sprintf("%s%s %s%s %d %d %d in %d out %d dir %d icmp %d", n.Src4, n.Src6, n.Dst4, n.Dst6, n.Proto, n.SrcPort, n.DstPort,
			n.Input, n.Output, n.Direction, n.ICMPType<<8|n.ICMPCode)
		s := want[key]
		s.inBytes += n.InBytes
		s.inPackets += n.InPackets
		s.outBytes += n.OutBytes
		s.outPackets += n.OutPackets
		if n.First != "" && (s.first == "" || n.First < s.first) {
			s.first = n.First
		}
		s.last = max(s.last, n.Last)
		want[key] = s
	}
	return want
}

// keyOf is the conversation of a flow record's facts, as in nfdumpSums.
func keyOf(f map[string]string) string {
	return fmt.Sprintf("%s%s %s%s %s %d %d in %s out %s dir %s icmp %d", f["sourceIPv4Address"], f["sourceIPv6Address"],
		f["destinationIPv4Address"], f["destinationIPv6Address"], f["protocolIdentifier"], number(f["sourceTransportPort"]),
		number(f["destinationTransportPort"]), f["ingressInterface"], f["egressInterface"], f["flowDirection"],
		number(f["icmpTypeCodeIPv4"])+number(f["icmpTypeCodeIPv6"]))
}

// sums is what one conversation comes to.
type sums struct {
	inBytes, inPackets, outBytes, outPackets int
	first, last                              string
}

// Goal: what the graph hears of the recorded flow packets is what nfdump read
// in them. Method: all packets by UDP, in two windows; totals of each
// conversation, and for NetFlow v9 its times, against truth/rN/flows.json.
func TestRecordedNetwork(t *testing.T) {
	packets, err := fixtures.Flows()
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, nil)
	for i, p := range packets {
		r.send(p.Device, p.Payload)
		if i == len(packets)/2 {
			r.flush()
		}
	}
	r.flush()
	for _, device := range []string{"r1", "r4", "r6"} {
		text, err := fixtures.Truth(device, "flows.json")
		if err != nil {
			t.Fatal(err)
		}
		var records []nfdump
		if err := json.Unmarshal(text, &records); err != nil {
			t.Fatal(err)
		}
		want := nfdumpSums(records)
		got := map[string]sums{}
		sample := r.sink.last(t, device)
		for thing, f := range things(sample) {
			if thing == "remainder" {
				if f["octetTotalCount"] != "0" {
					t.Errorf("%s: remainder %v, expected nothing", device, f)
				}
				continue
			}
			key := keyOf(f)
			got[key] = sums{number(f["octetTotalCount"]), number(f["packetTotalCount"]), number(f["reverseOctetTotalCount"]),
				number(f["reversePacketTotalCount"]), "", ""}
			if w := want[key]; w.first != "" {
				g := got[key]
				g.first, g.last = nfdumpTime(t, f["flowStartMilliseconds"]), nfdumpTime(t, f["flowEndMilliseconds"])
				got[key] = g
			}
		}
		if len(records) == 0 || len(got) != len(want) {
			t.Errorf("%s: %d conversations, nfdump has %d", device, len(got), len(want))
		}
		for key, w := range want {
			if got[key] != w {
				t.Errorf("%s: %s: %+v, nfdump has %+v", device, key, got[key], w)
			}
		}
		if !slices.Equal(sample.Complete, nil) {
			t.Errorf("%s: complete %v before the time of idleness", device, sample.Complete)
		}
		t.Logf("%s: %d records, %d conversations", device, len(records), len(want))
	}
	s := r.collector.Stats()
	if s.Errors != [4]uint64{} || s.SequenceGaps != 0 || s.Dropped != 0 || s.Unknown != 0 || s.SetsLost != 0 || s.IPFIX == 0 || s.NetFlow9 == 0 {
		t.Errorf("stats %+v", s)
	}
	for _, sample := range r.sink.take() {
		if len(sample.Warnings) > 0 || sample.Unmapped > 0 {
			t.Errorf("%s: unmapped %d, warnings %v", sample.Device, sample.Unmapped, sample.Warnings)
		}
	}
}

// Goal: a failed link moves traffic in the graph too: while r3 – r4 is cut the
// replication (TCP port 3260) leaves r4 and appears on r6, then it comes back;
// what the windows bring in all is what nfdump read. Method: the packets of
// the recorded incident by UDP, the clock on theirs, windows of 5 s.
func TestRecordedIncident(t *testing.T) {
	incident, err := fixtures.ReadIncident()
	if err != nil {
		t.Fatal(err)
	}
	packets, err := fixtures.IncidentFlows()
	if err != nil {
		t.Fatal(err)
	}
	const window = 5 * time.Second
	r := start(t, func(o *flow.Options) { o.Idle = 10 * time.Second })
	got := map[string]map[string]sums{"r1": {}, "r4": {}, "r6": {}}
	replicates := map[string][]bool{} // by device and window
	now := time.Duration(0)
	closeWindow := func() {
		r.flush()
		seen := map[string]bool{}
		for _, s := range r.sink.take() {
			for thing, f := range things(s) {
				if thing == "remainder" {
					continue
				}
				if s.Device == "r4" {
					delete(f, "icmpTypeCodeIPv6") // nfdump does not read it in NetFlow v9
				}
				g := got[s.Device][keyOf(f)]
				g.inBytes += number(f["octetDeltaCount"])
				g.inPackets += number(f["packetDeltaCount"])
				g.outBytes += number(f["reverseOctetDeltaCount"])
				g.outPackets += number(f["reversePacketDeltaCount"])
				got[s.Device][keyOf(f)] = g
				seen[s.Device] = seen[s.Device] || f["destinationTransportPort"] == "3260"
			}
		}
		for device := range got {
			replicates[device] = append(replicates[device], seen[device])
		}
	}
	for _, p := range packets {
		for now+window <= p.At.Duration() {
			now += window
			r.clock.advance(window)
			closeWindow()
		}
		r.send(p.Device, p.Payload)
	}
	closeWindow()
	for device, sums := range got {
		text, err := fixtures.IncidentFlowTruth(device)
		if err != nil {
			t.Fatal(err)
		}
		var records []nfdump
		if err := json.Unmarshal(text, &records); err != nil {
			t.Fatal(err)
		}
		want := nfdumpSums(records)
		for key, w := range want {
			w.first, w.last = "", ""
			if sums[key] != w {
				t.Errorf("%s: %s: %+v, nfdump has %+v", device, key, sums[key], w)
			}
		}
		if len(records) == 0 || len(sums) != len(want) {
			t.Errorf("%s: %d conversations, nfdump has %d", device, len(sums), len(want))
		}
	}
	// Windows that lie wholly before, within and after the failure; what was
	// exported last stays for the time of idleness.
	cut, mended := int(incident.Cut.Duration()/window), int(incident.Mended.Duration()/window)
	for device, want := range map[string][3]bool{"r4": {true, false, true}, "r6": {false, true, false}} {
		w := replicates[device]
		if got := [3]bool{w[cut-1], w[mended], w[len(w)-1]}; got != want {
			t.Errorf("%s replicates before, during, after: %v, expected %v (windows %v)", device, got, want, w)
		}
	}
}

func number(text string) int {
	var n int
	fmt.Sscan(text, &n)
	return n
}

func nfdumpTime(t *testing.T, text string) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Format("2006-01-02T15:04:05.000")
}
