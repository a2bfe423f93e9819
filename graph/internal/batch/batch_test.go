package batch

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// numbers is a dictionary of a map.
type numbers map[graph.Term]graph.TermID

func (n numbers) Add(t graph.Term) (graph.TermID, error) {
	if n[t] == graph.None {
		n[t] = graph.MakeID(graph.TagIRI, uint64(len(n)))
	}
	return n[t], nil
}

func (n numbers) Find(t graph.Term) (graph.TermID, error) { return n[t], nil }

// set is a version of a map.
type set map[graph.Quad]bool

func (s set) Len() uint64                    { return uint64(len(s)) }
func (s set) Has(q graph.Quad) (bool, error) { return s[q], nil }

func (s set) Rows(out []graph.Quad, p graph.Pattern, _ graph.Order) ([]graph.Quad, error) {
	for q := range s {
		if p.Matches(q) {
			out = append(out, q)
		}
	}
	return out, nil
}

func quad(s, g string) rdf.Quad {
	q := rdf.Quad{S: rdf.IRI(s), P: rdf.IRI("p"), O: rdf.String("o")}
	if g != "" {
		q.G = rdf.IRI(g)
	}
	return q
}

// Goal: what is effective of a batch follows its definition: cleared graphs and
// deletes before adds, what is there already or not there left out, sorted,
// once each. Method: batches on a version of four quads.
func TestEffective(t *testing.T) {
	d, v := numbers{}, set{}
	ids := func(quads ...rdf.Quad) []graph.Quad {
		r := resolver{dict: d}
		out, err := r.addAll(quads)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(out, Compare)
		return out
	}
	here := []rdf.Quad{quad("a", ""), quad("b", ""), quad("a", "g"), quad("b", "g")}
	for _, q := range ids(here...) {
		v[q] = true
	}
	for name, c := range map[string]struct {
		batch         graph.Batch
		deletes, adds []rdf.Quad
	}{
		"nothing new":       {graph.Batch{Adds: here, Deletes: []rdf.Quad{quad("unknown", "")}}, nil, nil},
		"twice":             {graph.Batch{Adds: []rdf.Quad{quad("c", ""), quad("c", "")}, Deletes: []rdf.Quad{here[0], here[0]}}, here[:1], []rdf.Quad{quad("c", "")}},
		"deleted and added": {graph.Batch{Adds: here[:1], Deletes: here[:2]}, here[1:2], nil},
		"graph cleared":     {graph.Batch{ClearGraphs: []rdf.Term{rdf.IRI("g"), rdf.IRI("none")}, Adds: here[3:]}, here[2:3], nil},
		"default cleared":   {graph.Batch{ClearGraphs: []rdf.Term{{}}, Deletes: here[:1]}, here[:2], nil},
		"all cleared":       {graph.Batch{ClearAll: true, Adds: []rdf.Quad{here[0], quad("c", "g")}}, here[1:], []rdf.Quad{quad("c", "g")}},
	} {
		got, err := Effective(d, v, &c.batch)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Deletes, ids(c.deletes...)) || !slices.Equal(got.Adds, ids(c.adds...)) {
			t.Errorf("%s: deletes %v adds %v", name, got.Deletes, got.Adds)
		}
		if undo := got.Inverse(); got.Len() != undo.Len() || len(got.Feed()) != got.Len() || len(got.Deletes) > 0 && !got.Feed()[0].Delete {
			t.Errorf("%s: inverse %v, feed %v", name, undo, got.Feed())
		}
	}
}

// Goal: batches and names beyond what stores take are refused with the right
// error. Method: one of each.
func TestCheck(t *testing.T) {
	bad := quad("a", "")
	bad.P = rdf.BNode("p")
	for name, c := range map[string]struct {
		batch graph.Batch
		want  error
	}{
		"fine":          {graph.Batch{Adds: []rdf.Quad{quad("a", "g")}}, nil},
		"no RDF":        {graph.Batch{Deletes: []rdf.Quad{bad}}, graph.ErrBadQuad},
		"literal graph": {graph.Batch{ClearGraphs: []rdf.Term{rdf.String("g")}}, graph.ErrBadQuad},
		"long note":     {graph.Batch{Note: strings.Repeat("n", 65<<20)}, graph.ErrTooLarge},
	} {
		if err := Check(&c.batch); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for name, good := range map[string]bool{"a": true, "A.b_c-9": true, "": false, ".a": false, "-a": false, "a b": false, strings.Repeat("x", MaxBranchName+1): false} {
		if err := CheckBranchName(name); (err == nil) != good {
			t.Errorf("branch name %q: %v", name, err)
		}
	}
}
