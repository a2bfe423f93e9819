package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/internal/invariant"
)

// Rounds of TestKill; CI runs all that the project promises.
const (
	killRoundsUser = 3
	killRoundsCI   = 50
	// killRoundsPerStore is after how many rounds a new store begins, so that
	// first collections are hit too.
	killRoundsPerStore = 4
)

// TestKill kills a demo that collects and serves, at random moments, and
// starts it again on the same data: nothing that was acknowledged to a
// concurrent writer on /data, or seen on the feed, may be lost, and every
// item must hash to its name.
func TestKill(t *testing.T) {
	rounds := killRoundsUser
	// The process that is killed is the plain binary in either pass.
	if os.Getenv("CI") == "true" && !invariant.Enabled {
		rounds = killRoundsCI
	}
	kill(t, func(round int) bool { return round < rounds })
}

// TestSoakKill is TestKill for as long as NETTWIN_SOAK says (make soak).
func TestSoakKill(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("NETTWIN_SOAK"))
	if err != nil {
		length = 0 // not asked for: one round shows that it still works
	}
	end := time.Now().Add(length)
	kill(t, func(round int) bool { return round == 0 || time.Now().Before(end) })
}

func kill(t *testing.T, more func(round int) bool) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	binary := buildBinary(t)
	var victim *victim
	for round := 0; more(round); round++ {
		if round%killRoundsPerStore == 0 {
			victim = newVictim(t, binary)
		}
		victim.round(time.Duration(50+random.IntN(1800)) * time.Millisecond)
		if t.Failed() {
			t.Fatalf("round %d, seed %d", round, seed)
		}
	}
}

func buildBinary(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nettwin")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// victim is one data directory with all that was acknowledged of it.
type victim struct {
	t       *testing.T
	binary  string
	dir     string
	mu      sync.Mutex
	written []int             // acknowledged by 2xx
	seen    map[uint64]string // commit → its time, as the feed said
	next    int
}

func newVictim(t *testing.T, binary string) *victim {
	return &victim{t: t, binary: binary, dir: filepath.Join(t.TempDir(), "data"), seen: map[uint64]string{}}
}

// start runs a demo on a free port.
func (v *victim) start() (*exec.Cmd, string) {
	v.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		v.t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cmd := exec.Command(v.binary, "demo", "--data", v.dir, "--listen", addr)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	url := "http://" + addr
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if resp, err := http.Get(url + "/healthz"); err == nil {
			resp.Body.Close()
			return cmd, url
		}
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			cmd.Wait()
			v.t.Fatalf("the demo did not answer within 30 s; it said:\n%s", stderr.String())
		}
	}
}

// round lets a demo run for a while under a writer and a follower, kills it,
// starts another and checks.
func (v *victim) round(life time.Duration) {
	v.t.Helper()
	cmd, url := v.start()
	ctx, cancel := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	clients.Go(func() { v.write(ctx, url) })
	clients.Go(func() { v.follow(ctx, url) })
	time.Sleep(life)
	cmd.Process.Kill()
	cmd.Wait()
	cancel()
	clients.Wait()
	v.verifyItems()
	cmd, url = v.start()
	v.check(url)
	cmd.Process.Kill()
	cmd.Wait()
}

// write adds numbered quads until it is stopped.
func (v *victim) write(ctx context.Context, url string) {
	for ctx.Err() == nil {
		v.mu.Lock()
		n := v.next
		v.next++
		v.mu.Unlock()
		body := fmt.Sprintf("<http://writer/%d> <http://writer/n> %d .", n, n)
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+"/data?graph=http://writer/graph", strings.NewReader(body))
		req.Header.Set("Content-Type", "text/turtle")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode/100 == 2 {
			v.mu.Lock()
			v.written = append(v.written, n)
			v.mu.Unlock()
		}
	}
}

type feedAnswer struct {
	Commits []struct {
		Seq  uint64 `json:"seq"`
		Time string `json:"time"`
	} `json:"commits"`
}

// follow reads the feed until it is stopped.
func (v *victim) follow(ctx context.Context, url string) {
	after := uint64(0)
	for ctx.Err() == nil {
		var answer feedAnswer
		if getJSON(ctx, fmt.Sprintf("%s/api/v1/feed?after=%d&wait=1", url, after), &answer) != nil {
			continue
		}
		v.mu.Lock()
		for _, c := range answer.Commits {
			v.seen[c.Seq] = c.Time
			after = c.Seq
		}
		v.mu.Unlock()
	}
}

func getJSON(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// check asks the next process for all that was acknowledged.
func (v *victim) check(url string) {
	v.t.Helper()
	resp, err := http.Get(url + "/data?graph=http://writer/graph&format=ntriples")
	if err != nil {
		v.t.Error(err)
		return
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		v.t.Error(err)
	}
	have := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		subject, _, _ := strings.Cut(line, " ")
		have[subject] = true
	}
	for _, n := range v.written {
		if !have[fmt.Sprintf("<http://writer/%d>", n)] {
			v.t.Errorf("write %d was acknowledged and is lost", n)
		}
	}
	commits := map[uint64]string{}
	for after := uint64(0); ; {
		var answer feedAnswer
		if err := getJSON(context.Background(), fmt.Sprintf("%s/api/v1/commits?limit=1000&after=%d", url, after), &answer); err != nil {
			v.t.Error(err)
			return
		}
		if len(answer.Commits) == 0 {
			break
		}
		for _, c := range answer.Commits {
			commits[c.Seq] = c.Time
			after = c.Seq
		}
	}
	for seq, at := range v.seen {
		if commits[seq] != at {
			v.t.Errorf("commit %d of %s was seen on the feed; now it is %q", seq, at, commits[seq])
		}
	}
}

// verifyItems hashes every item of the dead process's data.
func (v *victim) verifyItems() {
	v.t.Helper()
	out, err := exec.Command(v.binary, "names", "verify", "--all", "--data", v.dir).CombinedOutput()
	if err != nil {
		v.t.Errorf("names verify --all: %v\n%s", err, out)
	}
}
