package core

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nettwin/graph"
)

// MaxBranchName bounds the bytes of a branch's name.
const MaxBranchName = 100

func checkBranchName(name string) error {
	ok := len(name) >= 1 && len(name) <= MaxBranchName && name[0] != '.' && name[0] != '-'
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		ok = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'
	}
	if !ok {
		return fmt.Errorf("%q: %w", name, graph.ErrBadBranchName)
	}
	return nil
}

func sortBranches(list []graph.Branch) {
	slices.SortFunc(list, func(a, b graph.Branch) int {
		switch {
		case a.Name == b.Name:
			return 0
		case a.Name == graph.Main:
			return -1
		case b.Name == graph.Main:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// Fork implements graph.Store.
func (s *Store) Fork(ctx context.Context, name string, at graph.At) (graph.Branch, error) {
	b, err := s.fork(ctx, name, at)
	if err != nil {
		return graph.Branch{}, fmt.Errorf("fork: %w", err)
	}
	return b, nil
}

func (s *Store) fork(ctx context.Context, name string, at graph.At) (graph.Branch, error) {
	if err := checkBranchName(name); err != nil {
		return graph.Branch{}, err
	}
	if err := s.take(ctx); err != nil {
		return graph.Branch{}, err
	}
	defer s.give()
	if err := s.settle(); err != nil {
		return graph.Branch{}, err
	}
	if s.taken(name) {
		return graph.Branch{}, fmt.Errorf("%q: %w", name, graph.ErrBranchExists)
	}
	from, v, err := s.locate(at)
	if err != nil {
		return graph.Branch{}, err
	}
	trees, err := s.treesOf(from, v)
	if err != nil {
		return graph.Branch{}, err
	}
	err = s.write(&Record{Kind: RecordFork, Name: name, Parent: from.name, Base: seqOf(v)})
	if err != nil {
		return graph.Branch{}, err
	}
	return s.addLine(name, from, v, *trees).info(), nil
}

func (s *Store) taken(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.branches[name] != nil
}

// addLine makes the branch; its base is held as its head until it commits.
func (s *Store) addLine(name string, from *line, base *version, trees Trees) *line {
	l := &line{name: name, parent: from.name, base: base, baseTree: trees, tip: base, tipTrees: trees}
	s.mu.Lock()
	defer s.mu.Unlock()
	if base != nil {
		base.refs++
	}
	s.branches[name] = l
	return l
}

// write appends a record and waits until it is durable. The caller has the turn.
func (s *Store) write(r *Record) error {
	if s.log == nil {
		return nil
	}
	pos, err := s.appendLog(r)
	if err != nil {
		return err
	}
	if err := s.log.Sync(pos); err != nil {
		return s.fail(err)
	}
	return nil
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
	if err := s.settle(); err != nil {
		return err
	}
	if !s.taken(name) {
		return fmt.Errorf("branch %q: %w", name, graph.ErrNoBranch)
	}
	if err := s.write(&Record{Kind: RecordDrop, Name: name}); err != nil {
		return err
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
		v.trees, v.changes = nil, nil
		l.versions = l.versions[:len(l.versions)-1]
		l.kept = slices.DeleteFunc(l.kept, func(k *version) bool { return k == v })
		v = v.parent
	}
}
