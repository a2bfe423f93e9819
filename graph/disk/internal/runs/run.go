package runs

import (
	"sync"
	"sync/atomic"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// Key is a quad with its ids in the sequence of some order.
type Key = segment.Key

// Run is the effective changes of a range of commits (I2). It counts its
// references.
type Run struct {
	from, to graph.CommitSeq
	seg      *segment.Segment // nil: in memory
	mem      [2]memRows       // by segment.Kind
	rows     [2]uint64        // by segment.Kind
	refs     atomic.Int64
}

// memRows are the rows of a kind in memory. Those of orders other than SPOG
// are sorted when first asked for, so that commits need not wait for it.
type memRows struct {
	orders [graph.NumOrders]struct {
		once   sync.Once
		keys   []Key
		sorted atomic.Bool // keys are there
	}
}

// NewRun makes a run in memory of changes that are sorted by SPOG without
// repetition. It keeps the slices.
func NewRun(from, to graph.CommitSeq, adds, deletes []graph.Quad) *Run {
	r := &Run{from: from, to: to}
	for kind, quads := range [2][]graph.Quad{segment.Adds: adds, segment.Deletes: deletes} {
		keys := make([]Key, len(quads))
		for i, q := range quads {
			keys[i] = Key(q)
		}
		r.setKeys(segment.Kind(kind), graph.SPOG, keys)
	}
	return r
}

func (r *Run) setKeys(kind segment.Kind, o graph.Order, keys []Key) {
	at := &r.mem[kind].orders[o]
	at.keys = keys
	at.once.Do(func() {})
	at.sorted.Store(true)
	r.rows[kind] = uint64(len(keys))
}

// FromSegment makes a run of an open segment, whose reference it takes over.
func FromSegment(s *segment.Segment) *Run {
	r := &Run{from: s.Header().From, to: s.Header().To, seg: s}
	for kind := range r.rows {
		if sec := s.Section(graph.SPOG, segment.Kind(kind)); sec != nil {
			r.rows[kind] = sec.Len()
		}
	}
	return r
}

// Commits returns the first and the last commit of the run.
func (r *Run) Commits() (from, to graph.CommitSeq) { return r.from, r.to }

// Segment returns the run's segment, nil if it is in memory.
func (r *Run) Segment() *segment.Segment { return r.seg }

// Rows returns the number of adds and deletes.
func (r *Run) Rows() (adds, deletes uint64) { return r.rows[segment.Adds], r.rows[segment.Deletes] }

func (r *Run) size() uint64 { return r.rows[0] + r.rows[1] }

func (r *Run) retain() { r.refs.Add(1) }

// release takes a reference away; the last closes the segment.
func (r *Run) release() error {
	if r.refs.Add(-1) > 0 || r.seg == nil {
		return nil
	}
	return r.seg.Release()
}

// derivedFrom names the order whose rows, sorted stably by the leading
// position of another, are in that order.
var derivedFrom = [graph.NumOrders]graph.Order{graph.PSOG: graph.SPOG, graph.OSPG: graph.SPOG, graph.POSG: graph.OSPG, graph.GPSO: graph.PSOG}

// keys returns the rows of a kind in an order, of a run in memory.
func (r *Run) keys(o graph.Order, kind segment.Kind) []Key {
	at := &r.mem[kind].orders[o]
	at.once.Do(func() {
		at.keys = derive(r.keys(derivedFrom[o], kind), derivedFrom[o], o)
		at.sorted.Store(true)
	})
	return at.keys
}

// span returns the number of rows with a prefix.
func (r *Run) span(o graph.Order, kind segment.Kind, k *Key, plen int) (uint64, error) {
	if r.rows[kind] == 0 {
		return 0, nil
	}
	if r.seg != nil {
		from, to, err := r.seg.Section(o, kind).Range(k, plen)
		return to - from, err
	}
	return uint64(len(prefixed(r.keys(o, kind), k, plen))), nil
}

// prefixed cuts sorted keys to those with a prefix.
func prefixed(keys []Key, k *Key, plen int) []Key {
	if plen == 0 {
		return keys
	}
	lo, hi, bounded := segment.PrefixBounds(k, plen)
	keys = keys[lower(keys, &lo):]
	if bounded {
		keys = keys[:lower(keys, &hi)]
	}
	return keys
}

// lower returns the number of sorted keys less than k.
func lower(keys []Key, k *Key) int {
	lo, hi := 0, len(keys)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if compare(&keys[mid], k) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// mentions returns 1 if the run adds the quad, -1 if it deletes it, else 0.
func (r *Run) mentions(k *Key) (int, error) {
	for kind, sign := range [2]int{segment.Adds: 1, segment.Deletes: -1} {
		if r.rows[kind] == 0 {
			continue
		}
		if r.seg != nil {
			ok, err := r.seg.Section(graph.SPOG, segment.Kind(kind)).Has(k)
			if ok || err != nil {
				return sign, err
			}
			continue
		}
		keys := r.keys(graph.SPOG, segment.Kind(kind))
		if i := lower(keys, k); i < len(keys) && keys[i] == *k {
			return sign, nil
		}
	}
	return 0, nil
}

// compare returns -1, 0 or 1 as a sorts before, with or after b.
func compare(a, b *Key) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// toKey brings a quad into the sequence of an order.
func toKey(o graph.Order, q graph.Quad) Key {
	p := o.Positions()
	return Key{q[p[0]], q[p[1]], q[p[2]], q[p[3]]}
}

// toQuad is the inverse of toKey.
func toQuad(o graph.Order, k *Key) (q graph.Quad) {
	for i, pos := range o.Positions() {
		q[pos] = k[i]
	}
	return q
}
