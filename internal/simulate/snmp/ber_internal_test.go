package snmp

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"nettwin/internal/simulate/smi"
)

// Goal: numbers and OIDs are encoded as X.690 says and read back. Method:
// encoding/asn1 of the standard library is the oracle for both directions.
func TestEncodingAgainstStandardLibrary(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 8388607, 8388608, math.MaxInt32, math.MinInt32} {
		want, err := asn1.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		got := appendInt(nil, int32(n))
		if !bytes.Equal(got, want) {
			t.Errorf("%d: % x, want % x", n, got, want)
		}
		d := newDecoder(want)
		if back, err := d.integer("n", math.MinInt32, math.MaxInt32); err != nil || int64(back) != n {
			t.Errorf("%d read as %d, %v", n, back, err)
		}
	}
	for _, arcs := range [][]int{{0, 0}, {1, 3}, {1, 39, 127}, {2, 0}, {2, 40, 128}, {2, 999}, {1, 3, 6, 1, 4, 1, 16383, 16384, 2097151, 2097152, 268435455, 268435456, math.MaxInt32}} {
		want, err := asn1.Marshal(asn1.ObjectIdentifier(arcs))
		if err != nil {
			t.Fatal(err)
		}
		unsigned := make([]uint32, len(arcs))
		for i, arc := range arcs {
			unsigned[i] = uint32(arc)
		}
		oid := smi.NewOID(unsigned...)
		if got := appendOID(nil, oid); !bytes.Equal(got, want) {
			t.Errorf("%s: % x, want % x", oid, got, want)
		}
		d := newDecoder(want)
		if back, err := d.oid("oid"); err != nil || back != oid {
			t.Errorf("%s read as %s, %v", oid, back, err)
		}
	}
}

// Goal: the application types and long lengths have the octets that the
// standards show. Method: literals written by hand from RFC 2578 §7.1, RFC
// 3417 §8 and X.690 §8.1.3.
func TestValueEncoding(t *testing.T) {
	long := strings.Repeat("a", 200)
	longer := strings.Repeat("b", 300)
	cases := []struct {
		value smi.Value
		want  string
	}{
		{smi.Counter32(0xffffffff), "410500ffffffff"},
		{smi.Gauge32(0x80), "42020080"},
		{smi.TimeTicks(0x7f), "43017f"},
		{smi.Counter64(math.MaxUint64), "460900ffffffffffffffff"},
		{smi.Counter64(1 << 62), "46084000000000000000"},
		{smi.IPAddress([4]byte{192, 0, 2, 1}), "4004c0000201"},
		{smi.Opaque("\x9f\x78"), "44029f78"},
		{smi.Null(), "0500"},
		{smi.ObjectID(smi.NewOID(1, 3, 6, 1, 4, 1, 4294967295)), "060a2b060104018fffffff7f"},
		{smi.Octets(""), "0400"},
		{smi.Octets(long), "0481c8" + hex.EncodeToString([]byte(long))},
		{smi.Octets(longer), "0482012c" + hex.EncodeToString([]byte(longer))},
	}
	for _, c := range cases {
		if got := hex.EncodeToString(appendValue(nil, c.value)); got != c.want {
			t.Errorf("%s: %s, want %s", c.value, got, c.want)
		}
	}
}

// Goal: malformed BER is refused with a place, and padded forms that senders
// use are accepted. Method: bytes written by hand.
func TestDecoderRefusals(t *testing.T) {
	read := map[string]func(*decoder) error{
		"element": func(d *decoder) error { _, _, err := d.element(); return err },
		"integer": func(d *decoder) error { _, err := d.integer("n", -100, 100); return err },
		"oid":     func(d *decoder) error { _, err := d.oid("oid"); return err },
	}
	cases := []struct{ what, bytes, says string }{
		{"element", "", "0 bytes left"},
		{"element", "30", "1 bytes left"},
		{"element", "1f0100", "identifier of several octets"},
		{"element", "3080", "length octet 0x80"},
		{"element", "30850000000000", "length octet 0x85"},
		{"element", "3082ff", "length is cut off"},
		{"element", "3084ffffffff", "length 4294967295"},
		{"element", "300201", "element of 2 bytes, 1 left"},
		{"element", "30840000000101", ""},
		{"integer", "0200", "INTEGER of 0 octets"},
		{"integer", "0209000000000000000001", "INTEGER of 9 octets"},
		{"integer", "020165", "101 is not within -100..100"},
		{"integer", "040101", "tag 0x04, want 0x02"},
		{"integer", "0208ffffffffffffffff", ""},
		{"oid", "0600", "OID without arcs"},
		{"oid", "06022b80", "cut off within an arc"},
		{"oid", "06062b9080808000", "arc above 2^32-1"},
		{"oid", "068180" + strings.Repeat("01", 128), "more than 128 arcs"},
		{"oid", "067f" + strings.Repeat("01", 127), ""},
	}
	for _, c := range cases {
		raw, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		d := newDecoder(raw)
		err = read[c.what](&d)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s % x: %v, want %q", c.what, raw, err, c.says)
		}
	}
}

// Goal: no bytes break the decoders, and what they read can be written and
// read again. Method: fuzzing every decoder on the same input.
func FuzzDecode(f *testing.F) {
	f.Add(getSysUpTime)
	pdu := response{kind: getRequest, requestID: 7, binds: appendElement(nil, tagSequence, appendValue(appendOID(nil, sysUpTime), smi.Null()))}
	f.Add(pdu.append(nil))
	out := outgoing3{msgID: 1, maxBytes: 1500, engineID: "12345", user: "u", pdu: pdu}
	f.Add(out.encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := newDecoder(raw)
		if req, err := decodePDU(&d); err == nil {
			checkPDURoundTrip(t, req)
		}
		_, _ = decodeScoped(newDecoder(raw))
		_, _ = decodeUSM(newDecoder(raw))
		d = newDecoder(raw)
		if m, err := decodeHeader(&d); err == nil && m.security.end > len(raw) {
			t.Errorf("security parameters end at %d of %d", m.security.end, len(raw))
		}
	})
}

func checkPDURoundTrip(t *testing.T, req request) {
	out := bindWriter{limit: math.MaxInt}
	for _, bind := range req.binds {
		out.raw(bind.oid, bind.value)
	}
	again := response{kind: req.kind, requestID: req.requestID, status: req.status, index: req.index, binds: out.list}
	d := newDecoder(again.append(nil))
	back, err := decodePDU(&d)
	if err != nil {
		t.Fatalf("%+v does not come back: %v", req, err)
	}
	if back.requestID != req.requestID || back.status != req.status || back.index != req.index || len(back.binds) != len(req.binds) {
		t.Errorf("%+v came back as %+v", req, back)
	}
	for i := range back.binds {
		if back.binds[i].oid != req.binds[i].oid || !bytes.Equal(back.binds[i].value, req.binds[i].value) {
			t.Errorf("binding %d: %+v came back as %+v", i, req.binds[i], back.binds[i])
		}
	}
}
