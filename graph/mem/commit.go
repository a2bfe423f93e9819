package mem

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
	"nettwin/graph/internal/dict"
	"nettwin/graph/mem/internal/btree"
	"nettwin/internal/invariant"
)

// Commit implements graph.Store.
func (s *Store) Commit(ctx context.Context, b *graph.Batch) (graph.Commit, error) {
	if err := batch.Check(b); err != nil {
		return graph.Commit{}, fmt.Errorf("commit: %w", err)
	}
	if err := s.take(ctx); err != nil {
		return graph.Commit{}, fmt.Errorf("commit: %w", err)
	}
	v, effective, err := s.prepare(b)
	s.give()
	if err != nil {
		return graph.Commit{}, fmt.Errorf("commit: %w", err)
	}
	return result(v, effective), nil
}

// result is what Commit returns for the version that holds after a batch.
func result(v *version, effective bool) graph.Commit {
	c := commitOf(v)
	if !effective {
		c.Adds, c.Deletes, c.Effective = 0, 0, false
	}
	return c
}

// prepare makes the version after a batch; the tip as it is when
// the batch changes nothing. The caller has the turn.
func (s *Store) prepare(b *graph.Batch) (v *version, effective bool, err error) {
	s.mu.RLock()
	l, err := s.branch(b.Branch)
	s.mu.RUnlock()
	if err != nil {
		return nil, false, err
	}
	if b.Expected != nil && *b.Expected != seqOf(l.tip) {
		return nil, false, fmt.Errorf("branch %q is at commit %d, expected %d: %w",
			l.name, seqOf(l.tip), *b.Expected, graph.ErrConflict)
	}
	c, err := s.effective(l, b)
	if err != nil {
		return nil, false, err
	}
	if c.Len() == 0 {
		return l.tip, false, nil
	}
	v, err = s.append(l, c, b.Note)
	return v, true, err
}

// effective works out I5 for a batch on the line's tip.
func (s *Store) effective(l *line, b *graph.Batch) (*Changes, error) {
	return batch.Effective(terms{s.dict}, treesVersion{&l.tipTrees}, b)
}

// terms is the dictionary as package batch wants it.
type terms struct{ *dict.Dict }

// Find implements batch.Dict.
func (t terms) Find(term graph.Term) (graph.TermID, error) { return t.Dict.Find(term), nil }

// treesVersion is a version as package batch wants it.
type treesVersion struct{ trees *Trees }

func (v treesVersion) Len() uint64                    { return v.trees.len() }
func (v treesVersion) Has(q graph.Quad) (bool, error) { return v.trees.has(q), nil }

func (v treesVersion) Rows(out []graph.Quad, p graph.Pattern, o graph.Order) ([]graph.Quad, error) {
	return v.trees.rows(out, p, o), nil
}

// rows appends the quads of a pattern that is a prefix of the order.
func (t *Trees) rows(out []graph.Quad, p graph.Pattern, o graph.Order) []graph.Quad {
	from, to := t.prefixRange(p, o)
	out = slices.Grow(out, int(to-from))
	var it btree.Iter
	it.Seek(t[o], from)
	for left := to - from; left > 0; {
		cols, n := it.Run(int(min(left, graph.ChunkRows)))
		left -= uint64(n)
		for i := range n {
			out = append(out, toQuad(o, btree.Key{cols[0][i], cols[1][i], cols[2][i], cols[3][i]}))
		}
	}
	return out
}

// append makes a version of effective changes and publishes it. The caller has
// the turn.
func (s *Store) append(l *line, c *Changes, note string) (*version, error) {
	v := &version{line: l, parent: l.tip, changes: c, trees: l.tipTrees}
	v.refs = 1 // the line's; its reference to the version before is now v's
	v.commit = graph.Commit{
		Seq: s.seq + 1, Parent: seqOf(l.tip), Branch: l.name, Time: s.nextTime(),
		Adds: uint64(len(c.Adds)), Deletes: uint64(len(c.Deletes)), Note: note, Effective: true,
	}
	if err := v.trees.apply(btree.NewEdit(), c); err != nil {
		return nil, fmt.Errorf("core: I5: %w", err)
	}
	if invariant.Enabled && v.trees.len() < 1<<12 {
		err := v.trees.Verify()
		invariant.Checkf(err == nil, "%v", err)
	}
	s.seq, s.last = v.commit.Seq, v.commit.Time
	s.mu.Lock()
	defer s.mu.Unlock()
	l.tip, l.tipTrees = v, v.trees
	l.versions = append(l.versions, v)
	s.wake()
	return v, nil
}

func (s *Store) nextTime() time.Time {
	now := instant(s.opts.Clock())
	s.mu.RLock()
	asked := s.asked
	s.mu.RUnlock()
	for _, floor := range []time.Time{s.last, asked} {
		if !now.After(floor) {
			now = floor.Add(time.Nanosecond)
		}
	}
	return now
}

func (s *Store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
