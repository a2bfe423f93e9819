package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nettwin/internal/invariant"
)

// effectWait bounds how long a change of a rule file may take to show.
func effectWait() time.Duration {
	if invariant.Enabled { // under the race detector, which makes rules slow
		return time.Minute
	}
	return 10 * time.Second
}

// TestRestart starts a demo twice on the same data: the second goes on from
// what the first stored, no flows being exported. All that changes is when devices were heard and their
// counters, such as the uptime; nothing is derived anew. While it runs, a rule
// file is deleted: its facts go and no others; put back, they return.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	_, stop := ownServer(t, "demo", dir, "--no-flows")
	stop()
	first := strings.Split(export(t, dir), "\n")
	d, stop := ownServer(t, "demo", dir, "--no-flows")
	d.ruleComesAndGoes(t)
	d.everySourceAnswered(t)
	stop()
	if got := nettwin(t, "", "names", "verify", "--all", "--data", dir); got.code != 0 || !strings.Contains(got.stdout, " 0 damaged") {
		t.Errorf("names verify --all: code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	second := strings.Split(export(t, dir), "\n")
	moving := movingPredicates(first)
	for what, changed := range map[string][]string{"new": minus(second, first), "gone": minus(first, second)} {
		changed = slices.DeleteFunc(changed, func(quad string) bool { return moving[predicate(quad)] })
		if len(changed) > 0 {
			t.Errorf("%d quads are %s after a second start besides freshness and counters, such as %s", len(changed), what, changed[0])
		}
	}
	if len(first) < 10_000 {
		t.Errorf("only %d quads were compared", len(first))
	}
}

var quadPattern = regexp.MustCompile(`^\S+ <([^>]*)> (.*) \.$`)

func predicate(quad string) string {
	if m := quadPattern.FindStringSubmatch(quad); m != nil {
		return m[1]
	}
	return ""
}

// movingPredicates are freshness, and the properties that sources declare to
// be counters.
func movingPredicates(quads []string) map[string]bool {
	moving := map[string]bool{"https://w3id.org/nettwin/ns#lastContact": true}
	for _, quad := range quads {
		if m := quadPattern.FindStringSubmatch(quad); m != nil && m[1] == "https://w3id.org/nettwin/ns#counterProperty" {
			property, _, _ := strings.Cut(strings.TrimPrefix(m[2], "<"), ">")
			moving[property] = true
		}
	}
	return moving
}

// everySourceAnswered fails unless each device was heard by this process.
func (d *demo) everySourceAnswered(t *testing.T) {
	t.Helper()
	var answer struct {
		Sources []struct {
			Device, Collector, Address, State, LastError string
			LastContact                                  time.Time
		}
	}
	status, body := d.fetch(t, "api/v1/sources")
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		t.Fatalf("sources: %d %v", status, err)
	}
	asked := 0
	for _, s := range answer.Sources {
		if s.Collector != "snmp" && s.Collector != "netconf" {
			continue // listened to: it tells when it likes
		}
		asked++
		if s.LastContact.IsZero() || s.LastError != "" || s.State != "in sync" {
			t.Errorf("%s at %s: %s, last contact %v, last error %q", s.Device, s.Address, s.State, s.LastContact, s.LastError)
		}
	}
	if asked != 12 {
		t.Errorf("%d sources are asked, want 12: nine by SNMP, three by NETCONF", asked)
	}
}

// findings counts findings by class.
func (d *demo) findings(t *testing.T) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, r := range d.derived(t, "?f a ?class ; twin:message ?message", "") {
		count[strings.TrimPrefix(r.s("class"), "https://w3id.org/nettwin/ns#")]++
	}
	return count
}

// ruleComesAndGoes deletes a rule file of the running demo and puts it back.
func (d *demo) ruleComesAndGoes(t *testing.T) {
	t.Helper()
	file := filepath.Join(d.dir, "knowledge", "rules", "duplicate-address.rule")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before := d.findings(t)
	if before["DuplicateAddressFinding"] != 1 || len(before) < 4 {
		t.Fatalf("findings before: %v", before)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	without := map[string]int{}
	for class, n := range before {
		if class != "DuplicateAddressFinding" {
			without[class] = n
		}
	}
	d.waitForFindings(t, "its rule file is deleted", without)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	d.waitForFindings(t, "the rule file is back", before)
}

func (d *demo) waitForFindings(t *testing.T, when string, want map[string]int) {
	t.Helper()
	started := time.Now()
	for {
		got := d.findings(t)
		if equalCounts(got, want) {
			t.Logf("%s: seen after %v", when, time.Since(started).Round(10*time.Millisecond))
			return
		}
		if time.Since(started) > effectWait() {
			t.Fatalf("%v after %s the findings are %v, want %v", effectWait(), when, got, want)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func equalCounts(a, b map[string]int) bool {
	if len(a) != len(b) {
		return false
	}
	for key, n := range a {
		if b[key] != n {
			return false
		}
	}
	return true
}

// TestInterrupt interrupts a demo that is a process of its own by the signal
// of Ctrl-C, with a request under way: it ends well, without a goroutine left
// (beCommand looks), and leaves no socket and no temporary file.
func TestInterrupt(t *testing.T) {
	dir, temp := filepath.Join(t.TempDir(), "data"), t.TempDir()
	cmd := commandProcess(t, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	cmd.Env = append(cmd.Env, "TMPDIR="+temp)
	stdout, stderr := newOutput(), &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1)
	go func() {
		cmd.Wait()
		ended <- cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() { cmd.Process.Kill() })
	url, err := stdout.wait(readyLine, ended, readyWait)
	if err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	sockets := []string{"tcp " + strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")}
	for _, address := range (&demo{url: url}).sourceAddresses(t) {
		sockets = append(sockets, "udp "+address)
	}
	waiting, answered := waitOnFeed(t, url)
	<-waiting
	started := time.Now()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-ended:
		t.Logf("ended within %v", time.Since(started).Round(time.Millisecond))
		if code != 0 {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	case <-time.After(endWait):
		t.Fatalf("it did not end within %v", endWait)
	}
	<-answered
	checkFree(t, sockets)
	checkNoTemporary(t, dir, temp)
}

// waitOnFeed asks for a commit that does not come; the first channel closes
// when the request was sent, the second when it came back.
func waitOnFeed(t *testing.T, url string) (sent, answered chan struct{}) {
	t.Helper()
	sent, answered = make(chan struct{}), make(chan struct{})
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, url+"api/v1/feed?after=1000000&wait=50", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(answered)
		send(req) // it may fail: the server goes away
	}()
	return sent, answered
}

func (d *demo) sourceAddresses(t *testing.T) []string {
	t.Helper()
	var answer struct {
		Sources []struct{ Address string }
	}
	_, body := d.fetch(t, "api/v1/sources")
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Sources) == 0 {
		t.Fatalf("sources: %v %s", err, body)
	}
	var out []string
	for _, s := range answer.Sources {
		out = append(out, s.Address)
	}
	return out
}

// checkFree binds every address that was in use.
func checkFree(t *testing.T, sockets []string) {
	t.Helper()
	for _, socket := range sockets {
		network, address, _ := strings.Cut(socket, " ")
		var err error
		if network == "tcp" {
			var l net.Listener
			if l, err = net.Listen(network, address); err == nil {
				l.Close()
			}
		} else {
			var c net.PacketConn
			if c, err = net.ListenPacket(network, address); err == nil {
				c.Close()
			}
		}
		if err != nil {
			t.Errorf("left behind: %v", err)
		}
	}
}

// temporary are names that files have only until they are complete.
var temporary = regexp.MustCompile(`(?i)\.tmp|^knowledge-|~$`)

func checkNoTemporary(t *testing.T, dir, temp string) {
	t.Helper()
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v %v", left, err)
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (temporary.MatchString(entry.Name()) || entry.Type()&(fs.ModeSocket|fs.ModeNamedPipe) != 0) {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
