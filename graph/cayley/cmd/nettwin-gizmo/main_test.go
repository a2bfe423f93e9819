package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
)

const sample = `<http://x/a> <http://x/p> "one" .
<http://x/a> <http://x/p> "zwei"@de <http://x/g> .
<http://x/a> <http://x/n> "007"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://x/a> <http://x/n> "8"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://x/a> <http://x/q> _:b .
`

// dataDir makes a data directory: commit 1 is the sample, commit 2 empty.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	store, err := disk.Open(dir+graphDir, disk.Options{Base: "http://x/"})
	if err != nil {
		t.Fatal(err)
	}
	quads, err := rdf.ReadAll(strings.NewReader(sample), rdf.NQuads, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []*graph.Batch{{Adds: quads}, {ClearAll: true, Adds: quads[:1]}} {
		if _, err := store.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// command runs nettwin-gizmo.
func command(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(ctx, args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// TestAnswers checks what the command writes and how it ends, for questions,
// mistakes and limits.
func TestAnswers(t *testing.T) {
	data := dataDir(t)
	file := filepath.Join(t.TempDir(), "q.js")
	if err := os.WriteFile(file, []byte(`g.V("<http://x/a>").out("<http://x/p>").count()`), 0o600); err != nil {
		t.Fatal(err)
	}
	at1 := []string{"--data", data, "--as-of", "1"}
	for _, c := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string // a part of it
	}{
		{"newest version", []string{"--data", data, `g.V("<http://x/a>").out("<http://x/p>").count()`}, 0, "1\n", ""},
		{"past version by file", append(at1, "-f", file), 0, "2\n", ""},
		{"table", append(at1, `g.V("<http://x/a>").tag("who").out("<http://x/n>").all()`), 0,
			"id   who\n007  <http://x/a>\n8    <http://x/a>\n2 results\n", ""},
		{"native comparison", append(at1, `g.V("<http://x/a>").out("<http://x/n>").filter(gte(8)).all()`), 0, "id\n8\n1 results\n", ""},
		{"emitted values and the last one", append(at1, `g.emit({a: [1, "x"]}); g.V("<http://x/g>").tagValue()`), 0, `{"a":[1,"x"]}` + "\n" + `{"id":"<http://x/g>"}` + "\n", ""},
		{"prefix", append(at1, `g.emit(g.IRI("twin:Device"))`), 0, `"<https://w3id.org/nettwin/ns#Device>"` + "\n1 results\n", ""},
		{"nothing", append(at1, `g.V("<http://x/none>").all()`), 0, "0 results\n", ""},
		{"limit", append(at1, "--limit", "1", `g.V("<http://x/a>").out("<http://x/p>").all()`), 0, "id\nzwei\n1 results\n", "there are more"},
		{"limit past the query's own", append(at1, "--limit", "1", `g.V("<http://x/a>").out("<http://x/p>").getLimit(5)`), 0, "id\nzwei\n1 results\n", "there are more"},
		{"syntax", append(at1, `g.V(`), exitUsage, "", "Line 1:5"},
		{"thrown", append(at1, `throw "oops"`), exitUsage, "", "oops"},
		{"unknown name", append(at1, `nobody()`), exitUsage, "", "nobody is not defined"},
		{"path not walked", append(at1, `g.V()`), exitUsage, "", ".all()"},
		{"endless script", append(at1, "--timeout", "100ms", `while (true) {}`), exitFailed, "", "--timeout"},
		{"endless walk", append(at1, "--timeout", "100ms", `while (true) { g.V().out().count() }`), exitFailed, "", "--timeout"},
		{"endless memory", append(at1, "--memory", "64", `var a = []; while (true) { a.push("x" + a.length) }`), exitFailed, "", "--memory"},
		{"no place", []string{"g.V()"}, exitUsage, "", "--data"},
		{"two places", []string{"--data", data, "--url", "http://127.0.0.1:1", "g.V()"}, exitUsage, "", "--url"},
		{"no query", at1, exitUsage, "", "query"},
		{"two queries", append(at1, "-f", file, "g.V()"), exitUsage, "", "not both"},
		{"bad limit", append(at1, "--limit", "0", "g.V()"), exitUsage, "", "--limit"},
		{"bad version", []string{"--data", data, "--as-of", "yesterday", "g.V()"}, exitUsage, "", "yesterday"},
		{"no such version", []string{"--data", data, "--as-of", "9", "g.V()"}, exitFailed, "", "no such version"},
		{"no such branch", []string{"--data", data, "--branch", "plan", "g.V()"}, exitFailed, "", "no such branch"},
		{"no store", []string{"--data", t.TempDir(), "g.V()"}, exitNotFound, "", "no store"},
		{"no twin", []string{"--url", "http://127.0.0.1:1", "g.V()"}, exitFailed, "", "is nettwin running"},
	} {
		code, stdout, stderr := command(t.Context(), "", c.args...)
		if code != c.code || stdout != c.stdout || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" {
			t.Errorf("%s: code %d, want %d\nstdout %q\n  want %q\nstderr %q\n  want %q", c.name, code, c.code, stdout, c.stdout, stderr, c.stderr)
		}
	}
}

// TestJSON checks the terms of JSON answers (SPARQL 1.1 Query Results JSON
// Format §3.2.2): each kind comes out exactly as it was stored.
func TestJSON(t *testing.T) {
	code, stdout, stderr := command(t.Context(), `g.V("<http://x/a>").out(["<http://x/p>", "<http://x/n>"]).all(); 1 + 1`,
		"--data", dataDir(t), "--as-of", "1", "--json", "-f", "-")
	if code != 0 || stderr != "" {
		t.Fatalf("code %d: %s", code, stderr)
	}
	text := strings.Join(strings.Fields(stdout), "")
	for _, want := range []string{
		`{"tags":{"id":{"type":"literal","value":"one"}}}`,
		`{"tags":{"id":{"type":"literal","value":"zwei","xml:lang":"de"}}}`,
		`{"tags":{"id":{"type":"literal","value":"007","datatype":"http://www.w3.org/2001/XMLSchema#integer"}}}`,
		`{"tags":{"id":{"type":"literal","value":"8","datatype":"http://www.w3.org/2001/XMLSchema#integer"}}}`,
		`"value":2`, `"truncated":false`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, stdout)
		}
	}
}

// TestInterrupt checks that a query ends when the process is told to.
func TestInterrupt(t *testing.T) {
	data := dataDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer time.AfterFunc(50*time.Millisecond, cancel).Stop()
	if code, _, stderr := command(ctx, "", "--data", data, "while (true) {}"); code != exitInterrupted {
		t.Errorf("code %d, want %d: %s", code, exitInterrupted, stderr)
	}
}

// TestFetch plays twins that answer in different ways: what is asked of them,
// and how each answer ends.
func TestFetch(t *testing.T) {
	var asked *http.Request
	answer := func(w http.ResponseWriter) { io.WriteString(w, sample) }
	twin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		answer(w)
	}))
	defer twin.Close()
	ask := func(args ...string) (int, string, string) {
		return command(t.Context(), "", append(args, "--url", twin.URL+"/", `g.V().count()`)...)
	}
	code, stdout, stderr := ask("--token", "secret", "--branch", "plan", "--as-of", "7")
	if code != 0 || stdout != "10\n" {
		t.Errorf("code %d, %q: %s", code, stdout, stderr)
	}
	if got := fmt.Sprint(asked.Method, " ", asked.URL, " ", asked.Header["Accept"], asked.Header["Authorization"]); got != "GET /data?asOf=7&branch=plan [application/n-quads] [Bearer secret]" {
		t.Errorf("asked %s", got)
	}
	for _, c := range []struct {
		name   string
		args   []string
		answer func(http.ResponseWriter)
		code   int
		stderr string
	}{
		{"too large", []string{"--max-quads", "4"}, answer, exitFailed, "more than 4 quads"},
		{"just fits", []string{"--max-quads", "5"}, answer, 0, ""},
		{"not found", nil, func(w http.ResponseWriter) { http.Error(w, "no such branch", http.StatusNotFound) }, exitNotFound, "no such branch"},
		{"forbidden", nil, func(w http.ResponseWriter) { http.Error(w, "a token is needed", http.StatusUnauthorized) }, exitFailed, "a token is needed"},
		{"not N-Quads", nil, func(w http.ResponseWriter) { io.WriteString(w, "<html>") }, exitFailed, "1:"},
		{"cut off", nil, func(w http.ResponseWriter) {
			io.WriteString(w, sample)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, exitFailed, "EOF"},
	} {
		answer = c.answer
		if code, _, stderr := ask(c.args...); code != c.code || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: code %d, want %d: %s", c.name, code, c.code, stderr)
		}
	}
}
