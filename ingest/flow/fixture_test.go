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
		want := map[string]sums{}
		for _, n := range records {
			// A ping's type and code are a key of softflowd's records as nfdump
			// shows them: type*256 + code.
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
		got := map[string]sums{}
		sample := r.sink.last(t, device)
		for thing, f := range things(sample) {
			if thing == "remainder" {
				if f["octetTotalCount"] != "0" {
					t.Errorf("%s: remainder %v, expected nothing", device, f)
				}
				continue
			}
			key := fmt.Sprintf("%s%s %s%s %s %d %d in %s out %s dir %s icmp %d", f["sourceIPv4Address"], f["sourceIPv6Address"],
				f["destinationIPv4Address"], f["destinationIPv6Address"], f["protocolIdentifier"], number(f["sourceTransportPort"]),
				number(f["destinationTransportPort"]), f["ingressInterface"], f["egressInterface"], f["flowDirection"],
				number(f["icmpTypeCodeIPv4"])+number(f["icmpTypeCodeIPv6"]))
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
