package control

import (
	"bytes"
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Change is a fact that is added or deleted, as N-Quads without newline.
type Change struct {
	Quad   string `json:"quad"`
	Delete bool   `json:"delete,omitempty"`
}

// Parse returns the fact.
func (ch Change) Parse() (rdf.Quad, error) {
	quads, err := rdf.ReadAll(bytes.NewReader([]byte(ch.Quad+"\n")), rdf.NQuads, rdf.ReaderOptions{})
	if err != nil {
		return rdf.Quad{}, fmt.Errorf("control: change %s: %w", ch.Quad, err)
	}
	if len(quads) != 1 {
		return rdf.Quad{}, fmt.Errorf("control: change %q holds %d quads, expected one", ch.Quad, len(quads))
	}
	return quads[0], nil
}

// sign puts + or - before the fact.
func (ch Change) sign() string {
	if ch.Delete {
		return "- " + ch.Quad
	}
	return "+ " + ch.Quad
}

// diff lists what turns one version into another, deletes first.
func diff(ctx context.Context, store graph.Store, from, to graph.Snapshot, keep func(rdf.Quad) bool, limit int) ([]Change, []rdf.Quad, error) {
	var changes []Change
	var quads []rdf.Quad
	var failure error
	err := store.Diff(ctx, from, to, func(ch graph.Change) bool {
		src := graph.Source(to)
		if ch.Delete {
			src = from
		}
		q, err := graph.Resolve(src, ch.Quad)
		if err != nil {
			failure = err
			return false
		}
		if !keep(q) {
			return true
		}
		if len(changes) == limit {
			failure = fmt.Errorf("more than %d changes", limit)
			return false
		}
		changes, quads = append(changes, Change{Quad: q.String(), Delete: ch.Delete}), append(quads, q)
		return true
	})
	if failure != nil {
		err = failure
	}
	return changes, quads, err
}
