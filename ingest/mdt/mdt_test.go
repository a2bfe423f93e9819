package mdt

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"nettwin/ingest"
	"nettwin/ingest/telemetry"
	"nettwin/internal/testenv"
	"nettwin/ontology/yang"
)

// recorded is a message as its recorder wrote it, protocol buffers in JSON.
type recorded struct {
	NodeIDStr, SubscriptionIDStr, EncodingPath string
	DataGpbkv                                  []recordedField
}

type recordedField struct {
	Name        string
	StringValue *string
	BytesValue  []byte
	BoolValue   *bool
	Uint32Value *uint32
	Uint64Value *string
	Sint32Value *int32
	Sint64Value *string
	DoubleValue *float64
	FloatValue  *float32
	Fields      []recordedField
}

// encode writes the message as a router does, by another implementation of
// protocol buffers.
func (r *recorded) encode(t testing.TB) []byte {
	var b []byte
	text := func(n protowire.Number, s string) {
		b = protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
	}
	text(1, r.NodeIDStr)
	text(3, r.SubscriptionIDStr)
	text(6, r.EncodingPath)
	b = protowire.AppendVarint(protowire.AppendTag(b, 10, protowire.VarintType), 1543236572000)
	for i := range r.DataGpbkv {
		b = protowire.AppendBytes(protowire.AppendTag(b, 11, protowire.BytesType), r.DataGpbkv[i].encode(t))
	}
	return b
}

func (f *recordedField) encode(t testing.TB) []byte {
	var b []byte
	if f.Name != "" {
		b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), f.Name)
	}
	varint := func(n protowire.Number, v uint64) {
		b = protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), v)
	}
	switch {
	case f.StringValue != nil:
		b = protowire.AppendString(protowire.AppendTag(b, 5, protowire.BytesType), *f.StringValue)
	case f.BytesValue != nil:
		b = protowire.AppendBytes(protowire.AppendTag(b, 4, protowire.BytesType), f.BytesValue)
	case f.BoolValue != nil:
		varint(6, protowire.EncodeBool(*f.BoolValue))
	case f.Uint32Value != nil:
		varint(7, uint64(*f.Uint32Value))
	case f.Uint64Value != nil:
		v, err := strconv.ParseUint(*f.Uint64Value, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		varint(8, v)
	case f.Sint32Value != nil:
		varint(9, protowire.EncodeZigZag(int64(*f.Sint32Value)))
	case f.Sint64Value != nil:
		v, err := strconv.ParseInt(*f.Sint64Value, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		varint(10, protowire.EncodeZigZag(v))
	case f.DoubleValue != nil:
		b = protowire.AppendFixed64(protowire.AppendTag(b, 11, protowire.Fixed64Type), math.Float64bits(*f.DoubleValue))
	case f.FloatValue != nil:
		b = protowire.AppendFixed32(protowire.AppendTag(b, 12, protowire.Fixed32Type), math.Float32bits(*f.FloatValue))
	}
	for i := range f.Fields {
		b = protowire.AppendBytes(protowire.AppendTag(b, 15, protowire.BytesType), f.Fields[i].encode(t))
	}
	return b
}

// framedAs puts the header before a message.
func framedAs(encoding, flags uint16, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, messageType)
	for _, n := range []uint16{encoding, headerVersion, flags} {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(body))), body...)
}

type sink struct {
	mu      sync.Mutex
	samples []*ingest.Sample
}

func (s *sink) Apply(_ context.Context, sample *ingest.Sample) (ingest.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, sample)
	return ingest.Report{}, nil
}

// rig is a running listener.
type rig struct {
	l  *Listener
	in *telemetry.Intake
	to *sink
}

func start(t *testing.T, schema *yang.Schema, change func(*Options)) *rig {
	t.Helper()
	r := &rig{to: &sink{}}
	of := func(string) (*yang.Schema, map[string]string) { return schema, nil }
	var err error
	if r.in, err = telemetry.New(telemetry.Options{Collector: Collector, Sink: r.to, Schema: of}); err != nil {
		t.Fatal(err)
	}
	opts := Options{TCP: "127.0.0.1:0", UDP: "127.0.0.1:0", Intake: r.in, Schema: of,
		Senders: ingest.SenderOptions{Resolve: func(netip.AddrPort) (string, bool) { return "r1", true }}}
	if change != nil {
		change(&opts)
	}
	if r.l, err = Listen(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.l.Run(t.Context()) }()
	t.Cleanup(func() {
		r.l.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// until waits for a state of the counts.
func (r *rig) until(t *testing.T, reached func(Stats) bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !reached(r.l.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v after 20 s", r.l.Stats())
		}
	}
}

func (r *rig) send(t *testing.T, to net.Addr, messages ...[]byte) net.Conn {
	t.Helper()
	conn, err := net.Dial(to.Network(), to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	for _, m := range messages {
		if _, err := conn.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

func (r *rig) sample(t *testing.T) *ingest.Sample {
	t.Helper()
	if err := r.in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.to.samples) != 1 {
		t.Fatalf("%d samples, expected 1", len(r.to.samples))
	}
	return r.to.samples[0]
}

// lineField is one field or tag of an expected line.
var lineField = regexp.MustCompile(`((?:[^,=\s\\]|\\.)+)=("(?:[^"\\]|\\.)*"|(?:[^,\s\\]|\\.)+)`)

// notOfTheDevice are tags that Telegraf makes of the message or of its own
// configuration.
var notOfTheDevice = []string{"source", "path", "subscription", "row_number", "mdt_source", "interface_name", "queue_number"}

// TestRecorded: messages of real routers become what Telegraf makes of them.
// Each recorded message is encoded by another implementation, sent over TCP,
// and every expected point found again: one thing holds all its fields, by
// their names and values. Telegraf's own names are left out: NX-OS's table is a
// tag of the row in its reading and a thing of its own here, and underscores
// stand for what no name may hold.
func TestRecorded(t *testing.T) {
	cases, err := filepath.Glob(testenv.Shared(t, "data/gnmi/cisco_telemetry_mdt") + "/*/packet.json")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var packet recorded
			if err := json.Unmarshal(text, &packet); err != nil {
				t.Fatal(err)
			}
			r := start(t, nil, nil)
			r.send(t, r.l.TCPAddress(), framedAs(encodingGPB, 0, packet.encode(t)))
			r.until(t, func(s Stats) bool { return s.Messages+s.Damaged > 0 })
			things := map[string]map[string]bool{}
			all := map[string]bool{}
			for _, f := range r.sample(t).Facts {
				name := f.P.Value()[strings.LastIndexAny(f.P.Value(), "/#")+1:]
				if things[f.Thing] == nil {
					things[f.Thing] = map[string]bool{}
				}
				things[f.Thing][name+"="+f.O.Value()] = true
				all[name+"="+f.O.Value()] = true
			}
			expected, err := os.ReadFile(filepath.Join(filepath.Dir(file), "expected.out"))
			if err != nil {
				t.Fatal(err)
			}
			points := 0
			for line := range strings.Lines(string(expected)) {
				if line = strings.TrimSpace(line); line == "" {
					continue
				}
				points++
				cut := regexp.MustCompile(`[^\\] `).FindStringIndex(line)[0] + 1
				var want []string
				for _, m := range lineField.FindAllStringSubmatch(line[cut:], -1) {
					want = append(want, plain(m[1], m[2]))
				}
				if !slices.ContainsFunc(sortedKeys(things), func(thing string) bool {
					return !slices.ContainsFunc(want, func(w string) bool { return !things[thing][w] })
				}) {
					t.Errorf("no thing holds %q; things %v", want, sortedKeys(things))
				}
				for _, m := range lineField.FindAllStringSubmatch(line[:cut], -1) {
					if w := plain(m[1], m[2]); !slices.Contains(notOfTheDevice, m[1]) && !all[w] && !all[strings.ReplaceAll(w, "_", "-")] && !strings.HasPrefix(m[1], "TABLE") && m[1] != "EVENT_LIST" && m[1] != "startTs" {
						t.Errorf("the key %s is nowhere", w)
					}
				}
			}
			if points == 0 {
				t.Error("no point was expected")
			}
		})
	}
}

// plain writes a field as its last name and its value.
func plain(name, value string) string {
	name = strings.ReplaceAll(name, `\`, "")
	name = name[strings.LastIndexByte(name, '/')+1:]
	if strings.HasPrefix(value, `"`) {
		return name + "=" + strings.ReplaceAll(value[1:len(value)-1], `\`, "")
	}
	value = strings.ReplaceAll(value, `\`, "")
	if regexp.MustCompile(`^-?\d+[iu]$`).MatchString(value) {
		value = value[:len(value)-1]
	}
	return name + "=" + value
}

// TestJSON: what IOS XR pushed in JSON over TCP is mapped by the modules: as
// many values as the messages hold, none of them unknown where the module is
// there. The recording has no header, which is put before it; every third
// message is sent deflated.
func TestJSON(t *testing.T) {
	lib, _, err := yang.ParseFS(os.DirFS(testenv.Shared(t, "data/yang")))
	if err != nil {
		t.Fatal(err)
	}
	schema, _, err := lib.Compile([]string{"openconfig-interfaces", "openconfig-if-ip", "openconfig-if-ethernet", "openconfig-if-aggregate", "openconfig-vlan",
		"openconfig-platform-port", "openconfig-platform-transceiver"}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(testenv.Shared(t, "data/gnmi/yang-push/cisco-iosxr-24.4-tcp-json/notifications.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	var messages [][]byte
	rows, names := 0, map[string]bool{}
	for lines.Scan() {
		var msg struct{ Payload json.RawMessage }
		if err := json.Unmarshal(lines.Bytes(), &msg); err != nil {
			t.Fatal(err)
		}
		var payload struct {
			Path string `json:"encoding_path"`
			Rows []struct {
				Content struct{ Interface struct{ Name string } }
			} `json:"data_json"`
		}
		if err := json.Unmarshal(msg.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		if payload.Path != "openconfig-interfaces:interfaces" {
			continue
		}
		rows += len(payload.Rows)
		for _, r := range payload.Rows {
			names[r.Content.Interface.Name] = true
		}
		if len(messages)%3 == 0 {
			var b bytes.Buffer
			w := zlib.NewWriter(&b)
			w.Write(msg.Payload)
			w.Close()
			messages = append(messages, framedAs(encodingJSON, flagDeflated, b.Bytes()))
			continue
		}
		messages = append(messages, framedAs(encodingJSON, 0, msg.Payload))
	}
	if rows == 0 {
		t.Fatal("no rows")
	}
	r := start(t, schema, func(o *Options) { o.Senders.Rate, o.Senders.Burst = 1e6, 1e6 })
	r.send(t, r.l.TCPAddress(), messages...)
	r.until(t, func(s Stats) bool { return s.Messages+s.Damaged >= uint64(len(messages)) })
	s := r.sample(t)
	found := map[string]bool{}
	for _, f := range s.Facts {
		if f.P.Value() == yang.Namespace+"openconfig-interfaces/interfaces/interface/name" {
			found[f.O.Value()] = true
		}
	}
	unknown := 0
	for _, f := range s.Facts { // of a module that is not there, and Cisco's own leaf
		if name := f.P.Value(); strings.Contains(name, "/unknown/") && !strings.Contains(name, "/openconfig-if-ip-ext:") && !strings.HasSuffix(name, "/last-read-time") {
			unknown++
			t.Errorf("%s %s has no schema", f.Thing, f.P.Value())
		}
	}
	if len(found) != len(names) || unknown > 0 || r.l.Stats().Rows != uint64(rows) || r.l.Stats().Damaged > 0 {
		t.Errorf("%d of %d interfaces, %d values unknown, %+v, %d rows sent; %v", len(found), len(names), s.Unmapped, r.l.Stats(), rows, s.Warnings)
	}
	t.Logf("%d messages, %d rows, %d interfaces, %d facts", len(messages), rows, len(found), len(s.Facts))
}

// row1 is a message of one interface of OpenConfig, its key apart from its
// content.
func row1(t testing.TB, name string, octets uint64) []byte {
	text := strconv.FormatUint(octets, 10)
	up := "UP"
	f := func(name string, sub ...recordedField) recordedField { return recordedField{Name: name, Fields: sub} }
	r := recorded{EncodingPath: "openconfig-interfaces:interfaces/interface", DataGpbkv: []recordedField{f("",
		f("keys", recordedField{Name: "name", StringValue: &name}),
		f("content", f("state", recordedField{Name: "oper-status", StringValue: &up}, f("counters", recordedField{Name: "in-octets", Uint64Value: &text}))))}}
	return r.encode(t)
}

// TestKeyed: keys that a message tells apart from the content place it in the
// list that has them; over UDP, with a header and without.
func TestKeyed(t *testing.T) {
	lib, _, err := yang.ParseFS(os.DirFS(testenv.Shared(t, "data/yang")))
	if err != nil {
		t.Fatal(err)
	}
	schema, _, err := lib.Compile([]string{"openconfig-interfaces"}, yang.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, schema, nil)
	r.send(t, r.l.UDPAddress(), row1(t, "Gi0/0/0/1", 7), framedAs(encodingGPB, 0, row1(t, "Gi0/0/0/2", 1<<63)))
	r.until(t, func(s Stats) bool { return s.Messages >= 2 })
	s := r.sample(t)
	for name, octets := range map[string]string{"Gi0%2F0%2F0%2F1": "7", "Gi0%2F0%2F0%2F2": "9223372036854775808"} {
		thing := "openconfig-interfaces:interfaces/interface=" + name
		if !slices.ContainsFunc(s.Facts, func(f ingest.Fact) bool {
			return f.Thing == thing && f.P.Value() == yang.Namespace+"openconfig-interfaces/interfaces/interface/state/counters/in-octets" && f.O.Value() == octets && f.Counter
		}) {
			t.Errorf("%s has not %s octets: %v", thing, octets, s.Facts)
		}
	}
	if s.Unmapped > 0 || len(s.Raw) != 2 {
		t.Errorf("%d unmapped, %d raw items", s.Unmapped, len(s.Raw))
	}
}

// TestDamaged: a damaged message costs itself, a damaged header its connection,
// and others go on; compact protocol buffers are told apart.
func TestDamaged(t *testing.T) {
	good := row1(t, "e", 1)
	for i := 1; i < len(good); i++ {
		if _, err := Decode(framedAs(encodingGPB, 0, good[:i]), nil); err != nil && !errors.Is(err, ErrMessage) {
			t.Errorf("%d of %d octets: %v", i, len(good), err)
		}
	}
	compact := protowire.AppendBytes(protowire.AppendTag(nil, 12, protowire.BytesType), []byte{1, 2})
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"compact": {framedAs(encodingGPB, 0, compact), ErrEncoding},
		"empty":   {framedAs(encodingGPB, 0, nil), ErrMessage},
		"short":   {framedAs(encodingGPB, 0, good)[:40], ErrMessage},
		"zlib":    {framedAs(encodingJSON, flagDeflated, []byte("x")), ErrMessage},
		"json":    {[]byte(`{"data_json":[{"keys":[1],"content":{}}]}`), ErrMessage},
		"deep":    {framedAs(encodingGPB, 0, nested(maxDepth+2)), ErrMessage},
	} {
		if _, err := Decode(c.b, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, expected %v", name, err, c.want)
		}
	}
	r := start(t, nil, nil)
	conn := r.send(t, r.l.TCPAddress(), framedAs(encodingGPB, 0, compact), framedAs(encodingGPB, 0, good), []byte("GET / HTTP/1.1\r\n\r\n"))
	if n, err := io.Copy(io.Discard, conn); n != 0 || err != nil {
		var reset *net.OpError
		if !errors.As(err, &reset) {
			t.Errorf("%d octets came, %v", n, err)
		}
	}
	r.send(t, r.l.TCPAddress(), framedAs(encodingGPB, 0, good))
	r.until(t, func(s Stats) bool { return s.Messages == 2 && s.Damaged == 2 })
}

// nested is a message of fields in fields.
func nested(depth int) []byte {
	var b []byte
	for range depth {
		b = protowire.AppendBytes(protowire.AppendTag(nil, 15, protowire.BytesType), b)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), b)
}

// TestConnections: no more connections than the limit, and none of strangers.
func TestConnections(t *testing.T) {
	r := start(t, nil, func(o *Options) {
		o.MaxConnections = 1
		o.Senders.Resolve = func(from netip.AddrPort) (string, bool) { return "r1", from.Addr().IsLoopback() }
	})
	first := r.send(t, r.l.TCPAddress(), framedAs(encodingGPB, 0, row1(t, "e", 1)))
	r.until(t, func(s Stats) bool { return s.Messages == 1 })
	r.send(t, r.l.TCPAddress())
	r.until(t, func(s Stats) bool { return s.Refused == 1 })
	first.Close()
	stranger := start(t, nil, func(o *Options) {
		o.Senders.Resolve = func(netip.AddrPort) (string, bool) { return "", false }
	})
	stranger.send(t, stranger.l.TCPAddress())
	stranger.until(t, func(s Stats) bool { return s.Refused == 1 && s.Senders.Unknown == 1 })
}

// FuzzDecode: no message makes the decoder fail; what it gives can be taken.
func FuzzDecode(f *testing.F) {
	f.Add(framedAs(encodingGPB, 0, row1(f, "e", 1)))
	f.Add(row1(f, "e/1", math.MaxUint64))
	f.Add([]byte(`{"encoding_path":"a:b/c","data_json":[{"keys":[{"n":"v"}],"content":{"x":[1,{"y":null}]}}]}`))
	f.Add(framedAs(encodingGPB, 0, nested(5)))
	in, err := telemetry.New(telemetry.Options{Collector: Collector, Sink: &sink{}, Schema: func(string) (*yang.Schema, map[string]string) { return nil, nil }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		messages, err := Decode(b, nil)
		if err != nil {
			return
		}
		gpb := len(b) > 0 && (framed(b) && len(b) > headerBytes && b[headerBytes] != '{' || !framed(b) && b[0] != '{') && (!framed(b) || b[7]&1 == 0)
		for _, m := range messages {
			m.Device = "r1"
			if err := in.Take(m); err != nil && gpb && !errors.Is(err, telemetry.ErrFull) {
				t.Fatalf("%v of %s at %s", err, m.Body, m.At)
			}
		}
		_ = in.Flush(context.Background())
		_ = fmt.Sprint(messages)
	})
}
