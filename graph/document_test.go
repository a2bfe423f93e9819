package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// kept is a load that keeps what it gets.
type kept struct {
	mu    sync.Mutex
	quads []rdf.Quad
	fail  error
}

func (k *kept) Add(_ context.Context, quads []rdf.Quad) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, q := range quads {
		k.quads = append(k.quads, rdf.Quad{S: q.S.Clone(), P: q.P.Clone(), O: q.O.Clone(), G: q.G.Clone()})
	}
	return k.fail
}
func (k *kept) Commit(context.Context) (graph.Commit, error) { return graph.Commit{}, nil }
func (k *kept) Abort() error                                 { return nil }

func line(i int) string {
	return fmt.Sprintf("<http://a.example/s%d> <http://a.example/p> \"%s %d\" .\n", i/7, strings.Repeat("é", i%50), i)
}

func sorted(quads []rdf.Quad) []string {
	var out []string
	for _, q := range quads {
		out = append(out, fmt.Sprint(q))
	}
	slices.Sort(out)
	return out
}

// Goal: documents of all formats give all their quads, each once, whatever the
// pieces. Method: one of some megabytes, read in odd portions; beside what a
// single reader gives.
func TestAddDocument(t *testing.T) {
	var doc strings.Builder
	for i := range 30_000 {
		doc.WriteString(line(i))
	}
	want, err := rdf.ReadAll(strings.NewReader(doc.String()), rdf.NQuads, rdf.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []rdf.Format{rdf.NTriples, rdf.NQuads, rdf.Turtle, rdf.TriG} {
		k, n := &kept{}, 0
		var mu sync.Mutex
		o := graph.DocumentOptions{Progress: func(quads int) {
			mu.Lock()
			defer mu.Unlock()
			n += quads
		}}
		quads, err := graph.AddDocument(t.Context(), k, portions{strings.NewReader(doc.String())}, f, o)
		if err != nil || quads != 30_000 || n != 30_000 || !slices.Equal(sorted(k.quads), sorted(want)) {
			t.Errorf("%s: %d quads, %d told, %v", f, quads, n, err)
		}
	}
	k := &kept{}
	to := rdf.IRI("http://a.example/g")
	if _, err := graph.AddDocument(t.Context(), k, strings.NewReader(line(1)), rdf.Turtle, graph.DocumentOptions{Graph: to}); err != nil || k.quads[0].G != to {
		t.Errorf("into a graph: %v, %v", k.quads, err)
	}
}

// portions reads a prime number of bytes at once.
type portions struct{ r io.Reader }

func (p portions) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 104729)]) }

// Goal: of several faults the first in the document is told, with its line and
// column; other faults are told as they are. Method: a large document with two
// syntax errors, a named graph where none may be, a load that fails, a reader
// that fails, a line without end, a context that ended.
func TestAddDocumentErrors(t *testing.T) {
	var doc strings.Builder
	for i := range 40_000 {
		if i == 25_000 || i == 25_001 || i == 39_000 {
			doc.WriteString("<http://a.example/s> <http://a.example/p> nothing .\n")
			continue
		}
		doc.WriteString(line(i))
	}
	for _, f := range []rdf.Format{rdf.NTriples, rdf.Turtle} {
		_, err := graph.AddDocument(t.Context(), &kept{}, strings.NewReader(doc.String()), f, graph.DocumentOptions{})
		var syntax *rdf.SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != 25_001 || syntax.Column != 43 {
			t.Errorf("%s: %v", f, err)
		}
	}
	named := "<http://a.example/s> <http://a.example/p> 1 , 2 .\n<http://a.example/g> { <http://a.example/s> <http://a.example/p> 1 }"
	if _, err := graph.AddDocument(t.Context(), &kept{}, strings.NewReader(named), rdf.TriG, graph.DocumentOptions{Triples: true}); !errors.Is(err, graph.ErrNamedGraph) {
		t.Errorf("a named graph: %v", err)
	}
	broken := errors.New("broken")
	if _, err := graph.AddDocument(t.Context(), &kept{fail: broken}, strings.NewReader(line(1)), rdf.NQuads, graph.DocumentOptions{}); !errors.Is(err, broken) {
		t.Errorf("a load that fails: %v", err)
	}
	cut := io.MultiReader(strings.NewReader(line(1)+line(2)), failing{broken})
	if n, err := graph.AddDocument(t.Context(), &kept{}, cut, rdf.NQuads, graph.DocumentOptions{}); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %d quads, %v", n, err)
	}
	long := line(1) + "<http://a.example/" + strings.Repeat("x", 5<<20)
	o := graph.DocumentOptions{ReaderOptions: rdf.ReaderOptions{MaxTermBytes: 1000}}
	var syntax *rdf.SyntaxError
	if _, err := graph.AddDocument(t.Context(), &kept{}, strings.NewReader(long), rdf.NQuads, o); !errors.As(err, &syntax) || syntax.Line != 2 {
		t.Errorf("a line without end: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := graph.AddDocument(ctx, &kept{}, strings.NewReader(doc.String()), rdf.Turtle, graph.DocumentOptions{}); err == nil {
		t.Error("a context that ended is of no account")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
