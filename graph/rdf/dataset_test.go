package rdf_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	. "nettwin/graph/rdf"
)

// TestDataset: adding twice adds once, order is kept, the zero value works.
func TestDataset(t *testing.T) {
	var d Dataset
	q1 := Quad{S: BNode("a"), P: IRI("p:p"), O: String("1")}
	q2 := Quad{S: BNode("a"), P: IRI("p:p"), O: String("1"), G: IRI("g:g")}
	if !d.Add(q2) || !d.Add(q1) || d.Add(q2) || d.Len() != 2 {
		t.Errorf("quads: %v", d.Quads())
	}
	if !d.Has(q1) || d.Has(Quad{}) || d.Quads()[0] != q2 {
		t.Errorf("quads: %v", d.Quads())
	}
	if n := NewDataset(q1, q2, q1).Len(); n != 2 {
		t.Errorf("%d quads, want 2", n)
	}
}

func parse(t testing.TB, doc string) []Quad {
	t.Helper()
	quads, err := ReadAll(strings.NewReader(doc), TriG, ReaderOptions{Base: "http://e/"})
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return quads
}

// TestIsomorphic: pairs whose answer is known by looking at them.
func TestIsomorphic(t *testing.T) {
	cycle := func(label string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "_:%s%d <p> _:%s%d . ", label, i, label, (i+1)%n)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, a, b string
		want       bool
	}{
		{"empty", "", "", true},
		{"ground equal", "<s> <p> 1 . <s> <p> 2", "<s> <p> 2 . <s> <p> 1", true},
		{"ground differs", "<s> <p> 1", "<s> <p> 01", false},
		{"sets, not bags", "<s> <p> 1 . <s> <p> 1 . _:a <p> 1 . _:a <p> 1", "<s> <p> 1 . _:b <p> 1", true},
		{"labels swapped", "_:a <p> _:b . _:a <q> 1", "_:b <p> _:a . _:b <q> 1", true},
		{"direction", "_:a <p> _:b . _:a <q> 1", "_:b <p> _:a . _:a <q> 1", false},
		{"self loop", "_:a <p> _:a", "_:a <p> _:b", false},
		{"bnode is no IRI", "_:a <p> 1", "<a> <p> 1", false},
		{"graph matters", "<g> { _:a <p> 1 }", "_:a <p> 1", false},
		{"bnode graphs", "_:g { _:a <p> 1 } _:h { _:a <p> 2 }", "_:y { _:x <p> 2 } _:z { _:x <p> 1 }", true},
		{"bnode shared by graphs", "_:g { _:a <p> 1 } _:h { _:a <p> 2 }", "_:y { _:x <p> 2 } _:z { _:w <p> 1 }", false},
		{"two triangles are no hexagon", cycle("a", 3) + cycle("b", 3), cycle("c", 6), false},
		{"cycle", cycle("a", 12), cycle("b", 12), true},
		{"equal parts", "[] <p> 1 . [] <p> 1 . [] <p> 2", "[] <p> 2 . [] <p> 1 . [] <p> 1", true},
		{"part count", "[] <p> 1 . [] <p> 1 . [] <p> 2", "[] <p> 2 . [] <p> 2 . [] <p> 1", false},
	} {
		a, b := parse(t, dots(c.a)), parse(t, dots(c.b))
		for _, pair := range [][2][]Quad{{a, b}, {b, a}} {
			if got := Isomorphic(pair[0], pair[1]); got != c.want {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// dots ends a document of triples with a dot.
func dots(doc string) string {
	doc = strings.TrimSpace(doc)
	if doc == "" || strings.HasSuffix(doc, "}") || strings.HasSuffix(doc, ".") {
		return doc
	}
	return doc + " ."
}

// TestIsomorphicShuffled: a random dataset is isomorphic to itself relabelled
// and shuffled, and is not after one change, which is checked against trying
// all permutations of its few blank nodes.
func TestIsomorphicShuffled(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		a := randomBNodeQuads(rng)
		b := relabel(a, rng.Perm(5))
		rng.Shuffle(len(b), func(i, k int) { b[i], b[k] = b[k], b[i] })
		if !Isomorphic(a, b) {
			t.Fatalf("not isomorphic:\n%v\n%v", a, b)
		}
		b[0].O = randomNode(rng)
		if got, want := Isomorphic(a, b), bruteForce(a, b); got != want {
			t.Fatalf("%v, want %v:\n%v\n%v", got, want, a, b)
		}
	}
}

func randomNode(rng *rand.Rand) Term {
	if n := rng.IntN(7); n < 5 {
		return BNode(fmt.Sprint("n", n))
	}
	return IRI("http://e/o")
}

func randomBNodeQuads(rng *rand.Rand) []Quad {
	quads := make([]Quad, 1+rng.IntN(8))
	for i := range quads {
		quads[i] = Quad{S: randomNode(rng), P: IRI(fmt.Sprint("http://e/p", rng.IntN(2))), O: randomNode(rng)}
	}
	return quads
}

func relabel(quads []Quad, perm []int) []Quad {
	name := func(t Term) Term {
		if t.IsBNode() {
			return BNode(fmt.Sprint("n", perm[t.Value()[1]-'0']))
		}
		return t
	}
	out := make([]Quad, len(quads))
	for i, q := range quads {
		out[i] = Quad{S: name(q.S), P: q.P, O: name(q.O)}
	}
	return out
}

// bruteForce tries all ways to rename n0…n4.
func bruteForce(a, b []Quad) bool {
	want := NewDataset(b...)
	var try func(perm []int, n int) bool
	try = func(perm []int, n int) bool {
		if n == len(perm) {
			got := NewDataset(relabel(a, perm)...)
			for _, q := range got.Quads() {
				if !want.Has(q) {
					return false
				}
			}
			return got.Len() == want.Len()
		}
		for i := n; i < len(perm); i++ {
			perm[n], perm[i] = perm[i], perm[n]
			if try(perm, n+1) {
				return true
			}
			perm[n], perm[i] = perm[i], perm[n]
		}
		return false
	}
	return try([]int{0, 1, 2, 3, 4}, 0)
}

// TestIsomorphicLimit: a search that exceeds its work says so, and does not
// claim inequality.
func TestIsomorphicLimit(t *testing.T) {
	a := parse(t, "_:a <p> _:b . _:b <p> _:a .")
	if _, err := IsomorphicWithin(a, a, 3); !errors.Is(err, ErrWorkLimit) {
		t.Errorf("error %v", err)
	}
	// Many equal parts cost little: linear, not quadratic, work.
	var doc strings.Builder
	for range 20000 {
		doc.WriteString("[] <p> 1 .")
	}
	big := parse(t, doc.String())
	if same, err := IsomorphicWithin(big, big, 200_000); err != nil || !same {
		t.Errorf("%v, %v", same, err)
	}
}
