package cayley_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	cayleygraph "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/cayley/graph/path"
	"github.com/cayleygraph/quad"

	"nettwin/graph"
	"nettwin/graph/cayley"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/sparql"
	"nettwin/sparql/results"
)

func iri(format string, args ...any) quad.IRI {
	return quad.IRI("https://x.example/" + fmt.Sprintf(format, args...))
}

// randomQuads makes a graph whose terms recur in all positions, with and
// without labels.
func randomQuads(r *rand.Rand, n int) []quad.Quad {
	seen := map[quad.Quad]bool{}
	var out []quad.Quad
	for len(out) < n {
		q := quad.Quad{Subject: iri("n%d", r.IntN(n/4)), Predicate: iri("p%d", r.IntN(5)), Object: iri("n%d", r.IntN(n/4))}
		switch r.IntN(4) {
		case 0:
			q.Object = quad.Int(r.IntN(40))
		case 1:
			q.Object = quad.LangString{Value: quad.String(fmt.Sprint("s", r.IntN(40))), Lang: "en"}
		case 2:
			q.Object = quad.BNode(fmt.Sprint("b", r.IntN(40)))
		}
		if r.IntN(2) == 0 {
			q.Label = iri("n%d", r.IntN(3))
		}
		if !seen[q] {
			seen[q] = true
			out = append(out, q)
		}
	}
	return out
}

func openBranch(t *testing.T, store graph.Store, branch string) *cayley.QuadStore {
	t.Helper()
	qs, err := cayley.Open(store, branch, cayley.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(qs.Err(), qs.Close()); err != nil {
			t.Error(err)
		}
	})
	return qs
}

func write(t *testing.T, qs *cayley.QuadStore, quads []quad.Quad) {
	t.Helper()
	w, err := qs.NewQuadWriter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteQuads(quads); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// drain lists an iterator's results by f.
func drain(t *testing.T, it cayleygraph.Iterator, f func(cayleygraph.Ref) string) []string {
	t.Helper()
	defer it.Close()
	var out []string
	for it.Next(context.Background()) {
		out = append(out, f(it.Result()))
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %d, want %d:\n%.600q\n%.600q", what, len(got), len(want), got, want)
	}
}

// TestIteratorsAgainstModel compares all iterators with a list of quads on a
// graph of several chunks, so that scans find their place again: what is
// listed, exact sizes, and what is contained.
func TestIteratorsAgainstModel(t *testing.T) {
	ctx := context.Background()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			model := randomQuads(rand.New(rand.NewPCG(4, 5)), 3*graph.ChunkRows)
			store := e.open(t)
			t.Cleanup(func() { store.Close() })
			qs := openBranch(t, store, "")
			write(t, qs, model)
			quadText := func(ref cayleygraph.Ref) string { return qs.Quad(ref).NQuad() }
			nodeText := func(ref cayleygraph.Ref) string { return qs.NameOf(ref).String() }

			all := make([]string, len(model))
			nodes := map[quad.Value][4][]string{}
			for i, q := range model {
				all[i] = q.NQuad()
				for pos, d := range quad.Directions {
					if v := q.Get(d); v != nil {
						uses := nodes[v]
						uses[pos] = append(uses[pos], all[i])
						nodes[v] = uses
					}
				}
			}
			equal(t, "all quads", drain(t, qs.QuadsAllIterator(), quadText), all)
			var names []string
			for v := range nodes {
				names = append(names, v.String())
			}
			equal(t, "all nodes", drain(t, qs.NodesAllIterator(), nodeText), names)
			want := cayleygraph.Stats{Nodes: cayleygraph.Size{Size: int64(len(nodes)), Exact: true}, Quads: cayleygraph.Size{Size: int64(len(model)), Exact: true}}
			if st, err := qs.Stats(ctx, true); st != want || err != nil {
				t.Fatalf("stats %v, %v, want %v", st, err, want)
			}
			n := 0
			for v, uses := range nodes {
				if n++; n > 300 && len(uses[1]) == 0 {
					continue
				}
				ref := qs.ValueOf(v)
				for pos, d := range quad.Directions {
					what := fmt.Sprintf("%v %v", d, v)
					it := qs.QuadIterator(d, ref)
					if size, exact := it.Size(); size != int64(len(uses[pos])) || !exact {
						t.Fatalf("%s: size %d, exact %v, want %d", what, size, exact, len(uses[pos]))
					}
					equal(t, what, drain(t, it, quadText), uses[pos])
				}
				if !qs.NodesAllIterator().Contains(ctx, ref) {
					t.Fatalf("%v is no node", v)
				}
			}
		})
	}
}

// TestPathsAgainstSPARQL asks the same questions of random graphs as paths and
// in SPARQL: the answers are the same bags, all combinations of tags included.
func TestPathsAgainstSPARQL(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	for round := range 30 {
		store := mem.New(mem.Options{})
		t.Cleanup(func() { store.Close() })
		qs := openBranch(t, store, "")
		quads := randomQuads(r, 300)
		for i := range quads {
			quads[i].Label = nil
		}
		write(t, qs, quads)
		// Different nodes: Cayley counts a node that is given twice once or
		// twice, by its plan.
		starts := []quad.Value{iri("n%d", r.IntN(20)), iri("n%d", 20+r.IntN(20)), iri("n%d", 40+r.IntN(20))}
		start, all := path.StartPath(qs, starts...), path.StartPath(qs)
		number := quad.Int(r.IntN(40))
		for i, c := range []struct {
			path  *path.Path
			where string // $s: the start
		}{
			{start.Out(iri("p1")).Tag("a").In(iri("p2")), "?s :p1 ?a . ?z :p2 ?a"},
			{start.Out().Tag("a").Has(iri("p3")), "?s ?p ?a . ?a :p3 ?o"},
			{start.Tag("a").Save(iri("p2"), "t").Out(iri("p1")), "?s :p2 ?t ; :p1 ?o BIND(?s AS ?a)"},
			{start.Out(iri("p1")).SaveReverse(iri("p3"), "u"), "?s :p1 ?o . ?u :p3 ?o"},
			{start.Save(iri("p2"), "t").Out(iri("p1"), iri("p4")).SaveReverse(iri("p3"), "u").Tag("a"), "?s :p2 ?t ; :p1|:p4 ?a . ?u :p3 ?a"},
			{start.SaveOptional(iri("p2"), "t").SaveOptional(iri("p3"), "u").Out(iri("p1")).Tag("a"), "OPTIONAL { ?s :p2 ?t } OPTIONAL { ?s :p3 ?u } ?s :p1 ?a"},
			{start.Tag("s").Both(iri("p1")).Except(all.Has(iri("p2"))).Tag("a"), "?s :p1|^:p1 ?a FILTER NOT EXISTS { ?a :p2 ?o }"},
			{start.Out(iri("p1")).And(all.Tag("x").Out(iri("p1"), iri("p4"))).Tag("a"), "?s :p1 ?a . ?x :p1|:p4 ?a"},
			{all.Has(iri("p1"), number).Tag("a").In(iri("p2"), iri("p3")), "?a :p1 " + string(number.TypedString().Value) + " . ?z :p2|:p3 ?a"},
			{all.Tag("a").Out(iri("p1")).Out(iri("p2")).Is(number), "?a :p1/:p2 " + string(number.TypedString().Value)},
		} {
			where := c.where
			if strings.Contains(where, "?s") {
				where = fmt.Sprintf("VALUES ?s { %v %v %v } %s", starts[0], starts[1], starts[2], where)
			}
			equal(t, fmt.Sprintf("round %d path %d: %s", round, i, where), tagsOf(t, qs, c.path), solutions(t, store, where, tagNames(c.where)))
		}
		step := path.StartMorphism().Out(iri("p0"), iri("p1"))
		got := tagsOf(t, qs, start.FollowRecursive(step, -1, nil).Tag("a").Has(iri("p2")))
		want := solutions(t, store, fmt.Sprintf("VALUES ?s { %v %v %v } ?s (:p0|:p1)+ ?a FILTER EXISTS { ?a :p2 ?o }", starts[0], starts[1], starts[2]), []string{"a"})
		equal(t, fmt.Sprintf("round %d recursion", round), slices.Compact(got), slices.Compact(want))
	}
}

// tagNames are the tags that a pattern of TestPathsAgainstSPARQL has variables for.
func tagNames(where string) []string {
	var names []string
	for _, name := range []string{"a", "t", "u", "x"} {
		if strings.Contains(where, "?"+name) {
			names = append(names, name)
		}
	}
	return names
}

// tagsOf are the tags of each path, but for the start's.
func tagsOf(t *testing.T, qs *cayley.QuadStore, p *path.Path) []string {
	t.Helper()
	var out []string
	err := p.Iterate(context.Background()).Paths(true).TagValues(qs, func(tags map[string]quad.Value) {
		row := map[string]rdf.Term{}
		for name, v := range tags {
			term, err := cayley.TermOf(v)
			if err != nil {
				t.Fatal(err)
			}
			if name != "s" {
				row[name] = term
			}
		}
		out = append(out, fmt.Sprint(row))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// solutions are the rows of a SELECT on the newest version of a store.
func solutions(t *testing.T, store graph.Store, where string, names []string) []string {
	t.Helper()
	ctx := context.Background()
	query, err := sparql.Parse(fmt.Sprintf("PREFIX : %v SELECT ?%s WHERE { %s }", iri(""), strings.Join(names, " ?"), where), "")
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	snapshot, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	defer snapshot.Close()
	result, err := query.Run(ctx, snapshot, sparql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := results.Collect(ctx, result)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows {
		tags := map[string]rdf.Term{}
		for i, term := range row {
			if !term.IsZero() {
				tags[names[i]] = term
			}
		}
		out = append(out, fmt.Sprint(tags))
	}
	slices.Sort(out)
	return out
}

// TestSnapshot checks that a QuadStore over a snapshot never changes and
// cannot be written, and that one over a branch of it can.
func TestSnapshot(t *testing.T) {
	ctx := context.Background()
	store := mem.New(mem.Options{})
	defer store.Close()
	main := openBranch(t, store, "")
	old := quad.Quad{Subject: iri("a"), Predicate: iri("p"), Object: quad.String("old")}
	write(t, main, []quad.Quad{old})
	snapshot, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	fixed := cayley.New(snapshot, cayley.Options{})
	if _, err := store.Fork(ctx, "plan", graph.At{}); err != nil {
		t.Fatal(err)
	}
	plan := openBranch(t, store, "plan")
	added := quad.Quad{Subject: iri("a"), Predicate: iri("p"), Object: quad.String("new"), Label: iri("g")}
	if err := plan.ApplyDeltas([]cayleygraph.Delta{{Quad: old, Action: cayleygraph.Delete}, {Quad: added, Action: cayleygraph.Add}}, cayleygraph.IgnoreOpts{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		qs   *cayley.QuadStore
		want quad.Quad
	}{{"main", main, old}, {"snapshot", fixed, old}, {"plan", plan, added}} {
		equal(t, c.name, drain(t, c.qs.QuadsAllIterator(), func(r cayleygraph.Ref) string { return c.qs.Quad(r).NQuad() }), []string{c.want.NQuad()})
	}
	deltas := []cayleygraph.Delta{{Quad: added, Action: cayleygraph.Add}}
	if err := fixed.ApplyDeltas(deltas, cayleygraph.IgnoreOpts{}); !errors.Is(err, cayley.ErrReadOnly) {
		t.Errorf("write to a snapshot: %v, want ErrReadOnly", err)
	}
	if _, err := fixed.NewQuadWriter(); !errors.Is(err, cayley.ErrReadOnly) {
		t.Errorf("writer to a snapshot: %v, want ErrReadOnly", err)
	}
	commit, err := store.Snapshot(graph.At{Branch: "plan"})
	if err != nil {
		t.Fatal(err)
	}
	defer commit.Close()
	if c := commit.Commit(); c.Adds != 1 || c.Deletes != 1 || c.Note != "cayley" {
		t.Errorf("the deltas made commit %+v, want one of 1 add and 1 delete", c)
	}
	if err := errors.Join(fixed.Close(), fixed.Close()); err != nil {
		t.Fatal(err)
	}
	it := fixed.QuadsAllIterator()
	if it.Next(ctx) || !errors.Is(it.Err(), graph.ErrClosed) {
		t.Errorf("a closed snapshot lists quads: %v, want ErrClosed", it.Err())
	}
	if fixed.ValueOf(iri("a")) != nil || !errors.Is(fixed.Err(), graph.ErrClosed) {
		t.Errorf("a closed snapshot has values: %v, want ErrClosed", fixed.Err())
	}
}

// TestTwoWriters lets one QuadStore write on a version that another has
// overtaken: it sees the other's quads then, and loses none.
func TestTwoWriters(t *testing.T) {
	store := mem.New(mem.Options{})
	defer store.Close()
	a, b := openBranch(t, store, ""), openBranch(t, store, "")
	q := func(n int) quad.Quad {
		return quad.Quad{Subject: iri("a"), Predicate: iri("p"), Object: quad.Int(n)}
	}
	add := func(qs *cayley.QuadStore, n int) error {
		return qs.ApplyDeltas([]cayleygraph.Delta{{Quad: q(n), Action: cayleygraph.Add}}, cayleygraph.IgnoreOpts{})
	}
	if err := errors.Join(add(a, 1), add(b, 2)); err != nil {
		t.Fatal(err)
	}
	if err := add(a, 2); !cayleygraph.IsQuadExist(err) {
		t.Errorf("adding what the other added: %v, want ErrQuadExists", err)
	}
	if err := a.Refresh(); err != nil {
		t.Fatal(err)
	}
	for _, qs := range []*cayley.QuadStore{a, b} {
		equal(t, "quads", drain(t, qs.QuadsAllIterator(), func(r cayleygraph.Ref) string { return qs.Quad(r).NQuad() }), []string{q(1).NQuad(), q(2).NQuad()})
	}
}

// TestNotRDF checks that a store of RDF refuses what RDF does not allow, and
// that a store of generalized RDF keeps a term the same in every position.
func TestNotRDF(t *testing.T) {
	store := mem.New(mem.Options{})
	defer store.Close()
	strict := openBranch(t, store, "")
	bad := []quad.Quad{
		{Subject: quad.String("s"), Predicate: iri("p"), Object: iri("o")},
		{Subject: iri("s"), Predicate: quad.BNode("p"), Object: iri("o")},
		{Subject: iri("s"), Predicate: iri("p"), Object: iri("o"), Label: quad.Int(1)},
		{Subject: iri("s"), Predicate: iri("p")},
	}
	for _, q := range bad {
		err := strict.ApplyDeltas([]cayleygraph.Delta{{Quad: q, Action: cayleygraph.Add}}, cayleygraph.IgnoreOpts{})
		var delta *cayleygraph.DeltaError
		if !errors.As(err, &delta) {
			t.Errorf("%v: %v, want a DeltaError", q, err)
		} else if q.Object != nil && !errors.Is(delta.Err, graph.ErrBadQuad) {
			t.Errorf("%v: %v, want ErrBadQuad", q, err)
		}
	}
	general, err := cayley.Open(store, "", cayley.Options{Generalized: true})
	if err != nil {
		t.Fatal(err)
	}
	defer general.Close()
	write(t, general, append(bad[:3:3], quad.Quad{Subject: iri("s"), Predicate: iri("p"), Object: quad.String("s")}))
	equal(t, "nodes", drain(t, general.NodesAllIterator(), func(r cayleygraph.Ref) string { return general.NameOf(r).String() }),
		[]string{iri("s").String(), iri("p").String(), iri("o").String(), `"s"`, "_:p", quad.Int(1).String()})
	steps := path.StartPath(general, iri("s")).Out(iri("p")).Out(iri("p"))
	got, err := steps.Iterate(context.Background()).AllValues(general)
	if err != nil || len(got) != 1 || got[0] != quad.Value(iri("o")) {
		t.Errorf("through a literal: %v, %v, want %v", got, err, iri("o"))
	}
	if err := general.Err(); err != nil {
		t.Error(err)
	}
}

// TestCancel checks that every iterator stops when its context ends.
func TestCancel(t *testing.T) {
	store := mem.New(mem.Options{})
	defer store.Close()
	qs := openBranch(t, store, "")
	write(t, qs, randomQuads(rand.New(rand.NewPCG(1, 1)), 2000))
	for name, it := range map[string]cayleygraph.Iterator{
		"quads": qs.QuadsAllIterator(), "nodes": qs.NodesAllIterator(), "predicate": qs.QuadIterator(quad.Predicate, qs.ValueOf(iri("p1"))),
	} {
		ctx, cancel := context.WithCancel(context.Background())
		if !it.Next(ctx) {
			t.Fatalf("%s: nothing: %v", name, it.Err())
		}
		cancel()
		n := 0
		for it.Next(ctx) {
			n++
		}
		if n > 300 || !errors.Is(it.Err(), context.Canceled) {
			t.Errorf("%s: %d more, %v, want it to be canceled soon", name, n, it.Err())
		}
	}
}

// TestView checks that a restricted snapshot shows Cayley what its view shows.
func TestView(t *testing.T) {
	store := mem.New(mem.Options{})
	defer store.Close()
	write(t, openBranch(t, store, ""), []quad.Quad{
		{Subject: iri("a"), Predicate: iri("p"), Object: iri("b"), Label: iri("secret")},
		{Subject: iri("a"), Predicate: iri("p"), Object: iri("c")},
	})
	snapshot, err := store.Snapshot(graph.At{})
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := graph.ID(snapshot, rdf.IRI(string(iri("secret"))))
	if err != nil {
		t.Fatal(err)
	}
	qs := cayley.New(graph.Restrict(snapshot, graph.View{HideGraphs: map[graph.TermID]bool{hidden: true}}), cayley.Options{})
	defer qs.Close()
	if qs.ValueOf(iri("b")) != nil || qs.ValueOf(iri("secret")) != nil {
		t.Error("a hidden graph's terms are nodes")
	}
	equal(t, "nodes", drain(t, qs.NodesAllIterator(), func(r cayleygraph.Ref) string { return qs.NameOf(r).String() }),
		[]string{iri("a").String(), iri("p").String(), iri("c").String()})
}
