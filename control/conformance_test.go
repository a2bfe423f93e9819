package control_test

import (
	"testing"
	"time"

	"nettwin/control"
	"nettwin/control/controltest"
	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Goal: the driver that these tests rest on keeps the contract, and the suite
// can be passed. Method: controltest.Run on it.
func TestMemoryDriver(t *testing.T) {
	controltest.Run(t, func(t *testing.T) controltest.Case {
		w := newWorld(t)
		d := w.device()
		if _, err := w.store.Fork(w.ctx, "other", graph.At{}); err != nil {
			t.Fatal(err)
		}
		was, _ := control.Change{Quad: enabled("e0", false)}.Parse()
		is, _ := control.Change{Quad: enabled("e0", true)}.Parse()
		w.commit(&graph.Batch{Branch: "other", Deletes: []rdf.Quad{was}, Adds: []rdf.Quad{is}})
		base, err := w.store.Snapshot(graph.At{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { base.Close() })
		branch, err := w.store.Snapshot(graph.At{Branch: "other"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { branch.Close() })
		return controltest.Case{Driver: d, Base: base, Branch: branch,
			Device: control.Device{Name: "r1", IRI: rdf.IRI(testBase + "id/device/r1"), Graph: was.G},
			Elapse: func(by time.Duration) { w.pass(w.ctx, by) }}
	})
}
