package graph_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
)

// counting is a store that counts loads, and one without them.
type counting struct {
	*mem.Store
	loads int
}

func (c *counting) Load(ctx context.Context, o graph.LoadOptions) (graph.Load, error) {
	c.loads++
	return c.Store.Load(ctx, o)
}

type plain struct{ graph.Store }

func numbered(from, to int) (quads []rdf.Quad) {
	for i := from; i < to; i++ {
		quads = append(quads, rdf.Quad{S: rdf.IRI("http://a.example/s"), P: rdf.IRI("http://a.example/p"), O: rdf.String(fmt.Sprint("number ", i))})
	}
	return quads
}

// Goal: small loads are batches, large ones loads, both one commit; a store
// without loads refuses large ones; nothing goes after the end. Method: one of
// each.
func TestNewLoad(t *testing.T) {
	s := &counting{Store: mem.New(mem.Options{})}
	defer s.Close()
	for i, c := range []struct{ quads, loads int }{{0, 0}, {1000, 0}, {60_000, 1}} {
		l, err := graph.NewLoad(t.Context(), s, graph.LoadOptions{Note: "n"})
		for at := 0; at < c.quads && err == nil; at += 1000 {
			err = l.Add(t.Context(), numbered(at, at+1000))
		}
		if err != nil {
			t.Fatal(err)
		}
		commit, err := l.Commit(t.Context())
		if err != nil || s.loads != c.loads || s.Info().Quads != uint64(c.quads) || s.Info().Head != graph.CommitSeq(i) {
			t.Errorf("%d quads: %+v, %v, %d loads, %+v", c.quads, commit, err, s.loads, s.Info())
		}
		if err := l.Abort(); err != nil {
			t.Error(err)
		}
	}
	small := plain{s.Store}
	l, err := graph.NewLoad(t.Context(), small, graph.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Add(t.Context(), numbered(0, 60_000)); !errors.Is(err, graph.ErrTooLarge) {
		t.Errorf("a large load where there are none: %v", err)
	}
	if _, err := l.Commit(t.Context()); !errors.Is(err, graph.ErrTooLarge) {
		t.Errorf("its commit: %v", err)
	}
	l, err = graph.NewLoad(t.Context(), s, graph.LoadOptions{ClearAll: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Add(t.Context(), numbered(0, 1)), l.Abort()); err != nil {
		t.Fatal(err)
	}
	_, errCommit := l.Commit(t.Context())
	if err := l.Add(t.Context(), numbered(0, 1)); !errors.Is(err, graph.ErrClosed) || !errors.Is(errCommit, graph.ErrClosed) || s.Info().Quads != 60_000 {
		t.Errorf("after an abort: %v, %v", err, errCommit)
	}
}
