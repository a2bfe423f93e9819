package gnmi_test

import (
	"slices"
	"strings"
	"testing"

	proto "github.com/openconfig/gnmi/proto/gnmi"

	"nettwin/ingest/gnmi"
	simulate "nettwin/internal/simulate/gnmi"
)

// TestSameFacts: a recorded device says the same by gNMI as by NETCONF, in
// whatever mode and encoding, and where it has to be asked for one node after
// another.
func TestSameFacts(t *testing.T) {
	d := recorded(t, "r1")
	want := lines(byNETCONF(t, d))
	if len(want) < 100 {
		t.Fatalf("NETCONF tells %d facts only", len(want))
	}
	only := func(e proto.Encoding) func(*simulate.Options) {
		return func(o *simulate.Options) { o.Encodings = []proto.Encoding{e} }
	}
	for name, c := range map[string]struct {
		server func(*simulate.Options)
		what   gnmi.What
	}{
		"once":             {nil, gnmi.What{}},
		"once json":        {nil, gnmi.What{Encoding: gnmi.JSON}},
		"once proto":       {nil, gnmi.What{Encoding: gnmi.Proto}},
		"only json":        {only(proto.Encoding_JSON), gnmi.What{}},
		"only proto":       {only(proto.Encoding_PROTO), gnmi.What{}},
		"get":              {nil, gnmi.What{Mode: gnmi.Get}},
		"get json":         {nil, gnmi.What{Mode: gnmi.Get, Encoding: gnmi.JSON}},
		"get proto":        {nil, gnmi.What{Mode: gnmi.Get, Encoding: gnmi.Proto}},
		"poll":             {nil, gnmi.What{Mode: gnmi.Poll}},
		"no root, once":    {func(o *simulate.Options) { o.NoRoot = true }, gnmi.What{}},
		"no root, get":     {func(o *simulate.Options) { o.NoRoot = true }, gnmi.What{Mode: gnmi.Get}},
		"no revisions":     {func(o *simulate.Options) { o.NoRevisions = true }, gnmi.What{}},
		"behind a gateway": {nil, gnmi.What{Target: "r1"}},
		"paths":            {nil, gnmi.What{Paths: []string{"/ietf-interfaces:interfaces", "/interfaces-state", "/ietf-system:system", "/system-state", "/nacm"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, d, c.server)
			sample, err := collector(t, s, asked(c.what)).Collect(t.Context(), s.target())
			if err != nil {
				t.Fatal(err)
			}
			got := lines(sample.Facts)
			more, less := minus(got, want), minus(want, got)
			if name == "paths" { // what was not asked for is not told
				less = slices.DeleteFunc(less, func(s string) bool { return !strings.HasPrefix(s, "ietf-interfaces:") })
			}
			if len(more)+len(less) > 0 {
				t.Errorf("%d facts, NETCONF tells %d\nmore:\n%s\nless:\n%s", len(got), len(want), head(more), head(less))
			}
			for _, root := range []string{"ietf-interfaces:interfaces", "ietf-interfaces:interfaces-state"} {
				if !slices.Contains(sample.Complete, root) {
					t.Errorf("complete %q lacks %s", sample.Complete, root)
				}
			}
			if sample.Collector != "gnmi" || sample.Device != "r1" || len(sample.Raw) != 1 || !strings.HasPrefix(sample.Transport, "gNMI 0.10.0 ") {
				t.Errorf("%s %s by %s, %d raw items", sample.Collector, sample.Device, sample.Transport, len(sample.Raw))
			}
		})
	}
}

// TestPollAgain: the second poll sees what changed since the first, by the same
// connection.
func TestPollAgain(t *testing.T) {
	d := recorded(t, "r1")
	s := serve(t, d, nil)
	c := collector(t, s, asked(gnmi.What{Mode: gnmi.Poll}))
	must(c.Collect(t.Context(), s.target()))(t)
	if err := d.Set("eth1", "description", "to r9, soon"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if text := strings.Join(lines(must(c.Collect(t.Context(), s.target()))(t).Facts), "\n"); !strings.Contains(text, "to r9, soon") {
			t.Error("an edit is not seen")
		}
	}
}
