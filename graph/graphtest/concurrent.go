package graphtest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

func testConcurrent(t *testing.T, open func(t *testing.T) graph.Store) {
	t.Run("readers", func(t *testing.T) { testReaders(t, opened(t, open)) })
	t.Run("writers", func(t *testing.T) { testWriters(t, opened(t, open)) })
}

// Goal: a snapshot never changes and is complete while commits go on. Method:
// each commit replaces a whole generation of quads; readers check that each
// version holds exactly one.
func testReaders(t *testing.T, s graph.Store) {
	const generations, size = 40, 150
	generation := func(g int) []rdf.Quad {
		quads := make([]rdf.Quad, size)
		for i := range quads {
			quads[i] = rdf.Quad{S: ex(fmt.Sprintf("s%d", i)), P: ex("generation"), O: rdf.Literal(fmt.Sprint(g), rdf.XSDInteger)}
		}
		return quads
	}
	add(t, s, "", generation(0)...)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				if err := oneGeneration(s, size); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for g := range generations {
		commit(t, s, &graph.Batch{Deletes: generation(g), Adds: generation(g + 1)})
	}
	close(stop)
	wg.Wait()
}

func oneGeneration(s graph.Store, size int) error {
	snap, err := s.Snapshot(graph.At{})
	if err != nil {
		return err
	}
	defer snap.Close()
	for o := range graph.NumOrders {
		c, err := snap.Scan(graph.Pattern{}, o)
		if err != nil {
			return err
		}
		n, first := 0, graph.None
		for {
			chunk, err := c.Next(ctx)
			if err != nil {
				return err
			}
			if chunk == nil {
				break
			}
			for i := range chunk.Len() {
				quad := chunk.Quad(i)
				if first == graph.None {
					first = quad[graph.O]
				}
				if quad[graph.O] != first {
					return fmt.Errorf("commit %d holds two generations", snap.Commit().Seq)
				}
				if _, err := graph.Resolve(snap, quad); err != nil {
					return err
				}
				n++
			}
		}
		if err := c.Close(); err != nil || n != size {
			return fmt.Errorf("commit %d has %d quads in %s, want %d (%v)", snap.Commit().Seq, n, o, size, err)
		}
	}
	return nil
}

// Goal: commits queue up and none is lost. Method: 8 writers on two branches
// add quads of their own, and increment one shared quad by Expected, with retries.
func testWriters(t *testing.T, s graph.Store) {
	const writers, each = 8, 25
	add(t, s, "", rdf.Quad{S: ex("counter"), P: ex("is"), O: rdf.Literal("0", rdf.XSDInteger)})
	if _, err := s.Fork(ctx, "b", graph.At{}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	seqs := make(chan graph.CommitSeq, writers*each*2)
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				branch := []string{"", "b"}[i%2]
				c, err := s.Commit(ctx, &graph.Batch{Branch: branch, Adds: []rdf.Quad{q(fmt.Sprintf("w%d", w), "did", fmt.Sprint(i), "")}})
				if err != nil {
					t.Error(err)
					return
				}
				seqs <- c.Seq
				if err := increment(s, seqs); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(seqs)
	seen := map[graph.CommitSeq]bool{}
	for seq := range seqs {
		if seen[seq] {
			t.Errorf("two commits have number %d", seq)
		}
		seen[seq] = true
	}
	main := snapshot(t, s, graph.At{})
	defer main.Close()
	total := rdf.Literal(fmt.Sprint(writers*each), rdf.XSDInteger)
	id, _ := graph.Inline(total)
	if n, err := main.Count(graph.Pattern{graph.O: id}); n != 1 || err != nil {
		t.Errorf("the counter is not %d (%v)", writers*each, err)
	}
	if n, err := main.Count(graph.Pattern{}); n != 1+writers*((each+1)/2) || err != nil {
		t.Errorf("main has %d quads, want %d (%v)", n, 1+writers*((each+1)/2), err)
	}
}

// increment replaces the counter's value by the next, until no one comes between.
func increment(s graph.Store, seqs chan<- graph.CommitSeq) error {
	for {
		snap, err := s.Snapshot(graph.At{})
		if err != nil {
			return err
		}
		b, err := nextValue(snap)
		snap.Close()
		if err != nil {
			return err
		}
		c, err := s.Commit(ctx, b)
		if err == nil {
			seqs <- c.Seq
		}
		if !errors.Is(err, graph.ErrConflict) {
			return err
		}
	}
}

func nextValue(snap graph.Snapshot) (*graph.Batch, error) {
	p, err := graph.ID(snap, ex("is"))
	if err != nil {
		return nil, err
	}
	for quad, err := range graph.All(ctx, snap, graph.Pattern{graph.P: p}) {
		if err != nil {
			return nil, err
		}
		old, err := graph.Resolve(snap, quad)
		if err != nil {
			return nil, err
		}
		n, _ := quad[graph.O].Integer()
		next := old
		next.O = rdf.Literal(fmt.Sprint(n+1), rdf.XSDInteger)
		seq := snap.Commit().Seq
		return &graph.Batch{Expected: &seq, Deletes: []rdf.Quad{old}, Adds: []rdf.Quad{next}}, nil
	}
	return nil, errors.New("the counter is gone")
}
