package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// readyWait bounds how long a demo may take until it is ready, on a machine
	// that runs other tests too.
	readyWait = 2 * time.Minute
	// endWait bounds how long it may take to end.
	endWait = 15 * time.Second
)

// demo is a running "nettwin demo" or "nettwin serve" in this process.
type demo struct {
	url    string // with the slash at its end
	dir    string
	stdout *output
	stderr *output
	cancel context.CancelFunc
	code   chan int
}

// output keeps what a command prints and tells when a pattern comes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait returns the first match of a pattern's first group.
func (o *output) wait(pattern *regexp.Regexp, ended <-chan int, limit time.Duration) (string, error) {
	timeout := time.After(limit)
	for {
		if m := pattern.FindStringSubmatch(o.String()); m != nil {
			return m[1], nil
		}
		select {
		case <-o.more:
		case code := <-ended:
			return "", fmt.Errorf("it ended with code %d", code)
		case <-timeout:
			return "", fmt.Errorf("%s did not come within %v", pattern, limit)
		}
	}
}

var readyLine = regexp.MustCompile(`twin ready at (http://\S+/)`)

// startDemo starts a demo on a free port and waits until it is ready.
func startDemo(dir string) (*demo, error) { return startServer("demo", dir) }

// startServer starts demo or serve on a free port.
func startServer(command, dir string, more ...string) (*demo, error) {
	ctx, cancel := context.WithCancel(context.Background())
	d := &demo{dir: dir, stdout: newOutput(), stderr: newOutput(), cancel: cancel, code: make(chan int, 1)}
	args := append([]string{command, "--data", dir, "--listen", "127.0.0.1:0"}, more...)
	go func() { d.code <- run(ctx, args, strings.NewReader(""), d.stdout, d.stderr) }()
	var err error
	if d.url, err = d.stdout.wait(readyLine, d.code, readyWait); err != nil {
		cancel()
		return nil, fmt.Errorf("%s: %w; stderr:\n%s", command, err, d.stderr)
	}
	return d, nil
}

// end does what Ctrl-C does and waits for the end.
func (d *demo) end() error {
	d.cancel()
	select {
	case code := <-d.code:
		if code != 0 {
			return fmt.Errorf("the demo ended with code %d:\n%s", code, d.stderr)
		}
		return nil
	case <-time.After(endWait):
		return fmt.Errorf("the demo did not end within %v of its context's end", endWait)
	}
}

// ownServer is a demo or serve of one test; stop ends it, once.
func ownServer(t *testing.T, command, dir string, more ...string) (d *demo, stop func()) {
	t.Helper()
	d, err := startServer(command, dir, more...)
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := d.end(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return d, stop
}

// shared is the demo that the tests of this package ask; it starts with the
// first of them and TestMain ends it.
var shared sharedDemo

type sharedDemo struct {
	once sync.Once
	demo *demo
	err  error
}

func (s *sharedDemo) get(t *testing.T) *demo {
	t.Helper()
	s.once.Do(func() {
		dir, err := os.MkdirTemp("", "nettwin-shared-demo-*")
		if err != nil {
			s.err = err
			return
		}
		s.demo, s.err = startDemo(dir)
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.demo
}

func (s *sharedDemo) end() error {
	if s.demo == nil {
		return nil
	}
	defer os.RemoveAll(s.demo.dir)
	return s.demo.end()
}

// client is that of the tests: no request may take for ever.
var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}

// value is an RDF term in SPARQL 1.1 Query Results JSON.
type value struct {
	Type, Value, Datatype string
}

// row is a solution. What is unbound is the zero value.
type row map[string]value

// s is the text of a variable's term.
func (r row) s(name string) string { return r[name].Value }

// twinPrefixes stands before the queries of the tests.
const twinPrefixes = "PREFIX twin: <https://w3id.org/nettwin/ns#>\nPREFIX prov: <http://www.w3.org/ns/prov#>\n"

// ask posts a SELECT as any client of the protocol does. The answer is read
// here, not by code of the project.
func (d *demo) ask(t *testing.T, query string) []row {
	t.Helper()
	rows, err := askSPARQL(d.url, twinPrefixes+query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return rows
}

func askSPARQL(base, query string) ([]row, error) {
	req, err := http.NewRequest(http.MethodPost, base+"sparql", strings.NewReader(url.Values{"query": {query}}.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/sparql-results+json")
	status, body, err := send(req)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", status, body)
	}
	var answer struct {
		Results struct{ Bindings []row }
	}
	err = json.Unmarshal(body, &answer)
	return answer.Results.Bindings, err
}

func send(req *http.Request) (int, []byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// fetch gets a path of the demo.
func (d *demo) fetch(t *testing.T, path string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := send(req)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// lines writes one line a row: the variables' values, "-" where unbound.
func lines(rows []row, names ...string) []string {
	var out []string
	for _, r := range rows {
		cells := make([]string, len(names))
		for i, name := range names {
			if cells[i] = r.s(name); cells[i] == "" {
				cells[i] = "-"
			}
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

// same fails unless both lists hold the same lines as often, in any order.
func same(t *testing.T, what string, graph, truth []string) {
	t.Helper()
	missing, extra := minus(truth, graph), minus(graph, truth)
	for _, line := range missing {
		t.Errorf("%s: the graph lacks %q", what, line)
	}
	for _, line := range extra {
		t.Errorf("%s: the graph has, beyond the truth, %q", what, line)
	}
	if len(truth) == 0 {
		t.Errorf("%s: the truth is empty: nothing was compared", what)
	}
	t.Logf("%s: %d compared", what, len(truth))
}

// minus is the bag a without the bag b.
func minus(a, b []string) []string {
	left := map[string]int{}
	for _, line := range b {
		left[line]++
	}
	var out []string
	for _, line := range a {
		if left[line] > 0 {
			left[line]--
			continue
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}
