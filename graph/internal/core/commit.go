package core

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nettwin/graph"
	"nettwin/graph/internal/btree"
	"nettwin/graph/internal/dict"
	"nettwin/graph/rdf"
	"nettwin/internal/invariant"
)

// Commit implements graph.Store.
func (s *Store) Commit(ctx context.Context, b *graph.Batch) (graph.Commit, error) {
	if err := checkBatch(b); err != nil {
		return graph.Commit{}, fmt.Errorf("commit: %w", err)
	}
	if err := s.take(ctx); err != nil {
		return graph.Commit{}, fmt.Errorf("commit: %w", err)
	}
	v, effective, err := s.prepare(b)
	s.give()
	if err == nil {
		err = s.publish(v)
	}
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

// checkBatch refuses what no store takes, before anything is changed.
func checkBatch(b *graph.Batch) error {
	size, n := 0, len(b.Adds)+len(b.Deletes)
	if n > MaxBatchQuads {
		return fmt.Errorf("batch of %d quads is beyond the limit of %d: %w", n, MaxBatchQuads, graph.ErrTooLarge)
	}
	for _, g := range b.ClearGraphs {
		if g.IsLiteral() {
			return fmt.Errorf("clear of a graph named by literal %q: %w", g.Value(), graph.ErrBadQuad)
		}
	}
	for _, half := range [][]rdf.Quad{b.Deletes, b.Adds} {
		for i := range half {
			if err := checkQuad(&half[i]); err != nil {
				return fmt.Errorf("quad %d: %w", i, err)
			}
			size += textSize(&half[i])
		}
	}
	if size > MaxBatchBytes {
		return fmt.Errorf("batch of %d bytes is beyond the limit of %d: %w", size, MaxBatchBytes, graph.ErrTooLarge)
	}
	if len(b.Note) > dict.MaxTermBytes {
		return fmt.Errorf("note of %d bytes is beyond the limit of %d: %w", len(b.Note), dict.MaxTermBytes, graph.ErrTooLarge)
	}
	return nil
}

// checkQuad holds RDF 1.1 Concepts §3.1 and §4: subjects are IRIs or blank
// nodes, predicates IRIs, graph names IRIs or blank nodes.
func checkQuad(q *rdf.Quad) error {
	switch {
	case !q.S.IsIRI() && !q.S.IsBNode():
		return fmt.Errorf("subject %q is neither IRI nor blank node: %w", q.S.Value(), graph.ErrBadQuad)
	case !q.P.IsIRI():
		return fmt.Errorf("predicate %q is no IRI: %w", q.P.Value(), graph.ErrBadQuad)
	case q.O.IsZero():
		return fmt.Errorf("object is missing: %w", graph.ErrBadQuad)
	case q.G.IsLiteral():
		return fmt.Errorf("graph name %q is a literal: %w", q.G.Value(), graph.ErrBadQuad)
	}
	for _, t := range []*graph.Term{&q.S, &q.P, &q.O, &q.G} {
		if n := max(len(t.Value()), len(t.Datatype()), len(t.Lang())); n > dict.MaxTermBytes {
			return fmt.Errorf("term of %d bytes is beyond the limit of %d: %w", n, dict.MaxTermBytes, graph.ErrTooLarge)
		}
	}
	return nil
}

func textSize(q *rdf.Quad) int {
	return len(q.S.Value()) + len(q.P.Value()) + len(q.G.Value()) +
		len(q.O.Value()) + len(q.O.Datatype()) + len(q.O.Lang())
}

// prepare makes and appends the version after a batch; the tip as it is when
// the batch changes nothing. The caller has the turn.
func (s *Store) prepare(b *graph.Batch) (v *version, effective bool, err error) {
	if err := s.failure(); err != nil {
		return nil, false, err
	}
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
	r := resolver{dict: s.dict}
	adds, err := r.addAll(b.Adds)
	if err != nil {
		return nil, err
	}
	gone := s.cleared(l, b)
	for _, q := range r.findAll(b.Deletes) {
		if l.tipTrees.has(q) {
			gone = append(gone, q)
		}
	}
	gone = normal(gone)
	adds = normal(adds)
	deletes := gone[:0:0]
	for i, j := 0, 0; i < len(gone); i++ {
		for j < len(adds) && compareQuads(adds[j], gone[i]) < 0 {
			j++
		}
		if j == len(adds) || adds[j] != gone[i] {
			deletes = append(deletes, gone[i])
		}
	}
	if l.tipTrees.len() > 0 {
		adds = slices.DeleteFunc(adds, l.tipTrees.has)
	}
	return &Changes{Deletes: deletes, Adds: adds}, nil
}

// normal sorts by SPOG and drops repetitions.
func normal(quads []graph.Quad) []graph.Quad {
	slices.SortFunc(quads, compareQuads)
	return slices.Compact(quads)
}

// cleared lists the quads of the graphs that a batch empties.
func (s *Store) cleared(l *line, b *graph.Batch) (out []graph.Quad) {
	if b.ClearAll {
		return l.tipTrees.rows(out, graph.Pattern{}, graph.SPOG)
	}
	for _, g := range b.ClearGraphs {
		id := graph.DefaultGraph
		if !g.IsZero() {
			if id = findID(s.dict, g); id == graph.None {
				continue
			}
		}
		out = l.tipTrees.rows(out, graph.Pattern{graph.G: id}, graph.GPSO)
	}
	return out
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

// append makes a version of effective changes and gives it to the log. The
// caller has the turn.
func (s *Store) append(l *line, c *Changes, note string) (*version, error) {
	v := &version{line: l, parent: l.tip, cum: cumOf(l.tip) + uint64(c.Len()), changes: c}
	v.commit = graph.Commit{
		Seq: s.seq + 1, Parent: seqOf(l.tip), Branch: l.name, Time: s.nextTime(),
		Adds: uint64(len(c.Adds)), Deletes: uint64(len(c.Deletes)), Note: note, Effective: true,
	}
	trees := l.tipTrees
	if err := trees.apply(btree.NewEdit(), c); err != nil {
		return nil, fmt.Errorf("core: I5: %w", err)
	}
	if invariant.Enabled && trees.len() < 1<<12 {
		err := trees.Verify()
		invariant.Checkf(err == nil, "%v", err)
	}
	v.trees = &trees
	if s.log != nil {
		if err := s.appendRecord(v); err != nil {
			return nil, err
		}
	}
	l.tip, l.tipTrees = v, trees
	s.seq, s.last = v.commit.Seq, v.commit.Time
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil { // a sync failed meanwhile
		return nil, s.failed
	}
	s.pending = append(s.pending, v)
	return v, nil
}

func (s *Store) appendRecord(v *version) (err error) {
	terms := s.dict.Len()
	r := &Record{Kind: RecordCommit, Commit: v.commit, FirstTerm: s.logged, Changes: v.changes}
	for n := s.logged; n < terms; n++ {
		r.Terms = append(r.Terms, s.dict.Raw(n))
	}
	if v.pos, err = s.appendLog(r); err != nil {
		return err
	}
	s.logged = terms
	return nil
}

func (s *Store) appendLog(r *Record) (uint64, error) {
	pos, err := s.log.Append(r)
	if err != nil && !isTooLarge(err) {
		err = s.fail(err)
	}
	return pos, err
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

// publish waits until v is durable and shows it and all before it to readers
// (I1). v may be published already, or nil.
func (s *Store) publish(v *version) error {
	if v == nil {
		return nil
	}
	if s.log != nil {
		if err := s.log.Sync(v.pos); err != nil {
			return s.fail(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.pending) && s.pending[n].commit.Seq <= v.commit.Seq {
		s.show(s.pending[n])
		n++
	}
	if n > 0 {
		s.pending = slices.Delete(s.pending, 0, n)
		s.wake()
	}
	return nil
}

// show publishes one version.
func (s *Store) show(v *version) {
	l := v.line
	v.refs = 1 // the line's; its reference to the version before is now v's
	l.versions = append(l.versions, v)
	l.kept = append(l.kept, v)
	if s.opts.Thin {
		l.thin()
	}
}

// settle publishes all that is pending. The caller has the turn.
func (s *Store) settle() error {
	s.mu.RLock()
	var last *version
	if n := len(s.pending); n > 0 {
		last = s.pending[n-1]
	}
	err := s.failed
	s.mu.RUnlock()
	if err != nil {
		return err
	}
	return s.publish(last)
}

func (s *Store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
