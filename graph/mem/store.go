package mem

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"nettwin/graph"
	"nettwin/graph/internal/batch"
	"nettwin/graph/internal/dict"
)

// Options make a Store. The zero Options are usable.
type Options struct {
	Base  string           // base IRI of the things in the store
	Clock func() time.Time // nil: time.Now
}

// Store is a graph.Store in memory.
type Store struct {
	opts    Options
	created time.Time
	dict    *dict.Dict

	closed atomic.Bool
	done   chan struct{} // closed by Close
	turn   chan struct{} // one token: who holds it writes

	// What the writer who has the turn owns.
	seq  graph.CommitSeq // newest number given
	last time.Time       // of that commit

	mu       sync.RWMutex
	main     *line
	branches map[string]*line
	changed  chan struct{} // closed and replaced at each publication and drop
	asked    time.Time     // latest instant that a reader was given
}

var _ graph.Store = (*Store)(nil)

// New returns an empty store.
func New(opts Options) *Store {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	s := &Store{
		opts: opts, created: instant(opts.Clock()), dict: dict.New(), done: make(chan struct{}), turn: make(chan struct{}, 1),
		main: &line{name: graph.Main}, changed: make(chan struct{}),
	}
	s.branches = map[string]*line{graph.Main: s.main}
	s.turn <- struct{}{}
	return s
}

// instant drops the monotonic reading and the zone.
func instant(t time.Time) time.Time { return t.Round(0).UTC() }

// take waits for the turn.
func (s *Store) take(ctx context.Context) error {
	if s.closed.Load() {
		return graph.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return graph.ErrClosed
	}
	if s.closed.Load() {
		s.give()
		return graph.ErrClosed
	}
	return nil
}

func (s *Store) give() { s.turn <- struct{}{} }

// branch returns the line of a name; "" means Main.
func (s *Store) branch(name string) (*line, error) {
	if name == "" {
		name = graph.Main
	}
	l := s.branches[name]
	if l == nil {
		return nil, fmt.Errorf("branch %q: %w", name, graph.ErrNoBranch)
	}
	return l, nil
}

// Snapshot implements graph.Store.
func (s *Store) Snapshot(at graph.At) (graph.Snapshot, error) {
	snap, err := s.snapshot(at)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return snap, nil
}

func (s *Store) snapshot(at graph.At) (*Snapshot, error) {
	if s.closed.Load() {
		return nil, graph.ErrClosed
	}
	_, v, err := s.locate(at)
	if err != nil {
		return nil, err
	}
	return &Snapshot{store: s, dict: s.dict, commit: commitOf(v), trees: treesOf(v)}, nil
}

// locate finds the version that at names. nil is the empty store.
func (s *Store) locate(at graph.At) (*line, *version, error) {
	if at.Seq != 0 && !at.Time.IsZero() {
		return nil, nil, fmt.Errorf("both commit %d and instant %s are given: name one", at.Seq, at.Time)
	}
	if !at.Time.IsZero() {
		return s.locateTime(at)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	l, err := s.branch(at.Branch)
	if err != nil {
		return nil, nil, err
	}
	if at.Seq == 0 {
		return l, l.head(), nil
	}
	v := l.find(at.Seq)
	if v == nil {
		return nil, nil, fmt.Errorf("commit %d on branch %q: %w", at.Seq, l.name, graph.ErrNoVersion)
	}
	return l, v, nil
}

// locateTime remembers the instant, so that no later commit can be dated
// before it and the answer stays the same for ever.
func (s *Store) locateTime(at graph.At) (*line, *version, error) {
	t, now := instant(at.Time), instant(s.opts.Clock())
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.branch(at.Branch)
	if err != nil {
		return nil, nil, err
	}
	head := l.head()
	if t.After(now) && t.After(commitOf(head).Time) {
		return nil, nil, fmt.Errorf("instant %s is in the future: %w", t.Format(time.RFC3339Nano), graph.ErrNoVersion)
	}
	if t.Before(s.created) {
		return nil, nil, fmt.Errorf("instant %s is before the store was created at %s: %w",
			t.Format(time.RFC3339Nano), s.created.Format(time.RFC3339Nano), graph.ErrNoVersion)
	}
	if t.After(s.asked) {
		s.asked = t
	}
	return l, l.asOf(t), nil
}

// Branches implements graph.Store.
func (s *Store) Branches() ([]graph.Branch, error) {
	if s.closed.Load() {
		return nil, graph.ErrClosed
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]graph.Branch, 0, len(s.branches))
	for _, l := range s.branches {
		out = append(out, l.info())
	}
	batch.SortBranches(out)
	return out, nil
}

// Info implements graph.Store. Head is the newest commit of Main.
func (s *Store) Info() graph.Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	quads := s.main.tipTrees.len()
	return graph.Info{
		Engine: "mem", Base: s.opts.Base, Created: s.created,
		Quads: quads, Terms: s.dict.Len(), Head: seqOf(s.main.head()),
	}
}

// Close implements graph.Store: it waits for the running commit.
func (s *Store) Close() error {
	if s.closed.Load() {
		return nil
	}
	select {
	case <-s.turn:
	case <-s.done:
		return nil
	}
	defer s.give()
	if s.closed.Load() {
		return nil
	}
	s.closed.Store(true)
	close(s.done)
	return nil
}
