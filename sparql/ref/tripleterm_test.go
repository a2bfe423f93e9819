package ref_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"nettwin/graph/rdf"
	"nettwin/sparql/results"
	"nettwin/sparql/sparqltest"
)

// node12 is a pattern of the test below: a variable, a term, or a triple term of
// three of these.
type node12 struct {
	name  string
	term  rdf.Term
	parts []node12
}

func (n node12) String() string {
	switch {
	case n.name != "":
		return "?" + n.name
	case n.parts != nil:
		return fmt.Sprintf("<<( %s %s %s )>>", n.parts[0], n.parts[1], n.parts[2])
	}
	return n.term.String()
}

// match extends a binding so that the pattern is the term; nil if it cannot.
func (n node12) match(t rdf.Term, with map[string]rdf.Term) map[string]rdf.Term {
	switch {
	case with == nil:
		return nil
	case n.name != "":
		if had, ok := with[n.name]; ok {
			if had != t {
				return nil
			}
			return with
		}
		out := maps.Clone(with)
		out[n.name] = t
		return out
	case n.parts != nil:
		triple, ok := t.Triple()
		if !ok {
			return nil
		}
		return n.parts[2].match(triple.O, n.parts[1].match(triple.P, n.parts[0].match(triple.S, with)))
	case n.term != t:
		return nil
	}
	return with
}

// Goal: a triple pattern with triple terms has the solutions of matching it with
// every triple (SPARQL 1.2 §18.3). Method: random patterns, up to three deep and
// with variables that repeat, over random data, against a matcher that knows
// nothing of the algebra.
func TestTriplePatterns(t *testing.T) {
	found := 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 12))
		iri := func() rdf.Term { return rdf.IRI(fmt.Sprintf("urn:%c", 'a'+rng.IntN(3))) }
		var data []rdf.Quad
		for range 12 {
			o := iri()
			for range rng.IntN(4) {
				o = rdf.TripleTerm(rdf.Triple{S: iri(), P: iri(), O: o})
			}
			data = append(data, rdf.Quad{S: iri(), P: iri(), O: o})
		}
		part := func() node12 {
			if rng.IntN(100) < 65 {
				return node12{name: fmt.Sprint("v", rng.IntN(6))}
			}
			return node12{term: iri()}
		}
		object := part()
		for range 1 + rng.IntN(3) {
			object = node12{parts: []node12{part(), part(), object}}
		}
		pattern := node12{parts: []node12{part(), part(), object}}
		want := sparqltest.Answer{Kind: results.Bindings}
		for i := range 6 {
			if v := fmt.Sprint("v", i); strings.Contains(pattern.String(), "?"+v) {
				want.Vars = append(want.Vars, v)
			}
		}
		for _, q := range rdf.NewDataset(data...).Quads() {
			binding := pattern.match(rdf.TripleTerm(q.Triple()), map[string]rdf.Term{})
			if binding == nil {
				continue
			}
			var row []rdf.Term
			for _, v := range want.Vars {
				row = append(row, binding[v])
			}
			want.Rows = append(want.Rows, row)
			found++
		}
		query := fmt.Sprintf("SELECT * { %s %s %s }", pattern.parts[0], pattern.parts[1], pattern.parts[2])
		result, err := engine{}.Query(t.Context(), data, query, "")
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, query, err)
		}
		got, err := sparqltest.ReadAnswer(t.Context(), result)
		if err != nil {
			t.Fatal(err)
		}
		if d := sparqltest.CompareAnswers(want, got, false); d != "" {
			t.Errorf("seed %d: %s\n%s", seed, query, d)
		}
	}
	if found < 100 {
		t.Errorf("only %d solutions: the patterns match too little to prove anything", found)
	}
}
