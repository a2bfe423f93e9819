package udpnotif

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/telemetry"
	"nettwin/internal/testenv"
	"nettwin/ontology/yang"
)

// datagramOf writes a datagram of version 1 as the draft draws it.
func datagramOf(media byte, message uint32, options, payload []byte) []byte {
	b := []byte{1<<5 | media, byte(leastHeader + len(options))}
	b = binary.BigEndian.AppendUint16(b, uint16(leastHeader+len(options)+len(payload)))
	b = binary.BigEndian.AppendUint32(b, 77)
	b = binary.BigEndian.AppendUint32(b, message)
	return slices.Concat(b, options, payload)
}

// segment writes the option of a segment.
func segment(n uint16, last bool) []byte {
	v := n << 1
	if last {
		v |= 1
	}
	return binary.BigEndian.AppendUint16([]byte{optionSegment, 4}, v)
}

// sink keeps samples.
type sink struct {
	mu      sync.Mutex
	samples []*ingest.Sample
}

func (s *sink) Apply(_ context.Context, sample *ingest.Sample) (ingest.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, sample)
	return ingest.Report{Device: sample.Device}, nil
}

// receive runs a listener, sends datagrams and returns the one sample of them
// once so many messages were whole or damaged.
func receive(t *testing.T, whole, damaged uint64, datagrams ...[]byte) (*ingest.Sample, Stats) {
	t.Helper()
	to := &sink{}
	in, err := telemetry.New(telemetry.Options{Collector: Collector, Sink: to, Schema: func(string) (*yang.Schema, map[string]string) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(t.Context(), Options{Address: "127.0.0.1:0", Intake: in, Senders: ingest.SenderOptions{
		Resolve: func(netip.AddrPort) (string, bool) { return "r1", true }}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Run(t.Context()) }()
	conn, err := net.Dial("udp", l.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, d := range datagrams {
		if _, err := conn.Write(d); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(20 * time.Second); ; {
		st := l.Stats()
		if st.Messages >= whole && st.Damaged >= damaged && in.Stats().Messages >= whole {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v after 20 s", st)
		}
		time.Sleep(time.Millisecond)
	}
	l.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(to.samples) != 1 {
		t.Fatalf("%d samples, expected 1", len(to.samples))
	}
	return to.samples[0], l.Stats()
}

// TestRecorded: what a real router pushed, in datagrams as the draft has them,
// becomes the last values that its recorder noted, each interface its own
// thing.
func TestRecorded(t *testing.T) {
	dir := testenv.Shared(t, "data/gnmi/yang-push/huawei-ne40e-udp-notif-first20/")
	file, err := os.Open(dir + "/notifications.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var datagrams [][]byte
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var msg struct{ Payload json.RawMessage }
		if err := json.Unmarshal(lines.Bytes(), &msg); err != nil {
			t.Fatal(err)
		}
		datagrams = append(datagrams, datagramOf(mediaJSON, uint32(len(datagrams)), nil, msg.Payload))
	}
	sample, st := receive(t, 20, 0, datagrams...)
	var expected struct {
		Last map[string]map[string]struct {
			Value map[string]string
		} `json:"interfaces_last_value"`
	}
	text, err := os.ReadFile(dir + "/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range sample.Facts {
		got[f.Thing+" "+f.P.Value()] = f.O.Value()
	}
	compared := 0
	for name, parts := range expected.Last {
		for part, v := range parts {
			for leaf, want := range v.Value {
				compared++
				thing := "huawei-ifm:ifm/interfaces/interface=" + strings.ReplaceAll(name, "/", "%2F") + "/" + part
				if g := got[thing+" "+yang.Namespace+"unknown/huawei-ifm/ifm/interfaces/interface/"+part+"/"+leaf]; g != want {
					t.Errorf("%s %s is %q, expected %s", thing, leaf, g, want)
				}
			}
		}
	}
	if compared < 100 || st.Damaged+st.Dropped+st.Lost > 0 || sample.Transport != "UDP-notif 127.0.0.1 publisher 77" || sample.Collector != Collector {
		t.Errorf("%d values compared, %+v, sample of %s by %s", compared, st, sample.Collector, sample.Transport)
	}
}

// TestSegments: a message in segments, out of order and with a repetition, is
// put together; one of which a segment never comes is given up.
func TestSegments(t *testing.T) {
	body := []byte(`{"x:a":{"b":"` + strings.Repeat("z", 3000) + `","c":"d"}}`)
	cut := func(n uint16, last bool, from, to int) []byte {
		return datagramOf(mediaJSON, 5, segment(n, last), body[from:to])
	}
	lost := datagramOf(mediaJSON, 6, segment(1, true), []byte("}"))
	sample, _ := receive(t, 1, 0, lost, cut(2, true, 2000, len(body)), cut(0, false, 0, 1000), cut(0, false, 0, 1000), cut(1, false, 1000, 2000))
	found := slices.ContainsFunc(sample.Facts, func(f ingest.Fact) bool { return f.O.Value() == strings.Repeat("z", 3000) })
	if !found || string(sample.Raw[0].Bytes) != string(body) {
		t.Errorf("%d facts, raw %q", len(sample.Facts), sample.Raw)
	}

	var a assembly
	now := time.Now()
	h, payload, err := parse(lost)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.add(netip.Addr{}, h, payload, now); got != nil || err != nil || a.bytes != 1 {
		t.Errorf("%q %v", got, err)
	}
	a.expire(now.Add(segmentLife / 2))
	if len(a.waiting) != 1 {
		t.Error("it was given up too early")
	}
	if a.expire(now.Add(2 * segmentLife)); len(a.waiting) != 0 || a.lost != 1 || a.bytes != 0 {
		t.Errorf("%+v", a)
	}
}

// TestFlood: segments that never become a message keep no more than the limit,
// at the cost of who sends most.
func TestFlood(t *testing.T) {
	var a assembly
	now := time.Now()
	loud, calm := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	big := make([]byte, 60000)
	if _, err := a.add(calm, header{message: 1, segmented: true}, []byte("x"), now); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxWaiting / len(big) {
		if _, err := a.add(loud, header{message: uint32(i), segmented: true}, big, now); err != nil {
			t.Fatal(err)
		}
		if a.bytes > maxWaiting {
			t.Fatalf("%d bytes wait", a.bytes)
		}
	}
	if a.waiting[messageID{calm, 0, 1}] == nil || a.lost == 0 {
		t.Errorf("the calm sender lost its message, or nobody did: %d", a.lost)
	}
}

// TestDamaged: each kind of damage is an error of its kind and costs one
// datagram.
func TestDamaged(t *testing.T) {
	good := datagramOf(mediaJSON, 1, nil, []byte(`{"x:a":"b"}`))
	change := func(at int, b byte) []byte {
		c := slices.Clone(good)
		c[at] = b
		return c
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"short":            {good[:11], ErrHeader},
		"version":          {change(0, 3<<5|1), ErrHeader},
		"private media":    {change(0, 1<<5|0x11), ErrEncoding},
		"media":            {change(0, 1<<5|9), ErrEncoding},
		"header too long":  {change(1, 200), ErrHeader},
		"header too short": {change(1, 4), ErrHeader},
		"length":           {change(3, 200), ErrHeader},
		"private encoding": {datagramOf(mediaJSON, 1, []byte{optionEncoding, 3, 1}, nil), ErrEncoding},
		"option":           {datagramOf(mediaJSON, 1, []byte{9, 1}, nil), ErrHeader},
		"one segment":      {datagramOf(mediaJSON, 1, segment(1, true), nil), ErrHeader},
		"SIDs":             {datagramOf(mediaCBOR, 1, nil, []byte{0xA1, 0x19, 0x03, 0xE8, 0x01}), ErrEncoding},
		"cut CBOR":         {datagramOf(mediaCBOR, 1, nil, []byte{0xA1, 0x61}), ErrHeader},
	} {
		if _, err := Decode(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, expected %v", name, err, c.want)
		}
	}
	sample, st := receive(t, 1, 1, good[:11], good)
	if st.Damaged != 1 || len(sample.Facts) == 0 {
		t.Errorf("%+v", st)
	}
}

// TestCBOR: content in CBOR with names becomes the JSON that says the same.
// The octets are written by hand after RFC 8949's appendix A.
func TestCBOR(t *testing.T) {
	for _, c := range []struct{ octets, want string }{
		{"\xa1\x63x:a\xa6\x61n\x18\x2a\x61m\x38\x63\x61t\xf5\x61e\xf6\x61l\x82\x01\x02\x61b\x42\x01\x02",
			`{"x:a":{"n":42,"m":-100,"t":true,"e":[null],"l":[1,2],"b":"AQI="}}`},
		{"\xbf\x61a\x9f\x7f\x62st\x62re\xff\xff\xff", `{"a":["stre"]}`},
		{"\xa3\x61d\xc4\x82\x21\x19\x6a\xb3\x61f\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a\x61h\xf9\x3e\x00", `{"d":"273.15","f":1.1,"h":1.5}`},
		{"\xa2\x61q\x62\x22\x0a\x61u\x1b\xff\xff\xff\xff\xff\xff\xff\xff", `{"q":"\"\u000a","u":18446744073709551615}`},
		{"\xa1\x61d\xc4\x82\x22\x38\x1f", `{"d":"-0.032"}`},
	} {
		got, err := cborToJSON([]byte(c.octets))
		if err != nil || string(got) != c.want {
			t.Errorf("%x: %s, %v, expected %s", c.octets, got, err, c.want)
		}
	}
}

// FuzzDatagram: no datagram makes the receiver fail, and CBOR that is taken
// becomes JSON.
func FuzzDatagram(f *testing.F) {
	f.Add(datagramOf(mediaJSON, 1, nil, []byte(`{"ietf-yang-push:push-update":{"id":1,"datastore-contents":{"x:a":[{"k":"v"}]}}}`)))
	f.Add(datagramOf(mediaXML, 1, segment(0, true), []byte(`<a xmlns="u"/>`)))
	f.Add(datagramOf(mediaCBOR, 1, nil, []byte("\xa1\x63x:a\xa6\x61n\x18\x2a\x61m\x38\x63\x61t\xf5\x61e\xf6\x61l\x82\x01\x02\x61b\x42\x01\x02")))
	f.Add(append([]byte{0, 12, 0, 20}, make([]byte, 20)...))
	in, err := telemetry.New(telemetry.Options{Collector: Collector, Sink: &sink{}, Schema: func(string) (*yang.Schema, map[string]string) { return nil, nil }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var a assembly
		if h, payload, err := parse(b); err == nil && h.segmented {
			_, _ = a.add(netip.Addr{}, h, payload, time.Time{})
		}
		m, err := Decode(b)
		if err != nil {
			return
		}
		if len(b) > 0 && b[0]&15 == mediaCBOR && b[0]>>5 == 1 && !json.Valid(m.Body) {
			t.Fatalf("no JSON: %q", m.Body)
		}
		m.Device = "r1"
		if in.Take(m) == nil {
			_ = in.Flush(context.Background())
		}
	})
}
