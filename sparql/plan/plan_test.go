package plan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/sparql/algebra"
	"nettwin/sparql/plan"
	"nettwin/sparql/syntax"
	"nettwin/sparql/syntax/syntaxtest"
)

const ns = "urn:"

// network makes 100 devices with a name, a site of four and two neighbours
// each, and 1,000 interfaces with a status, a speed and, in one of ten graphs,
// what a source says of them.
func network() []rdf.Quad {
	var out []rdf.Quad
	add := func(s rdf.Term, p string, o, g rdf.Term) {
		out = append(out, rdf.Quad{S: s, P: rdf.IRI(ns + p), O: o, G: g})
	}
	thing := func(kind string, n int) rdf.Term { return rdf.IRI(fmt.Sprintf("%s%s%d", ns, kind, n)) }
	for d := range 100 {
		device := thing("d", d)
		add(device, "a", rdf.IRI(ns+"Device"), rdf.Term{})
		add(device, "name", rdf.String(fmt.Sprintf("device number %d", d)), rdf.Term{})
		add(device, "site", thing("site", d%4), rdf.Term{})
		add(device, "next", thing("d", (d+1)%100), rdf.Term{})
		add(device, "next", thing("d", (d*7+5)%100), rdf.Term{})
		for i := range 10 {
			itf := thing("i", d*10+i)
			add(device, "has", itf, rdf.Term{})
			add(itf, "status", rdf.String([]string{"up", "down"}[i%2]), rdf.Term{})
			add(itf, "speed", rdf.Literal(fmt.Sprint(d*10+i), rdf.XSDInteger), rdf.Term{})
			add(itf, "says", rdf.String("ok"), thing("g", i))
		}
	}
	return out
}

func snapshot(tb testing.TB) graph.Snapshot {
	tb.Helper()
	store := mem.New(mem.Options{})
	if _, err := store.Commit(tb.Context(), &graph.Batch{Adds: network()}); err != nil {
		tb.Fatal(err)
	}
	snap, err := store.Snapshot(graph.At{})
	if err != nil {
		tb.Fatal(err)
	}
	return snap
}

func translate(tb testing.TB, text string) *algebra.Query {
	tb.Helper()
	parsed, err := syntax.ParseQuery(text, syntax.Options{Prefixes: map[string]string{"": ns}})
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	q, err := algebra.Translate(parsed)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return q
}

// Goal: plans are those that the rules of the package give, and stay so.
// Method: files of queries with the plan that each has over a small network,
// read by a human; "expect=" and "expect-not=" on the command line name words
// that must or must not be in it ("_" is a space), whatever
// -rewrite wrote.
func TestPlans(t *testing.T) {
	snap := snapshot(t)
	for _, file := range []string{"order", "filters", "joins", "modifiers", "paths", "refused"} {
		t.Run(file, func(t *testing.T) {
			syntaxtest.RunFile(t, "testdata/"+file, func(t *testing.T, c syntaxtest.Case) string {
				q := translate(t, c.Input)
				p, err := plan.Make(t.Context(), q, snap, plan.Options{UnionDefault: strings.Contains(c.Args, "union")})
				if covers := plan.Covers(q); covers == errors.Is(err, plan.ErrNotCovered) {
					t.Errorf("line %d: Covers is %t, but Make says %v", c.Line, covers, err)
				}
				if err != nil {
					return err.Error()
				}
				out := p.String()
				for _, arg := range strings.Fields(c.Args) {
					arg = strings.ReplaceAll(arg, "_", " ")
					if word, ok := strings.CutPrefix(arg, "expect="); ok && !strings.Contains(out, word) {
						t.Errorf("line %d: no %q in\n%s", c.Line, word, out)
					}
					if word, ok := strings.CutPrefix(arg, "expect-not="); ok && strings.Contains(out, word) {
						t.Errorf("line %d: %q in\n%s", c.Line, word, out)
					}
				}
				return out
			})
		})
	}
}

// Goal: planning is never exponential. Method: 60 patterns in a chain and in a
// star, and OPTIONAL 40 deep and 40 wide, each planned in the blink that a
// test run allows; the counts asked of the source are bounded.
func TestPlanLarge(t *testing.T) {
	var chain, star, deep, wide strings.Builder
	for i := range 60 {
		fmt.Fprintf(&chain, "?v%d :next ?v%d . ", i, i+1)
		fmt.Fprintf(&star, "?v :has ?v%d . ", i)
	}
	for i := range 40 {
		fmt.Fprintf(&deep, "OPTIONAL { ?v%d :next ?v%d ", i, i+1)
		fmt.Fprintf(&wide, "OPTIONAL { ?v0 :next ?v%d } ", i+1)
	}
	deep.WriteString(strings.Repeat("} ", 40))
	snap := snapshot(t)
	for name, pattern := range map[string]string{
		"chain": chain.String(), "star": star.String(), "deep": "?v0 :next ?x " + deep.String(), "wide": "?v0 :next ?x " + wide.String(),
	} {
		src := &countingSource{Source: snap}
		if _, err := plan.Make(t.Context(), translate(t, "SELECT * { "+pattern+" }"), src, plan.Options{}); err != nil {
			t.Fatal(name, err)
		}
		if src.calls > 2000 {
			t.Errorf("%s: %d calls of the source", name, src.calls)
		}
	}
}

type countingSource struct {
	graph.Source
	calls int
}

func (s *countingSource) Count(p graph.Pattern) (uint64, error) {
	s.calls++
	return s.Source.Count(p)
}

func (s *countingSource) Scan(p graph.Pattern, o graph.Order) (graph.Cursor, error) {
	s.calls++
	return s.Source.Scan(p, o)
}

// Goal: what the source fails with is what planning fails with. Method: a
// closed snapshot and a cancelled context.
func TestPlanErrors(t *testing.T) {
	q := translate(t, "SELECT * { ?d :has ?i . ?i :speed ?s }")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plan.Make(ctx, q, snapshot(t), plan.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	snap := snapshot(t)
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Make(t.Context(), q, snap, plan.Options{}); !errors.Is(err, graph.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
