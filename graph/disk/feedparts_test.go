package disk

import (
	"context"
	"fmt"
	"testing"

	"nettwin/graph"
	"nettwin/graph/rdf"
	"nettwin/graph/vfs"
)

// Goal: a feed delivers a commit too large for once in parts, all changes once,
// deletes first, and goes on with the next commit. Method: a load of 100 quads
// over one that it replaces, in parts of 30.
func TestFeedParts(t *testing.T) {
	ctx := context.Background()
	s, err := Open("store", Options{FS: vfs.NewMem(), Base: "https://a.example/"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.feedChanges = 30
	quads := func(from, to int) (list []rdf.Quad) {
		for i := from; i < to; i++ {
			list = append(list, rdf.Quad{S: rdf.IRI(fmt.Sprint("https://a.example/", i)), P: rdf.IRI("https://a.example/p"), O: rdf.String("o")})
		}
		return list
	}
	for _, from := range []int{0, 10} {
		l, err := s.Load(ctx, graph.LoadOptions{ClearAll: true})
		if err == nil {
			err = l.Add(ctx, quads(from, from+100))
		}
		if err == nil {
			_, err = l.Commit(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Commit(ctx, &graph.Batch{Adds: quads(500, 501)}); err != nil {
		t.Fatal(err)
	}
	f, err := s.Feed("", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	for range 6 {
		c, err := f.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		deletes := 0
		for _, x := range c.Changes {
			if x.Delete {
				deletes++
			}
		}
		got = append(got, fmt.Sprint(c.Commit.Seq, " ", len(c.Changes), " ", deletes, " ", c.More))
	}
	want := []string{"1 30 0 true", "1 30 0 true", "1 30 0 true", "1 10 0 false", "2 20 10 false", "3 1 0 false"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the feed delivers %q, expected %q", got, want)
	}
}
