// Package read looks facts up in a version of the graph, by terms.
package read

import (
	"context"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// Scan calls f with the quads of a version that match p: zero terms match
// anything, but for G, where the zero term is the default graph.
func Scan(ctx context.Context, src graph.Source, p rdf.Quad, f func(rdf.Quad) error) error {
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

// Holds tells whether a version has a quad.
func Holds(src graph.Source, q rdf.Quad) (bool, error) {
	pattern, ok, err := pattern(src, q)
	if err != nil || !ok {
		return false, err
	}
	n, err := src.Count(pattern)
	return n > 0, err
}

// Objects lists the objects of a subject's property.
func Objects(ctx context.Context, src graph.Source, s, p, g rdf.Term) ([]rdf.Term, error) {
	var list []rdf.Term
	err := Scan(ctx, src, rdf.Quad{S: s, P: p, G: g}, func(q rdf.Quad) error {
		list = append(list, q.O)
		return nil
	})
	return list, err
}
