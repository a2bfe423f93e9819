package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
	"nettwin/internal/invariant"
)

// MaxRuns is how many runs a version may have. Writers merge before they add
// one more, which compaction in time spares them.
const MaxRuns = 64

// ErrReleased: the version was let go by all who held it.
var ErrReleased = errors.New("runs: version was released")

// Version is an immutable set of quads. It is safe for concurrent use and
// counts its references: who makes one holds one.
type Version struct {
	runs []*Run // oldest first
	len  uint64 // I3
	refs atomic.Int64
}

// NewVersion returns the version of a list of runs, oldest first.
func NewVersion(list ...*Run) *Version {
	v := &Version{runs: list}
	for _, r := range list {
		r.retain()
		v.len += r.rows[segment.Adds] - r.rows[segment.Deletes]
	}
	v.refs.Store(1)
	return v
}

// Retain adds a reference and returns v.
func (v *Version) Retain() *Version {
	v.refs.Add(1)
	return v
}

// Release takes a reference away. Errors are those of closing files that
// nobody needs any more.
func (v *Version) Release() error {
	n := v.refs.Add(-1)
	invariant.Check(n >= 0, "I4: a version is released once for each reference")
	if n != 0 {
		return nil
	}
	var err error
	for _, r := range v.runs {
		err = errors.Join(err, r.release())
	}
	return err
}

// Len returns the number of quads.
func (v *Version) Len() uint64 { return v.len }

// Runs returns the runs, oldest first. The slice is shared: do not write.
func (v *Version) Runs() []*Run { return v.runs }

// With returns the version after more runs, each of whose changes must be
// effective on what is before (I1).
func (v *Version) With(list ...*Run) *Version {
	return NewVersion(append(v.runs[:len(v.runs):len(v.runs)], list...)...)
}

// Replace returns v with the neighbours old in its list replaced by one run of
// their net changes, or by none if merged is nil; false if v does not hold them.
func (v *Version) Replace(old []*Run, merged *Run) (*Version, bool) {
	if len(old) == 0 {
		return nil, false
	}
	at := slices.Index(v.runs, old[0])
	if at < 0 || at+len(old) > len(v.runs) || !slices.Equal(v.runs[at:at+len(old)], old) {
		return nil, false
	}
	list := slices.Clone(v.runs[:at])
	if merged != nil {
		list = append(list, merged)
	}
	next := NewVersion(append(list, v.runs[at+len(old):]...)...)
	invariant.Check(next.len == v.len, "I3: compaction changes no length")
	return next, true
}

// Has tells whether q is in the version: the newest run that mentions it
// decides (I1).
func (v *Version) Has(q graph.Quad) (bool, error) {
	k := Key(q)
	for _, r := range slices.Backward(v.runs) {
		sign, err := r.mentions(&k)
		if sign != 0 || err != nil {
			return sign > 0, err
		}
	}
	return false, nil
}

// Count returns the number of quads that match p.
func (v *Version) Count(p graph.Pattern) (uint64, error) {
	fixed := 0
	for _, id := range p {
		if id != graph.None {
			fixed++
		}
	}
	best, bestRows := graph.SPOG, ^uint64(0)
	for o := range graph.NumOrders {
		plen := o.PrefixLen(p)
		if plen == 0 && fixed > 0 {
			continue
		}
		n, err := v.prefixCount(p, o, plen)
		if err != nil || plen == fixed {
			return n, err
		}
		if n < bestRows {
			best, bestRows = o, n
		}
	}
	return v.countRows(p, best)
}

func (v *Version) prefixCount(p graph.Pattern, o graph.Order, plen int) (uint64, error) {
	if plen == 0 {
		return v.len, nil
	}
	k := toKey(o, graph.Quad(p))
	var sum uint64
	for _, r := range v.runs {
		adds, err := r.span(o, segment.Adds, &k, plen)
		if err != nil {
			return 0, err
		}
		deletes, err := r.span(o, segment.Deletes, &k, plen)
		if err != nil {
			return 0, err
		}
		sum += adds - deletes
	}
	return sum, nil
}

// Check reads the whole version and holds I1 to I3 against its rows: it is
// meant for tests and checkers.
func (v *Version) Check() error {
	sources, err := v.sources(graph.SPOG, &Key{}, 0, nil)
	if err != nil {
		return err
	}
	m, err := newMerger(sources)
	var n uint64
	for ; err == nil && m.sign != 0; err = m.next() {
		if m.sign != 1 {
			return fmt.Errorf("runs: I1: quad %v counts %d", toQuad(graph.SPOG, &m.key), m.sign)
		}
		n++
	}
	if err == nil && n != v.len {
		return fmt.Errorf("runs: I3: %d quads, length says %d", n, v.len)
	}
	return err
}

// sources streams the runs other than skip, as far as they have the prefix.
func (v *Version) sources(o graph.Order, k *Key, plen int, skip *Run) ([]*source, error) {
	var out []*source
	for _, r := range v.runs {
		for kind, sign := range [2]int{segment.Adds: 1, segment.Deletes: -1} {
			if r == skip && segment.Kind(kind) == segment.Adds {
				continue
			}
			s, ok, err := sourceOf(r, o, segment.Kind(kind), sign, k, plen)
			if err != nil {
				return nil, err
			}
			if ok {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// Rows appends the quads that match p, sorted by o.
func (v *Version) Rows(out []graph.Quad, p graph.Pattern, o graph.Order) ([]graph.Quad, error) {
	c, err := v.Scan(p, o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for {
		chunk, err := c.Next(context.Background())
		if chunk == nil || err != nil {
			return out, err
		}
		for i := range chunk.Len() {
			out = append(out, chunk.Quad(i))
		}
	}
}
