package disk

import (
	"context"
	"errors"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/disk/internal/runs"
)

// The changes of a load are not in the log: its record names the segment that
// has them, which stays as long as the commit is retained, also when the
// branch has merged it with others.

// openLoad opens the segment of a load's record and keeps it.
func (s *Store) openLoad(r *record) (*runs.Run, error) {
	opener := s.files.Opener()
	v, err := opener.Version(r.segments)
	err = errors.Join(err, opener.Close())
	if err != nil {
		return nil, err
	}
	run := v.Runs()[0]
	if adds, deletes := run.Rows(); adds != r.commit.Adds || deletes != r.commit.Deletes {
		err := &graph.CorruptionError{File: s.segmentFile(r.segments[0]),
			Reason: fmt.Sprintf("it has %d adds and %d deletes, commit %d of the log %d and %d", adds, deletes, r.commit.Seq, r.commit.Adds, r.commit.Deletes)}
		return nil, errors.Join(err, v.Release())
	}
	s.keepLoad(r.commit.Seq, v)
	return run, nil
}

// keepLoad takes over a version of the run of a load alone.
func (s *Store) keepLoad(seq graph.CommitSeq, v *runs.Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads[seq] = v
}

// loaded returns the run of a load, with a reference for the caller.
func (s *Store) loaded(seq graph.CommitSeq) (*runs.Version, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := s.loads[seq]
	if v == nil {
		return nil, fmt.Errorf("changes of load %d: %w", seq, graph.ErrNoVersion)
	}
	return v.Retain(), nil
}

// dropLoads lets go of loads whose changes are not retained.
func (s *Store) dropLoads(floor graph.CommitSeq) error {
	s.mu.Lock()
	var gone []*runs.Version
	for seq, v := range s.loads {
		if seq <= floor {
			gone = append(gone, v)
			delete(s.loads, seq)
		}
	}
	s.mu.Unlock()
	var err error
	for _, v := range gone {
		err = errors.Join(err, v.Release())
	}
	return err
}

// eachChange calls f with the effective changes of a commit, deletes first,
// each half sorted by SPOG, reading those of a load piece by piece.
func (s *Store) eachChange(ctx context.Context, r *record, f func(q graph.Quad, added bool) error) error {
	if r.kind == recordLoad {
		v, err := s.loaded(r.commit.Seq)
		if err != nil {
			return err
		}
		err = v.Runs()[0].Each(ctx, f)
		return errors.Join(err, v.Release())
	}
	for _, q := range r.changes.Deletes {
		if err := f(q, false); err != nil {
			return err
		}
	}
	for _, q := range r.changes.Adds {
		if err := f(q, true); err != nil {
			return err
		}
	}
	return nil
}
