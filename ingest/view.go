package ingest

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// maxMatches bounds what one look-up of identity or provenance brings.
const maxMatches = 10_000

// view reads single statements of a version.
type view struct{ src graph.Source }

// match returns the quads with the given terms; a zero Term matches any.
func (v view) match(ctx context.Context, s, p, o, g rdf.Term) ([]rdf.Quad, error) {
	terms := [4]rdf.Term{s, p, o, g}
	var ids [4]graph.TermID
	if err := v.src.IDs(terms[:], ids[:]); err != nil {
		return nil, err
	}
	pattern := graph.Pattern{}
	for i, t := range terms {
		if t.IsZero() {
			continue
		}
		if ids[i] == graph.None {
			return nil, nil // never seen, so in no quad
		}
		pattern[i] = ids[i]
	}
	return v.scan(ctx, pattern)
}

func (v view) scan(ctx context.Context, pattern graph.Pattern) ([]rdf.Quad, error) {
	cursor, err := v.src.Scan(pattern, graph.BestOrder(pattern))
	if err != nil {
		return nil, err
	}
	defer cursor.Close()
	var found []rdf.Quad
	for {
		chunk, err := cursor.Next(ctx)
		if err != nil || chunk == nil {
			return found, err
		}
		if len(found)+chunk.Len() > maxMatches {
			return nil, fmt.Errorf("ingest: more than %d statements match a look-up", maxMatches)
		}
		quads, err := terms(v.src, chunk)
		if err != nil {
			return nil, err
		}
		found = append(found, quads...)
	}
}

// terms translates a chunk.
func terms(src graph.TermReader, chunk *graph.Chunk) ([]rdf.Quad, error) {
	n := chunk.Len()
	ids := make([]graph.TermID, 0, 4*n)
	for _, col := range chunk.Cols {
		ids = append(ids, col...)
	}
	out := make([]rdf.Term, len(ids))
	if err := src.Terms(ids, out); err != nil {
		return nil, err
	}
	quads := make([]rdf.Quad, n)
	for i := range quads {
		quads[i] = rdf.Quad{S: out[i], P: out[n+i], O: out[2*n+i], G: out[3*n+i]}
	}
	return quads, nil
}

// objects returns the values of a property in a graph.
func (v view) objects(ctx context.Context, s, p, g rdf.Term) ([]rdf.Term, error) {
	quads, err := v.match(ctx, s, p, rdf.Term{}, g)
	return project(quads, func(q rdf.Quad) rdf.Term { return q.O }), err
}

// subjects returns what has a value of a property in a graph.
func (v view) subjects(ctx context.Context, p, o, g rdf.Term) ([]rdf.Term, error) {
	quads, err := v.match(ctx, rdf.Term{}, p, o, g)
	return project(quads, func(q rdf.Quad) rdf.Term { return q.S }), err
}

func project(quads []rdf.Quad, part func(rdf.Quad) rdf.Term) []rdf.Term {
	out := make([]rdf.Term, len(quads))
	for i, q := range quads {
		out[i] = part(q)
	}
	return out
}
