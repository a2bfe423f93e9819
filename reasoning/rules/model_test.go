package rules

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/sparql"
)

const waysRule = `# name: ways
# comment: How many ways join two places.
# citation: Menger 1927
# model: disjoint-paths
PREFIX t: <http://t/>
CONSTRUCT { ?demand t:ways ?paths ; t:over ?over }
WHERE {
  { ?edge a t:Link ; t:joins ?from, ?to . FILTER(STR(?from) < STR(?to)) }
  UNION
  { ?demand t:source ?source ; t:target ?target }
}
`

const ring = `<http://l/1> a <http://t/Link> ; <http://t/joins> <http://d/1>, <http://d/2> .
<http://l/2> a <http://t/Link> ; <http://t/joins> <http://d/2>, <http://d/3> .
<http://l/3> a <http://t/Link> ; <http://t/joins> <http://d/3>, <http://d/1> .
<http://l/4> a <http://t/Link> ; <http://t/joins> <http://d/3>, <http://d/4> .
<http://q/1> <http://t/source> <http://d/1> ; <http://t/target> <http://d/3> .
`

func derivedFact(text string) string { return "<" + testDerived + "> { " + text + " }" }

// TestModel runs a rule with a model: its answers become facts that rest on
// the quads of what the model used and on no others, change with them, and
// leave the derivations of untouched answers alone.
func TestModel(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.files["rules/ways.rule"] = &fstest.MapFile{Data: []byte(waysRule)}
	f.commit(ring, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	two := derivedFact(`<http://q/1> <http://t/ways> 2`)
	f.check("in the ring", true, two, derivedFact(`<http://q/1> <http://t/over> <http://l/3>`))
	f.check("in the ring", false, derivedFact(`<http://q/1> <http://t/over> <http://l/4>`))
	if got, want := f.premises(two), []string{"l/1>", "l/2>", "l/3>", "q/1>"}; !slices.Equal(got, want) {
		t.Errorf("2 ways rest on %v, want %v", got, want)
	}

	f.commit("", `<http://l/1> <http://t/joins> <http://d/1> .`)
	delta := &Delta{}
	delta.Add(quads(t, `<http://l/1> <http://t/joins> <http://d/1> .`)[0])
	if err := f.Apply(ctx, delta); err != nil {
		t.Fatal(err)
	}
	one := derivedFact(`<http://q/1> <http://t/ways> 1`)
	f.check("with a link less", true, one)
	f.check("with a link less", false, two, derivedFact(`<http://q/1> <http://t/over> <http://l/2>`))
	if got, want := f.premises(one), []string{"l/3>", "q/1>"}; !slices.Equal(got, want) {
		t.Errorf("1 way rests on %v, want %v", got, want)
	}
}

// premises are the subjects, shortened, that the explanation of a fact names.
func (f *fixture) premises(text string) []string {
	f.t.Helper()
	snapshot, err := f.store.Snapshot(graph.At{})
	if err != nil {
		f.t.Fatal(err)
	}
	defer snapshot.Close()
	x := Explainer{Source: snapshot, Derived: testDerived, Provenance: testBase + "graph/provenance"}
	tree, err := x.Explain(context.Background(), quads(f.t, text)[0])
	if err != nil {
		f.t.Fatal(err)
	}
	var subjects []string
	for _, why := range tree.Because {
		for _, p := range why.Premises {
			s, _, _ := strings.Cut(strings.TrimPrefix(p.Fact, "<http://"), " ")
			subjects = append(subjects, s)
		}
	}
	slices.Sort(subjects)
	return slices.Compact(subjects)
}

// TestUnknownModel runs a rule that names a model that there is not: an error
// that says so, kept in the rule's status, and the other rules run.
func TestUnknownModel(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.files["rules/ways.rule"] = &fstest.MapFile{Data: []byte(strings.Replace(waysRule, "disjoint-paths", "crystal-ball", 1))}
	f.commit(row+oldModel, "")
	if err := f.Reload(ctx); !errors.Is(err, ErrNoModel) || !strings.Contains(err.Error(), `"crystal-ball"`) {
		t.Errorf("reload: %v", err)
	}
	f.check("beside the rule without a model", true, needsCare)
	for _, s := range f.Status() {
		if s.Rule == "ways" && s.Error == "" {
			t.Error("the status shows no error")
		}
	}
}

// TestAsk asks rules of a folder that no engine runs: only those with the
// prefix, each triple once; a broken file is an error that names it.
func TestAsk(t *testing.T) {
	f := newFixture(t)
	f.files["shapes/ways.rule"] = &fstest.MapFile{Data: []byte(waysRule)}
	f.files["shapes/other.rule"] = &fstest.MapFile{Data: []byte("nothing")}
	f.commit(ring, "")
	list, err := LoadFolder(f.files, "shapes", "ways", testBase)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d rules, %v", len(list), err)
	}
	snapshot, err := f.store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	said, err := list[0].Ask(context.Background(), snapshot, sparql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var ways []string
	for _, tr := range said {
		if tr.P == rdf.IRI("http://t/ways") {
			ways = append(ways, tr.O.Value())
		}
	}
	if len(said) != 4 || !slices.Equal(ways, []string{"2"}) {
		t.Errorf("it says %v", said)
	}
	f.check("asked", false, derivedFact(`<http://q/1> <http://t/ways> 2`))
	var broken *FileError
	if _, err := LoadFolder(f.files, "shapes", "", testBase); !errors.As(err, &broken) || broken.File != "shapes/other.rule" {
		t.Errorf("broken file: %v", err)
	}
}

// intendRule lifts a source of truth; it may read the predicate that it writes
// since it reads it in another graph.
const intendRule = `# name: intend
# comment: What the source of truth says is intended.
# citation: ours
# target: intended
PREFIX t: <http://t/>
CONSTRUCT { ?d t:name ?n }
WHERE { GRAPH <graph/source/file/intended> { ?d t:name ?n } }
`

// driftRule compares with it.
const driftRule = `# name: drift
# comment: Another name than the intended one.
# citation: ours
PREFIX t: <http://t/>
CONSTRUCT { ?d t:drift ?n }
WHERE { GRAPH <graph/intended> { ?d t:name ?n } ?d t:name ?is FILTER(?is != ?n) }
`

// TestIntended lifts a source of truth into the intended graph and compares
// the twin with it; the facts go with the source, and what somebody else
// intends stays.
func TestIntended(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	f.files["align/intend.rule"] = &fstest.MapFile{Data: []byte(intendRule)}
	f.files["rules/drift.rule"] = &fstest.MapFile{Data: []byte(driftRule)}
	source := `<http://twin.test/graph/source/file/intended> { <http://twin.test/id/device/r1> <http://t/name> "core" }`
	f.commit(row+source+`<http://twin.test/graph/intended> { <http://twin.test/id/intent/1> <http://t/name> "mine" }`, "")
	if err := f.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	intended := `<http://twin.test/graph/intended> { <http://twin.test/id/device/r1> <http://t/name> "core" }`
	drift := derivedFact(`<http://twin.test/id/device/r1> <http://t/drift> "core"`)
	f.check("with the source", true, name, intended, drift)
	f.commit("", source)
	if err := f.Apply(ctx, nil); err != nil {
		t.Fatal(err)
	}
	f.check("without the source", false, intended, drift)
	f.check("without the source", true, name, `<http://twin.test/graph/intended> { <http://twin.test/id/intent/1> <http://t/name> "mine" }`)
}

// classRule writes findings of a class; it reads those of another.
func classRule(name, makes, reads string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`# name: ` + name + `
# comment: One finding follows from another.
# citation: ours
PREFIX t: <http://t/>
CONSTRUCT { ?made a t:` + makes + ` ; t:about ?x }
WHERE {
  GRAPH <graph/derived> { ` + reads + ` t:about ?x }
  BIND(IRI(CONCAT(STR(?x), "/` + name + `")) AS ?made)
}
`)}
}

// TestOrderByClass loads rules that read and write one predicate of things of
// different classes: they are ordered by class. A class that a rule gives to
// things which it did not make tells nothing, and a reader that names no class
// reads them all: both are cycles here.
func TestOrderByClass(t *testing.T) {
	order := func(files fstest.MapFS) ([]string, error) {
		set, err := LoadSet(files, testBase)
		var list []string
		for _, r := range set.Rules() {
			list = append(list, r.Name)
		}
		return list, err
	}
	files := fstest.MapFS{
		"rules/a-last.rule":   classRule("a-last", "Third", "?f a t:Second ;"),
		"rules/b-middle.rule": classRule("b-middle", "Second", "?f a t:First ;"),
		"rules/c-first.rule":  classRule("c-first", "First", "?f a t:Told ;"),
	}
	if got, err := order(files); err != nil || !slices.Equal(got, []string{"c-first", "b-middle", "a-last"}) {
		t.Errorf("order %v, %v", got, err)
	}
	files["rules/given.rule"] = &fstest.MapFile{Data: []byte(`# name: given
# comment: What is known becomes a finding of a class too.
# citation: ours
CONSTRUCT { ?f a <http://t/First> } WHERE { ?f <http://t/old> true }
`)}
	if _, err := order(files); !errors.Is(err, ErrCycle) {
		t.Errorf("with a class that is given to what was there: %v, want a cycle", err)
	}
	delete(files, "rules/given.rule")
	files["rules/any.rule"] = classRule("any", "First", "?f")
	if _, err := order(files); !errors.Is(err, ErrCycle) {
		t.Errorf("with a reader of any class: %v, want a cycle", err)
	}
}
