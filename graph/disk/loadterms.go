package disk

import (
	"context"
	"errors"

	"nettwin/graph/disk/internal/dict"
)

// installTerms makes the terms of a load part of the dictionary, before any
// quad names them: by a checkpoint that holds writers up while it is saved,
// because their numbers follow those of all other terms. The file of the terms
// is written before, and little else is left to save by an ordinary checkpoint
// just before. A load that comes to nothing afterwards leaves terms that no
// quad has, as a batch without effect does.
func (s *Store) installTerms(ctx context.Context, l *dict.Loading) (n dict.Numbers, err error) {
	w, err := l.Write(ctx)
	if err != nil {
		return n, err
	}
	if err := s.requestCheckpoint(ctx); err != nil {
		return n, errors.Join(s.why(err), l.Discard(w))
	}
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	if err := s.set.Bar(ctx); err != nil {
		return n, errors.Join(s.why(err), l.Discard(w))
	}
	defer s.set.Unbar()
	if err := s.take(ctx); err != nil {
		return n, errors.Join(s.why(err), l.Discard(w))
	}
	defer s.give()
	ok, err := l.Current(w)
	if err == nil && !ok {
		err = l.Discard(w)
		w = nil
		if err == nil {
			w, err = l.Write(ctx)
		}
	}
	if err == nil {
		err = s.failure()
	}
	if err != nil {
		return n, errors.Join(err, l.Discard(w))
	}
	if n, err = s.saveTerms(l, w); err != nil {
		return n, errors.Join(s.fail(err), l.Discard(w))
	}
	return n, nil
}

// saveTerms saves a checkpoint with the terms of a load. The caller has the
// turn.
func (s *Store) saveTerms(l *dict.Loading, w *dict.Written) (n dict.Numbers, err error) {
	c := s.captured()
	c.terms = s.dict.Len() + w.Len()
	err = s.saveRuns(s.ctx, c)
	if err == nil {
		n, err = s.dict.Install(s.ctx, l, w, func(files []uint64) error {
			c.dicts = files
			return s.commitCheckpoint(c)
		})
	}
	if err != nil {
		return n, errors.Join(err, s.set.Remove(cellsOf(c.lines)...))
	}
	s.logged = c.terms
	s.checkpointed(c)
	return n, nil
}
