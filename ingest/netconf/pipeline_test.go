package netconf_test

import (
	"os"
	"path/filepath"
	"testing"

	"nettwin/graph/mem"
	"nettwin/graph/vfs"
	"nettwin/ingest"
	"nettwin/internal/simulate/config"
	"nettwin/internal/testenv"
	"nettwin/naming/items"
)

// TestIntoTheGraph takes readings through the pipeline: an unchanged device
// changes no state, an edit changes what it says and no more, and what is
// gone from the device goes from its source graph.
func TestIntoTheGraph(t *testing.T) {
	store := mem.New(mem.Options{Base: "https://twin.test/"})
	defer store.Close()
	kept, err := items.Open("items", items.Options{FS: vfs.NewMem()})
	must(t, err)
	defer kept.Close()
	p, err := ingest.NewPipeline(ingest.Options{Store: store, Items: kept, Base: "https://twin.test/",
		Knowledge: os.DirFS(filepath.Join(testenv.ProjectRoot(), "ontology"))})
	must(t, err)

	d := newDevice(t, twoPorts)
	d.state = elements(t, twoPortsState)
	s, c := serve(t, d), collector(t, nil)
	apply := func(running string) ingest.Report {
		t.Helper()
		tree, errs := config.Load(d.Running().Schema(), elements(t, running))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		must(t, d.Apply(tree, true))
		sample, err := c.Collect(t.Context(), target(s))
		must(t, err)
		r, err := p.Apply(t.Context(), sample)
		must(t, err)
		if len(r.Warnings) > 0 {
			t.Errorf("warnings %q", r.Warnings)
		}
		return r
	}
	onePort := `<ports xmlns="urn:example:ports"><port><name>eth0</name><label>to r9</label><speed>1000</speed></port></ports>`
	for _, step := range []struct {
		name, running string
		adds, deletes int // of state
	}{
		{"first contact", twoPorts, -1, 0},
		{"unchanged", twoPorts, 0, 0},
		{"one label, one port less, no motto", onePort, 1, 6}, // 1 label, 3 of the port, 2 of the module with its motto
		{"as before", twoPorts, 6, 1},
	} {
		r := apply(step.running)
		if step.adds >= 0 && r.StateAdds != step.adds || r.StateDeletes != step.deletes {
			t.Errorf("%s: %d adds, %d deletes, want %d and %d", step.name, r.StateAdds, r.StateDeletes, step.adds, step.deletes)
		}
		if changed := step.adds != 0 || step.deletes != 0; changed != (len(r.Raw) > 0) {
			t.Errorf("%s: %d raw items", step.name, len(r.Raw))
		}
	}
}
