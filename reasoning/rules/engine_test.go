package rules

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

const (
	testBase    = "http://twin.test/"
	testDerived = testBase + "graph/derived"
)

const liftRule = `# name: lift
# comment: A row with a name is a device.
# citation: RFC 3418
PREFIX m: <http://m/>
PREFIX t: <http://t/>
CONSTRUCT { ?d a t:Device ; t:name ?n }
WHERE { GRAPH ?g { ?row m:sysName ?n } BIND(IRI(CONCAT("id/device/", ENCODE_FOR_URI(?n))) AS ?d) }
`

const oldRule = `# name: old
# comment: A device whose model is old
#   needs care.
# citation: ours
PREFIX t: <http://t/>
CONSTRUCT { ?d t:needs "care" }
WHERE { ?d a t:Device ; t:name ?n . ?m t:oldName ?n }
`

// fixture is an engine over an in-memory store with rule files in a map.
type fixture struct {
	t     *testing.T
	store graph.Store
	files fstest.MapFS
	*Engine
}

func newFixture(t *testing.T) *fixture {
	store := mem.New(mem.Options{Base: testBase})
	t.Cleanup(func() { store.Close() })
	files := fstest.MapFS{
		"align/lift.rule": {Data: []byte(liftRule)},
		"rules/old.rule":  {Data: []byte(oldRule)},
	}
	return &fixture{t, store, files, New(Options{
		Store: store, Base: testBase, Derived: testDerived, Knowledge: files,
		Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})}
}

func (f *fixture) commit(adds, deletes string) {
	f.t.Helper()
	_, err := f.store.Commit(context.Background(), &graph.Batch{Adds: quads(f.t, adds), Deletes: quads(f.t, deletes)})
	if err != nil {
		f.t.Fatal(err)
	}
}

func quads(t *testing.T, text string) []rdf.Quad {
	t.Helper()
	list, err := rdf.ReadAll(strings.NewReader(text), rdf.TriG, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// has asks whether the store holds a quad now.
func (f *fixture) has(text string) bool {
	f.t.Helper()
	snapshot, err := f.store.Snapshot(graph.At{})
	if err != nil {
		f.t.Fatal(err)
	}
	defer snapshot.Close()
	found, err := contains(snapshot, quads(f.t, text)[0])
	if err != nil {
		f.t.Fatal(err)
	}
	return found
}

func (f *fixture) check(when string, want bool, texts ...string) {
	f.t.Helper()
	for _, text := range texts {
		if got := f.has(text); got != want {
			f.t.Errorf("%s: present=%v, want %v: %s", when, got, want, text)
		}
	}
}

const (
	row       = `<http://src> { <http://src/system> <http://m/sysName> "r1" }`
	oldModel  = `<http://oldModel/1> <http://t/oldName> "r1" .`
	device    = `<http://twin.test/id/device/r1> a <http://t/Device> .`
	name      = `<http://twin.test/id/device/r1> <http://t/name> "r1" .`
	needsCare = `<http://twin.test/graph/derived> { <http://twin.test/id/device/r1> <http://t/needs> "care" }`
)

// TestLifecycle follows facts through a chain of two rules: made when their
// premises come, gone when one goes, when the rule's file is deleted, and when
// an earlier rule's facts go.
func TestLifecycle(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	f.commit(row+oldModel, "")
	if err := f.Apply(ctx, nil); err != nil {
		t.Fatal(err)
	}
	f.check("after premises", true, device, name, needsCare)

	f.commit("", oldModel)
	delta := &Delta{}
	delta.Add(quads(t, oldModel)[0])
	if err := f.Apply(ctx, delta); err != nil {
		t.Fatal(err)
	}
	f.check("after the model went", false, needsCare)
	f.check("after the model went", true, device)

	f.commit(oldModel, "")
	if err := f.Apply(ctx, delta); err != nil {
		t.Fatal(err)
	}
	f.check("after the model came back", true, needsCare)
	delete(f.files, "align/lift.rule")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	f.check("after the alignment's file was deleted", false, device, name, needsCare)
	if n := len(f.Status()); n != 1 {
		t.Errorf("%d rules in the status after one of two was deleted", n)
	}
}

// TestUnchangedCommitsNothing runs everything twice: the second run must not
// make a commit.
func TestUnchangedCommitsNothing(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.commit(row+oldModel, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	head := f.store.Info().Head
	if err := f.Apply(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if now := f.store.Info().Head; now != head {
		t.Errorf("an unchanged run moved the head from %d to %d", head, now)
	}
}

// TestAssertedFactStays: a fact that somebody wrote before a rule derived it
// outlives the derivation (invariant I2).
func TestAssertedFactStays(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.commit(row+name, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	f.check("derived", true, device, name)
	f.commit("", row)
	if err := f.Apply(ctx, nil); err != nil {
		t.Fatal(err)
	}
	f.check("premise gone", false, device)
	f.check("premise gone", true, name)
}

// TestDeletedFactIsMended: a derived fact that somebody deletes comes back
// while its premises hold (invariant I1).
func TestDeletedFactIsMended(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.commit(row, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	f.commit("", device)
	delta := &Delta{}
	delta.Add(quads(t, device)[0])
	if err := f.Apply(ctx, delta); err != nil {
		t.Fatal(err)
	}
	f.check("after the run", true, device)
}

// TestBrokenFileKeepsFacts: a file that no longer parses is reported and what
// its rule derived stays until it is mended.
func TestBrokenFileKeepsFacts(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.commit(row, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	f.files["align/lift.rule"] = &fstest.MapFile{Data: []byte(strings.Replace(liftRule, "WHERE {", "WHERE [", 1))}
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	f.check("while broken", true, device)
	if broken := f.Set().Broken["lift"]; broken == nil || !strings.Contains(broken.Error(), "align/lift.rule:7:") {
		t.Errorf("the error does not name file and line: %v", broken)
	}
}

// TestOnBranch runs the rules on a scenario: the main branch keeps its facts.
func TestOnBranch(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.commit(row+oldModel, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.Fork(ctx, "what-if", graph.At{}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.store.Commit(ctx, &graph.Batch{Branch: "what-if", Deletes: quads(t, oldModel)}); err != nil {
		t.Fatal(err)
	}
	if err := f.OnBranch("what-if").Apply(ctx, nil); err != nil {
		t.Fatal(err)
	}
	f.check("on main", true, needsCare)
	snapshot, err := f.store.Snapshot(graph.At{Branch: "what-if"})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	if found, err := contains(snapshot, quads(t, needsCare)[0]); found || err != nil {
		t.Errorf("on the branch the finding stays: %v %v", found, err)
	}
}

// TestFollow runs the loop: a commit wakes the rules, the end of the context
// ends it.
func TestFollow(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(context.Background())
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	ended, head := make(chan error), f.store.Info().Head
	go func() { ended <- f.Follow(ctx, head) }()
	f.commit(row+oldModel, "")
	for deadline := time.Now().Add(10 * time.Second); !f.has(needsCare); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the rules did not run within 10 s of the commit")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestExplain asks for the tree of a fact that two rules lead to.
func TestExplain(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.commit(row+oldModel+`<http://src> { <http://src> <https://w3id.org/nettwin/ns#deviceName> "r1" }
		<http://twin.test/graph/provenance> {
			<http://src/system> <https://w3id.org/nettwin/ns#item> <http://twin.test/names/k1> .
			<http://a/1> <http://www.w3.org/ns/prov#generated> <http://twin.test/names/k1> ;
				<https://w3id.org/nettwin/ns#sourceGraph> <http://src> ;
				<http://www.w3.org/ns/prov#used> <http://twin.test/names/r1> ;
				<http://www.w3.org/ns/prov#endedAtTime> "2026-11-22T10:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> }`, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	snapshot, err := f.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	x := Explainer{Source: snapshot, Derived: testDerived, Provenance: testBase + "graph/provenance"}
	fact := quads(t, needsCare)[0]
	fact.G = rdf.Term{} // found in the derived graph by itself
	tree, err := x.Explain(ctx, fact)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Because) != 1 || tree.Because[0].Name != "old" || tree.Because[0].Comment != "A device whose model is old needs care." {
		t.Fatalf("not explained by rule old with its comment: %+v", tree.Because)
	}
	trace := sourceBelow(tree)
	if trace == nil || trace.Device != "r1" || trace.KnowledgeItem != "http://twin.test/names/k1" ||
		len(trace.RawItems) != 1 || trace.Ended.Format(time.RFC3339) != "2026-11-22T10:00:00Z" {
		t.Errorf("the tree does not lead to device, items and time: %+v", trace)
	}
	if _, err := x.Explain(ctx, rdf.Quad{S: fact.S, P: fact.P, O: rdf.String("other")}); !errors.Is(err, ErrNoFact) {
		t.Errorf("an absent fact: %v, want ErrNoFact", err)
	}
}

func sourceBelow(x *Explanation) *SourceTrace {
	if x.Source != nil {
		return x.Source
	}
	for _, because := range x.Because {
		for _, premise := range because.Premises {
			if found := sourceBelow(premise); found != nil {
				return found
			}
		}
	}
	return nil
}

// TestLoadErrors gives each mistake in a rule file and reads its message.
func TestLoadErrors(t *testing.T) {
	header := "# name: x\n# comment: c\n# citation: c\n"
	for _, c := range []struct{ name, text, want string }{
		{"no header", "CONSTRUCT { ?s <http://p> 1 } WHERE { ?s ?p ?o }", `header "# name: …" is missing`},
		{"name", strings.Replace(header, "x", "y", 1) + "CONSTRUCT { ?s <http://p> 1 } WHERE { ?s ?p ?o }", `header name "y" is not the file's name "x"`},
		{"syntax", header + "CONSTRUCT { ?s <http://p> 1 } WHERE { ?s ?p }", "rules/x.rule:4:"},
		{"form", header + "SELECT * { ?s ?p ?o }", "a rule is a CONSTRUCT query"},
		{"bnode", header + "CONSTRUCT { [] <http://p> ?o } WHERE { ?s ?p ?o }", "blank nodes in the template"},
		{"predicate", header + "CONSTRUCT { ?s ?p 1 } WHERE { ?s ?p ?o }", "predicates must be IRIs"},
		{"target", "# target: moon\n" + header + "CONSTRUCT { ?s <http://p> 1 } WHERE { ?s ?p ?o }", `target "moon"`},
	} {
		_, err := ParseRule("rules/x.rule", c.text, testBase)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", c.name, err, c.want)
		}
	}
	cycle := fstest.MapFS{
		"rules/a.rule": {Data: []byte("# name: a\n# comment: c\n# citation: c\nCONSTRUCT { ?s <http://a> 1 } WHERE { GRAPH ?g { ?s <http://b> 1 } }")},
		"rules/b.rule": {Data: []byte("# name: b\n# comment: c\n# citation: c\nCONSTRUCT { ?s <http://b> 1 } WHERE { GRAPH ?g { ?s <http://a> 1 } }")},
	}
	if _, err := LoadSet(cycle, testBase); !errors.Is(err, ErrCycle) || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("a cycle: %v", err)
	}
}
