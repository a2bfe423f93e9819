package disk_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
)

const killedDir = "NETTWIN_TEST_KILLED_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// batchOf is what commit n of the child adds: a few quads, all or none of
// which must be found.
func batchOf(n int) []rdf.Quad {
	quads := make([]rdf.Quad, 1+n%7)
	for i := range quads {
		quads[i] = quad("killed"+strconv.Itoa(n), i)
	}
	return quads
}

// writeUntilKilled is the child: it prints the number of each commit when it
// is acknowledged.
func writeUntilKilled(dir string) {
	s, err := disk.Open(dir, disk.Options{Base: base, SegmentBytes: 8 << 10, FlushRows: 40})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	for n := int(s.Info().Head) + 1; ; n++ {
		c, err := s.Commit(ctx, &graph.Batch{Adds: batchOf(n)})
		if err != nil || int(c.Seq) != n {
			fmt.Println("commit:", c.Seq, err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// Goal: nothing acknowledged is lost when the process is killed. Method: a
// child of ours commits without end and is killed with SIGKILL after a random
// number of acknowledgements; the store must hold all of these, whole, and at
// most what was under way besides.
func TestKilled(t *testing.T) {
	dir := t.TempDir() + "/store"
	r := rand.New(rand.NewPCG(4, 4))
	for round := range 10 {
		acked := runUntilKilled(t, dir, 1+r.IntN(60))
		s, err := disk.Open(dir, disk.Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		head := int(s.Info().Head)
		if head < acked {
			t.Fatalf("round %d: commit %d was acknowledged, the store is at %d", round, acked, head)
		}
		want := uint64(0)
		for n := 1; n <= head; n++ {
			want += uint64(len(batchOf(n)))
		}
		if got := s.Info().Quads; got != want {
			t.Fatalf("round %d: %d quads at commit %d, want %d", round, got, head, want)
		}
		must(t, s.Close())
	}
}

// runUntilKilled returns the last number that the child printed.
func runUntilKilled(t *testing.T, dir string, limit int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedDir+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	last, seen := 0, 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		last = n
		if seen++; seen == limit {
			must(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child was not killed")
	}
	return last
}
