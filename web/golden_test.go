package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/control"
	"nettwin/control/intent"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/ingest"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology"
	"nettwin/reasoning/rules"
	"nettwin/sparql/protocol"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/api again: look at the difference")

// goldenExempt are the endpoints that have no golden exchange, and why.
var goldenExempt = map[string]string{
	"GET /api/v1/events": "it does not end; TestEvents and TestIntentEvents",
}

// goldenExchange separates requests in a file, goldenAnswer a request from its
// answer.
const (
	goldenExchange = "====\n"
	goldenAnswer   = "----\n"
)

// Goal: what each endpoint of the REST API and of TMF921 takes and answers is
// written down, and changes only on purpose. Method: requests of testdata/api
// against a server with a small twin and a controller of canned answers;
// -rewrite writes the answers, the difference is the review. Every endpoint of
// openapi.json must be asked.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/api/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	asked := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			server := newGoldenServer(t, strings.HasPrefix(filepath.Base(file), "intent-"))
			var out []string
			for _, exchange := range strings.Split(string(text), goldenExchange) {
				request, _, _ := strings.Cut(exchange, goldenAnswer)
				method, path, answer := server.exchange(t, request)
				asked[method+" "+path] = true
				out = append(out, strings.TrimRight(request, "\n")+"\n"+goldenAnswer+answer)
			}
			got := strings.Join(out, goldenExchange)
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("%s: the answers differ: go test ./web -run Golden -rewrite, then look at the difference\n%s", file, firstDifference(string(text), got))
			}
		})
	}
	var doc struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		if !strings.HasPrefix(path, "/api/v1/") && !strings.HasPrefix(path, "/tmf-api/") {
			continue
		}
		for method := range methods {
			name := strings.ToUpper(method) + " " + path
			if goldenExempt[name] == "" && !matchesAny(asked, name) {
				t.Errorf("%s: no golden exchange", name)
			}
		}
	}
}

// matchesAny tells whether a request was made on a described path.
func matchesAny(asked map[string]bool, described string) bool {
	pattern := regexp.MustCompile(`^` + regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(regexp.QuoteMeta(described), `[^/]+`) + `$`)
	for name := range asked {
		if pattern.MatchString(name) {
			return true
		}
	}
	return false
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, now %d", len(a), len(b))
}

// goldenServer answers the same each time it is made.
type goldenServer struct {
	keeper *intent.Keeper
	asked  atomic.Int64 // exchanges; a second passes for each
	*httptest.Server
}

var goldenNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// goldenItems keeps items in memory.
type goldenItems struct {
	mu   sync.Mutex
	kept map[naming.Name]items.Item
}

func (s *goldenItems) Put(_ context.Context, batch []items.Item) (names []naming.Name, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range batch {
		s.kept[it.Name()] = it
		names = append(names, it.Name())
	}
	return names, nil
}

func (s *goldenItems) Get(name naming.Name) (items.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.kept[name]
	if !ok {
		return it, items.ErrNotFound
	}
	return it, nil
}

// newGoldenServer serves a small twin, with the rules of intents if it is to
// take some.
func newGoldenServer(t *testing.T, intents bool) *goldenServer {
	t.Helper()
	ids := 0
	g := &goldenServer{}
	now := func() time.Time { return goldenNow.Add(time.Duration(g.asked.Load()) * time.Second) }
	store := mem.New(mem.Options{Base: testBase, Clock: now})
	t.Cleanup(func() { store.Close() })
	quads, err := rdf.ReadAll(strings.NewReader(`@prefix twin: <https://w3id.org/nettwin/ns#> .
		<id/device/r1> a twin:Device ; twin:name "r1" . <id/interface/r1/e0> a twin:Interface ; twin:name "e0" ; twin:interfaceOf <id/device/r1> .`),
		rdf.Turtle, rdf.ReaderOptions{Base: testBase})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), &graph.Batch{Adds: quads, Note: "collect r1"}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	derived := naming.DerivedGraph(testBase).Value()
	shelf := &goldenItems{kept: map[naming.Name]items.Item{}}
	knowledge := fstest.MapFS{}
	for _, pattern := range []string{"rules/intent-*.rule", "shapes/intent-*.rule"} {
		names, err := fs.Glob(ontology.Knowledge(), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(ontology.Knowledge(), name)
			if err != nil {
				t.Fatal(err)
			}
			knowledge[name] = &fstest.MapFile{Data: text}
		}
	}
	engine := rules.New(rules.Options{Store: store, Base: testBase, Derived: derived, Knowledge: knowledge, Log: log, Now: now})
	if intents {
		if err := engine.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	keeper, err := intent.New(intent.Options{Store: store, Rules: engine, Items: shelf, Base: testBase, Knowledge: knowledge, Now: now,
		NewID: func() string { ids++; return fmt.Sprint(ids) }})
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := ingest.NewPipeline(ingest.Options{Store: store, Items: shelf, Base: testBase, Knowledge: ontology.Knowledge(), Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	shown := rules.New(rules.Options{Store: store, Base: testBase, Derived: derived, Knowledge: fstest.MapFS{}, Log: log, Now: now})
	s := New(Options{Store: store, Items: shelf, Base: testBase, Log: log, Now: now, Version: "test", Metrics: NewMetrics(), Rules: shown,
		Control: canned{}, Intents: keeper, Operations: cannedOperations{}, Protocol: protocol.New(protocol.Options{Store: store, Base: testBase, Derived: derived, Log: log}),
		Knowledge: ontology.Knowledge(), Documents: cannedDocuments{}, Merges: pipeline,
		Sources: func() []ingest.TargetStatus { return nil }, Ontology: []byte("# vocabulary"),
		Gate: NewGate(GateOptions{Loopback: true, Tokens: gateTokens(t)}), Ready: func() error { return nil }})
	g.keeper, g.Server = keeper, httptest.NewServer(s.Handler())
	t.Cleanup(g.Close)
	return g
}

// exchange sends a request: a line with method and target, headers, an empty
// line, the body. It returns the method, the path and the answer as text.
func (g *goldenServer) exchange(t *testing.T, request string) (method, path, answer string) {
	t.Helper()
	g.asked.Add(1)
	reader := bufio.NewReader(strings.NewReader(request))
	line, _ := reader.ReadString('\n')
	method, target, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !ok {
		t.Fatalf("%q is no request", line)
	}
	header := http.Header{}
	for {
		line, err := reader.ReadString('\n')
		name, value, found := strings.Cut(strings.TrimSpace(line), ": ")
		if found {
			header.Add(name, value)
		}
		if err != nil || !found {
			break
		}
	}
	body, _ := io.ReadAll(reader)
	req, err := http.NewRequest(method, g.URL+target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return method, u.EscapedPath(), answerText(resp, text)
}

// answerText writes status, the headers that are part of the contract, and
// the body.
func answerText(resp *http.Response, body []byte) string {
	var b strings.Builder
	fmt.Fprintln(&b, resp.StatusCode)
	for _, name := range []string{"Content-Type", "Location", "WWW-Authenticate", "X-Total-Count", "X-Result-Count"} {
		if v := resp.Header.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	b.WriteString("\n")
	b.Write(body)
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\n")) {
		b.WriteString("\n")
	}
	return b.String()
}

// canned is a controller that knows one need, one plan and two entries of the
// journal.
type canned struct{}

func cannedPlan(state control.State) control.Plan {
	return control.Plan{ID: "1", Need: cannedNeed(), Action: "enable-interface", Freshness: time.Minute, State: state, Created: goldenNow, Updated: goldenNow, Base: 1,
		Changes: []control.Change{{Quad: `<https://twin.test/graph/source/netconf/r1/e0> <https://w3id.org/nettwin/yang/a/enabled> "true" <https://twin.test/graph/source/netconf/r1> .`}},
		Payloads: []control.Payload{{Driver: "netconf", Device: "r1", IRI: testBase + "id/device/r1", Graph: testBase + "graph/source/netconf/r1",
			Type: "application/xml", Body: "<config/>", Changes: []control.Change{}}},
		Verdict: &control.Verdict{OK: true, Impact: control.Impact{Devices: []string{"r1"}, Restored: []string{"voice"},
			Services: []control.ServiceImpact{{Service: testBase + "id/service/voice", Name: "voice", Before: "affected", After: "ok"}}}},
		Digest: "0123", Steps: []control.Step{{Seq: 1, Time: goldenNow, Name: "propose"}}}
}

func cannedNeed() control.Need {
	return control.Need{IRI: testBase + "id/need/enable-fault/r1/e0", Action: "https://w3id.org/nettwin/ns#EnableInterface", Message: "enable r1 e0",
		Targets: []string{testBase + "id/interface/r1/e0"}, Devices: []string{testBase + "id/device/r1"}}
}

func (canned) known(id string, state control.State) (control.Plan, error) {
	if id != "1" {
		return control.Plan{}, fmt.Errorf("%w: %s", control.ErrNoPlan, id)
	}
	return cannedPlan(state), nil
}

func (canned) Needs(context.Context) ([]control.Need, error) {
	return []control.Need{cannedNeed()}, nil
}

func (canned) NoRepairs(context.Context) ([]control.Finding, error) {
	return []control.Finding{{IRI: testBase + "id/finding/no-repair/web", Class: "https://w3id.org/nettwin/ns#NoRepairFinding",
		Message: "service web: no configured spare gives another way", About: []string{testBase + "id/service/web"}}}, nil
}
func (canned) Plans() []control.Plan { return []control.Plan{cannedPlan(control.Verified)} }
func (canned) ListPlans(f control.PlanFilter, offset, limit int) ([]control.Plan, int) {
	if f.State != "" && f.State != control.Verified || offset > 0 || limit == 0 {
		return nil, 0
	}
	return []control.Plan{cannedPlan(control.Verified)}, 1
}
func (c canned) Plan(id string) (control.Plan, error) { return c.known(id, control.Verified) }
func (c canned) Propose(_ context.Context, need string) (control.Plan, error) {
	if strings.Contains(need, "no-repair") {
		return control.Plan{}, fmt.Errorf("%w: service web: no configured spare gives another way", control.ErrNoRepair)
	}
	return c.known("1", control.Verified)
}
func (c canned) Approve(_ context.Context, id string, _ control.Principal) (control.Plan, error) {
	return c.known(id, control.Approved)
}
func (c canned) Reject(_ context.Context, id string, _ control.Principal, _ string) (control.Plan, error) {
	return c.known(id, control.Rejected)
}
func (c canned) Apply(_ context.Context, id string, _ control.Principal) (control.Plan, error) {
	if id == "1" {
		return control.Plan{}, fmt.Errorf("%w: plan 1 is verified and cannot be applied", control.ErrState)
	}
	return c.known(id, control.Done)
}
func (c canned) Supersede(_ context.Context, id string, _ control.Principal) (control.Plan, error) {
	return c.known(id, control.Verified)
}

func (canned) Audit(_ context.Context, after uint64, _ int, _ bool) (control.Audit, error) {
	log := []control.AuditEntry{
		{Entry: control.Entry{Seq: 1, Time: goldenNow, Plan: "1", Step: "propose", State: control.Proposed}, Hash: "ab12"},
		{Entry: control.Entry{Seq: 2, Prev: "ab12", Time: goldenNow, Plan: "1", Step: "approve", State: control.Approved, By: "olga"}, Hash: "cd34"},
	}
	if after > 2 {
		return control.Audit{}, errors.New("beyond the journal")
	}
	return control.Audit{Chain: control.Chain{Entries: 2, Head: "cd34"}, Verified: true, Log: slices.Clone(log[after:])}, nil
}

// Goal: a client of the stream is told of an intent's report between commits,
// with its state. Method: listen, then take an intent.
func TestIntentEvents(t *testing.T) {
	g := newGoldenServer(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, g.URL+"/api/v1/events", nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	value, _ := json.Marshal(goldenIntent)
	_, err = g.keeper.Create(ctx, &intent.Fields{Type: intent.TypeIntent, Name: "e0 up", Expression: &intent.Expression{Type: intent.TurtleExpression, Value: value}},
		control.Principal{Name: "olga", Role: "operator"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	lines := bufio.NewScanner(resp.Body)
	for event := ""; len(seen) < 2 && lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			event = name
		} else if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			seen[event] = data
		}
	}
	if !strings.Contains(seen["intent"], `"intent":"1"`) || !strings.Contains(seen["intent"], `"state":"Accepted"`) || !strings.Contains(seen["commit"], "intent: 1 created by olga") {
		t.Errorf("events %v", seen)
	}
}

const goldenIntent = `@prefix icm: <http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/> .
@prefix log: <http://tio.models.tmforum.org/tio/v3.6.0/LogicalOperators/> .
@prefix twin: <https://w3id.org/nettwin/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<http://client.example/I> a icm:Intent ; log:allOf ( <http://client.example/E> ) .
<http://client.example/E> a icm:DeliveryExpectation ; icm:deliveryType twin:UpInterface ; icm:target <http://client.example/T> .
<http://client.example/T> a icm:Target ; rdfs:member <id/interface/r1/e0> .`
