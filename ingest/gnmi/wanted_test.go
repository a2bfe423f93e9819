package gnmi_test

import (
	"slices"
	"strings"
	"testing"

	"nettwin/ingest"
	"nettwin/ingest/gnmi"
)

// Goal: only the paths of what is wanted are asked for, terms that overlap by
// one path, and everything else counts as read, so that it is withdrawn; terms
// that the device does not have cost nothing. Method: a simulated router, read in
// each mode; the facts are those of a full reading with these properties.
func TestWanted(t *testing.T) {
	const iface = "https://w3id.org/nettwin/yang/ietf-interfaces/interfaces-state/interface"
	d := recorded(t, "r1")
	s := serve(t, d, nil)
	for name, mode := range map[string]gnmi.Mode{"once": gnmi.Once, "get": gnmi.Get, "poll": gnmi.Poll} {
		t.Run(name, func(t *testing.T) {
			c := collector(t, s, asked(gnmi.What{Mode: mode}))
			full := must(c.Collect(t.Context(), s.target()))(t)
			at := s.target()
			at.Want = ingest.NewWant([]string{iface + "/oper-status", iface + "/statistics/", iface + "/statistics/in-octets", iface + "/none", "https://w3id.org/nettwin/mib/IF-MIB/ifEntry"}, nil)
			sample := must(c.Collect(t.Context(), at))(t)
			states := func(facts []ingest.Fact) (n int) {
				for _, f := range facts {
					if f.P.Value() == iface+"/oper-status" {
						n++
					}
				}
				return n
			}
			if states(full.Facts) == 0 || states(sample.Facts) != states(full.Facts) {
				t.Errorf("%d states of interfaces, %d in all", states(sample.Facts), states(full.Facts))
			}
			for _, f := range sample.Facts {
				if !strings.Contains(f.P.Value(), "interfaces-state") && !strings.HasPrefix(f.P.Value(), "http://www.w3.org/") && !strings.HasPrefix(f.P.Value(), "https://w3id.org/nettwin/ns#") ||
					strings.HasSuffix(f.P.Value(), "/ip") {
					t.Errorf("not wanted: %v", f)
				}
			}
			if !slices.Contains(sample.Complete, "ietf-interfaces:interfaces") || !slices.Contains(sample.Left, "ietf-interfaces:interfaces") || len(sample.Facts)*2 > len(full.Facts) {
				t.Errorf("complete %q, left %q, %d facts of %d", sample.Complete, sample.Left, len(sample.Facts), len(full.Facts))
			}
			at.Want = ingest.NewWant([]string{iface + "/none"}, nil)
			if nothing := must(c.Collect(t.Context(), at))(t); len(nothing.Facts) != 0 || len(nothing.Complete) == 0 {
				t.Errorf("of nothing: %d facts, complete %q", len(nothing.Facts), nothing.Complete)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
