package core

import (
	"fmt"
	"slices"

	"nettwin/graph/internal/btree"
)

// Versions whose trees a thinned line keeps: the newest keepNewest, and older
// ones so that between two of them lie at most keepChanges changes, or half as
// many as from there to the head. That is a few dozen for any history, and no
// version is farther from trees than its age.
const (
	keepNewest  = 4
	keepChanges = 16 << 10
)

// remade is a version whose trees were made again for a reader.
type remade struct {
	version *version
	trees   *Trees
}

// thin lets go of the trees that the rule above can spare.
func (l *line) thin() {
	n := len(l.kept)
	if n <= keepNewest {
		return
	}
	head := l.kept[n-1].cum
	out := l.kept[:0]
	before := cumOf(l.base)
	for i, v := range l.kept {
		if i+keepNewest < n {
			next := l.kept[i+1].cum
			if next-before <= max(keepChanges, (head-next)/2) {
				v.trees, v.changes = nil, nil
				continue
			}
		}
		before = v.cum
		out = append(out, v)
	}
	clear(l.kept[len(out):])
	l.kept = out
}

// treesOf returns the trees of a version that lies on l or its ancestors; nil
// is the empty store. Those that were let go are made again from the nearest
// by the changes between.
func (s *Store) treesOf(l *line, v *version) (*Trees, error) {
	if v == nil {
		return &Trees{}, nil
	}
	s.mu.RLock()
	trees := s.present(l, v)
	var from Trees
	var steps []step
	if trees == nil {
		from, steps = nearest(v)
	}
	s.mu.RUnlock()
	if trees != nil {
		return trees, nil
	}
	edit := btree.NewEdit()
	for _, st := range steps {
		c, err := s.changesOf(st.version)
		if err != nil {
			return nil, err
		}
		if st.undo {
			c = c.inverse()
		}
		if err := from.apply(edit, c); err != nil {
			return nil, fmt.Errorf("core: I5: commit %d: %w", st.version.commit.Seq, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remade[s.remadeAt] = remade{v, &from}
	s.remadeAt = (s.remadeAt + 1) % len(s.remade)
	return &from, nil
}

// present returns the trees of a version if they are in memory.
func (s *Store) present(l *line, v *version) *Trees {
	if v.trees != nil {
		return v.trees
	}
	if v == l.base {
		return &l.baseTree
	}
	for _, r := range s.remade {
		if r.version == v {
			return r.trees
		}
	}
	return nil
}

// step is one commit to redo, or to undo.
type step struct {
	version *version
	undo    bool
}

// nearest returns kept trees and the way from them to v.
func nearest(v *version) (Trees, []step) {
	l := v.line
	older, newer := l.base, (*version)(nil)
	trees := l.baseTree
	for _, k := range l.kept {
		if k.cum > v.cum {
			newer = k
			break
		}
		older, trees = k, *k.trees
	}
	var steps []step
	if newer != nil && newer.cum-v.cum < v.cum-cumOf(older) {
		for u := newer; u != v; u = u.parent {
			steps = append(steps, step{u, true})
		}
		return *newer.trees, steps
	}
	for u := v; u != older; u = u.parent {
		steps = append(steps, step{u, false})
	}
	slices.Reverse(steps)
	return trees, steps
}

// changesOf returns the changes of a version, from the log if need be.
func (s *Store) changesOf(v *version) (*Changes, error) {
	s.mu.RLock()
	c := v.changes
	s.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	if s.log == nil {
		return nil, fmt.Errorf("core: commit %d was freed", v.commit.Seq)
	}
	return s.log.ReadChanges(v.pos)
}
