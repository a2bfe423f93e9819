package smi_test

import (
	"slices"
	"strings"
	"testing"

	"nettwin/internal/simulate/smi"
)

// Goal: the text form of OIDs is read and written back unchanged, and what is
// no OID is refused. Method: texts chosen by RFC 2578 §3.5's limits.
func TestParseOID(t *testing.T) {
	longest := "1" + strings.Repeat(".4294967295", smi.MaxArcs-1)
	for _, text := range []string{"1", "0.0", "1.3.6.1.2.1.1.3.0", "2.100.3", longest} {
		oid, err := smi.ParseOID(text)
		if err != nil || oid.String() != text {
			t.Errorf("ParseOID(%q) = %q, %v", text, oid, err)
		}
	}
	if oid, err := smi.ParseOID(".1.3"); err != nil || oid != smi.NewOID(1, 3) {
		t.Errorf("leading dot: %v, %v", oid, err)
	}
	for _, text := range []string{"", ".", "1.", "1..3", "1.x", "1.-3", "1.+3", "4294967296", "1.3 ", longest + ".1"} {
		if oid, err := smi.ParseOID(text); err == nil {
			t.Errorf("ParseOID(%q) = %q, want an error", text, oid)
		}
	}
}

// Goal: OIDs order by arc as numbers, a prefix before what lies below it.
// Method: compare with slices.Compare on the arcs for all pairs of a list with
// arcs on both sides of each byte boundary.
func TestOIDOrder(t *testing.T) {
	arcs := [][]uint32{{}, {1}, {1, 2}, {1, 3}, {1, 3, 0}, {1, 3, 255}, {1, 3, 256}, {1, 3, 65535, 1}, {1, 3, 65536}, {1, 3, 1 << 31}, {2}}
	for _, a := range arcs {
		for _, b := range arcs {
			got := smi.NewOID(a...).Compare(smi.NewOID(b...))
			if want := slices.Compare(a, b); got != want {
				t.Errorf("%v against %v: %d, want %d", a, b, got, want)
			}
			isPrefix := len(b) <= len(a) && slices.Equal(a[:len(b)], b)
			if smi.NewOID(a...).HasPrefix(smi.NewOID(b...)) != isPrefix {
				t.Errorf("HasPrefix(%v, %v) is not %v", a, b, isPrefix)
			}
		}
	}
}

// Goal: which OIDs BER can carry (X.690 §8.19.4). Method: cases at the limits.
func TestOIDEncodable(t *testing.T) {
	for text, want := range map[string]bool{
		"1": false, "0.0": true, "1.39": true, "1.40": false, "2.40": true, "3.1": false,
		"2.4294967215": true, "2.4294967216": false,
	} {
		if got := smi.MustOID(text).Encodable(); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// Goal: a value gives back what it was made of, and nothing in the accessors of
// other kinds. Method: one value of each kind against literals.
func TestValues(t *testing.T) {
	oid := smi.MustOID("1.3.6")
	cases := []struct {
		value  smi.Value
		kind   smi.Kind
		int    int32
		uint   uint64
		octets string
		oid    smi.OID
		text   string
	}{
		{smi.Integer(-5), smi.KindInteger, -5, 0, "", smi.OID{}, "INTEGER -5"},
		{smi.Octets("a\x00"), smi.KindOctets, 0, 0, "a\x00", smi.OID{}, `OCTET STRING "a\x00"`},
		{smi.Null(), smi.KindNull, 0, 0, "", smi.OID{}, "NULL"},
		{smi.ObjectID(oid), smi.KindOID, 0, 0, "", oid, "OBJECT IDENTIFIER 1.3.6"},
		{smi.IPAddress([4]byte{192, 0, 2, 1}), smi.KindIPAddress, 0, 0, "\xc0\x00\x02\x01", smi.OID{}, "IpAddress 192.0.2.1"},
		{smi.Counter32(1<<32 - 1), smi.KindCounter32, 0, 1<<32 - 1, "", smi.OID{}, "Counter32 4294967295"},
		{smi.Gauge32(7), smi.KindGauge32, 0, 7, "", smi.OID{}, "Gauge32 7"},
		{smi.TimeTicks(8), smi.KindTimeTicks, 0, 8, "", smi.OID{}, "TimeTicks 8"},
		{smi.Opaque("\x9f"), smi.KindOpaque, 0, 0, "\x9f", smi.OID{}, "Opaque 0x9f"},
		{smi.Counter64(1<<64 - 1), smi.KindCounter64, 0, 1<<64 - 1, "", smi.OID{}, "Counter64 18446744073709551615"},
		{smi.Value{}, 0, 0, 0, "", smi.OID{}, "no value"},
	}
	for _, c := range cases {
		v := c.value
		if v.Kind() != c.kind || v.Int() != c.int || v.Uint() != c.uint || v.Octets() != c.octets || v.OID() != c.oid || v.String() != c.text {
			t.Errorf("%s: kind %v int %d uint %d octets %q oid %v", v, v.Kind(), v.Int(), v.Uint(), v.Octets(), v.OID())
		}
		if v.IsZero() != (c.kind == 0) {
			t.Errorf("%s: IsZero %v", v, v.IsZero())
		}
	}
}
