package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hostile are requests that nobody should send: products without end, deep
// nesting, patterns that backtrack, endless paths, huge lists, large bodies.
var hostile = map[string]func(*rand.Rand) string{
	"product": func(*rand.Rand) string { return "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }" },
	"rows":    func(*rand.Rand) string { return "SELECT * { ?a ?b ?c . ?d ?e ?f }" },
	"sort": func(*rand.Rand) string {
		return "SELECT * { ?a ?p ?c . ?d ?p ?f } ORDER BY DESC(CONCAT(STR(?c), STR(?f)))"
	},
	"distinct": func(*rand.Rand) string { return "SELECT DISTINCT ?a ?c ?d ?f { ?a ?p ?c . ?d ?p ?f }" },
	"group": func(*rand.Rand) string {
		return "SELECT ?a ?f (GROUP_CONCAT(?c) AS ?all) { ?a ?p ?c . ?d ?p ?f } GROUP BY ?a ?f"
	},
	"minus": func(*rand.Rand) string { return "SELECT * { ?a ?p ?c . ?d ?q ?f MINUS { ?a ?q ?f . ?x ?y ?z } }" },
	"optional": func(*rand.Rand) string {
		return "SELECT * { ?a ?p ?b OPTIONAL { ?c ?p ?d OPTIONAL { ?e ?p ?f FILTER(?a != ?f) } } }"
	},
	"paths": func(*rand.Rand) string {
		return "SELECT (COUNT(*) AS ?n) { ?a (<http://x/p0>|<http://x/p1>|<http://x/p2>|!<http://x/none>)* ?b . ?b (^<http://x/p0>|<http://x/p1>)+ ?c }"
	},
	"regex": func(r *rand.Rand) string {
		return fmt.Sprintf(`SELECT ?o { ?s ?p ?o FILTER(REGEX(STR(?o), "^(([a-z0-9:/.])+)+%d$")) }`, r.IntN(1000))
	},
	"replace": func(*rand.Rand) string {
		return `SELECT ?x { ?s ?p ?o BIND(REPLACE(CONCAT(STR(?o), STR(?o), STR(?o)), "(.*)*", "$1$1$1$1") AS ?x) }`
	},
	"nesting": func(*rand.Rand) string {
		return "SELECT * " + strings.Repeat("{", 5000) + "?s ?p ?o" + strings.Repeat("}", 5000)
	},
	"operators": func(*rand.Rand) string {
		return "SELECT * { ?s ?p ?o FILTER(" + strings.Repeat("!(", 20000) + "?o" + strings.Repeat(")", 20000) + ") }"
	},
	"in": func(r *rand.Rand) string {
		return "SELECT * { ?s ?p ?o FILTER(?o IN (" + strings.Repeat(strconv.Itoa(r.IntN(9))+",", 200_000) + "1)) }"
	},
	"values": func(r *rand.Rand) string {
		return "SELECT * { VALUES ?x {" + strings.Repeat(strconv.Itoa(r.IntN(9))+" ", 300_000) + "} ?s ?p ?x . ?t ?q ?x }"
	},
	"subselect": func(*rand.Rand) string {
		return "SELECT * { { SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f } { SELECT * { ?g ?h ?c . ?i ?j ?f } } }"
	},
	"exists": func(*rand.Rand) string {
		return "SELECT * { ?s ?p ?o FILTER NOT EXISTS { ?a ?b ?c . ?d ?e ?f FILTER(?c = ?o && ?f != ?o && STRLEN(STR(?a)) > 1000) } }"
	},
	"body":   func(*rand.Rand) string { return "" }, // see flood
	"broken": func(r *rand.Rand) string { return "SELECT * { ?s ?p \"" + strconv.Itoa(r.IntN(1<<30)) },
}

// polite is what other users ask meanwhile, with its only answer.
const (
	polite       = "SELECT ?o { <http://x/s7> <http://x/p0> ?o }"
	politeAnswer = "o\r\nhttp://x/s21\r\n"
	politeLimit  = 20 * time.Second
	abuseMemory  = 2 << 30
	abuseClients = 64
)

// Goal: whatever a crowd of clients asks, the twin stays within its memory,
// names the limit that it refuses by, goes on answering others, and lives.
// Method: the real binary on 100,000 triples with a limit of memory; 64 hostile
// clients for as long as NETTWIN_SOAK says, some seconds otherwise; two others
// whose every answer is compared.
func TestAbuse(t *testing.T) {
	length, clients := 6*time.Second, 16
	if text := os.Getenv("NETTWIN_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		length, clients = min(length, 10*time.Minute), abuseClients
	}
	b := newBesieged(t)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var crowd sync.WaitGroup
	for i := range clients {
		crowd.Go(func() { b.attack(ctx, rand.New(rand.NewPCG(1, uint64(i)))) })
	}
	for range 2 {
		crowd.Go(func() { b.askPolitely(ctx) })
	}
	crowd.Go(func() { b.watchMemory(ctx) })
	crowd.Wait()
	b.report()
	if status, text := b.post(t.Context(), polite); status != http.StatusOK || text != politeAnswer {
		t.Errorf("afterwards: %d %.300s", status, text)
	}
	if len(b.took) < 3 {
		t.Errorf("%d answers to others", len(b.took))
	}
	if b.peak > abuseMemory {
		t.Errorf("%d MiB of memory, the limit is %d", b.peak>>20, abuseMemory>>20)
	}
}

// besieged is a twin with its clients.
type besieged struct {
	t      *testing.T
	url    string
	pid    int
	client *http.Client
	stderr bytes.Buffer

	mu    sync.Mutex // guards what follows
	took  []time.Duration
	said  map[string]int
	peak  int64
	asked atomic.Int64
}

func newBesieged(t *testing.T) *besieged {
	t.Helper()
	b := &besieged{t: t, said: map[string]int{}, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: abuseClients}}}
	dir := t.TempDir()
	var data strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&data, "<http://x/s%d> <http://x/p%d> <http://x/s%d> .\n<http://x/s%d> <http://x/n> %d .\n", i, i%7%3, i*3%50_000, i, i%977)
	}
	file := filepath.Join(t.TempDir(), "data.ttl")
	if err := os.WriteFile(file, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := nettwin(t, "", "load", "--data", dir, file); r.code != 0 {
		t.Fatal(r.stderr)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	config := write(t, t.TempDir(), "nettwin.yaml", "limits: {queryTimeout: 5s, maxQueryTimeout: 10s, maxMemoryBytes: 256MiB, maxRows: 100000}\n")
	cmd := exec.Command(buildBinary(t), "serve", "--data", dir, "--listen", addr, "--config", config)
	cmd.Env = append(os.Environ(), "GOMEMLIMIT="+strconv.Itoa(abuseMemory*3/4))
	cmd.Stderr = &b.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	b.url, b.pid = "http://"+addr, cmd.Process.Pid
	t.Cleanup(func() {
		b.client.CloseIdleConnections()
		_ = cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			t.Errorf("the twin ended: %v\n%s", err, b.stderr.String())
		}
	})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get(b.url + "/readyz"); err == nil {
			resp.Body.Close()
			return b
		}
		if time.Now().After(end) {
			t.Fatalf("the twin did not answer: %s", b.stderr.String())
		}
	}
}

// post asks a query for CSV; 0 means that the connection was cut.
func (b *besieged) post(ctx context.Context, query string) (int, string) {
	form := url.Values{"query": {query}, "format": {"csv"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/sparql", strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

// flood sends a query that does not end.
func (b *besieged) flood(ctx context.Context) (int, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/sparql", io.LimitReader(spaces{}, 1<<30))
	if err != nil {
		b.t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/sparql-query")
	return b.do(req)
}

// spaces is a reader of nothing but spaces.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func (b *besieged) do(req *http.Request) (int, string) {
	resp, err := b.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// attack sends hostile requests, and goes away in the middle of some.
func (b *besieged) attack(ctx context.Context, random *rand.Rand) {
	var names []string
	for name := range hostile {
		names = append(names, name)
	}
	slices.Sort(names)
	for ctx.Err() == nil {
		name := names[random.IntN(len(names))]
		inner, cancel := context.WithTimeout(ctx, 30*time.Second)
		if random.IntN(4) == 0 {
			inner, cancel = context.WithTimeout(ctx, time.Duration(random.IntN(2000))*time.Millisecond)
		}
		ask := func() (int, string) { return b.post(inner, hostile[name](random)) }
		if name == "body" {
			ask = func() (int, string) { return b.flood(inner) }
		}
		status, text := ask()
		gone := inner.Err() != nil
		cancel()
		b.asked.Add(1)
		if status >= 400 && !gone {
			b.judge(name, status, text)
		}
		b.mu.Lock()
		b.said[fmt.Sprintf("%s %d", name, status)]++
		b.mu.Unlock()
	}
}

// judge looks at a refusal: one that is the twin's to give says what it is.
func (b *besieged) judge(name string, status int, text string) {
	reasons := []string{"limit", "time", "memory", "bytes", "levels", "does not end", "expected", "rows", "waiting"}
	if status == http.StatusInternalServerError || !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(text, r) }) {
		b.t.Errorf("%s: %d %.300s", name, status, text)
	}
}

func (b *besieged) askPolitely(ctx context.Context) {
	for ctx.Err() == nil {
		inner, cancel := context.WithTimeout(ctx, politeLimit)
		started := time.Now()
		status, text := b.post(inner, polite)
		late := inner.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case late || status != http.StatusOK || text != politeAnswer:
			b.t.Errorf("another user: after %s %d %.300s", time.Since(started), status, text)
		default:
			b.mu.Lock()
			b.took = append(b.took, time.Since(started))
			b.mu.Unlock()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// watchMemory reads what the process holds of the machine's memory.
func (b *besieged) watchMemory(ctx context.Context) {
	if runtime.GOOS != "linux" {
		return
	}
	for ctx.Err() == nil {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.pid))
		if err != nil {
			b.t.Errorf("the twin is gone: %v\n%s", err, b.stderr.String())
			return
		}
		_, rest, _ := strings.Cut(string(text), "VmRSS:")
		kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		b.mu.Lock()
		b.peak = max(b.peak, kib<<10)
		b.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
	}
}

func (b *besieged) report() {
	slices.Sort(b.took)
	at := func(share float64) time.Duration {
		if len(b.took) == 0 {
			return 0
		}
		return b.took[int(share*float64(len(b.took)-1))].Round(10 * time.Microsecond)
	}
	b.t.Logf("%d hostile requests; others: %d answers, median %s, 99 %% within %s, longest %s; at most %d MiB",
		b.asked.Load(), len(b.took), at(0.5), at(0.99), at(1), b.peak>>20)
	var lines []string
	for what, n := range b.said {
		lines = append(lines, fmt.Sprintf("%s ×%d", what, n))
	}
	slices.Sort(lines)
	b.t.Log(strings.Join(lines, ", "))
}
