package exec

import (
	"context"
	"fmt"
	"io"
	"slices"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// describer is the results.Triples of DESCRIBE (SPARQL 1.1 §16.4): the concise
// bounded description of each resource, all triples with it as subject and the
// same for blank nodes among their objects, in the default graph; if that has
// none, in the named graphs.
type describer struct {
	*stream
	known *tuples // resources that were queued
	next  int     // the first that is not described yet
	begun bool
	found []rdf.Triple
	at    int
}

func newDescriber(s *stream) *describer {
	return &describer{stream: s, known: newTuples(1, s.x.budget)}
}

// Next implements results.Triples.
func (d *describer) Next(ctx context.Context) (rdf.Triple, error) {
	for d.at == len(d.found) {
		if err := context.Cause(ctx); err != nil {
			return rdf.Triple{}, err
		}
		if err := d.more(ctx); err != nil {
			if err != io.EOF {
				err = fmt.Errorf("query: describe: %w", err)
			}
			return rdf.Triple{}, err
		}
	}
	d.at++
	return d.found[d.at-1], nil
}

// more describes the next resource, or takes the next solutions.
func (d *describer) more(ctx context.Context) error {
	if d.err != nil && d.err != io.EOF {
		return d.err
	}
	if d.next < d.known.n {
		d.next++
		return d.describe(ctx, d.known.key(d.next - 1)[0])
	}
	if !d.begun {
		d.begun = true
		for _, p := range d.x.plan.Describe {
			if p.Slot >= 0 {
				continue
			}
			id, err := d.x.terms.id(p.Term)
			if err != nil {
				return err
			}
			if err := d.queue(id); err != nil {
				return err
			}
		}
		return nil
	}
	if d.chunk == nil {
		return io.EOF
	}
	for _, p := range d.x.plan.Describe {
		if p.Slot < 0 || d.chunk.cols[p.Slot] == nil {
			continue
		}
		for _, id := range d.chunk.cols[p.Slot][:d.chunk.n] {
			if err := d.queue(id); err != nil {
				return err
			}
		}
	}
	if err := d.pull(ctx); err != nil && err != io.EOF {
		return err
	}
	return nil
}

func (d *describer) queue(id graph.TermID) error {
	if id == graph.None {
		return nil
	}
	_, _, err := d.known.insert([]graph.TermID{id})
	return err
}

// describe finds the triples of one resource.
func (d *describer) describe(ctx context.Context, subject graph.TermID) error {
	d.found, d.at = d.found[:0], 0
	if isLocal(subject) {
		return nil // the source does not know it
	}
	cursor, err := d.x.src.Scan(graph.Pattern{graph.S: subject}, graph.SPOG)
	if err != nil {
		return err
	}
	defer cursor.Close() //nolint:errcheck // it failed already or is at its end
	var inDefault, inNamed []graph.Quad
	for {
		c, err := cursor.Next(ctx)
		if err != nil {
			return err
		}
		if c == nil {
			break
		}
		for i := range c.Len() {
			q := c.Quad(i)
			if d.x.plan.Default.Has(q[graph.G]) {
				inDefault = addTriple(inDefault, q)
			} else if d.x.plan.HasNamed(q[graph.G]) && len(inDefault) == 0 {
				inNamed = addTriple(inNamed, q)
			}
		}
	}
	if len(inDefault) == 0 {
		inDefault = inNamed
	}
	return d.decode(inDefault)
}

// addTriple adds a quad of a scan by subject, predicate and object, unless its
// triple stands there already.
func addTriple(list []graph.Quad, q graph.Quad) []graph.Quad {
	if n := len(list); n > 0 && [3]graph.TermID(list[n-1][:3]) == [3]graph.TermID(q[:3]) {
		return list
	}
	return append(list, q)
}

func (d *describer) decode(quads []graph.Quad) error {
	for part := range slices.Chunk(quads, DefaultChunkRows) {
		ids := make([]graph.TermID, 0, 3*len(part))
		for _, q := range part {
			if q[graph.O].Tag() == graph.TagBNode {
				if err := d.queue(q[graph.O]); err != nil {
					return err
				}
			}
			ids = append(ids, q[:3]...)
		}
		terms := make([]rdf.Term, len(ids))
		if err := d.x.terms.terms(ids, terms); err != nil {
			return err
		}
		for t := range slices.Chunk(terms, 3) {
			d.found = append(d.found, rdf.Triple{S: t[0], P: t[1], O: t[2]})
		}
	}
	return nil
}

// Close implements results.Triples.
func (d *describer) Close() error { return d.close() }
