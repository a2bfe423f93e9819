package disk_test

import (
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/vfs"
)

const base = "https://example.org/"

// Goal: the engine keeps the contract. Method: the conformance suite.
func TestConformance(t *testing.T) {
	graphtest.Run(t, func(t *testing.T) graph.Store {
		s, err := disk.Open("store", disk.Options{FS: vfs.NewMem(), Base: base, Clock: graphtest.Clock(), SegmentBytes: 4 << 10})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// Goal: what was committed is there after opening again. Method: the durable
// part of the suite, on segments so small that they rotate all the time.
func TestDurable(t *testing.T) {
	fsys := vfs.NewMem()
	clock := graphtest.Clock()
	graphtest.RunDurable(t, func(t *testing.T, dir string) graph.Store {
		s, err := disk.Open(dir, disk.Options{FS: fsys, Base: base, Clock: clock, SegmentBytes: 4 << 10})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
