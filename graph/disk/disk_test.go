package disk_test

import (
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/graphtest"
	"nettwin/graph/vfs"
)

const base = "https://example.org/"

// sizes are how often a store makes checkpoints: never in a short test, now and
// then, and after every few changes.
var sizes = map[string]disk.Options{
	"default": {SegmentBytes: 4 << 10},
	"small":   {SegmentBytes: 4 << 10, TailBytes: 16 << 10, FlushRows: 300, MemoryBytes: 1 << 20},
	"tiny":    {SegmentBytes: 1 << 10, TailBytes: 2 << 10, FlushRows: 5, MemoryBytes: 1 << 20},
}

func openAt(t *testing.T, dir string, fsys vfs.FS, clock func() time.Time, o disk.Options) *disk.Store {
	t.Helper()
	o.FS, o.Base, o.Clock = fsys, base, clock
	s, err := disk.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Goal: the engine keeps the contract. Method: the conformance suite, with
// checkpoints and merges behind it that are rare, frequent and permanent.
func TestConformance(t *testing.T) {
	for _, name := range []string{"default", "tiny"} {
		t.Run(name, func(t *testing.T) {
			o := sizes[name]
			graphtest.Run(t, func(t *testing.T) graph.Store { return openAt(t, "store", vfs.NewMem(), graphtest.Clock(), o) })
		})
	}
}

// Goal: what was committed is there after opening again. Method: the durable
// part of the suite, with the same sizes.
func TestDurable(t *testing.T) {
	for _, name := range []string{"default", "small"} {
		t.Run(name, func(t *testing.T) {
			o := sizes[name]
			fsys, clock := vfs.NewMem(), graphtest.Clock()
			graphtest.RunDurable(t, func(t *testing.T, dir string) graph.Store { return openAt(t, dir, fsys, clock, o) })
		})
	}
}
