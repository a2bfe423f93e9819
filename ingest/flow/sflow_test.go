package flow

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netsampler/goflow2/v2/decoders/sflow"

	"nettwin/ingest"
	"nettwin/internal/testenv"
)

// meterSeen is a copy of what a counter sample said.
type meterSeen struct {
	index  uint32
	values map[string]string // by the last part of the property
}

// newSFlowBench is a bench that keeps counters too.
func newSFlowBench(tb testing.TB) (*bench, *[]meterSeen) {
	b := newBench(tb)
	var meters []meterSeen
	b.meter = func(_ *message, index uint32, values []meterValue) {
		m := meterSeen{index, map[string]string{}}
		for _, v := range values {
			name := v.term.Value()
			m.values[name[strings.LastIndexByte(name, '/')+1:]] = v.value.Value()
		}
		meters = append(meters, m)
	}
	return b, &meters
}

// opaque writes octets as XDR does.
func opaque(b []byte) []byte {
	return slices.Concat(u32(uint32(len(b))), b, make([]byte, -len(b)&3))
}

// sflowDatagram writes a datagram of an IPv4 agent.
func sflowDatagram(sequence int, samples ...[]byte) []byte {
	return slices.Concat(u32(5), u32(1), []byte{192, 0, 2, 9}, u32(0), u32(uint32(sequence)), u32(60000), u32(uint32(len(samples))),
		slices.Concat(samples...))
}

// flowSampleOf writes a flow sample of one packet of rate.
func flowSampleOf(rate, input, output uint32, records ...[]byte) []byte {
	return slices.Concat(u32(flowSample), opaque(slices.Concat(u32(1), u32(3), u32(rate), u32(rate*7), u32(0), u32(input), u32(output),
		u32(uint32(len(records))), slices.Concat(records...))))
}

func expandedSampleOf(rate, input, output uint32, records ...[]byte) []byte {
	return slices.Concat(u32(expandedFlowSample), opaque(slices.Concat(u32(1), u32(0), u32(3), u32(rate), u32(rate*7), u32(0),
		u32(0), u32(input), u32(0), u32(output), u32(uint32(len(records))), slices.Concat(records...))))
}

// headerRecord writes a sampled header.
func headerRecord(protocol, frame uint32, header []byte) []byte {
	return slices.Concat(u32(sampledHeader), opaque(slices.Concat(u32(protocol), u32(frame), u32(4), opaque(header))))
}

var (
	macs = []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
	v4   = slices.Concat([]byte{0x45, 0xB8}, u16(1400), u16(1), u16(0), []byte{64, 6}, u16(0), []byte{198, 51, 100, 1}, []byte{203, 0, 113, 9})
	tcp  = slices.Concat(u16(40000), u16(443), u32(1), u32(2), []byte{0x50, 0x18}, u16(100))
	from = []byte{0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	to   = []byte{0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}
)

func v6(next byte, payload int) []byte {
	return slices.Concat([]byte{0x6B, 0x80, 0, 7}, u16(payload), []byte{next, 64}, from, to)
}

// Goal: recorded datagrams of sFlow are decoded as Telegraf decodes them.
// Method: each case of the shared data; every field of the expected lines that
// says something of an interface is held against our value under the
// corresponding object. Where Telegraf prints all ones, the agent does not
// count (sFlow Version 5 §5), and we state nothing.
func TestSFlowRecordings(t *testing.T) {
	objects := map[string]string{"in_bytes": "ifHCInOctets", "out_bytes": "ifHCOutOctets", "in_unicast_packets_total": "ifInUcastPkts",
		"out_unicast_packets_total": "ifOutUcastPkts", "in_dropped_packets": "ifInDiscards", "out_dropped_packets": "ifOutDiscards",
		"in_errors": "ifInErrors", "out_errors": "ifOutErrors", "in_mcast_packets_total": "ifInMulticastPkts",
		"out_mcast_packets_total": "ifOutMulticastPkts", "in_broadcast_packets_total": "ifInBroadcastPkts",
		"out_broadcast_packets_total": "ifOutBroadcastPkts", "in_unknown_protocol": "ifInUnknownProtos", "port_name": "ifName",
		"interface": "ifIndex", "status": "ifOperStatus"}
	root := testenv.Shared(t, "data/flow/telegraf")
	cases, err := filepath.Glob(filepath.Join(root, "sflow*"))
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	compared := 0
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			b, meters := newSFlowBench(t)
			b.feed(packets(t, dir)...)
			if len(b.errors) > 0 || b.stats.SFlow != 1 {
				t.Fatalf("%d messages, errors %v", b.stats.SFlow, b.errors)
			}
			text, err := os.ReadFile(filepath.Join(dir, "expected.out"))
			if err != nil {
				t.Fatal(err)
			}
			_, line, _ := strings.Cut(string(text), " ")
			line, _, _ = strings.Cut(line, " ")
			for part := range strings.SplitSeq(line, ",") {
				name, want, _ := strings.Cut(part, "=")
				want = strings.Trim(strings.TrimSuffix(want, "u"), `"`)
				if name == "reason" && b.stats.Discards != 1 {
					t.Errorf("%d notices of discarded packets, expected 1", b.stats.Discards)
				}
				object := objects[name]
				if object == "" || len(*meters) == 0 {
					continue
				}
				compared++
				got := (*meters)[0].values[object]
				if want == "4294967295" {
					want = ""
				}
				if got != want {
					t.Errorf("%s is %q, expected %q", object, got, want)
				}
			}
		})
	}
	if compared < 16 {
		t.Errorf("%d values compared", compared)
	}
}

// Goal: packets in every form that an agent may send become records with the
// right key, counts and sampling. Method: datagrams written by hand after the
// specification; expected values are those written. goflow2 reads the same
// datagrams, to show that they are well formed.
func TestSFlowPackets(t *testing.T) {
	udp := slices.Concat(u16(53), u16(5353), u16(20), u16(0))
	extension := []byte{17, 0, 0, 0, 0, 0, 0, 0} // destination options, then UDP
	for _, c := range []struct {
		name   string
		sample []byte
		path   string
		octets uint64
		rate   uint64
	}{
		{"Ethernet, two VLANs, TCP", flowSampleOf(400, 3, 4, headerRecord(headerEthernet, 1418,
			slices.Concat(macs, u16(etherQinQ), u16(9), u16(etherVLAN), u16(7), u16(etherIPv4), v4, tcp))),
			"198.51.100.1~203.0.113.9~6~40000~443~~~3~4", 1400, 400},
		{"IPv6 with an extension header, UDP", flowSampleOf(1000, 3, 0, headerRecord(headerEthernet, 90, slices.Concat(macs, u16(etherIPv6), v6(60, 36), extension, udp))),
			"2001%3Adb8%3A%3A1~2001%3Adb8%3A%3A2~17~53~5353~~~3~", 76, 1000},
		{"ICMP over IPv6", flowSampleOf(1, 3, 4, headerRecord(headerIPv6, 64, slices.Concat(v6(58, 8), []byte{128, 0}))),
			"2001%3Adb8%3A%3A1~2001%3Adb8%3A%3A2~58~~~~32768~3~4", 48, 1},
		{"MPLS", flowSampleOf(10, 3, 4, headerRecord(headerEthernet, 1500, slices.Concat(macs, u16(etherMPLS), []byte{0, 1, 0, 64, 0, 2, 1, 64}, v4, tcp))),
			"198.51.100.1~203.0.113.9~6~40000~443~~~3~4", 1400, 10},
		{"PPPoE", flowSampleOf(10, 3, 4, headerRecord(headerEthernet, 1500, slices.Concat(macs, u16(etherPPPoE), []byte{0x11, 0, 0, 1, 0, 9}, u16(pppIPv4), v4, tcp))),
			"198.51.100.1~203.0.113.9~6~40000~443~~~3~4", 1400, 10},
		{"a later fragment has no ports", flowSampleOf(10, 3, 4, headerRecord(headerIPv4, 1400, slices.Concat(v4[:6], u16(100), v4[8:], tcp))),
			"198.51.100.1~203.0.113.9~6~~~~~3~4", 1400, 10},
		{"cut off behind the addresses", flowSampleOf(10, 3, 4, headerRecord(headerIPv4, 1400, v4)), "198.51.100.1~203.0.113.9~6~~~~~3~4", 1400, 10},
		{"taken apart by the agent", flowSampleOf(10, 3, 4, slices.Concat(u32(sampledIPv4), opaque(slices.Concat(u32(900), u32(17), []byte{10, 0, 0, 1, 10, 0, 0, 2}, u32(1), u32(2), u32(0), u32(0))))),
			"10.0.0.1~10.0.0.2~17~1~2~~~3~4", 900, 10},
		{"expanded, large ifIndex", expandedSampleOf(20, 0x40000001, 5, headerRecord(headerIPv4, 1400, slices.Concat(v4, tcp))),
			"198.51.100.1~203.0.113.9~6~40000~443~~~1073741825~5", 1400, 20},
		{"several ports out, from the device itself", flowSampleOf(20, unknownInterface, 2<<30|6, headerRecord(headerIPv4, 1400, slices.Concat(v4, tcp))),
			"198.51.100.1~203.0.113.9~6~40000~443~~~~", 1400, 20},
		{"no IP", flowSampleOf(50, 3, 4, headerRecord(headerEthernet, 64, slices.Concat(macs, u16(0x0806), make([]byte, 28)))), "~~~~~~~3~4", 0, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			datagram := sflowDatagram(1, c.sample)
			var theirs sflow.Packet
			if err := sflow.DecodeMessageVersion(bytes.NewBuffer(datagram), &theirs); err != nil {
				t.Errorf("goflow2: %v", err)
			}
			b, _ := newSFlowBench(t)
			b.feed(datagram)
			if len(b.records) != 1 || len(b.errors) > 0 {
				t.Fatalf("%d records, errors %v", len(b.records), b.errors)
			}
			r := b.records[0]
			if got := strings.TrimPrefix(r.path, "flow/"); strings.TrimRight(got, "~") != strings.TrimRight(c.path, "~") {
				t.Errorf("path %s, expected %s", got, c.path)
			}
			if r.counts[0].forward != c.octets || r.counts[1].forward != 1 || r.sampling != (ratio{1, c.rate}) || !r.start.Equal(testTime) {
				t.Errorf("record %+v, expected %d octets of a packet of %d", r, c.octets, c.rate)
			}
		})
	}
}

// Goal: what is damaged costs itself: samples before and behind it are kept.
// Method: a datagram with a damaged sample between two whole ones, and every
// beginning of it.
func TestSFlowDamage(t *testing.T) {
	whole := flowSampleOf(10, 1, 2, headerRecord(headerIPv4, 1400, slices.Concat(v4, tcp)))
	damaged := slices.Concat(u32(flowSample), opaque(slices.Concat(u32(1), u32(3), u32(10), u32(70), u32(0), u32(1), u32(2), u32(9))))
	maker := slices.Concat(u32(4413<<12|1), opaque([]byte("anything")))
	all := sflowDatagram(1, whole, damaged, maker, whole)
	b, _ := newSFlowBench(t)
	b.feed(all)
	if len(b.records) != 2 || b.stats.Errors[RadiusRecord] != 1 || b.stats.ForeignSamples != 1 {
		t.Errorf("%d records, errors %v, %d samples of makers", len(b.records), b.errors, b.stats.ForeignSamples)
	}
	for i := range all {
		b, _ := newSFlowBench(t)
		b.feed(all[:i])
		if len(b.errors) == 0 {
			t.Errorf("%d of %d octets: no error", i, len(all))
		}
	}
	b.feed(slices.Concat(u32(4), all[4:]))
	if last := b.errors[len(b.errors)-1]; last.Radius != RadiusMessage {
		t.Errorf("version 4: %v", last)
	}
}

// Goal: messages that an agent numbered and nobody got are counted. Method:
// numbers 1, 2, 5.
func TestSFlowSequence(t *testing.T) {
	b, _ := newSFlowBench(t)
	for _, n := range []int{1, 2, 5} {
		b.feed(sflowDatagram(n))
	}
	for _, dom := range b.domains {
		if dom.sequence.Gaps != 1 || dom.sequence.Lost != 2 {
			t.Errorf("sequence %+v", dom.sequence)
		}
	}
}

// Goal: a device counts no more interfaces than the limit, and says so.
func TestMeterLimit(t *testing.T) {
	b, meters := newSFlowBench(t)
	b.feed(sflowDatagram(1, slices.Concat(u32(counterSample), opaque(slices.Concat(u32(1), u32(3), u32(1), u32(1), opaque(slices.Concat(u32(3), make([]byte, 84))))))))
	if len(*meters) != 1 || (*meters)[0].index != 3 || (*meters)[0].values["ifOperStatus"] != "down" {
		t.Fatalf("%+v", *meters)
	}
	dev := newDevice("r1")
	for i := range maxMeters + 2 {
		dev.meters.take(uint32(i), []meterValue{{term: classRecord, value: integer(1), counter: true}})
	}
	s := newWriter(b.tables).sample(dev, nil, false)
	if !slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "2 counter samples") }) {
		t.Errorf("warnings %v", s.Warnings)
	}
	last := fmt.Sprintf("%s/%d", thingInterface, maxMeters-1)
	if at := slices.IndexFunc(s.Facts, func(f ingest.Fact) bool { return f.Thing == last }); at < 0 {
		t.Errorf("no facts of %s", last)
	}
}
