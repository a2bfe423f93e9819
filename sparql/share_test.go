package sparql_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"nettwin/graph"
	"nettwin/graph/mem"
	"nettwin/graph/rdf"
	"nettwin/sparql"
	"nettwin/sparql/results"
)

// Goal: what is evaluated by ref — updates, queries and patterns that exec
// leaves to it — counts in the share as all else does, and gives back what it
// took. Method: a product of solutions, and a long template, under a small
// bound for all; then what fits.
func TestShareOfRef(t *testing.T) {
	store := mem.New(mem.Options{})
	batch := &graph.Batch{}
	for i := range 400 {
		batch.Adds = append(batch.Adds, rdf.Quad{S: rdf.IRI(fmt.Sprint("urn:s", i)), P: rdf.IRI("urn:p"), O: rdf.IRI(fmt.Sprint("urn:o", i))})
	}
	if _, err := store.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	share := sparql.NewShare(2<<20, 1)
	update := func(text string) error {
		u, err := sparql.ParseUpdate(text, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = u.Run(t.Context(), store, sparql.UpdateOptions{Options: sparql.Options{Share: share}})
		return err
	}
	query := func(text string, by sparql.Evaluator) error {
		q, err := sparql.Parse(text, "")
		if err != nil {
			t.Fatal(err)
		}
		snap, err := store.Snapshot(graph.At{})
		if err != nil {
			t.Fatal(err)
		}
		defer snap.Close() //nolint:errcheck // in memory
		r, err := q.Run(t.Context(), snap, sparql.Options{Share: share, Evaluator: by})
		if err != nil {
			return err
		}
		_, err = results.Collect(t.Context(), r)
		return err
	}
	const product = "{ ?a <urn:p> ?x . ?b <urn:p> ?y . ?c <urn:p> ?z }"
	for name, run := range map[string]func() error{
		"update": func() error { return update("INSERT { ?a <urn:q> ?y } WHERE " + product) },
		"query":  func() error { return query("SELECT * "+product, sparql.Ref) },
		"exists": func() error {
			return query("SELECT * { ?s <urn:p> ?o FILTER EXISTS { SELECT * "+product+" } }", sparql.Auto)
		},
	} {
		var limit *results.LimitError
		if err := run(); !errors.As(err, &limit) || limit.Limit != "memory" {
			t.Errorf("%s: %v", name, err)
		}
		if used := share.UsedBytes(); used != 0 {
			t.Errorf("%s: %d bytes are still taken", name, used)
		}
	}
	if err := update("INSERT { ?a <urn:q> ?x } WHERE { ?a <urn:p> ?x }"); err != nil {
		t.Error(err)
	}
	if err := query("SELECT * { ?a <urn:q> ?x }", sparql.Ref); err != nil {
		t.Error(err)
	}
}

// Goal: an update that computes long waits for its turn, and its time limit
// counts while it waits. Method: a share whose only turn a long query has.
func TestUpdateTakesTurns(t *testing.T) {
	store := mem.New(mem.Options{})
	batch := &graph.Batch{}
	for i := range 900 {
		batch.Adds = append(batch.Adds, rdf.Quad{S: rdf.IRI(fmt.Sprint("urn:s", i)), P: rdf.IRI("urn:p"), O: rdf.IRI(fmt.Sprint("urn:o", i))})
	}
	if _, err := store.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	share := sparql.NewShare(0, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range 2 {
		go func() {
			u, err := sparql.ParseUpdate("INSERT { ?a <urn:q> ?y } WHERE { ?a <urn:p> ?x . ?b <urn:p> ?y . ?c <urn:p> ?z FILTER(STR(?x) = STR(?z) && ?a = ?b) }", "")
			if err == nil {
				_, err = u.Run(ctx, store, sparql.UpdateOptions{Options: sparql.Options{Share: share}})
			}
			ended <- err
		}()
	}
	for share.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if share.Waiting() != 0 {
		t.Errorf("%d still wait", share.Waiting())
	}
}
