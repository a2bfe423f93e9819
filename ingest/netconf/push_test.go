package netconf_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/ingest/netconf"
	"nettwin/ingest/telemetry"
	"nettwin/internal/simulate/config"
	simulate "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/yang"
	schema "nettwin/ontology/yang"
)

// pushModule says that the device pushes; its nodes are not needed.
const pushModule = `module ietf-yang-push { yang-version 1.1; namespace "urn:ietf:params:xml:ns:yang:ietf-yang-push"; prefix yp; revision 2019-09-09; }`

// pushSink keeps samples.
type pushSink struct {
	mu      sync.Mutex
	samples []*ingest.Sample
}

func (s *pushSink) Apply(_ context.Context, sample *ingest.Sample) (ingest.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, sample)
	return ingest.Report{}, nil
}

// pushRig is a device that may push, its collector, and what was pushed.
type pushRig struct {
	device    *device
	server    *simulate.Server
	collector *netconf.Collector
	intake    *telemetry.Intake
	sink      *pushSink
	schema    *yang.Set
}

func newPushRig(t *testing.T, pushes bool) *pushRig {
	t.Helper()
	r := &pushRig{sink: &pushSink{}}
	var texts [][]byte
	for _, m := range []string{portsModule, typesModule, aliasModule, notesModule, pushModule} {
		texts = append(texts, []byte(m))
	}
	set, err := yang.Parse(texts, yang.Options{Features: func(string, string) bool { return false }})
	if err != nil {
		t.Fatal(err)
	}
	tree, errs := config.Load(set, elements(t, twoPorts))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	r.schema = set
	r.device = &device{running: tree, watchers: map[int]func(simulate.Event){}}
	if r.server, err = simulate.Listen(t.Context(), "127.0.0.1:0", simulate.Options{Device: r.device, HostKey: testSigner(t, 1),
		Passwords: map[string]string{"twin": "correct horse"}, YANGPush: pushes}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.server.Close() })
	var c *netconf.Collector
	if r.intake, err = telemetry.New(telemetry.Options{Collector: "netconf", Sink: r.sink,
		Schema: func(device string) (*schema.Schema, map[string]string) {
			s, err := c.Schema(device)
			if err != nil {
				t.Error(err)
			}
			return s, nil
		}}); err != nil {
		t.Fatal(err)
	}
	c = collector(t, func(o *netconf.Options) { o.Pushed = r.intake })
	r.collector = c
	return r
}

// becomes changes the running configuration as if by an operator.
func (r *pushRig) becomes(t *testing.T, running string) {
	t.Helper()
	tree, errs := config.Load(r.schema, elements(t, running))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	before := r.device.Running()
	if err := r.device.Apply(tree, false); err != nil {
		t.Fatal(err)
	}
	r.device.tell(simulate.Event{Time: time.Now(), Changes: config.Diff(before, tree)})
}

// next flushes until a sample came.
func (r *pushRig) next(t *testing.T, after string) *ingest.Sample {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err := r.intake.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.sink.mu.Lock()
		taken := r.sink.samples
		r.sink.samples = nil
		r.sink.mu.Unlock()
		if len(taken) > 0 {
			return taken[0]
		}
	}
	t.Fatalf("nothing was pushed after %s", after)
	return nil
}

// says tells whether a sample says something of a thing.
func says(s *ingest.Sample, thing, leaf, value string) bool {
	return slices.ContainsFunc(s.Facts, func(f ingest.Fact) bool {
		return f.Thing == thing && strings.HasSuffix(f.P.Value(), "/"+leaf) && f.O.Value() == value
	})
}

// TestPushed: a device that pushes is subscribed to (RFC 8641): first all that
// it holds comes, then what changes, creations, replacements and deletions, as
// samples in the vocabulary and under the names of readings, and without
// another reading.
func TestPushed(t *testing.T) {
	r := newPushRig(t, true)
	at := target(r.server)
	var readings sync.WaitGroup
	calls := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- r.collector.Watch(ctx, at, func() {
			calls <- struct{}{}
			readings.Go(func() {
				if _, err := r.collector.Collect(ctx, at); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			})
		})
	}()
	defer func() {
		cancel()
		<-ended
		readings.Wait()
	}()
	first := r.next(t, "the subscription")
	const eth0, a12 = "example-ports:ports/port=eth0", "example-ports:ports/port=a%2F1%3A2"
	if !says(first, eth0, "label", "to r2") || !says(first, a12, "name", "a/1:2") || first.Collector != "netconf" || first.Device != at.Name || !first.Unsolicited {
		t.Errorf("%+v", first)
	}
	expectCall(t, calls, "the connection")
	for len(calls) > 0 {
		<-calls
	}
	r.becomes(t, `<ports xmlns="urn:example:ports"><port><name>eth0</name><speed>2000</speed></port><port><name>new</name></port></ports><motto xmlns="urn:example:ports">diem</motto>`)
	second := r.next(t, "a change")
	if !says(second, eth0, "speed", "2000") || !says(second, "example-ports:ports/port=new", "name", "new") || !says(second, "example-ports", "motto", "diem") {
		t.Errorf("%+v", second.Facts)
	}
	if !slices.Equal(second.Complete, []string{a12}) {
		t.Errorf("complete %v, expected the entry that went", second.Complete)
	}
	label := ingest.Gone{Thing: eth0, Property: schema.Namespace + "example-ports/ports/port/label"}
	if !slices.Contains(second.Gone, label) {
		t.Errorf("gone %+v, expected %+v", second.Gone, label)
	}
	if second.Unmapped > 0 || len(second.Warnings) > 0 {
		t.Errorf("%d unmapped, %v", second.Unmapped, second.Warnings)
	}
	if len(calls) > 0 {
		t.Error("what was pushed had the device read")
	}
}

// TestNotPushed: a device that has the module and refuses is watched by its
// events.
func TestNotPushed(t *testing.T) {
	r := newPushRig(t, false)
	if _, err := r.collector.Collect(t.Context(), target(r.server)); err != nil {
		t.Fatal(err)
	}
	calls := watched(t, r.collector, target(r.server))
	expectCall(t, calls, "the connection")
	r.becomes(t, `<motto xmlns="urn:example:ports">diem</motto>`)
	expectCall(t, calls, "a change")
	if st := r.intake.Stats(); st.Messages > 0 {
		t.Errorf("%+v", st)
	}
}
