package gnmi_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	proto "github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest"
	"nettwin/ingest/gnmi"
	"nettwin/internal/clock"
	simulate "nettwin/internal/simulate/gnmi"
)

// watched runs Watch until the test ends; each call back is one value.
func watched(t *testing.T, c *gnmi.Collector, at ingest.Target) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	calls, ended := make(chan struct{}, 10_000), make(chan error, 1)
	go func() {
		ended <- c.Watch(ctx, at, func() {
			select {
			case calls <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
	})
	return calls
}

func expectCall(t *testing.T, calls <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-calls:
	case <-time.After(30 * time.Second):
		t.Fatalf("no call after %s", why)
	}
}

// until collects after each call until the facts are as wanted.
func until(t *testing.T, c *gnmi.Collector, s served, calls <-chan struct{}, why string, good func(facts string) bool) *ingest.Sample {
	t.Helper()
	for range 1000 {
		expectCall(t, calls, why)
		sample := must(c.Collect(t.Context(), s.target()))(t)
		if good(strings.Join(lines(sample.Facts), "\n")) {
			return sample
		}
	}
	t.Fatalf("never so: %s", why)
	return nil
}

// TestStream: what a stream told is what the device has, in each of the modes;
// a device that refuses a mode is asked in the next. Samples of a stream ask
// the device nothing, and changes call back.
func TestStream(t *testing.T) {
	for name, c := range map[string]struct {
		server func(*simulate.Options)
		stream gnmi.StreamMode
		label  string
	}{
		"on change":         {nil, gnmi.OnChange, "ON_CHANGE"},
		"target defined":    {nil, gnmi.TargetDefined, "TARGET_DEFINED"},
		"sample":            {nil, gnmi.Sample, "SAMPLE"},
		"refuses on change": {func(o *simulate.Options) { o.NoOnChange = true }, gnmi.OnChange, "TARGET_DEFINED"},
		"refuses the root":  {func(o *simulate.Options) { o.NoRoot = true }, gnmi.OnChange, "ON_CHANGE"},
	} {
		t.Run(name, func(t *testing.T) {
			d := recorded(t, "r1")
			s := serve(t, d, c.server)
			collector := collector(t, s, asked(gnmi.What{Stream: c.stream, Period: 500 * time.Millisecond}))
			calls := watched(t, collector, s.target())
			expectCall(t, calls, "sync_response")
			first := must(collector.Collect(t.Context(), s.target()))(t)
			if want := lines(byNETCONF(t, d)); !slices.Equal(lines(first.Facts), want) {
				t.Errorf("more:\n%s\nless:\n%s", head(minus(lines(first.Facts), want)), head(minus(want, lines(first.Facts))))
			}
			if !strings.HasSuffix(first.Instruction, c.label) || !slices.Contains(first.Complete, "ietf-interfaces:interfaces") {
				t.Errorf("%s, complete %q", first.Instruction, first.Complete)
			}
			if err := d.Set("eth1", "description", "to r9, soon"); err != nil {
				t.Fatal(err)
			}
			until(t, collector, s, calls, "an edit", func(f string) bool { return strings.Contains(f, "to r9, soon") })
			if err := d.Set("eth1", "enabled", "false"); err != nil {
				t.Fatal(err)
			}
			sample := until(t, collector, s, calls, "an interface down", func(f string) bool {
				return strings.Contains(f, `interfaces-state/interface=eth1 https://w3id.org/nettwin/yang/ietf-interfaces/interfaces-state/interface/oper-status "down"`)
			})
			if len(sample.Raw) != 1 || len(sample.Raw[0].Bytes) > 100_000 {
				t.Errorf("%d raw items", len(sample.Raw))
			}
			if status, ok := collector.Stream(s.target()); !ok || status.Messages == 0 || status.Elements < 100 {
				t.Errorf("status %+v", status)
			}
		})
	}
}

// script is a gNMI server that says what a test has it say.
type script struct {
	proto.UnimplementedGNMIServer
	encodings []proto.Encoding
	models    []*proto.ModelData
	subscribe func(proto.GNMI_SubscribeServer) error
}

func (s *script) Capabilities(context.Context, *proto.CapabilityRequest) (*proto.CapabilityResponse, error) {
	return &proto.CapabilityResponse{GNMIVersion: "0.8.0", SupportedEncodings: s.encodings, SupportedModels: s.models}, nil
}

func (s *script) Subscribe(stream proto.GNMI_SubscribeServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	return s.subscribe(stream)
}

func path(t testing.TB, text string) *proto.Path {
	t.Helper()
	return must(gnmi.ParsePath(text))(t)
}

func text(s string) *proto.TypedValue {
	return &proto.TypedValue{Value: &proto.TypedValue_StringVal{StringVal: s}}
}

func update(n *proto.Notification) *proto.SubscribeResponse {
	return &proto.SubscribeResponse{Response: &proto.SubscribeResponse_Update{Update: n}}
}

var synced = &proto.SubscribeResponse{Response: &proto.SubscribeResponse_SyncResponse{SyncResponse: true}}

// TestNotifications applies updates, deletes of leaves, entries and lists,
// prefixes, atomic replacement, and plain JSON (gNMI specification §2.1, §2.4,
// §3.5.2.3), and expects facts written by hand.
func TestNotifications(t *testing.T) {
	send := make(chan *proto.Notification)
	server := &script{encodings: []proto.Encoding{proto.Encoding_JSON}, models: []*proto.ModelData{{Name: "ietf-interfaces", Version: "2014-05-08"}, {Name: "ietf-ip"}, {Name: "iana-if-type"}},
		subscribe: func(stream proto.GNMI_SubscribeServer) error {
			for {
				select {
				case <-stream.Context().Done():
					return nil
				case n := <-send:
					r := synced
					if n != nil {
						r = update(n)
					}
					if err := stream.Send(r); err != nil {
						return err
					}
				}
			}
		}}
	s := serveScript(t, server)
	c := collector(t, s, nil)
	calls := watched(t, c, s.target())
	jsonValue := func(s string) *proto.TypedValue {
		return &proto.TypedValue{Value: &proto.TypedValue_JsonVal{JsonVal: []byte(s)}}
	}
	send <- &proto.Notification{Timestamp: 1, Prefix: path(t, "/interfaces/interface[name=a/1]"), Update: []*proto.Update{
		{Path: path(t, "/description"), Val: text("old")}, {Path: path(t, "/enabled"), Val: jsonValue("true")},
		{Path: path(t, "/ietf-ip:ipv4"), Val: jsonValue(`{"mtu": 1500, "address": [{"ip":"192.0.2.1","prefix-length":24},{"ip":"192.0.2.2","prefix-length":24}]}`)}}}
	send <- &proto.Notification{Timestamp: 1, Update: []*proto.Update{{Path: path(t, "/ietf-interfaces:interfaces/interface[name=b]/description"), Val: text("B")},
		{Path: path(t, "/acme:box/slot[id=3]/colour"), Val: text("red")}, {Path: path(t, "/acme:box/slot[id=4]/colour"), Val: text("blue")}}}
	send <- nil
	facts := func(why string, want ...string) *ingest.Sample {
		t.Helper()
		var sample *ingest.Sample
		short := strings.NewReplacer("https://w3id.org/nettwin/yang/", "", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "a", "^^<http://www.w3.org/2001/XMLSchema#integer>", "", "^^<http://www.w3.org/2001/XMLSchema#boolean>", "")
		slices.Sort(want)
		got := ""
		for range 1000 {
			expectCall(t, calls, why+", it says\n"+got)
			sample = must(c.Collect(t.Context(), s.target()))(t)
			var kept []string
			for _, line := range lines(sample.Facts) {
				if line = strings.TrimSuffix(short.Replace(line), " false"); !strings.Contains(line, " a <") && !strings.Contains(line, "within") {
					kept = append(kept, line)
				}
			}
			if got = strings.Join(kept, "\n"); got == strings.Join(want, "\n") {
				return sample
			}
		}
		t.Fatalf("%s:\n%s\nwant\n%s", why, got, strings.Join(want, "\n"))
		return nil
	}
	const a, b = "ietf-interfaces:interfaces/interface=a%2F1", "ietf-interfaces:interfaces/interface=b"
	const i = "ietf-interfaces/interfaces/interface/"
	address := func(ip string) []string {
		return []string{a + "/ietf-ip:ipv4/address=" + ip + " " + i + "ietf-ip:ipv4/address/ip \"" + ip + "\"", a + "/ietf-ip:ipv4/address=" + ip + " " + i + "ietf-ip:ipv4/address/prefix-length \"24\""}
	}
	rest := []string{b + " " + i + `name "b"`, b + " " + i + `description "B"`, a + " " + i + `name "a/1"`, a + " " + i + `enabled "true"`,
		a + " " + i + `ietf-ip:ipv4 "true"`, a + " " + i + `ietf-ip:ipv4/mtu "1500"`}
	slots := []string{`acme:box/slot=3 unknown/acme/box/slot/colour "red"`, `acme:box/slot=4 unknown/acme/box/slot/colour "blue"`}
	facts("the first data", slices.Concat(rest, slots, address("192.0.2.1"), address("192.0.2.2"), []string{a + " " + i + `description "old"`})...)
	send <- &proto.Notification{Timestamp: 2, Update: []*proto.Update{{Path: path(t, "/interfaces/interface[name=a/1]/description"), Val: text("new")}},
		Delete: []*proto.Path{path(t, "/interfaces/interface[name=a/1]/ipv4/address[ip=192.0.2.1]"), path(t, "/acme:box/slot[id=3]")}}
	sample := facts("an update and deletes", slices.Concat(rest, slots[1:], address("192.0.2.2"), []string{a + " " + i + `description "new"`})...)
	if !slices.Contains(sample.Complete, "ietf-interfaces:interfaces") || !slices.Contains(sample.Complete, "acme:box") {
		t.Errorf("complete %q", sample.Complete)
	}
	send <- &proto.Notification{Timestamp: 3, Atomic: true, Prefix: path(t, "/interfaces/interface[name=a/1]/ipv4"), Update: []*proto.Update{{Path: path(t, "/mtu"), Val: jsonValue("9000")}}}
	send <- &proto.Notification{Timestamp: 3, Delete: []*proto.Path{path(t, "/interfaces/interface[name=a/1]/description")}}
	rest[5] = a + " " + i + `ietf-ip:ipv4/mtu "9000"`
	facts("an atomic replacement", slices.Concat(rest, slots[1:])...)
	send <- &proto.Notification{Timestamp: 4, Delete: []*proto.Path{path(t, "/interfaces/interface[name=*]"), path(t, "/acme:box")}}
	facts("a delete of all entries")
}

// TestClockSkew: a clock that is off is told with how far; times of values that
// were there before the stream say nothing.
func TestClockSkew(t *testing.T) {
	d := recorded(t, "r1")
	s := serve(t, d, func(o *simulate.Options) { o.ClockAhead = time.Hour })
	c := collector(t, s, asked(gnmi.What{Stream: gnmi.Sample, Period: 500 * time.Millisecond}))
	calls := watched(t, c, s.target())
	for range 1000 {
		expectCall(t, calls, "a sample")
		sample := must(c.Collect(t.Context(), s.target()))(t)
		if text := strings.Join(sample.Warnings, "\n"); strings.Contains(text, "clock") {
			if !strings.Contains(text, "ahead") || time.Since(sample.Ended) > time.Minute {
				t.Errorf("%q, read at %s", text, sample.Ended)
			}
			if status, _ := c.Stream(s.target()); status.ClockBehind > -time.Hour+time.Minute || status.ClockBehind < -time.Hour-time.Minute {
				t.Errorf("status %+v", status)
			}
			return
		}
	}
	t.Error("a clock an hour ahead is not told of")
}

// fast is a clock that does not wait long.
type fast struct {
	clock.System
	mu    sync.Mutex
	slept []time.Duration
}

func (f *fast) Sleep(ctx context.Context, d time.Duration) error {
	f.mu.Lock()
	f.slept = append(f.slept, d)
	f.mu.Unlock()
	return f.System.Sleep(ctx, min(d, 5*time.Millisecond))
}

// TestStreamAgain: when a device goes away its tree is given up, Collect says
// so, and the device is subscribed to again after waits that double.
func TestStreamAgain(t *testing.T) {
	d, cert := recorded(t, "r1"), certificate(t)
	first := must(simulate.Listen(context.Background(), "127.0.0.1:0", simulate.Options{Device: d, Certificate: cert, Passwords: map[string]string{user: password}}))(t)
	defer first.Close()
	s := served{first.Addr().String(), credential(cert)}
	clock := &fast{}
	c := collector(t, s, func(o *gnmi.Options) { o.Clock = clock })
	calls := watched(t, c, s.target())
	expectCall(t, calls, "sync_response")
	must(c.Collect(t.Context(), s.target()))(t)
	first.Close()
	for { // until it has failed three times
		clock.mu.Lock()
		long := slices.Contains(clock.slept, 4*time.Second)
		clock.mu.Unlock()
		if long {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if _, ok := c.Stream(s.target()); ok {
		t.Error("the stream of a device that is gone is still there")
	}
	if _, err := c.Collect(t.Context(), s.target()); !errors.Is(err, ingest.ErrTimeout) {
		t.Errorf("a device that is gone: %v", err)
	}
	if err := d.Set("eth1", "description", "meanwhile"); err != nil {
		t.Fatal(err)
	}
	serveAt(t, s.address, cert, d, nil)
	until(t, c, s, calls, "the connection again", func(f string) bool { return strings.Contains(f, "meanwhile") })
}

// TestStreamSilent: a stream that should say something every period and does
// not is not believed, and ends.
func TestStreamSilent(t *testing.T) {
	server := &script{subscribe: func(stream proto.GNMI_SubscribeServer) error {
		if err := stream.Send(update(&proto.Notification{Update: []*proto.Update{{Path: path(t, "/a:b"), Val: text("c")}}})); err != nil {
			return err
		}
		if err := stream.Send(synced); err != nil {
			return err
		}
		<-stream.Context().Done()
		return nil
	}}
	s := serveScript(t, server)
	clock := &fast{}
	c := collector(t, s, func(o *gnmi.Options) {
		o.Clock = clock
		o.What = func(ingest.Target) gnmi.What { return gnmi.What{Stream: gnmi.Sample, Period: 20 * time.Millisecond} }
	})
	calls := watched(t, c, s.target())
	for range 3 {
		expectCall(t, calls, "a subscription")
	}
}

// TestWatchRefused: what cannot get better ends Watch.
func TestWatchRefused(t *testing.T) {
	s := serve(t, recorded(t, "r1"), func(o *simulate.Options) { o.Encodings = []proto.Encoding{proto.Encoding_PROTO} })
	if err := collector(t, s, asked(gnmi.What{Encoding: gnmi.JSONIETF})).Watch(t.Context(), s.target(), func() { t.Error("called") }); !errors.Is(err, gnmi.ErrUnsupported) {
		t.Error(err)
	}
	s.cred.Password = "wrong"
	if err := collector(t, s, nil).Watch(t.Context(), s.target(), func() { t.Error("called") }); !errors.Is(err, ingest.ErrAuth) {
		t.Error(err)
	}
}
