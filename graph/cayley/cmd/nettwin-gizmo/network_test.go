package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk"
	"nettwin/graph/rdf"
	"nettwin/internal/testenv"
	"nettwin/naming"
	"nettwin/sparql"
	"nettwin/sparql/results"
)

// readyWait bounds how long the demo may take, on a machine that runs other
// tests too.
const readyWait = 3 * time.Minute

// question is asked in both languages; ?id and so on are the tags.
type question struct {
	name   string
	gizmo  string
	sparql string
	set    bool // as sets: a recursion finds each node once
}

// fresh numbers the variables for graphs.
var fresh int

// in is a triple pattern in any graph, the default graph included: Gizmo sees
// them all, and counts a triple for each.
func in(s, p, o string) string {
	fresh++
	return fmt.Sprintf("{ { %[1]s %[2]s %[3]s } UNION { GRAPH ?g%[4]d { %[1]s %[2]s %[3]s } } }", s, p, o, fresh)
}

func questions() []question {
	devices, interfaces := in("?id", "a", "twin:Device"), in("?id", "a", "twin:Interface")
	return []question{
		{name: "devices", gizmo: `g.V(g.IRI("twin:Device")).in(g.IRI("rdf:type")).save(g.IRI("twin:name"), "name").all()`,
			sparql: devices + in("?id", "twin:name", "?name")},
		{name: "interfaces", gizmo: `g.V(g.IRI("twin:Interface")).in(g.IRI("rdf:type")).save(g.IRI("twin:mtu"), "mtu").save(g.IRI("twin:operStatus"), "oper").all()`,
			sparql: interfaces + in("?id", "twin:mtu", "?mtu") + in("?id", "twin:operStatus", "?oper")},
		{name: "neighbours of r1", gizmo: `g.V(g.IRI("twin:Device")).in(g.IRI("rdf:type")).has(g.IRI("twin:name"), "r1").in(g.IRI("twin:linkOf")).out(g.IRI("twin:linkOf")).out(g.IRI("twin:name")).all()`,
			sparql: in("?d", "a", "twin:Device") + in("?d", "twin:name", `"r1"`) + in("?l", "twin:linkOf", "?d") + in("?l", "twin:linkOf", "?e") + in("?e", "twin:name", "?id")},
		{name: "ends of links", gizmo: `g.V(g.IRI("twin:Link")).in(g.IRI("rdf:type")).tag("link").out(g.IRI("twin:endpoint")).save(g.IRI("twin:name"), "port").out(g.IRI("twin:interfaceOf")).out(g.IRI("twin:name")).all()`,
			sparql: in("?link", "a", "twin:Link") + in("?link", "twin:endpoint", "?i") + in("?i", "twin:name", "?port") + in("?i", "twin:interfaceOf", "?d") + in("?d", "twin:name", "?id")},
		{name: "addresses", gizmo: `g.V(g.IRI("twin:Interface")).in(g.IRI("rdf:type")).saveOpt(g.IRI("twin:alias"), "alias").saveR(g.IRI("twin:addressOf"), "address").all()`,
			sparql: interfaces + in("?address", "twin:addressOf", "?id") + "OPTIONAL " + in("?id", "twin:alias", "?alias")},
		{name: "large frames", gizmo: `g.V().has(g.IRI("twin:mtu"), gt(2000)).all()`,
			sparql: in("?id", "twin:mtu", "?mtu") + "FILTER(?mtu > 2000)"},
		{name: "interfaces without text", gizmo: `g.V(g.IRI("twin:Interface")).in(g.IRI("rdf:type")).except(g.V().has(g.IRI("twin:alias"))).all()`,
			sparql: interfaces + "FILTER NOT EXISTS " + in("?id", "twin:alias", "?alias")},
		{name: "findings", gizmo: `g.V().labelContext(g.IRI("https://demo.example/graph/derived")).tag("finding").out(g.IRI("twin:message")).all()`,
			sparql: "GRAPH <https://demo.example/graph/derived> { ?finding twin:message ?id }"},
		{name: "parts of devices", set: true, gizmo: `g.V(g.IRI("twin:Device")).in(g.IRI("rdf:type")).followRecursive(g.M().in(g.IRI("twin:componentOf"))).all()`,
			sparql: in("?d", "a", "twin:Device") + "?id twin:componentOf+ ?d"},
		{name: "count", gizmo: `g.emit({id: g.V(g.IRI("twin:Interface")).in(g.IRI("rdf:type")).count()})`,
			sparql: "{ SELECT (COUNT(*) AS ?id) WHERE { " + in("?i", "a", "twin:Interface") + " } }"},
	}
}

// TestNetwork plays the fixture network with the real nettwin, then asks the
// same questions in Gizmo, by this command, and in SPARQL, by our engine, of
// one version: through the running twin's address, and on its data directory
// once it has ended. The answers are the same bags. While the twin runs, its
// directory is refused.
func TestNetwork(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	address, stop := startDemo(t, dir, data)
	seq := newest(t, address)
	byURL := map[string][]string{}
	for _, q := range questions() {
		byURL[q.name] = askGizmo(t, q, "--url", address, "--as-of", seq)
	}
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"--data", data, "g.V().count()"}, nil, io.Discard, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "--url") {
		t.Errorf("on a directory in use: code %d, %s", code, &stderr)
	}
	stop()
	want := map[string][]string{}
	store, err := disk.Open(filepath.Join(data, "graph"), disk.Options{MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions() {
		want[q.name] = askSPARQL(t, store, q, seq)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			if len(want[q.name]) == 0 {
				t.Fatal("SPARQL has no answers: the question proves nothing")
			}
			for how, got := range map[string][]string{"url": byURL[q.name], "data": askGizmo(t, q, "--data", data, "--as-of", seq)} {
				if !slices.Equal(got, want[q.name]) {
					t.Errorf("by --%s: %d answers, SPARQL has %d:\n%.800q\n%.800q", how, len(got), len(want[q.name]), got, want[q.name])
				}
			}
		})
	}
}

// startDemo builds nettwin and runs its demo. stop ends it and waits.
func startDemo(t *testing.T, dir, data string) (address string, stop func()) {
	t.Helper()
	bin := filepath.Join(dir, "nettwin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/nettwin")
	build.Dir = testenv.ProjectRoot()
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build nettwin: %v\n%s", err, out)
	}
	demo := exec.CommandContext(t.Context(), bin, "demo", "--data", data, "--listen", "127.0.0.1:0", "--no-flows")
	demo.Cancel = func() error { return demo.Process.Signal(os.Interrupt) }
	demo.WaitDelay = readyWait
	var stderr bytes.Buffer
	demo.Stderr = &stderr
	stdout, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(readyWait, func() { demo.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(stdout)
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "twin ready at ")
	}
	if address == "" {
		demo.Wait()
		t.Fatalf("the demo did not get ready:\n%s", &stderr)
	}
	return address, func() {
		t.Helper()
		demo.Process.Signal(os.Interrupt)
		io.Copy(io.Discard, stdout)
		demo.Wait()
	}
}

// newest is the newest commit of a running twin.
func newest(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address + "sparql?" + url.Values{"query": {"ASK {}"}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	seq := resp.Header.Get("Nettwin-Commit")
	if seq == "" {
		t.Fatalf("%s: no Nettwin-Commit", resp.Status)
	}
	return seq
}

// askGizmo returns the rows of a question, sorted.
func askGizmo(t *testing.T, q question, where ...string) []string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append(where, "--json", q.gizmo), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("%s: code %d: %s", q.name, code, &stderr)
	}
	var a struct {
		Results []struct {
			Tags map[string]term
			Emit map[string]any
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v\n%s", q.name, err, &stdout)
	}
	var rows []string
	for _, r := range a.Results {
		for name, v := range r.Emit {
			r.Tags = map[string]term{name: {Type: "literal", Value: fmt.Sprint(v), Datatype: rdf.XSDInteger}}
		}
		rows = append(rows, fmt.Sprint(r.Tags))
	}
	return q.sorted(rows)
}

// askSPARQL returns the rows of a question on a version, sorted.
func askSPARQL(t *testing.T, store graph.Store, q question, seq string) []string {
	t.Helper()
	ctx := context.Background()
	at, err := (&cli{AsOf: seq}).at()
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := store.Snapshot(at)
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var names []string
	for _, name := range []string{"id", "name", "mtu", "oper", "link", "port", "alias", "address", "finding"} {
		if strings.Contains(q.gizmo, `"`+name+`"`) || name == "id" {
			names = append(names, name)
		}
	}
	query, err := sparql.Parse(fmt.Sprintf("PREFIX twin: <%s> SELECT ?%s WHERE { %s }", naming.Twin, strings.Join(names, " ?"), q.sparql), "")
	if err != nil {
		t.Fatalf("%s: %v", q.name, err)
	}
	result, err := query.Run(ctx, snapshot, sparql.Options{Timeout: readyWait})
	if err != nil {
		t.Fatalf("%s: %v", q.name, err)
	}
	solutions, err := results.Collect(ctx, result)
	if err != nil {
		t.Fatalf("%s: %v", q.name, err)
	}
	var rows []string
	for _, solution := range solutions {
		tags := map[string]term{}
		for i, value := range solution {
			if value.IsZero() {
				continue
			}
			tag := termOf(value)
			tag.plain = "" // not in JSON
			tags[names[i]] = tag
		}
		rows = append(rows, fmt.Sprint(tags))
	}
	return q.sorted(rows)
}

func (q question) sorted(rows []string) []string {
	slices.Sort(rows)
	if q.set {
		rows = slices.Compact(rows)
	}
	return rows
}
