package flow

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// FuzzDatagram feeds a decoder two datagrams. Goal: no input makes it fail,
// hang or hold more than its limits, and what a conversation's key says comes
// back from it. Method: whatever the fuzzer finds, with messages of each
// version to begin with.
func FuzzDatagram(f *testing.F) {
	data := set(256, flowRecord(1, 2, 3))
	f.Add(ipfixMessage(0, set(2, templateRecord(256, plain...))), ipfixMessage(1, data))
	f.Add(netflow9Message(0, set(0, templateRecord(256, plain...)), data), netflow9Message(1, data))
	f.Add(ipfixMessage(0, set(3, ipfixOptionsRecord(300, 1, field{0, 149, 4}, field{0, 311, 8}, field{0, 160, 8})), set(300, make([]byte, 20))),
		ipfixMessage(0, set(2, templateRecord(256, field{0, 82, variable}, field{29305, 1, 8}, field{32473, 9, 3})), set(256, []byte{1, 'x'}, make([]byte, 11))))
	f.Add(netflow9Message(0, set(1, u16(300), u16(4), u16(4), u16(2), u16(4), u16(34), u16(4)), set(300, make([]byte, 8))), data)
	f.Add(slices.Concat(u16(5), u16(1), make([]byte, 20), make([]byte, 48)), ipfixMessage(0, set(9)))
	f.Add(ipfixMessage(0, set(2, templateRecord(256, field{0, 22, 4}, field{0, 154, 8}, field{0, 160, 8}), templateRecord(257))), []byte{0, 10})
	f.Add(sflowDatagram(1, flowSampleOf(400, 3, 4, headerRecord(headerEthernet, 1418, slices.Concat(macs, u16(etherVLAN), u16(7), u16(etherIPv4), v4, tcp)))),
		sflowDatagram(2, expandedSampleOf(2, 3, 4, headerRecord(headerIPv6, 90, slices.Concat(v6(44, 36), make([]byte, 20))))))
	f.Add(sflowDatagram(1, slices.Concat(u32(counterSample), opaque(slices.Concat(u32(1), u32(3), u32(2), u32(1005), opaque(opaque([]byte("eth0"))), u32(1), opaque(make([]byte, 88)))))),
		sflowDatagram(1, slices.Concat(u32(discardSample), opaque(make([]byte, 28)))))
	tables := testTables(f)
	w := newWriter(tables)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		b := &bench{stats: &Stats{}}
		var err error
		if b.decoder, err = newDecoder(tables, time.Hour, b.stats); err != nil {
			t.Fatal(err)
		}
		dev := newDevice("r1")
		b.sink = func(m *message, r *record) {
			values, types := splitKey(string(r.key), tables.Keys())
			for i := range values {
				if (values[i] == nil) != (r.keys[i] == nil) || values[i] != nil && types[i] != r.types[i] {
					t.Fatalf("slot %d: %x of type %d became %x of type %d", i, r.keys[i], r.types[i], values[i], types[i])
				}
			}
			dev.add(m, r, 1000)
		}
		b.meter = func(_ *message, index uint32, values []meterValue) { dev.meters.take(index, values) }
		b.problem = func(_ *message, err *DecodeError) { _ = err.Error() }
		b.feed(first[:min(len(first), MaxDatagram)], second[:min(len(second), MaxDatagram)])
		if b.templates > maxTemplates || b.pendingBytes > maxPendingBytes || len(b.domains) > maxDomains {
			t.Fatalf("%d templates, %d octets, %d domains", b.templates, b.pendingBytes, len(b.domains))
		}
		stated := dev.close(testTime, time.Minute, 100, w.path)
		_ = w.sample(dev, stated, true)
		again := &bench{stats: &Stats{}}
		if again.decoder, err = newDecoder(tables, time.Hour, again.stats); err != nil {
			t.Fatal(err)
		}
		text := b.encode()
		state, err := decodeState(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.restore(state, testTime); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.encode(), text) {
			t.Fatalf("the file of templates is\n%s\nand comes back as\n%s", text, again.encode())
		}
	})
}

// FuzzState reads files of templates. Goal: no file makes the collector fail
// or exceed its limits, and one that is taken is written again as it was
// understood. Method: whatever the fuzzer finds; the checksum is made right,
// so that it gets behind it.
func FuzzState(f *testing.F) {
	b := newBench(f)
	tables := b.tables
	b.feed(ipfixMessage(0, set(2, templateRecord(256, plain...)), set(3, ipfixOptionsRecord(300, 1, field{0, 149, 4}, field{0, 34, 4})), set(300, u32(7), u32(9))))
	_, body, _ := bytes.Cut(b.encode(), []byte("\n"))
	f.Add(body)
	f.Add([]byte(`{"domains":[{"device":"r1","address":"::1","version":9,"domain":1,"seen":"2026-11-22T12:00:00Z","templates":[{"id":256,"used":"2026-11-22T12:00:00Z","scopes":1,"fields":[[-1,8,4]]}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := &bench{stats: &Stats{}}
		var err error
		if b.decoder, err = newDecoder(tables, time.Hour, b.stats); err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{body, sealed(body)} {
			state, err := decodeState(text)
			if err != nil {
				continue
			}
			if b.restore(state, testTime) != nil {
				return
			}
			if b.templates > maxTemplates || len(b.domains) > maxDomains {
				t.Fatalf("%d templates, %d domains", b.templates, len(b.domains))
			}
			if _, err := decodeState(b.encode()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
