package intent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"nettwin/control"
	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/naming"
	"nettwin/naming/items"
	"nettwin/ontology"
	"nettwin/reasoning/rules"
)

// shelf keeps items in memory.
type shelf struct {
	mu   sync.Mutex
	kept map[naming.Name]items.Item
}

func (s *shelf) Put(_ context.Context, batch []items.Item) ([]naming.Name, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []naming.Name
	for _, it := range batch {
		names = append(names, it.Name())
		s.kept[it.Name()] = it
	}
	return names, nil
}

func (s *shelf) Get(name naming.Name) (items.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.kept[name]
	if !ok {
		return it, items.ErrNotFound
	}
	return it, nil
}

// bench is a twin that knows one interface, and a keeper of intents.
type bench struct {
	*testing.T
	ctx   context.Context
	store graph.Store
	shelf *shelf
	*Keeper
	time time.Time
	ids  int
}

var (
	operator = control.Principal{Name: "olga", Role: "operator"}
	reader   = control.Principal{Name: "rudi", Role: "reader"}
	stateOf  = rdf.IRI("https://w3id.org/nettwin/ns#intentState")
	reasonOf = rdf.IRI("https://w3id.org/nettwin/ns#reason")
)

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, ctx: t.Context(), shelf: &shelf{kept: map[naming.Name]items.Item{}}, time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	b.store = mem.New(mem.Options{Base: testBase})
	t.Cleanup(func() { b.store.Close() })
	quads, err := rdf.ReadAll(strings.NewReader(`@prefix twin: <https://w3id.org/nettwin/ns#> .
		<id/interface/r1/e0> a twin:Interface ; twin:name "e0" ; twin:interfaceOf <id/device/r1> . <id/device/r1> a twin:Device ; twin:name "r1" .`),
		rdf.Turtle, rdf.ReaderOptions{Base: testBase})
	if err != nil {
		t.Fatal(err)
	}
	b.commit(quads)
	b.reopen()
	return b
}

// reopen makes a keeper over what the store has, as after a restart.
func (b *bench) reopen() {
	b.Helper()
	engine := rules.New(rules.Options{Store: b.store, Base: testBase, Derived: naming.DerivedGraph(testBase).Value(), Knowledge: ontology.Knowledge(),
		Log: slog.New(slog.DiscardHandler), Now: b.now})
	if err := engine.Reload(b.ctx); err != nil {
		b.Fatal(err)
	}
	var err error
	b.Keeper, err = New(Options{Store: b.store, Rules: engine, Items: b.shelf, Base: testBase, Knowledge: ontology.Knowledge(), Now: b.now,
		NewID: func() string { b.ids++; return fmt.Sprint("i", b.ids) }})
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) now() time.Time { b.time = b.time.Add(time.Second); return b.time }

func (b *bench) commit(quads []rdf.Quad) {
	b.Helper()
	if _, err := b.store.Commit(b.ctx, &graph.Batch{Adds: quads}); err != nil {
		b.Fatal(err)
	}
}

// say puts a state into the derived graph in the place of rules.
func (b *bench) say(id string, state State, reasons ...string) {
	b.Helper()
	derived := naming.DerivedGraph(testBase)
	batch := &graph.Batch{ClearGraphs: []graph.Term{derived}}
	batch.Adds = append(batch.Adds, rdf.Quad{S: b.iri(id), P: stateOf, O: rdf.String(string(state)), G: derived})
	for _, r := range reasons {
		batch.Adds = append(batch.Adds, rdf.Quad{S: b.iri(id), P: reasonOf, O: rdf.String(r), G: derived})
	}
	if _, err := b.store.Commit(b.ctx, batch); err != nil {
		b.Fatal(err)
	}
	if err := b.Assure(b.ctx); err != nil {
		b.Fatal(err)
	}
}

// fields are those of a request for an intent.
func fields(name string, e *Expression) *Fields {
	return &Fields{Type: TypeIntent, Name: name, Expression: e}
}

func (b *bench) create(name string) Intent {
	b.Helper()
	i, err := b.Create(b.ctx, fields(name, expression(TurtleExpression, upTurtle)), operator)
	if err != nil {
		b.Fatal(err)
	}
	return i
}

// dataset is main as sorted text.
func (b *bench) quadsOf(g rdf.Term) []rdf.Quad {
	b.Helper()
	head, err := b.store.Snapshot(graph.At{})
	if err != nil {
		b.Fatal(err)
	}
	defer head.Close()
	id, err := graph.ID(head, g)
	if err != nil {
		b.Fatal(err)
	}
	var list []rdf.Quad
	if id == graph.None {
		return nil
	}
	for q, err := range graph.ExportQuads(b.ctx, head, graph.Pattern{graph.G: id}) {
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, q)
	}
	return list
}

func ladder(list []Report) string {
	var steps []string
	for _, r := range list {
		steps = append(steps, r.ID()+" "+string(r.State))
	}
	return strings.Join(steps, ", ")
}

// Goal: an intent lives: it is taken, stored with its record, reported on as
// its state changes and only then, outlives a restart, and is deleted whole.
// Method: the shipped shapes, states said by hand.
func TestLife(t *testing.T) {
	b := newBench(t)
	reports, end := b.Listen()
	defer end()
	made := b.create("r1 e0 up")
	if made.ID != "i1" || made.Status != Accepted || made.Href != "/tmf-api/intentManagement/v5/intent/i1" {
		t.Errorf("made %+v", made)
	}
	if n := len(b.quadsOf(naming.IntendedGraph(testBase))); n != 14 {
		t.Errorf("%d quads in its graph: %v", n, b.quadsOf(naming.IntendedGraph(testBase)))
	}
	name, err := naming.Parse(made.Item)
	if err != nil {
		t.Fatal(err)
	}
	if it, err := b.shelf.Get(name); err != nil || !strings.Contains(string(it.Bytes), `"by":"olga"`) {
		t.Errorf("its record is %s, %v", it.Bytes, err)
	}
	b.say("i1", Degraded, "r1 e0 is down")
	b.say("i1", Degraded, "r1 e0 is down")
	b.say("i1", Degraded, "r1 e0 is disabled")
	b.say("i1", Compliant)
	b.reopen()
	if err := b.Assure(b.ctx); err != nil {
		t.Fatal(err)
	}
	list, err := b.Reports(b.ctx, "i1")
	if err != nil || ladder(list) != "1 Accepted, 2 Degraded, 3 Degraded, 4 Compliant" || list[1].Reasons[0].Message != "r1 e0 is down" {
		t.Errorf("reports %+v, %v", list, err)
	}
	for _, want := range []State{Accepted, Degraded, Degraded, Compliant} {
		if got := <-reports; got.State != want || got.Intent != "i1" {
			t.Errorf("told of %+v, expected %s", got, want)
		}
	}
	all, err := b.List(b.ctx)
	if err != nil || len(all) != 1 || all[0].Status != Compliant || all[0].Name != "r1 e0 up" || all[0].StatusDate != list[3].Time {
		t.Errorf("all %+v, %v", all, err)
	}
	if _, err := b.Report(b.ctx, "i1", "9"); !errors.Is(err, ErrNoReport) {
		t.Error(err)
	}
	if err := b.Delete(b.ctx, "i1", operator); err != nil {
		t.Fatal(err)
	}
	if left := b.quadsOf(naming.IntendedGraph(testBase)); len(left) != 0 {
		t.Errorf("left of it: %v", left)
	}
	for _, q := range b.quadsOf(naming.ProvenanceGraph(testBase)) {
		if strings.Contains(q.S.Value(), "/report/") {
			t.Errorf("left of its reports: %v", q)
		}
	}
	if _, err := b.Reports(b.ctx, "i1"); !errors.Is(err, ErrNoIntent) {
		t.Error(err)
	}
}

// Goal: who did what is in the provenance graph. Method: create, change and
// delete; look for an activity of each with its principal and record.
func TestProvenance(t *testing.T) {
	b := newBench(t)
	b.create("one")
	if _, err := b.Update(b.ctx, "i1", []byte(`{"description": "told why"}`), operator); err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(b.ctx, "i1", operator); err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	used := 0
	for _, q := range b.quadsOf(naming.ProvenanceGraph(testBase)) {
		switch q.P.Value() {
		case "https://w3id.org/nettwin/ns#outcome":
			outcomes[q.O.Value()]++
		case "http://www.w3.org/ns/prov#used":
			if _, err := naming.ParseItemIRI(testBase, q.O); err == nil {
				used++
			}
		}
	}
	if outcomes["created"] != 1 || outcomes["changed"] != 1 || outcomes["deleted"] != 1 || used != 3 {
		t.Errorf("outcomes %v, %d records", outcomes, used)
	}
}

// Goal: what shapes object to is not stored, and the answer tells path and
// reason. Method: an interface that nobody knows, no target, an operator that
// is not understood; the dataset must stay as it was.
func TestShapes(t *testing.T) {
	b := newBench(t)
	before := b.store.Info().Quads
	for _, test := range []struct{ name, turtle, path, message string }{
		{"unknown", strings.ReplaceAll(upTurtle, "r1/e0", "r1/e9"), "http://www.w3.org/2000/01/rdf-schema#member",
			"https://twin.test/id/interface/r1/e9 is no service and no interface that the twin knows"},
		{"no target", strings.ReplaceAll(upTurtle, "icm:target", "icm:chosen"), "http://tio.models.tmforum.org/tio/v3.6.0/IntentCommonModel/target", ""},
		{"operator", strings.ReplaceAll(upTurtle, "log:allOf", "log:anyOf"), "http://tio.models.tmforum.org/tio/v3.6.0/LogicalOperators/anyOf", "log:anyOf is not understood"},
		{"old dialect", strings.ReplaceAll(upTurtle, "v3.6.0/IntentCommonModel/", "v1.0.0/IntentCommonModel#"), rdf.RDFType, "write it in the terms of"},
	} {
		_, err := b.Create(b.ctx, fields(test.name, expression(TurtleExpression, test.turtle)), operator)
		var bad *ViolationError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		found := false
		for _, v := range bad.Violations {
			found = found || v.Path == test.path && strings.Contains(v.Message, test.message) && v.Focus != "" && v.Shape != ""
		}
		if !found {
			t.Errorf("%s: %+v", test.name, bad.Violations)
		}
	}
	branches, err := b.store.Branches()
	if now := b.store.Info().Quads; now != before || err != nil || len(branches) != 1 {
		t.Errorf("%d quads, before %d; branches %v, %v", now, before, branches, err)
	}
}

// Goal: a time of validity that would not be kept is refused, not ignored.
// Method: an end, a start in the future, one in the past.
func TestValidity(t *testing.T) {
	b := newBench(t)
	past, future := b.time.Add(-time.Hour), b.time.Add(time.Hour)
	for _, test := range []struct {
		period Period
		want   error
	}{{Period{End: &future}, ErrRequest}, {Period{Start: &future}, ErrRequest}, {Period{Start: &past}, nil}} {
		f := fields("timed", expression(TurtleExpression, upTurtle))
		f.ValidFor = &test.period
		if _, err := b.Create(b.ctx, f, operator); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v", test.period, err)
		}
	}
}

// Goal: two intents may use the same names without sharing anything. Method:
// the same document twice; delete the first.
func TestSameNames(t *testing.T) {
	b := newBench(t)
	b.create("one")
	b.create("two")
	if err := b.Delete(b.ctx, "i1", operator); err != nil {
		t.Fatal(err)
	}
	if n := len(b.quadsOf(naming.IntendedGraph(testBase))); n != 14 {
		t.Errorf("%d quads are left of the second", n)
	}
}

// Goal: a patch changes what it says and nothing else, and a patch that would
// make a bad intent changes nothing. Method: RFC 7396 by hand.
func TestUpdate(t *testing.T) {
	b := newBench(t)
	made := b.create("one")
	got, err := b.Update(b.ctx, made.ID, []byte(`{"id": "i1", "description": "d", "priority": "1", "version": null}`), operator)
	if err != nil || got.Description != "d" || got.Name != "one" || got.Created != made.Created || !got.LastUpdate.After(made.LastUpdate) {
		t.Errorf("%+v, %v", got, err)
	}
	bad, _ := json.Marshal(map[string]any{"expression": map[string]any{"expressionValue": strings.ReplaceAll(upTurtle, "r1/e0", "r1/e9")}})
	var violation *ViolationError
	if _, err := b.Update(b.ctx, made.ID, bad, operator); !errors.As(err, &violation) {
		t.Errorf("an unknown interface: %v", err)
	}
	for patch, want := range map[string]error{`{"name": null}`: ErrRequest, `[]`: ErrRequest, `{"colour": "red"}`: ErrRequest, `{"expression": 7}`: ErrRequest} {
		if _, err := b.Update(b.ctx, made.ID, []byte(patch), operator); !errors.Is(err, want) {
			t.Errorf("%s: %v", patch, err)
		}
	}
	if again, err := b.Get(b.ctx, made.ID); err != nil || again.Description != "d" || again.LastUpdate != got.LastUpdate {
		t.Errorf("afterwards %+v, %v", again, err)
	}
}

// Goal: intents lead to devices: only operators make, change and delete them.
// Method: a reader tries each.
func TestRoles(t *testing.T) {
	b := newBench(t)
	b.create("one")
	_, create := b.Create(b.ctx, fields("x", expression(TurtleExpression, upTurtle)), reader)
	_, update := b.Update(b.ctx, "i1", []byte(`{}`), reader)
	for i, err := range []error{create, update, b.Delete(b.ctx, "i1", reader)} {
		if !errors.Is(err, control.ErrForbidden) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// Goal: reports stay bounded, and keep their numbers. Method: more changes
// than are kept.
func TestManyReports(t *testing.T) {
	b := newBench(t)
	b.create("one")
	for n := range MaxReports + 5 {
		b.say("i1", Degraded, fmt.Sprint("reason ", n))
	}
	list, err := b.Reports(b.ctx, "i1")
	if err != nil || len(list) != MaxReports || list[0].Number != 7 || list[len(list)-1].Number != MaxReports+6 {
		t.Errorf("%d reports, %v", len(list), err)
	}
}

// Goal: a listener that does not read does not stop the twin and gets the
// newest. Method: more reports than its channel holds.
func TestSlowListener(t *testing.T) {
	var l listeners
	reports, end := l.Listen()
	for n := range listenerBuffer + 3 {
		l.tell(Report{Number: n})
	}
	end()
	l.tell(Report{Number: -1})
	if first := <-reports; first.Number != 3 || len(reports) != listenerBuffer-1 {
		t.Errorf("first %d, %d more", first.Number, len(reports))
	}
}

// Goal: Follow reports on its own after a commit, and ends with its context.
// Method: say a state while it runs.
func TestFollow(t *testing.T) {
	b := newBench(t)
	b.create("one")
	reports, end := b.Listen()
	defer end()
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan error, 1)
	go func() { done <- b.Follow(ctx) }()
	derived := naming.DerivedGraph(testBase)
	b.commit([]rdf.Quad{{S: b.iri("i1"), P: stateOf, O: rdf.String("Compliant"), G: derived}})
	select {
	case r := <-reports:
		if r.State != Compliant || r.Number != 2 {
			t.Errorf("%+v", r)
		}
	case <-time.After(10 * time.Second):
		t.Error("no report")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Goal: two intents that demand opposite states of one interface do not both
// stand: the second is refused and told which it stands against, be it new or
// changed; once the first is gone it is taken. Method: up against down.
func TestConflict(t *testing.T) {
	b := newBench(t)
	up := b.create("up")
	downTurtle := strings.ReplaceAll(upTurtle, "twin:UpInterface", "twin:DownInterface")
	down := fields("down", expression(TurtleExpression, downTurtle))
	refused := func(err error) {
		t.Helper()
		var conflict *ConflictError
		if !errors.As(err, &conflict) || len(conflict.Violations) != 1 || b.OtherID(conflict.Violations[0]) != up.ID ||
			conflict.Violations[0].Message != "r1 e0 cannot be down, since another expectation wants it up" {
			t.Errorf("%v", err)
		}
	}
	_, err := b.Create(b.ctx, down, operator)
	refused(err)
	// One that wants another interface down is changed to want this one.
	b.commit([]rdf.Quad{{S: rdf.IRI(testBase + "id/interface/r1/e1"), P: rdf.IRI(rdf.RDFType), O: rdf.IRI(naming.Twin + "Interface")}})
	other, err := b.Create(b.ctx, fields("other", expression(TurtleExpression, strings.ReplaceAll(downTurtle, "r1/e0", "r1/e1"))), operator)
	if err != nil {
		t.Fatal(err)
	}
	patch, _ := json.Marshal(map[string]any{"expression": map[string]any{"expressionValue": downTurtle}})
	_, err = b.Update(b.ctx, other.ID, patch, operator)
	refused(err)
	if err := b.Delete(b.ctx, up.ID, operator); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Update(b.ctx, other.ID, patch, operator); err != nil {
		t.Error(err)
	}
}

// Goal: what stands between the commits of rules is not reported. Method: a
// reason without its state is no report; states that follow one another at
// once make one report, of the last.
func TestSettled(t *testing.T) {
	b := newBench(t)
	b.create("one")
	b.say("i1", Compliant, "r1 e0 is disabled")
	if list, err := b.Reports(b.ctx, "i1"); err != nil || ladder(list) != "1 Accepted" {
		t.Errorf("reports %s, %v", ladder(list), err)
	}
	reports, end := b.Listen()
	defer end()
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan error, 1)
	go func() { done <- b.Follow(ctx) }()
	derived := naming.DerivedGraph(testBase)
	for _, burst := range [][]State{{Degraded}, {Compliant, Degraded, Compliant}} {
		for _, state := range burst {
			_, err := b.store.Commit(ctx, &graph.Batch{ClearGraphs: []graph.Term{derived}, Adds: []rdf.Quad{{S: b.iri("i1"), P: stateOf, O: rdf.String(string(state)), G: derived}}})
			if err != nil {
				t.Fatal(err)
			}
		}
		if r := <-reports; r.State != burst[len(burst)-1] {
			t.Errorf("%+v after %v", r, burst)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if list, err := b.Reports(b.ctx, "i1"); err != nil || ladder(list) != "1 Accepted, 2 Degraded, 3 Compliant" {
		t.Errorf("reports %s, %v", ladder(list), err)
	}
}
