package netconf_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/fixtures"
	"nettwin/graph/mem"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	simdevice "nettwin/internal/simulate/device"
	simulate "nettwin/internal/simulate/netconf"
	"nettwin/internal/simulate/snmprec"
	"nettwin/internal/testenv"
	"nettwin/naming/items"
)

// Goal: of what a device has only that is asked for which is wanted, and keys;
// what is wanted and was read not long ago is left alone, and everything else
// counts as read, so that it is withdrawn. Method: a simulated device, which
// filters as RFC 6241 says; its answer is kept as the sample's raw item.
func TestCollectWanted(t *testing.T) {
	d := newDevice(t, twoPorts+`<notes xmlns="urn:example:notes"><text>much</text></notes>`)
	d.state = elements(t, twoPortsState)
	s, c := serve(t, d), collector(t, nil)
	const port = "https://w3id.org/nettwin/yang/example-ports/ports/port"
	at := target(s)
	at.Want = ingest.NewWant([]string{port + "/speed", port + "/nothing"}, []string{"https://w3id.org/nettwin/yang/example-notes/notes/"})
	sample, err := c.Collect(t.Context(), at)
	must(t, err)
	answer := ""
	for _, raw := range sample.Raw {
		answer += string(raw.Bytes)
	}
	for text, want := range map[string]bool{"<speed": true, "<name": true, "<label": false, "<packets": false, "motto": false, "<notes": false} {
		if strings.Contains(answer, text) != want {
			t.Errorf("the device was asked for %s: %v, want %v, in %s", text, !want, want, answer)
		}
	}
	if !slices.Contains(sample.Complete, "example-ports:ports") || !slices.Contains(sample.Complete, "example-ports:motto") || slices.Contains(sample.Complete, "example-notes:notes") {
		t.Errorf("complete: %q", sample.Complete)
	}
	if !slices.Contains(sample.Left, "example-ports:motto") || slices.Contains(sample.Left, "example-notes:notes") {
		t.Errorf("left: %q", sample.Left)
	}
	at.Want = ingest.NewWant([]string{"https://w3id.org/nettwin/yang/example-notes/"}, nil)
	sample, err = c.Collect(t.Context(), at)
	must(t, err)
	if len(sample.Raw) != 1 || !strings.Contains(string(sample.Raw[0].Bytes), "much") || strings.Contains(string(sample.Raw[0].Bytes), "<ports") {
		t.Errorf("of a whole module: %q", sample.Raw)
	}
}

// Goal: how far a device's clock is off is found from what it says of the time.
// Method: a router of the recorded network whose clock is 90 s ahead, read
// twice; the second reading changes nothing of it.
func TestClock(t *testing.T) {
	text, err := fixtures.Recording("r1")
	must(t, err)
	recording, err := snmprec.Read("r1", bytes.NewReader(text), snmprec.Limits{})
	must(t, err)
	stores := &simdevice.Datastores{}
	stores.Running, err = fixtures.Config("r1", fixtures.Running)
	must(t, err)
	stores.State, err = fixtures.Operational("r1")
	must(t, err)
	hello, err := fixtures.Hello("r1")
	must(t, err)
	stores.Capabilities, err = simdevice.Capabilities(hello)
	must(t, err)
	modules, err := fixtures.Modules()
	must(t, err)
	for _, m := range modules {
		text, err := m.Text()
		must(t, err)
		stores.Modules = append(stores.Modules, text)
	}
	d, err := simdevice.New(simdevice.Options{Name: "r1", Datastores: stores, Recording: recording.Rows, ClockRuns: true, ClockAhead: 90 * time.Second})
	must(t, err)
	s, err := simulate.Listen(context.Background(), "127.0.0.1:0", simulate.Options{Device: d, HostKey: testSigner(t, 1), Passwords: map[string]string{"twin": "correct horse"}})
	must(t, err)
	defer s.Close()
	store := mem.New(mem.Options{Base: "https://twin.test/"})
	defer store.Close()
	kept, err := items.Open("items", items.Options{FS: vfs.NewMem()})
	must(t, err)
	defer kept.Close()
	p, err := ingest.NewPipeline(ingest.Options{Store: store, Items: kept, Base: "https://twin.test/",
		Knowledge: os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology"))})
	must(t, err)
	c := collector(t, nil)
	for range 2 {
		sample, err := c.Collect(t.Context(), target(s))
		must(t, err)
		r, err := p.Apply(t.Context(), sample)
		must(t, err)
		if r.Clock == nil || (r.Clock.Ahead-90*time.Second).Abs() > r.Clock.Uncertainty {
			t.Fatalf("clock: %+v, want 90 s ahead", r.Clock)
		}
	}
}
