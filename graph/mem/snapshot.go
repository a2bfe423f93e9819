package mem

import (
	"fmt"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/internal/dict"
)

// Snapshot is one version. It implements graph.Snapshot.
type Snapshot struct {
	store  *Store
	dict   *dict.Dict
	commit graph.Commit
	trees  Trees
	closed atomic.Bool
}

func (s *Snapshot) check() error {
	if s.closed.Load() || s.store.closed.Load() {
		return graph.ErrClosed
	}
	return nil
}

// Commit returns the commit that made this version.
func (s *Snapshot) Commit() graph.Commit { return s.commit }

// Close releases the version.
func (s *Snapshot) Close() error {
	s.closed.Store(true)
	return nil
}

// Scan implements graph.Source.
func (s *Snapshot) Scan(p graph.Pattern, o graph.Order) (graph.Cursor, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if o >= graph.NumOrders {
		return nil, fmt.Errorf("scan: order %d: there are %d", o, graph.NumOrders)
	}
	return newCursor(s, p, o), nil
}

// Count implements graph.Source.
func (s *Snapshot) Count(p graph.Pattern) (uint64, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	return s.trees.count(p), nil
}

// IDs implements graph.TermReader.
func (s *Snapshot) IDs(terms []graph.Term, out []graph.TermID) error {
	if err := s.check(); err != nil {
		return err
	}
	if len(out) != len(terms) {
		return fmt.Errorf("ids: %d terms, room for %d", len(terms), len(out))
	}
	for i, t := range terms {
		out[i] = findID(s.dict, t)
	}
	return nil
}

func findID(d *dict.Dict, t graph.Term) graph.TermID {
	if t.IsZero() {
		return graph.None
	}
	if id, ok := graph.Inline(t); ok {
		return id
	}
	return d.Find(t)
}

// Terms implements graph.TermReader.
func (s *Snapshot) Terms(ids []graph.TermID, out []graph.Term) error {
	if err := s.check(); err != nil {
		return err
	}
	if len(out) != len(ids) {
		return fmt.Errorf("terms: %d ids, room for %d", len(ids), len(out))
	}
	for i, id := range ids {
		t, err := termOf(s.dict, id)
		if err != nil {
			return err
		}
		out[i] = t
	}
	return nil
}

func termOf(d *dict.Dict, id graph.TermID) (graph.Term, error) {
	switch id.Tag() {
	case graph.TagSpecial:
		if id <= graph.DefaultGraph {
			return graph.Term{}, nil
		}
	case graph.TagIRI, graph.TagBNode, graph.TagLiteral, graph.TagTriple:
		return d.Term(id)
	default:
		if t, ok := id.Term(); ok {
			return t, nil
		}
	}
	return graph.Term{}, fmt.Errorf("terms: id %#x was never given out", uint64(id))
}

// Verify checks the invariants of the version's trees.
func (s *Snapshot) Verify() error { return s.trees.Verify() }
