package exec_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/exec"
	"nettwin/sparql/plan"
	"nettwin/sparql/ref"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

// cyclic are patterns with cycles.
var cyclic = []string{
	`?a :p ?b . ?b :p ?c . ?c :p ?a`,
	`?a :p ?b . ?b :q ?c . ?a :p ?c FILTER(?a != ?c)`,
	`?a :p ?b . ?b :p ?c . ?c :p ?d . ?d :p ?a`,
	`?a :p ?b . ?b :p ?c . ?c :p ?a . ?a :p ?d . ?b :q ?d . ?c :p ?d`,
	`?a :p ?b . ?b :p ?c . ?a :q ?c OPTIONAL { ?c :q ?d . ?a :p ?d }`,
	`GRAPH :g { ?a :p ?b . ?b :p ?c . ?c :p ?a } ?a :q ?d . ?c :q ?d`,
	`GRAPH ?g { ?a :p ?b . ?b :p ?c . ?c :p ?a }`,
	`{ SELECT DISTINCT ?a ?b { ?a :p ?b . ?b :p ?c . ?a :q ?c } } ?b :p ?d . ?a :p ?d`,
	`VALUES ?a { :n0 :n1 } ?a :p ?b . ?b :p ?c . ?a :p ?c . ?c :q ?b`,
}

// Goal: joins that intersect lists give the answers of ref. Method: cyclic
// patterns over random graphs with a few nodes that many lead to, in the
// default graph and in a named one, with chunks of several sizes, perturbed
// costs, two goroutines, the union of all graphs and hardly any memory; the
// operator must be among what is run.
func TestIntersectOracle(t *testing.T) {
	spill, _ := newSpill(t, 0)
	used := 0
	for seed := range uint64(cases(60)) {
		random := rand.New(rand.NewPCG(seed, 8))
		data := crowded(random, 6+random.IntN(30), 10+random.IntN(120))
		snap, err := load(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		text := "PREFIX : <" + genNS + "> SELECT * { " + cyclic[seed%uint64(len(cyclic))] + " }"
		q, err := translate(text, "")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			opt := exec.Options{Now: testTime, UnionDefault: i%2 == 1, ChunkRows: []int{0, 1, 3, 7, 0, 2}[i]}
			if i > 1 {
				opt.Perturb = rand.New(rand.NewPCG(seed, uint64(i)))
			}
			if i == 3 {
				opt.Workers, opt.WorkersFrom = 2, 1e-9
			}
			if i == 5 {
				opt.MaxMemoryBytes, opt.Spill = 2_000, spill
			}
			opt.Explain = func(p *plan.Plan) { used += strings.Count(p.String(), "intersect ?") }
			want, err := answer(t.Context(), func() (*results.Result, error) {
				return ref.Query(t.Context(), q, snap, ref.Options{Now: testTime, UnionDefault: opt.UnionDefault})
			})
			if err != nil {
				break // too large for the oracle
			}
			got, err := answer(t.Context(), func() (*results.Result, error) { return exec.Query(t.Context(), q, snap, opt) })
			var limit *results.LimitError
			if i == 5 && errors.As(err, &limit) {
				continue
			}
			if err != nil {
				t.Fatalf("seed %d, case %d: %s: %v", seed, i, text, err)
			}
			if d := sparqltest.CompareAnswers(want, got, false); d != "" {
				t.Fatalf("seed %d, case %d: %s: %s", seed, i, text, d)
			}
		}
		snap.Close() //nolint:errcheck // in memory
	}
	if t.Logf("%d intersections", used); used < cases(60)/4 {
		t.Errorf("%d intersections were run", used)
	}
}

// crowded makes a random graph of n nodes, some of which many edges have as an
// end.
func crowded(random *rand.Rand, n, edges int) []rdf.Quad {
	node := func() rdf.Term {
		i := random.IntN(n)
		if random.IntN(3) == 0 {
			i = random.IntN(2)
		}
		return rdf.IRI(fmt.Sprint(genNS, "n", i))
	}
	var out []rdf.Quad
	for range edges {
		q := rdf.Quad{S: node(), P: rdf.IRI(genNS + []string{"p", "p", "q"}[random.IntN(3)]), O: node()}
		if random.IntN(4) == 0 {
			q.G = rdf.IRI(genNS + []string{"g", "h"}[random.IntN(2)])
		}
		out = append(out, q)
	}
	return out
}

// Goal: a cycle through crowded nodes costs about what its edges and answers
// do, not what the paths through those nodes would. Method: a hub that all
// others lead to and from; the solutions that operators made.
func TestIntersectCrowded(t *testing.T) {
	const nodes = 1_000
	var data []rdf.Quad
	node := func(i int) rdf.Term { return rdf.IRI(fmt.Sprint(genNS, "n", i)) }
	for i := 1; i < nodes; i++ {
		data = append(data, rdf.Quad{S: node(0), P: rdf.IRI(genNS + "p"), O: node(i)}, rdf.Quad{S: node(i), P: rdf.IRI(genNS + "p"), O: node(0)},
			rdf.Quad{S: node(i), P: rdf.IRI(genNS + "p"), O: node(i * 7 % nodes)})
	}
	snap, err := load(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close() //nolint:errcheck // in memory
	for _, text := range []string{cyclic[0], `?a :p ?b . ?b :p ?c . ?c :p ?a . ?a :p ?d . ?b :p ?d . ?c :p ?d`} {
		q, err := translate("PREFIX : <"+genNS+"> SELECT (COUNT(*) AS ?n) { "+text+" }", "")
		if err != nil {
			t.Fatal(err)
		}
		var made int64
		var walk func(plan.Node)
		walk = func(n plan.Node) {
			made += n.About().Seen
			for _, in := range plan.Inputs(n) {
				walk(in)
			}
		}
		r, err := exec.Query(t.Context(), q, snap, exec.Options{Now: testTime, Explain: func(p *plan.Plan) { walk(p.Root) }})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := results.Collect(context.Background(), r)
		if err != nil || len(rows) != 1 {
			t.Fatal(len(rows), err)
		}
		if made > 20*int64(len(data)) {
			t.Errorf("%s: operators made %d solutions for %d edges", text, made, len(data))
		}
	}
}
