//go:build linux && !race

package disk_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
)

// What TestMemoryLimit gives its process.
const (
	limitedStoreBytes = 4 << 20   // Options.MemoryBytes
	limitedGoBytes    = 64 << 20  // GOMEMLIMIT
	limitedRSSBytes   = 112 << 20 // with the program itself and what the system maps
	limitedQuads      = 150_000
	limitedDirEnv     = "NETTWIN_TEST_MEMORY_DIR"
)

// Goal: a store obeys its limit of memory while it takes commits, checkpoints,
// merges, compacts and is scanned, whatever its size. Method: a process of its
// own does all that at once under GOMEMLIMIT, and Linux tells its peak. The race
// detector takes memory of its own.
func TestMemoryLimit(t *testing.T) {
	if dir := os.Getenv(limitedDirEnv); dir != "" {
		limited(t, dir)
		return
	}
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "-test.run", "^TestMemoryLimit$", "-test.v")
	cmd.Env = append(os.Environ(), limitedDirEnv+"="+filepath.Join(t.TempDir(), "store"), fmt.Sprintf("GOMEMLIMIT=%d", limitedGoBytes), "GOGC=100")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, text, _ := strings.Cut(string(out), "peak ")
	peak, err := strconv.ParseInt(strings.Fields(text + " x")[0], 10, 64)
	if err != nil {
		t.Fatalf("no peak in\n%s", out)
	}
	t.Logf("peak of %d MiB", peak>>20)
	if peak > limitedRSSBytes {
		t.Errorf("the process took %d bytes, at most %d are expected", peak, limitedRSSBytes)
	}
}

// limited is the process of TestMemoryLimit.
func limited(t *testing.T, dir string) {
	s, err := disk.Open(dir, disk.Options{Base: base, MemoryBytes: limitedStoreBytes})
	must(t, err)
	done := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for o := graph.SPOG; ; o = (o + 1) % graph.NumOrders {
			select {
			case <-done:
				return
			default:
			}
			if err := scanAll(s, o); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for from := 0; from < limitedQuads/10; from += 500 {
		_, err := s.Commit(ctx, &graph.Batch{Adds: benchQuads(from, from+500, 0)})
		must(t, err)
	}
	for from := 0; from < limitedQuads/10; from += 500 {
		b := &graph.Batch{}
		for i := from; i < from+500; i++ {
			old, now := benchQuads(i, i+1, 0)[9], benchQuads(i, i+1, 1)[9]
			b.Deletes, b.Adds = append(b.Deletes, old), append(b.Adds, now)
		}
		_, err := s.Commit(ctx, b)
		must(t, err)
	}
	must(t, s.Compact(ctx))
	close(done)
	readers.Wait()
	if n := s.Info().Quads; n != limitedQuads {
		t.Errorf("%d quads, want %d", n, limitedQuads)
	}
	must(t, s.Close())
	b, err := os.ReadFile("/proc/self/status")
	must(t, err)
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	must(t, err)
	fmt.Printf("peak %d\n", kib<<10)
}

// scanAll reads all quads in an order, and the terms of some.
func scanAll(s *disk.Store, o graph.Order) error {
	snap, err := s.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer snap.Close()
	c, err := snap.Scan(graph.Pattern{}, o)
	if err != nil {
		return err
	}
	defer c.Close()
	var terms [8]rdf.Term
	for {
		chunk, err := c.Next(ctx)
		if chunk == nil || err != nil {
			return err
		}
		n := min(chunk.Len(), len(terms))
		if err := snap.Terms(chunk.Cols[graph.O][:n], terms[:n]); err != nil {
			return err
		}
	}
}
