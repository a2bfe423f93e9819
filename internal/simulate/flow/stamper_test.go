package flow_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/netsampler/goflow2/v2/decoders/netflow"

	"nettwin/fixtures"
	"nettwin/internal/simulate/flow"
)

// reading is what goflow2, which shares no code with us, reads in a packet:
// sequence, time of export, and the uptimes and boot times of its records.
type reading struct {
	sequence, exported uint32
	uptimes            []uint32
	boots              []uint64
}

func read(t *testing.T, templates netflow.NetFlowTemplateSystem, payload []byte) (r reading) {
	t.Helper()
	var sets []interface{}
	var nine netflow.NFv9Packet
	var ten netflow.IPFIXPacket
	if err := netflow.DecodeMessageVersion(bytes.NewBuffer(payload), templates, &nine, &ten); err != nil {
		t.Fatal(err)
	}
	if nine.Version == 9 {
		r.sequence, r.exported, sets = nine.SequenceNumber, nine.UnixSeconds, nine.FlowSets
	} else {
		r.sequence, r.exported, sets = ten.SequenceNumber, ten.ExportTime, ten.FlowSets
	}
	note := func(fields []netflow.DataField) {
		for _, f := range fields {
			value, _ := f.Value.([]byte)
			switch {
			case f.PenProvided:
			case f.Type == 21 || f.Type == 22:
				r.uptimes = append(r.uptimes, binary.BigEndian.Uint32(value))
			case f.Type == 160:
				r.boots = append(r.boots, binary.BigEndian.Uint64(value))
			}
		}
	}
	for _, set := range sets {
		switch set := set.(type) {
		case netflow.DataFlowSet:
			for _, record := range set.Records {
				note(record.Values)
			}
		case netflow.OptionsDataFlowSet:
			for _, record := range set.Records {
				note(record.OptionsValues)
			}
		}
	}
	return r
}

// Goal: a round's packets are the recorded ones with times and sequence
// numbers moved on, and nothing else. Method: the recorded packets of each
// exporter, stamped for two rounds, read by goflow2 beside the originals.
func TestStamp(t *testing.T) {
	recorded, err := fixtures.Flows()
	if err != nil {
		t.Fatal(err)
	}
	packets := map[string][][]byte{}
	for _, p := range recorded {
		packets[p.Device] = append(packets[p.Device], p.Payload)
	}
	const boot, every = 90*time.Minute + 250*time.Millisecond, 25 * time.Second
	for device, all := range packets {
		s := flow.NewStamper(all)
		last := uint32(0)
		uptimes, boots := 0, 0
		for round := range 3 {
			old, fresh := netflow.CreateTemplateSystem(), netflow.CreateTemplateSystem()
			for i, p := range all {
				stamped := s.Stamp(p, boot, round, every)
				a, b := read(t, old, p), read(t, fresh, stamped)
				if len(stamped) != len(p) || b.sequence <= last {
					t.Fatalf("%s round %d packet %d: sequence %d after %d", device, round, i, b.sequence, last)
				}
				last = b.sequence
				if got := b.exported - a.exported; got != 5400+uint32(round)*25 {
					t.Fatalf("%s round %d packet %d: exported %d s later", device, round, i, got)
				}
				for k := range a.uptimes {
					if b.uptimes[k]-a.uptimes[k] != uint32(round)*25000 {
						t.Fatalf("%s round %d packet %d: uptime %d is now %d", device, round, i, a.uptimes[k], b.uptimes[k])
					}
				}
				for k := range a.boots {
					if b.boots[k]-a.boots[k] != 5400250 {
						t.Fatalf("%s: boot %d is now %d", device, a.boots[k], b.boots[k])
					}
				}
				uptimes, boots = uptimes+len(a.uptimes), boots+len(a.boots)
				if differ(p, stamped) > 4*(4+len(a.uptimes)+2*len(a.boots)) {
					t.Fatalf("%s round %d packet %d: more than the times differs", device, round, i)
				}
			}
		}
		if uptimes == 0 {
			t.Errorf("%s has no times: nothing was compared", device)
		}
		t.Logf("%s: %d packets, %d uptimes, %d boot times", device, len(all), uptimes, boots)
	}
}

func differ(a, b []byte) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// Goal: no packet makes the stamper panic or change length. Method: fuzzing,
// from recorded packets.
func FuzzStamp(f *testing.F) {
	recorded, err := fixtures.Flows()
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range recorded[:6] {
		f.Add([]byte(p.Payload), []byte(p.Payload))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		s := flow.NewStamper([][]byte{first, second})
		for _, p := range [][]byte{first, second} {
			if got := s.Stamp(p, time.Hour, 2, time.Second); len(got) != len(p) {
				t.Fatalf("%d octets became %d", len(p), len(got))
			}
		}
	})
}
