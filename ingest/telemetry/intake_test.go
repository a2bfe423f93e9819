package telemetry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/ingest"
	"nettwin/internal/testenv"
	"nettwin/ontology/yang"
)

// sink keeps the samples that it gets.
type sink struct {
	mu      sync.Mutex
	samples []*ingest.Sample
	fail    error
}

func (s *sink) Apply(_ context.Context, sample *ingest.Sample) (ingest.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return ingest.Report{}, s.fail
	}
	s.samples = append(s.samples, sample)
	return ingest.Report{Device: sample.Device, Graph: "g"}, nil
}

// interfaces compiles ietf-interfaces.
func interfaces(tb testing.TB) *yang.Schema {
	tb.Helper()
	lib, _, err := yang.ParseFS(os.DirFS(testenv.Shared(tb, "data/yang")))
	if err != nil {
		tb.Fatal(err)
	}
	s, problems, err := lib.Compile([]string{"ietf-interfaces", "iana-if-type"}, yang.Options{})
	if err != nil || len(problems) > 0 {
		tb.Fatal(err, problems)
	}
	return s
}

func intake(tb testing.TB, to Sink, change func(*Options)) *Intake {
	tb.Helper()
	s := interfaces(tb)
	opts := Options{Collector: "test", Sink: to, Schema: func(string) (*yang.Schema, map[string]string) { return s, nil }}
	if change != nil {
		change(&opts)
	}
	in, err := New(opts)
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func (in *Intake) push(t *testing.T, body string) {
	t.Helper()
	if err := in.Take(Message{Device: "r1", Received: at, Label: "message", Raw: []byte(body), Body: []byte(body), Transport: "test"}); err != nil {
		t.Fatal(err)
	}
}

func update(entry string) string {
	return `{"ietf-restconf:notification":{"ietf-yang-push:push-update":{"id":1,"datastore-contents":{"ietf-interfaces:interfaces":{"interface":[` + entry + `]}}}}}`
}

func edit(rest string) string {
	return `{"ietf-restconf:notification":{"ietf-yang-push:push-change-update":{"id":1,"datastore-changes":{"yang-patch":{"edit":[{"edit-id":"1",` + rest + `}]}}}}}`
}

// lines are the facts of a sample as text.
func lines(s *ingest.Sample) []string {
	var out []string
	for _, f := range s.Facts {
		name := f.P.Value()
		out = append(out, fmt.Sprintf("%s %s %s%s", f.Thing, name[strings.LastIndexAny(name, "/#")+1:], f.O.Value(), f.Ref))
	}
	slices.Sort(out)
	return out
}

const e0 = "ietf-interfaces:interfaces/interface=e0"

// TestWindow: of what several messages say of a property the last holds, the
// rest stays; one sample comes of all.
func TestWindow(t *testing.T) {
	to := &sink{}
	in := intake(t, to, nil)
	in.push(t, update(`{"name":"e0","enabled":true,"description":"old","higher-layer-if":["a","b"]}`))
	in.push(t, update(`{"name":"e0","description":"new","higher-layer-if":["b","c"]}`))
	if err := in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(to.samples) != 1 {
		t.Fatalf("%d samples", len(to.samples))
	}
	s := to.samples[0]
	want := []string{e0 + " description new", e0 + " enabled true", e0 + " higher-layer-if b", e0 + " higher-layer-if c", e0 + " name e0"}
	got := slices.DeleteFunc(lines(s), func(l string) bool { return strings.Contains(l, " type ") || strings.Contains(l, " within ") })
	if !slices.Equal(got, want) {
		t.Errorf("%q\nexpected %q", got, want)
	}
	if !s.Unsolicited || s.Collector != "test" || s.Device != "r1" || len(s.Raw) != 2 || len(s.Complete)+len(s.Gone) > 0 {
		t.Errorf("%+v", s)
	}
	if err := in.Flush(t.Context()); err != nil || len(to.samples) != 1 {
		t.Errorf("an empty window gave a sample, or %v", err)
	}
}

// TestDeletions: what an edit deletes goes from the window and is told; what
// comes behind it stays.
func TestDeletions(t *testing.T) {
	to := &sink{}
	in := intake(t, to, nil)
	in.push(t, update(`{"name":"e0","enabled":true,"description":"old"},{"name":"e1","enabled":true}`))
	in.push(t, edit(`"operation":"delete","target":"/ietf-interfaces:interfaces/interface=e0/description"`))
	in.push(t, edit(`"operation":"delete","target":"/ietf-interfaces:interfaces/interface=e1"`))
	in.push(t, edit(`"operation":"create","target":"/ietf-interfaces:interfaces/interface=e2","value":{"ietf-interfaces:interface":[{"name":"e2"}]}`))
	if err := in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := to.samples[0]
	text := strings.Join(lines(s), "\n")
	if strings.Contains(text, "description") || strings.Contains(text, "interface=e1") || !strings.Contains(text, "interface=e2 name e2") || !strings.Contains(text, e0+" enabled true") {
		t.Errorf("facts\n%s", text)
	}
	want := []ingest.Gone{{Thing: e0, Property: yang.Namespace + "ietf-interfaces/interfaces/interface/description"}}
	if !slices.Equal(s.Gone, want) || !slices.Equal(s.Complete, []string{"ietf-interfaces:interfaces/interface=e1"}) {
		t.Errorf("gone %+v, complete %v", s.Gone, s.Complete)
	}
}

// TestNotTaken: a sample that the pipeline does not take is said again, with
// what came meanwhile behind it.
func TestNotTaken(t *testing.T) {
	to := &sink{fail: errors.New("disk full")}
	in := intake(t, to, nil)
	in.push(t, update(`{"name":"e0","enabled":true,"description":"old"}`))
	if err := in.Flush(t.Context()); err == nil || in.Stats().SampleErrors != 1 || in.Devices()[0].LastError != "disk full" {
		t.Errorf("%v %+v", err, in.Stats())
	}
	in.push(t, update(`{"name":"e0","description":"new"}`))
	to.fail = nil
	if err := in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines(to.samples[0]), "\n")
	if !strings.Contains(text, "enabled true") || !strings.Contains(text, "description new") || strings.Contains(text, "old") {
		t.Error(text)
	}
	if in.Devices()[0].LastError != "" || in.Devices()[0].Graph != "g" {
		t.Errorf("%+v", in.Devices())
	}
}

// TestMergedBehind: while a sample is being refused, a later message deletes
// and says anew what is in it.
func TestMergedBehind(t *testing.T) {
	in := intake(t, &sink{}, nil)
	in.push(t, update(`{"name":"e0","description":"old"},{"name":"e1"}`))
	taken := in.closeWindows()[0]
	in.push(t, edit(`"operation":"replace","target":"/ietf-interfaces:interfaces/interface=e0/description","value":{"ietf-interfaces:description":"new"}`))
	in.push(t, edit(`"operation":"delete","target":"/ietf-interfaces:interfaces/interface=e1"`))
	in.applied(taken, 0, ingest.Report{}, errors.New("refused"))
	text := strings.Join(lines(in.closeWindows()[0].sample("test", "")), "\n")
	if strings.Contains(text, "old") || strings.Contains(text, "interface=e1") || !strings.Contains(text, "description new") {
		t.Error(text)
	}
}

// TestRefused: damaged messages and those beyond the limits cost themselves,
// are counted, and the window keeps what it had.
func TestRefused(t *testing.T) {
	to := &sink{}
	in := intake(t, to, func(o *Options) { o.MaxFacts = 12 })
	in.push(t, update(`{"name":"e0","enabled":true}`))
	take := func(body string) error {
		return in.Take(Message{Device: "r1", Received: at, Body: []byte(body), Transport: "test"})
	}
	if err := take(`{"a":`); !errors.Is(err, ErrDecode) || !strings.Contains(err.Error(), "1:6") {
		t.Errorf("error %v", err)
	}
	if err := take(update(`{"name":"e1"},{"name":"e2"},{"name":"e3"},{"name":"e4"}`)); !errors.Is(err, ErrFull) {
		t.Errorf("error %v", err)
	}
	if err := in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := in.Stats(); st.Messages != 3 || st.Damaged != 1 || st.Refused != 1 {
		t.Errorf("%+v", st)
	}
	text := strings.Join(lines(to.samples[0]), "\n")
	if !strings.Contains(text, e0+" enabled true") || strings.Contains(text, "e1") || len(to.samples[0].Warnings) != 1 {
		t.Errorf("%s\n%v", text, to.samples[0].Warnings)
	}
}

// TestNotReady: a device whose identity is not known yet waits.
func TestNotReady(t *testing.T) {
	to, ready := &sink{}, false
	in := intake(t, to, func(o *Options) { o.Ready = func(string) bool { return ready } })
	in.push(t, update(`{"name":"e0"}`))
	for _, want := range []int{0, 1} {
		if err := in.Flush(t.Context()); err != nil || len(to.samples) != want {
			t.Errorf("%d samples, expected %d; %v", len(to.samples), want, err)
		}
		ready = true
	}
}

// TestAnnouncement: notifications about subscriptions say nothing of the
// device.
func TestAnnouncement(t *testing.T) {
	to := &sink{}
	in := intake(t, to, nil)
	in.push(t, `{"ietf-restconf:notification":{"eventTime":"2026-01-02T03:04:05Z","ietf-subscribed-notifications:subscription-started":{"id":6666}}}`)
	if err := in.Flush(t.Context()); err != nil || len(to.samples[0].Facts) != 0 {
		t.Errorf("%v, %v", to.samples, err)
	}
}
