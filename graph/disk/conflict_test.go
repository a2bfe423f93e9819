package disk_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// Goal: who lost against a commit that is not durable yet learns of it when the
// commit can be seen, so that the next try does not lose against the same.
// Method: a file system that holds up the sync of the first commit.
func TestConflictWaitsForWinner(t *testing.T) {
	var gate atomic.Pointer[chan struct{}]
	var waiting atomic.Int64
	fs := vfs.Inject(vfs.NewMem(), func(op vfs.Op) vfs.Fault {
		if shut := gate.Load(); shut != nil && op.Kind == vfs.OpSync {
			waiting.Add(1)
			<-*shut
		}
		return vfs.Fault{}
	})
	store, err := disk.Open("dir", disk.Options{FS: fs, Base: "http://x/"})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	add := func(name string, expected *graph.CommitSeq) error {
		_, err := store.Commit(t.Context(), &graph.Batch{Adds: []rdf.Quad{quad(name, 1)}, Expected: expected})
		return err
	}
	newest := func() graph.CommitSeq {
		snap, err := store.Snapshot(graph.At{})
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close()
		return snap.Commit().Seq
	}
	shut := make(chan struct{})
	gate.Store(&shut)
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- add("first", nil) }()
	for waiting.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	seen := newest()
	go func() { second <- add("second", &seen) }()
	select {
	case err := <-second:
		t.Errorf("the second was told %v before the first could be seen", err)
	case <-time.After(50 * time.Millisecond):
	}
	gate.Store(nil)
	close(shut)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := <-second; !errors.Is(err, graph.ErrConflict) {
		t.Fatalf("the second was told %v", err)
	}
	again := newest()
	if err := add("second", &again); err != nil || again == seen {
		t.Errorf("again at commit %d after %d: %v", again, seen, err)
	}
}
