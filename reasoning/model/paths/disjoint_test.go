package paths

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/reasoning/model"
)

func iri(kind string, n int) rdf.Term { return rdf.IRI(fmt.Sprintf("http://e/%s/%d", kind, n)) }

func link(variable string, n, from, to int) model.Row {
	return model.Row{variable: iri("link", n), "from": iri("device", from), "to": iri("device", to)}
}

func ask(n, source, target int) model.Row {
	return model.Row{"demand": iri("demand", n), "source": iri("device", source), "target": iri("device", target)}
}

// said writes answers as lines: demand, variable, value.
func said(answers []model.Answer) []string {
	var lines []string
	for _, a := range answers {
		for name, value := range a.Row {
			if name != "demand" {
				lines = append(lines, strings.TrimPrefix(a.Row["demand"].Value(), "http://e/")+" "+name+" "+strings.TrimPrefix(value.Value(), "http://e/"))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func run(t *testing.T, rows []model.Row) []model.Answer {
	t.Helper()
	answers, err := Disjoint{}.Run(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// Goal: the answers of a topology that one can see through. Method: a ring of
// four with a tail; two demands; a candidate that closes the tail to a ring.
func TestRingWithTail(t *testing.T) {
	rows := []model.Row{
		link("edge", 1, 1, 2), link("edge", 2, 2, 3), link("edge", 3, 3, 4), link("edge", 4, 4, 1),
		link("edge", 5, 3, 5), link("edge", 5, 5, 3), // told by both ends
		link("candidate", 6, 5, 1), link("candidate", 7, 2, 4), link("candidate", 8, 8, 9),
		ask(1, 1, 3), ask(2, 1, 5), ask(3, 1, 1), ask(4, 1, 7),
		{"other": iri("x", 1)},
	}
	answers := run(t, rows)
	want := []string{
		"demand/1 over link/1", "demand/1 over link/2", "demand/1 over link/3", "demand/1 over link/4", "demand/1 paths 2",
		"demand/1 remedy link/6",
		"demand/2 critical link/5", "demand/2 over link/1", "demand/2 over link/2", "demand/2 over link/5", "demand/2 paths 1", "demand/2 remedy link/6",
		"demand/4 paths 0",
	}
	if got := said(answers); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	// The count rests on the demand and on both rows of each edge it crosses.
	for _, a := range answers {
		if a.Row["demand"] == iri("demand", 2) && !a.Row["paths"].IsZero() {
			slices.Sort(a.Uses)
			if want := []int{0, 1, 4, 5, 10}; !slices.Equal(a.Uses, want) {
				t.Errorf("uses %v, want %v", a.Uses, want)
			}
		}
	}
}

// Goal: the count is the size of the smallest cut (Menger), critical edges are
// those cuts of one, and a remedy raises the count, whatever the topology.
// Method: random topologies with shared media, compared with trying all sets
// of edges; the rows in another order must give the same answers.
func TestAgainstAllCuts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		const vertices = 6
		edges := 1 + random.IntN(9)
		var rows []model.Row
		media := make([][]int, edges)
		for e := range edges {
			media[e] = random.Perm(vertices)[:2+random.IntN(8)/7]
			for _, to := range media[e][1:] {
				rows = append(rows, link("edge", e, media[e][0], to))
			}
		}
		a, b := random.IntN(vertices), random.IntN(vertices)
		if a == b {
			continue
		}
		rows = append(rows, ask(1, 0, vertices-1))
		candidate := []int{a, b}
		rows = append(rows, link("candidate", 99, a, b))

		count := smallestCut(media, 0, vertices-1)
		want := []string{fmt.Sprintf("demand/1 paths %d", count)}
		for e := range media {
			if count == 1 && !connected(media, 1<<e, 0, vertices-1) {
				want = append(want, fmt.Sprintf("demand/1 critical link/%d", e))
			}
		}
		if smallestCut(append(slices.Clone(media), candidate), 0, vertices-1) > count {
			want = append(want, "demand/1 remedy link/99")
		}
		slices.Sort(want)
		answers := run(t, rows)
		got := slices.DeleteFunc(said(answers), func(line string) bool { return strings.Contains(line, " over ") })
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: got %v\nwant %v\nin %v", round, got, want, rows)
		}
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if again := said(run(t, rows)); !reflect.DeepEqual(again, said(answers)) {
			t.Fatalf("round %d: the order of rows matters:\n%v\n%v", round, said(answers), again)
		}
	}
}

// smallestCut tries all sets of edges.
func smallestCut(media [][]int, s, t int) int {
	best := len(media)
	for cut := range 1 << len(media) {
		if n := bits.OnesCount(uint(cut)); n < best && !connected(media, cut, s, t) {
			best = n
		}
	}
	return best
}

// connected tells whether t is reached from s without the edges of a set.
func connected(media [][]int, without, s, t int) bool {
	seen := map[int]bool{s: true}
	for grown := true; grown; {
		grown = false
		for e, ends := range media {
			if without>>e&1 == 1 || !slices.ContainsFunc(ends, func(v int) bool { return seen[v] }) {
				continue
			}
			for _, v := range ends {
				grown = grown || !seen[v]
				seen[v] = true
			}
		}
	}
	return seen[t]
}

// Goal: the ways told do not share an edge and lead from source to target.
// Method: random topologies; each vertex but the ends has as many crossed
// edges in as out, so an even number; the ends have as many as there are ways.
func TestWaysAreWays(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		const vertices = 12
		var rows []model.Row
		ends := map[rdf.Term][2]int{}
		for e := range 30 {
			p := random.Perm(vertices)
			rows = append(rows, link("edge", e, p[0], p[1]))
			ends[iri("link", e)] = [2]int{p[0], p[1]}
		}
		answers := run(t, append(rows, ask(1, 0, 1)))
		degree, paths := map[int]int{}, -1
		for _, a := range answers {
			if e, ok := ends[a.Row["over"]]; ok {
				degree[e[0]]++
				degree[e[1]]++
			}
			if n := a.Row["paths"]; !n.IsZero() {
				fmt.Sscan(n.Value(), &paths)
			}
		}
		for v, n := range degree {
			if v > 1 && n%2 != 0 || v <= 1 && n%2 != paths%2 {
				t.Fatalf("vertex %d has %d crossed edges, with %d ways", v, n, paths)
			}
		}
	}
}

// Goal: counting ends, and rows that say too little are refused. Method: more
// parallel edges than MaxPaths; an edge and a demand with one end.
func TestLimitsAndMistakes(t *testing.T) {
	rows := []model.Row{ask(1, 0, 1), link("candidate", 100, 0, 1)}
	for e := range MaxPaths + 3 {
		rows = append(rows, link("edge", e, 0, 1))
	}
	if got := said(run(t, rows)); !slices.Contains(got, fmt.Sprintf("demand/1 paths %d", MaxPaths)) || slices.Contains(got, "demand/1 remedy link/100") {
		t.Errorf("got %v", got)
	}
	for _, row := range []model.Row{
		{"edge": iri("link", 1), "from": iri("device", 1)},
		{"demand": iri("demand", 1), "source": iri("device", 1)},
	} {
		if _, err := (Disjoint{}).Run(context.Background(), []model.Row{row}); err == nil {
			t.Errorf("%v is accepted", row)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Disjoint{}).Run(ctx, rows); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// BenchmarkDisjoint asks for 1,000 demands over 5,000 edges.
func BenchmarkDisjoint(b *testing.B) {
	random := rand.New(rand.NewPCG(5, 6))
	var rows []model.Row
	for e := range 5000 {
		rows = append(rows, link("edge", e, random.IntN(1000), random.IntN(1000)))
	}
	for d := range 1000 {
		rows = append(rows, ask(d, random.IntN(500), 500+random.IntN(500)))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Disjoint{}).Run(context.Background(), rows); err != nil {
			b.Fatal(err)
		}
	}
}
