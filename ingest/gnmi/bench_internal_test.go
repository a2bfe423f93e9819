package gnmi

import (
	"fmt"
	"testing"

	"github.com/openconfig/gnmi/proto/gnmi"
)

// BenchmarkApply applies one sample of the counters of 1,000 interfaces, 15
// leafs each, a notification an interface, again and again to one tree.
func BenchmarkApply(b *testing.B) {
	model := openconfig(b, "openconfig-interfaces")
	var list []*gnmi.Notification
	names := []string{"in-octets", "in-pkts", "in-unicast-pkts", "in-broadcast-pkts", "in-multicast-pkts", "in-discards", "in-errors", "in-fcs-errors",
		"out-octets", "out-pkts", "out-unicast-pkts", "out-broadcast-pkts", "out-multicast-pkts", "out-discards", "out-errors"}
	for i := range 1000 {
		p, err := ParsePath(fmt.Sprintf("/interfaces/interface[name=eth%d]/state/counters", i))
		if err != nil {
			b.Fatal(err)
		}
		n := &gnmi.Notification{Prefix: p}
		for j, name := range names {
			n.Update = append(n.Update, &gnmi.Update{Path: &gnmi.Path{Elem: []*gnmi.PathElem{{Name: name}}},
				Val: &gnmi.TypedValue{Value: &gnmi.TypedValue_UintVal{UintVal: uint64(i * j)}}})
		}
		list = append(list, n)
	}
	tree := newTree(model, 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		for _, n := range list {
			if err := tree.apply(n); err != nil {
				b.Fatal(err)
			}
		}
	}
	if len(tree.warnings) > 0 {
		b.Fatal(tree.warnings)
	}
	b.ReportMetric(float64(b.N)*float64(len(list)*len(names))/b.Elapsed().Seconds(), "leafs/s")
}
