//go:build unix

package flow

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"
)

// benchMessages makes IPFIX messages of 24 records of 17 fields each, as a
// router's: addresses, ports, interfaces, counters, times, AS numbers. The
// records belong to so many conversations.
func benchMessages(conversations int) (template []byte, messages [][]byte, records int) {
	fields := []field{source4, destination4, {0, 15, 4}, ingress, {0, 14, 4}, packetCount, octets, {0, 152, 8}, {0, 153, 8},
		sourcePort, port, {0, 6, 1}, protocol, {0, 5, 1}, {0, 16, 4}, {0, 17, 4}, {0, 61, 1}}
	const perMessage = 24
	n := 0
	for range 256 {
		var sets []byte
		for range perMessage {
			c := uint32(n % conversations)
			n++
			sets = slices.Concat(sets, u32(0x0A000000|c), u32(0xC0000201), u32(0), u32(3), u32(4), u32(10), u32(15000),
				binary.BigEndian.AppendUint64(nil, uint64(testTime.UnixMilli()-5000)), binary.BigEndian.AppendUint64(nil, uint64(testTime.UnixMilli())),
				u16(40000), u16(443), []byte{0x1B, 6, 0}, u32(64500), u32(64501), []byte{0})
		}
		messages = append(messages, ipfixMessage(0, set(256, sets)))
	}
	return ipfixMessage(0, set(2, templateRecord(256, fields...))), messages, 256 * perMessage
}

// cpu is the time that the process had a processor: what counts on a machine
// that others use too.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// roundsPerWindow makes windows of about 100 000 records.
const roundsPerWindow = 16

// BenchmarkDecode measures one core. decode: datagram to record. aggregate:
// to conversations, with windows closed and their samples made.
// The estimate to hold against is DESIGN.md §6: 200 000 records a second.
func BenchmarkDecode(b *testing.B) {
	for _, conversations := range []int{100, 10000} {
		template, messages, records := benchMessages(conversations)
		run := func(name string, aggregate bool) {
			b.Run(fmt.Sprintf("op=%s/conversations=%d", name, conversations), func(b *testing.B) {
				d := newBench(b)
				dev := newDevice("r1")
				w := newWriter(d.tables)
				d.sink = func(m *message, r *record) {
					if aggregate {
						dev.add(m, r, DefaultConversations)
					}
				}
				d.feed(template)
				at := testTime
				before := cpu()
				b.ReportAllocs()
				for round := 1; b.Loop(); round++ {
					at = at.Add(DefaultWindow / roundsPerWindow)
					for _, m := range messages {
						g := datagram{from: netip.MustParseAddrPort("192.0.2.1:4739"), at: at, device: "r1", payload: m}
						dev.heard(&g)
						d.decode(&g)
					}
					if aggregate && round%roundsPerWindow == 0 {
						stated := dev.close(at, DefaultIdle, DefaultTop, w.path)
						w.sample(dev, stated, true)
						dev.open(stated)
					}
				}
				busy := cpu() - before
				b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
				b.ReportMetric(float64(b.N*records)/busy.Seconds(), "records/cpu-s")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
				if d.stats.Records == 0 {
					b.Fatal("nothing was decoded")
				}
			})
		}
		run("decode", false)
		run("aggregate", true)
	}
}
