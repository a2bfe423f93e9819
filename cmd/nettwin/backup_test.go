package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"nettwin/graph/vfs"
	"nettwin/internal/archive"
	"nettwin/web"
)

// operatorText is the token of an operator in configurations of tests.
const operatorText = "ntw_operator_of_a_test"

func operatorConfig(t *testing.T, dir, more string) string {
	t.Helper()
	return write(t, dir, "operator.yaml", fmt.Sprintf("tokens: [{name: op, role: operator, sha256: %x}]\n%s", sha256.Sum256([]byte(operatorText)), more))
}

// collectedData is a data directory with a graph, items, knowledge, and a journal of
// control whose last line is torn.
func collectedData(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	if got := nettwin(t, "", "collect", "--once", "--data", dir, "snmp://public@"+simulateRouter(t, t.TempDir(), "r9")); got.code != 0 {
		t.Fatal(got.stderr)
	}
	if err := os.MkdirAll(filepath.Join(dir, "control"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "control"), "journal", `{"seq":1,"prev":"","time":"2026-11-22T10:00:00Z","plan":"1","step":"propose","state":"rejected","record":{"id":"1","state":"rejected"}}`+"\n"+`{"seq":2,"pr`)
	return dir
}

// quadsOf exports the dataset of a place as sorted lines.
func quadsOf(t *testing.T, where ...string) []string {
	t.Helper()
	got := nettwin(t, "", append([]string{"export"}, where...)...)
	if got.code != 0 {
		t.Fatal(got.stderr)
	}
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	slices.Sort(lines)
	return lines
}

func decode[T any](t *testing.T, got result) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(got.stdout), &v); got.code != 0 || err != nil {
		t.Fatalf("code %d: %v\n%s%s", got.code, err, got.stdout, got.stderr)
	}
	return v
}

// Goal: a backup holds all that a twin needs, lies only where nothing else is,
// is never used in place of a data directory, and makes one that answers the
// same. Method: back up a directory with everything in it, restore, compare.
func TestBackupRestore(t *testing.T) {
	data := collectedData(t)
	copied, restored := filepath.Join(t.TempDir(), "copy"), filepath.Join(t.TempDir(), "restored")
	report := decode[copyReport](t, nettwin(t, "", "backup", "--json", "--data", data, copied))
	if report.Head == 0 || report.Files < 10 {
		t.Errorf("%+v", report)
	}
	if got := nettwin(t, "", "backup", "--data", data, copied); got.code != exitFailed || !strings.Contains(got.stderr, "not empty") {
		t.Errorf("over a backup: code %d: %s", got.code, got.stderr)
	}
	if got := nettwin(t, "", "query", "--data", copied, "ASK {}"); got.code != exitFailed || !strings.Contains(got.stderr, "is a backup") {
		t.Errorf("a backup in use: code %d: %s", got.code, got.stderr)
	}
	if got := nettwin(t, "", "fsck", copied); got.code != 0 {
		t.Errorf("fsck of the backup: %s%s", got.stdout, got.stderr)
	}
	if got := nettwin(t, "", "restore", copied, data); got.code != exitFailed || !strings.Contains(got.stderr, "not empty") {
		t.Errorf("restored over a twin: code %d: %s", got.code, got.stderr)
	}
	if got := nettwin(t, "", "restore", data, restored); got.code != exitNotFound {
		t.Errorf("restored from what is no backup: code %d: %s", got.code, got.stderr)
	}
	if got := nettwin(t, "", "restore", copied, restored); got.code != 0 || !strings.Contains(got.stdout, "checked") {
		t.Fatalf("code %d: %s", got.code, got.stderr)
	}
	for _, file := range []string{"knowledge/map/walk.tsv", "items/MARK", "graph/STORE"} {
		if _, err := os.Stat(filepath.Join(restored, file)); err != nil {
			t.Error(err)
		}
	}
	if journal, err := os.ReadFile(filepath.Join(restored, "control/journal")); strings.Count(string(journal), "\n") != 1 || !strings.HasSuffix(string(journal), "\n") {
		t.Errorf("the journal: %q, %v", journal, err)
	}
	same(t, "quads", quadsOf(t, "--data", restored), quadsOf(t, "--data", data))
	if got := nettwin(t, "", "names", "verify", "--data", restored, "--all"); got.code != 0 {
		t.Errorf("items: %s%s", got.stdout, got.stderr)
	}
	spoil(t, filepath.Join(copied, "graph/HISTORY"))
	if got := nettwin(t, "", "restore", copied, filepath.Join(t.TempDir(), "again")); got.code != exitDamage || !strings.Contains(got.stderr, "graph/HISTORY is not what was backed up") {
		t.Errorf("a changed backup: code %d: %s", got.code, got.stderr)
	}
}

// spoil changes the byte in the middle of a file.
func spoil(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Goal: a running twin is backed up, counted and compacted by an operator, and
// by nobody else, while it is written to; the backup is the twin as of one
// commit. Method: writers on /update; restore what was sent, both ways; compare
// with the twin as of the commit that the copy has.
func TestOperationsOnline(t *testing.T) {
	data := collectedData(t)
	d, stop := ownServer(t, "serve", data, "--config", operatorConfig(t, t.TempDir(), ""))
	defer stop()
	url := strings.TrimRight(d.url, "/")
	for _, command := range [][]string{{"backup", filepath.Join(t.TempDir(), "no")}, {"stats"}, {"compact"}} {
		got := nettwin(t, "", append(command, "--url", url)...)
		if got.code != exitFailed || !strings.Contains(got.stderr, "operator") {
			t.Errorf("%s without a token: code %d: %s", command[0], got.code, got.stderr)
		}
	}
	if got := nettwin(t, "", "backup", "--data", data, filepath.Join(t.TempDir(), "no")); got.code != exitFailed || !strings.Contains(got.stderr, "--url") {
		t.Errorf("--data of a running twin: code %d: %s", got.code, got.stderr)
	}
	t.Setenv("NETTWIN_TOKEN", operatorText)
	var writers sync.WaitGroup
	end := make(chan struct{})
	writers.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-end:
				return
			default:
			}
			got := nettwin(t, "", "update", "--url", url, fmt.Sprintf(`INSERT DATA { GRAPH <https://b.example/g> { <https://b.example/%d> <https://b.example/p> "%d" } }`, i, i))
			if got.code != 0 {
				t.Errorf("update %d: %s", i, got.stderr)
				return
			}
		}
	})
	copied := filepath.Join(t.TempDir(), "copy")
	report := decode[copyReport](t, nettwin(t, "", "backup", "--json", "--url", url, copied))
	if compacted := decode[web.Compaction](t, nettwin(t, "", "compact", "--json", "--url", url)); compacted.AfterBytes == 0 {
		t.Errorf("%+v", compacted)
	}
	stream := fetchBackup(t, url)
	close(end)
	writers.Wait()
	for from, to := range map[string]string{copied: filepath.Join(t.TempDir(), "a"), stream: filepath.Join(t.TempDir(), "b")} {
		if got := nettwin(t, "", "restore", from, to); got.code != 0 {
			t.Fatal(got.stderr)
		}
		local := decode[web.DataStats](t, nettwin(t, "", "stats", "--json", "--data", to))
		if from == copied && uint64(local.Commit) != report.Head {
			t.Errorf("the copy is at commit %d, the backup said %d", local.Commit, report.Head)
		}
		at := fmt.Sprint(local.Commit)
		same(t, "quads of "+from, quadsOf(t, "--data", to), quadsOf(t, "--url", url, "--as-of", at))
		remote := decode[web.DataStats](t, nettwin(t, "", "stats", "--json", "--url", url, "--as-of", at))
		if remote.Quads != local.Quads || fmt.Sprint(remote.Graphs) != fmt.Sprint(local.Graphs) || local.Quads == 0 {
			t.Errorf("counts of the copy: %+v\nof the twin: %+v", local, remote)
		}
	}
}

// fetchBackup gets a backup as any HTTP client does.
func fetchBackup(t *testing.T, url string) (file string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url+"/api/v1/backup", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operatorText)
	status, body, err := send(req)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d: %v: %s", status, err, body)
	}
	return write(t, t.TempDir(), "backup.tar", string(body))
}

// Goal: half a backup is not taken for one, whatever is tried with it. Method:
// a server that sends the first half of a good one.
func TestHalfBackup(t *testing.T) {
	data, whole := collectedData(t), filepath.Join(t.TempDir(), "whole")
	if got := nettwin(t, "", "backup", "--data", data, whole); got.code != 0 {
		t.Fatal(got.stderr)
	}
	var stream strings.Builder
	if err := archive.PackDir(t.Context(), vfs.OS(), whole, &stream); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, stream.String()[:stream.Len()/2])
	}))
	defer server.Close()
	half := filepath.Join(t.TempDir(), "half")
	if got := nettwin(t, "", "backup", "--url", server.URL, half); got.code != exitDamage || !strings.Contains(got.stderr, "stream ends") {
		t.Errorf("code %d: %s", got.code, got.stderr)
	}
	for _, args := range [][]string{{"restore", half, filepath.Join(t.TempDir(), "x")}, {"fsck", half}, {"query", "--data", half, "ASK {}"}, {"serve", "--listen", "127.0.0.1:0", "--data", half}, {"collect", "--once", "--data", half, "snmp://public@127.0.0.1:1"}} {
		if got := nettwin(t, "", args...); got.code == 0 || !strings.Contains(got.stderr, "did not come to its end") {
			t.Errorf("%s: code %d: %s%s", args[0], got.code, got.stdout, got.stderr)
		}
	}
}

// TestCompactData: an offline compaction tells what it freed; what is there
// stays.
func TestCompactData(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for i := range 3 {
		if got := nettwin(t, fmt.Sprintf("<https://a.example/s> <https://a.example/p> \"%d\" .\n", i), "load", "--replace", "--data", data, "--format", "nquads", "-"); got.code != 0 {
			t.Fatal(got.stderr)
		}
	}
	before := quadsOf(t, "--data", data)
	done := decode[web.Compaction](t, nettwin(t, "", "compact", "--json", "--data", data))
	if done.BeforeBytes == 0 || done.AfterBytes == 0 {
		t.Errorf("%+v", done)
	}
	same(t, "quads", quadsOf(t, "--data", data), before)
	if got := nettwin(t, "", "stats", "--data", data); got.code != 0 || !strings.Contains(got.stdout, "at commit 3: 1 quads") {
		t.Errorf("code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	if got := nettwin(t, "", "stats", "--data", t.TempDir()); got.code != exitNotFound {
		t.Errorf("no store: code %d: %s", got.code, got.stderr)
	}
}

// TestServeRetention: a configured retention holds: a version from before is
// gone, and who follows the changes is told from which commit to go on.
func TestServeRetention(t *testing.T) {
	data := collectedData(t)
	config := operatorConfig(t, t.TempDir(), "retention: {commits: 2, graphs: [{graph: \"http://localhost:7878/graph/source/\", commits: 1}]}\n")
	d, stop := ownServer(t, "serve", data, "--config", config)
	defer stop()
	url := strings.TrimRight(d.url, "/")
	t.Setenv("NETTWIN_TOKEN", operatorText)
	for i := range 4 {
		if got := nettwin(t, "", "update", "--url", url, fmt.Sprintf(`INSERT DATA { <https://b.example/%d> <https://b.example/p> "x" }`, i)); got.code != 0 {
			t.Fatal(got.stderr)
		}
	}
	if got := nettwin(t, "", "compact", "--url", url); got.code != 0 { // makes a checkpoint
		t.Fatal(got.stderr)
	}
	stats := decode[web.DataStats](t, nettwin(t, "", "stats", "--json", "--url", url))
	if stats.Oldest == 0 || stats.FeedFrom < stats.Oldest {
		t.Fatalf("%+v", stats)
	}
	for path, want := range map[string]string{"api/v1/patch?since=1": fmt.Sprintf("can be resumed, is %d", stats.FeedFrom), "sparql?asOf=1&query=ASK%7B%7D": "no longer retained"} {
		if status, text := d.fetch(t, path); status != http.StatusGone || !strings.Contains(string(text), want) {
			t.Errorf("%s: %d: %s, want %s", path, status, text, want)
		}
	}
	if status, text := d.fetch(t, fmt.Sprintf("api/v1/patch?since=%d", stats.FeedFrom)); status != http.StatusOK {
		t.Errorf("from the oldest: %d: %s", status, text)
	}
}
