package cayley

import (
	"context"
	"errors"
	"fmt"
	"slices"

	cayley "github.com/cayleygraph/cayley/graph"
	"github.com/cayleygraph/quad"

	"nettwin/graph"
	"nettwin/graph/rdf"
)

// ErrReadOnly: the QuadStore is over a snapshot. Open a branch to write.
var ErrReadOnly = errors.New("cayley: a snapshot is read-only: open a branch to write")

// Limits of writing.
const (
	// maxConflicts is how often ApplyDeltas begins again because another
	// writer was faster.
	maxConflicts = 16
	// writerQuads is how many quads a writer collects for one commit.
	writerQuads = 1 << 16
)

// ApplyDeltas writes the deltas as one commit of the branch, all or nothing;
// each sees those before it. Errors: ErrReadOnly, *cayley.DeltaError (of
// ErrQuadExists, ErrQuadNotExist, ErrInvalidAction, or a graph.ErrBadQuad for
// what RDF does not allow), those of graph.Store.Commit. There is no context
// because Cayley gives none: a commit is short.
func (qs *QuadStore) ApplyDeltas(deltas []cayley.Delta, ignore cayley.IgnoreOpts) error {
	if qs.store == nil {
		return ErrReadOnly
	}
	qs.writing.Lock()
	defer qs.writing.Unlock()
	ctx := context.Background()
	for attempt := 1; ; attempt++ {
		err := qs.apply(ctx, deltas, ignore)
		if !errors.Is(err, graph.ErrConflict) || attempt == maxConflicts {
			return err
		}
		if err := qs.Refresh(); err != nil {
			return err
		}
	}
}

// apply commits the deltas on top of the version that is read.
func (qs *QuadStore) apply(ctx context.Context, deltas []cayley.Delta, ignore cayley.IgnoreOpts) error {
	var b *graph.Batch
	err := qs.read(func(v *version) (err error) {
		b, err = qs.batch(v, deltas, ignore)
		return err
	})
	if err != nil {
		return err
	}
	if len(b.Adds)+len(b.Deletes) == 0 {
		return nil
	}
	if _, err := qs.store.Commit(ctx, b); err != nil {
		return fmt.Errorf("cayley: commit %d deltas: %w", len(deltas), err)
	}
	return qs.Refresh()
}

// batch is what the deltas change in a version. Adds that may be there already
// need no look into it.
func (qs *QuadStore) batch(v *version, deltas []cayley.Delta, ignore cayley.IgnoreOpts) (*graph.Batch, error) {
	quads := make([]rdf.Quad, len(deltas))
	for i, d := range deltas {
		if d.Action != cayley.Add && d.Action != cayley.Delete {
			return nil, &cayley.DeltaError{Delta: d, Err: cayley.ErrInvalidAction}
		}
		q, err := qs.termsOf(d.Quad)
		if err != nil {
			return nil, &cayley.DeltaError{Delta: d, Err: err}
		}
		quads[i] = q
	}
	b := &graph.Batch{Branch: qs.branch, Note: qs.opt.Note}
	if blind(deltas, ignore) {
		b.Adds = quads
		return b, nil
	}
	present, err := holds(v, quads)
	if err != nil {
		return nil, err
	}
	head := v.Commit().Seq
	b.Expected = &head
	before := make(map[rdf.Quad]bool, len(deltas))
	now := make(map[rdf.Quad]bool, len(deltas))
	var order []rdf.Quad
	for i, d := range deltas {
		q := quads[i]
		if _, seen := now[q]; !seen {
			before[q], now[q] = present[i], present[i]
			order = append(order, q)
		}
		switch add := d.Action == cayley.Add; {
		case add && now[q] && !ignore.IgnoreDup:
			return nil, &cayley.DeltaError{Delta: d, Err: cayley.ErrQuadExists}
		case !add && !now[q] && !ignore.IgnoreMissing:
			return nil, &cayley.DeltaError{Delta: d, Err: cayley.ErrQuadNotExist}
		default:
			now[q] = add
		}
	}
	for _, q := range order {
		switch {
		case now[q] && !before[q]:
			b.Adds = append(b.Adds, q)
		case !now[q] && before[q]:
			b.Deletes = append(b.Deletes, q)
		}
	}
	return b, nil
}

// blind tells whether the deltas are only adds of which none can fail.
func blind(deltas []cayley.Delta, ignore cayley.IgnoreOpts) bool {
	return ignore.IgnoreDup && !slices.ContainsFunc(deltas, func(d cayley.Delta) bool { return d.Action != cayley.Add })
}

// holds tells which quads a version has.
func holds(v *version, quads []rdf.Quad) ([]bool, error) {
	terms := make([]rdf.Term, 0, 4*len(quads))
	for _, q := range quads {
		terms = append(terms, q.S, q.P, q.O, q.G)
	}
	ids := make([]graph.TermID, len(terms))
	if err := v.IDs(terms, ids); err != nil {
		return nil, err
	}
	present := make([]bool, len(quads))
	for i := range quads {
		p := graph.Pattern(ids[4*i : 4*i+4])
		if terms[4*i+graph.G].IsZero() {
			p[graph.G] = graph.DefaultGraph
		}
		if p[graph.S] == graph.None || p[graph.P] == graph.None || p[graph.O] == graph.None || p[graph.G] == graph.None {
			continue
		}
		n, err := v.Count(p)
		if err != nil {
			return nil, err
		}
		present[i] = n > 0
	}
	return present, nil
}

// NewQuadWriter returns a writer that adds quads in large commits: quads that
// are there already are no error. What it was given is in the store after
// Close, or as soon as there is enough for a commit.
func (qs *QuadStore) NewQuadWriter() (quad.WriteCloser, error) {
	if qs.store == nil {
		return nil, ErrReadOnly
	}
	return &quadWriter{qs: qs}, nil
}

type quadWriter struct {
	qs     *QuadStore
	deltas []cayley.Delta
}

// WriteQuad adds one quad.
func (w *quadWriter) WriteQuad(q quad.Quad) error {
	_, err := w.WriteQuads([]quad.Quad{q})
	return err
}

// WriteQuads adds quads and tells how many it took.
func (w *quadWriter) WriteQuads(quads []quad.Quad) (int, error) {
	for i, q := range quads {
		w.deltas = append(w.deltas, cayley.Delta{Quad: q, Action: cayley.Add})
		if len(w.deltas) < writerQuads {
			continue
		}
		if err := w.flush(); err != nil {
			return i, err
		}
	}
	return len(quads), nil
}

func (w *quadWriter) flush() error {
	err := w.qs.ApplyDeltas(w.deltas, cayley.IgnoreOpts{IgnoreDup: true})
	w.deltas = w.deltas[:0]
	return err
}

// Close commits the rest. It is idempotent.
func (w *quadWriter) Close() error { return w.flush() }
