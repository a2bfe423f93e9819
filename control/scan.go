package control

import (
	"bytes"
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// scan calls f with the quads of a version that match p: zero terms match
// anything, but for G, where the zero term is the default graph.
func scan(ctx context.Context, src graph.Source, p rdf.Quad, f func(rdf.Quad) error) error {
	pattern, ok, err := pattern(src, p)
	if err != nil || !ok {
		return err
	}
	for q, err := range graph.ExportQuads(ctx, src, pattern) {
		if err != nil {
			return err
		}
		if err := f(q); err != nil {
			return err
		}
	}
	return nil
}

// pattern translates terms; ok is false if the store never saw one of them.
func pattern(src graph.Source, p rdf.Quad) (graph.Pattern, bool, error) {
	terms := []rdf.Term{p.S, p.P, p.O, p.G}
	ids := make([]graph.TermID, len(terms))
	if err := src.IDs(terms, ids); err != nil {
		return graph.Pattern{}, false, err
	}
	var out graph.Pattern
	for i, t := range terms {
		switch {
		case t.IsZero() && i == graph.G:
			out[i] = graph.DefaultGraph
		case t.IsZero():
			out[i] = graph.None
		case ids[i] == graph.None:
			return graph.Pattern{}, false, nil
		default:
			out[i] = ids[i]
		}
	}
	return out, true, nil
}

// holds tells whether a version has a quad.
func holds(src graph.Source, q rdf.Quad) (bool, error) {
	pattern, ok, err := pattern(src, q)
	if err != nil || !ok {
		return false, err
	}
	n, err := src.Count(pattern)
	return n > 0, err
}

// objects lists the objects of a subject's property.
func objects(ctx context.Context, src graph.Source, s, p, g rdf.Term) ([]rdf.Term, error) {
	var list []rdf.Term
	err := scan(ctx, src, rdf.Quad{S: s, P: p, G: g}, func(q rdf.Quad) error {
		list = append(list, q.O)
		return nil
	})
	return list, err
}

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
