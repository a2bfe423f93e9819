package mem

import (
	"context"
	"fmt"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
)

// Fork implements graph.Store.
func (s *Store) Fork(ctx context.Context, name string, at graph.At) (graph.Branch, error) {
	b, err := s.fork(ctx, name, at)
	if err != nil {
		return graph.Branch{}, fmt.Errorf("fork: %w", err)
	}
	return b, nil
}

func (s *Store) fork(ctx context.Context, name string, at graph.At) (graph.Branch, error) {
	if err := batch.CheckBranchName(name); err != nil {
		return graph.Branch{}, err
	}
	if err := s.take(ctx); err != nil {
		return graph.Branch{}, err
	}
	defer s.give()
	if s.taken(name) {
		return graph.Branch{}, fmt.Errorf("%q: %w", name, graph.ErrBranchExists)
	}
	from, v, err := s.locate(at)
	if err != nil {
		return graph.Branch{}, err
	}
	return s.addLine(name, from, v).info(), nil
}

func (s *Store) taken(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.branches[name] != nil
}

// addLine makes the branch; its base is held as its head until it commits.
func (s *Store) addLine(name string, from *line, base *version) *line {
	l := &line{name: name, parent: from.name, base: base, tip: base, tipTrees: treesOf(base)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if base != nil {
		base.refs++
	}
	s.branches[name] = l
	return l
}

// Drop implements graph.Store.
func (s *Store) Drop(ctx context.Context, name string) error {
	if err := s.drop(ctx, name); err != nil {
		return fmt.Errorf("drop: %w", err)
	}
	return nil
}

func (s *Store) drop(ctx context.Context, name string) error {
	if name == graph.Main || name == "" {
		return graph.ErrMainBranch
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	if !s.taken(name) {
		return fmt.Errorf("branch %q: %w", name, graph.ErrNoBranch)
	}
	s.removeLine(name)
	return nil
}

func (s *Store) removeLine(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.branches[name]
	delete(s.branches, name)
	l.dropped = true
	l.tipTrees = Trees{}
	s.release(l.head())
	s.wake()
}

// release takes one reference away (I4) and frees versions that nothing
// continues from, which are then the last of their lines.
func (s *Store) release(v *version) {
	for v != nil {
		v.refs--
		if v.refs > 0 {
			return
		}
		l := v.line
		v.trees, v.changes = Trees{}, nil
		l.versions = l.versions[:len(l.versions)-1]
		v = v.parent
	}
}
