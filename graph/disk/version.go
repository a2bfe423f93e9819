package disk

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"nettwin/graph"
	"nettwin/graph/disk/internal/history"
	"nettwin/graph/disk/internal/runs"
	"nettwin/graph/internal/batch"
)

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
	l, seq, v, err := s.locate(at)
	if err != nil {
		return nil, err
	}
	snap := &Snapshot{store: s, version: v}
	if snap.commit, err = s.commitOf(l, seq); err == nil {
		err = snap.lack(s.past().missing(seq))
	}
	if err != nil {
		snap.Close()
		return nil, err
	}
	return snap, nil
}

// locate finds the version that at names and returns it with a reference for
// the caller.
func (s *Store) locate(at graph.At) (*line, graph.CommitSeq, *runs.Version, error) {
	if at.Seq != 0 && !at.Time.IsZero() {
		return nil, 0, nil, fmt.Errorf("both commit %d and instant %s are given: name one", at.Seq, at.Time)
	}
	s.mu.RLock()
	l, err := s.branch(at.Branch)
	if err != nil {
		s.mu.RUnlock()
		return nil, 0, nil, err
	}
	head := l.head
	if at.Time.IsZero() && (at.Seq == 0 || at.Seq == head) {
		defer s.mu.RUnlock()
		return l, head, l.headCell.Get(), nil
	}
	s.mu.RUnlock()
	var n history.Node
	if at.Time.IsZero() {
		n, err = s.history.Ancestor(head, at.Seq)
		if err == nil && n.Seq != at.Seq {
			err = fmt.Errorf("commit %d on branch %q: %w", at.Seq, l.name, graph.ErrNoVersion)
		}
	} else {
		n, err = s.asOf(l, head, instant(at.Time))
	}
	if err != nil {
		return nil, 0, nil, err
	}
	v, err := s.version(n.Seq)
	return l, n.Seq, v, err
}

// asOf remembers the instant, so that no later commit can be dated before it
// and the answer stays the same for ever.
func (s *Store) asOf(l *line, head graph.CommitSeq, t time.Time) (history.Node, error) {
	newest, err := s.history.Node(head)
	if err != nil {
		return newest, err
	}
	if t.After(newest.Time) && t.After(instant(s.o.Clock())) {
		return newest, fmt.Errorf("instant %s is in the future: %w", t.Format(time.RFC3339Nano), graph.ErrNoVersion)
	}
	if t.Before(s.created) {
		return newest, fmt.Errorf("instant %s is before the store was created at %s: %w",
			t.Format(time.RFC3339Nano), s.created.Format(time.RFC3339Nano), graph.ErrNoVersion)
	}
	s.mu.Lock()
	if t.After(s.asked) {
		s.asked = t
	}
	head = l.head // a commit may have been made before t was remembered
	s.mu.Unlock()
	return s.history.AsOf(head, t)
}

// remade is a version that was made again for a reader.
type remade struct {
	seq     graph.CommitSeq
	version *runs.Version
}

// maxRemade is how many of them are kept.
const maxRemade = 4

// version returns the quads after a commit, with a reference for the caller:
// one that is at hand, or one made from the nearest that is, by the changes
// between. seq 0 is the empty store.
func (s *Store) version(seq graph.CommitSeq) (*runs.Version, error) {
	if err := retained(seq, s.floor.Load()); err != nil {
		return nil, err
	}
	if seq == 0 {
		return runs.NewVersion(), nil
	}
	for {
		lacking := s.past()
		v, made, err := s.remake(seq, lacking)
		if err == nil && made && s.past() != lacking { // what was read may have been trimmed
			if err = v.Release(); err == nil {
				continue
			}
		}
		if err != nil || !made {
			return v, err
		}
		s.remember(seq, v)
		return v, nil
	}
}

// remake returns a version that is at hand, or makes it.
func (s *Store) remake(seq graph.CommitSeq, lacking *past) (v *runs.Version, made bool, err error) {
	from, far, err := s.nearest(seq, lacking)
	if err != nil || far == 0 {
		return from.version, false, err
	}
	v, err = s.travel(from, seq)
	return v, true, errors.Join(err, from.version.Release())
}

// remember keeps a version that was made.
func (s *Store) remember(seq graph.CommitSeq, v *runs.Version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remade = append(s.remade, remade{seq, v.Retain()})
	if len(s.remade) > maxRemade {
		s.removed(s.remade[0].version.Release())
		s.remade = slices.Delete(s.remade, 0, 1)
	}
}

// atHand lists the versions that others can be made from, each with a
// reference for the caller.
func (s *Store) atHand() (out []remade) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	seen := map[graph.CommitSeq]bool{}
	add := func(seq graph.CommitSeq, get func() *runs.Version) {
		if !seen[seq] {
			seen[seq] = true
			out = append(out, remade{seq, get()})
		}
	}
	for _, r := range s.remade {
		add(r.seq, r.version.Retain)
	}
	for _, l := range s.branches {
		add(l.head, l.headCell.Get)
	}
	if c := s.durable; c != nil {
		for _, k := range slices.Concat(c.lines, c.kept) {
			add(k.seq, k.cell.Get)
		}
	}
	add(0, func() *runs.Version { return runs.NewVersion() })
	return out
}

// nearest returns the version at hand with fewest changes between it and seq,
// and how many these are.
func (s *Store) nearest(seq graph.CommitSeq, lacking *past) (best remade, far uint64, err error) {
	list := s.atHand()
	far = ^uint64(0)
	for _, r := range list {
		var d uint64
		var ok bool
		if d, ok, err = s.distance(r.seq, seq, lacking); err != nil {
			break
		}
		if ok && d < far {
			best, far = r, d
		}
	}
	for _, r := range list {
		if err != nil || r.version != best.version {
			err = errors.Join(err, r.version.Release())
		}
	}
	return best, far, err
}

// distance counts the changes on the way from one commit to another; false if
// the log does not reach back to where they part, or has lost what it takes.
func (s *Store) distance(a, b graph.CommitSeq, lacking *past) (uint64, bool, error) {
	x, err := s.history.Node(a)
	if err != nil {
		return 0, false, err
	}
	y, err := s.history.Node(b)
	if err != nil {
		return 0, false, err
	}
	m, err := s.history.Meet(a, b)
	return x.Cum + y.Cum - 2*m.Cum, m.Seq >= s.floor.Load() && !lacking.crossed(m.Seq, b), err
}

// travel undoes commits back to where the ways to both versions part, and
// redoes those from there to seq.
func (s *Store) travel(from remade, seq graph.CommitSeq) (*runs.Version, error) {
	meet, err := s.history.Meet(from.seq, seq)
	if err != nil {
		return nil, err
	}
	d := delta{store: s, net: map[graph.Quad]bool{}}
	defer d.drop()
	back, err := s.path(from.seq, meet.Seq)
	if err != nil {
		return nil, err
	}
	for _, n := range back {
		if err := d.commit(n, true); err != nil {
			return nil, err
		}
	}
	forth, err := s.path(seq, meet.Seq)
	if err != nil {
		return nil, err
	}
	for _, n := range slices.Backward(forth) {
		if err := d.commit(n, false); err != nil {
			return nil, err
		}
	}
	d.take()
	return from.version.With(d.list...), nil
}

// path lists the commits from one back to an ancestor, which is left out.
func (s *Store) path(from, to graph.CommitSeq) (out []graph.CommitSeq, err error) {
	for seq := from; seq != to; {
		n, err := s.history.Node(seq)
		if err != nil {
			return nil, err
		}
		out = append(out, seq)
		seq = n.Parent
	}
	return out, nil
}

// delta collects the net changes of commits in runs, of which those that are
// too large for memory go to segments of their own.
type delta struct {
	store *Store
	net   map[graph.Quad]bool // added or deleted
	list  []*runs.Run
	held  *runs.Version // holds the segments of list; nil: there are none
}

// maxSpilled is how many segments a delta has before they become one.
const maxSpilled = 8

func (d *delta) commit(seq graph.CommitSeq, undo bool) error {
	r, err := d.store.readRecord(seq)
	if err != nil {
		return err
	}
	err = d.store.eachChange(d.store.ctx, r, func(q graph.Quad, added bool) error {
		if d.change(q, added != undo); r.kind == recordLoad && d.large() { // a quad comes once in a commit
			return d.spill()
		}
		return nil
	})
	if err != nil || !d.large() {
		return err
	}
	return d.spill()
}

// large tells whether what was collected is too much for memory.
func (d *delta) large() bool { return uint64(len(d.net)) >= d.store.policy.FlushRows }

// change notes that a quad comes or goes. Changes of a quad alternate, so a
// second one takes back the first.
func (d *delta) change(q graph.Quad, added bool) {
	if _, ok := d.net[q]; ok {
		delete(d.net, q)
		return
	}
	d.net[q] = added
}

// take makes a run of what was collected.
func (d *delta) take() {
	if len(d.net) == 0 {
		return
	}
	var adds, deletes []graph.Quad
	for q, added := range d.net {
		if added {
			adds = append(adds, q)
		} else {
			deletes = append(deletes, q)
		}
	}
	slices.SortFunc(adds, batch.Compare)
	slices.SortFunc(deletes, batch.Compare)
	d.list = append(d.list, runs.NewRun(0, 0, adds, deletes))
	clear(d.net)
}

func (d *delta) spill() error {
	d.take()
	last := len(d.list) - 1
	r, err := d.store.files.Write(d.store.ctx, d.list[last])
	if err != nil {
		return err
	}
	d.list[last] = r
	d.hold()
	if len(d.list) < maxSpilled {
		return nil
	}
	if r, err = d.store.files.Merge(d.store.ctx, d.list); err != nil {
		return err
	}
	d.list = nil
	if r != nil {
		d.list = append(d.list, r)
	}
	d.hold()
	return nil
}

// hold keeps the segments of the list while it is collected.
func (d *delta) hold() {
	old := d.held
	d.held = runs.NewVersion(slices.Clone(d.list)...)
	if old != nil {
		d.store.removed(old.Release())
	}
}

// drop lets go of the segments; who made a version of them holds them too.
func (d *delta) drop() {
	if d.held != nil {
		d.store.removed(d.held.Release())
	}
}
