package runs

import (
	"slices"

	"nettwin/graph"
	"nettwin/graph/disk/internal/segment"
)

// sourceRows is how many rows a source takes from a segment at once.
const sourceRows = 256

// source is a stream of ascending keys that all count sign.
type source struct {
	sign int
	keys []Key // the next ones

	cur  segment.Cursor // where more come from, if onDisk
	disk bool
	cols [4][]graph.TermID
	buf  []Key
}

// sourceOf streams the rows of a run with a prefix; false if there are none.
func sourceOf(r *Run, o graph.Order, kind segment.Kind, sign int, k *Key, plen int) (*source, bool, error) {
	if r.rows[kind] == 0 {
		return nil, false, nil
	}
	if r.seg == nil {
		keys := prefixed(r.keys(o, kind), k, plen)
		return &source{sign: sign, keys: keys}, len(keys) > 0, nil
	}
	sec := r.seg.Section(o, kind)
	from, to, err := sec.Range(k, plen)
	if err != nil || from == to {
		return nil, false, err
	}
	s := &source{sign: sign, disk: true, cur: sec.Cursor(from, to)}
	return s, true, s.refill()
}

// refill takes rows from the segment once none are left.
func (s *source) refill() error {
	if len(s.keys) > 0 || !s.disk {
		return nil
	}
	if s.buf == nil {
		n := int(min(s.cur.Left(), sourceRows))
		s.buf = make([]Key, n)
		for i := range s.cols {
			s.cols[i] = make([]graph.TermID, n)
		}
	}
	n, err := s.cur.Next(&s.cols, len(s.buf))
	for i := range n {
		s.buf[i] = Key{s.cols[0][i], s.cols[1][i], s.cols[2][i], s.cols[3][i]}
	}
	s.keys = s.buf[:n]
	return err
}

// seek drops keys less than k.
func (s *source) seek(k *Key) error {
	s.keys = s.keys[lower(s.keys, k):]
	if len(s.keys) > 0 || !s.disk {
		return nil
	}
	if err := s.cur.Seek(k); err != nil {
		return err
	}
	return s.refill()
}

// merger merges sources into one stream of net changes.
type merger struct {
	sources []*source
	key     Key // the next change, if sign is not 0
	sign    int // 1: add, -1: delete
}

// newMerger reads the first change. Sources must not be empty.
func newMerger(sources []*source) (merger, error) {
	m := merger{sources: sources}
	slices.SortFunc(sources, func(a, b *source) int { return compare(&a.keys[0], &b.keys[0]) })
	return m, m.next()
}

// next moves to the next key whose signs do not cancel; sign is 0 at the end.
// Sources are kept in the order of their next keys.
func (m *merger) next() error {
	for m.sign = 0; m.sign == 0 && len(m.sources) > 0; {
		m.key = m.sources[0].keys[0]
		for len(m.sources) > 0 && m.sources[0].keys[0] == m.key {
			s := m.sources[0]
			m.sign += s.sign
			if s.keys = s.keys[1:]; len(s.keys) == 0 {
				if err := s.refill(); err != nil {
					return err
				}
			}
			m.settle()
		}
	}
	return nil
}

// run takes up to max more adds that follow the current change without a change
// of another source, and without reaching bound, between. next comes after it.
func (m *merger) run(bound *Key, max int) []Key {
	if len(m.sources) == 0 || m.sources[0].sign < 0 || max <= 0 {
		return nil
	}
	s := m.sources[0]
	n := min(len(s.keys), max)
	if s.disk { // its rows are overwritten once none are left
		n = min(n, len(s.keys)-1)
	}
	n = countBelow(s.keys[:n], bound)
	if len(m.sources) > 1 {
		n = countBelow(s.keys[:n], &m.sources[1].keys[0])
	}
	out := s.keys[:n]
	if s.keys = s.keys[n:]; n > 0 {
		m.settle()
	}
	return out
}

// countBelow returns how many sorted keys are less than a bound, nil for none.
func countBelow(keys []Key, bound *Key) int {
	n := len(keys)
	switch {
	case bound == nil || n == 0 || compare(&keys[n-1], bound) < 0:
		return n
	case compare(&keys[0], bound) >= 0:
		return 0
	}
	return lower(keys, bound)
}

// nearSources is how many sources settle looks at one after the other.
const nearSources = 3

// settle moves the first source to where its next key belongs, or drops it.
func (m *merger) settle() {
	s := m.sources[0]
	if len(s.keys) == 0 {
		m.sources = m.sources[1:]
		return
	}
	k := &s.keys[0]
	i, n := 1, len(m.sources)
	for ; i < min(n, 1+nearSources); i++ {
		if compare(&m.sources[i].keys[0], k) >= 0 {
			m.place(s, i)
			return
		}
	}
	for i < n {
		mid := int(uint(i+n) >> 1)
		if compare(&m.sources[mid].keys[0], k) < 0 {
			i = mid + 1
		} else {
			n = mid
		}
	}
	m.place(s, i)
}

// place puts the first source, s, behind those before i.
func (m *merger) place(s *source, i int) {
	copy(m.sources, m.sources[1:i])
	m.sources[i-1] = s
}

// seek moves forward to the first change >= k.
func (m *merger) seek(k *Key) error {
	if m.sign == 0 || compare(&m.key, k) >= 0 {
		return nil
	}
	for _, s := range m.sources {
		if err := s.seek(k); err != nil {
			return err
		}
	}
	m.sources = slices.DeleteFunc(m.sources, func(s *source) bool { return len(s.keys) == 0 })
	slices.SortFunc(m.sources, func(a, b *source) int { return compare(&a.keys[0], &b.keys[0]) })
	return m.next()
}
