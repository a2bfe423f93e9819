package graph

import (
	"context"
	"iter"

	"nettwin/graph/rdf"
)

// ID returns the id of one term, None if the store has never seen it. Look up
// many terms at once with TermReader.IDs.
func ID(r TermReader, t Term) (TermID, error) {
	var out [1]TermID
	err := r.IDs([]Term{t}, out[:])
	return out[0], err
}

// GraphID is ID for the graph position, where the zero Term is the default graph.
func GraphID(r TermReader, t Term) (TermID, error) {
	if t.IsZero() {
		return DefaultGraph, nil
	}
	return ID(r, t)
}

// TermOf returns the term of one id; the zero Term for None and DefaultGraph.
func TermOf(r TermReader, id TermID) (Term, error) {
	var out [1]Term
	err := r.Terms([]TermID{id}, out[:])
	return out[0], err
}

// Resolve returns the quad with its terms.
func Resolve(r TermReader, q Quad) (rdf.Quad, error) {
	var out [4]Term
	err := r.Terms(q[:], out[:])
	return rdf.Quad{S: out[S], P: out[P], O: out[O], G: out[G]}, err
}

// All yields the quads that match p, sorted by BestOrder(p). After an error,
// which comes with the zero Quad, it ends.
func All(ctx context.Context, src Source, p Pattern) iter.Seq2[Quad, error] {
	return func(yield func(Quad, error) bool) {
		more := true
		err := chunks(ctx, src, p, func(c *Chunk) (bool, error) {
			for i := 0; i < c.Len() && more; i++ {
				more = yield(c.Quad(i), nil)
			}
			return more, nil
		})
		if err != nil && more {
			yield(Quad{}, err)
		}
	}
}

// ExportQuads is All with terms in the place of ids, looked up chunk by chunk.
func ExportQuads(ctx context.Context, src Source, p Pattern) iter.Seq2[rdf.Quad, error] {
	return func(yield func(rdf.Quad, error) bool) {
		var cols [4][]Term
		more := true
		err := chunks(ctx, src, p, func(c *Chunk) (bool, error) {
			for pos := range cols {
				if len(cols[pos]) < c.Len() {
					cols[pos] = make([]Term, c.Len())
				}
				if err := src.Terms(c.Cols[pos], cols[pos][:c.Len()]); err != nil {
					return false, err
				}
			}
			for i := 0; i < c.Len() && more; i++ {
				more = yield(rdf.Quad{S: cols[S][i], P: cols[P][i], O: cols[O][i], G: cols[G][i]}, nil)
			}
			return more, nil
		})
		if err != nil && more {
			yield(rdf.Quad{}, err)
		}
	}
}

// chunks calls f with each chunk of a scan until f is false or fails.
func chunks(ctx context.Context, src Source, p Pattern, f func(*Chunk) (bool, error)) (err error) {
	cur, err := src.Scan(p, BestOrder(p))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := cur.Close(); err == nil {
			err = closeErr
		}
	}()
	for {
		c, err := cur.Next(ctx)
		if c == nil || err != nil {
			return err
		}
		if more, err := f(c); !more || err != nil {
			return err
		}
	}
}
