package rules

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

// randomCases is how many networks of rules TestRestrictedRandom makes; each
// goes through randomSteps changes.
const (
	randomCases = 200
	randomSteps = 6
)

// Goal: what rules that follow changes keep is byte for byte what a new engine
// derives from the same data. Method: random rules of all shapes (an alignment
// rule and three that may read each other), random data, random adds and
// deletes, deleted facts among them; after each change every quad of the store
// is compared with a fresh store's, and inside the engine each restricted
// evaluation with a full one.
func TestRestrictedRandom(t *testing.T) {
	restricted := 0
	for seed := range uint64(randomCases) {
		restricted += randomCase(t, seed)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d restricted evaluations", restricted)
	if restricted < randomCases*randomSteps {
		t.Errorf("only %d restricted evaluations in %d cases: the test does not test them", restricted, randomCases)
	}
}

func randomCase(t *testing.T, seed uint64) int {
	t.Helper()
	g := &ruleMaker{Rand: rand.New(rand.NewPCG(seed, 7))}
	files := g.files()
	data := map[rdf.Quad]bool{}
	live := newRandomEngine(t, files)
	live.verifyAll = true
	for range 30 {
		data[g.quad()] = true
	}
	commitQuads(t, live, nil, keysOf(data))
	if err := live.Reload(context.Background()); err != nil {
		t.Logf("seed %d: %v", seed, err)
		return 0
	}
	for step := range randomSteps {
		adds, deletes := g.change(data)
		if g.IntN(3) == 0 {
			deletes = append(deletes, g.derivedFact(t, live)...)
		}
		delta := &Delta{}
		for _, q := range slices.Concat(adds, deletes) {
			delta.Add(q)
		}
		commitQuads(t, live, deletes, adds)
		if err := live.Apply(context.Background(), delta); err != nil {
			t.Errorf("seed %d step %d: %v\n%s", seed, step, err, rulesText(files))
			return 0
		}
		fresh := newRandomEngine(t, files)
		commitQuads(t, fresh, nil, keysOf(data))
		if err := fresh.Reload(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got, want := dump(t, live.opt.Store), dump(t, fresh.opt.Store); got != want {
			t.Errorf("seed %d step %d: a fresh engine differs\n%s\nadds %v\ndeletes %v\n%s", seed, step, rulesText(files), adds, deletes, difference(got, want))
			return 0
		}
		fresh.opt.Store.Close()
	}
	live.opt.Store.Close()
	if len(live.Set().Broken) > 0 {
		t.Errorf("seed %d: %v", seed, live.Set().Broken)
	}
	return live.restricted
}

func newRandomEngine(t *testing.T, files fstest.MapFS) *Engine {
	t.Helper()
	return New(Options{Store: mem.New(mem.Options{Base: testBase}), Base: testBase, Derived: testDerived, Knowledge: files,
		Log: slog.New(slog.DiscardHandler), Now: time.Now})
}

func commitQuads(t *testing.T, e *Engine, deletes, adds []rdf.Quad) {
	t.Helper()
	if _, err := e.opt.Store.Commit(context.Background(), &graph.Batch{Deletes: deletes, Adds: adds}); err != nil {
		t.Fatal(err)
	}
}

func dump(t *testing.T, store graph.Store) string {
	t.Helper()
	var lines []string
	for _, q := range allQuads(t, store) {
		lines = append(lines, q.String())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func allQuads(t *testing.T, store graph.Store) []rdf.Quad {
	t.Helper()
	snapshot, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	var list []rdf.Quad
	for q, err := range graph.ExportQuads(context.Background(), snapshot, graph.Pattern{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, q)
	}
	return list
}

func difference(got, want string) string {
	var b strings.Builder
	has, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range has {
		if !slices.Contains(wants, line) {
			b.WriteString("extra   " + line + "\n")
		}
	}
	for _, line := range wants {
		if !slices.Contains(has, line) {
			b.WriteString("missing " + line + "\n")
		}
	}
	return b.String()
}

func keysOf(set map[rdf.Quad]bool) []rdf.Quad {
	var list []rdf.Quad
	for q := range set {
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b rdf.Quad) int { return strings.Compare(a.String(), b.String()) })
	return list
}

func rulesText(files fstest.MapFS) string {
	var b strings.Builder
	for name, f := range files {
		b.WriteString(name + ":\n" + string(f.Data) + "\n")
	}
	return b.String()
}

// ruleMaker makes random rules and data. Asserted predicates are p0..p3 in
// the default graph and in graphs g0..g1; the alignment rule writes w0 and w1,
// rule i writes o<i>.
type ruleMaker struct {
	*rand.Rand
	fresh  int      // variables made by BIND
	reads  []string // o predicates that may be read
	source bool     // only source graphs may be read
}

func (g *ruleMaker) one(list ...string) string { return list[g.IntN(len(list))] }

func (g *ruleMaker) quad() rdf.Quad {
	nodes := []rdf.Term{rdf.IRI("http://x/n0"), rdf.IRI("http://x/n1"), rdf.IRI("http://x/n2"), rdf.IRI("http://x/n3"), rdf.BNode("b")}
	objects := append(slices.Clone(nodes), rdf.String("x"), rdf.Literal("1", rdf.XSDInteger), rdf.Literal("01", rdf.XSDInteger))
	graphs := []rdf.Term{{}, rdf.IRI("http://x/g0"), rdf.IRI("http://x/g1")}
	return rdf.Quad{S: nodes[g.IntN(len(nodes))], P: rdf.IRI(fmt.Sprintf("http://x/p%d", g.IntN(4))), O: objects[g.IntN(len(objects))], G: graphs[g.IntN(len(graphs))]}
}

// change draws adds and deletes and makes them in data.
func (g *ruleMaker) change(data map[rdf.Quad]bool) (adds, deletes []rdf.Quad) {
	if kind := g.IntN(3); kind != 0 {
		all := keysOf(data)
		for range min(1+g.IntN(3), len(all)) {
			q := all[g.IntN(len(all))]
			deletes = append(deletes, q)
			delete(data, q)
		}
	}
	if len(deletes) == 0 || g.IntN(2) == 0 {
		for range 1 + g.IntN(3) {
			q := g.quad()
			adds = append(adds, q)
			data[q] = true
		}
	}
	return adds, deletes
}

// derivedFact draws a fact that rules made, if there is one.
func (g *ruleMaker) derivedFact(t *testing.T, e *Engine) []rdf.Quad {
	var facts []rdf.Quad
	for _, q := range allQuads(t, e.opt.Store) {
		if strings.HasPrefix(q.P.Value(), "http://x/o") || strings.HasPrefix(q.P.Value(), "http://x/w") {
			facts = append(facts, q)
		}
	}
	if len(facts) == 0 {
		return nil
	}
	slices.SortFunc(facts, func(a, b rdf.Quad) int { return strings.Compare(a.String(), b.String()) })
	return []rdf.Quad{facts[g.IntN(len(facts))]}
}

func (g *ruleMaker) files() fstest.MapFS {
	files := fstest.MapFS{}
	g.source = true
	files["align/lift.rule"] = &fstest.MapFile{Data: []byte(g.rule("lift", "w0", "w1"))}
	g.source = false
	for i := range 3 {
		name := fmt.Sprintf("r%d", i)
		files["rules/"+name+".rule"] = &fstest.MapFile{Data: []byte(g.rule(name, fmt.Sprintf("o%d", i)))}
		g.reads = append(g.reads, fmt.Sprintf("o%d", i))
	}
	return files
}

func (g *ruleMaker) rule(name string, writes ...string) string {
	g.fresh = 0
	where := g.group(2)
	if g.IntN(2) == 0 {
		where = g.chain()
	}
	made := ""
	for _, p := range writes {
		made += fmt.Sprintf("%s x:%s %s . ", g.one("?a", "?b", "?c"), p, g.one("?a", "?b", "?c", "?d", "?v1"))
	}
	return fmt.Sprintf("# name: %s\n# comment: random\n# citation: ours\nPREFIX x: <http://x/>\nCONSTRUCT { %s}\nWHERE %s\n", name, made, where)
}

// chain is a WHERE of one shape whose parts share variables, so that it has
// solutions more often than a group.
func (g *ruleMaker) chain() string {
	p := func() string { return g.one("x:p0", "x:p1", "x:p2", "x:p3") }
	in := func(text string) string {
		return g.one("", "GRAPH ?g ", "GRAPH <http://x/g0> ") + "{ " + text + "} "
	}
	if g.source {
		in = func(text string) string { return "GRAPH ?g { " + text + "} " }
	}
	part := func() string {
		return g.one(
			in("?b "+p()+" ?c . "), in("?a "+p()+" ?c . "), in("?a "+p()+" ?c . ?c "+p()+" ?d . "),
			"{ "+in("?b "+p()+" ?c . ")+"FILTER(?c != ?a) } ",
			"{ "+in("?b "+p()+" ?c . ")+"FILTER NOT EXISTS { "+in("?c "+p()+" ?a . ")+"} } ",
			"{ "+in("?b "+p()+" ?c . ")+"} UNION { "+in("?a "+p()+" ?d . ")+"} ")
	}
	text := in("?a " + p() + " ?b . ")
	for range 1 + g.IntN(2) {
		shape := g.one("OPTIONAL ", "FILTER NOT EXISTS ", "FILTER EXISTS ", "MINUS ", "", "SELECT")
		if shape == "SELECT" {
			text += "{ SELECT DISTINCT " + g.one("?a", "?b", "?b ?c") + " WHERE { " + part() + "} } "
		} else {
			text += shape + "{ " + part() + "} "
		}
	}
	return "{ " + text + "} "
}

func (g *ruleMaker) triple(graph string) string {
	p := g.one("x:p0", "x:p1", "x:p2", "x:p3")
	if graph == "" && g.IntN(4) == 0 {
		p = g.one("x:w0", "x:w1")
	}
	if g.IntN(8) == 0 {
		p = g.one("(x:p0|x:p1)", "(x:p0|^x:p2)", "x:p0/x:p1", "x:p0+", "(x:p1/x:p2|x:p3)")
	}
	if graph == "" && g.IntN(20) == 0 {
		p = "?p"
	}
	s := g.one("?a", "?b", "?c", "?a", "?b", "x:n0")
	return s + " " + p + " " + g.one("?a", "?b", "?c", "?d", "?d", "x:n1", "\"x\"", "1", "[]") + " . "
}

// block is some triples in one graph.
func (g *ruleMaker) block() string {
	name := g.one("", "GRAPH ?g", "GRAPH <http://x/g0>")
	if g.source && name == "" {
		name = "GRAPH ?g"
	}
	if name == "" && len(g.reads) > 0 && g.IntN(3) == 0 {
		return fmt.Sprintf("GRAPH <%s> { %s x:%s %s } ", testDerived, g.one("?a", "?b", "?c"), g.one(g.reads...), g.one("?a", "?b", "?c"))
	}
	text := g.triple(name)
	if g.IntN(2) == 0 {
		text += g.triple(name)
	}
	if name == "" {
		return text
	}
	if g.IntN(6) == 0 {
		text += "?g x:p1 ?b . "
	}
	if g.IntN(3) == 0 {
		text += g.inside(name)
	}
	return name + " { " + text + "} "
}

// inside is a part that is matched in the graph of its block.
func (g *ruleMaker) inside(name string) string {
	triple := "{ " + g.triple(name) + "} "
	return g.one("OPTIONAL "+triple, "FILTER NOT EXISTS "+triple, "MINUS "+triple, triple+"UNION { "+g.triple(name)+"} ",
		"{ SELECT DISTINCT ?a WHERE "+triple+"} ")
}

func (g *ruleMaker) group(depth int) string {
	text := g.block()
	if g.IntN(2) == 0 {
		text += g.block()
	}
	if depth == 0 {
		return "{ " + text + g.filter() + "} "
	}
	for range g.IntN(4) {
		switch g.IntN(9) {
		case 0, 1:
			text += "OPTIONAL " + g.group(depth-1)
		case 2:
			text += "FILTER NOT EXISTS " + g.group(depth-1)
		case 3:
			text += "FILTER EXISTS " + g.group(depth-1)
		case 4:
			text += "MINUS " + g.group(depth-1)
		case 5:
			text += g.group(depth-1) + "UNION " + g.group(depth-1)
		case 6:
			text += fmt.Sprintf("{ SELECT DISTINCT %s WHERE %s} ", g.one("?a", "?a ?b", "?b ?d", "?a ?g"), g.group(depth-1))
		case 7:
			g.fresh++
			text += fmt.Sprintf("BIND(%s AS ?v%d) ", g.one("STR(?a)", "EXISTS "+g.group(0), "IF(BOUND(?d), ?d, ?a)", "IRI(CONCAT(\"http://x/made/\", STR(?b)))"), g.fresh)
		case 8:
			text += g.block() + g.filter()
		}
	}
	return "{ " + text + "} "
}

func (g *ruleMaker) filter() string {
	return g.one("", "", "FILTER(?a != ?b) ", "FILTER(BOUND(?d) || ?c = ?a) ", "VALUES ?a { x:n0 x:n1 x:n2 } ", "FILTER(ISIRI(?b)) ")
}
