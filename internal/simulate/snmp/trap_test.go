package snmp_test

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/gosnmp/gosnmp"

	"nettwin/fixtures"
	"nettwin/internal/simulate/smi"
	"nettwin/internal/simulate/snmp"
)

// Goal: a trap is what another's decoder reads. Method: gosnmp decodes one with
// a value of several kinds; a second is compared with the bytes of RFC 3416's
// structure, written by hand.
func TestTrap(t *testing.T) {
	trap := snmp.Trap{Community: "c", RequestID: math.MaxInt32, Uptime: math.MaxUint32, OID: smi.MustOID("1.3.6.1.6.3.1.1.5.3"), Binds: []smi.Varbind{
		{OID: smi.MustOID("1.3.6.1.2.1.2.2.1.1.3"), Value: smi.Integer(-3)},
		{OID: smi.MustOID("1.3.6.1.2.1.2.2.1.2.3"), Value: smi.Octets("eth1")},
	}}
	decoder := &gosnmp.GoSNMP{Version: gosnmp.Version2c}
	packet, err := decoder.SnmpDecodePacket(trap.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if packet.Community != "c" || packet.PDUType != gosnmp.SNMPv2Trap || packet.RequestID != math.MaxInt32 || len(packet.Variables) != 4 {
		t.Fatalf("%+v", packet)
	}
	for i, want := range []gosnmp.SnmpPDU{
		{Name: ".1.3.6.1.2.1.1.3.0", Type: gosnmp.TimeTicks, Value: uint32(math.MaxUint32)},
		{Name: ".1.3.6.1.6.3.1.1.4.1.0", Type: gosnmp.ObjectIdentifier, Value: ".1.3.6.1.6.3.1.1.5.3"},
		{Name: ".1.3.6.1.2.1.2.2.1.1.3", Type: gosnmp.Integer, Value: -3},
	} {
		if got := packet.Variables[i]; got.Name != want.Name || got.Type != want.Type || got.Value != want.Value {
			t.Errorf("%d: %+v, want %+v", i, got, want)
		}
	}
	small := snmp.Trap{RequestID: 1, OID: smi.MustOID("1.3")}
	want := []byte{0x30, 0x2f, 2, 1, 1, 4, 0, 0xa7, 0x28, 2, 1, 1, 2, 1, 0, 2, 1, 0, 0x30, 0x1d,
		0x30, 0x0d, 6, 8, 0x2b, 6, 1, 2, 1, 1, 3, 0, 0x43, 1, 0,
		0x30, 0x0c, 6, 10, 0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0, 6, 1, 0x2b}
	want[1], want[8], want[19], want[36] = byte(len(want)-2), byte(len(want)-9), byte(len(want)-20), byte(len(want)-37)
	if got := small.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

// Goal: only sysUpTime of a notification changes. Method: gosnmp reads the
// recorded notifications of the incident before and after; what is no
// notification is refused.
func TestRetimeTrap(t *testing.T) {
	traps, err := fixtures.IncidentTraps()
	if err != nil || len(traps) == 0 {
		t.Fatal(err)
	}
	for i, trap := range traps {
		retimed, err := snmp.RetimeTrap(trap.Payload, 1<<31+uint32(i))
		if err != nil {
			t.Fatal(err)
		}
		before, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(trap.Payload)
		if err != nil {
			t.Fatal(err)
		}
		after, err := (&gosnmp.GoSNMP{Version: gosnmp.Version2c}).SnmpDecodePacket(retimed)
		if err != nil {
			t.Fatal(err)
		}
		if after.Variables[0].Value != 1<<31+uint32(i) {
			t.Errorf("trap %d: sysUpTime %v", i, after.Variables[0].Value)
		}
		before.Variables[0].Value = after.Variables[0].Value
		if !reflect.DeepEqual(before.Variables, after.Variables) || before.RequestID != after.RequestID || before.Community != after.Community {
			t.Errorf("trap %d: %+v became %+v", i, before, after)
		}
	}
	for _, bad := range [][]byte{nil, {0x30, 0}, traps[0].Payload[:20], bytes.Replace(traps[0].Payload, []byte{0xa7}, []byte{0xa2}, 1)} {
		if _, err := snmp.RetimeTrap(bad, 1); err == nil {
			t.Errorf("% x is retimed", bad)
		}
	}
}
