package flow

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/ontology/ipfix"
)

// Goal: sets that come before their template wait for it, within bounds, and
// those for which none comes are counted. Method: data first, then the
// template; then more sets than may wait.
func TestMissingTemplate(t *testing.T) {
	b := newBench(t)
	b.feed(ipfixMessage(0, set(256, flowRecord(1, 100, 1))), ipfixMessage(1, set(257, flowRecord(9, 9, 9))))
	if len(b.records) != 0 || b.stats.SetsWithoutTemplate != 2 {
		t.Fatalf("records %v, stats %+v", b.records, b.stats)
	}
	b.feed(ipfixMessage(2, set(2, templateRecord(256, plain...)), set(256, flowRecord(2, 200, 2))))
	if len(b.records) != 2 || b.records[0].path != plainPath("1") || b.records[1].path != plainPath("2") || b.stats.SetsResumed != 1 {
		t.Errorf("records %v, stats %+v", b.records, b.stats)
	}
	for range 2 * maxPendingSets {
		b.feed(ipfixMessage(3, set(300, []byte{1, 2, 3, 4})))
	}
	if dom := b.domains[slices.Collect(keysOf(b))[0]]; len(dom.pending) != maxPendingSets || b.stats.SetsLost != maxPendingSets+1 {
		t.Errorf("%d wait, %d lost", len(dom.pending), b.stats.SetsLost)
	}
	b.expire(testTime.Add(pendingLife + time.Second))
	if b.pendingBytes != 0 || b.stats.SetsLost != 2*maxPendingSets+1 {
		t.Errorf("%d octets wait, %d sets lost", b.pendingBytes, b.stats.SetsLost)
	}
}

func countOf(b *bench, address string) int {
	n := 0
	for id := range b.domains {
		if id.Address.String() == address {
			n++
		}
	}
	return n
}

func keysOf(b *bench) func(func(domainID) bool) {
	return func(yield func(domainID) bool) {
		for id := range b.domains {
			if !yield(id) {
				return
			}
		}
	}
}

// Goal: memory for templates is bounded, and the longest unused goes. Method:
// more templates than a domain may have; more domains than there may be; time
// passing.
func TestTemplateLimits(t *testing.T) {
	b := newBench(t)
	at := testTime
	one := func(from string, payload []byte) {
		at = at.Add(time.Second)
		b.decode(&datagram{from: netip.AddrPortFrom(netip.MustParseAddr(from), 9), at: at, device: "r1", payload: payload})
	}
	for i := range maxDomainTemplates + 10 {
		one("192.0.2.1", ipfixMessage(0, set(2, templateRecord(256+i, plain...))))
		one("192.0.2.1", ipfixMessage(0, set(256, flowRecord(1, 1, 1)))) // the first stays in use
	}
	if b.templates != maxDomainTemplates || b.stats.TemplatesEvicted != 10 || len(b.records) != maxDomainTemplates+10 {
		t.Errorf("%d templates, %d evicted, %d records", b.templates, b.stats.TemplatesEvicted, len(b.records))
	}
	for i := range maxDomains + 5 {
		one(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}).String(), ipfixMessage(0, set(2, templateRecord(256, plain...))))
	}
	if len(b.domains) != maxDomains || b.templates != maxDomains {
		t.Errorf("%d domains, %d templates", len(b.domains), b.templates)
	}
	// One exporter that invents domains drops its own.
	for i := range 100 {
		m := ipfixMessage(0, set(2, templateRecord(256, plain...)))
		copy(m[12:16], u32(uint32(i)))
		one("10.1.16.3", m)
	}
	if n := countOf(b, "10.1.16.3"); len(b.domains) != maxDomains || n > 3 {
		t.Errorf("%d domains, %d of the exporter that invents them", len(b.domains), n)
	}
	b.expire(at.Add(DefaultTemplateLife + time.Hour))
	if len(b.domains) != 0 || b.templates != 0 {
		t.Errorf("%d domains, %d templates after their life", len(b.domains), b.templates)
	}
}

// Goal: damage costs what it must and no more. Method: messages that are
// damaged by hand; the radius of each error and the records that are left.
func TestBlastRadius(t *testing.T) {
	known := ipfixMessage(0, set(2, templateRecord(256, plain...)))
	good := set(256, flowRecord(1, 1, 1))
	cut := ipfixMessage(1, good, set(256, flowRecord(2, 2, 2)))
	for _, c := range []struct {
		name    string
		message []byte
		records int
		radius  Radius
		err     error
	}{
		{"empty", []byte{}, 0, RadiusMessage, ErrTruncated},
		{"no version", []byte{0, 77, 1, 2}, 0, RadiusMessage, ErrVersion},
		{"header cut", known[:12], 0, RadiusMessage, ErrTruncated},
		{"length below the header", slices.Concat(u16(10), u16(4), known[4:]), 0, RadiusMessage, ErrTruncated},
		{"message cut", cut[:len(cut)-3], 1, RadiusSet, ErrTruncated},
		{"set of two octets", ipfixMessage(1, good, u16(256), u16(2)), 1, RadiusSet, ErrTruncated},
		{"reserved set", ipfixMessage(1, set(9, []byte{1}), good), 1, RadiusSet, nil},
		{"template without fields that have a length", ipfixMessage(1, set(2, templateRecord(300, field{0, 8, 0})), good), 1, RadiusSet, ErrTemplate},
		{"template number 5", ipfixMessage(1, set(2, templateRecord(5, plain...)), good), 1, RadiusSet, ErrTemplate},
		{"template cut", ipfixMessage(1, set(2, templateRecord(300, plain...)[:9]), good), 1, RadiusSet, nil},
		{"field of a wrong length", ipfixMessage(1, set(2, templateRecord(300, field{0, 8, 3}, destination4, octets)), set(300, make([]byte, 11)), good), 2, RadiusField, nil},
		{"time without a base", ipfixMessage(1, set(2, templateRecord(300, source4, field{0, 22, 4}, octets)), set(300, make([]byte, 12)), good), 2, RadiusField, ErrNoTimeBase},
		{"variable field beyond the set", ipfixMessage(1, set(2, templateRecord(300, source4, field{0, 82, variable})), set(300, []byte{1, 2, 3, 4, 9, 'x'}), good), 1, RadiusRecord, ErrTruncated},
		{"NetFlow v9 set too long", netflow9Message(0, set(0, templateRecord(256, plain...)), good, u16(256), u16(99)), 1, RadiusSet, ErrTruncated},
		{"NetFlow v5 records cut", slices.Concat(u16(5), u16(3), make([]byte, 20), make([]byte, 48+20)), 1, RadiusRecord, ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.feed(known, c.message)
			if len(b.records) != c.records || len(b.errors) != 1 || b.errors[0].Radius != c.radius || c.err != nil && !errors.Is(b.errors[0], c.err) ||
				b.stats.Errors[c.radius] != 1 {
				t.Errorf("%d records, expected %d; errors %v", len(b.records), c.records, b.errors)
			}
		})
	}
	b := newBench(t)
	var sets [][]byte
	for range 2 * maxSetErrors {
		sets = append(sets, set(9))
	}
	b.feed(known, ipfixMessage(0, append(sets, good)...))
	if len(b.records) != 0 || b.stats.Errors[RadiusSet] != maxSetErrors || b.stats.Errors[RadiusMessage] != 1 {
		t.Errorf("%d damaged sets are read: %v", 2*maxSetErrors, b.stats.Errors)
	}
	if got := b.errors[0].Error(); !strings.Contains(got, "r1") || !strings.Contains(got, "domain 7") || !strings.Contains(got, "template 9") {
		t.Errorf("the error does not say where: %s", got)
	}
}

// Goal: fields of variable length, short and long form, are read (RFC 7011
// §7), and elements of makers are stepped over. Method: two records in one
// set, behind them padding.
func TestVariableLength(t *testing.T) {
	b := newBench(t)
	long := slices.Concat([]byte{0xFF}, u16(300), make([]byte, 300))
	b.feed(ipfixMessage(0, set(2, templateRecord(256, field{32473, 1, variable}, source4, field{0, 82, variable}, octets)),
		set(256, []byte{2, 'h', 'i', 10, 0, 0, 1}, []byte{4, 'e', 't', 'h', '1'}, u32(70),
			long, []byte{10, 0, 0, 2, 0}, u32(80), []byte{0, 0, 0})))
	if len(b.records) != 2 || b.records[0].counts[0].forward != 70 || b.records[1].counts[0].forward != 80 ||
		!strings.HasPrefix(b.records[1].path, "flow/10.0.0.2~") || len(b.errors) > 0 {
		t.Errorf("records %+v, errors %v", b.records, b.errors)
	}
}

// Goal: the reverse elements of RFC 5103 count the other direction, with the
// enterprise bit and without confusion with the forward ones. Method: one
// record with both.
func TestReverse(t *testing.T) {
	b := newBench(t)
	b.feed(ipfixMessage(0, set(2, templateRecord(256, source4, octets, field{ipfix.ReverseEnterprise, 1, 4}, field{ipfix.ReverseEnterprise, 2, 2}, packetCount)),
		set(256, []byte{10, 0, 0, 1}, u32(1000), u32(50), u16(5), u32(10))))
	if len(b.records) != 1 || b.records[0].counts != [maxCounters]tally{{1000, 50}, {10, 5}} {
		t.Errorf("records %+v", b.records)
	}
}

// Goal: each way of telling the sampling is understood. Method: options and
// records with the parameters of NetFlow v9 and of RFC 5477; the ratio with
// which the record is counted.
func TestSampling(t *testing.T) {
	v9template := set(0, templateRecord(256, source4, ingress, octets))
	v9record := set(256, []byte{10, 0, 0, 1}, u32(3), u32(1500))
	v9options := func(scopeType, id int, option ...field) []byte {
		return set(1, u16(id), u16(4), u16(4*len(option)), u16(scopeType), u16(4), specs(option))
	}
	template := set(2, templateRecord(256, source4, ingress, octets))
	interval, selected, skipped := field{0, 34, 4}, field{0, 305, 4}, field{0, 306, 4}
	for _, c := range []struct {
		name     string
		messages [][]byte
		want     ratio
	}{
		{"none", [][]byte{ipfixMessage(0, template, v9record)}, ratio{}},
		{"v9 interval of the system", [][]byte{netflow9Message(0, v9template, v9options(1, 300, interval), set(300, u32(0), u32(100)), v9record)}, ratio{1, 100}},
		{"v9 interval of the interface", [][]byte{netflow9Message(0, v9template, v9options(2, 300, interval), set(300, u32(3), u32(10)), v9record)}, ratio{1, 10}},
		{"v9 interval of another interface", [][]byte{netflow9Message(0, v9template, v9options(2, 300, interval), set(300, u32(4), u32(10)), v9record)}, ratio{}},
		{"v9 sampler", [][]byte{netflow9Message(0, set(0, templateRecord(256, source4, field{0, 48, 1}, octets)),
			v9options(1, 300, field{0, 48, 1}, field{0, 50, 4}), set(300, u32(0), []byte{7}, u32(64)), set(256, []byte{10, 0, 0, 1, 7}, u32(1)))}, ratio{1, 64}},
		{"in the record", [][]byte{netflow9Message(0, set(0, templateRecord(256, source4, interval, octets)), set(256, []byte{10, 0, 0, 1}, u32(8), u32(1)))}, ratio{1, 8}},
		{"IPFIX interval and space", [][]byte{ipfixMessage(0, template, set(3, ipfixOptionsRecord(300, 1, field{0, 143, 4}, selected, skipped)),
			set(300, u32(1), u32(2), u32(98)), v9record)}, ratio{2, 100}},
		{"IPFIX size of population", [][]byte{ipfixMessage(0, template, set(3, ipfixOptionsRecord(300, 1, field{0, 149, 4}, field{0, 309, 4}, field{0, 310, 4})),
			set(300, u32(7), u32(5), u32(1000)), v9record)}, ratio{5, 1000}},
		{"IPFIX probability", [][]byte{ipfixMessage(0, template, set(3, ipfixOptionsRecord(300, 1, field{0, 149, 4}, field{0, 311, 8})),
			set(300, u32(7), []byte{0x3F, 0xD0, 0, 0, 0, 0, 0, 0}), v9record)}, ratio{250_000, 1_000_000}},
		{"IPFIX interface", [][]byte{ipfixMessage(0, template, set(3, ipfixOptionsRecord(300, 1, ingress, interval)), set(300, u32(3), u32(20)), v9record)}, ratio{1, 20}},
		{"nonsense", [][]byte{ipfixMessage(0, template, set(3, ipfixOptionsRecord(300, 1, ingress, interval)), set(300, u32(3), u32(0)), v9record)}, ratio{}},
		{"v5 header", [][]byte{slices.Concat(u16(5), u16(1), make([]byte, 18), u16(0x4000|50), make([]byte, 48))}, ratio{1, 50}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.feed(c.messages...)
			if len(b.records) != 1 || b.records[0].sampling != c.want || len(b.errors) > 0 {
				t.Errorf("%+v, expected %v; errors %v", b.records, c.want, b.errors)
			}
		})
	}
	for _, c := range []struct {
		r       ratio
		n, want uint64
	}{{ratio{}, 7, 7}, {ratio{1, 100}, 7, 700}, {ratio{2, 100}, 3, 150}, {ratio{1, 1 << 40}, 1 << 40, 1<<64 - 1}} {
		if got := c.r.scale(c.n); got != c.want {
			t.Errorf("%v of %d: %d, expected %d", c.r, c.n, got, c.want)
		}
	}
}

// Goal: times relative to boot come out right, also when the counter of
// milliseconds wraps, and when the exporter's clock is told by options.
// Method: figures by hand.
func TestTimes(t *testing.T) {
	b := newBench(t)
	uptimes := []field{source4, {0, 22, 4}, {0, 21, 4}}
	record := func(first, last uint32) []byte { return slices.Concat([]byte{10, 0, 0, 1}, u32(first), u32(last)) }
	b.feed(netflow9Message(0, set(0, templateRecord(256, uptimes...)), set(256, record(1<<32-1000, 99_000))))
	if r := b.records[0]; !r.start.Equal(testTime.Add(-101*time.Second)) || !r.end.Equal(testTime.Add(-time.Second)) {
		t.Errorf("NetFlow v9: %v to %v", r.start, r.end)
	}
	// 100 days after boot the counter has wrapped twice.
	boot := testTime.Add(-100 * 24 * time.Hour).UnixMilli()
	now := uint32(uint64(100*24*time.Hour/time.Millisecond) % (1 << 32))
	b.feed(ipfixMessage(0, set(3, ipfixOptionsRecord(300, 1, field{0, 143, 4}, field{0, 160, 8})),
		set(300, u32(1), u32(uint32(boot>>32)), u32(uint32(boot))),
		set(2, templateRecord(256, uptimes...)), set(256, record(now-60_000, now-1))))
	if r := b.records[1]; !r.start.Equal(testTime.Add(-time.Minute)) || !r.end.Equal(testTime.Add(-time.Millisecond)) {
		t.Errorf("IPFIX: %v to %v", r.start, r.end)
	}
	b.feed(ipfixMessage(0, set(2, templateRecord(257, source4, field{0, 158, 4}, field{0, 151, 4})), set(257, []byte{10, 0, 0, 1}, u32(2_500_000), u32(uint32(testTime.Unix())))))
	if r := b.records[2]; !r.start.Equal(testTime.Add(-2500*time.Millisecond)) || !r.end.Equal(testTime) {
		t.Errorf("delta: %v to %v", r.start, r.end)
	}
}

// Goal: missing messages are noticed in each protocol, and disorder, restart
// and softflowd's counting are not taken for loss. Method: sequence numbers by
// hand.
func TestSequence(t *testing.T) {
	type message struct{ number, records uint32 }
	for _, c := range []struct {
		name                        string
		version                     uint16
		messages                    []message
		gaps, lost, resets, shuffle uint64
	}{
		{"IPFIX whole", versionIPFIX, []message{{0, 3}, {3, 2}, {5, 1}, {6, 0}}, 0, 0, 0, 0},
		{"IPFIX lost", versionIPFIX, []message{{0, 3}, {3, 2}, {15, 1}, {16, 1}}, 1, 10, 0, 0},
		{"IPFIX wraps", versionIPFIX, []message{{1<<32 - 2, 3}, {1, 2}, {3, 1}}, 0, 0, 0, 0},
		{"softflowd whole", versionIPFIX, []message{{3, 3}, {6, 3}, {14, 8}, {17, 3}}, 0, 0, 0, 0},
		{"softflowd lost", versionIPFIX, []message{{3, 3}, {11, 8}, {30, 4}, {33, 3}}, 1, 15, 0, 0},
		{"restart", versionIPFIX, []message{{100000, 3}, {0, 2}, {2, 1}}, 0, 0, 1, 0},
		{"NetFlow v9 whole", versionNetFlow9, []message{{7, 0}, {8, 0}, {9, 0}}, 0, 0, 0, 0},
		{"NetFlow v9 lost", versionNetFlow9, []message{{7, 0}, {9, 0}, {12, 0}}, 2, 3, 0, 0},
		{"NetFlow v9 swapped", versionNetFlow9, []message{{7, 0}, {9, 0}, {8, 0}, {10, 0}}, 1, 1, 0, 1},
		{"NetFlow v5 lost", versionNetFlow5, []message{{0, 30}, {30, 30}, {120, 30}}, 1, 60, 0, 0},
	} {
		var s sequence
		for _, m := range c.messages {
			s.next(c.version, m.number, m.records, m.records, true)
		}
		if s.Gaps != c.gaps || s.Lost != c.lost || s.Resets != c.resets || s.Shuffle != c.shuffle {
			t.Errorf("%s: gaps %d lost %d resets %d shuffled %d, expected %d %d %d %d", c.name, s.Gaps, s.Lost, s.Resets, s.Shuffle,
				c.gaps, c.lost, c.resets, c.shuffle)
		}
	}
}
