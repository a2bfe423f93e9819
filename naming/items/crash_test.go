package items

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"nettwin/graph/vfs"
	"nettwin/naming"
)

// TestCrashAnywhere stops at every operation on the file system, opens what a
// crash may leave (only synced bytes; synced bytes and part of the others,
// with noise) and asks for every item that was acknowledged.
func TestCrashAnywhere(t *testing.T) {
	stop := errors.New("power cut")
	for n := 1; ; n++ {
		mem := vfs.NewMem()
		fsys := vfs.Inject(mem, vfs.FailFrom(n, stop, func(op vfs.Op) bool { return op.Kind.Changes() }))
		acked, err := writeSome(fsys)
		if err == nil {
			if n < 20 {
				t.Fatalf("only %d operations were stopped at", n)
			}
			return
		}
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		checkAcked(t, mem.CrashClone(), acked, fmt.Sprintf("operation %d, synced only", n))
		for seed := range uint64(4) {
			clone := mem.TornClone(rand.New(rand.NewPCG(uint64(n), seed)))
			checkAcked(t, clone, acked, fmt.Sprintf("operation %d, torn with seed %d", n, seed))
		}
	}
}

// writeSome puts batches over tiny packs and returns the names acknowledged.
func writeSome(fsys vfs.FS) (acked []naming.Name, err error) {
	s, err := Open(dir, Options{FS: fsys, MaxPackBytes: 300})
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // its files are on a failed file system
	for i := range 6 {
		names, err := s.Put(context.Background(), []Item{raw(fmt.Sprint("a", i)), raw(strings.Repeat("b", 10*i+1))})
		if err != nil {
			return acked, err
		}
		acked = append(acked, names...)
	}
	return acked, s.Close()
}

func checkAcked(t *testing.T, fsys vfs.FS, acked []naming.Name, what string) {
	t.Helper()
	for round := range 2 { // what the first opening repaired, the second finds in order
		s, err := Open(dir, Options{FS: fsys})
		if err != nil {
			t.Fatalf("%s: round %d: %v", what, round, err)
		}
		for _, name := range acked {
			if _, err := s.Get(name); err != nil {
				t.Fatalf("%s: round %d: acknowledged: %v", what, round, err)
			}
		}
		if errs := verify(t, s); len(errs) > 0 {
			t.Fatalf("%s: round %d: %v", what, round, errs)
		}
		put(t, s, raw("later"))
		closeStore(t, s)
	}
}

// TestFailedSync: after a sync that failed nothing is acknowledged any more
// until the store is opened again; reads go on.
func TestFailedSync(t *testing.T) {
	mem := vfs.NewMem()
	broken := false
	s := open(t, vfs.Inject(mem, func(op vfs.Op) vfs.Fault {
		if broken && op.Kind == vfs.OpSync {
			return vfs.Fault{Err: errors.New("no space")}
		}
		return vfs.Fault{}
	}), Options{})
	names := put(t, s, raw("first"))
	broken = true
	if _, err := s.Put(context.Background(), []Item{raw("second")}); err == nil {
		t.Fatal("no error")
	}
	broken = false
	if _, err := s.Put(context.Background(), []Item{raw("third")}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("error %v", err)
	}
	if _, err := s.Get(names[0]); err != nil {
		t.Error(err)
	}
}

const killEnv = "NETTWIN_TEST_ITEMS_DIR"

// TestKilledWriter kills -9 a process that puts items and tells each name
// that was acknowledged: all of them are there afterwards, and all verifies.
func TestKilledWriter(t *testing.T) {
	if at := os.Getenv(killEnv); at != "" {
		writeUntilKilled(at)
		return
	}
	at := t.TempDir()
	for round := range 4 {
		acked := runAndKill(t, at, time.Duration(20+30*round)*time.Millisecond)
		s, err := Open(at, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range acked {
			if _, err := s.Get(name); err != nil {
				t.Errorf("round %d: acknowledged: %v", round, err)
			}
		}
		if errs := verify(t, s); len(errs) > 0 {
			t.Errorf("round %d: %v", round, errs)
		}
		closeStore(t, s)
		t.Logf("round %d: %d acknowledged", round, len(acked))
	}
}

func runAndKill(t *testing.T, at string, after time.Duration) []naming.Name {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
	cmd.Env = append(os.Environ(), killEnv+"="+at)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acked []naming.Name
	var timer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		name, err := naming.Parse(lines.Text())
		if err != nil {
			continue // the line was cut by the kill
		}
		if acked = append(acked, name); timer == nil {
			timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || len(acked) == 0 {
		t.Fatalf("writer ended by itself: %v, %d acknowledged", err, len(acked))
	}
	return acked
}

func writeUntilKilled(at string) {
	s, err := Open(at, Options{MaxPackBytes: 20_000})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	start := time.Now()
	for i := 0; time.Since(start) < time.Minute; i++ {
		text := fmt.Sprint(os.Getpid(), " ", i)
		names, err := s.Put(context.Background(), []Item{raw(text), raw(strings.Repeat(text, i%200))})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(names[0])
	}
}
